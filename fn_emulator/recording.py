"""Recordings of conversations: who said what when, in lines of JSON; and a recording played again to a device.

    {"recording": 1, "began": 1767225600.0, "note": "till 7 does not open its shift"}
    {"at": 0.0, "kind": "connected"}
    {"at": 0.0012, "kind": "host", "hex": "05"}
    {"at": 0.0143, "kind": "register", "hex": "15"}

`at` is seconds since `began`. A recording of somebody's register and driver, played to an emulated register, shows turn
by turn where the two registers agree: to the byte, in what kind of answer they give, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Literal

import msgspec

from fn_emulator.device import Device
from fn_emulator.errors import EmulatorError
from kkt_driver.commands import COMMANDS
from kkt_driver.frames import AlternativeReader, Frame, StandardReader

__all__ = [
    "BadRecording",
    "Kind",
    "Piece",
    "Recorder",
    "Recording",
    "Turn",
    "Verdict",
    "commands_of",
    "read_recording",
    "replay",
]

FORMAT = 1
PIECES_MAX = 1_000_000
"""A week of one register; longer recordings are cut by who makes them."""

PATIENCE_S = 300.0
"""World seconds that a replay waits for an answer the recorded register gave: the longest command takes two minutes."""

Kind = Literal["host", "register", "connected", "disconnected"]


class BadRecording(EmulatorError):
    """A file that is no recording, with the line."""


class Piece(msgspec.Struct, frozen=True):
    """Bytes of one side, or a host that came or went."""

    at: float
    kind: Kind
    data: bytes = b""


class Recording(msgspec.Struct, frozen=True):
    began: float
    note: str
    pieces: tuple[Piece, ...]


class _Head(msgspec.Struct):
    recording: int
    began: float = 0.0
    note: str = ""


class _Line(msgspec.Struct, omit_defaults=True):
    at: float
    kind: Kind
    hex: str = ""


_head, _line = msgspec.json.Decoder(_Head), msgspec.json.Decoder(_Line)


class Recorder:
    """Writes a recording as it happens: `write` gets whole lines. `began` and `now` are unix seconds."""

    def __init__(self, write: Callable[[str], object], *, began: float, note: str = "") -> None:
        self._write = write
        self._began = began
        self._put(_Head(FORMAT, began, note))

    def add(self, kind: Kind, data: bytes, now: float) -> None:
        """One piece; no bytes of a side are nothing to write down."""
        if data or kind in ("connected", "disconnected"):
            self._put(_Line(round(now - self._began, 6), kind, data.hex()))

    def _put(self, line: _Head | _Line) -> None:
        self._write(msgspec.json.encode(line).decode() + "\n")


def read_recording(lines: Iterable[str]) -> Recording:
    """The recording in these lines; BadRecording names the first one that is wrong."""
    head: _Head | None = None
    pieces: list[Piece] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            if head is None:
                head = _head.decode(line)
                if head.recording != FORMAT:
                    raise BadRecording(f"line {number}: format {head.recording}, this program reads {FORMAT}")
                continue
            found = _line.decode(line)
            pieces.append(Piece(found.at, found.kind, bytes.fromhex(found.hex)))
        except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
            raise BadRecording(f"line {number}: {error}") from None
        if len(pieces) > PIECES_MAX:
            raise BadRecording(f"line {number}: more than {PIECES_MAX} pieces")
        if len(pieces) > 1 and pieces[-1].at < pieces[-2].at:
            raise BadRecording(f"line {number}: time goes back")
    if head is None:
        raise BadRecording("an empty file")
    return Recording(head.began, head.note, tuple(pieces))


# --- replay ---------------------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """How an answer compares with the recorded one."""

    SAME = "same"
    ALIKE = "alike"  # the same commands are answered with the same errors, control bytes are the same
    OTHER = "other"


class Turn(msgspec.Struct, frozen=True):
    """What the host said, what was recorded as the answer, and what the device answers now."""

    at: float
    host: bytes
    recorded: bytes
    now: bytes

    @property
    def verdict(self) -> Verdict:
        if self.recorded == self.now:
            return Verdict.SAME
        return Verdict.ALIKE if _gist(self.recorded) == _gist(self.now) else Verdict.OTHER


def replay(recording: Recording, device: Device, *, now: float) -> list[Turn]:
    """Play the host's part, begun at world time `now`, and gather what the device says.

    The moments are the recorded ones, but where the recorded register had answered and the device is still at work the
    host waits for it, as it would have: everything after that comes so much later.
    """
    turns: list[Turn] = []
    late = 0.0
    for host in _turns(recording.pieces):
        at = now + host[0].at + late
        said = _work(device, at)
        if said and turns:
            turns[-1] = msgspec.structs.replace(turns[-1], now=turns[-1].now + said)
        asked, answered, got = b"", b"", b""
        for piece in host:
            match piece.kind:
                case "connected":
                    device.connected(at)
                case "disconnected":
                    device.disconnected(at)
                case "host":
                    asked += piece.data
                    got += device.receive(piece.data, at)
                case "register":
                    answered += piece.data
        while len(got) < len(answered) and (due := device.deadline) is not None and due - at <= PATIENCE_S:
            got += device.handle_timeout(due)
            late = max(late, due - now - host[-1].at)
        turns.append(Turn(host[0].at, asked, answered, got))
    if turns and (said := _work(device, now + late + recording.pieces[-1].at + PATIENCE_S)):
        turns[-1] = msgspec.structs.replace(turns[-1], now=turns[-1].now + said)
    return turns


def _turns(pieces: Iterable[Piece]) -> Iterable[list[Piece]]:
    """Pieces up to where the host speaks again after the register has; a turn begins with the host's side."""
    turn: list[Piece] = []
    for piece in pieces:
        if turn and piece.kind != "register" and (turn[-1].kind == "register" or turn[-1].kind != piece.kind):
            yield turn
            turn = []
        turn.append(piece)
    if turn:
        yield turn


def _work(device: Device, until: float) -> bytes:
    """What the device says by itself up to a moment."""
    out = b""
    while (due := device.deadline) is not None and due <= until:
        out += device.handle_timeout(due)
    return out


def _gist(answer: bytes) -> tuple[object, ...]:
    """What kind of answer: control bytes, and of each frame the command and the error."""
    if b"\x8f" in answer[:1]:
        return tuple((frame.kind, _head_of(frame.body)) for frame in AlternativeReader().feed(answer))
    return tuple(_head_of(event.body) if isinstance(event, Frame) else event for event in StandardReader().feed(answer))


def _head_of(body: bytes) -> bytes:
    return body[: 3 if body[:1] == b"\xff" else 2]


def commands_of(host: bytes) -> list[str]:
    """The commands in what a host said, as people call them."""
    frames: list[bytes] = [event.body for event in StandardReader().feed(host) if isinstance(event, Frame)]
    if host[:1] == b"\x8f":
        frames = [frame.body for frame in AlternativeReader().feed(host) if frame.body]
    return [_name(body) for body in frames]


def _name(body: bytes) -> str:
    code = body[: 2 if body[:1] in (b"\xfe", b"\xff") else 1]
    row = COMMANDS.get(code)
    return f"{code.hex().upper()} {row.request.__name__}" if row else code.hex().upper()
