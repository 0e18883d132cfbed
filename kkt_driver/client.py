"""A register at the end of a line: moves the bytes that `kkt_driver.runner` asks for, over any trio stream.

One task uses a `Register`. One deadline scope is open while a procedure exchanges, moved when it has to end earlier; an
exchange that is cancelled half-way costs the connection, because nobody would read its answer.
"""

from __future__ import annotations

import logging
import math
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Literal, Self, TypeAlias, TypeVar

import msgspec
import structlog
import trio

from kkt_driver.commands import Request
from kkt_driver.dialing import Dialer, Expected, detect
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import DriverError, Refused
from kkt_driver.intents import FileIntentStore, Intent, IntentStore
from kkt_driver.link import ACK_S, AlternativeLink, Layer, Link, StandardLink, Timing
from kkt_driver.noticing import Noticed, Watch
from kkt_driver.recovery import resolve
from kkt_driver.runner import TRACE_SIZE, Latency, Runner, Traced, Want
from kkt_driver.trace import readable
from kkt_driver.transport import TcpLine, parse_address
from kkt_driver.verdicts import Ambiguous, Verdict
from kkt_driver.work import Work

__all__ = ["TRACE_SIZE", "AsyncOpening", "Dial", "Register", "Traced"]

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

AsyncOpening: TypeAlias = "AbstractAsyncContextManager[Register]"
"""What `Register.open` gives."""

Dial: TypeAlias = Callable[[], Awaitable[trio.abc.Stream]]

RECEIVE_SIZE = 4096
"""An answer of the standard layer is 258 bytes; longer ones of the alternative layer come in pieces."""

SEND_S = 5.0
"""A few hundred bytes that the system does not take for so long will not leave any more."""

TRACE_SHOWN = 24
"""Reads and writes that go into the log with a lost answer: the last receipt."""

EVENTS_MAX = 256
"""Events kept for a listener that is slow: minutes of a busy register. The oldest give way."""

MOVE = Want.MOVE

_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)

log = structlog.get_logger("kkt_driver")


class Register(Work):
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
        serial: str | None = None,
        drive: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(self, store, serial=serial, drive=drive, clock=clock)
        self._stream: trio.abc.Stream | None = stream
        self._reconnect = reconnect
        self._sending = False
        self._now: Callable[[], float] = trio.current_time
        """The time of the loop that runs us, without the two calls that `trio.current_time` takes to find it."""
        self._storing_s = math.inf
        """How long the store took for an intent the last time."""
        self._ended_at = -math.inf
        self._pausing_s = math.inf
        """How long it was from one run to the next the last time."""
        self._runner = Runner(
            link=link,
            deadlines=deadlines,
            can_dial=reconnect is not None,
            durable=store is not None,
            verbose=structlog.is_configured() and _at_debug(),
        )
        self._watch = Watch()
        self._runner.connected = True
        self._runner.issued = self._watch.issued
        self._runner.seen = self._seen
        self._runner.lost = self._lost
        self._listeners: list[trio.MemorySendChannel[Noticed]] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        address: str,
        *,
        link: Layer | Literal["auto"] = "standard",
        store: IntentStore | str | os.PathLike[str] | None = None,
        deadlines: Mapping[str, float] | None = None,
        timing: Timing | None = None,
        serial: str | None = None,
        drive: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> AsyncIterator[Self]:
        """Connect to ``tcp://host:port`` or ``serial:path``; NotSent when that fails.

        ``link="auto"`` finds out the layer, and on a serial line the speed (`kkt_driver.dialing.detect`). `store` keeps
        intents: a path names a file for them. With `serial` or `drive` only that register, or that drive, is worked
        with: WrongDevice at any connection to another.
        """
        where = parse_address(address)
        kept = FileIntentStore(store) if isinstance(store, str | os.PathLike) else store

        if link == "auto":
            found = await detect(where)
            where, link = found.address, found.layer
        made: Link = AlternativeLink(timing=timing) if link == "alternative" else StandardLink(timing=timing)
        dial = Dialer(where, link=made.fresh, expected=Expected(serial=serial, drive=drive))
        async with cls(
            await dial(),
            link=made,
            store=kept,
            deadlines=deadlines,
            reconnect=dial,
            serial=serial,
            drive=drive,
            clock=clock,
        ) as register:
            yield register

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def layer(self) -> Layer:
        """The link layer in use."""
        return self._runner.link.layer

    @property
    def connections(self) -> int:
        """How many connections there have been."""
        return self._runner.connections

    @property
    def connected(self) -> bool:
        """Whether the line is open, as far as this end knows."""
        return self._stream is not None

    @property
    def trace(self) -> deque[Traced]:
        """What went over the line, the newest last. It holds what receipts hold: `kkt_driver.trace.readable` makes
        of it what may be shown."""
        return self._runner.trace

    @property
    def latency(self) -> dict[str, Latency]:
        """How long answers took, by command (hex code)."""
        return self._runner.latency

    async def aclose(self) -> None:
        """Close the line at once; what was in flight stays a question."""
        stream, self._stream = self._stream, None
        self._runner.hung_up()
        if stream is not None:
            await trio.aclose_forcefully(stream)

    async def ask(self, request: Request[R], deadline_s: float | None = None) -> R:
        """Exchange one request. Raises Refused, NotSent (proved not executed) or AnswerLost."""
        return await self.run(ask(request, deadline_s))

    async def run(self, procedure: Procedure[T], *, rest: bool = True) -> T:
        """Run a procedure to its end and give back what it returns.

        Driver errors are raised inside the procedure first, where it may deal with them. An intent that it recorded
        is cleared from the store when the procedure returns, or is refused with a proof; else it stays open.

        With ``rest=False`` the ACK of the last answer waits for the first frame of the next procedure, one write for
        both: for those who are about to run one, and call `rest` when there is none after all. It waits only where the
        last pause between two runs was short.
        """
        runner = self._runner
        if isinstance(self._stream, TcpLine) and self._stream.hung_up and not runner.link.busy:
            await self.aclose()  # closed while nobody spoke, as registers do: the next exchange opens it again
        runner.begin(procedure)
        self._now = now = trio.lowlevel.current_clock().current_time
        self._pausing_s = now() - self._ended_at
        try:
            while (want := runner.want(now())) is not Want.END:
                if want is MOVE:
                    await self._move()
                    continue
                if want is not Want.STORE or self._storing_s > ACK_S / 2:  # else the next frame is soon there
                    await self._flush()
                await self._other(want)
            if rest or self._pausing_s > ACK_S / 2:  # else the next run's first frame is soon there
                await self._flush()
            result: T = runner.result
            await self._clear(result)
        except DriverError as error:
            await self._flush()
            if isinstance(error, Refused) and error.proof is not None:
                await self._clear(error.proof)
            raise
        finally:
            if runner.link.busy:  # cancelled from outside: nobody will read the answer, so the connection is spent
                log.warning("cancelled in the middle of an exchange")
                with trio.CancelScope(shield=True):
                    await self.aclose()
            self._sending = False
            self._ended_at = now()
            runner.end()
        return result

    async def rest(self) -> None:
        """Nothing follows for now: what a run with ``rest=False`` left to say goes out."""
        await self._flush()

    async def resolve(self, intent: Intent, *, clock: datetime | None = None) -> Verdict:
        """Find out what became of an open intent, and clear it from the store; one that stays Ambiguous stays open, for
        a person to clear. OutcomeUnknown: not decidable yet, ask again later. See `kkt_driver.recovery.resolve`."""
        verdict = await self.run(resolve(intent, clock=clock))
        if self._store is not None and not isinstance(verdict, Ambiguous):
            await self._store.clear(intent, verdict)
        return verdict

    @asynccontextmanager
    async def events(self) -> AsyncIterator[trio.MemoryReceiveChannel[Noticed]]:
        """What is noticed beside the answers, from now on: state, paper, drive warnings, the line, foreign documents.

        A listener that does not read loses new events, never the register its time.
        """
        send, receive = trio.open_memory_channel[Noticed](EVENTS_MAX)
        self._listeners.append(send)
        try:
            async with receive:
                yield receive
        finally:
            self._listeners.remove(send)
            send.close()

    # --- bytes -----------------------------------------------------------------------------------------------------

    async def _move(self) -> None:
        """Bytes to and fro until something else is wanted, or the scope ends: then the link is told the time.

        The scope's deadline is moved only to an earlier moment, for moving it costs trio more than the rest of a turn:
        the scope may end before the link's own deadline. Nothing is lost by that, for a read that is given up takes no
        bytes, and `run` comes back here with a new scope; only a write that has to wait gets the deadline that counts.

        The ACK of an answer waits in the link for the next frame, if there is one at once: one write for both.
        """
        runner, stream, now = self._runner, self._stream, self._now()
        link = runner.link
        ends = deadline = link.deadline
        assert stream is not None and ends is not None and deadline is not None  # an exchange is under way
        with trio.CancelScope(deadline=ends) as scope:
            while True:
                try:
                    out = link.outgoing()
                    if out:
                        runner.wrote(out, now)
                        rest = stream.send_now(out) if isinstance(stream, TcpLine) else out
                        if rest:
                            scope.deadline = ends = deadline
                            self._sending = True
                            await stream.send_all(rest)
                            self._sending = False
                    data = bytes(await stream.receive_some(RECEIVE_SIZE))
                    if not data:
                        raise trio.BrokenResourceError("the register closed the connection")
                except _BROKEN as error:
                    scope.deadline = math.inf
                    await self._broken(str(error.__cause__ or error) or "the connection is broken")
                    return
                now = self._now()
                runner.received(data, now)
                if runner.want(now) is not MOVE:
                    return
                deadline = link.deadline
                assert deadline is not None
                if deadline < ends:
                    scope.deadline = ends = deadline
        if scope.cancelled_caught:
            if self._sending:  # half a frame may be out
                await self._broken("the line takes no bytes")
            else:
                runner.timed_out(trio.current_time())

    async def _listen(self) -> None:
        """Let time pass with an ear on the line: what comes now is late, and not an answer to what follows."""
        stream, data = self._stream, b""
        assert stream is not None
        with trio.move_on_at(self._runner.wake_at) as scope:
            try:
                data = bytes(await stream.receive_some(RECEIVE_SIZE))
            except _BROKEN as error:
                scope.deadline = math.inf
                await self._broken(str(error.__cause__ or error) or "the connection is broken")
                return
        if scope.cancelled_caught:
            return
        if not data:
            await self._broken("the register closed the connection")
            return
        self._runner.received(data, trio.current_time())

    async def _broken(self, why: str) -> None:
        self._sending = False
        stream, self._stream = self._stream, None
        if stream is not None:
            await trio.aclose_forcefully(stream)
        self._tell(self._watch.line(open=False, why=why))
        self._runner.broke(why, trio.current_time())

    async def _flush(self) -> None:
        """Write what the link still has to say (its ACK of the last answer) when no frame follows at once."""
        runner, stream = self._runner, self._stream
        if stream is None or runner.link.busy:
            return
        now = trio.current_time()
        out = runner.link.rest(now=now)
        if not out:
            return
        runner.wrote(out, now)
        try:
            rest = stream.send_now(out) if isinstance(stream, TcpLine) else out
            if not rest:
                return
            with trio.CancelScope(deadline=now + SEND_S):
                await stream.send_all(rest)
                return
        except _BROKEN:
            pass
        await self.aclose()  # the answer is in hand; only our ACK is lost

    # --- everything else that is wanted ----------------------------------------------------------------------------

    async def _other(self, want: Want) -> None:
        runner = self._runner
        try:
            match want:
                case Want.WAIT:
                    await trio.sleep_until(runner.wake_at)
                case Want.LISTEN:
                    await self._listen()
                case Want.CLOSE:
                    await self.aclose()
                case Want.DIAL:
                    assert self._reconnect is not None
                    self._stream = await self._reconnect()
                    runner.dialled()
                    log.info("the line is open again")
                    self._tell(self._watch.line(open=True, why=""))
                case Want.STORE:
                    assert self._store is not None
                    intent, began = runner.intent, trio.current_time()
                    await self._store.record(intent)
                    self._storing_s = trio.current_time() - began
                    runner.stored(intent)
        except DriverError as error:
            runner.failed(error)

    async def _clear(self, verdict: object) -> None:
        if self._store is not None:
            for intent in self._runner.recorded:
                await self._store.clear(intent, verdict)

    # --- what is noticed -------------------------------------------------------------------------------------------

    def _seen(self, reply: msgspec.Struct) -> None:
        for noticed in self._watch.seen(reply):
            self._tell(noticed)

    def _lost(self, command: str, sent: bool, why: str) -> None:
        if sent:
            log.warning("line trace", command=command, trace=readable(list(self._runner.trace)[-TRACE_SHOWN:]))

    def _tell(self, noticed: Noticed | None) -> None:
        if noticed is None:
            return
        for listener in self._listeners:
            try:
                listener.send_nowait(noticed)
            except (trio.WouldBlock, trio.BrokenResourceError):
                continue


def _at_debug() -> bool:
    enabled = getattr(log.bind(), "is_enabled_for", None)
    return bool(enabled is None or enabled(logging.DEBUG))
