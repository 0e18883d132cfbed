"""A register is made ready for work, and an unresolved receipt is never touched."""

from __future__ import annotations

import msgspec
import pytest

from kkt_driver import commands as k
from kkt_driver.errors import Misuse
from kkt_driver.recovery import startup
from tests.kkt_driver.bench import Bench
from tests.kkt_driver.hand import STATE, ByHand, refused
from tests.kkt_driver.recovery.test_resolving import INTENT, NOTHING

# --- before work ---------------------------------------------------------------------------------------------------


def test_startup_never_touches_an_unresolved_receipt() -> None:
    """The open receipt may be the one whose close is unresolved: housekeeping must not reset it."""
    with pytest.raises(Misuse):
        ByHand({}).play(startup(STATE, unresolved=INTENT))


def test_startup_cancels_an_orphan_receipt() -> None:
    """No intent and mode 8: somebody died before the close. 88h, and the register takes new work."""
    bench = Bench()
    bench.open_shift()
    bench.register.ask(k.OpenReceipt(type=0), bench.now)
    state = bench.run(startup(bench.look(), unresolved=None))
    assert state == bench.state
    assert bench.sell().document == 3


@pytest.mark.parametrize(
    ("state", "codes"),
    [
        ({}, []),
        ({"mode": 3}, []),
        ({"current_document": 0x14}, ["FF08"]),
        ({"submode": 3}, ["B0", "10"]),
        ({"submode": 5}, ["10"]),
        ({"mode": 1}, ["FF3B"]),
        ({"mode": 10}, ["2B"]),
        ({"mode": 9}, []),
    ],
)
def test_startup_puts_in_order_what_it_finds(state: dict[str, int], codes: list[str]) -> None:
    """Each abnormal state has its one cure; a shift over 24 hours and a lost clock are the caller's."""
    hand = ByHand(
        {
            **NOTHING,
            k.CancelDocument: k.Done(),
            k.ContinuePrinting: k.OperatorReply(operator=30),
            k.ReadDocument: refused(0x08),
            k.StopTest: k.OperatorReply(operator=30),
        }
    )
    hand.play(startup(msgspec.structs.replace(STATE, **state), unresolved=None))
    assert hand.codes == codes + (["10", "FF01", "FF40"] if codes else [])
