"""Containers that come back to a drive: the operator's ticket, the marking system's answers and receipts, key tables.

What they share is checked here, in one order: length (reason 7), CRC (5), drive (4), number (3), shape (2). The sign
(1) comes last and is each kind's own.
"""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING

from ffd.crc import crc16
from fn_emulator.drive.codes import Code, Refused, TicketReason
from fn_emulator.drive.tlv import walk

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["DOCUMENT_MAX", "fields_of", "open_container", "rejected"]

DOCUMENT_MAX = 512
"""Tickets, answers and receipts by the format's tables."""

HEADER = 32
SIGN = 10
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
