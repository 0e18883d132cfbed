"""What the parts of a station share: its settings, what is known of its register, and the command that is open."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import structlog

from fleet import config as settings
from fleet.alarms import Alarms
from fleet.desk import Desk
from fleet.dispatch import Abilities, Kind
from fleet.journal.base import Journal
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.errors import DriverError, LineLost
from kkt_driver.intents import Intent

__all__ = ["JOB_ACTIONS", "Connect", "Intents", "Workplace", "explain"]

JOB_ACTIONS = frozenset(("receipt", "correction"))
"""Actions of intents that are a job's; every other one is the station's own command."""


class Connect(Protocol):
    """Opens a connection to a station's register; the daemon gives the real one, tests give memory streams."""

    def __call__(self, station: settings.Station, *, store: Intents) -> AbstractAsyncContextManager[Register]: ...


class Intents:
    """The journal as the driver's intent store. `open` is the intent whose end is not journaled yet, and its job."""

    def __init__(self, journal: Journal, station: str) -> None:
        self._journal = journal
        self._station = station
        self.open: tuple[Intent, str | None] | None = None

    async def record(self, intent: Intent) -> None:
        job_id = intent.job if intent.action in JOB_ACTIONS else None
        # Before the await: a cancelled verb is finished all the same, and then the intent is open.
        self.open = (intent, job_id)
        await self._journal.intend(self._station, intent, job_id)

    async def clear(self, intent: Intent, verdict: object) -> None:
        """Nothing to do: the station settles its intents with their outcome."""


class Workplace:
    """One register as its station knows it. Only the station's task changes it; others read it."""

    def __init__(
        self,
        station: settings.Station,
        *,
        config: settings.Config,
        journal: Journal,
        desk: Desk,
        clock: Callable[[], float],
        local_time: Callable[[float, str], datetime],
        jitter: Callable[[], float],
    ) -> None:
        self.config = station
        self.name = station.name
        self.fleet = config
        self.journal = journal
        self.desk = desk
        self.now = clock
        self._local_time = local_time
        self.jitter = jitter
        self.log = structlog.get_logger("fleet.station").bind(station=station.name)
        self.intents = Intents(journal, station.name)
        self.alarms = Alarms(journal, station.name, self.log)
        self.ready = False
        """Connected and commissioned."""
        self.outside: dict[str, str] = {}
        """Why the station takes no receipts, by what says so; empty: it does."""
        # the register
        self.identity: procedures.Identity | None = None
        self.state: procedures.State | None = None
        self.shift_opened: datetime | None = None
        self.interrupted: str | None = None
        """The command that a lost line interrupted before anything was committed: a receipt may be open."""
        # what the drive has for the operator
        self.unsent = 0
        self.oldest_unsent_at: float | None = None
        # what others are shown
        self.phase = "connecting"
        self.problem: str | None = None
        self.changed_at = clock()
        self.made = 0
        self.service_s = 0.0

    @property
    def host_relays(self) -> bool:
        """Whether the register's messages for the operator are ours to carry."""
        return self.fleet.operator is not None and self.config.relay == "host"

    def watch(self, register: Register) -> None:
        """Count the commands of a line that was just opened."""
        taken = register.latency
        self.desk.figures.line(
            self.name, lambda: {code: (one.count, one.total_s, one.max_s) for code, one in taken.items()}
        )

    def local_now(self) -> datetime:
        """The wall clock where the register stands."""
        return self._local_time(self.now(), self.config.timezone)

    def show(self, phase: str, problem: str | None = None) -> None:
        """What the station does from now on."""
        if phase != self.phase or problem != self.problem:
            self.phase, self.problem = phase, problem
            self.changed_at = self.now()
            self.desk.changes.tell()

    def abilities(self) -> Abilities:
        """What the register can do, for the dispatcher; known once it was commissioned."""
        assert self.identity is not None and self.state is not None
        return Abilities(
            kind=self.kind(self.identity),
            documents=self.state.last_document,
            service_s=self.service_s,
            reserve=self.config.reserve,
        )

    def kind(self, identity: procedures.Identity) -> Kind:
        """What this register can do, by its registration and the station's configuration."""
        return Kind(
            inn=identity.inn,
            tax_systems=identity.tax_systems,
            work_mode=identity.work_mode,
            edition=identity.ffd,
            group=self.config.group,
            places=self.config.places,
        )

    def join(self) -> None:
        """Take part in the dispatch from now on, unless something speaks against it."""
        if not self.outside:
            self.desk.join(self.name, self.abilities())

    def keep_out(self, reason: str, words: str) -> None:
        """No receipts for this station from now on."""
        if not self.outside:
            self.desk.leave(self.name)
        self.outside[reason] = words
        self.desk.changes.tell()

    def let_in(self, reason: str) -> None:
        """This does not keep the station out any more."""
        if self.outside.pop(reason, None) is not None and not self.outside:
            if self.ready:
                self.join()
            self.desk.changes.tell()

    def tell_wear(self) -> None:
        """New wear for the ranking, as long as the station takes part."""
        if self.name in self.desk.dispatcher.stations:
            self.join()

    def one_more_unsent(self) -> None:
        """The drive has one more document for the operator."""
        self.unsent += 1
        if self.oldest_unsent_at is None:
            self.oldest_unsent_at = self.now()

    def note_interruption(self, error: DriverError) -> None:
        """An exchange failed before anything was committed; commissioning looks for an open receipt."""
        self.interrupted = (error.command or None) if isinstance(error, LineLost) else None

    async def refresh(self, register: Register) -> None:
        """Read the register's state anew."""
        self.state = await register.run(procedures.read_state())
        if not self.state.shift_open:
            self.shift_opened = None
        elif self.shift_opened is None:
            self.shift_opened = await register.run(procedures.shift_opened(self.state))


def explain(error: BaseException) -> str:
    """An error in words, whatever it says itself."""
    return str(error) or type(error).__name__
