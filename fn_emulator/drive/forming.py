"""Documents of the working day: shift, receipts, corrections, settlements: 06h, 07h, 10h–19h, A7h."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from fn_emulator.drive import content, documents, life, notices
from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.counters import missing_sums, shift_and_drive_stlv, unsent_stlv
from fn_emulator.drive.documents import (
    BSO,
    BSO_CORRECTION,
    CORRECTION,
    RECEIPT,
    SETTLEMENTS,
    SHIFT_CLOSE,
    SHIFT_OPEN,
    Kind,
    OpenDocument,
)
from fn_emulator.drive.life import Mode, check_keys, days_left
from fn_emulator.drive.models import FFD_1_05, FFD_1_1, FFD_1_2
from fn_emulator.drive.moments import DAY, date_bytes, minute_of, unix_bytes
from fn_emulator.drive.records import COUNTERS
from fn_emulator.drive.tlv import field, u8, u16, u32, vln

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["add_data", "cancel", "form_receipt"]

SHIFT_MAX = DAY
_OPEN_EARLIER_MAX = 60  # minutes before the last close of a shift at which the next may open
_NUMBER_MAX = 0xFFFF


def cancel(drive: Drive, data: bytes, timer: float) -> bytes:
    """06h: nothing open is fine too; exporters send it blindly."""
    drive.drop()
    return b""


def add_data(drive: Drive, data: bytes, timer: float) -> bytes:
    """07h."""
    document = drive.open_document
    if document is None:
        raise Refused(Code.WRONG_STATE)
    first = not document.data
    content.append(drive, document, data)
    if first:
        drive.touched()
    return b""


def passed_size(drive: Drive, data: bytes, timer: float) -> bytes:
    """A7h: bytes taken for the operator's document and for the notification."""
    document, notice = drive.open_document, drive.marking.notice
    return pack("<II", len(document.data) if document else 0, notice.size if notice else 0)


def shift_parameters(drive: Drive, data: bytes, timer: float) -> bytes:
    """10h."""
    state = drive.state
    return pack("<BHH", state.shift_open, state.shift, state.receipt)


def _begin(drive: Drive, kind: Kind, data: bytes, timer: float, *, earliest: int, latest: int | None = None) -> None:
    """A begin command with a date: opens the document when the clock agrees with everything known."""
    moment = minute_of(data)
    if moment < earliest:
        raise Refused(Code.BAD_DATETIME)
    if latest is not None and moment > latest:
        raise Refused(Code.SHIFT_TOO_LONG)
    drive.check_interval(moment, timer)
    drive.open(OpenDocument(drive, kind, ffd=drive.state.ffd, begun=moment, timer=timer))


def _demand_idle(drive: Drive, *, shift_open: bool | None = None) -> None:
    if drive.open_document or (shift_open is not None and drive.state.shift_open is not shift_open):
        raise Refused(Code.WRONG_STATE)


# Shift


def begin_shift(drive: Drive, data: bytes, timer: float) -> bytes:
    """11h."""
    _demand_idle(drive, shift_open=False)
    _begin(drive, SHIFT_OPEN, data, timer, earliest=drive.state.shift_boundary - _OPEN_EARLIER_MAX)
    return b""


def open_shift(drive: Drive, data: bytes, timer: float) -> bytes:
    """12h."""
    document = documents.demand_open(drive, SHIFT_OPEN)
    moment = document.begun
    check_keys(drive.model, drive.state, moment)
    if drive.state.shift == _NUMBER_MAX:
        raise Refused(Code.RESOURCE_EXHAUSTED)
    documents.limits(drive, document, moment)
    state = documents.next_state(drive)
    state.shift += 1
    state.shift_open, state.shift_opened = True, moment
    state.receipt, state.shift_documents = 0, 1
    state.shift_counters = [0] * COUNTERS
    own = u32(1038, state.shift) + _events(drive, moment)
    answer = documents.commit(
        drive, document, state, moment=moment, timer=document.timer, own=own, tail=pack("<H", state.shift)
    )
    return pack("<H", state.shift) + answer + _warnings(drive, state.ffd)


def begin_shift_close(drive: Drive, data: bytes, timer: float) -> bytes:
    """13h: allowed after 24 hours too, that is the way out."""
    _demand_idle(drive, shift_open=True)
    _begin(drive, SHIFT_CLOSE, data, timer, earliest=drive.state.moment)
    return b""


def close_shift(drive: Drive, data: bytes, timer: float) -> bytes:
    """14h. The report counts itself among the documents of the shift."""
    document = documents.demand_open(drive, SHIFT_CLOSE)
    moment = document.begun
    documents.limits(drive, document, moment)
    state = documents.next_state(drive)
    state.shift_open = False
    state.shift_boundary = moment
    state.shift_documents += 1
    own = u32(1038, state.shift) + u32(1111, state.shift_documents) + u32(1118, state.receipt)
    own += _unsent(drive) + _events(drive, moment) + notices.close_tags(drive, shift=True)
    state.operator_messages = state.bad_codes = state.bad_messages = 0
    if state.ffd >= FFD_1_1:
        own += shift_and_drive_stlv(drive, 1194, 1157)
    if drive.model.generation >= FFD_1_1:
        own += u16(1213, days_left(state, moment))
    answer = documents.commit(
        drive, document, state, moment=moment, timer=document.timer, own=own, tail=pack("<H", state.shift)
    )
    return pack("<H", state.shift) + answer + _warnings(drive, state.ffd)


_EVENT_TAGS = (
    (1051, life.Warnings.URGENT_REPLACEMENT),
    (1050, life.Warnings.RESOURCE_ENDS),
    (1052, life.Warnings.MEMORY_FULL),
    (1053, life.Warnings.OPERATOR_TIMEOUT),
)


def _events(drive: Drive, moment: int) -> bytes:
    """Event flags of a shift report: written only when the event has happened."""
    flags = life.warnings(drive.model, drive.state, moment)
    events = b"".join(u8(tag, 1) for tag, bit in _EVENT_TAGS if flags & bit)
    if drive.state.ffd >= FFD_1_1 and drive.state.operator_messages:
        events += u8(1206, drive.state.operator_messages)
    return events


def _unsent(drive: Drive) -> bytes:
    """1097 and 1098; none of it in autonomous mode."""
    state = drive.state
    if state.mode & Mode.AUTONOMOUS:
        return b""
    first = unix_bytes(state.unsent_moment // DAY * DAY) if state.unsent_document else bytes(4)
    return u32(1097, drive.queue_length) + field(1098, first)


def _warnings(drive: Drive, ffd: int) -> bytes:
    return bytes((drive.warnings,)) if ffd >= FFD_1_1 else b""


# Receipts


def begin_receipt(drive: Drive, data: bytes, timer: float) -> bytes:
    """15h."""
    return _begin_receipt(drive, data, timer, BSO if drive.state.mode & Mode.BSO else RECEIPT)


def begin_correction(drive: Drive, data: bytes, timer: float) -> bytes:
    """17h."""
    return _begin_receipt(drive, data, timer, BSO_CORRECTION if drive.state.mode & Mode.BSO else CORRECTION)


def _begin_receipt(drive: Drive, data: bytes, timer: float, kind: Kind) -> bytes:
    _demand_idle(drive, shift_open=True)
    state = drive.state
    _begin(drive, kind, data, timer, earliest=state.moment, latest=state.shift_opened + SHIFT_MAX)
    return b""


def form_receipt(drive: Drive, data: bytes, timer: float) -> bytes:
    """16h, for receipts and corrections alike."""
    document = documents.demand_open(drive, RECEIPT, BSO, CORRECTION, BSO_CORRECTION)
    notice = notices.finished_notice(drive)
    old = drive.state
    correction = document.kind.form in documents.CORRECTION_FORMS
    operation, total = data[5], int.from_bytes(data[6:11], "little")
    if operation not in ((1, 3) if correction and old.ffd == FFD_1_05 else (1, 2, 3, 4)):
        raise Refused(Code.BAD_VALUE)
    moment = minute_of(data[:5])
    if moment < document.begun:
        raise Refused(Code.BAD_DATETIME)
    if moment > old.shift_opened + SHIFT_MAX:
        raise Refused(Code.SHIFT_TOO_LONG)
    drive.check_interval(moment, timer)
    check_keys(drive.model, old, moment)
    if old.receipt == _NUMBER_MAX:
        raise Refused(Code.RESOURCE_EXHAUSTED)
    documents.limits(drive, document, moment)
    if old.ffd >= FFD_1_1 and (missing := missing_sums(document.money)):
        raise Refused(Code.MISSING_DATA, bytes((missing,)))
    state = documents.next_state(drive)
    state.receipt += 1
    state.shift_documents += 1
    own = u32(1038, state.shift) + u32(1042, state.receipt) + u8(1054, operation) + vln(1020, total)
    own += notices.receipt_tags(notice)
    answer = documents.commit(
        drive,
        document,
        state,
        moment=moment,
        timer=timer,
        own=own,
        tail=data[5:11],
        operation=operation,
        total=total,
        notice=notice,
    )
    drive.marking.receipt_formed()
    return pack("<H", state.receipt) + answer


# State of settlements


def begin_settlements(drive: Drive, data: bytes, timer: float) -> bytes:
    """18h: the shift may be open or closed."""
    _demand_idle(drive)
    _begin(drive, SETTLEMENTS, data, timer, earliest=drive.state.moment)
    return b""


def form_settlements(drive: Drive, data: bytes, timer: float) -> bytes:
    """19h. Counts the documents without a ticket before this report."""
    document = documents.demand_open(drive, SETTLEMENTS)
    old, moment = drive.state, document.begun
    check_keys(drive.model, old, moment)
    documents.limits(drive, document, moment)
    unsent, first = drive.queue_length, date_bytes(old.unsent_moment)
    state = documents.next_state(drive)
    own = b""
    if old.shift_open:
        state.shift_documents += 1
        own += u32(1038, old.shift)
    if old.mode & Mode.AUTONOMOUS:
        own += u8(1002, 1)
    else:
        own += u32(1116, old.unsent_document) + _unsent(drive)
    if old.ffd >= FFD_1_1:
        own += shift_and_drive_stlv(drive, 1157)
        if not old.mode & Mode.AUTONOMOUS:
            own += unsent_stlv(drive)
    if old.ffd == FFD_1_2:
        own += u16(1213, days_left(old, moment))
    own += notices.close_tags(drive, shift=False)
    tail = pack("<I", unsent) + first
    answer = documents.commit(drive, document, state, moment=moment, timer=document.timer, own=own, tail=tail)
    return answer + tail
