"""A register at the end of a line: runs procedures over any trio stream.

The runner keeps the driver's promise on the wire. An intent is durable before the generator that recorded it goes on;
a lost answer is first asked for on the same connection (the link proof) and is otherwise `AnswerLost`, never retried;
`Quiesce` closes the line and waits out the command before anything may be said about it.

One task uses a `Register`. Its deadline scope is opened once per procedure and moved for every exchange.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar, cast

import msgspec
import structlog
import trio

from kkt_driver.commands import COMMANDS, DeviceType, Kind, Request, command_of, decode_reply, encode_request
from kkt_driver.effects import Effect, Exchange, Pause, Procedure, Quiesce, Record, ask
from kkt_driver.errors import AnswerLost, DriverError, LineLost, Malformed, Misuse, NotSent
from kkt_driver.intents import IntentStore
from kkt_driver.link import AlternativeLink, Link, Lost, Reply, StandardLink, Stray, Timing
from kkt_driver.transport import open_line, parse_address

__all__ = ["Register"]

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

TRACE_SIZE = 200
"""Pieces of conversation kept for a report: the last five to ten receipts."""

RECEIVE_SIZE = 4096
PROOF_S = 3.0
"""How long the link proof may take on a connection that is still alive."""

log = structlog.get_logger("kkt_driver")

Reconnect = Callable[[], Awaitable[trio.abc.Stream]]


class Register:
    """One register on one line. Use `Register.open` for an address, or give any trio stream and a link."""

    def __init__(
        self,
        stream: trio.abc.Stream,
        *,
        link: Callable[[], Link] = StandardLink,
        store: IntentStore | None = None,
        deadlines: Mapping[str, float] | None = None,
        reconnect: Reconnect | None = None,
    ) -> None:
        self._stream: trio.abc.Stream | None = stream
        self._make_link = link
        self._link = link()
        self._store = store
        self._deadlines = deadlines or {}
        self._reconnect = reconnect
        self._sent_at: dict[str, float] = {}
        self.trace: deque[tuple[float, str, bytes]] = deque(maxlen=TRACE_SIZE)
        """What went over the line: (trio time, ">" or "<", bytes), the newest last."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        address: str,
        *,
        link: str = "standard",
        store: IntentStore | None = None,
        deadlines: Mapping[str, float] | None = None,
        timing: Timing | None = None,
    ) -> AsyncIterator[Register]:
        """Connect to `tcp://host:port` or `serial:path`; `link` is standard, alternative or auto.

        `deadlines` replaces the command table's limits: {"FF45": 40.0}, seconds.
        """
        where = parse_address(address)

        async def dial() -> trio.abc.Stream:
            return await open_line(where)

        if link == "auto":
            link = await _find_layer(dial, timing)

        def make() -> Link:
            return AlternativeLink(timing=timing) if link == "alternative" else StandardLink(timing=timing)

        register = cls(await dial(), link=make, store=store, deadlines=deadlines, reconnect=dial)
        try:
            yield register
        finally:
            await register.aclose()

    @property
    def layer(self) -> str:
        """The link layer in use: standard or alternative."""
        return self._link.layer

    async def aclose(self) -> None:
        """Close the line at once; what was in flight stays a question."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await trio.aclose_forcefully(stream)

    async def ask(self, request: Request[R]) -> R:
        """Exchange one request. Raises Refused, NotSent (proved not executed), AnswerLost or Malformed."""
        return await self.run(ask(request))

    async def run(self, procedure: Procedure[T]) -> T:
        """Run a procedure to its end. Driver errors are raised inside it first, where it may deal with them."""
        feed = _Feed(procedure)
        feed.resume(None)
        try:
            while not feed.done:
                with trio.CancelScope() as scope:
                    await self._work(feed, scope)
                if scope.cancelled_caught:
                    self._digest(self._link.handle_timeout(now=trio.current_time()), feed)
        finally:
            if self._link.busy:  # cancelled from outside: nobody will read the answer, so the line is spent
                self._link.hang_up()
                with trio.CancelScope(shield=True):
                    await self.aclose()
            procedure.close()
        return feed.result

    async def _work(self, feed: _Feed[T], scope: trio.CancelScope) -> None:
        """Answer effects until the procedure ends; `scope` ends it early when the link's deadline passes."""
        link = self._link
        while not feed.done:
            if link.busy:
                await self._move_bytes(feed, scope)
                link = self._link
                continue
            effect = feed.effect
            try:
                if type(effect) is Exchange:
                    self._begin(effect)
                    continue
                scope.deadline = math.inf
                feed.resume(await self._other(effect))
                link = self._link
            except DriverError as error:
                feed.fail(error)

    def _begin(self, effect: Exchange) -> None:
        if self._stream is None:
            raise NotSent("the line is closed")
        command = command_of(effect.request)
        now = trio.current_time()
        self._link.send(
            encode_request(effect.request),
            now=now,
            timeout_s=effect.deadline_s or self._deadline_s(command.hex),
            repeatable=command.kind in (Kind.READ, Kind.IDEMPOTENT),
        )
        self._sent_at[command.hex] = now

    async def _move_bytes(self, feed: _Feed[T], scope: trio.CancelScope) -> None:
        """One turn of the exchange: write what the link has to say, read what comes."""
        stream, link = self._stream, self._link
        try:
            if stream is None:
                raise trio.ClosedResourceError
            out = link.outgoing()
            if out:
                scope.deadline = math.inf  # half a frame must not be left on the line by our own clock
                self.trace.append((trio.current_time(), ">", out))
                await stream.send_all(out)
            scope.deadline = link.deadline or math.inf
            data = await stream.receive_some(RECEIVE_SIZE)
            if not data:
                raise trio.BrokenResourceError("the register closed the connection")
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
            scope.deadline = math.inf
            lost = link.hang_up()
            assert lost is not None
            await self.aclose()
            why = str(error.__cause__ or error) or "the connection is broken"
            feed.fail((AnswerLost if lost.sent else NotSent)(why, command=feed.command))
            return
        now = trio.current_time()
        self.trace.append((now, "<", bytes(data)))
        events = link.receive(bytes(data), now=now)
        out = link.outgoing() if not link.busy else b""
        if out:
            scope.deadline = math.inf
            self.trace.append((now, ">", out))
            try:
                await stream.send_all(out)
            except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                await self.aclose()  # the answer is in hand; only our ACK was lost
        self._digest(events, feed)

    def _digest(self, events: list[Any], feed: _Feed[T]) -> None:
        """Give the end of an exchange to the procedure that asked for it."""
        for event in events:
            if isinstance(event, Stray):
                log.warning(
                    "an answer that is not ours was thrown away", size=len(event.body), code=event.body[:2].hex()
                )
                continue
            effect = cast(Exchange, feed.effect)
            if isinstance(event, Reply):
                feed.proving = False
                try:
                    reply = decode_reply(effect.request, event.body)
                except Malformed as error:
                    # An answer came, but not one we can read: for the procedure the answer is lost.
                    feed.fail(AnswerLost(str(error), command=feed.command))
                except DriverError as error:
                    feed.fail(error)
                else:
                    feed.resume(reply)
            elif isinstance(event, Lost):
                if not event.sent:
                    feed.fail(NotSent(event.why, command=feed.command))
                elif not feed.proving and self._link.doubt:
                    feed.proving = True
                    self._link.prove(now=trio.current_time(), timeout_s=PROOF_S)
                else:
                    feed.proving = False
                    log.warning("an answer was lost", command=feed.command, why=event.why)
                    feed.fail(AnswerLost(event.why, command=feed.command))

    async def _other(self, effect: Effect) -> Any:
        match effect:
            case Record():
                stored = msgspec.structs.replace(effect.intent, link=self._link.layer, frame=self._link.next_number)
                if self._store is None:
                    raise Misuse("a committing procedure needs an intent store: give one to the Register")
                await self._store.record(stored)
                return stored
            case Pause():
                await trio.sleep(effect.seconds)
            case Quiesce():
                await self._quiesce(effect.command)
            case _:
                raise Misuse(f"{effect!r} is not an effect")
        return None

    async def _quiesce(self, command: str) -> None:
        """The old connection dead, the command's whole deadline over, a new connection: what was sent before can
        no longer be executed behind our back."""
        if self._reconnect is None:
            raise LineLost("quiescence needs a new connection, and this line cannot be opened again")
        await self.aclose()
        now = trio.current_time()
        # When it was not this object that sent the command, it may have been sent until just now.
        await trio.sleep_until(self._sent_at.get(command, now) + self._deadline_s(command))
        self._stream = await self._reconnect()
        self._link = self._make_link()

    def _deadline_s(self, command: str) -> float:
        given = self._deadlines.get(command)
        return COMMANDS[bytes.fromhex(command)].deadline_s if given is None else given


class _Feed(Generic[T]):
    """A generator being run: the effect it waits for, or its result."""

    __slots__ = ("done", "effect", "procedure", "proving", "result")

    def __init__(self, procedure: Procedure[T]) -> None:
        self.procedure = procedure
        self.done = False
        self.proving = False
        self.effect: Effect = Pause(0.0)
        self.result: T = cast(T, None)

    @property
    def command(self) -> str:
        """Hex code of the command under way."""
        return command_of(self.effect.request).hex if isinstance(self.effect, Exchange) else ""

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


async def _find_layer(dial: Reconnect, timing: Timing | None) -> str:
    """Which layer the register speaks: ENQ first, then the empty frame of the alternative one."""
    quick = timing or Timing(control_s=0.5, repeat_s=0.5, tries=2)
    why: DriverError | None = None
    for name, make in (
        ("standard", lambda: StandardLink(timing=quick)),
        ("alternative", lambda: AlternativeLink(timing=quick)),
    ):
        register = Register(await dial(), link=cast(Callable[[], Link], make))
        try:
            await register.ask(DeviceType())
            return name
        except LineLost as error:
            why = error
        finally:
            await register.aclose()
    raise NotSent(f"the register answers on neither link layer: {why}")
