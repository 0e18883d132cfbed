"""A register at the end of a line: runs procedures over any trio stream.

The runner keeps the driver's promise on the wire. An intent is durable before the generator that recorded it goes on;
a lost answer is first asked for on the same connection (the link proof) and is otherwise `AnswerLost`, never a second
try; `Quiesce` closes the line and waits out the command before anything may be said about it; an exchange that is
cancelled half-way costs the connection, because nobody would read its answer.

One task uses a `Register`. One deadline scope is open while a procedure exchanges, moved for every turn.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, cast

import msgspec
import structlog
import trio

from kkt_driver.commands import (
    COMMANDS,
    Command,
    DeviceType,
    Kind,
    Request,
    code_of,
    command_of,
    decode_reply,
    encode_request,
)
from kkt_driver.effects import Effect, Exchange, Pause, Procedure, Quiesce, Record, ask
from kkt_driver.errors import AnswerLost, DriverError, LineLost, Malformed, Misuse, NotSent, Refused
from kkt_driver.intents import Intent, IntentStore
from kkt_driver.link import AlternativeLink, Event, Layer, Link, Lost, Reply, StandardLink, Stray, Timing
from kkt_driver.recovery import resolve
from kkt_driver.transport import open_line, parse_address
from kkt_driver.verdicts import Ambiguous, Verdict

__all__ = ["Register", "Traced"]

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

Dial: TypeAlias = Callable[[], Awaitable[trio.abc.Stream]]

TRACE_SIZE = 200
"""Reads and writes kept for a report: the last five to ten receipts."""

RECEIVE_SIZE = 4096
"""An answer of the standard layer is 258 bytes; longer ones of the alternative layer come in pieces."""

SEND_S = 5.0
"""A few hundred bytes that the system does not take for so long will not leave any more."""

PROBE = Timing(control_s=0.5, repeat_s=0.5, tries=2)
"""Patience while the link layer is found out."""

_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)
_REPEATABLE = (Kind.READ, Kind.IDEMPOTENT)

log = structlog.get_logger("kkt_driver")


class Traced(NamedTuple):
    """One read ("<") or write (">") of the line, and its moment in trio's time."""

    direction: Literal["<", ">"]
    moment: float
    data: bytes

    def __str__(self) -> str:
        return f"{self.moment:.4f} {self.direction} {self.data.hex()}"


class Register:
    """One register on one line: `async with Register.open(address) as register`, or over any trio stream.

    `link` is a link (its `fresh` makes the ones for later connections) or a function that makes one. `reconnect`
    opens the line anew: after it broke, with the next exchange, and when a procedure needs quiescence. `deadlines`
    replaces the command table's limits, by hex code: {"FF45": 40.0}.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        *,
        link: Link | Callable[[], Link] | None = None,
        store: IntentStore | None = None,
        deadlines: Mapping[str, float] | None = None,
        reconnect: Dial | None = None,
    ) -> None:
        self._stream: trio.abc.Stream | None = stream
        first = StandardLink() if link is None else link() if callable(link) else link
        self._link = first
        self._make_link: Callable[[], Link] = link if callable(link) else first.fresh
        self._store = store
        self._deadlines = dict(deadlines or {})
        self._reconnect = reconnect
        self._sent_at: dict[str, float] = {}
        self._running = self._sending = False
        self._verbose = structlog.is_configured() and _at_debug()
        self.trace: deque[Traced] = deque(maxlen=TRACE_SIZE)
        """What went over the line, the newest last. It holds what receipts hold: show it, don't log it."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        address: str,
        *,
        link: Layer | Literal["auto"] = "standard",
        store: IntentStore | None = None,
        deadlines: Mapping[str, float] | None = None,
        timing: Timing | None = None,
    ) -> AsyncIterator[Register]:
        """Connect to ``tcp://host:port`` or ``serial:path``; NotSent when that fails.

        ``link="auto"`` tries the standard layer, then the alternative one.
        """
        where = parse_address(address)

        async def dial() -> trio.abc.Stream:
            return await open_line(where)

        async def connect(layer: Layer, patience: Timing | None) -> Register:
            made: Link = AlternativeLink(timing=patience) if layer == "alternative" else StandardLink(timing=patience)
            return cls(await dial(), link=made, store=store, deadlines=deadlines, reconnect=dial)

        register = await (_find_layer(connect, timing) if link == "auto" else connect(link, timing))
        try:
            yield register
        finally:
            await register.aclose()

    @property
    def layer(self) -> Layer:
        """The link layer in use."""
        return self._link.layer

    @property
    def connected(self) -> bool:
        """Whether the line is open, as far as this end knows."""
        return self._stream is not None

    async def aclose(self) -> None:
        """Close the line at once; what was in flight stays a question."""
        stream, self._stream = self._stream, None
        if self._link.busy:
            self._link.hang_up()
        if stream is not None:
            await trio.aclose_forcefully(stream)

    async def ask(self, request: Request[R], deadline_s: float | None = None) -> R:
        """Exchange one request. Raises Refused, NotSent (proved not executed) or AnswerLost."""
        return await self.run(ask(request, deadline_s))

    async def run(self, procedure: Procedure[T]) -> T:
        """Run a procedure to its end and give back what it returns.

        Driver errors are raised inside the procedure first, where it may deal with them. An intent that it recorded
        is cleared from the store when the procedure returns, or is refused with a proof; else it stays open.
        """
        if self._running:
            raise Misuse("this register runs another procedure: one task owns a register")
        self._running = True
        feed = _Feed(procedure)
        try:
            feed.resume(None)
            while not feed.done:
                if type(feed.effect) is Exchange:
                    with trio.CancelScope() as scope:
                        await self._exchange(feed, scope)
                    if scope.cancelled_caught:
                        await self._too_late(feed)
                else:
                    await self._flush()
                    await self._other(feed)
            await self._flush()
        except Refused as refusal:
            if refusal.proof is not None:
                await self._clear(feed, refusal.proof)
            raise
        finally:
            if self._link.busy:  # cancelled from outside: nobody will read the answer, so the connection is spent
                command = feed.command
                lost = self._link.hang_up()
                log.warning("cancelled in the middle of an exchange", command=command, sent=lost is None or lost.sent)
                with trio.CancelScope(shield=True):
                    await self.aclose()
            procedure.close()
            self._running = False
        await self._clear(feed, feed.result)
        return feed.result

    async def resolve(self, intent: Intent, *, clock: datetime | None = None) -> Verdict:
        """Find out what became of an open intent, and clear it from the store; one that stays Ambiguous stays open, for
        a person to clear. OutcomeUnknown: not decidable yet, ask again later. See `kkt_driver.recovery.resolve`."""
        verdict = await self.run(resolve(intent, clock=clock))
        if self._store is not None and not isinstance(verdict, Ambiguous):
            await self._store.clear(intent, verdict)
        return verdict

    # --- exchanges -------------------------------------------------------------------------------------------------

    async def _exchange(self, feed: _Feed[T], scope: trio.CancelScope) -> None:
        """Answer Exchange effects until another one comes; `scope` ends it when the link's deadline passes.

        The ACK of an answer waits in the link for the next frame, if there is one at once: one write for both.
        """
        while type(feed.effect) is Exchange and not feed.done:
            if not self._link.busy:
                try:
                    if self._stream is None:
                        if feed.tied:
                            raise NotSent("the line broke in the middle of the work", command=_command(feed).hex)
                        scope.deadline = math.inf
                        await self._open_again()
                    self._begin(feed)
                except DriverError as error:
                    feed.fail(error)
                    continue
            link, stream = self._link, self._stream
            assert stream is not None
            deadline = link.deadline
            scope.deadline = math.inf if deadline is None else deadline
            try:
                out = link.outgoing()
                if out:
                    await self._write(stream, out, feed)
                data = bytes(await stream.receive_some(RECEIVE_SIZE))
                if not data:
                    raise trio.BrokenResourceError("the register closed the connection")
            except _BROKEN as error:
                await self._broken(feed, str(error.__cause__ or error) or "the connection is broken")
                continue
            now = trio.current_time()
            self.trace.append(Traced("<", now, data))
            self._digest(link.receive(data, now=now), feed)

    def _begin(self, feed: _Feed[Any]) -> None:
        effect = cast(Exchange, feed.effect)
        command = feed.begin(_command(feed))
        if command.kind is Kind.COMMITTING and all(intent.command != command.hex for intent in feed.recorded):
            raise Misuse(f"{command.hex} forms a document or moves money: record an intent for it first")
        body = encode_request(effect.request)
        timeout_s = self._deadline_s(command.hex) if effect.deadline_s is None else effect.deadline_s
        repeatable = command.kind in _REPEATABLE
        self._link.send(body, now=trio.current_time(), timeout_s=timeout_s, repeatable=repeatable)
        feed.tied = feed.tied or not repeatable
        if self._verbose:
            log.debug("command", command=command.hex, name=command.name, size=len(body))

    async def _write(self, stream: trio.abc.Stream, out: bytes, feed: _Feed[Any]) -> None:
        now = trio.current_time()
        self.trace.append(Traced(">", now, out))
        if len(out) > len("\x8f\0\0\0\0"):  # more than control bytes or an empty frame: the command may be in it
            self._sent_at[feed.command] = now
        self._sending = True
        await stream.send_all(out)
        self._sending = False

    async def _too_late(self, feed: _Feed[Any]) -> None:
        if self._sending:  # half a frame may be out
            self._sending = False
            await self._broken(feed, "the line takes no bytes")
        else:
            self._digest(self._link.handle_timeout(now=trio.current_time()), feed)

    async def _broken(self, feed: _Feed[Any], why: str) -> None:
        self._sending = False
        lost = self._link.hang_up(why)
        await self.aclose()
        assert lost is not None, "bytes move only while an exchange is under way"
        self._fail_lost(feed, lost)

    def _digest(self, events: list[Event], feed: _Feed[Any]) -> None:
        """Give the end of an exchange to the procedure that asked for it."""
        for event in events:
            match event:
                case Reply():
                    self._answer(feed, event.body)
                case Stray():
                    late = None if event.answers is None else code_of(event.answers).hex().upper()
                    code = code_of(event.body).hex().upper()
                    log.warning("an answer came that nobody awaits", code=code, size=len(event.body), answers=late)
                case Lost(sent=True) if not feed.proving and self._link.doubt:
                    feed.proving = True
                    log.warning("an answer is missing: asking for it again", command=feed.command, why=event.why)
                    self._link.prove(now=trio.current_time())
                case Lost():
                    self._fail_lost(feed, event)

    def _answer(self, feed: _Feed[Any], body: bytes) -> None:
        request = cast(Exchange, feed.effect).request
        if self._verbose:
            log.debug("answer", command=feed.command, size=len(body))
        try:
            reply = decode_reply(request, body)
        except Malformed as error:
            # An answer, but not one we can read: what became of the command is not known from it.
            feed.fail(AnswerLost(str(error), command=feed.command))
        except DriverError as error:
            feed.fail(error)
        else:
            feed.resume(reply)

    def _fail_lost(self, feed: _Feed[Any], lost: Lost) -> None:
        log.warning("a command has no answer", command=feed.command, sent=lost.sent, why=lost.why)
        feed.fail((AnswerLost if lost.sent else NotSent)(lost.why, command=feed.command))

    async def _flush(self) -> None:
        """Write what the link still has to say (its ACK of the last answer) when no frame follows at once."""
        out = self._link.outgoing()
        if not out or self._stream is None:
            return
        self.trace.append(Traced(">", trio.current_time(), out))
        try:
            with trio.fail_after(SEND_S):
                await self._stream.send_all(out)
        except (*_BROKEN, trio.TooSlowError):
            await self.aclose()  # the answer is in hand; only our ACK is lost

    async def _open_again(self) -> None:
        if self._reconnect is None:
            raise NotSent("the line is closed, and this Register was not told how to open it again")
        self._stream = await self._reconnect()
        self._link = self._make_link()
        log.info("the line is open again")

    def _deadline_s(self, command: str) -> float:
        given = self._deadlines.get(command)
        return COMMANDS[bytes.fromhex(command)].deadline_s if given is None else given

    # --- the other effects -----------------------------------------------------------------------------------------

    async def _other(self, feed: _Feed[Any]) -> None:
        answer: Intent | None = None
        try:
            match feed.effect:
                case Record(intent):
                    answer = await self._record(intent)
                    feed.recorded.append(answer)
                    feed.tied = True
                case Pause(seconds):
                    await trio.sleep(seconds)
                case Quiesce(command):
                    await self._quiesce(command)
                    feed.tied = False
                case other:
                    raise Misuse(f"{other!r} is not an effect")
        except DriverError as error:
            feed.fail(error)
        else:
            feed.resume(answer)

    async def _record(self, intent: Intent) -> Intent:
        if self._store is None:
            raise Misuse("a committing command needs a durable intent: give the Register a store")
        if self._stream is None:
            raise NotSent("the line broke before the command was sent", command=intent.command)
        stored = msgspec.structs.replace(intent, link=self._link.layer, frame=self._link.next_number)
        await self._store.record(stored)
        return stored

    async def _quiesce(self, command: str) -> None:
        """The old connection dead, the command's whole deadline over, a new connection: what was sent before can no
        longer be executed behind our back. When it was not this object that sent it, it may have been sent until now.
        """
        if self._reconnect is None:
            raise Misuse("quiescence needs a new connection: give the Register a reconnect")
        await self.aclose()
        quiet_at = self._sent_at.get(command, trio.current_time()) + self._deadline_s(command)
        log.info("waiting until nothing can be under way", command=command, seconds=quiet_at - trio.current_time())
        await trio.sleep_until(quiet_at)
        await self._open_again()

    async def _clear(self, feed: _Feed[Any], verdict: object) -> None:
        if self._store is not None:
            for intent in feed.recorded:
                await self._store.clear(intent, verdict)
        feed.recorded.clear()


class _Feed(Generic[T]):
    """A generator being run: the effect it waits for, or its result."""

    __slots__ = ("command", "done", "effect", "procedure", "proving", "recorded", "result", "tied")

    def __init__(self, procedure: Procedure[T]) -> None:
        self.procedure = procedure
        self.done = False
        self.proving = False
        self.tied = False
        """It has begun to change something over this connection, and must not go on over another."""
        self.command = ""
        self.effect: Effect = Pause(0.0)
        self.recorded: list[Intent] = []
        self.result: T = cast(T, None)

    def begin(self, command: Command) -> Command:
        self.command = command.hex
        self.proving = False
        return command

    def resume(self, value: Any) -> None:
        try:
            self.effect = self.procedure.send(value)
        except StopIteration as end:
            self.done, self.result = True, end.value

    def fail(self, error: DriverError) -> None:
        try:
            self.effect = self.procedure.throw(error)
        except StopIteration as end:
            self.done, self.result = True, end.value


def _command(feed: _Feed[Any]) -> Command:
    return command_of(cast(Exchange, feed.effect).request)


def _at_debug() -> bool:
    enabled = getattr(log.bind(), "is_enabled_for", None)
    return bool(enabled is None or enabled(logging.DEBUG))


async def _find_layer(
    connect: Callable[[Layer, Timing | None], Awaitable[Register]], timing: Timing | None
) -> Register:
    """The register on whichever layer it answers: ENQ first, then the empty frame of the alternative one."""
    layers: tuple[Layer, ...] = ("standard", "alternative")
    for layer in layers:
        register = await connect(layer, PROBE)
        try:
            await register.ask(DeviceType())
        except LineLost as error:
            await register.aclose()
            log.debug("no answer on this link layer", layer=layer, why=error.why)
        except BaseException:
            with trio.CancelScope(shield=True):
                await register.aclose()
            raise
        else:
            register._link.timing = timing or Timing()
            return register
    raise NotSent("the register answers on neither link layer: check cable, speed and power")
