"""Jobs that evidence does not decide, and what a person may say of them: each word is journaled with who and why."""

from __future__ import annotations

import msgspec
import trio

from fleet.desk import Desk, Lookup
from fleet.errors import Conflict, Missing
from fleet.jobs import Decision, Job, State, Ticket
from fleet.journal.base import Discovered, Journal, Note
from fleet.station import Station

__all__ = ["LOOKUP_S", "Evidence", "Quarantine"]

LOOKUP_S = 30.0
"""A busy register looks into its archive between two receipts."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a job: for whoever decides, and for auditors later."""

    job: Job
    notes: list[Note]
    candidates: list[Discovered]
    """Receipts in drives that are no job's and have the same operation and total."""


class Quarantine:
    """Decisions on quarantined jobs."""

    def __init__(self, journal: Journal, desk: Desk, stations: list[Station]) -> None:
        self._journal = journal
        self._desk = desk
        self._stations = stations

    async def list(self, limit: int = 50, before: str | None = None) -> list[Job]:
        """Jobs that wait for a person, newest first."""
        return await self._journal.list(limit=limit, before=before, states=[State.QUARANTINED])

    async def evidence(self, id: str) -> Evidence:
        """What is known of a job, quarantined or not. Missing when there is none."""
        job = await self._job(id)
        wanted = (int(job.receipt.operation), job.receipt.total)
        return Evidence(
            job=job,
            notes=await self._journal.notes(id),
            candidates=[one for one in await self._journal.discovered() if (one.operation, one.total) == wanted],
        )

    async def registered(
        self, id: str, document: int, *, who: str, why: str, drive: str | None = None, told: Discovered | None = None
    ) -> Job:
        """It became document `document`. The drive's archive must have it with this operation and total; `told` stands
        in for a drive that no register of the rack holds any more. Conflict when it does not fit, nothing is changed.
        """
        job = await self._job(id)
        if told is None:
            told = await self._look_up(drive or _drive_of(job), document)
        wanted = (int(job.receipt.operation), job.receipt.total)
        if (told.operation, told.total) != wanted:
            raise Conflict(
                f"document {told.document} of drive {told.drive} has operation {told.operation} and total {told.total}"
                f", job {id} has {wanted[0]} and {wanted[1]}"
            )
        job = await self._journal.decide(id, Decision.REGISTERED, who, why, told.result)
        if told.confirmed:
            job = await self._journal.confirm(told.drive, told.document, Ticket(at=job.changed_at)) or job
        self._desk.decided(id)
        return job

    async def requeue(self, id: str, *, who: str, why: str) -> Job:
        """No document exists: make it again."""
        job = await self._journal.decide(id, Decision.REQUEUE, who, why)
        self._desk.submit(job)
        self._desk.changes.tell()
        return job

    async def cancel(self, id: str, *, who: str, why: str) -> Job:
        """No document exists, and none shall be made."""
        job = await self._journal.decide(id, Decision.CANCEL, who, why)
        self._desk.decided(id)
        return job

    async def _job(self, id: str) -> Job:
        job = await self._journal.status(id=id)
        if job is None:
            raise Missing(f"there is no job {id}")
        return job

    async def _look_up(self, drive: str, document: int) -> Discovered:
        station = next((one.name for one in self._stations if one.view().drive == drive), None)
        if station is None:
            raise Conflict(f"no register of the rack holds drive {drive}: connect it, or say what the document shows")
        lookup = Lookup(document)
        found = None
        with trio.move_on_after(LOOKUP_S) as patience:
            self._desk.send(station, lookup)
            found = await lookup.result()
        if patience.cancelled_caught:
            raise Conflict(f"station {station} did not answer within {LOOKUP_S:.0f} s: ask again when it is well")
        if found is None:
            raise Conflict(f"drive {drive} has no receipt with number {document}")
        return found


def _drive_of(job: Job) -> str:
    if job.intent is None:
        raise Conflict(f"job {job.id} was never sent to a register: say which drive has the document")
    return job.intent.drive
