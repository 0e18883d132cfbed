"""Frames of both link layers: bytes to events and back, for a host and for an emulated register alike.

Standard layer: ``02 LEN body LRC`` between single control bytes ENQ, ACK, NAK. LRC is the XOR of LEN and body.
Alternative layer: ``8F LEN16 [NUM16 [body]] CRC16``, little-endian, everything after 8F stuffed
(``8F`` → ``9F 81``, ``9F`` → ``9F 83``); CRC-16/CCITT-FALSE over LEN16, NUM16, body.

Readers take bytes as they come, pass over what is neither, and keep at most one unfinished frame. They know nothing
of time: when bytes stop in the middle of a frame, whoever holds the clock calls `reset`.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from typing import Literal, TypeAlias

import msgspec

from kkt_driver.errors import Misuse

__all__ = [
    "ACK",
    "ALT_BODY_MAX",
    "BODY_MAX",
    "ENQ",
    "NAK",
    "STX",
    "Ack",
    "AltFrame",
    "AlternativeReader",
    "BadFrame",
    "Enq",
    "Frame",
    "Nak",
    "StandardEvent",
    "StandardReader",
    "encode_alt",
    "encode_frame",
    "lrc",
]

ENQ, STX, ACK, NAK = b"\x05", b"\x02", b"\x06", b"\x15"

BODY_MAX = 255
"""LEN of the standard layer is one byte."""

ALT_BODY_MAX = 65533
"""LEN16 of the alternative layer counts the number too."""

CRC_START = 0xFFFF
"""CRC-16/CCITT-FALSE: polynomial 1021h from FFFFh, not reflected."""


# --- standard layer ------------------------------------------------------------------------------------------------


class Enq(msgspec.Struct, frozen=True):
    """The host asks whether an answer waits."""


class Ack(msgspec.Struct, frozen=True):
    """Received well; or, after ENQ, an answer waits."""


class Nak(msgspec.Struct, frozen=True):
    """Received damaged; or, after ENQ, nothing waits."""


class Frame(msgspec.Struct, frozen=True):
    """A whole frame with a matching LRC."""

    body: bytes

    def __repr__(self) -> str:
        return f"Frame({self.body.hex()})"


class BadFrame(msgspec.Struct, frozen=True):
    """A whole frame whose LRC does not match, or an empty one."""


StandardEvent: TypeAlias = Enq | Ack | Nak | Frame | BadFrame

_CONTROLS: dict[int, StandardEvent] = {ENQ[0]: Enq(), ACK[0]: Ack(), NAK[0]: Nak()}
_BAD = BadFrame()
_NEXT_OF_INTEREST = re.compile(rb"[\x02\x05\x06\x15]").search


_FOLDS = [tuple(8 << place for place in reversed(range(halvings))) for halvings in range(10)]
"""Shifts that fold a number of so many bits of length onto its lowest byte, half by half."""


def lrc(data: bytes) -> int:
    """XOR of all bytes (at most 511 of them), by folding one big number: native speed without a loop over bytes."""
    folded = int.from_bytes(data, "little")
    for bits in _FOLDS[len(data).bit_length()]:
        folded ^= folded >> bits
    return folded & 0xFF


def encode_frame(body: bytes) -> bytes:
    """The frame of the standard layer around a body of 1 to 255 bytes."""
    size = len(body)
    if not 1 <= size <= BODY_MAX:
        raise Misuse(f"a standard frame carries 1 to {BODY_MAX} bytes, not {size}: use the alternative layer")
    return b"\x02%c%b%c" % (size, body, lrc(body) ^ size)


class StandardReader:
    """Bytes in, control bytes and frames out. Holds at most `HELD_MAX` bytes: one frame short of its last byte."""

    HELD_MAX = 2 + BODY_MAX

    def __init__(self) -> None:
        self._held = b""
        self.noise = 0
        """Bytes passed over since the last `reset`, FFh apart: registers on TCP let a stray FFh slip in."""

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._held)

    def reset(self) -> None:
        """Forget the unfinished frame: the bytes stopped coming."""
        self._held = b""
        self.noise = 0

    def feed(self, data: bytes) -> list[StandardEvent]:
        """What `data`, after what was fed before, brings to an end."""
        if self._held:
            data = self._held + data
        events: list[StandardEvent] = []
        at, size = 0, len(data)
        while at < size:
            first = data[at]
            if first == 0x02:
                end = at + 3 + data[at + 1] if at + 1 < size else size + 1
                if end > size:
                    break
                good = end > at + 3 and lrc(data[at + 1 : end - 1]) == data[end - 1]
                events.append(Frame(data[at + 2 : end - 1]) if good else _BAD)
                at = end
            elif first in _CONTROLS:
                events.append(_CONTROLS[first])
                at += 1
            else:
                found = _NEXT_OF_INTEREST(data, at)
                end = found.start() if found is not None else size
                self.noise += end - at - data.count(b"\xff", at, end)
                at = end
        self._held = data[at:]
        return events


# --- alternative layer ---------------------------------------------------------------------------------------------

AltKind: TypeAlias = Literal["I", "II", "III"]


class AltFrame(msgspec.Struct, frozen=True):
    """A whole frame: kind I (empty: "who is there?"), II (a number only: nothing executed yet), III (number, body)."""

    kind: AltKind
    number: int | None = None
    body: bytes = b""

    def __repr__(self) -> str:
        return f"AltFrame({self.kind}, {self.number}, {self.body.hex()})"


_SYNC = AltFrame("I")


def encode_alt(number: int | None = None, body: bytes = b"") -> bytes:
    """A frame of the alternative layer: without a number type I, without a body type II, else type III."""
    if len(body) > ALT_BODY_MAX:
        raise Misuse(f"an alternative frame carries at most {ALT_BODY_MAX} bytes, not {len(body)}")
    if number is None:
        if body:
            raise Misuse("a frame with a body needs a number")
        covered = b"\0\0"
    else:
        covered = b"%b%b%b" % ((len(body) + 2).to_bytes(2, "little"), number.to_bytes(2, "little"), body)
    covered += crc_hqx(covered, CRC_START).to_bytes(2, "little")
    return b"\x8f" + covered.replace(b"\x9f", b"\x9f\x83").replace(b"\x8f", b"\x9f\x81")


_BAD_ESCAPE = re.compile(rb"\x9f[^\x81\x83]", re.DOTALL).search


class AlternativeReader:
    """Bytes in, frames out. A damaged frame leaves no trace: the layer answers it with silence.

    A frame that announces more than `body_max` is dropped as soon as its length is known, so at most about twice
    that is ever held (every byte may be stuffed).
    """

    def __init__(self, *, body_max: int = ALT_BODY_MAX) -> None:
        self._body_max = body_max
        self._held = bytearray()
        self._needed = 0
        self.held_max = 2 * (body_max + 6) + 1

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._held)

    def reset(self) -> None:
        """Forget the unfinished frame: the bytes stopped coming."""
        self._held.clear()
        self._needed = 0

    def feed(self, data: bytes) -> list[AltFrame]:
        """The whole and undamaged frames that `data`, after what was fed before, brings to an end."""
        frames: list[AltFrame] = []
        # Every 8F begins a frame and drops what was unfinished; what stands before the first continues the held one.
        at = data.find(b"\x8f")
        if self._held:
            self._go_on(data if at < 0 else data[:at], frames)
        while at >= 0:
            end = data.find(b"\x8f", at + 1)
            self._held[:] = b"\x8f"
            self._needed = 5
            self._go_on(data[at + 1 :] if end < 0 else data[at + 1 : end], frames)
            at = end
        return frames

    def _go_on(self, piece: bytes, frames: list[AltFrame]) -> None:
        held = self._held
        held += piece
        # `_needed`: the fewest bytes the frame can have. Bytes that trickle in are not looked at anew each time.
        if len(held) < self._needed:
            return
        raw = bytes(held[1:])
        damaged = False
        if b"\x9f" in raw:
            bad = _BAD_ESCAPE(raw)
            if bad is not None:  # in the frame it damages it, behind the frame it is noise
                raw, damaged = raw[: bad.start()], True
            if raw.endswith(b"\x9f"):
                raw = raw[:-1]  # the second half of an escape is still to come
            raw = raw.replace(b"\x9f\x81", b"\x8f").replace(b"\x9f\x83", b"\x9f")
        if len(raw) < 4:
            self._await(1, damaged)
            return
        length = raw[0] | raw[1] << 8
        if length == 1 or length > self._body_max + 2:
            self.reset()
            return
        if len(raw) < length + 4:
            self._await(length + 4 - len(raw), damaged)
            return
        self.reset()
        covered = raw[: length + 2]
        if crc_hqx(covered, CRC_START) != raw[length + 2] | raw[length + 3] << 8:
            return
        if length == 0:
            frames.append(_SYNC)
        else:
            number = raw[2] | raw[3] << 8
            frames.append(AltFrame("II", number) if length == 2 else AltFrame("III", number, covered[4:]))

    def _await(self, size: int, damaged: bool) -> None:
        if damaged:
            self.reset()
        else:
            self._needed = len(self._held) + size
