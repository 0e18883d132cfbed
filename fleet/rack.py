"""The stations of a daemon while it runs: each has a task of its own, and they come and go without a restart.

What a person says of a station (drain, resume, retire) and which stations were added beside the configuration stands
in the journal, so the next start finds the rack as it was left. The configuration is read anew by `reload`: new
stations start, changed ones start again with their new settings, vanished ones retire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import structlog
import trio

from fleet import config as settings
from fleet.desk import Desk, Order
from fleet.errors import Conflict, Missing
from fleet.journal.base import Journal
from fleet.recovery import Todo, plan
from fleet.station import Station
from fleet.station.standing import Standing

__all__ = ["RACK", "Build", "Rack", "Reloaded"]

RACK = "@rack"
"""Whose history the list of added stations stands in: no station can have this name."""

ADDED = "stations"

STOP_S = 8.0
"""How long a station may finish the receipt in hand before it is cut off; the rest is left to recovery."""

Build = Callable[[settings.Station], Station]
"""Makes a station of its settings; the daemon knows of what else."""

log = structlog.get_logger("fleet.rack")


class Reloaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a new configuration changed. `later`: sections that only the next start reads."""

    added: list[str]
    changed: list[str]
    retired: list[str]
    later: list[str]


class _Run:
    """The task of one station."""

    def __init__(self) -> None:
        self.stop = trio.Event()
        self.forced = False
        self.ended = trio.Event()
        self.scope = trio.CancelScope()


class Rack:
    """Every station, and the verbs that start and end them. `stations` is in the order of the configuration."""

    def __init__(
        self,
        config: settings.Config,
        *,
        journal: Journal,
        desk: Desk,
        build: Build,
        source: Callable[[], settings.Config] | None = None,
    ) -> None:
        self.stations: list[Station] = []
        self._config = config
        self._journal = journal
        self._desk = desk
        self._build = build
        self._source = source
        self._added: dict[str, settings.Station] = {}
        self._runs: dict[str, _Run] = {}
        self._nursery: trio.Nursery | None = None
        self._changing = trio.Lock()  # two orders at once for one station would start two tasks on one register

    # --- the daemon's life -----------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make the stations of the configuration and those that were added to it; nothing runs yet."""
        for record in await self._journal.records(RACK, [ADDED], 1):
            for one in msgspec.convert(record.detail["added"], list[settings.Station]):
                self._added[one.name] = one
        configured = {station.name for station in self._config.stations}
        beside = [one for one in self._added.values() if one.name not in configured]
        for station in (*self._config.stations, *beside):
            self.stations.append(await self._make(station))
        await self._take_up(None)

    def start(self, nursery: trio.Nursery) -> None:
        """Run every station that is not retired."""
        self._nursery = nursery
        for station in self.stations:
            if station.standing is not Standing.RETIRED:
                self._start(station)

    def stop(self) -> None:
        """Tell every station to finish what it has in hand."""
        for station in self.stations:
            self._tell_to_stop(station.name)

    def get(self, name: str) -> Station:
        """The station of a name. Missing when there is none."""
        for station in self.stations:
            if station.name == name:
                return station
        raise Missing(f"there is no station {name}")

    # --- what a person may say -------------------------------------------------------------------------------------

    async def drain(self, name: str, *, who: str, why: str) -> None:
        """No more receipts for this station after the one in hand; it stays connected and delivers what it has."""
        station = self.get(name)
        if station.standing in (Standing.RETIRING, Standing.RETIRED):
            raise Conflict(f"station {name} is {station.standing}: resume it before it can be drained")
        await self._say(station, Standing.DRAINED, who, why)

    async def resume(self, name: str, *, who: str, why: str) -> None:
        """Back into the pool, from wherever it was sent."""
        async with self._changing:
            station = self.get(name)
            await self._say(station, Standing.SERVING, who, why)
            if name not in self._runs:
                await self._start_anew(station.config)

    async def retire(self, name: str, *, who: str, why: str, force: bool = False) -> None:
        """Drain it, close its shift, deliver all that its drive has, then let go of the register for good.

        `force` lets go at once, for a register that does not answer any more: a job whose outcome only its drive
        knows goes to a person.
        """
        station = self.get(name)
        if station.standing is Standing.RETIRED:
            raise Conflict(f"station {name} is retired")
        await self._say(station, Standing.RETIRING, who, why, force=force)
        if force and name in self._runs:
            self._runs[name].forced = True
            self._tell_to_stop(name)

    async def add(self, station: settings.Station, *, who: str) -> None:
        """One more station, from now on and after every start. Conflict when its name or address is taken."""
        async with self._changing:
            for other in self.stations:
                if other.name == station.name:
                    raise Conflict(f"there is a station {station.name}")
                if other.config.address == station.address and other.standing is not Standing.RETIRED:
                    raise Conflict(f"station {other.name} is at {station.address}")
            await self._keep_added({**self._added, station.name: station}, who)
            await self._start_anew(station)

    async def remove(self, name: str, *, who: str) -> None:
        """Forget a retired station that the configuration does not have. Conflict while it is needed."""
        async with self._changing:
            station = self.get(name)
            if station.standing is not Standing.RETIRED:
                raise Conflict(f"station {name} is {station.standing}: retire it first")
            if name in {one.name for one in self._config.stations}:
                raise Conflict(f"station {name} stands in the configuration: take it out there")
            await self._keep_added({key: one for key, one in self._added.items() if key != name}, who)
            self.stations.remove(station)
            self._desk.changes.tell()

    async def acknowledge(self, name: str, alarm: str, *, who: str, why: str) -> None:
        """A person has seen an alarm. Conflict when no such alarm is open."""
        if not await self.get(name).acknowledge(alarm, who=who, why=why):
            raise Conflict(f"station {name} has no alarm {alarm!r}")

    async def reload(self, *, who: str) -> Reloaded:
        """Read the configuration anew. ConfigError with everything that is wrong with it, and then nothing changes."""
        if self._source is None:
            raise Conflict("this daemon was not started from a file")
        return await self.take(await trio.to_thread.run_sync(self._source), who=who)

    async def take(self, config: settings.Config, *, who: str) -> Reloaded:
        """Go over to another configuration."""
        async with self._changing:
            old = {station.name: station for station in self._config.stations}
            new = {station.name: station for station in config.stations}
            later = [name for name in _LATER if getattr(config, name) != getattr(self._config, name)]
            self._config = config
            here = {station.name for station in self.stations}
            added = [name for name in new if name not in here]
            changed = [
                name for name, one in new.items() if name in here and (name not in old or self.get(name).config != one)
            ]
            gone = [name for name in old if name not in new and name not in self._added]
            for name in gone:
                if (station := self.get(name)).standing is not Standing.RETIRED:
                    why = "it is no longer in the configuration"
                    await self._say(station, Standing.RETIRING, who, why, unconfigured=True)
            for name in (*added, *changed):
                await self._start_anew(new[name])
            done = Reloaded(added=added, changed=changed, retired=gone, later=later)
            await self._journal.record(RACK, "reload", {"who": who, **msgspec.to_builtins(done)})
        log.info("the configuration was read anew", **msgspec.to_builtins(done))
        return done

    # --- tasks -----------------------------------------------------------------------------------------------------

    async def _say(self, station: Station, standing: Standing, who: str, why: str, **detail: Any) -> None:
        await self._journal.record(station.name, standing.event, {"who": who, "why": why, **detail})
        station.stand(standing, why)

    async def _make(self, config: settings.Station) -> Station:
        station = self._build(config)
        await station.load()
        return station

    async def _start_anew(self, config: settings.Station) -> None:
        """Start a station in the place of one of its name, once that one's task has ended."""
        await self._end(config.name)
        station = await self._make(config)
        places = [index for index, one in enumerate(self.stations) if one.name == config.name]
        if places:
            self.stations[places[0]] = station
        else:
            self.stations.append(station)
        await self._take_up(config.name)
        if station.standing is not Standing.RETIRED:
            self._start(station)
        self._desk.changes.tell()

    def _start(self, station: Station) -> None:
        assert self._nursery is not None, "the rack is not started yet"
        run = self._runs[station.name] = _Run()
        self._nursery.start_soon(self._own, station, run)

    async def _own(self, station: Station, run: _Run) -> None:
        try:
            with run.scope:
                await station.run(run.stop)
            if station.standing is Standing.RETIRING and (station.left or run.forced):
                known = {one.name for one in self._config.stations} | set(self._added)
                unconfigured = station.name not in known
                await self._say(station, Standing.RETIRED, "fleet", "it was let go", unconfigured=unconfigured)
                await self._take_up(station.name)
        finally:
            del self._runs[station.name]
            run.ended.set()

    def _tell_to_stop(self, name: str) -> None:
        run = self._runs.get(name)
        if run is not None:
            run.stop.set()
            self._desk.send(name, Order.WAKE)

    async def _end(self, name: str) -> None:
        run = self._runs.get(name)
        if run is None:
            return
        self._tell_to_stop(name)
        with trio.move_on_after(STOP_S):
            await run.ended.wait()
        run.scope.cancel()
        await run.ended.wait()

    async def _keep_added(self, added: dict[str, settings.Station], who: str) -> None:
        rows = [msgspec.to_builtins(one) for one in added.values()]
        await self._journal.record(RACK, ADDED, {"who": who, "added": rows})
        self._added = added

    # --- unfinished jobs -------------------------------------------------------------------------------------------

    async def _take_up(self, only: str | None) -> None:
        """Give every unfinished job of an earlier life (or of one station's) to whoever must act, before it runs."""
        journal = self._journal
        backlog = await journal.load()
        able = {one.name: one for one in self.stations if one.standing is not Standing.RETIRED}
        jobs = [job for job in backlog.jobs if only is None or job.station == only]
        for step in plan(jobs, able, restored=only is None and journal.reconciling):
            job = step.job
            match step.todo:
                case Todo.QUEUE:
                    self._desk.submit(job)
                case Todo.RELEASE:
                    self._desk.submit(await journal.release(job.id, "its station stopped before anything was sent"))
                case Todo.RESOLVE:
                    pass  # its station finds the open intent below
                case Todo.QUARANTINE:
                    await journal.quarantine(job.id, step.why, {"state": job.state.value, "station": job.station})
                    self._desk.decided(job.id)
        for name, opened in (await journal.load()).intents.items():  # quarantine has closed some
            if name in able and only in (None, name):
                able[name].resolve_first(opened.intent, opened.job)
        if jobs:
            log.info("unfinished jobs taken up", jobs=len(jobs), to_resolve=len(backlog.intents), station=only)


_LATER = (
    "name",
    "state_dir",
    "journal",
    "http",
    "queue",
    "operator",
    "shift",
    "callbacks",
    "retention",
    "tenants",
    "admins",
    "demo",
)
"""Sections that a running daemon keeps as they were."""
