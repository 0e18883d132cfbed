"""Replacing the drive of a register: begin the plan, say what a person has done, see where it stands."""

from __future__ import annotations

import msgspec

from fleet.errors import Conflict
from fleet.journal.base import Journal, StationRecord
from fleet.rack import Rack
from fleet.replacing import REPLACEMENT, WORDS, Plan, Step
from fleet.station.standing import Standing

__all__ = ["Drives", "Progress"]

ABANDONABLE = frozenset((None, "begun", Step.CLOSE_SHIFT, Step.DELIVER))
"""Steps before the drive is closed: after that there is no way back."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a replacement stands. `step` is None when none is under way, `words` say what is going on or whose turn it
    is, `history` has its records, newest first."""

    station: str
    drive: str
    step: str | None
    words: str
    plan: Plan | None
    history: list[StationRecord]


class Drives:
    """Replacements of drives. What is said is journaled before anything is done."""

    def __init__(self, journal: Journal, rack: Rack) -> None:
        self._journal = journal
        self._rack = rack

    async def progress(self, name: str) -> Progress:
        """Where the replacement of a station's drive stands. Missing when there is no such station."""
        station = self._rack.get(name)
        step = station.view().replacement
        words = "" if step is None else WORDS[Step(step)] if step in list(Step) else "draining"
        return Progress(
            station=name,
            drive=station.view().drive,
            step=step,
            words=words,
            plan=station.replacement,
            history=await self._journal.records(name, [REPLACEMENT], 20),
        )

    async def replace(self, name: str, *, who: str, why: str) -> Progress:
        """Begin a replacement; asked again while it is under way, nothing more is done. Conflict when the station is
        not at work, or is on its way out."""
        station = self._rack.get(name)
        if station.replacement is None:
            if station.standing in (Standing.RETIRING, Standing.RETIRED):
                raise Conflict(f"station {name} is {station.standing}: its drive stays as it is")
            await self._journal.record(name, "drive_replacement_asked", {"who": who, "why": why})
            station.replace_drive(who=who, why=why)
        return await self.progress(name)

    async def card_entered(self, name: str, *, who: str, why: str) -> Progress:
        """The owner's cabinet has the change report. Conflict before there is one."""
        await self._say(name, {Step.CARD}, "card_entered", who, why)
        return await self.progress(name)

    async def abandon(self, name: str, *, who: str, why: str) -> Progress:
        """Go on with the old drive. Conflict once it is being closed: that cannot be undone."""
        await self._say(name, ABANDONABLE, "abandoned", who, why)
        return await self.progress(name)

    async def _say(self, name: str, at: frozenset[str | None] | set[Step], step: str, who: str, why: str) -> None:
        station = self._rack.get(name)
        now = station.view().replacement
        if station.replacement is None or now not in at:
            raise Conflict(f"station {name}: the replacement of its drive stands at {now or 'nothing'}, not there")
        await self._journal.record(name, REPLACEMENT, {"step": step, "who": who, "why": why})
        station.replace_drive(who=who, why=why)
