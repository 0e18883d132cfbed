"""Exchange with the operator: 20h–26h. The queue is in the log; what is held here dies with the power.

One message at a time, the oldest without a ticket. It is read from the archive as it was signed, so a second
reading gives the same bytes.
"""

from __future__ import annotations

from struct import pack, unpack
from typing import TYPE_CHECKING

from fn_emulator.drive import documents
from fn_emulator.drive.codes import Code, Refused, TicketReason
from fn_emulator.drive.containers import fields_of, open_container, rejected
from fn_emulator.drive.counters import unsent_change
from fn_emulator.drive.life import Warnings
from fn_emulator.drive.log import raised
from fn_emulator.drive.models import FFD_1_1
from fn_emulator.drive.moments import moment_bytes, moment_of_unix
from fn_emulator.drive.records import DocumentRecord, State, TicketRecord

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["Exchange"]

_BLOCK_MAX = 1024
_TICKET = 7

# Bits of tag 1206 that a drive keeps, and the warning bits they raise.
_MESSAGES = ((1 << 1, Warnings.FORMAT_ERROR), (1 << 6, Warnings.SETTINGS_NEEDED), (1 << 7, Warnings.OPERATOR_ANNULLED))
_FORMAT_ERROR_CODE = 14


class Exchange:
    """Transport, reading and waiting flags."""

    __slots__ = ("message", "transport", "waiting")

    def __init__(self) -> None:
        self.transport = False
        self.message: bytes | None = None  # being read
        self.waiting = False


def status(drive: Drive, data: bytes, timer: float) -> bytes:
    """20h."""
    state, exchange = drive.state, drive.exchange
    bits = exchange.transport | (bool(state.unsent_document) << 1) | (exchange.waiting << 2)
    return pack(
        "<BBHI", bits, exchange.message is not None, min(0xFFFF, drive.queue_length), state.unsent_document
    ) + moment_bytes(state.unsent_moment)


def transport(drive: Drive, data: bytes, timer: float) -> bytes:
    """21h."""
    if data[0] > 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    exchange = drive.exchange
    exchange.transport = bool(data[0])
    if not exchange.transport:
        exchange.message, exchange.waiting = None, False
    return b""


def begin_reading(drive: Drive, data: bytes, timer: float) -> bytes:
    """22h. While a ticket is awaited it offers the same message again; in the middle of reading it is out of place."""
    exchange = drive.exchange
    if exchange.message is not None:
        raise Refused(Code.WRONG_STATE)
    if not exchange.transport:
        raise Refused(Code.NO_TRANSPORT)
    if not drive.state.unsent_document:
        raise Refused(Code.NO_DATA)
    exchange.message, exchange.waiting = _unsent(drive).container, False
    return pack("<H", len(exchange.message))


def read_block(drive: Drive, data: bytes, timer: float) -> bytes:
    """23h: less than asked for at the end."""
    offset, size = unpack("<HH", data)
    exchange = drive.exchange
    if exchange.message is None:
        raise Refused(Code.WRONG_STATE if exchange.transport else Code.NO_TRANSPORT)
    if size > _BLOCK_MAX or offset >= len(exchange.message):
        raise Refused(Code.UNKNOWN_COMMAND)
    return exchange.message[offset : offset + size]


def cancel_reading(drive: Drive, data: bytes, timer: float) -> bytes:
    """24h."""
    if drive.exchange.message is None:
        raise Refused(Code.WRONG_STATE)
    drive.exchange.message = None
    return b""


def finish_reading(drive: Drive, data: bytes, timer: float) -> bytes:
    """25h: from here on a ticket is awaited."""
    exchange = drive.exchange
    if exchange.message is None:
        raise Refused(Code.WRONG_STATE)
    exchange.message, exchange.waiting = None, True
    return b""


def accept_ticket(drive: Drive, data: bytes, timer: float) -> bytes:
    """26h: a good ticket confirms the document that waits, a bad one changes nothing."""
    if not drive.exchange.waiting:
        raise Refused(Code.WRONG_STATE)
    ticket = Ticket(drive, data)
    old = drive.state
    document = _unsent(drive)
    state = documents.next_state(drive)
    state.ticketed += 1
    _note_messages(state, ticket)
    if document.form in documents.RECEIPT_FORMS and old.ffd >= FFD_1_1:
        operation, total = document.tail[0], int.from_bytes(document.tail[1:6], "little")
        state.unsent_counters = unsent_change(state.unsent_counters, operation=operation, total=total, sign=-1)
    state.unsent_document, state.unsent_moment = _next_unsent(drive, document.number)
    if document.form == documents.DRIVE_CLOSE.form:
        state.phase = 15
    record = TicketRecord(state.ticketed, document.number, ticket.moment, ticket.sign, ticket.code, data, state)
    offset = drive.log.append(record)
    state.tickets_tower = raised(state.tickets_tower, state.ticketed, offset)
    drive.exchange.waiting = False
    drive.replaced(state, timer)
    return bytes((ticket.code,))


def _unsent(drive: Drive) -> DocumentRecord:
    document = drive.log.document(drive.state, drive.state.unsent_document)
    assert document is not None
    return document


def _next_unsent(drive: Drive, number: int) -> tuple[int, int]:
    """Number and moment of the next queued document; those made in autonomous mode are passed over."""
    if drive.queue_length == 1:
        return 0, 0
    while True:
        number += 1
        document = drive.log.document(drive.state, number)
        assert document is not None
        if document.queue_number:
            return number, document.moment


def _note_messages(state: State, ticket: Ticket) -> None:
    state.ticket_flags = 0
    for bit, warning in _MESSAGES:
        if ticket.messages & bit:
            state.operator_messages |= bit
            state.ticket_flags |= warning


class Ticket:
    """A ticket that passed the checks of the drive's level; otherwise the constructor refuses: 20h, reason."""

    def __init__(self, drive: Drive, data: bytes) -> None:
        lenient = drive.ticket_level == "lenient"
        waiting = drive.state.unsent_document
        document, sign = open_container(drive, data, kind=_TICKET, number=waiting)
        fields = _ticket_fields(document, lenient=lenient)
        if fields[1041].rstrip(b" ") != drive.number.encode("ascii"):
            raise rejected(TicketReason.DRIVE_NUMBER)
        if int.from_bytes(fields[1040], "little") != waiting:
            raise rejected(TicketReason.NUMBER)
        if drive.ticket_level == "strict" and (
            sign != drive.keys.fpp(document) + b"\0\0" or fields[1078] != drive.keys.ticket_1078(_TICKET, fields)
        ):
            raise rejected(TicketReason.SIGN)
        self.moment = moment_of_unix(int.from_bytes(fields[1012], "little"))
        if not self.moment:
            raise rejected(TicketReason.FORMAT)
        self.sign = fields.get(1078, b"")
        self.code, self.messages = _verdict(fields)


_TICKET_SIZES = {1017: 12, 1040: 4, 1041: 16, 1012: 4}


def _ticket_fields(document: bytes, *, lenient: bool) -> dict[int, bytes]:
    fields = fields_of(document)
    for tag, size in _TICKET_SIZES.items():
        have = len(fields.get(tag, b""))
        if have != size and not (lenient and tag == 1017 and 0 < have <= size):
            raise rejected(TicketReason.FORMAT)
    if not (lenient or 0 < len(fields.get(1078, b"")) <= 16):
        raise rejected(TicketReason.FORMAT)
    if len(fields.get(1206, b"\0")) != 1 or (1068 in fields and len(fields[1068]) < 5):
        raise rejected(TicketReason.FORMAT)
    return fields


def _verdict(fields: dict[int, bytes]) -> tuple[int, int]:
    """Answer code and message bits. 1068 opens with 1022; what follows it is a text without a tag and is ignored."""
    messages = fields.get(1206, b"\0")[0]
    code = 0
    answer = fields.get(1068, b"")
    if answer[:4] == b"\xfe\x03\x01\x00":
        code = answer[4]
    if code == _FORMAT_ERROR_CODE:
        messages |= 1 << 1
    return code, messages
