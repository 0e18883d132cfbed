"""The register's side of both link layers: bytes and the time in, bytes out.

A connection is recognised by its first byte: ENQ or STX begins the standard layer, 8Fh the alternative one. Either way
a command is executed once; a repeat of the host gets the stored answer. What a command does is the business of
`execute(body, now)`, which gives the answer and how long the register works on it, or None when the command was never
heard (a fault).

    standard       IDLE ──frame──▸ EXECUTING ──done──▸ ANSWERED ──ACK──▸ IDLE
                   ENQ: NAK        ENQ: ACK            ENQ: ACK and the same answer again; NAK, time-out: wait for ENQ
    alternative    frame `last + 1` is executed, any other is answered with what `last` was answered
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum

from kkt_driver.frames import (
    ACK,
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

__all__ = ["BODY_MAX", "Execute", "Layer", "Line", "State"]

Execute = Callable[[bytes, float], tuple[bytes, float] | None]

BYTE_TIMEOUT_S = 0.05
"""Default of command 14h: silence inside a frame drops the frame."""

BODY_MAX = 4096
"""Longest command on the alternative layer; commands of the table end at 255 bytes, blocks of newer ones below this."""

DEFERRED_MAX = 4
"""Frames of the alternative layer kept while a command runs: a host repeats one frame, pings between; more is noise."""

_STRAY = b"\xff"
_NUMBERS = 0x10000


class Layer(Enum):
    STANDARD = "standard"
    ALTERNATIVE = "alternative"


class State(Enum):
    """Standard layer."""

    IDLE = "idle"
    EXECUTING = "executing"
    ANSWERED = "answered"  # the answer is on its way, its confirmation is awaited
    STORED = "stored"  # an answer waits for ENQ: it was refused, its ACK is late, or its connection is gone


_FIRST = {0x02: Layer.STANDARD, 0x05: Layer.STANDARD, 0x8F: Layer.ALTERNATIVE}


class Line:
    """One register's line. Connections come and go; the stored answer and the frame number belong to the register.

    `layer` fixes the layer, else each connection shows its own. `stray_ff` sends the extra FFh that registers behind
    RNDIS send after the host's ACK. With `keeps_answer=False` a reconnect drops the undelivered answer. The owner may
    set trouble for one command while it executes: with `lose_answer` the answer is stored but does not go out, with
    `lose_ack` it does but the command is not confirmed, `spoil` makes something else of its frame on the way.
    """

    def __init__(
        self,
        execute: Execute,
        *,
        layer: Layer | None = None,
        stray_ff: bool = False,
        keeps_answer: bool = True,
        byte_timeout_s: float = BYTE_TIMEOUT_S,
    ) -> None:
        self._execute = execute
        self._fixed_layer = layer
        self.layer = layer
        self.stray_ff = stray_ff
        self.keeps_answer = keeps_answer
        self.lose_answer = self.lose_ack = False
        self.spoil: Callable[[bytes], bytes] | None = None
        self.state = State.IDLE
        self.number: int | None = None  # of the last executed frame, alternative layer

        self._byte_timeout_s = byte_timeout_s
        self._standard = StandardReader()
        self._alternative = AlternativeReader(body_max=BODY_MAX)
        self._reader: StandardReader | AlternativeReader = self._standard
        self._rearmed = False  # 14h: the next conversation shows its layer again
        self._online = True
        self._asked = True  # this connection has sent the command that runs, or asked after it
        self._byte_deadline: float | None = None
        self._done_at: float | None = None
        self._running: tuple[Layer, bytes] | None = None  # answer of the command that is being worked on
        self._answer = b""  # standard layer, whole frame
        self._answered_at = 0.0
        self._numbered_answer = b""  # alternative layer, whole frame
        self._deferred: deque[AltFrame] = deque(maxlen=DEFERRED_MAX)

    # --- time -----------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        """When `handle_timeout` wants to be called; None: nothing is awaited."""
        if self._done_at is None:
            return self._byte_deadline
        if self._byte_deadline is None:
            return self._done_at
        return min(self._done_at, self._byte_deadline)

    def handle_timeout(self, now: float) -> bytes:
        """Finish what is due: an unfinished frame is dropped, a finished command is answered."""
        out = b""
        if self._byte_deadline is not None and now >= self._byte_deadline:
            self._byte_deadline = None
            self._reader.reset()
        if self._done_at is not None and now >= self._done_at:
            out = self._finish(now)
        return out

    def set_exchange(self, byte_timeout_s: float) -> None:
        """14h: the time-out counts from now on; the layer is found out anew when the answer is confirmed."""
        self._byte_timeout_s = byte_timeout_s
        self._rearmed = True

    # --- connection and power ---------------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """A host has come (another one, or the same again)."""
        self._forget_bytes()
        self.layer = self._fixed_layer
        self._online, self._asked = True, False
        if not self.keeps_answer and self.state is State.STORED:
            self.state, self._answer = State.IDLE, b""

    def disconnected(self, now: float) -> None:
        """The host is gone; a command that runs goes on."""
        self._forget_bytes()
        self._online = False
        if self.state is State.ANSWERED:
            self.state = State.STORED

    def power_cycle(self) -> None:
        """After power-up there is no stored answer and no number."""
        self._forget_bytes()
        self.layer = self._fixed_layer
        self.state, self.number = State.IDLE, None
        self._done_at = self._running = None
        self._answer = self._numbered_answer = b""
        self.lose_answer = self.lose_ack = False
        self.spoil = None

    def _forget_bytes(self) -> None:
        self._standard.reset()
        self._alternative.reset()
        self._byte_deadline = None
        self._deferred.clear()

    # --- bytes ------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes of the host; what the register says to them at once."""
        if self._rearmed and self.state is State.IDLE and self._running is None:
            self._rearmed, self.layer = False, self._fixed_layer
        layer = self.layer
        if layer is None:
            data, layer = self._detect(data)
            if layer is None:
                return b""
        if layer is Layer.STANDARD:
            out = b""
            self._reader = self._standard
            if self.state is State.ANSWERED and now > self._answered_at + self._byte_timeout_s:
                self.state = State.STORED  # nobody notices before the host says something
            for event in self._standard.feed(data):
                out += self._on_standard(event, now)
        else:
            out = b""
            self._reader = self._alternative
            for frame in self._alternative.feed(data):
                out += self._on_alternative(frame, now)
        self._byte_deadline = now + self._byte_timeout_s if self._reader.partial else None
        return out if self._online else b""

    def _detect(self, data: bytes) -> tuple[bytes, Layer | None]:
        """The layer by the first byte that begins one; what comes before is noise."""
        for at, byte in enumerate(data):
            layer = _FIRST.get(byte)
            if layer is not None:
                self.layer = layer
                return data[at:], layer
        return b"", None

    # --- standard layer ---------------------------------------------------------------------------------------------

    def _on_standard(self, event: Enq | Ack | Nak | Frame | BadFrame, now: float) -> bytes:
        state = self.state
        if self._running is not None:
            if not isinstance(event, Enq):
                return b""
            self._asked = True
            return ACK
        if isinstance(event, Frame):
            return self._command(event.body, now)
        if isinstance(event, Enq):
            if state is State.IDLE:
                return NAK
            self.state, self._answered_at = State.ANSWERED, now
            return ACK + self._answer
        if isinstance(event, BadFrame):
            return NAK
        if state is State.ANSWERED:
            if isinstance(event, Ack):
                self.state, self._answer = State.IDLE, b""
                return _STRAY if self.stray_ff else b""
            self.state = State.STORED
        return b""

    def _command(self, body: bytes, now: float) -> bytes:
        """A sound frame: an answer that still waited is dropped, as hosts without ENQ expect."""
        done = self._execute(body, now)
        if done is None:
            return b""
        answer, duration_s = done
        frame = encode_frame(answer)
        self._asked = True
        if duration_s > 0:
            self.state = State.EXECUTING
            self._running = Layer.STANDARD, frame
            self._done_at = now + duration_s
            return self._ack()
        return self._ack() + self._answered(frame, now)

    def _ack(self) -> bytes:
        lost, self.lose_ack = self.lose_ack, False
        return b"" if lost else ACK

    def _answered(self, frame: bytes, now: float) -> bytes:
        self._answer = frame
        if self.lose_answer or not (self._online and self._asked):
            self.lose_answer = False
            self.state = State.STORED
            return b""
        self.state, self._answered_at = State.ANSWERED, now
        return self._spoiled(frame)

    def _spoiled(self, frame: bytes) -> bytes:
        spoil, self.spoil = self.spoil, None
        return frame if spoil is None else spoil(frame)

    # --- alternative layer ------------------------------------------------------------------------------------------

    def _on_alternative(self, frame: AltFrame, now: float) -> bytes:
        if self._running is not None:
            self._deferred.append(frame)
            return b""
        if frame.kind == "II" or (frame.kind == "I" and self.number is None):
            return encode_alt(0) if frame.kind == "I" else b""
        if frame.kind == "I" or (self.number is not None and frame.number != (self.number + 1) % _NUMBERS):
            return self._numbered_answer
        done = self._execute(frame.body, now)
        if done is None:
            return b""
        answer, duration_s = done
        self.number = frame.number
        self._asked = True
        numbered = encode_alt(frame.number, answer)
        if duration_s > 0:
            self._running = Layer.ALTERNATIVE, numbered
            self._done_at = now + duration_s
            return b""
        return self._answered_numbered(numbered)

    def _answered_numbered(self, frame: bytes) -> bytes:
        self._numbered_answer = frame
        if self.lose_answer or not (self._online and self._asked):
            self.lose_answer = False
            return b""
        return self._spoiled(frame)

    # --- a command that takes time ------------------------------------------------------------------------------------

    def _finish(self, now: float) -> bytes:
        assert self._running is not None, "a time to be done is set with the answer"
        layer, frame = self._running
        self._done_at = self._running = None
        out = self._answered(frame, now) if layer is Layer.STANDARD else self._answered_numbered(frame)
        while self._deferred and self._running is None:
            out += self._on_alternative(self._deferred.popleft(), now)
        return out
