"""The life of a station's drive: read at every connect and shift close, kept in the journal once a day, alarms when it
comes to its end."""

from __future__ import annotations

import msgspec

from fleet.alarms import Level
from fleet.drive_life import DAY_S, WINDOW_S, Concern, DriveLife, Reading, forecast
from fleet.station.workplace import Workplace
from kkt_driver.client import Register
from kkt_driver.commands import DriveExpiry, Memory
from kkt_driver.errors import Refused
from kkt_driver.procedures.identity import UNKNOWN_HERE

__all__ = ["DRIVE", "DriveWatch"]

DRIVE = "drive_reading"
"""The event under which readings stand in the station's history."""

KEPT_EVERY_S = 0.9 * DAY_S
"""One reading a day is kept: shifts close at about the same hour."""

LEVELS: dict[Concern, Level] = {Concern.ORDER: "warning", Concern.REPLACE: "alarm", Concern.NOW: "critical"}

ENDS = "drive ends"
"""Key of the alarm."""


class DriveWatch:
    """Watches the drive of one station. `life` is None until it was asked, or where the register does not tell."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self.life: DriveLife | None = None

    async def read(self, register: Register) -> None:
        """Ask the drive, keep what it says, ring when it is time."""
        work = self._work
        reading = await self._ask(register)
        if reading is None:
            return
        records = await work.journal.records(work.name, [DRIVE], 60)
        kept = [msgspec.convert(record.detail, Reading) for record in records]
        earlier = [one for one in kept if one.drive == reading.drive and reading.at - one.at <= WINDOW_S]
        if not earlier or reading.at - earlier[0].at >= KEPT_EVERY_S:
            await work.journal.record(work.name, DRIVE, msgspec.to_builtins(reading))
        self.life = forecast(reading, earlier[-1] if earlier else None, work.local_now().date())
        await self._ring(self.life)
        work.desk.changes.tell()

    async def _ask(self, register: Register) -> Reading | None:
        work = self._work
        assert work.identity is not None and work.state is not None
        try:
            memory = await register.ask(Memory())
            expiry = await register.ask(DriveExpiry())
        except Refused as refusal:
            if refusal.code not in UNKNOWN_HERE:
                work.log.warning("the drive does not tell how long it lasts", why=str(refusal))
            return None
        return Reading(
            at=work.now(),
            drive=work.identity.drive,
            documents_left=memory.documents,
            kib_free=memory.kib,
            last_document=work.state.last_document,
            shift=work.state.shift,
            expires=expiry.date,
        )

    async def _ring(self, life: DriveLife) -> None:
        alarms = self._work.alarms
        level = LEVELS.get(life.concern)
        if level is None:
            await alarms.over(ENDS)
            return
        day = "" if life.ends_on is None else f", its end is {life.ends_on} ({life.ends_by})"
        text = f"drive {life.drive}: {life.documents_left} documents and {life.kib_free} KiB are left{day}"
        await alarms.ring(ENDS, level, text)
