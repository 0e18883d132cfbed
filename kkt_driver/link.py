"""The host's side of both link layers, without any I/O: bytes and the time come in, events and bytes come out.

One exchange at a time: `send` a body, write what `outgoing` gives, feed what arrives to `receive`, call
`handle_timeout` when `deadline` has passed. Each call may return events:

* ``Reply``: the answer to our frame;
* ``Stray``: an answer that is not ours (an old one, somebody else's); it was taken off the line and thrown away;
* ``Lost``: the exchange is over without an answer. ``sent=False`` means *proved*: the register did not execute the
  command. ``sent=True`` means that nobody knows, and the link stays in `doubt` until it is proved or replaced.

The states of the standard layer are a table (`TABLE`); what isn't in it is ignored, as noise on a line is.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import msgspec

from kkt_driver.commands import code_of
from kkt_driver.errors import Misuse
from kkt_driver.frames import (
    ACK,
    ENQ,
    NAK,
    Ack,
    AlternativeReader,
    AltFrame,
    BadFrame,
    Enq,
    Frame,
    Nak,
    StandardReader,
    encode_alt,
    encode_frame,
)

__all__ = ["AlternativeLink", "Event", "Link", "Lost", "Reply", "StandardLink", "Stray", "Timing"]


class Reply(msgspec.Struct, frozen=True):
    body: bytes


class Stray(msgspec.Struct, frozen=True):
    body: bytes


class Lost(msgspec.Struct, frozen=True):
    """`sent=False`: proved that the command was not executed."""

    sent: bool
    why: str


Event = Reply | Stray | Lost


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Patience of the link itself, seconds; the patience for an answer comes with each command."""

    control_s: float = 1.0  # ACK or NAK after ENQ or a frame; registers need about one byte time-out (50 ms)
    frame_s: float = 2.0  # the rest of a frame that has begun; networks split frames
    reask_s: float = 2.0  # ENQ while an answer is awaited: a lost answer is repeated, a working register says ACK
    repeat_s: float = 1.0  # alternative layer: the same frame with the same number
    tries: int = 10  # of ENQ, of a refused frame, of re-reading an answer (vendor text: 10 and 10)


class Link(Protocol):
    """What both layers offer."""

    layer: str

    @property
    def doubt(self) -> bool: ...
    @property
    def busy(self) -> bool: ...
    @property
    def next_number(self) -> int | None: ...
    @property
    def deadline(self) -> float | None: ...
    def send(self, body: bytes, *, now: float, timeout_s: float, repeatable: bool = False) -> None: ...
    def receive(self, data: bytes, *, now: float) -> list[Event]: ...
    def handle_timeout(self, *, now: float) -> list[Event]: ...
    def outgoing(self) -> bytes: ...
    def prove(self, *, now: float, timeout_s: float) -> None: ...
    def hang_up(self) -> Lost | None: ...


class State(Enum):
    IDLE = "idle"
    ASKED = "asked"  # ENQ is out, the frame is not
    OFFERED = "offered"  # the frame is out, neither ACK nor NAK came
    ACCEPTED = "accepted"  # the register has the frame; its answer is awaited
    DOUBTED = "doubted"  # the frame is out, ENQ asks whether it arrived
    REASKED = "reasked"  # the answer was damaged or is late, ENQ asks for it again
    CLEARING = "clearing"  # somebody's old answer is being read before our frame goes out
    PROVING = "proving"  # ENQ asks whether the answer to the lost command waits
    PROVED = "proved"  # it does: it is being read


class Input(Enum):
    ENQ = "enq"
    ACK = "ack"
    NAK = "nak"
    FRAME = "frame"
    BAD = "bad"
    TIMEOUT = "timeout"


_INPUTS = {Enq: Input.ENQ, Ack: Input.ACK, Nak: Input.NAK, Frame: Input.FRAME, BadFrame: Input.BAD}

TABLE: dict[State, dict[Input, str]] = {
    State.IDLE: {Input.FRAME: "_stray"},
    State.ASKED: {Input.NAK: "_offer", Input.ACK: "_clear", Input.FRAME: "_stray", Input.TIMEOUT: "_ask_again"},
    State.CLEARING: {Input.FRAME: "_cleared", Input.BAD: "_ask_again", Input.TIMEOUT: "_ask_again"},
    State.OFFERED: {
        Input.ACK: "_accepted",
        Input.NAK: "_offer_again",
        Input.FRAME: "_answer",
        Input.BAD: "_damaged",
        Input.TIMEOUT: "_doubt_frame",
    },
    State.DOUBTED: {
        Input.ACK: "_accepted",
        Input.NAK: "_not_received",
        Input.FRAME: "_answer",
        Input.BAD: "_damaged",
        Input.TIMEOUT: "_doubt_frame",
    },
    State.ACCEPTED: {Input.FRAME: "_answer", Input.BAD: "_damaged", Input.TIMEOUT: "_late"},
    State.REASKED: {
        Input.ACK: "_accepted",
        Input.NAK: "_no_answer_waits",
        Input.FRAME: "_answer",
        Input.BAD: "_damaged",
        Input.TIMEOUT: "_late",
    },
    State.PROVING: {
        Input.ACK: "_proof_waits",
        Input.NAK: "_no_proof",
        Input.FRAME: "_stray",
        Input.TIMEOUT: "_prove_again",
    },
    State.PROVED: {Input.FRAME: "_proof", Input.BAD: "_prove_again", Input.TIMEOUT: "_prove_again"},
}


class StandardLink:
    """ENQ, STX frames with LRC, ACK and NAK.

    With `enq="when_in_doubt"` (the default) ENQ goes first only at the first exchange of a connection and after an
    exchange that did not end with our ACK; `"always"` asks before every frame, as the vendor's text recommends for
    noisy lines.
    """

    layer = "standard"
    next_number: int | None = None

    def __init__(self, *, enq: str = "when_in_doubt", timing: Timing | None = None) -> None:
        self._always = enq == "always"
        self._timing = timing or Timing()
        self._reader = StandardReader()
        self._state = State.IDLE
        self._out = b""
        self._events: list[Event] = []
        self._body = b""
        self._frame = b""
        self._clean = False
        self._written = False
        self._repeatable = False
        self._asks = self._offers = self._reasks = 0
        self._timer = self._limit = 0.0
        self._lost: bytes | None = None

    @property
    def doubt(self) -> bool:
        """An exchange of this connection ended without an answer and is not proved."""
        return self._lost is not None

    @property
    def busy(self) -> bool:
        return self._state is not State.IDLE

    @property
    def deadline(self) -> float | None:
        """When `handle_timeout` wants to be called; None while nothing is awaited."""
        return None if self._state is State.IDLE else self._timer

    def outgoing(self) -> bytes:
        """The bytes to write now; each is given out once."""
        out, self._out = self._out, b""
        return out

    def send(self, body: bytes, *, now: float, timeout_s: float, repeatable: bool = False) -> None:
        """Begin an exchange. A `repeatable` command may be sent again even when it may have been executed."""
        self._begin(now, timeout_s)
        self._body, self._frame = body, encode_frame(body)
        self._written, self._repeatable = False, repeatable
        if self._clean and not self._always:
            self._offer(None, now)
        else:
            self._enq(State.ASKED, now)

    def prove(self, *, now: float, timeout_s: float) -> None:
        """Ask whether the answer to the lost command still waits; ends with its Reply or with Lost(sent=True)."""
        if self._lost is None:
            raise Misuse("nothing is in doubt")
        self._begin(now, timeout_s)
        self._enq(State.PROVING, now)

    def hang_up(self) -> Lost | None:
        """The line broke: how the exchange under way ended, None when there was none."""
        if self._state is State.IDLE:
            return None
        proving = self._state in (State.PROVING, State.PROVED)
        lost = Lost(self._written or proving, "the line broke")
        self._end(lost)
        self._drain()
        return lost

    def receive(self, data: bytes, *, now: float) -> list[Event]:
        """Take bytes as they came."""
        for event in self._reader.feed(data):
            self._step(_INPUTS[type(event)], event.body if isinstance(event, Frame) else None, now)
        if self._state is not State.IDLE:
            if self._reader.partial:
                self._timer = min(max(self._timer, now + self._timing.frame_s), self._limit + self._timing.frame_s)
            if now >= self._timer:  # a storm of bytes must not keep an exchange alive
                self._step(Input.TIMEOUT, None, now)
        return self._drain()

    def handle_timeout(self, *, now: float) -> list[Event]:
        """The deadline has passed."""
        if self._state is not State.IDLE and now >= self._timer:
            self._reader.reset()
            self._step(Input.TIMEOUT, None, now)
        return self._drain()

    # --- what the cells of the table do --------------------------------------------------------------------------

    def _step(self, what: Input, body: bytes | None, now: float) -> None:
        name = TABLE[self._state].get(what)
        if name is not None:
            getattr(self, name)(body, now)

    def _begin(self, now: float, timeout_s: float) -> None:
        if self.busy:
            raise Misuse("an exchange is under way: one at a time on a line")
        self._asks = self._offers = self._reasks = 0
        self._limit = now + timeout_s

    def _enq(self, state: State, now: float) -> None:
        self._asks += 1
        self._out += ENQ
        self._state = state
        self._timer = now + self._timing.control_s

    def _ask_again(self, body: bytes | None, now: float) -> None:
        if self._asks >= self._timing.tries or now >= self._limit:
            self._end(Lost(False, "the register does not answer ENQ"))
        else:
            self._enq(State.ASKED, now)

    def _clear(self, body: bytes | None, now: float) -> None:
        self._state = State.CLEARING
        self._timer = max(self._limit, now + self._timing.control_s)

    def _cleared(self, body: bytes, now: float) -> None:
        self._out += ACK
        self._events.append(Stray(body))
        self._enq(State.ASKED, now)

    def _stray(self, body: bytes, now: float) -> None:
        self._out += ACK
        self._events.append(Stray(body))

    def _offer(self, body: bytes | None, now: float) -> None:
        self._offers += 1
        self._written = True
        self._clean = False
        self._out += self._frame
        self._state = State.OFFERED
        self._timer = now + self._timing.control_s

    def _offer_again(self, body: bytes | None, now: float) -> None:
        """NAK to a frame: damaged on the way, not executed."""
        if self._offers >= self._timing.tries:
            self._end(Lost(False, "the register refuses the frame as damaged"))
        else:
            self._enq(State.ASKED, now)

    def _doubt_frame(self, body: bytes | None, now: float) -> None:
        """Neither ACK nor NAK: the frame may have arrived. ENQ decides."""
        if self._asks >= self._timing.tries or now >= self._limit:
            self._end(Lost(True, "the register fell silent after the command was sent"))
        else:
            self._enq(State.DOUBTED, now)

    def _not_received(self, body: bytes | None, now: float) -> None:
        """NAK to ENQ: not received, or executed by a register that was restarted since. Only a repeatable command
        may go out again on that."""
        if self._repeatable and self._offers < self._timing.tries:
            self._offer(None, now)
        else:
            self._end(Lost(True, "the command was not confirmed, and no answer waits"))

    def _accepted(self, body: bytes | None, now: float) -> None:
        self._state = State.ACCEPTED
        left = self._limit - now
        self._timer = now + (min(left, self._timing.reask_s) if left > 0 else self._timing.control_s)

    def _answer(self, body: bytes, now: float) -> None:
        self._out += ACK
        if _matches(self._body, body):
            self._lost = None
            self._clean = True
            self._end(Reply(body))
        else:
            self._events.append(Stray(body))

    def _damaged(self, body: bytes | None, now: float) -> None:
        """The answer came with a wrong check sum: NAK, and ENQ to have it repeated."""
        self._reasks += 1
        if self._reasks > self._timing.tries:
            self._end(Lost(True, "the answer stays unreadable"))
        else:
            self._out += NAK
            self._enq(State.REASKED, now)

    def _late(self, body: bytes | None, now: float) -> None:
        """No answer yet: the register works, or the answer was lost. ENQ until the command's own limit."""
        if now >= self._limit:
            self._end(Lost(True, "no answer within the command's time"))
        else:
            self._enq(State.REASKED, now)

    def _no_answer_waits(self, body: bytes | None, now: float) -> None:
        self._end(Lost(True, "the register took the command and has no answer: it was restarted"))

    def _proof_waits(self, body: bytes | None, now: float) -> None:
        self._state = State.PROVED
        self._timer = max(self._limit, now + self._timing.control_s)

    def _proof(self, body: bytes, now: float) -> None:
        self._out += ACK
        assert self._lost is not None
        if _matches(self._lost, body):
            self._lost = None
            self._clean = True
            self._end(Reply(body))
        else:
            self._events.append(Stray(body))
            self._end(Lost(True, "the answer that waited belongs to another command"))

    def _no_proof(self, body: bytes | None, now: float) -> None:
        self._end(Lost(True, "no answer waits"))

    def _prove_again(self, body: bytes | None, now: float) -> None:
        if now >= self._limit or self._asks >= self._timing.tries:
            self._end(Lost(True, "the register does not answer"))
        else:
            self._enq(State.PROVING, now)

    def _end(self, event: Event) -> None:
        if isinstance(event, Lost):
            self._clean = False
            if event.sent and self._lost is None:
                self._lost = self._body
        self._state = State.IDLE
        self._events.append(event)

    def _drain(self) -> list[Event]:
        events, self._events = self._events, []
        return events


def _matches(request: bytes, answer: bytes) -> bool:
    """Whether an answer body belongs to a request: the same command code, or the short refusal of an FFxx command."""
    code = code_of(request)
    if code[:1] == b"\xfe":
        code = code[:1]
    return answer.startswith(code) or (len(code) == 2 and len(answer) == 2 and answer[:1] == b"\xff")


class AlternativeLink:
    """Numbered frames: the register executes a number once and repeats its answer for the same number.

    A repeat of the same frame with the same number is safe for every command while the register is not restarted.
    An answer with one of the numbers this exchange used is ours, whatever else happened meanwhile; one with a number of
    an earlier exchange is a late duplicate; any other number says that ours was not executed.
    """

    layer = "alternative"

    def __init__(self, *, timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self._reader = AlternativeReader()
        self._out = b""
        self._events: list[Event] = []
        self._number: int | None = None  # of the last executed frame, as far as we know
        self._first: int | None = None  # the first number this connection used
        self._tried: list[int] = []
        self._body = b""
        self._mode = "idle"  # idle, sync, await, prove
        self._timer = self._limit = 0.0
        self._lost: tuple[bytes, list[int]] | None = None

    @property
    def doubt(self) -> bool:
        return self._lost is not None

    @property
    def busy(self) -> bool:
        return self._mode != "idle"

    @property
    def next_number(self) -> int | None:
        """The number the next frame will carry; None until the register told where it stands."""
        return None if self._number is None else (self._number + 1) & 0xFFFF

    @property
    def deadline(self) -> float | None:
        return None if self._mode == "idle" else min(self._timer, self._limit)

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def send(self, body: bytes, *, now: float, timeout_s: float, repeatable: bool = False) -> None:
        """Begin an exchange; `repeatable` makes no difference here, the numbers see to it."""
        self._begin(now, timeout_s)
        self._body, self._tried = body, []
        if self._number is None:
            self._mode = "sync"
            self._sync(now)
        else:
            self._offer(now)

    def prove(self, *, now: float, timeout_s: float) -> None:
        """The empty frame first; only when the register stands at our number or just before it, the same number is
        repeated: a repeat on the link, never a second command."""
        if self._lost is None:
            raise Misuse("nothing is in doubt")
        self._begin(now, timeout_s)
        self._body, self._tried = self._lost
        self._mode = "prove"
        self._sync(now)

    def hang_up(self) -> Lost | None:
        """The line broke: how the exchange under way ended, None when there was none."""
        if self._mode == "idle":
            return None
        lost = Lost(self._mode != "sync", "the line broke")
        self._end(lost)
        self._drain()
        return lost

    def receive(self, data: bytes, *, now: float) -> list[Event]:
        for frame in self._reader.feed(data):
            self._take(frame, now)
        if self._mode != "idle" and now >= self._limit:
            self._expire()
        return self._drain()

    def handle_timeout(self, *, now: float) -> list[Event]:
        if self._mode == "idle":
            return self._drain()
        if now >= self._limit:
            self._expire()
        elif now >= self._timer:
            self._reader.reset()
            if self._mode == "await":
                self._out += encode_alt(self._tried[-1], self._body)
                self._timer = now + self._timing.repeat_s
            else:
                self._sync(now)
        return self._drain()

    def _begin(self, now: float, timeout_s: float) -> None:
        if self.busy:
            raise Misuse("an exchange is under way: one at a time on a line")
        self._limit = now + timeout_s

    def _sync(self, now: float) -> None:
        self._out += encode_alt(None)
        self._timer = now + self._timing.repeat_s

    def _offer(self, now: float) -> None:
        number = self.next_number
        assert number is not None
        self._tried.append(number)
        if self._first is None:
            self._first = number
        self._mode = "await"
        self._out += encode_alt(number, self._body)
        self._timer = now + self._timing.repeat_s

    def _take(self, frame: AltFrame, now: float) -> None:
        number = frame.number
        if number is None or self._mode == "idle":
            if frame.body:
                self._events.append(Stray(frame.body))
            return
        if self._mode == "sync":
            self._number = number
            self._offer(now)
        elif number in self._tried:
            self._number = number
            if frame.body:
                self._lost = None
                self._end(Reply(frame.body))
            else:
                self._end(Lost(True, "the register was restarted: it has no answer for our number"))
        elif self._mode == "prove":
            if self._tried and number == (self._tried[-1] - 1) & 0xFFFF:
                self._mode = "await"
                self._out += encode_alt(self._tried[-1], self._body)
                self._timer = now + self._timing.repeat_s
            else:
                self._number = number
                self._end(Lost(True, "the register stands at another number"))
        elif self._is_late(number):
            if frame.body:
                self._events.append(Stray(frame.body))
        elif len(self._tried) < self._timing.tries:
            self._number = number  # not executed: the register tells where it stands
            self._offer(now)
        else:
            self._end(Lost(False, "the register keeps answering with other numbers"))

    def _is_late(self, number: int) -> bool:
        """A number that an earlier exchange of this connection used: its answer came twice."""
        if self._first is None:
            return False
        return (number - self._first) & 0xFFFF < (self._tried[0] - self._first) & 0xFFFF

    def _expire(self) -> None:
        sent = self._mode == "await" or self._mode == "prove"
        self._end(Lost(sent, "no answer within the command's time" if sent else "the register does not answer"))

    def _end(self, event: Event) -> None:
        if isinstance(event, Lost):
            if event.sent and self._lost is None:
                self._lost = (self._body, self._tried)
            self._number = None  # ask where it stands before the next frame
        self._mode = "idle"
        self._events.append(event)

    def _drain(self) -> list[Event]:
        events, self._events = self._events, []
        return events
