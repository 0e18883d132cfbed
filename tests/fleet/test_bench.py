"""Twin of `fleet.bench`: the drive of a dead register is read elsewhere and says what became of a receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from fleet.bench import BenchError, Verdict, judge, look_at
from fleet.jobs import State
from fleet.journal.base import Discovered
from fn_emulator.faults import Fault, FaultPlan
from kkt_driver.intents import Intent
from tests.end_to_end.world import World, post, wait_for

INTENT = Intent(
    job="1",
    action="receipt",
    command="FF45",
    serial="17",
    drive="9999",
    last_document=6,
    shift=1,
    receipt=1,
    own_key="mine",
)
WANTED = (1, 19900)


def receipt(document: int, own_key: str | None = None, total: int = 19900) -> Discovered:
    return Discovered(
        station="bench",
        serial="17",
        drive="9999",
        rnm="",
        document=document,
        form=3,
        sign=1,
        moment=None,
        shift=1,
        receipt=2,
        operation=1,
        total=total,
        own_key=own_key,
    )


@pytest.mark.parametrize(
    ("receipts", "verdict", "document"),
    [
        ([], Verdict.NOT_REGISTERED, None),
        ([receipt(7, "mine")], Verdict.REGISTERED, 7),
        ([receipt(7, "other"), receipt(8, "mine")], Verdict.REGISTERED, 8),
        ([receipt(7, "other")], Verdict.NOT_REGISTERED, None),
        ([receipt(7, total=1)], Verdict.NOT_REGISTERED, None),
        ([receipt(7)], Verdict.AMBIGUOUS, None),
        ([receipt(7, "mine"), receipt(8, "mine")], Verdict.AMBIGUOUS, None),
    ],
)
def test_verdicts(receipts: list[Discovered], verdict: Verdict, document: int | None) -> None:
    """Only a document that carries the receipt's own key is it; only when nothing can be it, it was not made."""
    found = judge(INTENT, WANTED, 9, receipts)
    assert (found.verdict, found.document and found.document.document) == (verdict, document)


def test_a_receipt_without_an_own_key() -> None:
    """The shop used the field for itself: an equal receipt may be it or may not, and a person looks."""
    intent = msgspec.structs.replace(INTENT, own_key=None)
    assert judge(intent, WANTED, 9, [receipt(7)]).verdict is Verdict.AMBIGUOUS
    assert judge(intent, WANTED, 9, []).verdict is Verdict.NOT_REGISTERED


@pytest.mark.parametrize(
    ("fault", "verdict"), [(Fault.CUT_AFTER, Verdict.REGISTERED), (Fault.CUT_BEFORE, Verdict.NOT_REGISTERED)]
)
async def test_a_register_that_died_with_a_receipt(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, fault: Fault, verdict: Verdict
) -> None:
    """The line goes with the closing command and never comes back. The job waits as unknown, the register is let go and
    its job waits for a person; the drive tells on the bench, and that decides the job: one document in the end."""
    world = World(tmp_path, registers=2)
    world.unplugged.add(1)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        world.registers[0].faults = FaultPlan({"FF45": [fault]})
        job_id = await post(fleet, "2")
        await wait_for(fleet, job_id, State.SENT, State.UNKNOWN)
        world.unplugged.add(0)
        await wait_for(fleet, job_id, State.UNKNOWN)
        await fleet.stations.retire("k1", who="olga", why="burnt", force=True)
        job = await wait_for(fleet, job_id, State.QUARANTINED)
        assert job.intent is not None
        world.unplugged.clear()  # a register on the bench holds the drive now; the other one of the rack is back
        found = await read(world, job.intent, 0)
        assert found.verdict is verdict
        with pytest.raises(BenchError):
            await read(world, job.intent, 1)
        if found.document is not None:
            told = found.document
            job = await fleet.quarantine.registered(job_id, told.document, who="olga", why="drive", told=told)
            assert job.result is not None
            assert job.result.drive == job.intent.drive if job.intent else False
        else:
            await fleet.quarantine.requeue(job_id, who="olga", why="drive")
            job = await wait_for(fleet, job_id, State.CONFIRMED)
            assert job.result is not None
            assert job.result.station == "k2"


async def read(world: World, intent: Intent, number: int) -> Any:
    """What a technician's machine reads over a line of its own."""
    from fleet.station.workplace import Intents

    station = world.station(number)
    no_intents = Intents(None, "bench")  # type: ignore[arg-type]  # nothing is committed here
    async with world._connect(station, store=no_intents) as register:
        return await look_at(register, intent, WANTED, timezone="Europe/Moscow")
