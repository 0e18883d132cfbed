"""What a procedure may ask of whoever runs it. Procedures are generators: they read top to bottom and never wait.

* ``Exchange``: send a request, get its typed reply; Refused, NotSent or AnswerLost is raised inside the procedure.
* ``Record``: make an intent durable before the next effect.
* ``Quiesce``: the line must be dead before "not registered" may be said: the old connection closed, the command's
  whole deadline elapsed, a new connection open.
* ``Executed``: what was sent is known to have been executed, so nobody has to wait for it any more.
* ``Pause``: wait before the same thing is asked again (a transient refusal was not executed).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar, cast

import msgspec

from kkt_driver.commands import Request
from kkt_driver.errors import DriverError
from kkt_driver.intents import Intent
from kkt_driver.verdicts import NotRegistered

__all__ = ["Effect", "Exchange", "Executed", "Pause", "Procedure", "Quiesce", "Record", "ask", "play"]

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")


class Exchange(msgspec.Struct, frozen=True):
    """Send `request` and resume with its reply; `deadline_s` replaces the command table's.

    A committing command needs a `licence`: the intent that was recorded for it, or the proof that the time before left
    nothing. Each licence is good for once (`kkt_driver.recovery.committing`).
    """

    request: Request[Any]
    deadline_s: float | None = None
    licence: Intent | NotRegistered | None = None


class Record(msgspec.Struct, frozen=True):
    """Make `intent` durable, then resume with the intent as it was stored (link layer and frame number filled in)."""

    intent: Intent


class Quiesce(msgspec.Struct, frozen=True):
    """Resume when nothing that was sent for `command` (hex code) can still be executed."""

    command: str


class Executed(msgspec.Struct, frozen=True):
    """It is proved that `command` (hex code) was executed: nothing of it is under way any more."""

    command: str


class Pause(msgspec.Struct, frozen=True):
    """Resume after so many seconds."""

    seconds: float


Effect: TypeAlias = Exchange | Record | Quiesce | Executed | Pause
Procedure: TypeAlias = Generator[Effect, Any, T]


def ask(request: Request[R], deadline_s: float | None = None) -> Procedure[R]:
    """Exchange one request; the reply has the request's own type."""
    return cast(R, (yield Exchange(request, deadline_s)))


def play(
    procedure: Procedure[T],
    exchange: Callable[[Request[Any]], msgspec.Struct],
    record: Callable[[Intent], Intent | None] | None = None,
    quiesce: Callable[[str], None] | None = None,
) -> T:
    """Run a procedure to its end without any line: the callables answer the effects. Driver errors they raise are
    raised inside the procedure. For tests and examples in memory; pauses take no time."""
    answer: Any = None
    failure: DriverError | None = None
    while True:
        try:
            effect = procedure.throw(failure) if failure is not None else procedure.send(answer)
        except StopIteration as end:
            return cast(T, end.value)
        answer, failure = None, None
        try:
            match effect:
                case Exchange():
                    answer = exchange(effect.request)
                case Record():
                    answer = effect.intent
                    if record is not None:
                        answer = record(effect.intent) or effect.intent
                case Quiesce():
                    if quiesce is not None:
                        quiesce(effect.command)
                case Executed() | Pause():
                    pass
        except DriverError as error:
            failure = error
