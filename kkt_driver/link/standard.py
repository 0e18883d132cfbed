"""The standard link layer, host side: ENQ, frames with LRC, ACK and NAK.

Every ENQ and every frame is answered with exactly one control byte, in order. The link keeps count of those still due:
only a NAK that cannot be a late answer to an earlier ENQ proves that the frame was not executed, and only an exchange
that ended with our ACK and left nothing due is *clean*. After a clean exchange the next frame goes out at once;
otherwise ENQ comes first, because ENQ → ACK is the only sign of an answer that waits. The ACK itself waits for the
next frame for a moment (`ACK_S`), to go out with it; one that waited longer ends no exchange clean.

A frame that went out at once may be lost together with the ACK before it. The register then still offers the answer
*before*, and two items of a receipt have answers that look alike: an answer which came by ENQ is not taken for ours
when the answer before had the same code and nothing showed since that the register had let go of it.

What happens in which state is a table, `TABLE`; a control byte or frame without a cell is noise and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Literal, NamedTuple

from kkt_driver.errors import Misuse
from kkt_driver.frames import ACK, ENQ, NAK, Ack, BadFrame, Enq, Frame, Nak, StandardReader, encode_frame
from kkt_driver.link.events import ACK_S, PROOF_S, Event, Layer, Lost, Reply, Stray, Timing, answers

__all__ = ["TABLE", "Input", "StandardLink", "State", "Step"]


class State(Enum):
    IDLE = "idle"
    ASKING = "asking"  # ENQ is out; the frame is not
    HEARD = "heard"  # NAK came, but more control bytes are due: wait until the line is quiet
    CLEARING = "clearing"  # an old answer waits; read it before our frame goes out
    SETTLING = "settling"  # the old answer came damaged; wait until the line is quiet
    OFFERED = "offered"  # the frame is out; neither ACK nor NAK came
    RETRYING = "retrying"  # the frame came damaged (proved); ENQ is out before it is sent again
    ACCEPTED = "accepted"  # the register has the frame; its answer is awaited
    DAMAGED = "damaged"  # the answer came damaged; wait until the line is quiet
    REASKING = "reasking"  # ENQ is out after the frame: does an answer wait?

    __hash__ = object.__hash__  # each is the only one of its kind; Enum's own hash is Python, for every byte that comes


class Input(Enum):
    ACK = "ACK"
    NAK = "NAK"  # with more control bytes due: it may be the answer to an earlier ENQ
    LAST_NAK = "last NAK"  # with nothing else due: it can only be the answer to what was sent last
    OURS = "our answer"  # a frame with the command code of the exchange
    OTHER = "other answer"
    BAD = "bad frame"
    SILENCE = "silence"
    GIVE_UP = "give up"  # out of time, or of tries

    __hash__ = object.__hash__  # each is the only one of its kind; Enum's own hash is Python, for every byte that comes


class Step(NamedTuple):
    """A cell of the table: what is done (a method of the link) and the state afterwards."""

    act: str
    to: State


_S = State

TABLE: dict[State, dict[Input, Step]] = {
    State.IDLE: {
        Input.OURS: Step("stray", _S.IDLE),
        Input.OTHER: Step("stray", _S.IDLE),
    },
    State.ASKING: {
        Input.ACK: Step("wait_answer", _S.CLEARING),
        Input.NAK: Step("wait_control", _S.HEARD),
        Input.LAST_NAK: Step("offer", _S.OFFERED),
        Input.OURS: Step("stray", _S.ASKING),
        Input.OTHER: Step("stray", _S.ASKING),
        Input.BAD: Step("wait_quiet", _S.SETTLING),
        Input.SILENCE: Step("ask", _S.ASKING),
        Input.GIVE_UP: Step("not_sent", _S.IDLE),
    },
    State.HEARD: {
        Input.ACK: Step("wait_answer", _S.CLEARING),
        Input.NAK: Step("wait_control", _S.HEARD),
        Input.LAST_NAK: Step("offer", _S.OFFERED),
        Input.OURS: Step("stray", _S.HEARD),
        Input.OTHER: Step("stray", _S.HEARD),
        Input.BAD: Step("wait_quiet", _S.SETTLING),
        Input.SILENCE: Step("offer_unsure", _S.OFFERED),
        Input.GIVE_UP: Step("not_sent", _S.IDLE),
    },
    State.CLEARING: {
        Input.OURS: Step("cleared", _S.ASKING),
        Input.OTHER: Step("cleared", _S.ASKING),
        Input.BAD: Step("wait_quiet", _S.SETTLING),
        Input.SILENCE: Step("refuse_and_ask", _S.ASKING),
        Input.GIVE_UP: Step("not_sent", _S.IDLE),
    },
    State.SETTLING: {
        Input.SILENCE: Step("refuse_and_ask", _S.ASKING),
        Input.GIVE_UP: Step("not_sent", _S.IDLE),
    },
    State.OFFERED: {
        Input.ACK: Step("wait_answer", _S.ACCEPTED),
        Input.NAK: Step("ask", _S.REASKING),
        Input.LAST_NAK: Step("ask", _S.RETRYING),
        Input.OURS: Step("reply", _S.IDLE),
        Input.OTHER: Step("stray", _S.OFFERED),
        Input.BAD: Step("wait_quiet", _S.DAMAGED),
        Input.SILENCE: Step("ask", _S.REASKING),
        Input.GIVE_UP: Step("unknown", _S.IDLE),
    },
    State.RETRYING: {
        Input.ACK: Step("wait_answer", _S.ACCEPTED),
        Input.NAK: Step("wait_control", _S.RETRYING),
        Input.LAST_NAK: Step("offer", _S.OFFERED),
        Input.OURS: Step("reply", _S.IDLE),
        Input.OTHER: Step("stray", _S.RETRYING),
        Input.BAD: Step("wait_quiet", _S.DAMAGED),
        Input.SILENCE: Step("ask", _S.RETRYING),
        Input.GIVE_UP: Step("not_sent", _S.IDLE),
    },
    State.ACCEPTED: {
        Input.OURS: Step("reply", _S.IDLE),
        Input.OTHER: Step("stray", _S.ACCEPTED),
        Input.BAD: Step("wait_quiet", _S.DAMAGED),
        Input.SILENCE: Step("refuse_and_ask", _S.REASKING),
        Input.GIVE_UP: Step("unknown", _S.IDLE),
    },
    State.DAMAGED: {
        Input.SILENCE: Step("refuse_and_ask", _S.REASKING),
        Input.GIVE_UP: Step("unknown", _S.IDLE),
    },
    State.REASKING: {
        Input.ACK: Step("wait_answer", _S.ACCEPTED),
        Input.NAK: Step("nothing_waits", _S.IDLE),
        Input.LAST_NAK: Step("nothing_waits", _S.IDLE),
        Input.OURS: Step("reply", _S.IDLE),
        Input.OTHER: Step("stray", _S.REASKING),
        Input.BAD: Step("wait_quiet", _S.DAMAGED),
        Input.SILENCE: Step("ask", _S.REASKING),
        Input.GIVE_UP: Step("unknown", _S.IDLE),
    },
}

# Named once: an attribute of an Enum class costs CPython 3.11 a call, and there would be two dozen for each exchange.
IDLE, ASKING, HEARD, CLEARING, SETTLING, OFFERED, RETRYING, ACCEPTED, DAMAGED, REASKING = State
OURS, OTHER, BAD, LAST_NAK = Input.OURS, Input.OTHER, Input.BAD, Input.LAST_NAK
_CONTROLS = {Ack: Input.ACK, Nak: Input.NAK}

# States in which an answer is awaited for as long as its command may take.
_PATIENT = frozenset((ACCEPTED, CLEARING))
# States in which whatever comes is the rest of something damaged.
_DRAINING = frozenset((SETTLING, DAMAGED))


class StandardLink:
    """The host's end of one connection. See `kkt_driver.link.events.Link` for what the methods promise.

    With `enq="when_in_doubt"` ENQ goes first only at the first exchange of a connection and after an exchange that
    did not end clean; `"always"` asks before every frame, as the protocol text recommends for noisy lines.
    """

    layer: Layer = "standard"
    next_number: int | None = None

    def __init__(
        self, *, enq: Literal["when_in_doubt", "always"] = "when_in_doubt", timing: Timing | None = None
    ) -> None:
        self.enq = enq
        self.timing = timing or Timing()
        self.state = IDLE
        self._reader = StandardReader()
        self._out = b""
        self._events: list[Event] = []
        self._body = self._frame = b""
        self._arrived = b""
        self._repeatable = False
        self._maybe = False
        """The register may have executed the command of this exchange."""
        self._clean = False
        self._due = 0
        """Control bytes the register owes us."""
        self._repeated = False
        """The frame went out again although an earlier one may have been executed (repeatable commands only)."""
        self._twin = False
        """The answer before looks like ours will, and the register may still hold it."""
        self._sure = True
        """The count of what is due is right; after a silence that was taken for the end of it, it may not be."""
        self._new = True
        """Nothing was sent over this connection yet."""
        self._orderly = False
        """Nothing is due from before this exchange: a NAK to its frame is the answer to its frame."""
        self._asks = self._offers = self._damages = self._cleanups = 0
        self._timer = self._limit = 0.0
        self._answered_at = 0.0
        self._lost: bytes | None = None

    def fresh(self) -> StandardLink:
        return StandardLink(enq=self.enq, timing=self.timing)

    @property
    def busy(self) -> bool:
        return self.state is not IDLE

    @property
    def doubt(self) -> bool:
        return self._lost is not None

    @property
    def deadline(self) -> float | None:
        if self.state is IDLE:
            return None
        return self._timer if self._timer < self._limit else self._limit

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def rest(self, *, now: float) -> bytes:
        self._check_ack(now)
        return self.outgoing()

    def send(self, body: bytes, *, now: float, timeout_s: float, repeatable: bool = False) -> None:
        frame = encode_frame(body)
        self._check_ack(now)
        self._begin(now, timeout_s)
        self._body, self._frame, self._repeatable, self._maybe = body, frame, repeatable, False
        if self._clean and self.enq == "when_in_doubt":
            self._offer(now)
            self._twin = answers(body, self._arrived)
            self.state = OFFERED
        else:
            self._ask(now)
            self.state = ASKING

    def prove(self, *, now: float, timeout_s: float = PROOF_S) -> None:
        if self._lost is None:
            raise Misuse("nothing to prove: no exchange of this connection lost its answer")
        self._begin(now, timeout_s)
        self._body, self._repeatable, self._maybe = self._lost, False, True
        self._ask(now)
        self.state = REASKING

    def hang_up(self, why: str = "the connection is broken") -> Lost | None:
        if self.state is IDLE:
            return None
        self._end_lost(self._maybe, why)
        self.state = IDLE
        self._out = b""
        (lost,) = (event for event in self._take_events() if isinstance(event, Lost))
        return lost

    def receive(self, data: bytes, *, now: float) -> list[Event]:
        for event in self._reader.feed(data):
            what = self._input(event)
            if what is not None:
                self._step(what, now)
        state = self.state
        if state is IDLE:
            if self._reader.partial:
                self._reader.reset()
                self._clean = False
        else:
            if state in _DRAINING:
                self._reader.reset()
                self._timer = now + self.timing.byte_s
            elif self._reader.partial or (self._reader.noise and state in _PATIENT):
                self._timer = now + self.timing.byte_s
            if now >= self._limit:
                self._step(Input.GIVE_UP, now)
        return self._take_events()

    def handle_timeout(self, *, now: float) -> list[Event]:
        if self.state is not IDLE:
            if now >= self._limit or (now >= self._timer and self._tired()):
                self._step(Input.GIVE_UP, now)
            elif now >= self._timer:
                self._reader.reset()
                self._step(Input.SILENCE, now)
        return self._take_events()

    # --- what arrived ----------------------------------------------------------------------------------------------

    def _input(self, event: Enq | Ack | Nak | Frame | BadFrame) -> Input | None:
        kind = type(event)
        if kind is Frame:
            self._arrived = body = event.body  # type: ignore[union-attr]  # `kind` says which
            return OURS if answers(self._body, body) else OTHER
        if kind is BadFrame:
            return BAD
        control = _CONTROLS.get(kind)
        if control is None or self.state in _DRAINING:
            return None
        if self._due == 0:
            self._clean = False  # nobody asked for it
            return control
        self._due -= 1
        return LAST_NAK if kind is Nak and self._due == 0 and self._sure else control

    def _step(self, what: Input, now: float) -> None:
        if what is LAST_NAK and self.state is OFFERED:
            if not (self._orderly or self._repeatable):
                what = Input.NAK  # it may be a late answer to an earlier ENQ, and the frame may be executed just now
            self._orderly = False  # a damaged frame may be read as several, each with a NAK of its own
        step = _STEPS[self.state].get(what)
        if step is None:
            if self.state is IDLE:
                self._clean = False
            return
        if what is LAST_NAK and self.state is OFFERED:
            self._maybe = self._repeated
            if self._offers >= self.timing.tries:
                step = _STEPS[RETRYING][Input.GIVE_UP]
        act, to = step
        self.state = act(self, now) or to

    def _tired(self) -> bool:
        """Whether the tries of the present state are used up; once the frame is out only the time counts."""
        if self.state in (ASKING, RETRYING):
            return self._asks >= self.timing.tries
        return self._damages >= self.timing.tries

    # --- what the cells of the table do ----------------------------------------------------------------------------

    def _check_ack(self, now: float) -> None:
        """An ACK that waited too long for company comes when the register keeps its answer for an ENQ already."""
        if self._out and now > self._answered_at + ACK_S:
            self._clean = False

    def _begin(self, now: float, timeout_s: float) -> None:
        if self.state is not IDLE:
            raise Misuse("an exchange is under way: one at a time on a line")
        self._asks = self._offers = self._damages = self._cleanups = 0
        self._limit = now + timeout_s
        self._sure, self._repeated = True, False
        self._orderly, self._new = self._clean or self._new, False
        self._reader.reset()

    def _ask(self, now: float) -> None:
        self._asks += 1
        self._orderly = self._orderly and self._asks == 1
        self._due += 1
        self._out += ENQ
        self._timer = now + self.timing.control_s

    def _refuse_and_ask(self, now: float) -> None:
        """The register repeats an answer on ENQ only; NAK tells it why."""
        self._damages += 1
        self._out += NAK
        self._ask(now)

    def _offer(self, now: float) -> None:
        self._offers += 1
        self._asks = 0
        self._due += 1
        self._maybe = True
        self._clean = self._twin = False
        self._out += self._frame
        self._timer = now + self.timing.control_s

    def _offer_unsure(self, now: float) -> None:
        """Control bytes are due and do not come: lost, most likely. A NAK to this frame will prove nothing."""
        self._due, self._sure = 0, False
        self._offer(now)

    def _wait_control(self, now: float) -> None:
        self._timer = now + self.timing.control_s

    def _wait_answer(self, now: float) -> None:
        if self.state is RETRYING:
            self._maybe = True  # something waits: it may be ours after all
        elif self.state is OFFERED:
            self._twin = False  # it took our frame, so it has let go of the answer before
        self._reader.noise = 0
        self._timer = self._limit

    def _wait_quiet(self, now: float) -> None:
        self._timer = now + self.timing.byte_s

    def _stray(self, now: float) -> None:
        self._out += ACK
        self._clean = False
        mine = self._lost is not None and answers(self._lost, self._arrived)
        self._events.append(Stray(self._arrived, self._lost if mine else None))
        if mine:
            self._lost = None

    def _cleared(self, now: float) -> None:
        """A register keeps one answer: a second one says that more ENQs are being answered than were counted. To ask at
        once would put one more answer on its way for each that is taken off, and the link would lag behind for good.
        """
        self._stray(now)
        self._cleanups += 1
        if self._due or self._cleanups > 1:
            self._wait_control(now)
        else:
            self._ask(now)

    def _reply(self, now: float) -> State | None:
        if self._twin and self._asks:
            return self._doubtful(now)
        self._out += ACK
        if self.state is ACCEPTED and self._asks == 0:
            self._clean = self._due == 0  # in order; else a byte was lost, or is still to come
            self._due = 0
        self._lost = None
        self._answered_at = now
        self._events.append(Reply(self._arrived))
        return None

    def _doubtful(self, now: float) -> State | None:
        """This may be the answer before, once more: nobody can tell what became of our frame."""
        self._out += ACK
        self._events.append(Stray(self._arrived))
        if self._repeatable:
            self._ask(now)
            return REASKING
        self._end_lost(True, "the answer may be that of the command before")
        return None

    def _not_sent(self, now: float) -> None:
        if self._offers:
            why = f"{self._offers} frames came damaged"
        elif self.state in (CLEARING, SETTLING):
            why = "the register is busy with an earlier command"
        else:
            why = f"no answer to ENQ, asked {self._asks} times"
        self._end_lost(self._maybe, why)

    def _unknown(self, now: float) -> None:
        self._end_lost(True, "no answer within the command's time" if now >= self._limit else "no readable answer")

    def _nothing_waits(self, now: float) -> State | None:
        """NAK to ENQ after the frame: it never arrived, or the register was restarted after it had executed it."""
        if self._repeatable and self._offers < self.timing.tries and now < self._limit:
            self._repeated = True
            self._offer(now)
            return OFFERED
        self._end_lost(True, "the register has no answer for a command that it may have executed")
        return None

    def _end_lost(self, sent: bool, why: str) -> None:
        self._clean = False
        if sent:
            self._lost = self._body
        self._events.append(Lost(sent, why))

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events


_STEPS: dict[State, dict[Input, tuple[Callable[[StandardLink, float], State | None], State]]] = {
    state: {what: (getattr(StandardLink, f"_{step.act}"), step.to) for what, step in row.items()}
    for state, row in TABLE.items()
}
"""`TABLE` with the methods themselves; a method that gives a state back has decided otherwise than its cell."""
