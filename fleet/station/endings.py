"""The ways in which a job leaves a station. Each is a verb of the journal: durable before anybody hears of it."""

from __future__ import annotations

from typing import Any

import msgspec

from fleet.errors import Conflict
from fleet.jobs import Job, Result
from fleet.jobs import Refused as JobRefused
from fleet.jobs import Registered as JobRegistered
from fleet.station.workplace import Workplace, explain
from kkt_driver.errors import Refused
from kkt_driver.verdicts import Registered

__all__ = ["ATTEMPTS_MAX", "TAKEN", "Endings"]

ATTEMPTS_MAX = 5
"""A job that so many tries could not place goes to a person: it may be the job that is sick, not the registers."""

STATION_ATTEMPTS_MAX = 50
"""When the register says that it is its own fault (a full drive, the end of its term): the only one of a pool is tried
for half an hour before somebody is asked, and no shop hears of it."""


TAKEN = "document taken"
"""The alarm of a register whose document is another job's in the journal."""


class Endings:
    """Ends of jobs at one station."""

    def __init__(self, work: Workplace) -> None:
        self._work = work

    async def registered(self, job: Job, done: Registered) -> None:
        """The job became a document."""
        work = self._work
        assert work.identity is not None
        result = Result(
            serial=work.identity.serial,
            drive=work.identity.drive,
            rnm=work.identity.rnm,
            document=done.document,
            sign=done.sign,
            moment=done.moment,
            shift=done.shift,
            receipt=done.receipt,
            total=job.receipt.total,
            operation=int(job.receipt.operation),
            station=work.name,
            model=work.identity.model,
            timezone=work.config.timezone,
        )
        try:
            await work.journal.settle(work.name, JobRegistered(result=result, evidence=done.evidence), job.id)
        except Conflict as conflict:
            await self._taken(job, result, done, conflict)
            return
        work.intents.open = None
        if work.state is not None:
            work.state = work.state.after(done)
        work.one_more_unsent()
        work.log.info("receipt registered", job=job.id, document=done.document)
        work.tell_wear()
        work.desk.figures.registered_s.observe(work.now() - job.accepted_at)
        work.desk.decided(job.id)

    async def _taken(self, job: Job, result: Result, done: Registered, conflict: Conflict) -> None:
        """The document is another job's already: two drives of one number, or a register put back to an older state. A
        person decides with both in hand; the rest of the rack goes on."""
        evidence = {**done.evidence, "result": msgspec.to_builtins(result)}
        await self.ambiguous(job, str(conflict), evidence)
        await self._work.alarms.ring(TAKEN, "critical", str(conflict), job=job.id, document=result.document)

    async def refused(self, job: Job, refusal: Refused) -> None:
        """The register refused and proved that no document exists. Whose fault it is decides what follows."""
        work = self._work
        proof = refusal.proof.evidence if refusal.proof else None
        if refusal.meaning.disposition != "content":
            await self.released(job, explain(refusal), proof=proof, attempts_max=STATION_ATTEMPTS_MAX)
            raise refusal
        evidence = {"code": refusal.code, "command": refusal.command, "proof": proof}
        outcome = JobRefused(reason=refusal.meaning.message_ru, code=refusal.code, evidence=evidence)
        await work.journal.settle(work.name, outcome, job.id)
        work.intents.open = None
        work.log.info("receipt refused", job=job.id, code=f"{refusal.code:02X}")
        work.desk.decided(job.id)

    async def released(
        self, job: Job, why: str, proof: dict[str, Any] | None = None, attempts_max: int = ATTEMPTS_MAX
    ) -> None:
        """Nothing was registered: another try elsewhere, or a person when there were too many."""
        work = self._work
        if job.attempts >= attempts_max:
            await self._quarantine(job, f"{job.attempts} tries failed, the last one: {why}", proof or {})
        else:
            work.desk.submit(await work.journal.release(job.id, why, proof))
        work.intents.open = None
        work.desk.changes.tell()

    async def ambiguous(self, job: Job, why: str, evidence: dict[str, Any]) -> None:
        """The register's answers do not decide it: a person does."""
        await self._quarantine(job, why, evidence)
        self._work.intents.open = None

    async def _quarantine(self, job: Job, why: str, evidence: dict[str, Any]) -> None:
        await self._work.journal.quarantine(job.id, why, evidence)
        self._work.log.error("job is quarantined", job=job.id, why=why)
        self._work.desk.decided(job.id)
