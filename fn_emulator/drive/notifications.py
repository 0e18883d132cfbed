"""Notifications on their way to the marking system: BAh–BFh, and in autonomous mode the export to a file, D3h–D6h.

A notification lives in the record of its receipt; here are only its place in the queue and the exchange in progress.
Numbers are given without gaps and delivered in order.
"""

from __future__ import annotations

from struct import pack, unpack
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fn_emulator.drive.codes import Code, Refused, TicketReason
from fn_emulator.drive.containers import checked_answer, demand_sizes, fields_of, rejected, relayed
from fn_emulator.drive.marking import demand_transfer
from fn_emulator.drive.marking_status import fill_percent
from fn_emulator.drive.moments import moment_bytes
from fn_emulator.drive.records import DocumentRecord, State

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["Export", "Transfer"]

_BLOCK_MAX = 1024
_RECEIPT = 84
_RECEIPT_SIZES = {2002: 4, 2111: 1}
_IDLE, _READING, _WAITING = 0, 1, 2
_MALFORMED_NOTIFICATION = 2  # bit of tag 2113
_WRONG_CODE_IN_RECEIPT = 4  # bit of tag 2112
_RELAYED = frozenset({2006, 2111})


class Transfer:
    """The exchange with the marking system; gone with the power."""

    __slots__ = ("message", "waiting")

    def __init__(self) -> None:
        self.message: bytes | None = None
        self.waiting = False


class Export:
    """A session of export: notifications `first` to `last`, of which `current` is being read."""

    __slots__ = ("current", "last", "message")

    def __init__(self, current: int, last: int, message: bytes) -> None:
        self.current = current
        self.last = last
        self.message = message


def _queued(state: State) -> int:
    return state.notified - state.delivered


def _first(state: State) -> int:
    return state.delivered + 1 if _queued(state) else 0


def _notice(drive: Drive, number: int) -> DocumentRecord:
    record = drive.log.notice(drive.state, number)
    assert record is not None
    return record


def status(drive: Drive, data: bytes, timer: float) -> bytes:
    """BAh: exchange state, notifications queued, number and time of the first, per cent of the store."""
    demand_transfer(drive)
    transfer, state = drive.transfer, drive.state
    stage = _READING if transfer.message is not None else _WAITING if transfer.waiting else _IDLE
    queued = pack("<BHI", stage, min(0xFFFF, _queued(state)), _first(state))
    return queued + moment_bytes(state.notified_moment) + bytes((fill_percent(drive),))


def begin(drive: Drive, data: bytes, timer: float) -> bytes:
    """BBh: length of the oldest notification. While its receipt is awaited it is offered again."""
    demand_transfer(drive)
    transfer = drive.transfer
    if transfer.message is not None:
        raise Refused(Code.WRONG_STATE)
    if not _queued(drive.state):
        raise Refused(Code.NO_DATA)
    transfer.message, transfer.waiting = _notice(drive, _first(drive.state)).notice, False
    return pack("<H", len(transfer.message))


def _block(message: bytes, data: bytes) -> bytes:
    offset, size = unpack("<HH", data)
    if size > _BLOCK_MAX:
        raise Refused(Code.UNKNOWN_COMMAND)
    if offset >= len(message):
        raise Refused(Code.NO_DATA)
    return message[offset : offset + size]


def _being_read(drive: Drive) -> bytes:
    demand_transfer(drive)
    if drive.transfer.message is None:
        raise Refused(Code.WRONG_STATE)
    return drive.transfer.message


def read(drive: Drive, data: bytes, timer: float) -> bytes:
    """BCh."""
    return _block(_being_read(drive), data)


def cancel(drive: Drive, data: bytes, timer: float) -> bytes:
    """BDh."""
    _being_read(drive)
    drive.transfer.message = None
    return b""


def finish(drive: Drive, data: bytes, timer: float) -> bytes:
    """BEh: from here on a receipt is awaited."""
    _being_read(drive)
    drive.transfer.message, drive.transfer.waiting = None, True
    return b""


def accept_receipt(drive: Drive, data: bytes, timer: float) -> bytes:
    """BFh: container 84 → its code (tag 2111) and TLVs; a malformed notification counts as delivered too."""
    demand_transfer(drive)
    if not drive.transfer.waiting:
        raise Refused(Code.WRONG_STATE)
    number = _first(drive.state)
    document = checked_answer(drive, data, kind=_RECEIPT, number=number)
    fields = fields_of(document)
    demand_sizes(fields, _RECEIPT_SIZES)
    if int.from_bytes(fields[2002], "little") != number:
        raise rejected(TicketReason.NUMBER)
    state = _delivered(drive)
    if fields[2111] != b"\0":
        state.bad_messages |= _MALFORMED_NOTIFICATION
    if fields.get(2006, b"\0") != b"\0":
        state.bad_codes |= _WRONG_CODE_IN_RECEIPT
    drive.transfer.waiting = False
    drive.note("receipt", state, timer)
    return fields[2111] + relayed(document, _RELAYED)


def _delivered(drive: Drive) -> State:
    """The state with the oldest notification out of the queue."""
    state = replace(drive.state)
    state.notified_bytes -= len(_notice(drive, _first(state)).notice)
    state.delivered += 1
    state.notified_moment = _notice(drive, state.delivered + 1).moment if _queued(state) else 0
    return state


# Export in autonomous mode


def begin_export(drive: Drive, data: bytes, timer: float) -> bytes:
    """D3h: 0 begins a session over everything that was not confirmed. Four numbers: not confirmed, first of them, in
    the session, current.
    """
    demand_transfer(drive, autonomous=True)
    if data[0]:
        raise Refused(Code.UNKNOWN_COMMAND)
    state = drive.state
    if not _queued(state):
        raise Refused(Code.NO_DATA)
    first = _first(state)
    drive.export = Export(first, state.notified, _notice(drive, first).notice)
    unconfirmed = min(0xFFFF, _queued(state))
    return pack("<HIHI", unconfirmed, first, unconfirmed, first)


def next_notice(drive: Drive, data: bytes, timer: float) -> bytes:
    """D4h: number, size and CRC; 0 of the current notification, 1 of the next, which becomes the current."""
    demand_transfer(drive, autonomous=True)
    export = drive.export
    if data[0] > 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    if export is None:
        raise Refused(Code.BAD_MARKING_SEQUENCE)
    if data[0]:
        if export.current == export.last:
            raise Refused(Code.NO_DATA)
        export.current += 1
        export.message = _notice(drive, export.current).notice
    return pack("<IH", export.current, len(export.message)) + export.message[2:4]


def read_export(drive: Drive, data: bytes, timer: float) -> bytes:
    """D5h: a block of the current notification."""
    demand_transfer(drive, autonomous=True)
    if drive.export is None:
        raise Refused(Code.WRONG_STATE)
    return _block(drive.export.message, data)


def confirm_export(drive: Drive, data: bytes, timer: float) -> bytes:
    """D6h: 0 asks, 1 confirms by number and CRC; in order, so any prefix of a session can be confirmed.

    Answers how many are left and the number of the next.
    """
    demand_transfer(drive, autonomous=True)
    if data[0] > 1 or (len(data) == 7) != bool(data[0]):
        raise Refused(Code.UNKNOWN_COMMAND)
    if data[0]:
        _confirm(drive, int.from_bytes(data[1:5], "little"), data[5:], timer)
    return pack("<HI", min(0xFFFF, _queued(drive.state)), _first(drive.state))


def _confirm(drive: Drive, number: int, crc: bytes, timer: float) -> None:
    export = drive.export
    if export is None:
        raise Refused(Code.WRONG_STATE)
    if not _queued(drive.state):
        raise Refused(Code.NO_DATA)
    first = _first(drive.state)
    if number != first or number > export.current or crc != _notice(drive, first).notice[2:4]:
        raise Refused(Code.BAD_VALUE)
    drive.note("exported", _delivered(drive), timer)
