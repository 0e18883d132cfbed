"""Asking the marking system about the code under check: B5h and B6h."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fn_emulator.drive.codes import Code, Refused, TicketReason
from fn_emulator.drive.containers import checked_answer, demand_sizes, fields_of, rejected, relayed, signed
from fn_emulator.drive.content import demand_tags, well_formed
from fn_emulator.drive.marking import demand_transfer, result, under_check
from fn_emulator.drive.moments import minute_of, unix_bytes
from fn_emulator.drive.tlv import field, structure, u8, u32

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["QUANTITY_TAGS"]

_REQUEST, _ANSWER = 81, 83
_PLANNED = frozenset({1, 2, 3, 4, 5, 6, 255})  # tag 2003
_MEASURED = frozenset({2, 4})  # planned statuses that need a quantity
QUANTITY_TAGS = (1023, 2108, 1291)
_REQUEST_TAGS = frozenset({2003, 2102, *QUANTITY_TAGS})
_ANSWER_SIZES = {2001: 4, 2114: 4, 2105: 1}
_PROCESSED_SIZES = {2005: 1, 2109: 1}  # when the request was good
_RELAYED = frozenset({2005, 2100, 2101, 2102, 2105, 2109})


def request(drive: Drive, data: bytes, timer: float) -> bytes:
    """B5h: DATE_TIME and TLVs → container 81. Without data: the same container again."""
    demand_transfer(drive)
    check = under_check(drive, 0xB5)
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
    fields = well_formed(data[5:], _REQUEST_TAGS)
    demand_tags(fields, 2003, 2102)
    planned = fields[2003][0]
    if planned not in _PLANNED or fields[2102] != b"\0":
        raise Refused(Code.UNKNOWN_COMMAND)
    if planned in _MEASURED and 1291 not in fields:
        demand_tags(fields, 1023, 2108)
    state = replace(drive.state)
    state.requests += 1
    check.number, check.moment = state.requests, unix_bytes(moment)
    check.quantity = b"".join(field(tag, fields[tag]) for tag in QUANTITY_TAGS if tag in fields)
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
    check.request = signed(drive, document, kind=_REQUEST, number=check.number)
    return check.request


def accept_answer(drive: Drive, data: bytes, timer: float) -> bytes:
    """B6h: container 83 → result (tag 2106) and the answer's TLVs for the register."""
    demand_transfer(drive)
    check = under_check(drive, 0xB6)
    document = checked_answer(drive, data, kind=_ANSWER, number=check.number)
    answer = fields_of(document)
    sizes = _ANSWER_SIZES if answer.get(2105) != b"\0" else _ANSWER_SIZES | _PROCESSED_SIZES
    demand_sizes(answer, sizes)
    if int.from_bytes(answer[2001], "little") != check.number or answer[2114] != check.moment:
        raise rejected(TicketReason.NUMBER)
    check.answer = answer
    _note_answer(drive, answer, timer)
    return bytes((result(drive, check),)) + relayed(document, _RELAYED)


def _note_answer(drive: Drive, answer: Mapping[int, bytes], timer: float) -> None:
    """Bad answers are told in the next shift report: tags 2112 and 2113."""
    bad_code = answer[2105] == b"\2" or not answer.get(2005, b"\2")[0] & 2
    state = replace(drive.state)
    state.bad_codes |= bad_code << 1
    state.bad_messages |= answer[2105] != b"\0"
    if (state.bad_codes, state.bad_messages) != (drive.state.bad_codes, drive.state.bad_messages):
        drive.note("answer", state, timer)
