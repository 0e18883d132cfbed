"""After a backup was restored: what the drives hold is put together with what the journal forgot.

No receipt is made meanwhile. Each station reads its drive past the last document that the journal knows of it; then
every unfinished job of the backup either finds the document that carries its own key, or goes to a person: the part
of the journal that was lost may have moved it anywhere. Orders that the backup does not know at all meet their
document when the shop repeats them (`Journal.discover`).
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from fleet.errors import Conflict
from fleet.jobs import Decision, Job, State, Ticket
from fleet.journal.base import LIST_MAX, Discovered, Journal
from kkt_driver.procedures import short_key

__all__ = ["finish", "match"]

WHO = "journal"

log = structlog.get_logger("fleet.reconcile")


async def match(journal: Journal, documents: Iterable[Discovered]) -> list[Job]:
    """Give each quarantined job the document that carries its own key; the jobs that have one now."""
    by_key = {one.own_key: one for one in documents if one.own_key is not None}
    matched = []
    for job in await _quarantined(journal) if by_key else []:
        document = by_key.get(short_key(job.id))
        if document is None:
            continue
        try:
            why = f"document {document.document} of drive {document.drive} carries its own key"
            done = await journal.decide(job.id, Decision.REGISTERED, WHO, why, document.result)
        except Conflict as conflict:
            log.error("a document could not be given to its job", job=job.id, why=str(conflict))
            continue
        if document.confirmed:
            done = await journal.confirm(document.drive, document.document, Ticket(at=done.changed_at)) or done
        matched.append(done)
    return matched


async def finish(journal: Journal, stations: Iterable[str]) -> bool:
    """End the reconciling when every station's drive was read; whether it is ended."""
    if journal.reconciling and set(stations) <= journal.reconciled_stations():
        await journal.end_reconciling()
        log.info("every drive was read: receipts are made again", quarantined=journal.counts()[State.QUARANTINED])
    return not journal.reconciling


async def _quarantined(journal: Journal) -> list[Job]:
    jobs: list[Job] = []
    while page := await journal.list(limit=LIST_MAX, before=jobs[-1].id if jobs else None, states=[State.QUARANTINED]):
        jobs += page
    return jobs
