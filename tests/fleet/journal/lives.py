"""Jobs at every point of their lives, made by the journal's own verbs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from fleet.jobs import Job, Order, Refused, Registered, Result, State, Ticket
from fleet.journal import Accepted, Journal
from kkt_driver.intents import Fingerprint, Intent

__all__ = ["DRIVE", "STATION", "Make", "accepted", "intent", "job_in", "result"]

Make = Callable[..., Order]
STATION = "k1"
DRIVE = "9999078900000001"


def intent(job: str, **changes: Any) -> Intent:
    one = Intent(
        job=job,
        action="receipt",
        command="FF45",
        serial="0000000000000001",
        drive=DRIVE,
        last_document=41,
        shift=3,
        receipt=7,
        link="alternative",
        frame=513,
        fingerprint=Fingerprint(
            operation=1, total=150, payments=(0, 150, 0, 0, 0), items=(("Чай", "1.5", 100, 150, 4, 1),)
        ),
        own_key="c0ffee",
    )
    return msgspec.structs.replace(one, **changes)


def result(document: int = 42, **changes: Any) -> Result:
    one = Result(
        serial="0000000000000001",
        drive=DRIVE,
        rnm="0000000001012345",
        document=document,
        sign=2**32 - 1,
        moment=datetime(2026, 11, 23, 12, 34),
        shift=3,
        receipt=8,
        total=150,
        operation=1,
        station=STATION,
        model="ШТРИХ-М-01Ф",
    )
    return msgspec.structs.replace(one, **changes)


async def accepted(journal: Journal, order: Order) -> Job:
    answer = await journal.accept(order)
    assert isinstance(answer, Accepted)
    return answer.job


async def job_in(journal: Journal, state: State, order: Order, *, document: int = 42) -> Job:
    """A job that went the shortest way to `state`."""
    job = await accepted(journal, order)
    if state is State.ACCEPTED:
        return job
    if state is State.CANCELLED:
        return await journal.cancel(job.id)
    job = await journal.claim(job.id, STATION)
    if state is State.CLAIMED:
        return job
    await journal.intend(STATION, intent(job.id), job.id)
    if state is State.UNKNOWN:
        return await journal.doubt(job.id, "no answer")
    if state is State.QUARANTINED:
        return await journal.quarantine(job.id, "two documents fit", {"candidates": [42, 43]})
    if state is State.REFUSED:
        await journal.settle(STATION, Refused(reason="tax system", code=0x33), job.id)
    if state in (State.REGISTERED, State.CONFIRMED):
        await journal.settle(STATION, Registered(result=result(document)), job.id)
    if state is State.CONFIRMED:
        await journal.confirm(DRIVE, document, Ticket(at=5.0))
    found = await journal.status(id=job.id)
    assert found is not None
    assert found.state is state
    return found
