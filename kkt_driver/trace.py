"""A line trace that may be shown: what went over the wire, with the buyer taken out of it.

Reads and writes are cut into frames; in commands that carry fields of a document (FF0Ch, FF4Dh) and in pieces of
documents that are read back the values of personal tags are replaced by their size. Damaged bytes are shown by their
number only, since nobody can tell what they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from kkt_driver.commands import COMMANDS, code_of
from kkt_driver.frames import Ack, AlternativeReader, AltFrame, BadFrame, Enq, Frame, Nak, StandardReader

__all__ = ["PERSONAL", "Describer", "Moved", "describe", "readable", "redact"]

PERSONAL = frozenset((1008, 1227, 1228, 1243, 1244, 1245, 1246, 1254, 1256))
"""Tags of the buyer: contact, name, INN, birth date, citizenship, document, address, and the buyer's whole group."""

HIDING = frozenset((b"\xff\x0c", b"\xff\x4d", b"\xff\x3b", b"\xff\x31", b"\xdd"))
"""Commands whose data are fields of a document, or pieces of one."""
ADDRESSED = frozenset((b"\xff\x0c", b"\xff\x4d"))
"""Those of them that carry whole fields after a password."""

PASSWORD_SIZE = 4
CONTROL = {Enq: "ENQ", Ack: "ACK", Nak: "NAK"}


class Moved(Protocol):
    """One read or write."""

    @property
    def direction(self) -> str: ...
    @property
    def moment(self) -> float: ...
    @property
    def data(self) -> bytes: ...


def readable(trace: Iterable[Moved]) -> list[str]:
    """One line for each read and write: moment, direction, and what it was, in hex where that hides nobody."""
    return [f"{one.moment:.4f} {one.direction} {' '.join(describe(one.data, one.direction))}" for one in trace]


def describe(data: bytes, direction: str = ">") -> Iterator[str]:
    """The frames and control bytes in one read or write, when it stands alone."""
    describer = Describer(direction)
    yield from describer.feed(data)
    yield from describer.rest()


class Describer:
    """One direction of a conversation, in whatever pieces it comes. The layer shows itself by its first byte."""

    def __init__(self, direction: str = ">") -> None:
        self._direction = direction
        self._standard, self._alternative = StandardReader(), AlternativeReader()
        self._layer: StandardReader | AlternativeReader | None = None
        self._size = 0

    def feed(self, data: bytes) -> Iterator[str]:
        """What is whole now."""
        self._size += len(data)
        if self._layer is None and data:
            self._layer = self._alternative if data[:1] == b"\x8f" else self._standard
        if self._layer is self._alternative:
            for frame in self._alternative.feed(data):
                yield _alternative(frame, self._direction)
            return
        for event in self._standard.feed(data):
            if isinstance(event, Frame):
                yield redact(event.body, self._direction)
            else:
                yield "[damaged frame]" if isinstance(event, BadFrame) else CONTROL[type(event)]

    def rest(self) -> Iterator[str]:
        """What began and did not end."""
        if self._standard.partial or self._alternative.partial:
            yield f"[part of a frame, {self._size} bytes]"
        elif self._standard.noise:
            yield f"[{self._standard.noise} bytes of noise]"


def _alternative(frame: AltFrame, direction: str) -> str:
    if frame.kind == "I":
        return "SYNC"
    return f"#{frame.number} {redact(frame.body, direction)}" if frame.body else f"#{frame.number}"


def redact(body: bytes, direction: str = ">") -> str:
    """A command or an answer in hex, without what tells of a buyer. `direction` ">" is the host's."""
    code = code_of(body)
    row = COMMANDS.get(code)
    name = f" ({row.name})" if row is not None else ""
    if code not in HIDING or (direction == "<" and code in ADDRESSED):
        return f"{body.hex()}{name}"
    head = len(code) + (PASSWORD_SIZE if direction == ">" else 1)
    if code in ADDRESSED:
        return f"{body[:head].hex()}{''.join(_fields(body[head:]))}{name}"
    if direction == ">":
        return f"{body.hex()}{name}"
    return f"{body[:head].hex()}[{len(body[head:])} bytes of a document]{name}"


def _fields(data: bytes) -> Iterator[str]:
    at = 0
    while len(data) - at >= 4:
        tag, size = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
        end = at + 4 + size
        if end > len(data):
            break
        value = f"[{size} bytes]" if tag in PERSONAL else data[at + 4 : end].hex()
        yield f" {tag}:{value}"
        at = end
    if at < len(data):
        yield f" [{len(data) - at} bytes]"
