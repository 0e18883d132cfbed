"""Signs that cost nothing: of the right shape, and still signs of the document they stand under."""

from __future__ import annotations

import pytest

from fn_emulator.operator import TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY, Keys
from fn_emulator.stub_signs import StubKeys
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk, sell

DRIVE = "9999078900000001"


def test_shape_and_dependence() -> None:
    """As long as real ones, different for each drive, purpose and byte."""
    one, other = (StubKeys.derive(DEMO_MASTER_KEY, drive) for drive in (DRIVE, "9999078900000002"))
    emu = Keys.derive(DEMO_MASTER_KEY, DRIVE)
    assert len(one.fps(b"document")) == len(emu.fps(b"document"))
    assert one.fps(b"document")[:2] == emu.fps(b"document")[:2]
    assert len({one.fps(b"document"), one.fps(b"documenT"), other.fps(b"document"), one.fpp(b"document")}) == 4


@pytest.mark.parametrize(("keys", "code"), [(StubKeys.derive, 0), (Keys.derive, 14)])
def test_rack_and_operator_agree_to_use_them(keys: object, code: int) -> None:
    """A drive with such signs is confirmed by an operator that has them, and by no other."""
    desk = Desk(shift=True, keys=StubKeys.derive)
    sell(desk)
    operator = TestOperator(master=DEMO_MASTER_KEY, keys=keys)  # type: ignore[arg-type]  # one of the two
    size = desk.ask(c.OutgoingMessage()).size
    message = b""
    while len(message) < size:
        count = min(240, size - len(message))
        message += desk.ask(c.ReadMessage(offset=len(message), count=count)).data
    answer = operator.respond(message, now=desk.now)
    assert answer is not None
    assert operator.statistics.codes == {code: 1}
    if code == 0:
        desk.ask(c.BeginAnswer(size=len(answer)))
        for at in range(0, len(answer), 240):
            piece = answer[at : at + 240]
            desk.ask(c.WriteAnswer(offset=at, count=len(piece), data=piece))
        assert desk.register.drive.queue_length == 2
