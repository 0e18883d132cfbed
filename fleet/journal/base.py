"""What a journal promises, whatever stores it.

Each verb is one transaction: when it returns, its effect is on the disk; when it raises, nothing changed. Verbs follow
`fleet.jobs.TRANSITIONS`; a step that is not in the table raises `Conflict`, an unknown job `Missing`, a journal that
somebody else took over `Fenced`. Cancellation does not tear a verb: one that has begun is finished.

Two verbs promise less, because nothing is lost when they are: `claim` and `confirm` have happened for every verb and
every read that follows when they return, and are on the disk no later than whatever follows them, or within 50 ms by
themselves. A crash may take back the newest of them, never one that a durable step stands on. What is left is the
state before: an accepted job, which a start gives to a station again (the claim alone sent nothing that commits: that
needs an intent, and with the intent the claim is on the disk), or a registered document whose ticket the drive has and
the relay finds there when the station starts. When the disk fails them after they returned, the journal takes no more
verbs (or, when it was only full, makes them durable before any other). Nodes that share one journal would need
durable claims: one that the others do not see keeps nobody away.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from fleet.errors import Conflict
from fleet.figures import JournalWork
from fleet.jobs import Decision, Job, Order, Outcome, Result, State, Ticket
from kkt_driver.intents import Intent

__all__ = [
    "Accepted",
    "Backlog",
    "Callback",
    "Discovered",
    "Duplicate",
    "Journal",
    "LIST_MAX",
    "Note",
    "OpenIntent",
    "OwnDocument",
    "StationRecord",
    "Unconfirmed",
]

LIST_MAX = 200
"""Jobs in one answer of `list`: about 3 ms of the event loop; a longer list is read in pages."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The job is durable and new."""

    job: Job


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """The INN and key are known: `job` is the first one, `same` tells whether it was asked for the same receipt."""

    job: Job
    same: bool


class OpenIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A committing command of which the end is not journaled. `job` is None for the station's own commands."""

    station: str
    job: str | None
    intent: Intent
    opened_at: float


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What a start finds: jobs that somebody must move on, oldest first, and open intents by station."""

    jobs: tuple[Job, ...]
    intents: dict[str, OpenIntent]


class Unconfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """A registered document that waits for the operator's ticket."""

    drive: str
    document: int
    job: str
    registered_at: float


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something out of the ordinary that happened to a job: a doubt, a release, a decision with who and why."""

    at: float
    job: str
    event: str
    station: str | None
    detail: dict[str, Any]


class StationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a station itself: a step of a plan, an audit, a clock set, with who and why."""

    seq: int
    at: float
    station: str
    event: str
    detail: dict[str, Any]


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """A call that a shop asked for. Due at `due_at`; done when `done_at` is set; given up when neither is."""

    job: str
    url: str
    due_at: float | None
    tries: int
    done_at: float | None
    last: str | None


class Discovered(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt in a drive's archive that is no job's. `own_key` is what its 1086 holds where that is a key of ours."""

    station: str
    serial: str
    drive: str
    rnm: str
    document: int
    form: int
    sign: int
    moment: datetime | None
    shift: int
    receipt: int
    operation: int
    total: int
    own_key: str | None = None
    confirmed: bool = False
    """The drive has the operator's ticket for it."""
    model: str = ""
    timezone: str = "Europe/Moscow"

    @property
    def result(self) -> Result:
        """The document as a job's result. Conflict when the archive does not tell its moment."""
        if self.moment is None:
            raise Conflict(f"document {self.document} of drive {self.drive} has no readable moment")
        return Result(
            serial=self.serial,
            drive=self.drive,
            rnm=self.rnm,
            document=self.document,
            sign=self.sign,
            moment=self.moment,
            shift=self.shift,
            receipt=self.receipt,
            total=self.total,
            operation=self.operation,
            station=self.station,
            model=self.model,
            timezone=self.timezone,
        )


class OwnDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt's document as the journal knows it."""

    document: int
    job: str
    sign: int
    total: int
    confirmed: bool


class Journal(Protocol):
    """The verbs. Evidence and proofs are dicts that JSON can hold; bytes in them come back as base64 text."""

    async def accept(self, order: Order) -> Accepted | Duplicate:
        """A new job, or the one that this INN and key already have."""
        ...

    async def claim(self, job_id: str, station: str) -> Job:
        """The station takes an accepted job. Durable with the next step, see above."""
        ...

    async def intend(self, station: str, intent: Intent, job_id: str | None) -> None:
        """The committing command may be sent from now on. A station has one open intent at most.

        With a job: the station's own claimed job becomes `sent`. Without: the station's own command (a shift).
        """
        ...

    async def settle(self, station: str, outcome: Outcome, job_id: str | None) -> Job | None:
        """How a job or, with `job_id=None`, the station's own command ended; closes its open intent.

        `Refused` may also end a claimed job, which has no intent yet.
        """
        ...

    async def confirm(self, drive: str, document: int, ticket: Ticket) -> Job | None:
        """The operator has the document; None when it is not a job's. Said twice, the first ticket stays. Durable with
        the next step, see above: say it once the drive has the ticket, and it can be said again."""
        ...

    async def doubt(self, job_id: str, why: str) -> Job:
        """The answer to the committing command was lost."""
        ...

    async def release(self, job_id: str, why: str, proof: dict[str, Any] | None = None) -> Job:
        """Give the job back to the queue. Once it was sent, only with the proof that no document exists."""
        ...

    async def quarantine(self, job_id: str, reason: str, evidence: dict[str, Any] | None = None) -> Job:
        """A person decides. Closes the open intent, so that the station can go on; the job keeps it as evidence."""
        ...

    async def decide(self, job_id: str, decision: Decision, who: str, why: str, result: Result | None = None) -> Job:
        """A person's word on a quarantined job; `result` comes with `Decision.REGISTERED` and only with it."""
        ...

    async def cancel(self, job_id: str) -> Job:
        """Withdraw a job that nobody has claimed."""
        ...

    async def status(self, *, id: str | None = None, inn: str | None = None, key: str | None = None) -> Job | None:
        """A job by its id, or by INN and key."""
        ...

    async def list(
        self,
        limit: int = 50,
        before: str | None = None,
        states: Collection[State] | None = None,
        inn: str | None = None,
    ) -> builtins.list[Job]:
        """Newest jobs first, `LIST_MAX` at most; `before` is the last id of the page before."""
        ...

    async def raw(self, job_id: str) -> bytes | None:
        """The request as it came, or None when it was erased."""
        ...

    async def notes(self, job_id: str) -> builtins.list[Note]:
        """What happened to the job out of the ordinary, oldest first."""
        ...

    async def load(self) -> Backlog:
        """What a start must look at."""
        ...

    async def unconfirmed(self, drive: str, limit: int = LIST_MAX) -> builtins.list[Unconfirmed]:
        """Registered documents of a drive without a ticket, oldest first."""
        ...

    async def erase(self, job_id: str) -> Job:
        """Forget the buyer: the raw request and the personal fields of the receipt. The job stays."""
        ...

    async def retain(self, accepted_before: float, after: int) -> tuple[int, int | None]:
        """Forget the buyers of jobs accepted before a moment, some hundred at a time. `after` is 0 at first and then
        what the call before gave; (how many were erased, where to go on or None at the end)."""
        ...

    # The station's own history

    async def record(self, station: str, event: str, detail: dict[str, Any]) -> StationRecord:
        """Something happened to a station: durable, and part of its chain."""
        ...

    async def records(
        self, station: str, events: Collection[str] | None = None, limit: int = LIST_MAX
    ) -> builtins.list[StationRecord]:
        """A station's history, newest first."""
        ...

    # What drives hold

    async def documents(self, drive: str, first: int, last: int) -> builtins.list[OwnDocument]:
        """Receipts of a drive that are jobs', by document number, both ends included; `LIST_MAX` numbers at most."""
        ...

    async def last_document(self, drive: str) -> int:
        """The highest document number of a drive that is a job's; 0 when there is none."""
        ...

    async def first_document(self, drive: str) -> int:
        """The lowest one; 0 when there is none."""
        ...

    async def discover(self, station: str, documents: Sequence[Discovered]) -> builtins.list[Discovered]:
        """Keep receipts found in a drive that are no job's; those not known before are given back. From now on an
        order whose own key one of them carries is answered with that document."""
        ...

    async def discovered(self, drive: str | None = None) -> builtins.list[Discovered]:
        """Receipts in drives that are no job's."""
        ...

    @property
    def reconciling(self) -> bool:
        """A backup was restored, and what happened after it was made is not known until every drive was read."""
        ...

    async def reconciled(self, station: str, detail: dict[str, Any]) -> None:
        """The station's drive was read after a restore (or a person said, in `detail`, that it never will be)."""
        ...

    def reconciled_stations(self) -> frozenset[str]:
        """Stations for which that was said."""
        ...

    async def end_reconciling(self) -> None:
        """Every drive was read: business as usual."""
        ...

    # Callbacks

    async def callbacks_due(self, now: float, limit: int = 50) -> builtins.list[Callback]:
        """Calls to be made, the longest due first."""
        ...

    async def callback(self, job_id: str) -> Callback | None:
        """A job's callback."""
        ...

    async def callback_tried(self, job_id: str, outcome: str, *, due_at: float | None, done: bool) -> Callback:
        """A try was made; it is due again at `due_at`, or given up when that is None and it is not done."""
        ...

    async def replay_callback(self, job_id: str) -> Callback:
        """Make the call again, from the beginning of its schedule."""
        ...

    def failed(self) -> str | None:
        """Why it takes no more verbs until a new start; None while it does."""
        ...

    def work(self) -> JournalWork:
        """What was written since it was opened."""
        ...

    def counts(self) -> dict[State, int]:
        """Jobs in each state, from memory."""
        ...

    def close(self) -> None:
        """Finish what waits and let go of the storage."""
        ...
