"""What the operator of a rack may ask of one station, and what its history tells."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fleet.config import station_of
from fleet.desk import Audit, Desk
from fleet.desk import Order as StationOrder
from fleet.dispatch import Need
from fleet.journal.base import Journal, StationRecord
from fleet.rack import Rack, Reloaded
from fleet.station.audit import AUDIT
from fleet.views import StationView

__all__ = ["Stations"]


class Stations:
    """Commands for stations. Each is journaled in the station's history with who asked."""

    def __init__(self, journal: Journal, desk: Desk, rack: Rack) -> None:
        self._journal = journal
        self._desk = desk
        self._rack = rack
        self._stations = rack.stations

    async def close_shift(self, station: str, *, who: str) -> None:
        """Close the shift after the receipt in hand. Missing when there is no such station."""
        await self._order(station, "close_shift", who, {})
        self._desk.send(station, StationOrder.CLOSE_SHIFT)

    async def audit(self, station: str, *, who: str, first: int | None = None) -> None:
        """Hold the drive's archive against the journal, from document `first` or from the last audit on. The findings
        come into the station's history as `audit`."""
        await self._order(station, "audit_asked", who, {"first": first})
        self._desk.send(station, Audit(first, who))

    async def reconciled(self, station: str, *, who: str, why: str) -> bool:
        """Go on after a restore without this station's drive, which cannot be read; whether all are done now."""
        from fleet import reconcile

        self._known(station)
        await self._journal.reconciled(station, {"who": who, "why": why})
        return await reconcile.finish(self._journal, [one.name for one in self._stations])

    async def drain(self, station: str, *, who: str, why: str) -> None:
        """No more receipts for it after the one in hand; it stays connected and delivers what it has."""
        await self._rack.drain(station, who=who, why=why)

    async def resume(self, station: str, *, who: str, why: str) -> None:
        """Back into its pool, from wherever it was sent."""
        await self._rack.resume(station, who=who, why=why)

    async def retire(self, station: str, *, who: str, why: str, force: bool = False) -> None:
        """Drain, close the shift, deliver everything, let go; with `force` let go at once."""
        await self._rack.retire(station, who=who, why=why, force=force)

    async def add(self, table: Mapping[str, Any], *, who: str) -> StationView:
        """One more station; `table` as in the configuration. ConfigError tells all that is wrong with it."""
        station = station_of(table)
        await self._rack.add(station, who=who)
        return self._rack.get(station.name).view()

    async def remove(self, station: str, *, who: str) -> None:
        """Forget a retired station that was added beside the configuration."""
        await self._rack.remove(station, who=who)

    async def acknowledge(self, station: str, alarm: str, *, who: str, why: str) -> None:
        """A person has seen an alarm, and says so."""
        await self._rack.acknowledge(station, alarm, who=who, why=why)

    async def reload(self, *, who: str) -> Reloaded:
        """Read the configuration anew: stations that are new, changed or gone. ConfigError: nothing changes."""
        return await self._rack.reload(who=who)

    async def history(
        self, station: str, events: Collection[str] | None = None, limit: int = 50
    ) -> list[StationRecord]:
        """What happened to the station itself, newest first."""
        return await self._journal.records(station, events, limit)

    async def last_audit(self, station: str) -> StationRecord | None:
        """The findings of the newest audit."""
        audits = await self.history(station, [AUDIT], 1)
        return audits[0] if audits else None

    def why_not(self, need: Need) -> dict[str, list[str]]:
        """For each station the reasons why it may not make such a receipt; none: it may."""
        return {station.name: [one.why for one in station.obstacles(need)] for station in self._stations}

    async def _order(self, station: str, event: str, who: str, detail: dict[str, Any]) -> None:
        self._known(station)
        await self._journal.record(station, event, {"who": who, **detail})

    def _known(self, station: str) -> None:
        self._rack.get(station)
