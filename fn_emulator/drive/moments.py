"""Dates and times as drive commands carry them, turned into minutes that can be subtracted.

A moment inside the drive is an `int`: minutes of the register's wall clock since the year 1 (`date.toordinal() *
1440` and the time of the day). DATE_TIME is `YY MM DD hh mm`, DATE is `YY MM DD`, plain binary, year less 2000.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from fn_emulator.drive.codes import Code, Refused

__all__ = ["DAY", "NOWHEN", "date_bytes", "minute_of", "moment_bytes", "moment_of_unix", "unix_bytes"]

DAY = 24 * 60
NOWHEN = bytes(5)
_EPOCH = date(1970, 1, 1).toordinal() * DAY


@lru_cache(maxsize=256)
def minute_of(moment: bytes) -> int:
    """DATE_TIME → minutes. Month 13 or minute 60 is refused with 07h."""
    year, month, day, hour, minute = moment
    try:
        ordinal = date(2000 + year, month, day).toordinal()
    except ValueError:
        raise Refused(Code.BAD_DATETIME) from None
    if hour > 23 or minute > 59 or year > 99:
        raise Refused(Code.BAD_DATETIME)
    return ordinal * DAY + hour * 60 + minute


@lru_cache(maxsize=256)
def moment_bytes(minute: int) -> bytes:
    """Minutes → DATE_TIME; zero, "no such moment", is five zero bytes."""
    if minute == 0:
        return NOWHEN
    days, rest = divmod(minute, DAY)
    day = date.fromordinal(days)
    return bytes((day.year - 2000, day.month, day.day, *divmod(rest, 60)))


def date_bytes(minute: int) -> bytes:
    """Minutes → DATE."""
    return moment_bytes(minute)[:3]


def unix_bytes(minute: int) -> bytes:
    """Minutes → tag 1012: the wall clock counted as UTC."""
    return ((minute - _EPOCH) * 60).to_bytes(4, "little")


def moment_of_unix(seconds: int) -> int:
    """Unix time → minutes; 0 when a DATE_TIME cannot show it (before 2000)."""
    minute = _EPOCH + seconds // 60
    return minute if minute >= _FIRST else 0


_FIRST = date(2000, 1, 1).toordinal() * DAY
