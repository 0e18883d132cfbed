"""The runner by hand: what it wants, and what a licence is good for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kkt_driver import commands as k
from kkt_driver.effects import Exchange, Executed, Pause, Procedure, Quiesce, Record, ask
from kkt_driver.errors import AnswerLost, Misuse, NotSent
from kkt_driver.frames import ACK, encode_frame
from kkt_driver.intents import Intent
from kkt_driver.link import StandardLink
from kkt_driver.runner import Runner, Want

INTENT = Intent(
    job="j", action="cash_in", command="50", serial="1", drive="9", last_document=3, shift=1, receipt=0, amount=5
)
PUT = k.CashIn(amount=5)
ANSWER = ACK + encode_frame(bytes.fromhex("50001e0100"))


def connected() -> Runner:
    runner = Runner(link=StandardLink())
    runner.connected = True
    return runner


def offer(runner: Runner, now: float) -> None:
    """ENQ and its NAK where they are due, then the frame goes out."""
    assert runner.want(now) is Want.MOVE
    out = runner.link.outgoing()
    runner.wrote(out, now)
    if out.endswith(b"\x05"):
        runner.received(b"\x15", now)
        runner.wrote(runner.link.outgoing(), now)


def test_an_intent_is_stored_before_anything_goes_out() -> None:
    """STORE comes first; only then the frame."""

    def work() -> Procedure[Any]:
        stored = yield Record(INTENT)
        return (yield Exchange(PUT, licence=stored))

    runner = connected()
    runner.begin(work())
    assert runner.want(0) is Want.STORE
    assert runner.link.outgoing() == b""
    runner.stored(runner.intent)
    offer(runner, 0)
    runner.received(ANSWER, 1)
    assert runner.want(1) is Want.END
    assert runner.result == k.shift.CashReply(operator=30, through_number=1)
    assert runner.latency["50"].count == 1


@pytest.mark.parametrize("licence", ["none", "twice", "another command", "never recorded"])
def test_a_licence_is_for_one_command_once(licence: str) -> None:
    """Without the intent, with one that was used, or with one of another command nothing goes out."""

    def work() -> Procedure[Any]:
        intent = INTENT if licence != "another command" else msgspec.structs.replace(INTENT, command="51")
        stored = yield Record(intent)
        if licence == "none":
            yield from ask(PUT)
        if licence == "never recorded":
            yield Exchange(PUT, licence=msgspec.structs.replace(INTENT, job="other"))
        yield Exchange(PUT, licence=stored)
        yield Exchange(PUT, licence=stored)

    runner = connected()
    with pytest.raises(Misuse):
        drive(runner, work())


def drive(runner: Runner, procedure: Procedure[Any]) -> None:
    runner.begin(procedure)
    while (want := runner.want(0)) is not Want.END:
        if want is Want.STORE:
            runner.stored(runner.intent)
        else:
            offer(runner, 0)
            runner.received(ANSWER, 0)


def test_after_a_broken_line_only_reads_go_out_until_nothing_can_be_under_way() -> None:
    """What was sent over the old connection may be executed for its whole time: a stateful command waits for that."""

    def work() -> Procedure[str]:
        with pytest.raises(AnswerLost):
            yield from ask(k.Operation(operation=1, quantity=1, price=1, rate=1, method=4, subject=1))
        return "lost"

    def more() -> Procedure[Any]:
        yield from ask(k.ShortStatus())
        yield from ask(k.OpenReceipt(type=0))

    runner = connected()
    runner.begin(work())
    offer(runner, 10.0)
    runner.broke("cut", 11.0)
    assert runner.want(11.0) is Want.END
    runner.end()
    runner.begin(more())
    assert runner.want(12.0) is Want.DIAL
    runner.dialled()
    offer(runner, 12.0)
    runner.received(ACK + encode_frame(bytes.fromhex("10001e9202020000c0d800000000000000")), 12.0)
    assert runner.want(12.0) is Want.LISTEN
    assert runner.wake_at == 10.0 + 30.0
    assert runner.want(40.0) is Want.MOVE
    assert runner.connections == 2


def test_what_was_executed_is_waited_for_no_longer() -> None:
    """The verdict says that the lost command was executed: the next receipt need not wait for its time."""

    def work() -> Procedure[Any]:
        stored = yield Record(INTENT)
        with pytest.raises(AnswerLost):
            yield Exchange(PUT, licence=stored)
        yield Executed("50")
        yield from ask(k.OpenReceipt(type=0))

    runner = connected()
    runner.begin(work())
    runner.stored(runner.intent) if runner.want(0) is Want.STORE else None
    offer(runner, 0)
    runner.broke("cut", 1)
    with pytest.raises(NotSent, match="middle"):  # the work itself does not go on over another connection
        runner.want(1)
    assert runner._doubts == {}


def test_quiescence_closes_waits_and_dials() -> None:
    """The old connection dead, the command's whole time over, a new connection. Whoever asks twice what is wanted must
    not lose the close: the bytes of a line that stays open may still be carried out while we believe it dead."""

    def work() -> Procedure[str]:
        yield Quiesce("FF45")
        yield Pause(2)
        return "quiet"

    runner = connected()
    runner.begin(work())
    assert runner.want(100.0) is Want.CLOSE
    assert runner.want(100.0) is Want.CLOSE
    runner.hung_up()
    assert runner.want(100.0) is Want.WAIT
    assert runner.wake_at == 130.0
    assert runner.want(130.0) is Want.DIAL
    runner.dialled()
    assert runner.want(130.0) is Want.WAIT
    assert runner.wake_at == 132.0
    assert runner.want(132.0) is Want.END
    assert runner.result == "quiet"


def test_one_procedure_at_a_time() -> None:
    """One task owns a register."""
    runner = connected()
    runner.begin(iter_pause())
    with pytest.raises(Misuse):
        runner.begin(iter_pause())


def iter_pause() -> Procedure[None]:
    yield Pause(1)
