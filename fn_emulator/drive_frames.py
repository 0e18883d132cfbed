"""Frames on the line of a fiscal drive: `04 LEN16le CMD DATA CRC16le`, where LEN counts the command byte and the data.

The answer has the same form with the answer code in place of the command and does not repeat the command. Sans-I/O:
bytes and the time go in, frames come out; whatever arrives, nothing is raised and no more than one frame is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack_from

import msgspec

from ffd.crc import crc16

__all__ = [
    "DATA_MAX",
    "START",
    "BadFrame",
    "Duration",
    "DriveLine",
    "Frame",
    "FrameReader",
    "encode_answer",
    "encode_frame",
    "encode_request",
]

START = 0x04
DATA_MAX = 1024
"""Data of one message by the description of the drive."""

SILENCE_MAX_S = 0.1
"""Silence inside a frame after which a receiver starts anew."""


class Frame(msgspec.Struct, frozen=True):
    """A frame that arrived whole. `code` is the command in a request and the answer code in an answer."""

    code: int
    data: bytes = b""


class BadFrame(msgspec.Struct, frozen=True):
    """A frame of the right length whose CRC is wrong; a drive answers 01h to it."""

    content: bytes


def encode_frame(code: int, data: bytes = b"") -> bytes:
    """The frame of a command or an answer."""
    covered = (len(data) + 1).to_bytes(2, "little") + bytes((code,)) + data
    return b"\x04" + covered + crc16(covered).to_bytes(2, "little")


encode_request = encode_frame
encode_answer = encode_frame


class FrameReader:
    """Collects frames from a line. Feed it what arrived and when."""

    def __init__(self, *, data_max: int = DATA_MAX, silence_s: float = SILENCE_MAX_S) -> None:
        self._buffer = bytearray()
        self._last = 0.0
        self._length_max = data_max + 1
        self._silence_s = silence_s

    def feed(self, data: bytes, *, now: float) -> list[Frame | BadFrame]:
        """Frames that became whole. Bytes before a start byte and frames of an impossible length are skipped."""
        if self._buffer and now - self._last > self._silence_s:
            self._buffer.clear()
        self._last = now
        buffer = self._buffer
        frames: list[Frame | BadFrame] = []
        buffer += data
        while (frame := self._take()) is not None:
            frames.append(frame)
        return frames

    def _take(self) -> Frame | BadFrame | None:
        buffer = self._buffer
        while True:
            start = buffer.find(START)
            if start < 0:
                buffer.clear()
                return None
            del buffer[:start]
            if len(buffer) < 3:
                return None
            (length,) = unpack_from("<H", buffer, 1)
            if 1 <= length <= self._length_max:
                break
            del buffer[:3]  # start byte and length are gone, as on a receiver; wait for the next start byte
        if len(buffer) < length + 5:
            return None
        covered, crc = bytes(buffer[1 : length + 3]), unpack_from("<H", buffer, length + 3)[0]
        del buffer[: length + 5]
        if crc16(covered) != crc:
            return BadFrame(covered)
        return Frame(covered[2], covered[3:])


_BAD_FRAME_ANSWER = 0x01

Duration = Callable[[int, bytes], float]
"""Seconds that a command with its data takes."""


def _no_time(code: int, data: bytes) -> float:
    return 0.0


class DriveLine:
    """The drive's end of its line: bytes of requests in, bytes of answers out.

    `execute` is `lambda code, data, now: …` giving (answer code, data), usually a Drive's. A frame with a wrong CRC is
    answered 01h, or not at all with `silent_on_bad_frames`: hosts must survive both. While a command takes its time,
    what else arrives is ignored, as on the serial line of a real drive.
    """

    hung_up = False
    """A drive never breaks its line."""

    def __init__(
        self,
        execute: Callable[[int, bytes, float], tuple[int, bytes]],
        *,
        silent_on_bad_frames: bool = False,
        duration: Duration = _no_time,
    ) -> None:
        self._execute = execute
        self._silent = silent_on_bad_frames
        self._duration = duration
        self._reader = FrameReader()
        self._answer = b""
        self._due: float | None = None

    @property
    def deadline(self) -> float | None:
        """When the answer of the running command is due."""
        return self._due

    def connected(self, now: float) -> None:
        """A host has come; half a frame of the one before is not its own."""
        self._reader = FrameReader()

    def disconnected(self, now: float) -> None:
        """The host is gone: a command that runs is finished, its answer goes nowhere."""
        self._due, self._answer = None, b""

    def receive(self, data: bytes, now: float) -> bytes:
        """Answers to the requests that became whole and take no time; the others come from `handle_timeout`."""
        answers = b""
        for frame in self._reader.feed(data, now=now):
            if self._due is None:
                answers += self._take(frame, now)
        return answers

    def handle_timeout(self, now: float) -> bytes:
        """The answer that is due by now."""
        if self._due is None or now < self._due:
            return b""
        answer, self._answer, self._due = self._answer, b"", None
        return answer

    def _take(self, frame: Frame | BadFrame, now: float) -> bytes:
        if isinstance(frame, BadFrame):
            return b"" if self._silent else encode_answer(_BAD_FRAME_ANSWER)
        answer = encode_answer(*self._execute(frame.code, frame.data, now))
        seconds = self._duration(frame.code, frame.data)
        if not seconds:
            return answer
        self._answer, self._due = answer, now + seconds
        return b""
