"""The few TLV shapes that the drive itself writes, and a walk over what it is given. Plain bytes: this is its hot
path.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

__all__ = ["field", "structure", "u16", "u32", "u8", "vln", "walk"]

_HEAD = Struct("<HH")


def field(tag: int, value: bytes) -> bytes:
    return _HEAD.pack(tag, len(value)) + value


structure = field


def u8(tag: int, value: int) -> bytes:
    return _HEAD.pack(tag, 1) + bytes((value,))


def u16(tag: int, value: int) -> bytes:
    return _HEAD.pack(tag, 2) + value.to_bytes(2, "little")


def u32(tag: int, value: int) -> bytes:
    return _HEAD.pack(tag, 4) + value.to_bytes(4, "little")


def vln(tag: int, value: int) -> bytes:
    """Shortest form; zero is one byte."""
    return field(tag, vln_bytes(value))


def vln_bytes(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "little")


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """(tag, first byte of the value, first byte behind it) of each TLV; ValueError when the lengths do not add up."""
    at, end = start, len(data) if end is None else end
    unpack = _HEAD.unpack_from
    while at < end:
        if at + 4 > end:
            raise ValueError(f"{end - at} bytes left over at {at}")
        tag, length = unpack(data, at)
        value = at + 4
        at = value + length
        if at > end:
            raise ValueError(f"tag {tag} at {value - 4} is longer than what is left")
        yield tag, value, at
