"""Notifications about marked goods being made: B7h, and what receipts and reports take from them.

The codes of B7h are known, what they carry is not published. A working model: 1 begins with the common tags, 2 adds an
item, 3 ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ffd.marking import control_code
from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.containers import signed
from fn_emulator.drive.content import demand_tags, well_formed
from fn_emulator.drive.marking import Result, negative, room
from fn_emulator.drive.marking_requests import QUANTITY_TAGS
from fn_emulator.drive.moments import unix_bytes
from fn_emulator.drive.records import State
from fn_emulator.drive.tlv import field, structure, u8, u32, walk

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["Notice", "close_tags", "finished_notice", "number_notice", "receipt_open", "receipt_tags"]

_NOTICE = 82
_NOTICE_MAX = 32768
_ITEM_MAX = 512
_DRIVE_PART = 128  # room for what the drive itself writes into a notification

_COMMON_TAGS = frozenset({1011, 1228, 1009, 1125, 1055, 2116, 1261, 1084})
# Inside 2007: what the register sends, and what of it may not be left out. The drive adds 2100, 2101, 2115, 2106, 2102.
_ITEM_TAGS = frozenset({2000, 2110, 1214, 1030, 1226, 1222, 1223, 1224, 1079, 1043, 1199, 1200, 1260, *QUANTITY_TAGS})
_ITEM_REQUIRED = (2000, 2110, 1214, 1030, 1079, 1043, 1199)


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


def add_notice(drive: Drive, data: bytes, timer: float) -> bytes:
    """B7h: 1 begins the notification with its common tags, 2 adds one 2007, 3 ends it."""
    if not receipt_open(drive):
        raise Refused(Code.WRONG_STATE)
    step = _NOTICE_STEPS.get(data[0])
    if step is None:
        raise Refused(Code.UNKNOWN_COMMAND)
    step(drive, data[1:])
    return b""


def receipt_open(drive: Drive) -> bool:
    """Whether the open document is one that sells goods."""
    document = drive.open_document
    return document is not None and document.kind.form in (3, 4, 31, 41)


def _begin_notice(drive: Drive, data: bytes) -> None:
    if drive.marking.notice is not None:
        raise Refused(Code.BAD_MARKING_SEQUENCE)
    if room(drive) <= 0:
        raise Refused(Code.MARKING_BLOCKED)
    fields = well_formed(data, _COMMON_TAGS)
    demand_tags(fields, 1055, 2116)
    drive.marking.notice = Notice(data)


def _open_notice(drive: Drive) -> Notice:
    notice = drive.marking.notice
    if notice is None or notice.closed:
        raise Refused(Code.BAD_MARKING_SEQUENCE)
    return notice


def _add_item(drive: Drive, data: bytes) -> None:
    notice = _open_notice(drive)
    well_formed(data, frozenset({2007}))
    inside = list(walk(data))
    if len(inside) != 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    if len(data) > _ITEM_MAX + 4:
        raise Refused(Code.TLV_OVERFLOW)
    content = data[4:]
    fields = well_formed(content, _ITEM_TAGS)
    demand_tags(fields, *_ITEM_REQUIRED)
    result = drive.marking.results.get(fields[2000])
    if result is None:
        raise Refused(Code.CODE_NOT_CHECKED, (len(notice.items) + 1).to_bytes(2, "little"))
    item = structure(2007, content + _known(result, fields))
    size = notice.size + len(item)
    if size > _NOTICE_MAX - _DRIVE_PART:
        raise Refused(Code.TLV_OVERFLOW)
    if size > room(drive):
        raise Refused(Code.MARKING_BLOCKED)
    notice.items.append(item)
    notice.negative |= negative(result.result)


def _known(result: Result, fields: Mapping[int, bytes]) -> bytes:
    """What the drive knows of the code: its part of tag 2007."""
    asked = b"" if fields.keys() & set(QUANTITY_TAGS) else result.quantity
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
    container = signed(drive, body, kind=_NOTICE, number=state.notified)
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
