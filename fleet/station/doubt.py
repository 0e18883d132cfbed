"""A lost answer: the drive is asked what became of the command, and the verdict is journaled. Nothing else is done
with the register until then."""

from __future__ import annotations

from fleet.jobs import Done
from fleet.station.endings import Endings
from fleet.station.workplace import Workplace
from kkt_driver import recovery
from kkt_driver.client import Register
from kkt_driver.verdicts import Ambiguous, CashDone, NotRegistered, Registered, Verdict

__all__ = ["Doubt"]


class Doubt:
    """Resolves what one station left open."""

    def __init__(self, work: Workplace, endings: Endings) -> None:
        self._work = work
        self._endings = endings

    async def resolve(self, register: Register) -> None:
        """Ask the drive what became of the open command, and journal the verdict."""
        work = self._work
        assert work.intents.open is not None
        intent, job_id = work.intents.open
        work.show("resolving")
        verdict = await register.run(recovery.resolve(intent))
        work.log.info("doubt resolved", job=job_id, action=intent.action, verdict=type(verdict).__name__)
        if job_id is None:
            await self.end_own(_end_of(verdict))
            if isinstance(verdict, Registered):
                work.one_more_unsent()
            elif isinstance(verdict, Ambiguous):
                work.log.error("own command stays unexplained", action=intent.action, why=verdict.reason)
        else:
            await self._end_job(job_id, verdict)
        work.intents.open = None
        work.desk.changes.tell()
        if work.state is not None:
            await work.refresh(register)

    async def end_own(self, done: Done) -> None:
        """The station's own command ended."""
        await self._work.journal.settle(self._work.name, done, None)
        self._work.intents.open = None

    async def _end_job(self, job_id: str, verdict: Verdict) -> None:
        job = await self._work.journal.status(id=job_id)
        assert job is not None, "an open intent names a job of this journal"
        match verdict:
            case Registered():
                await self._endings.registered(job, verdict)
            case NotRegistered():
                why = "the answer was lost; proved that no document exists"
                await self._endings.released(job, why, verdict.evidence)
            case Ambiguous():
                await self._endings.ambiguous(job, verdict.reason, verdict.evidence)


def _end_of(verdict: Verdict) -> Done:
    """How an own command ended; None when nothing explains it, and then the register's state is what counts."""
    match verdict:
        case Registered() | CashDone():
            return Done(evidence=verdict.evidence)
        case NotRegistered():
            return Done(evidence=verdict.evidence, executed=False)
        case Ambiguous():
            return Done(evidence={**verdict.evidence, "why": verdict.reason}, executed=None)
