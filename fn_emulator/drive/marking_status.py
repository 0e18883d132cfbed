"""B0h: what a drive says about its work with marking codes, and how full its store of notifications is."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.life import Extended, Mode
from fn_emulator.drive.marking import PLACES, CheckState, room
from fn_emulator.drive.notices import receipt_open

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["fill_percent", "status"]


def fill_percent(drive: Drive) -> int:
    """How much of the store is taken by notifications that nobody has confirmed."""
    return min(100, drive.state.notified_bytes * 100 // (drive.model.notices_kib * 1024))


def _fill_level(percent: int) -> int:
    return sum(percent >= step for step in (50, 80, 90, 100))


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
    marking, full = drive.marking, room(drive) <= 0
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
        state in PLACES[0xB2],
        True,
        online and state is CheckState.CHECKED,
        online and state is CheckState.REQUESTED,
        receipt_open(drive) and notice is None and not full,
        notice is not None and not notice.closed,
        notice is not None and not notice.closed and bool(notice.items),
    )
    return sum(flag << bit for bit, flag in enumerate(flags))
