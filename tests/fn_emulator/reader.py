"""A second reader of messages, written from the description of the transport alone and sharing no line with `ffd`.

Two programs that one hand wrote agree on its mistakes; this one is short enough to be checked against the description.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Message", "read_container", "read_message"]

STRUCTURES = {1059, 1157, 1158, 1194, 1129, 1130, 1131, 1132, 1133, 1145, 1146, 1232, 1233, 2007}


class Message(NamedTuple):
    kind: int
    drive: str
    number: int
    tags: list[tuple[int, bytes]]
    sign: bytes

    def value(self, tag: int) -> bytes:
        (value,) = (content for number, content in self.tags if number == tag)
        return value


def crc(data: bytes) -> int:
    """CRC-16 CCITT, bit by bit: polynomial 1021, start FFFF, nothing reflected."""
    register = 0xFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            carry = register >> 15 ^ byte >> bit & 1
            register = (register << 1 & 0xFFFF) ^ (0x1021 if carry else 0)
    return register


def walk(data: bytes) -> list[tuple[int, bytes]]:
    tags = []
    while data:
        assert len(data) >= 4, "half a head"
        tag, size = data[0] | data[1] << 8, data[2] | data[3] << 8
        assert 4 + size <= len(data), f"tag {tag} sticks out"
        value, data = data[4 : 4 + size], data[4 + size :]
        if tag in STRUCTURES:
            walk(value)
        tags.append((tag, value))
    return tags


def read_container(data: bytes) -> Message:
    """Header of 32 bytes, document, sign of 10."""
    assert data[0] | data[1] << 8 == len(data), "length counts everything"
    assert data[2] | data[3] << 8 == crc(data[:2] + data[4:]), "check code over all but itself"
    assert data[4] == 0xA5, "from a register"
    assert data[6] == 1, "format version: header of 32 bytes"
    drive = "".join(f"{byte:02x}" for byte in data[9:17])
    number = data[17] << 16 | data[18] << 8 | data[19]
    size = data[30] << 8 | data[31]
    document, sign = data[32 : 32 + size], data[32 + size :]
    assert document[0] | document[1] << 8 == data[5], "kind in the header and in the document"
    assert document[2] | document[3] << 8 == size - 4
    assert (len(sign), sign[:2], sign[8:]) == (10, b"\x81\x06", b"\0\0")
    message = Message(data[5], drive, number, walk(document[4:]), sign)
    assert message.value(1041).decode("ascii").rstrip() == drive
    return message


def read_message(data: bytes) -> Message:
    """Session header of 30 bytes and the container of a fiscal document."""
    assert data[:6] == bytes.fromhex("2a08410a81a2")
    assert data[24] | data[25] << 8 == len(data) - 30
    assert (data[26] | data[27] << 8) & 0b11 == 0, "no session check code here"
    message = read_container(data[30:])
    assert data[8:24].decode("ascii").rstrip() == message.drive
    assert int.from_bytes(message.value(1040), "little") & 0xFFFFFF == message.number
    assert message.value(1077)[:2] in (b"\x21\x04", b"\x31\x04")
    return message
