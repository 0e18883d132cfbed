"""Containers that a drive sends beside its documents, and those that come back: tickets, answers and receipts of the
marking system, key tables.

What comes back is checked in one order: length (reason 7), CRC (5), drive (4), number (3), shape (2). The sign (1) is
last.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import unpack_from
from typing import TYPE_CHECKING

from ffd.container import wrap
from ffd.crc import crc16
from fn_emulator.drive.codes import Code, Refused, TicketReason
from fn_emulator.drive.tlv import walk

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["checked_answer", "demand_sizes", "fields_of", "open_container", "rejected", "relayed", "signed"]

DOCUMENT_MAX = 512
"""Tickets, answers and receipts by the format's tables."""

HEADER = 32
SIGN = 10
_SIGN_END = b"\0\0"
_FROM_OPERATOR = 0x5A
_FROM_REGISTER = 0xA5


def rejected(reason: TicketReason) -> Refused:
    """20h and the reason."""
    return Refused(Code.ANSWER_REJECTED, bytes((reason,)))


def open_container(
    drive: Drive, data: bytes, *, kind: int, number: int, size_max: int = DOCUMENT_MAX
) -> tuple[bytes, bytes]:
    """The document of form `kind` in `data` and the sign behind it; anything wrong on the way is refused.

    The lenient level also takes what a well-known mock operator sends: our own direction, no sign, blanks for the
    document's size, the number in ASCII.
    """
    lenient = drive.ticket_level == "lenient"
    if not HEADER <= len(data) <= size_max or unpack_from("<H", data)[0] != len(data):
        raise rejected(TicketReason.LENGTH)
    if crc16(data[:2] + data[4:]) != unpack_from("<H", data, 2)[0]:
        raise rejected(TicketReason.CRC)
    if data[9:17] != bytes.fromhex(drive.number):
        raise rejected(TicketReason.DRIVE_NUMBER)
    if not _is_number(data[17:20], number, lenient):
        raise rejected(TicketReason.NUMBER)
    directions = (_FROM_OPERATOR, _FROM_REGISTER) if lenient else (_FROM_OPERATOR,)
    if data[4] not in directions or data[5] != kind or data[6] != 1 or len(data) < HEADER + 4:
        raise rejected(TicketReason.FORMAT)
    form, size = unpack_from("<HH", data, HEADER)
    end = HEADER + 4 + size
    sign = data[end:]
    sizes_agree = lenient or unpack_from(">H", data, 30)[0] == size + 4
    signed = len(sign) == SIGN or (lenient and not sign)
    if form != kind or end > len(data) or not sizes_agree or not signed:
        raise rejected(TicketReason.FORMAT)
    return data[HEADER:end], sign


def _is_number(content: bytes, number: int, lenient: bool) -> bool:
    if int.from_bytes(content, "big") == number & 0xFFFFFF:
        return True
    return lenient and content.rstrip(b"\0") == str(number).encode("ascii")[:3]


def fields_of(document: bytes) -> dict[int, bytes]:
    """Tag → value; the last of equal tags counts."""
    try:
        return {tag: document[start:end] for tag, start, end in walk(document, 4)}
    except ValueError:
        raise rejected(TicketReason.FORMAT) from None


# The marking system and the key server


def signed(drive: Drive, document: bytes, *, kind: int, number: int) -> bytes:
    """The container of a request or notification, under ФПУ."""
    return wrap(document, drive=drive.number, document=number, kind=kind, sign=drive.keys.fpu(document) + _SIGN_END)


def checked_answer(drive: Drive, data: bytes, *, kind: int, number: int) -> bytes:
    """The document of an answer of the marking system that passed every check, its sign included."""
    document, sign = open_container(drive, data, kind=kind, number=number)
    fields_of(document)
    if drive.ticket_level == "strict" and sign != drive.keys.fpk(document) + _SIGN_END:
        raise rejected(TicketReason.SIGN)
    return document


def demand_sizes(fields: Mapping[int, bytes], sizes: Mapping[int, int]) -> None:
    """Tags that an answer must have, and their lengths."""
    if any(len(fields.get(tag, b"")) != size for tag, size in sizes.items()):
        raise rejected(TicketReason.FORMAT)


def relayed(document: bytes, tags: frozenset[int]) -> bytes:
    """The TLVs of an answer that a register is shown."""
    return b"".join(document[start - 4 : end] for tag, start, end in walk(document, 4) if tag in tags)
