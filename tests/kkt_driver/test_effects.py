"""Running a procedure without any line."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kkt_driver import commands as k
from kkt_driver.effects import Exchange, Pause, Procedure, Quiesce, Record, ask, play
from kkt_driver.errors import Misuse, NotSent, Refused
from tests.kkt_driver.test_intents import INTENT


def conversation() -> Procedure[list[Any]]:
    """Each effect once; what came back."""
    heard: list[Any] = [(yield from ask(k.Beep()))]
    heard.append((yield Record(INTENT)))
    heard.append((yield Quiesce("FF45")))
    heard.append((yield Pause(3600)))
    return heard


def test_each_effect_is_answered_by_its_callable() -> None:
    """What a runner owes a procedure: a typed reply, the intent as it was stored, and nothing for the two waits."""
    asked: list[Any] = []
    stored = msgspec.structs.replace(INTENT, link="standard")

    def exchange(request: k.Request[Any]) -> msgspec.Struct:
        asked.append(request)
        return k.OperatorReply(operator=1)

    heard = play(conversation(), exchange, lambda intent: stored, asked.append)
    assert heard == [k.OperatorReply(operator=1), stored, None, None]
    assert asked == [k.Beep(), "FF45"]
    assert play(conversation(), exchange)[1] == INTENT


def test_ask_carries_a_deadline_of_its_own() -> None:
    """It replaces the table's for this exchange alone."""
    assert ask(k.Beep(), 0.5).send(None) == Exchange(k.Beep(), 0.5)
    assert ask(k.Beep()).send(None) == Exchange(k.Beep())


@pytest.mark.parametrize("error", [Refused(0x50, command="13"), NotSent("down"), Misuse("no")])
def test_driver_errors_are_raised_inside(error: Exception) -> None:
    """The procedure may deal with them; what it does not deal with comes out."""

    def fail(request: k.Request[Any]) -> msgspec.Struct:
        raise error

    def careful() -> Procedure[str]:
        try:
            yield from ask(k.Beep())
        except type(error) as seen:
            return str(seen)
        return ""

    assert play(careful(), fail) == str(error)
    with pytest.raises(type(error)):
        play(conversation(), fail)


def test_errors_of_others_are_not_hidden_in_a_procedure() -> None:
    """A bug of the caller's callable is the caller's."""

    def broken(request: k.Request[Any]) -> msgspec.Struct:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        play(conversation(), broken)
