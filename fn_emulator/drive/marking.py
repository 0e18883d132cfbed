"""Marking codes: B0h–B7h. The code under check, the table of saved results, the notification being made.

All of it dies with the power. What survives is the number of the last request, and the notification, which is written
in one record with its receipt.

    state            B1h    B2h    B3h     B5h          B6h
    idle             → 2    33h    clear   33h          33h
    code checked     33h    → 1    clear   → 3          33h
    request formed   33h    → 1    clear   again → 3    → 4, or 20h and stays
    answer accepted  33h    → 1    clear   33h          33h
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from struct import pack
from typing import TYPE_CHECKING

import msgspec

from ffd.container import wrap
from ffd.marking import control_code, parse
from fn_emulator.drive import code_keys
from fn_emulator.drive.answers import fields_of, open_container, rejected
from fn_emulator.drive.codes import Code, Refused, TicketReason
from fn_emulator.drive.content import well_formed
from fn_emulator.drive.life import Extended, Mode
from fn_emulator.drive.moments import minute_of, unix_bytes
from fn_emulator.drive.records import State
from fn_emulator.drive.tlv import field, structure, u8, u32, walk

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["CheckState", "Marking", "RESULTS_MAX", "close_tags", "fill_percent", "negative"]

RESULTS_MAX = 128
"""Results of checks that a drive keeps for one receipt."""

_NOTICE_MAX = 32768
_ITEM_MAX = 512
_REQUEST, _NOTICE, _ANSWER = 81, 82, 83
_DRIVE_PART = 128  # room for what the drive itself writes into a notification
_CODE_TYPES = 6
_UNSIGNED = b"\0\0"


class CheckState(IntEnum):
    """First byte of B0h."""

    BLOCKED = 0  # table or store is full
    IDLE = 1
    CHECKED = 2
    REQUESTED = 3
    ANSWERED = 4


_S = CheckState
# Command → the states in which it is in its place. B3h is always.
_PLACES: Mapping[int, frozenset[CheckState]] = {
    0xB1: frozenset({_S.IDLE, _S.BLOCKED}),
    0xB2: frozenset({_S.CHECKED, _S.REQUESTED, _S.ANSWERED}),
    0xB5: frozenset({_S.CHECKED, _S.REQUESTED}),
    0xB6: frozenset({_S.REQUESTED}),
}


class Check:
    """The code under check."""

    __slots__ = ("answer", "code", "kind", "local", "moment", "number", "quantity", "request")

    def __init__(self, code: bytes, kind: int, local: int) -> None:
        self.code = code
        self.kind = kind  # tag 2100
        self.local = local  # tag 2004
        self.request = b""  # container 81 when it was formed
        self.number = 0  # its number
        self.moment = b""  # and its time, tag 2114
        self.quantity = b""  # TLVs of a measured or partial piece of goods
        self.answer: dict[int, bytes] | None = None


class Result(msgspec.Struct, frozen=True):
    """A saved result: what the notification says about the code."""

    code: bytes
    kind: int
    result: int  # tag 2106
    identifier: bytes  # tag 2101
    quantity: bytes


def negative(result: int) -> bool:
    """Tag 2106: a check that was made found something wrong."""
    return result & 3 == 1 or result & 12 == 4


class Notice:
    """The notification of the open receipt."""

    __slots__ = ("closed", "common", "items", "negative")

    def __init__(self, common: bytes) -> None:
        self.common = common
        self.items: list[bytes] = []
        self.negative = False
        self.closed = False

    @property
    def size(self) -> int:
        return len(self.common) + sum(map(len, self.items))


class Marking:
    """What a drive holds about marked goods between power on and off."""

    __slots__ = ("check", "notice", "results")

    def __init__(self) -> None:
        self.check: Check | None = None
        self.results: dict[bytes, Result] = {}
        self.notice: Notice | None = None

    def state(self, *, store_full: bool) -> CheckState:
        if self.check is None:
            return CheckState.BLOCKED if store_full or len(self.results) >= RESULTS_MAX else CheckState.IDLE
        if self.check.answer is not None:
            return CheckState.ANSWERED
        return CheckState.REQUESTED if self.check.request else CheckState.CHECKED

    def receipt_formed(self) -> None:
        """The receipt took what it needed of the saved results; the rest goes with it."""
        self.results.clear()
        self.notice = None


# The store of notifications


def fill_percent(drive: Drive) -> int:
    """How much of the store is taken by notifications that nobody has confirmed."""
    return min(100, drive.state.notified_bytes * 100 // (drive.model.notices_kib * 1024))


def _fill_level(percent: int) -> int:
    return sum(percent >= step for step in (50, 80, 90, 100))


def _room(drive: Drive) -> int:
    return drive.model.notices_kib * 1024 - drive.state.notified_bytes


# Checking one code


def _demand(drive: Drive, command: int) -> None:
    """33h: the command is not in its place."""
    if drive.marking.state(store_full=_room(drive) <= 0) not in _PLACES[command]:
        raise Refused(Code.BAD_MARKING_SEQUENCE)


def _check(drive: Drive, command: int) -> Check:
    _demand(drive, command)
    check = drive.marking.check
    assert check is not None
    return check


def demand_transfer(drive: Drive, *, autonomous: bool = False) -> None:
    """Whether this drive talks to the marking system, or exports to a file: 02h for the other kind."""
    if bool(drive.state.mode & Mode.AUTONOMOUS) is not autonomous:
        raise Refused(Code.WRONG_STATE)


def status(drive: Drive, data: bytes, timer: float) -> bytes:
    """B0h: check and notice state, commands allowed now, results saved, items in the notice, fill, queue.

    With code 0: whether goods may be sold without asking the marking system (vending, catering, wholesale).
    """
    if data:
        if data[0]:
            raise Refused(Code.UNKNOWN_COMMAND)
        state = drive.state
        exempt = state.extended & Extended.VENDING or state.mode & (Mode.CATERING | Mode.WHOLESALE)
        return bytes((bool(exempt),))
    marking, full = drive.marking, _room(drive) <= 0
    notice = marking.notice
    return pack(
        "<6BH",
        marking.state(store_full=full),
        1 if notice else 2 if full else 0,
        _allowed(drive, full=full),
        len(marking.results),
        len(notice.items) if notice else 0,
        _fill_level(fill_percent(drive)),
        min(0xFFFF, drive.state.notified - drive.state.delivered),
    )


def _allowed(drive: Drive, *, full: bool) -> int:
    """Bits of the commands that would be accepted: B1, B2, B3, B5, B6, then B7 with codes 1, 2, 3."""
    marking, state = drive.marking, drive.marking.state(store_full=full)
    online = not drive.state.mode & Mode.AUTONOMOUS
    notice = marking.notice
    flags = (
        drive.state.shift_open and state is CheckState.IDLE,
        state in _PLACES[0xB2],
        True,
        online and state is CheckState.CHECKED,
        online and state is CheckState.REQUESTED,
        _receipt_open(drive) and notice is None and not full,
        notice is not None and not notice.closed,
        notice is not None and not notice.closed and bool(notice.items),
    )
    return sum(flag << bit for bit, flag in enumerate(flags))


def check_code(drive: Drive, data: bytes, timer: float) -> bytes:
    """B1h: type (tag 2100), length, code. Answers the result of the local check (tag 2004) and the reason."""
    kind, code = data[0], data[2:]
    if kind >= _CODE_TYPES or data[1] != len(code):
        raise Refused(Code.UNKNOWN_COMMAND)
    if not drive.state.shift_open:
        raise Refused(Code.WRONG_STATE)
    _demand(drive, 0xB1)
    if _room(drive) <= 0:
        raise Refused(Code.MARKING_BLOCKED)
    if len(drive.marking.results) >= RESULTS_MAX:
        raise Refused(Code.CHECK_TABLE_FULL)
    code_keys.demand_fresh(drive, timer)
    local, reason = code_keys.local_check(drive, kind, code)
    drive.marking.check = Check(code, kind, local)
    return bytes((local, reason))


def save(drive: Drive, data: bytes, timer: float) -> bytes:
    """B2h: 1 keeps the result and answers it (tag 2106), 0 drops it."""
    if data[0] > 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    check, marking = _check(drive, 0xB2), drive.marking
    if data[0] and len(marking.results) >= RESULTS_MAX and check.code not in marking.results:
        raise Refused(Code.CHECK_TABLE_FULL)
    marking.check = None
    if not data[0]:
        return b""
    result = _result(drive, check)
    marking.results[check.code] = Result(check.code, check.kind, result, _identifier(check), check.quantity)
    return bytes((result,))


def _result(drive: Drive, check: Check) -> int:
    """Tag 2106 from the local check (2004) and the answer (2105, 2005, 2109)."""
    answer = check.answer or {}
    asked = check.answer is not None
    processed = asked and answer[2105] == b"\0"
    checked = bool(check.local & 1)
    positive = check.local & 2 if checked else answer.get(2005, b"\0")[0] & 2
    return (
        (checked or asked)
        | (bool(positive) << 1)
        | (processed << 2)
        | ((processed and answer[2109] == b"\1") << 3)
        | (bool(drive.state.mode & Mode.AUTONOMOUS) << 4)
    )


def _identifier(check: Check) -> bytes:
    """Tag 2101: as the marking system named the goods, otherwise from the code."""
    named = (check.answer or {}).get(2101)
    return named or parse(check.code.decode("cp866")).identifier.encode("cp866")


def clear(drive: Drive, data: bytes, timer: float) -> bytes:
    """B3h: the table and the code under check."""
    drive.marking.results.clear()
    drive.marking.check = None
    return b""


# Asking the marking system

_PLANNED = frozenset({1, 2, 3, 4, 5, 6, 255})  # tag 2003
_MEASURED = frozenset({2, 4})  # planned statuses that need a quantity
_QUANTITY_TAGS = (1023, 2108, 1291)
_REQUEST_TAGS = frozenset({2003, 2102, *_QUANTITY_TAGS})
_ANSWER_SIZES = {2001: 4, 2114: 4, 2105: 1}
_PROCESSED_SIZES = {2005: 1, 2109: 1}  # when the request was good
_RELAYED = frozenset({2005, 2100, 2101, 2102, 2105, 2109})


def request(drive: Drive, data: bytes, timer: float) -> bytes:
    """B5h: DATE_TIME and TLVs → container 81. Without data: the same container again."""
    demand_transfer(drive)
    check = _check(drive, 0xB5)
    if not data:
        if not check.request:
            raise Refused(Code.UNKNOWN_COMMAND)
        return check.request
    if check.request:
        raise Refused(Code.BAD_MARKING_SEQUENCE)
    if len(data) < 5:
        raise Refused(Code.UNKNOWN_COMMAND)
    moment = minute_of(data[:5])
    if moment < drive.state.moment:
        raise Refused(Code.BAD_DATETIME)
    fields = _fields(data[5:], _REQUEST_TAGS)
    _demand_tags(fields, 2003, 2102)
    planned = fields[2003][0]
    if planned not in _PLANNED or fields[2102] != b"\0":
        raise Refused(Code.UNKNOWN_COMMAND)
    if planned in _MEASURED and 1291 not in fields:
        _demand_tags(fields, 1023, 2108)
    state = _changed(drive)
    state.requests += 1
    check.number, check.moment = state.requests, unix_bytes(moment)
    check.quantity = b"".join(field(tag, fields[tag]) for tag in _QUANTITY_TAGS if tag in fields)
    document = structure(
        _REQUEST,
        u32(2001, check.number)
        + field(1018, state.inn)
        + field(2114, check.moment)
        + field(1041, drive.number.encode("ascii"))
        + u8(2004, check.local)
        + u8(2003, planned)
        + check.quantity
        + u8(2100, check.kind)
        + field(2000, check.code)
        + u8(2102, 0),
    )
    drive.note("request", state, timer)
    check.request = _signed(drive, document, check.number, _REQUEST)
    return check.request


def _signed(drive: Drive, document: bytes, number: int, kind: int) -> bytes:
    sign = drive.keys.fpu(document) + _UNSIGNED
    return wrap(document, drive=drive.number, document=number, kind=kind, sign=sign)


def accept_answer(drive: Drive, data: bytes, timer: float) -> bytes:
    """B6h: container 83 → result (tag 2106) and the answer's TLVs for the register."""
    demand_transfer(drive)
    check = _check(drive, 0xB6)
    document = checked_answer(drive, data, kind=_ANSWER, number=check.number)
    answer = fields_of(document)
    sizes = _ANSWER_SIZES if answer.get(2105) != b"\0" else _ANSWER_SIZES | _PROCESSED_SIZES
    demand_sizes(answer, sizes)
    if int.from_bytes(answer[2001], "little") != check.number or answer[2114] != check.moment:
        raise rejected(TicketReason.NUMBER)
    check.answer = answer
    _note_answer(drive, answer, timer)
    return bytes((_result(drive, check),)) + relayed(document, _RELAYED)


def relayed(document: bytes, tags: frozenset[int]) -> bytes:
    """The TLVs of an answer that a register is shown."""
    return b"".join(document[start - 4 : end] for tag, start, end in walk(document, 4) if tag in tags)


def checked_answer(drive: Drive, data: bytes, *, kind: int, number: int) -> bytes:
    """The document of an answer that passed every check, the marking system's sign included."""
    document, sign = open_container(drive, data, kind=kind, number=number)
    fields_of(document)
    if drive.ticket_level == "strict" and sign != drive.keys.fpk(document) + _UNSIGNED:
        raise rejected(TicketReason.SIGN)
    return document


def demand_sizes(fields: Mapping[int, bytes], sizes: Mapping[int, int]) -> None:
    if any(len(fields.get(tag, b"")) != size for tag, size in sizes.items()):
        raise rejected(TicketReason.FORMAT)


def _note_answer(drive: Drive, answer: Mapping[int, bytes], timer: float) -> None:
    """Bad answers are told in the next shift report: tags 2112 and 2113."""
    bad_code = answer[2105] == b"\2" or not answer.get(2005, b"\2")[0] & 2
    state = _changed(drive)
    state.bad_codes |= bad_code << 1
    state.bad_messages |= answer[2105] != b"\0"
    if (state.bad_codes, state.bad_messages) != (drive.state.bad_codes, drive.state.bad_messages):
        drive.note("answer", state, timer)


def _changed(drive: Drive) -> State:
    return msgspec.structs.replace(drive.state)


# The notification

_COMMON_TAGS = frozenset({1011, 1228, 1009, 1125, 1055, 2116, 1261, 1084})
# Inside 2007: what the register sends, and what of it may not be left out. The drive adds 2100, 2101, 2115, 2106, 2102.
_ITEM_TAGS = frozenset({2000, 2110, 1214, 1030, 1226, 1222, 1223, 1224, 1079, 1043, 1199, 1200, 1260, *_QUANTITY_TAGS})
_ITEM_REQUIRED = (2000, 2110, 1214, 1030, 1079, 1043, 1199)


def add_notice(drive: Drive, data: bytes, timer: float) -> bytes:
    """B7h: 1 begins the notification with its common tags, 2 adds one 2007, 3 ends it."""
    if not _receipt_open(drive):
        raise Refused(Code.WRONG_STATE)
    step = _NOTICE_STEPS.get(data[0])
    if step is None:
        raise Refused(Code.UNKNOWN_COMMAND)
    step(drive, data[1:])
    return b""


def _receipt_open(drive: Drive) -> bool:
    document = drive.open_document
    return document is not None and document.kind.form in (3, 4, 31, 41)


def _begin_notice(drive: Drive, data: bytes) -> None:
    if drive.marking.notice is not None:
        raise Refused(Code.BAD_MARKING_SEQUENCE)
    if _room(drive) <= 0:
        raise Refused(Code.MARKING_BLOCKED)
    fields = _fields(data, _COMMON_TAGS)
    _demand_tags(fields, 1055, 2116)
    drive.marking.notice = Notice(data)


def _open_notice(drive: Drive) -> Notice:
    notice = drive.marking.notice
    if notice is None or notice.closed:
        raise Refused(Code.BAD_MARKING_SEQUENCE)
    return notice


def _add_item(drive: Drive, data: bytes) -> None:
    notice = _open_notice(drive)
    _fields(data, frozenset({2007}))
    inside = list(walk(data))
    if len(inside) != 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    if len(data) > _ITEM_MAX + 4:
        raise Refused(Code.TLV_OVERFLOW)
    content = data[4:]
    fields = _fields(content, _ITEM_TAGS)
    _demand_tags(fields, *_ITEM_REQUIRED)
    result = drive.marking.results.get(fields[2000])
    if result is None:
        raise Refused(Code.CODE_NOT_CHECKED, (len(notice.items) + 1).to_bytes(2, "little"))
    item = structure(2007, content + _known(result, fields))
    size = notice.size + len(item)
    if size > _NOTICE_MAX - _DRIVE_PART:
        raise Refused(Code.TLV_OVERFLOW)
    if size > _room(drive):
        raise Refused(Code.MARKING_BLOCKED)
    notice.items.append(item)
    notice.negative |= negative(result.result)


def _known(result: Result, fields: Mapping[int, bytes]) -> bytes:
    """What the drive knows of the code: its part of tag 2007."""
    asked = b"" if fields.keys() & set(_QUANTITY_TAGS) else result.quantity
    return (
        u8(2100, result.kind)
        + field(2101, result.identifier)
        + field(2115, control_code(result.code.decode("cp866")).encode("ascii"))
        + u8(2106, result.result)
        + asked
        + u8(2102, 0)
    )


def _end_notice(drive: Drive, data: bytes) -> None:
    notice = _open_notice(drive)
    if not notice.items:
        raise Refused(Code.BAD_MARKING_SEQUENCE)
    if data:
        raise Refused(Code.UNKNOWN_COMMAND)
    notice.closed = True


_NOTICE_STEPS: Mapping[int, Callable[[Drive, bytes], None]] = {1: _begin_notice, 2: _add_item, 3: _end_notice}


def finished_notice(drive: Drive) -> Notice | None:
    """The notification that the receipt takes along; one that was not ended is out of place."""
    notice = drive.marking.notice
    if notice is not None and not notice.closed:
        raise Refused(Code.WRONG_STATE)
    return notice


def receipt_tags(notice: Notice | None) -> bytes:
    """Tag 2107, the drive's word about the receipt's codes."""
    return u8(2107, notice.negative) if notice else b""


def number_notice(drive: Drive, notice: Notice, state: State, *, document: int, moment: int, operation: int) -> bytes:
    """Numbers, signs and counts the notification that goes with FD `document`; gives container 82."""
    state.notified += 1
    body = structure(
        _NOTICE,
        u32(2002, state.notified)
        + u32(2040, document)
        + field(1012, unix_bytes(moment))
        + field(1041, drive.number.encode("ascii"))
        + field(1018, state.inn)
        + u8(1054, operation)
        + notice.common
        + b"".join(notice.items),
    )
    container = _signed(drive, body, state.notified, _NOTICE)
    state.notified_bytes += len(container)
    state.notified_moment = state.notified_moment or moment
    return container


def close_tags(drive: Drive, *, shift: bool) -> bytes:
    """What reports say about marking: 2104, and in the close of a shift 2112 and 2113 when there was trouble."""
    if not drive.marking_enabled:
        return b""
    state = drive.state
    tags = u32(2104, state.notified - state.delivered)
    if shift and state.bad_codes:
        tags += u8(2112, state.bad_codes)
    if shift and state.bad_messages:
        tags += u8(2113, state.bad_messages)
    return tags


def _fields(data: bytes, allowed: frozenset[int]) -> dict[int, bytes]:
    """TLVs by tag; anything malformed or out of place is 01h, the only code these commands have for it."""
    fields = well_formed(data)
    if not fields.keys() <= allowed:
        raise Refused(Code.UNKNOWN_COMMAND)
    return fields


def _demand_tags(fields: Mapping[int, bytes], *tags: int) -> None:
    for tag in tags:
        if tag not in fields:
            raise Refused(Code.MISSING_TAGS, tag.to_bytes(2, "little"))
