"""The alternative link layer, host side: numbered frames, each number executed once.

The register keeps the number and the answer of the last frame it executed. The empty frame (type I) brings both back
without executing anything, so it is what goes out first on a connection and whenever an answer is late; the frame
itself is repeated, under its own number, only when the register answers that question with the number just before. A
register that was restarted would execute a blindly repeated number again. Any other number proves nothing: on a serial
line it may be an answer of an earlier connection that was long under way.

What happens in which state is a table, `TABLE`; a frame without a cell is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from kkt_driver.errors import Misuse
from kkt_driver.frames import ALT_BODY_MAX, AlternativeReader, AltFrame, encode_alt
from kkt_driver.link.events import PROOF_S, Event, Layer, Lost, Reply, Stray, Timing, answers

__all__ = ["TABLE", "AlternativeLink", "Input", "State", "Step"]

FIRST_AFTER_START = 0
"""Numbers start at 1: a register that executed nothing yet stands at this one, whatever number type II carries."""


class State(Enum):
    IDLE = "idle"
    SYNCING = "syncing"  # the empty frame is out; ours is not
    SENT = "sent"  # our frame is out
    ASKING = "asking"  # our frame is out and the answer is late: the empty frame asks where the register stands

    __hash__ = object.__hash__  # each is the only one of its kind; Enum's own hash is Python, for every byte that comes


class Input(Enum):
    OURS = "our number"
    BEFORE = "the number before ours"  # unasked: a second answer to an earlier frame; asked: ours did not arrive
    ELSEWHERE = "another number"  # somebody else's, or an old one: no proof of anything
    NUMBER = "a number"  # while ours is not chosen yet
    NOTHING = "nothing executed"  # type II
    SILENCE = "silence"
    GIVE_UP = "give up"  # out of time, or of tries

    __hash__ = object.__hash__  # each is the only one of its kind; Enum's own hash is Python, for every byte that comes


class Step(NamedTuple):
    """A cell of the table: what is done (a method of the link) and the state afterwards."""

    act: str
    to: State


_S = State

TABLE: dict[State, dict[Input, Step]] = {
    State.IDLE: {},
    State.SYNCING: {
        Input.NUMBER: Step("follow", _S.SENT),
        Input.NOTHING: Step("begin_numbers", _S.SENT),
        Input.SILENCE: Step("ask", _S.SYNCING),
        Input.GIVE_UP: Step("not_sent", _S.IDLE),
    },
    State.SENT: {
        Input.OURS: Step("reply", _S.IDLE),
        Input.BEFORE: Step("stray", _S.SENT),
        Input.ELSEWHERE: Step("astray", _S.IDLE),
        Input.NOTHING: Step("restarted", _S.IDLE),
        Input.SILENCE: Step("ask", _S.ASKING),
        Input.GIVE_UP: Step("unknown", _S.IDLE),
    },
    State.ASKING: {
        Input.OURS: Step("reply", _S.IDLE),
        Input.BEFORE: Step("repeat", _S.SENT),
        Input.ELSEWHERE: Step("astray", _S.IDLE),
        Input.NOTHING: Step("restarted", _S.IDLE),
        Input.SILENCE: Step("ask", _S.ASKING),
        Input.GIVE_UP: Step("unknown", _S.IDLE),
    },
}

# Named once: an attribute of an Enum class costs CPython 3.11 a call, and there would be a dozen for each exchange.
IDLE, SYNCING, SENT, ASKING = State
OURS, BEFORE, ELSEWHERE, NUMBER, NOTHING, SILENCE, GIVE_UP = Input


class AlternativeLink:
    """The host's end of one connection. See `kkt_driver.link.events.Link` for what the methods promise."""

    layer: Layer = "alternative"

    def __init__(self, *, timing: Timing | None = None, body_max: int = ALT_BODY_MAX) -> None:
        self.timing = timing or Timing()
        self.body_max = body_max
        """The longest body the register takes (F7h tells) or may answer with."""
        self.state = IDLE
        self._reader = AlternativeReader(body_max=body_max)
        self._out = b""
        self._events: list[Event] = []
        self._body = self._arrived = b""
        self._arrived_number = 0
        self._last: int | None = None
        """The number the register stands at; None until it told."""
        self._number = 0
        self._repeatable = False
        self._maybe = False
        """A frame of this exchange may have been executed although another went out after it (repeatable commands)."""
        self._questions = 0
        """Empty frames not answered yet: only the answer to the last one tells where the register stands now."""
        self._tries = 0
        self._timer = self._limit = 0.0
        self._lost: tuple[bytes, int] | None = None

    def fresh(self) -> AlternativeLink:
        return AlternativeLink(timing=self.timing, body_max=self.body_max)

    @property
    def busy(self) -> bool:
        return self.state is not IDLE

    @property
    def doubt(self) -> bool:
        return self._lost is not None

    @property
    def next_number(self) -> int | None:
        return None if self._last is None else (self._last + 1) & 0xFFFF

    @property
    def deadline(self) -> float | None:
        return None if self.state is IDLE else min(self._timer, self._limit)

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def rest(self, *, now: float) -> bytes:
        return self.outgoing()  # nothing: answers are not confirmed

    def send(self, body: bytes, *, now: float, timeout_s: float, repeatable: bool = False) -> None:
        if not 1 <= len(body) <= self.body_max:
            raise Misuse(f"this register takes frames of 1 to {self.body_max} bytes, not {len(body)}")
        self._begin(now, timeout_s)
        self._body, self._repeatable = body, repeatable
        if self._last is None:
            self._ask(now)
            self.state = SYNCING
        else:
            self._offer((self._last + 1) & 0xFFFF, now)
            self.state = SENT

    def prove(self, *, now: float, timeout_s: float = PROOF_S) -> None:
        if self._lost is None:
            raise Misuse("nothing to prove: no exchange of this connection lost its answer")
        self._begin(now, timeout_s)
        self._body, self._number = self._lost
        self._repeatable = False
        self._ask(now)
        self.state = ASKING

    def hang_up(self, why: str = "the connection is broken") -> Lost | None:
        if self.state is IDLE:
            return None
        lost = self._end_lost(self.state is not SYNCING or self._maybe, why)
        self.state = IDLE
        self._out = b""
        self._events.clear()
        return lost

    def receive(self, data: bytes, *, now: float) -> list[Event]:
        for frame in self._reader.feed(data):
            if frame.kind != "I":
                self._step(self._input(frame), now)
        if self.state is not IDLE:
            if now >= self._limit:
                self._step(GIVE_UP, now)
            elif self._reader.partial:
                self._timer = max(self._timer, now + self.timing.byte_s)
        return self._take_events()

    def handle_timeout(self, *, now: float) -> list[Event]:
        if self.state is not IDLE:
            if now >= self._limit or (self.state is SYNCING and self._tired() and now >= self._timer):
                self._step(GIVE_UP, now)
            elif now >= self._timer:
                self._reader.reset()
                self._step(SILENCE, now)
        return self._take_events()

    # --- what arrived ----------------------------------------------------------------------------------------------

    def _input(self, frame: AltFrame) -> Input:
        self._arrived = frame.body
        self._questions = max(0, self._questions - 1)
        if frame.kind == "II":
            return NOTHING
        assert frame.number is not None
        number = self._arrived_number = frame.number
        if self.state is SYNCING:
            return NUMBER
        if number == self._number:
            return OURS
        if number == (self._number - 1) & 0xFFFF:
            return BEFORE
        return ELSEWHERE

    def _step(self, what: Input, now: float) -> None:
        step = _STEPS[self.state].get(what)
        if step is None:
            if self._arrived:
                self._stray(now)
            return
        if what is BEFORE and self._questions and not self._repeatable:
            return  # an older question's answer: our frame may have been executed since
        if what is BEFORE and self.state is ASKING and self._tired():
            step = _STEPS[self.state][GIVE_UP]
        act, to = step
        self.state = act(self, now) or to

    def _tired(self) -> bool:
        return self._tries >= self.timing.tries

    # --- what the cells of the table do ----------------------------------------------------------------------------

    def _begin(self, now: float, timeout_s: float) -> None:
        if self.state is not IDLE:
            raise Misuse("an exchange is under way: one at a time on a line")
        self._tries = 0
        self._maybe = False
        self._limit = now + timeout_s
        self._reader.reset()

    def _ask(self, now: float) -> None:
        self._tries += 1
        self._questions += 1
        self._out += encode_alt()
        self._timer = now + self.timing.repeat_s

    def _offer(self, number: int, now: float) -> None:
        self._number = number
        self._repeat(now)

    def _repeat(self, now: float) -> None:
        self._tries += 1
        self._out += encode_alt(self._number, self._body)
        self._timer = now + self.timing.repeat_s

    def _follow(self, now: float) -> None:
        """The register told where it stands: the next number is free."""
        self._stray(now)
        self._offer((self._arrived_number + 1) & 0xFFFF, now)

    def _begin_numbers(self, now: float) -> None:
        self._offer(FIRST_AFTER_START + 1, now)

    def _stray(self, now: float) -> None:
        """The stored answer of an earlier frame. Only that of our own lost command is worth a word: any register
        shows its last answer when asked where it stands."""
        if self._lost is not None and answers(self._lost[0], self._arrived) and self._arrived_number == self._lost[1]:
            self._events.append(Stray(self._arrived, self._lost[0]))
            self._lost = None

    def _reply(self, now: float) -> State | None:
        if not answers(self._body, self._arrived):
            self._events.append(Stray(self._arrived))
            self._end_lost(True, f"number {self._number} of the register belongs to another command")
            return None
        self._last = self._number
        self._questions = 0  # in order: what was due before our answer will not come any more
        self._lost = None
        self._events.append(Reply(self._arrived))
        return None

    def _astray(self, now: float) -> State | None:
        return self._again_or_lost(now, f"the register went on to number {self._arrived_number}")

    def _restarted(self, now: float) -> State | None:
        return self._again_or_lost(now, "the register executed nothing since it was started")

    def _again_or_lost(self, now: float, why: str) -> State | None:
        if self._repeatable and not self._tired():
            self._maybe = True
            self._ask(now)
            return SYNCING
        self._end_lost(True, why)
        return None

    def _not_sent(self, now: float) -> None:
        self._end_lost(self._maybe, "no answer to the empty frame")

    def _unknown(self, now: float) -> None:
        self._end_lost(True, "no answer within the command's time")

    def _end_lost(self, sent: bool, why: str) -> Lost:
        self._last = None  # ask where it stands before the next frame
        if sent:
            self._lost = (self._body, self._number)
        lost = Lost(sent, why)
        self._events.append(lost)
        return lost

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events


_STEPS: dict[State, dict[Input, tuple[Callable[[AlternativeLink, float], State | None], State]]] = {
    state: {what: (getattr(AlternativeLink, f"_{step.act}"), step.to) for what, step in row.items()}
    for state, row in TABLE.items()
}
"""`TABLE` with the methods themselves; a method that gives a state back has decided otherwise than its cell."""
