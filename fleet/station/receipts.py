"""One receipt, from the claim to its end. Whatever happens, the journal says where the job stands."""

from __future__ import annotations

import trio

from fleet.errors import Conflict
from fleet.jobs import Job
from fleet.station.doubt import Doubt
from fleet.station.endings import Endings
from fleet.station.shifts import Shifts
from fleet.station.workplace import Workplace, explain
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.errors import DriverError, LineLost, Refused

__all__ = ["STALE", "TRANSIENT_PAUSE_S", "TRANSIENT_TRIES", "Receipts"]

TRANSIENT_TRIES = 20
TRANSIENT_PAUSE_S = 0.5
"""A transient refusal (printing, drive busy) was not executed: wait and ask again, 10 s in all."""

STALE = frozenset((0x16, 0x3C, 0x3D, 0x4E, 0x73))
"""Refusals that say our picture of the shift is stale: shift over 24 h, open, not open, wrong mode."""

SERVICE_WEIGHT = 0.1
"""Of the newest receipt in the mean service time: about the last twenty count."""


class Receipts:
    """Makes receipts at one register."""

    def __init__(self, work: Workplace, *, shifts: Shifts, doubt: Doubt, endings: Endings) -> None:
        self._work = work
        self._shifts = shifts
        self._doubt = doubt
        self._endings = endings

    async def make(self, register: Register, job: Job) -> bool:
        """Make one receipt of a job that the dispatcher gave us; whether the register did what it should."""
        work = self._work
        started = work.now()
        work.show("busy")
        try:
            job = await work.journal.claim(job.id, work.name)
        except Conflict as conflict:  # withdrawn on its way to us
            work.log.info("job is gone", job=job.id, why=str(conflict))
            return False
        try:
            await self._attempt(register, job)
        except DriverError as error:
            await self._failed(register, job, error)
            return False
        else:
            work.made += 1
            took = work.now() - started
            work.desk.figures.receipt(work.name, took)
            old = work.service_s or took
            work.service_s = (1 - SERVICE_WEIGHT) * old + SERVICE_WEIGHT * took
            return True

    async def _failed(self, register: Register, job: Job, error: DriverError) -> None:
        work = self._work
        if work.intents.open is not None and not (isinstance(error, Refused) and error.proof):
            await work.journal.doubt(job.id, explain(error))
            await self._doubt.resolve(register)
        elif isinstance(error, Refused):
            await self._endings.refused(job, error)
        else:
            # Nothing that commits was sent: the job goes elsewhere at once, the register is looked at anew.
            work.note_interruption(error)
            await self._endings.released(job, explain(error))
            raise error

    async def _attempt(self, register: Register, job: Job) -> None:
        work = self._work
        stale_tries = 0
        for _ in range(TRANSIENT_TRIES):
            try:
                await self._shifts.ensure(register)
                assert work.identity is not None and work.state is not None
                making = procedures.receipt(job.receipt, job=job.id, identity=work.identity, state=work.state)
                done = await register.run(making, rest=False)
                await self._endings.registered(job, done)
                return
            except Refused as refusal:
                if refusal.code in STALE and stale_tries == 0:
                    stale_tries += 1
                    await work.refresh(register)
                elif refusal.meaning.disposition == "transient":
                    await trio.sleep(TRANSIENT_PAUSE_S)
                else:
                    raise
        raise LineLost(f"the register stays busy for {TRANSIENT_TRIES * TRANSIENT_PAUSE_S:.0f} s")
