"""What a person should look at: alarms of one station, each told once, kept until it is over or acknowledged.

An alarm has a key; raising it again changes nothing unless its level or its text changed. Both ends are journaled, so
an alarm outlives the daemon.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from fleet.journal.base import Journal

__all__ = ["ALARM", "ALARM_OVER", "Alarm", "Alarms", "Level"]

ALARM = "alarm"
ALARM_OVER = "alarm_over"
"""Events of a station's history."""

Level = Literal["info", "warning", "alarm", "critical"]
"""Info: know it; warning: this week; alarm: today; critical: now."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be. `since` is unix seconds."""

    key: str
    level: Level
    text: str
    since: float
    detail: dict[str, Any] = {}


class Alarms:
    """The open alarms of a station."""

    def __init__(self, journal: Journal, station: str, log: Any) -> None:
        self._journal = journal
        self._station = station
        self._log = log
        self._open: dict[str, Alarm] = {}

    @property
    def open(self) -> tuple[Alarm, ...]:
        """Oldest first."""
        return tuple(sorted(self._open.values(), key=lambda alarm: (alarm.since, alarm.key)))

    def __contains__(self, key: str) -> bool:
        return key in self._open

    async def load(self) -> None:
        """Those that an earlier life left open."""
        over: set[str] = set()
        for record in await self._journal.records(self._station, [ALARM, ALARM_OVER]):  # newest first
            key = str(record.detail["key"])
            if key in over:
                continue
            over.add(key)
            if record.event == ALARM:
                self._open[key] = msgspec.convert({"since": record.at, **record.detail}, Alarm)

    async def ring(self, key: str, level: Level, text: str, **detail: Any) -> None:
        """Something is wrong. Known already with this level and text: nothing happens."""
        known = self._open.get(key)
        if known is not None and (known.level, known.text) == (level, text):
            return
        told: dict[str, Any] = {"key": key, "level": level, "text": text, "detail": detail}
        if known is not None:
            told["since"] = known.since
        record = await self._journal.record(self._station, ALARM, told)
        self._open[key] = msgspec.convert({"since": record.at, **told}, Alarm)
        log = self._log.info if level == "info" else self._log.warning if level == "warning" else self._log.error
        log("alarm", key=key, level=level, text=text, **detail)

    async def over(self, key: str, **detail: Any) -> bool:
        """It is well again, or a person has seen it; False when no such alarm is open."""
        if key not in self._open:
            return False
        await self._journal.record(self._station, ALARM_OVER, {"key": key, **detail})
        del self._open[key]
        self._log.info("alarm is over", key=key, **detail)
        return True
