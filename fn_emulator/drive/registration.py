"""Registration, changes of it, and the close of the drive: 02h–05h, A2h, A3h."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from fn_emulator.drive import documents
from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.counters import shift_and_drive_stlv
from fn_emulator.drive.documents import CHANGE, CHANGE_OF_DRIVE, DRIVE_CLOSE, REGISTRATION, OpenDocument
from fn_emulator.drive.life import Extended, Mode, days_left, key_days
from fn_emulator.drive.models import FFD_1_05, FFD_1_1, FFD_1_2
from fn_emulator.drive.moments import DAY, minute_of
from fn_emulator.drive.records import COUNTERS, UNSENT, State
from fn_emulator.drive.tlv import field, u8, u16, u32

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["begin", "form"]

_KINDS = {0: REGISTRATION, 1: CHANGE_OF_DRIVE, 2: CHANGE}
_TAX_MASK = 0x3F
REASON_DRIVE_CHANGED = 1  # code 1 of tag 1101
_REASON_MASK_DRIVE_CHANGED = 1  # bit 0 of tag 1205


def begin_1_05(drive: Drive, data: bytes, timer: float) -> bytes:
    """02h: type 0 registration, 1 after a change of the drive, 2 another change. The first text had no parameter."""
    kind = data[0] if data else 0
    if drive.state.ffd > FFD_1_05:
        raise Refused(Code.NOT_IN_THIS_FORMAT)
    return _begin(drive, kind, FFD_1_05, timer)


def begin(drive: Drive, data: bytes, timer: float) -> bytes:
    """A2h: type and format version."""
    kind, ffd = data
    if ffd not in drive.model.formats or ffd < FFD_1_1 or ffd < drive.state.ffd:
        raise Refused(Code.NOT_IN_THIS_FORMAT)
    if drive.state.ffd and ffd != drive.state.ffd:
        _check_change_of_format(drive.state)
    return _begin(drive, kind, ffd, timer)


def _check_change_of_format(state: State) -> None:
    """The format may change right after a settlements report that shows nothing unsent."""
    if state.form != documents.SETTLEMENTS.form or state.unsent_document not in (0, state.document):
        raise Refused(Code.WRONG_STATE)


def _begin(drive: Drive, kind: int, ffd: int, timer: float) -> bytes:
    if kind not in _KINDS:
        raise Refused(Code.UNKNOWN_COMMAND)
    state = drive.state
    if drive.open_document or state.phase != (3 if kind == 2 else 1) or state.shift_open:
        raise Refused(Code.WRONG_STATE)
    if len(state.registrations) >= drive.model.registrations_max:
        raise Refused(Code.RESOURCE_EXHAUSTED)
    drive.open(OpenDocument(drive, _KINDS[kind], ffd=ffd, begun=0, timer=timer))
    return b""


def form_1_05(drive: Drive, data: bytes, timer: float) -> bytes:
    """03h."""
    document = documents.demand_open(drive, *_KINDS.values())
    if document.ffd != FFD_1_05:
        raise Refused(Code.WRONG_STATE)
    if (len(data) == 40) != (document.kind is CHANGE) and document.kind is not CHANGE_OF_DRIVE:
        raise Refused(Code.UNKNOWN_COMMAND)
    reason = data[39] if len(data) == 40 else REASON_DRIVE_CHANGED
    inn, registration_number, tax, mode = data[5:17], data[17:37], data[37], data[38]
    state = _registered(drive, document, inn, registration_number, tax, mode, 0)
    if document.kind.form == 11 and not 1 <= reason <= 4:
        raise Refused(Code.BAD_VALUE)
    moment = _moment(drive, document, data)
    _renew_keys(drive, document, state, moment)
    modes = Mode(mode)
    flags = (
        (1056, Mode.ENCRYPTION),
        (1002, Mode.AUTONOMOUS),
        (1001, Mode.AUTOMATIC),
        (1109, Mode.SERVICES),
        (1110, Mode.BSO),
        (1108, Mode.INTERNET),
    )
    own = b"".join(u8(tag, bit in modes) for tag, bit in flags) + u8(1062, tax)
    tail = data[5:39]
    if document.kind.form == 11:
        own += u8(1101, reason)
        tail += bytes((reason,))
    own += _drive_tags(drive, state, moment)
    return documents.commit(drive, document, state, moment=moment, timer=timer, own=own, tail=tail)


def form(drive: Drive, data: bytes, timer: float) -> bytes:
    """A3h."""
    document = documents.demand_open(drive, *_KINDS.values())
    if document.ffd == FFD_1_05:
        raise Refused(Code.WRONG_STATE)
    inn, registration_number, tax, mode, extended, operator_inn = (
        data[5:17],
        data[17:37],
        data[37],
        data[38],
        data[39],
        data[40:52],
    )
    state = _registered(drive, document, inn, registration_number, tax, mode, extended)
    state.operator_inn = operator_inn
    if not (operator_inn.rstrip(b" ").isdigit() or (mode & Mode.AUTONOMOUS and not operator_inn.strip(b" \0"))):
        raise Refused(Code.BAD_VALUE)
    reason = _change_reason(document, data)
    if document.kept[1017] not in (b"", operator_inn):
        raise Refused(Code.BAD_VALUE)
    moment = _moment(drive, document, data)
    _renew_keys(drive, document, state, moment)
    own = _mode_tags(document.ffd, Mode(mode), Extended(extended)) + u8(1062, tax)
    if not document.kept[1017]:
        own += field(1017, operator_inn if operator_inn.strip(b" \0") else b"0" * 12)
    if document.kind.form == 11:
        if not document.kept[1205]:
            own += u32(1205, reason)
        own += shift_and_drive_stlv(drive, 1157)
    own += _drive_tags(drive, state, moment)
    tail = data[5:52] + pack("<I", reason)
    return documents.commit(drive, document, state, moment=moment, timer=timer, own=own, tail=tail)


def _change_reason(document: OpenDocument, data: bytes) -> int:
    """The mask of tag 1205, from the command or, if the register sent it by 07h, from there; the two must agree."""
    reason = int.from_bytes(data[52:56], "little")
    sent = int.from_bytes(document.kept[1205], "little")
    if sent and reason and sent != reason:
        raise Refused(Code.BAD_VALUE)
    reason = reason or sent
    if document.kind is CHANGE_OF_DRIVE:
        return reason or _REASON_MASK_DRIVE_CHANGED
    if (document.kind is CHANGE) != bool(reason):
        raise Refused(Code.BAD_VALUE)
    return reason


def _registered(
    drive: Drive, document: OpenDocument, inn: bytes, registration_number: bytes, tax: int, mode: int, extended: int
) -> State:
    """The state with these requisites; 09h when one is malformed or differs from what was written once for all."""
    old = drive.state
    digits = registration_number.rstrip(b" ")
    if not inn.rstrip(b" ").isdigit() or not digits.isdigit() or len(digits) > 16 or not 0 < tax <= _TAX_MASK:
        raise Refused(Code.BAD_VALUE)
    if mode & Mode.ENCRYPTION:  # this drive has no cipher for its messages and does not pretend
        raise Refused(Code.BAD_VALUE)
    if document.ffd < FFD_1_2 and mode > 0x3F:
        raise Refused(Code.BAD_VALUE)
    if document.kind is CHANGE and (inn, registration_number) != (old.inn, old.registration_number):
        raise Refused(Code.BAD_VALUE)
    state = documents.next_state(drive)
    state.ffd = document.ffd
    state.inn, state.registration_number = inn, registration_number
    state.tax, state.mode, state.extended = tax, mode, extended
    return state


def _moment(drive: Drive, document: OpenDocument, data: bytes) -> int:
    moment = minute_of(data[:5])
    if moment < drive.state.moment:
        raise Refused(Code.BAD_DATETIME)
    documents.limits(drive, document, moment)
    return moment


def _renew_keys(drive: Drive, document: OpenDocument, state: State, moment: int) -> None:
    """Phase, expiry date, list of registrations; a first registration starts the counters."""
    if document.kind is not CHANGE:
        state.phase = 3
        state.registered = moment
        state.drive_counters, state.shift_counters = [0] * COUNTERS, [0] * COUNTERS
        state.unsent_counters = [0] * UNSENT
    days = key_days(drive.model, state.ffd, state.tax, state.mode, state.extended)
    state.expires = (state.registered // DAY + days) * DAY
    state.shift_boundary = moment
    state.registrations = [*state.registrations, state.document + 1]


def _drive_tags(drive: Drive, state: State, moment: int) -> bytes:
    """1190 and 1213, on drives that know them."""
    if drive.model.generation < FFD_1_1:
        return b""
    return u8(1190, drive.model.ffd_max) + u16(1213, days_left(state, moment))


_MODES_1_1 = (
    (1109, Mode.SERVICES),
    (1110, Mode.BSO),
    (1108, Mode.INTERNET),
)
_EXTENDED_1_1 = (
    (1221, Extended.PRINTER),
    (1207, Extended.EXCISE),
    (1193, Extended.GAMBLING),
    (1126, Extended.LOTTERY),
)
# Tag 1290 of FFD 1.2: bit of the mask, bit of the mode or extended byte.
_USAGE_MODES = ((2, Mode.BSO), (5, Mode.INTERNET), (9, Mode.SERVICES), (15, Mode.CATERING), (16, Mode.WHOLESALE))
_USAGE_EXTENDED = (
    (1, Extended.PRINTER),
    (6, Extended.EXCISE),
    (8, Extended.MARKING),
    (10, Extended.GAMBLING),
    (11, Extended.LOTTERY),
    (12, Extended.PAWNSHOP),
    (13, Extended.INSURANCE),
    (14, Extended.VENDING),
)


def _mode_tags(ffd: int, mode: Mode, extended: Extended) -> bytes:
    flags = (1056, Mode.ENCRYPTION), (1002, Mode.AUTONOMOUS), (1001, Mode.AUTOMATIC)
    own = b"".join(u8(tag, bit in mode) for tag, bit in flags)
    if ffd == FFD_1_1:
        own += b"".join(u8(tag, bit in mode) for tag, bit in _MODES_1_1)
        return own + b"".join(u8(tag, bit in extended) for tag, bit in _EXTENDED_1_1)
    usage = sum(1 << place for place, bit in _USAGE_MODES if bit in mode)
    usage |= sum(1 << place for place, bit in _USAGE_EXTENDED if bit in extended)
    return own + u32(1290, usage)


# Close of the drive


def begin_close(drive: Drive, data: bytes, timer: float) -> bytes:
    """04h."""
    if drive.open_document or drive.state.shift_open:
        raise Refused(Code.WRONG_STATE)
    drive.open(OpenDocument(drive, DRIVE_CLOSE, ffd=drive.state.ffd, begun=0, timer=timer))
    return b""


def form_close(drive: Drive, data: bytes, timer: float) -> bytes:
    """05h: fiscal mode ends. The operator's queue is not looked at: the register has to."""
    document = documents.demand_open(drive, DRIVE_CLOSE)
    old = drive.state
    if data[5:25] != old.registration_number:
        raise Refused(Code.BAD_VALUE)
    moment = minute_of(data[:5])
    if moment < old.moment:
        raise Refused(Code.BAD_DATETIME)
    state = documents.next_state(drive)
    state.phase = 15 if old.mode & Mode.AUTONOMOUS else 7
    own = u32(1038, old.shift)
    if old.ffd >= FFD_1_1:
        own += shift_and_drive_stlv(drive, 1157)
    tail = old.inn + old.registration_number
    return documents.commit(drive, document, state, moment=moment, timer=timer, own=own, tail=tail)
