"""A restored journal: the drive is read past the last document that the journal knows, before anything is made."""

from __future__ import annotations

from fleet import reconcile
from fleet.station.archive import PAGE, receipts_of
from fleet.station.workplace import Workplace
from kkt_driver.client import Register

__all__ = ["read_drive"]


async def read_drive(register: Register, work: Workplace) -> None:
    """Nothing to do unless a backup was restored and this drive was not read since."""
    journal, identity, state = work.journal, work.identity, work.state
    if not journal.reconciling:
        return
    assert identity is not None and state is not None
    if work.name not in journal.reconciled_stations():
        work.show("reconciling")
        first = await journal.last_document(identity.drive) + 1
        found = 0
        for start in range(first, state.last_document + 1, PAGE):
            numbers = range(start, min(start + PAGE, state.last_document + 1))
            page = await register.run(receipts_of(numbers, identity, station=work.name, timezone=work.config.timezone))
            new = await journal.discover(work.name, page)
            for job in await reconcile.match(journal, new):
                work.desk.decided(job.id)
            found += len(new)
        detail = {"drive": identity.drive, "first": first, "last": state.last_document, "receipts": found}
        await journal.reconciled(work.name, detail)
        work.log.info("the drive was read after a restore", **detail)
    await reconcile.finish(journal, [station.name for station in work.fleet.stations])
