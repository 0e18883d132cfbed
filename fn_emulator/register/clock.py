"""The register's clock: world time, its zone, and how far somebody has set it off."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

__all__ = ["Clock"]

_EPOCH = datetime(1970, 1, 1)


class Clock:
    """World time in seconds in, wall clock of the settlement place out (naive, as documents carry it)."""

    def __init__(self, zone_offset_s: float) -> None:
        self.zone_offset_s = zone_offset_s
        self.skew_s = 0.0
        self._minute = -1
        self._five = b""

    def at(self, now: float) -> datetime:
        """The wall clock, to the second."""
        return _EPOCH + timedelta(seconds=int(now + self.zone_offset_s + self.skew_s))

    def five(self, now: float) -> bytes:
        """The wall clock as drives take it: YY MM DD hh mm."""
        minute = int(now + self.zone_offset_s + self.skew_s) // 60
        if minute != self._minute:
            moment = _EPOCH + timedelta(minutes=minute)
            self._five = bytes((moment.year - 2000, moment.month, moment.day, moment.hour, moment.minute))
            self._minute = minute
        return self._five

    def set_time(self, now: float, to: time) -> None:
        """21h."""
        self._set(now, datetime.combine(self.at(now).date(), to))

    def set_date(self, now: float, to: date) -> None:
        """22h and 23h."""
        self._set(now, datetime.combine(to, self.at(now).time()))

    def _set(self, now: float, to: datetime) -> None:
        self.skew_s = (to - _EPOCH).total_seconds() - (now + self.zone_offset_s)
