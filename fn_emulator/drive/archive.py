"""Looking back: documents, tickets and registrations by number (40h–47h, 50h)."""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING

from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.life import BLOCK_DAYS
from fn_emulator.drive.models import FFD_1_05
from fn_emulator.drive.moments import DAY, moment_bytes
from fn_emulator.drive.records import DocumentRecord
from fn_emulator.drive.tlv import walk

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["body", "find"]

_HEADER = 32
_SIGN = 10
_FIVE_YEARS = frozenset({1, 11, 5})  # whole documents that are kept as long as the short records
_ALL_TAGS = 0xFFFF
_TICKET_SIGN = 18
_BLOCK_MAX = 1024


def body(record: DocumentRecord) -> bytes:
    """The document of a container: form code, length, fields."""
    return record.container[_HEADER:-_SIGN]


def _document(drive: Drive, data: bytes) -> DocumentRecord:
    record = drive.log.document(drive.state, int.from_bytes(data, "little"))
    if record is None:
        raise Refused(Code.NO_DATA)
    return record


def _ticketed(drive: Drive, record: DocumentRecord) -> bool:
    return 0 < record.queue_number <= drive.state.ticketed


def _head(record: DocumentRecord) -> bytes:
    return moment_bytes(record.moment) + record.number.to_bytes(4, "little") + record.sign[::-1]


def find(drive: Drive, data: bytes, timer: float) -> bytes:
    """40h: form code, ticket flag, archive record."""
    record = _document(drive, data)
    return bytes((record.form, _ticketed(drive, record))) + _head(record) + record.tail


def find_with_format(drive: Drive, data: bytes, timer: float) -> bytes:
    """50h: the same behind the format version. The rest of its layout is not published."""
    return bytes((_format_of(_document(drive, data)),)) + find(drive, data, timer)


def _format_of(record: DocumentRecord) -> int:
    return record.state.ffd


def find_ticket(drive: Drive, data: bytes, timer: float) -> bytes:
    """41h: the ticket's time (UTC, as the operator wrote it), the operator's sign filled up with zeros, FD number."""
    record = _document(drive, data)
    ticket = drive.log.ticket(drive.state, record.queue_number)
    if ticket is None:
        raise Refused(Code.NO_DATA)
    return moment_bytes(ticket.moment) + ticket.sign.ljust(_TICKET_SIGN, b"\0") + data


def without_ticket(drive: Drive, data: bytes, timer: float) -> bytes:
    """42h."""
    return min(0xFFFF, drive.queue_length).to_bytes(2, "little")


def open_document(drive: Drive, data: bytes, timer: float) -> bytes:
    """45h: form code and length of the fields. 08h when only the short record is left."""
    record = _document(drive, data)
    if not _kept_whole(drive, record):
        raise Refused(Code.NO_DATA)
    document = body(record)
    drive.reading = _fields(document)
    return document[:4]


def _kept_whole(drive: Drive, record: DocumentRecord) -> bool:
    """30 days, and until the next document of its kind, and until its ticket."""
    state = drive.state
    return (
        record.form in _FIVE_YEARS
        or state.moment - record.moment <= BLOCK_DAYS * DAY
        or state.last_of_form.get(record.form) == record.number
        or record.queue_number > state.ticketed
    )


def _fields(document: bytes) -> list[bytes]:
    """TLVs of a document, last first."""
    return [document[start - 4 : end] for _, start, end in walk(document, 4)][::-1]


def next_field(drive: Drive, data: bytes, timer: float) -> bytes:
    """46h."""
    if drive.reading is None:
        raise Refused(Code.WRONG_STATE)
    if not drive.reading:
        raise Refused(Code.NO_DATA)
    return drive.reading.pop()


# Service commands of exporters: a whole container, of a document that is still kept whole


def open_raw(drive: Drive, data: bytes, timer: float) -> bytes:
    """49h: 01h and the number of a registration report, or 02h and an FD number; length of the container."""
    match data[0], len(data):
        case 1, 2:
            record = _registration(drive, data[1])
        case 2, 5:
            record = _document(drive, data[1:])
        case _:
            raise Refused(Code.UNKNOWN_COMMAND)
    if not _kept_whole(drive, record):
        raise Refused(Code.NO_DATA)
    drive.reading_raw = record.container
    return len(record.container).to_bytes(2, "little")


def read_raw(drive: Drive, data: bytes, timer: float) -> bytes:
    """4Ah: offset and length; 08h behind the end, or when nothing was opened."""
    offset, size = unpack("<HH", data)
    if size > _BLOCK_MAX:
        raise Refused(Code.UNKNOWN_COMMAND)
    if drive.reading_raw is None or offset >= len(drive.reading_raw):
        raise Refused(Code.NO_DATA)
    return drive.reading_raw[offset : offset + size]


def close_raw(drive: Drive, data: bytes, timer: float) -> bytes:
    """4Bh."""
    drive.reading_raw = None
    return b""


def _registration(drive: Drive, number: int | None) -> DocumentRecord:
    """Registration report by its own number from 1; the last one for None."""
    reports = drive.state.registrations
    if not reports or (number is not None and not 1 <= number <= len(reports)):
        raise Refused(Code.NO_DATA)
    record = drive.log.document(drive.state, reports[-1 if number is None else number - 1])
    assert record is not None
    return record


def registration_results(drive: Drive, data: bytes, timer: float) -> bytes:
    """43h: date, requisites, FD number, sign: 47 bytes on FFD 1.05 (48 when asked by number: a reason), 64 later."""
    record = _registration(drive, data[0] if data else None)
    requisites = record.tail
    if record.state.ffd == FFD_1_05:
        requisites = requisites[:34] + (requisites[34:].ljust(1, b"\0") if data else b"")
    head = _head(record)
    return head[:5] + requisites + head[5:]


def registration_parameter(drive: Drive, data: bytes, timer: float) -> bytes:
    """44h: one TLV of a registration report, or FFFFh to have them one by one from 47h."""
    record = _registration(drive, data[0] if len(data) == 3 else None)
    tag = int.from_bytes(data[-2:], "little")
    fields = _fields(body(record))
    if tag == _ALL_TAGS:
        drive.reading_registration = fields
        return b""
    for content in reversed(fields):
        if content[:2] == data[-2:]:
            return content
    raise Refused(Code.NO_DATA)


def next_registration_field(drive: Drive, data: bytes, timer: float) -> bytes:
    """47h."""
    if drive.reading_registration is None:
        raise Refused(Code.WRONG_STATE)
    if not drive.reading_registration:
        raise Refused(Code.NO_DATA)
    return drive.reading_registration.pop()
