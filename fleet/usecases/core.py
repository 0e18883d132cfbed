"""What shops may ask: every receipt comes in by `accept`, which answers when the job is durable; from then on the job
cannot be lost."""

from __future__ import annotations

import builtins
from collections.abc import Collection

import msgspec

from fleet.config import Config
from fleet.desk import Desk
from fleet.dispatch import Obstacle, need_of
from fleet.errors import Missing
from fleet.figures import JournalWork
from fleet.jobs import UNFINISHED, Job, Order, State
from fleet.journal.base import Accepted, Duplicate, Journal
from fleet.rack import Rack
from fleet.usecases.callbacks import Callbacks
from fleet.usecases.drives import Drives
from fleet.usecases.quarantine import Quarantine
from fleet.usecases.stations import Stations
from fleet.views import QueueView, StationView

__all__ = ["Health", "NoRegister", "QueueFull", "QueueView", "StationView", "UseCases"]

RETRY_AFTER_MIN_S = 1.0
RETRY_AFTER_SICK_S = 30.0
"""While no register that may make it is well."""

RECONCILING_S = 10.0
"""A drive with a thousand documents to read takes about so long; shops come again until it was."""


class QueueFull(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing was stored: the queue is at its bound. Come again after so many seconds."""

    retry_after_s: float


class NoRegister(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing was stored: no register here may make such a receipt. `obstacles`: station → what is in its way."""

    inn_known: bool
    obstacles: dict[str, list[Obstacle]]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`alive`: the daemon works; if not, only a new start helps. `ready`: a receipt accepted now would be made
    soon."""

    alive: bool
    ready: bool
    problems: list[str]


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """How long a receipt waits for a register: jobs that want the same ones, and seconds; None while none is well."""

    ahead: int
    wait_s: float | None


class UseCases:
    """The fleet's verbs for façades, the page and commands."""

    def __init__(self, *, config: Config, journal: Journal, desk: Desk, rack: Rack) -> None:
        self._config = config
        self._journal = journal
        self._desk = desk
        self._stations = stations = rack.stations
        self._tenants = {tenant.name: tenant for tenant in config.tenants}
        self.quarantine = Quarantine(journal, desk, stations)
        self.stations = Stations(journal, desk, rack)
        self.drives = Drives(journal, rack)
        self.callbacks = Callbacks(journal, desk.figures)
        self.figures = desk.figures
        self.stopping = False

    async def accept(self, order: Order) -> Accepted | Duplicate | QueueFull | NoRegister:
        """Make a receipt a durable job, once per (INN, key) however often it is asked for."""
        order = self._routed(order)
        refused = self.eligible(order)
        if refused is not None:
            return refused
        if self._reconciling(order.inn):
            return QueueFull(retry_after_s=RECONCILING_S)
        if self.stopping or self._desk.waiting >= self._config.queue.max_jobs:
            known = await self._journal.status(inn=order.inn, key=order.key)
            if known is None:
                return QueueFull(retry_after_s=self._retry_after_s(order))
        outcome = await self._journal.accept(order)
        if isinstance(outcome, Accepted):
            self._desk.submit(outcome.job)
            self._desk.changes.tell()
        return outcome

    async def status(self, *, inn: str, id: str | None = None, key: str | None = None) -> Job | None:
        """A job of one company by its id or by the shop's key; None for anybody else's."""
        job = await self._journal.status(id=id) if id is not None else await self._journal.status(inn=inn, key=key)
        return job if job is not None and job.inn == inn else None

    async def finished(self, id: str) -> Job:
        """The job once nothing is left to do for its shop but wait for the operator: registered or further, refused,
        cancelled, or in quarantine. Patience is the caller's. Missing when there is no such job."""
        while True:
            decided = self._desk.awaited(id)
            job = await self._journal.status(id=id)
            if job is None:
                raise Missing(f"there is no job {id}")
            if job.state not in UNFINISHED:
                return job
            await decided.wait()

    def expectation(self, order: Order | Job) -> Expectation:
        """What a shop may expect of a receipt that waits, or would wait if it came now."""
        need = need_of(order)
        dispatcher = self._desk.dispatcher
        return Expectation(ahead=dispatcher.rivals(need), wait_s=dispatcher.expected_wait_s(need))

    async def cancel(self, *, inn: str, id: str) -> Job:
        """Withdraw a job that no station has taken yet. Conflict when it is too late, Missing when it is not there."""
        job = await self.status(inn=inn, id=id)
        if job is None:
            raise Missing(f"there is no job {id}")
        self._desk.dispatcher.withdraw(job)
        try:
            return await self._journal.cancel(id)
        finally:
            self._desk.decided(id)

    async def latest(self, limit: int = 20) -> builtins.list[Job]:
        """The newest jobs of the whole rack, newest first."""
        return await self._journal.list(limit=limit)

    async def list(
        self,
        limit: int = 50,
        before: str | None = None,
        states: Collection[State] | None = None,
        inn: str | None = None,
    ) -> builtins.list[Job]:
        """Jobs newest first, in pages: `before` is the last id of the page before."""
        return await self._journal.list(limit=limit, before=before, states=states, inn=inn)

    async def job(self, id: str) -> Job | None:
        """A job by its id, whoever owns it: for the operator's own page, not for shops."""
        return await self._journal.status(id=id)

    def eligible(self, order: Order) -> NoRegister | None:
        """None when some register may make it (or may turn out to, once it is reached); else all reasons. It looks no
        further than the first that may: a receipt costs the same in a rack of ten and of five hundred."""
        need = need_of(order)
        found: dict[str, list[Obstacle]] = {}
        for station in self._stations:
            if station.config.inn == order.inn:
                obstacles = station.obstacles(need)
                if not obstacles:
                    return None
                found[station.name] = obstacles
        return NoRegister(inn_known=bool(found), obstacles=found)

    def rack(self) -> builtins.list[StationView]:
        """Every station as it is now, in the order of the configuration."""
        return [station.view() for station in self._stations]

    def queue(self) -> QueueView:
        views = self.rack()
        return QueueView(
            waiting=self._desk.waiting,
            limit=self._config.queue.max_jobs,
            stations=len(views),
            oldest_at=self._desk.dispatcher.oldest_at(),
            stations_up=sum(view.state in ("idle", "busy", "shift") for view in views),
            expected_wait_s=self._expected_wait_s(),
        )

    def journal_work(self) -> JournalWork:
        """What the journal wrote since the start."""
        return self._journal.work()

    def counts(self) -> dict[State, int]:
        """How many jobs stand in each state."""
        return self._journal.counts()

    def health(self) -> Health:
        queue = self.queue()
        problems = [f"{view.name}: {view.problem}" for view in self.rack() if view.problem]
        problems += [f"{view.name}: {alarm.text}" for view in self.rack() for alarm in view.alarms]
        failed = self._journal.failed()
        if failed is not None:
            problems.insert(0, f"journal: {failed}")
        ready = failed is None and queue.stations_up > 0 and queue.waiting < queue.limit and not self.stopping
        return Health(alive=failed is None, ready=ready, problems=problems)

    @property
    def change_count(self) -> int:
        """The number of the newest change notice, for `changed`."""
        return self._desk.changes.count

    async def changed(self, seen: int) -> int:
        """Wait until something changed after notice number `seen`; the newest number."""
        return await self._desk.changes.wait(seen)

    def _reconciling(self, inn: str) -> bool:
        """A drive that may hold this order's document was not read since the journal was restored."""
        if not self._journal.reconciling:
            return False
        mine = {station.name for station in self._stations if station.config.inn == inn}
        return not mine <= self._journal.reconciled_stations()

    def _expected_wait_s(self) -> float | None:
        speeds = [1 / max(view.service_s, 0.001) for view in self.rack() if view.state in ("idle", "busy", "shift")]
        return self._desk.waiting / sum(speeds) if speeds else None

    def _retry_after_s(self, order: Order) -> float:
        """Until a tenth of the queue is made: then there is room for those who come again."""
        wait_s = self._desk.dispatcher.expected_wait_s(need_of(order))
        return max(RETRY_AFTER_MIN_S, RETRY_AFTER_SICK_S if wait_s is None else 0.1 * wait_s)

    def _routed(self, order: Order) -> Order:
        """With the group and the priority of its tenant, where it names none itself."""
        tenant = self._tenants.get(order.tenant)
        if tenant is None or (tenant.group, tenant.priority) == (None, 0):
            return order
        return msgspec.structs.replace(
            order, group=order.group or tenant.group, priority=order.priority or tenant.priority
        )
