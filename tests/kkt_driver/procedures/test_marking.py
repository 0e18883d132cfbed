"""Marked goods: checked, accepted or rejected, bound to their items."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from ffd import tlv
from kkt_driver import commands as k
from kkt_driver.errors import Misuse
from kkt_driver.procedures.identity import identify
from kkt_driver.procedures.marking import (
    Mark,
    accept_mark,
    check_mark,
    clear_marks,
    marking_state,
    reject_mark,
)
from kkt_driver.procedures.registration import register
from tests.kkt_driver.bench import Bench, a_receipt, an_item, fresh
from tests.kkt_driver.hand import ByHand
from tests.kkt_driver.procedures.test_registration import OWNER

CODE = b"0104606203098912215JgXJ5.T\x1d93dGVz"
"""A GS1 code of goods whose tail the drive cannot check by itself."""


def mark(local: int = 0, result: int | None = None) -> Mark:
    return Mark(local=local, reason=0, code_kind=1, result=result, server_silent=result is None)


@pytest.mark.parametrize(
    ("found", "good"),
    [
        (mark(), False),
        (mark(local=1), False),
        (mark(local=3), True),
        (mark(local=3, result=1), False),
        (mark(local=0, result=3), True),
        (mark(local=3, result=0b0111), False),
        (mark(local=3, result=0b1111), True),
    ],
)
def test_good_means_that_nothing_speaks_against_it(found: Mark, good: bool) -> None:
    """The server's word counts before the drive's; a status that was checked must be the planned one."""
    assert found.good is good
    assert str(found)


def test_the_check_tells_what_the_server_said() -> None:
    """2106 comes from the server; without its answer only the drive's own look remains."""
    reply = k.CheckMarkingReply(local=3, reason=0, code_kind=1, extra=2, drive_answer=0, result=15)
    found = ByHand({k.CheckMarking: reply}).play(check_mark(CODE))
    assert (found.result, found.server_silent, found.good) == (15, False, True)
    silent = k.CheckMarkingReply(local=3, reason=0, code_kind=1, extra=2, drive_answer=0xFF, result=0)
    found = ByHand({k.CheckMarking: silent}).play(check_mark(CODE))
    assert (found.result, found.server_silent) == (None, True)


def test_a_part_of_a_package_carries_its_quantity() -> None:
    """2108 and 1023 go with the code, as the drive counts parts."""
    hand = ByHand({k.CheckMarking: k.CheckMarkingReply(local=0, reason=2, code_kind=1)})
    hand.play(check_mark(CODE, planned=2, quantity=Decimal("1.234"), measure=11))
    (request,) = hand.asked
    assert isinstance(request, k.CheckMarking)
    assert [field.tag for field in tlv.decode(request.tlv)] == [2108, 1023]
    assert request.planned == 2
    for code in (b"", bytes(201)):
        with pytest.raises(Misuse):
            hand.play(check_mark(code))


def for_marked_goods() -> Bench:
    """A register that was registered for marked goods, with its shift open."""
    bench = Bench(register=fresh())
    owner = msgspec.structs.replace(OWNER, extended_mode=1 << 4)
    bench.run(register(owner, job="r", identity=bench.identity))
    bench.identity, bench.state = bench.run(identify()), bench.look()
    bench.open_shift()
    return bench


def test_a_marked_item_is_sold_with_its_code() -> None:
    """Check, accept, item, FF67h last: the receipt holds the code, and every command is one that was needed."""
    bench = for_marked_goods()
    bench.run(check_mark(CODE))
    bench.run(accept_mark())
    assert bench.run(marking_state()).saved == 1
    bench.clear()
    item = an_item(subject=33, quantity=Decimal(1), total=25000, measure=0)
    done = bench.sell(a_receipt(an_item(), item), marks={1: CODE})
    assert bench.sent == ["8D", "FF46", "FF46", "FF67", "FF0C", "FF01", "FF45", "FF0A"]
    assert [one.document for one in bench.documents()] == [done.document]


def test_a_rejected_code_is_not_kept() -> None:
    """After every check one of the two is due; what was kept can be cleared."""
    bench = for_marked_goods()
    bench.run(check_mark(CODE))
    bench.run(reject_mark())
    assert bench.run(marking_state()).saved == 0
    bench.run(check_mark(CODE))
    bench.run(accept_mark())
    bench.run(clear_marks())
    assert bench.run(marking_state()).saved == 0


def test_a_code_without_an_item_is_misuse() -> None:
    """A code bound to the wrong item would be sold to the wrong buyer."""
    bench = Bench()
    bench.open_shift()
    bench.clear()
    with pytest.raises(Misuse):
        bench.sell(a_receipt(), marks={1: CODE})
    assert bench.sent == []
