"""What a runner does with a procedure, without any I/O: it says what it wants, and is told what happened.

    runner.begin(procedure)
    while (want := runner.want(now)) is not Want.END:
        …                                  # MOVE bytes, WAIT, DIAL, CLOSE, STORE an intent

This is where the driver's promise on the wire is kept, whoever moves the bytes (`kkt_driver.client` with trio, a
simulated world with a loop):

* an intent is durable before the procedure that recorded it goes on, and a committing command goes out only with a
  licence: an intent recorded just now, or the proof that the time before left nothing; each is good for once;
* a lost answer is first asked for on the same connection (the link proof) and is otherwise `AnswerLost`, never a second
  try; work that has begun never goes on over another connection;
* bytes of a connection that broke may still arrive: nothing but reads is sent on the next one before that is over.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Generic, Literal, NamedTuple, TypeVar, cast

import msgspec
import structlog

from kkt_driver.commands import COMMANDS, Command, Kind, Request, code_of, command_of, decode_reply, encode_request
from kkt_driver.effects import Effect, Exchange, Executed, Pause, Procedure, Quiesce, Record
from kkt_driver.errors import AnswerLost, DriverError, Malformed, Misuse, NotSent
from kkt_driver.intents import Intent
from kkt_driver.link import Event, Link, Lost, Reply, StandardLink, Stray
from kkt_driver.verdicts import NotRegistered

__all__ = ["Latency", "Runner", "Traced", "Want"]

T = TypeVar("T")

TRACE_SIZE = 200
"""Reads and writes kept for a report: the last five to ten receipts."""

EMPTY_FRAME_SIZE = 5
"""What is not longer holds control bytes or an empty frame, and no command."""

# Named once: an attribute of an Enum class costs CPython 3.11 a call.
READ, IDEMPOTENT, COMMITTING = Kind.READ, Kind.IDEMPOTENT, Kind.COMMITTING
_REPEATABLE = (READ, IDEMPOTENT)

log = structlog.get_logger("kkt_driver")


class Want(Enum):
    """What whoever drives a runner does next."""

    MOVE = "write link.outgoing(), read until link.deadline: received, timed_out or broke"
    WAIT = "let time pass until wake_at"
    LISTEN = "read until wake_at, for what comes late is not to be taken for an answer: received or broke"
    DIAL = "open a connection: dialled or failed"
    CLOSE = "close the connection: hung_up"
    STORE = "make `intent` durable: stored or failed"
    END = "the procedure is over: result"


MOVE, WAIT, LISTEN, DIAL, CLOSE, STORE, END = Want


class Traced(NamedTuple):
    """One read ("<") or write (">") of the line, and its moment in the runner's time."""

    direction: Literal["<", ">"]
    moment: float
    data: bytes

    def __str__(self) -> str:
        return f"{self.moment:.4f} {self.direction} {self.data.hex()}"


class Latency(msgspec.Struct):
    """How long one command's answers took, seconds from the first byte to the typed reply."""

    count: int = 0
    total_s: float = 0.0
    max_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.total_s += seconds
        if seconds > self.max_s:
            self.max_s = seconds


class _Feed(Generic[T]):
    """A generator being run: the effect it waits for, or its result."""

    __slots__ = ("command", "done", "effect", "procedure", "proving", "recorded", "result", "spent", "tied", "wake_at")

    def __init__(self, procedure: Procedure[T]) -> None:
        self.procedure = procedure
        self.done = False
        self.proving = False
        self.tied = False
        """It has begun to change something over this connection, and must not go on over another."""
        self.command: Command | None = None
        self.effect: Effect = Pause(0.0)
        self.wake_at: float | None = None
        self.recorded: list[Intent] = []
        self.spent: list[Intent | NotRegistered] = []
        """Licences that were used."""
        self.result: T = cast(T, None)

    def resume(self, value: Any) -> None:
        self.wake_at = None
        try:
            self.effect = self.procedure.send(value)
        except StopIteration as end:
            self.done, self.result = True, end.value

    def fail(self, error: DriverError) -> None:
        self.wake_at = None
        try:
            self.effect = self.procedure.throw(error)
        except StopIteration as end:
            self.done, self.result = True, end.value


class Runner:
    """The runner of one register: the link of its present connection, and what is left of earlier ones.

    `can_dial` says whether the owner is able to open the line anew; `durable` whether it keeps intents.
    """

    def __init__(
        self,
        *,
        link: Link | Callable[[], Link] | None = None,
        deadlines: Mapping[str, float] | None = None,
        can_dial: bool = True,
        durable: bool = True,
        verbose: bool = False,
    ) -> None:
        first = StandardLink() if link is None else link() if callable(link) else link
        self.link = first
        self._make_link: Callable[[], Link] = link if callable(link) else first.fresh
        self._deadlines = dict(deadlines or {})
        self._can_dial, self._durable, self._verbose = can_dial, durable, verbose
        self.connected = False
        self.connections = 1
        """How many there were, the first one included."""
        self.wake_at = math.inf
        self.trace: deque[Traced] = deque(maxlen=TRACE_SIZE)
        self.latency: dict[str, Latency] = {}
        self.seen: Callable[[msgspec.Struct], None] | None = None
        """Called with every typed reply."""
        self.issued: Callable[[], None] | None = None
        """Called when a committing command goes out."""
        self.lost: Callable[[str, bool, str], None] | None = None
        """Called with command, sent and why, when an exchange has no answer."""
        self._sent_at: dict[str, float] = {}
        self._began_at = 0.0
        self._doubts: dict[str, float] = {}
        """Commands that were sent over connections which are gone, and until when they may be executed."""
        self._doubts_here: dict[str, float] = {}
        """The same of this connection, should it go."""
        self._closing = False
        """The line has to be closed: wanted until it is told, however often somebody asks in between."""
        self._feed: _Feed[Any] | None = None

    # --- the run -----------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self._feed is not None

    @property
    def recorded(self) -> list[Intent]:
        """Intents that this run made durable and whose outcome is not stored yet."""
        return self._feed.recorded if self._feed is not None else []

    @property
    def intent(self) -> Intent:
        """What is to be made durable: the intent with link layer and frame number filled in."""
        assert self._feed is not None
        intent = cast(Record, self._feed.effect).intent
        return msgspec.structs.replace(intent, link=self.link.layer, frame=self.link.next_number)

    @property
    def result(self) -> Any:
        assert self._feed is not None
        return self._feed.result

    @property
    def exchanging(self) -> bool:
        """Whether the procedure waits for an exchange."""
        feed = self._feed
        return feed is not None and not feed.done and type(feed.effect) is Exchange

    @property
    def committing(self) -> bool:
        """Whether a committing command is under way."""
        feed = self._feed
        return feed is not None and feed.command is not None and feed.command.kind is COMMITTING

    def begin(self, procedure: Procedure[Any]) -> None:
        """Run `procedure` to its first effect. Whatever it raises comes out of this and of the other calls."""
        if self._feed is not None:
            raise Misuse("this register runs another procedure: one task owns a register")
        self._feed = _Feed(procedure)
        self._feed.resume(None)

    def end(self) -> None:
        """Forget the run, whether or not it came to its end."""
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.procedure.close()

    def want(self, now: float) -> Want:
        """What is to be done next, as things are."""
        feed = self._feed
        assert feed is not None
        while not feed.done:
            effect = feed.effect
            try:
                want = self._exchange(feed, effect, now) if type(effect) is Exchange else self._other(feed, effect, now)
            except DriverError as error:
                feed.fail(error)
                continue
            if want is not None:
                return want
        return END

    def _other(self, feed: _Feed[Any], effect: Effect, now: float) -> Want | None:
        """What an effect beside an exchange wants; None when it is answered already."""
        match effect:
            case Record(intent):
                if not self._durable:
                    raise Misuse("a committing command needs a durable intent: give the Register a store")
                if not self.connected:
                    raise NotSent("the line broke before the command was sent", command=intent.command)
                return STORE
            case Pause(seconds):
                if not self._waited(feed, now + seconds, now):
                    return WAIT
                feed.resume(None)
                return None
            case Quiesce(command):
                return self._quiesce(feed, command, now)
            case Executed(command):
                self._doubts.pop(command, None)
                self._doubts_here.pop(command, None)
                feed.resume(None)
                return None
        raise Misuse(f"{effect!r} is not an effect")

    def _waited(self, feed: _Feed[Any], until: float, now: float) -> bool:
        if feed.wake_at is None:
            feed.wake_at = until
        self.wake_at = feed.wake_at
        return now >= feed.wake_at

    def _exchange(self, feed: _Feed[Any], effect: Exchange, now: float) -> Want:
        link = self.link
        if link.busy:
            return MOVE
        command = command_of(effect.request)
        if not self.connected:
            if feed.tied:
                raise NotSent("the line broke in the middle of the work", command=command.hex)
            if not self._can_dial:
                raise NotSent("the line is closed, and this Register was not told how to open it again")
            return DIAL
        kind = command.kind
        if self._doubts and kind is not READ and (quiet_at := max(self._doubts.values())) > now:
            self.wake_at = quiet_at
            return LISTEN
        feed.command, feed.proving = command, False
        if kind is COMMITTING:
            self._check_licence(feed, effect, command)
        body = encode_request(effect.request)
        timeout_s = effect.deadline_s
        if timeout_s is None:
            timeout_s = self._deadlines.get(command.hex, command.deadline_s)
        repeatable = kind in _REPEATABLE
        self._began_at = now
        link.send(body, now=now, timeout_s=timeout_s, repeatable=repeatable)
        if effect.licence is not None:
            feed.spent.append(effect.licence)
        if kind is COMMITTING and self.issued is not None:
            self.issued()
        if not repeatable:
            feed.tied = True
        if self._verbose:
            log.debug("command", command=command.hex, name=command.name, size=len(body))
        return MOVE

    def _check_licence(self, feed: _Feed[Any], effect: Exchange, command: Command) -> None:
        licence = effect.licence
        intent = licence.intent if isinstance(licence, NotRegistered) else licence
        if intent is None or intent not in feed.recorded or intent.command != command.hex:
            raise Misuse(f"{command.hex} forms a document or moves money: record an intent for it first")
        if any(licence is one for one in feed.spent):
            raise Misuse(f"{command.hex} was sent by this licence already: only a proof lets it be issued again")

    def _quiesce(self, feed: _Feed[Any], command: str, now: float) -> Want | None:
        """The old connection dead, the command's whole deadline over, a new connection: what was sent before can no
        longer be executed behind our back. When it was not this object that sent it, it may have been sent until now.
        """
        if not self._can_dial:
            raise Misuse("quiescence needs a new connection: give the Register a reconnect")
        if feed.wake_at is None:
            self._gone()
            quiet_at = self._sent_at.get(command, now) + self._deadline_s(command)
            feed.wake_at = max(quiet_at, *self._doubts.values()) if self._doubts else quiet_at
            log.info("waiting until nothing can be under way", command=command, seconds=feed.wake_at - now)
            self._closing = True
        if self._closing:
            return CLOSE
        if not self._waited(feed, feed.wake_at, now):
            return WAIT
        if not self.connected:
            return DIAL
        feed.tied = False
        feed.resume(None)
        return None

    # --- what happened -----------------------------------------------------------------------------------------------

    def dialled(self) -> None:
        """A connection is open."""
        if self._feed is not None and not self.connected:
            self.link = self._make_link()
        self.connected = True
        self.connections += 1

    def wrote(self, data: bytes, now: float) -> None:
        """`data` is about to go out."""
        self.trace.append(Traced(">", now, data))
        feed = self._feed
        if len(data) > EMPTY_FRAME_SIZE and feed is not None and feed.command is not None:
            self._sent_at[feed.command.hex] = now

    def received(self, data: bytes, now: float) -> None:
        self.trace.append(Traced("<", now, data))
        self._digest(self.link.receive(data, now=now), now)

    def timed_out(self, now: float) -> None:
        """The link's deadline has passed, and nothing came."""
        self._digest(self.link.handle_timeout(now=now), now)

    def broke(self, why: str, now: float) -> None:
        """The connection is gone; the exchange under way, if any, ends without its answer."""
        lost = self.hung_up(why)
        if lost is not None and self._feed is not None:
            self._fail_lost(self._feed, lost)

    def hung_up(self, why: str = "the connection is broken") -> Lost | None:
        """The connection is gone, and nobody waits any more: how the exchange under way ended."""
        self._closing = False
        lost = self.link.hang_up(why)
        if lost is not None and lost.sent:
            self._doubt(self._feed)
        self._gone()
        return lost

    def stored(self, intent: Intent) -> None:
        """`intent` (as this object gave it) survives a power cut now."""
        feed = self._feed
        assert feed is not None
        feed.recorded.append(intent)
        feed.tied = True
        feed.resume(intent)

    def failed(self, error: DriverError) -> None:
        """What was wanted could not be done."""
        assert self._feed is not None
        self._feed.fail(error)

    def _gone(self) -> None:
        for command, until in self._doubts_here.items():
            self._doubts[command] = max(until, self._doubts.get(command, until))
        self._doubts_here.clear()
        self.connected = False

    def _doubt(self, feed: _Feed[Any] | None) -> None:
        command = feed.command if feed is not None else None
        if command is not None and command.kind is not READ:
            sent = self._sent_at.get(command.hex)
            if sent is not None:
                self._doubts_here[command.hex] = sent + self._deadline_s(command.hex)

    def _digest(self, events: list[Event], now: float) -> None:
        """Give the end of an exchange to the procedure that asked for it."""
        feed = self._feed
        for event in events:
            match event:
                case Reply():
                    assert feed is not None
                    self._answer(feed, event.body, now)
                case Stray():
                    late = None if event.answers is None else code_of(event.answers).hex().upper()
                    code = code_of(event.body).hex().upper()
                    log.warning("an answer came that nobody awaits", code=code, size=len(event.body), answers=late)
                case Lost():
                    assert feed is not None
                    if event.sent and not feed.proving and self.link.doubt:
                        feed.proving = True
                        log.warning("an answer is missing: asking for it again", command=_hex(feed), why=event.why)
                        self.link.prove(now=now)
                        continue
                    if event.sent:
                        self._doubt(feed)
                    self._fail_lost(feed, event)

    def _answer(self, feed: _Feed[Any], body: bytes, now: float) -> None:
        request: Request[Any] = cast(Exchange, feed.effect).request
        command = feed.command
        assert command is not None
        if self._verbose:
            log.debug("answer", command=command.hex, size=len(body))
        latency = self.latency.get(command.hex)
        if latency is None:
            latency = self.latency[command.hex] = Latency()
        latency.add(now - self._began_at)
        try:
            reply: msgspec.Struct = decode_reply(request, body)
        except Malformed as error:
            # An answer, but not one we can read: what became of the command is not known from it.
            feed.fail(AnswerLost(str(error), command=command.hex))
        except DriverError as error:
            feed.fail(error)
        else:
            if self.seen is not None:
                self.seen(reply)
            feed.resume(reply)

    def _fail_lost(self, feed: _Feed[Any], lost: Lost) -> None:
        command = _hex(feed)
        log.warning("a command has no answer", command=command, sent=lost.sent, why=lost.why)
        if self.lost is not None:
            self.lost(command, lost.sent, lost.why)
        feed.fail((AnswerLost if lost.sent else NotSent)(lost.why, command=command))

    def _deadline_s(self, command: str) -> float:
        given = self._deadlines.get(command)
        return COMMANDS[bytes.fromhex(command)].deadline_s if given is None else given


def _hex(feed: _Feed[Any]) -> str:
    return feed.command.hex if feed.command is not None else ""
