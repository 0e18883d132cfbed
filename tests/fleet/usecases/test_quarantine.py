"""Twin of `fleet.usecases.quarantine`: a person's word on a job, with the drive to check it against."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio.testing

from fleet.errors import Conflict, Missing
from fleet.jobs import Job, State
from fleet.usecases import UseCases
from tests.end_to_end.world import World, documents, order, post, wait_for


async def quarantined(fleet: UseCases, key: str) -> Job:
    """A job that went to a person before any register had it."""
    outcome = await fleet._journal.accept(order(key))
    return await fleet._journal.quarantine(outcome.job.id, "a test wants it so", {"seen": 1})


async def foreign_document(fleet: UseCases, world: World) -> int:
    """A receipt of the drive that is no job's: one that the journal was made to forget."""
    job = await wait_for(fleet, await post(fleet, "made by hand"), State.CONFIRMED)
    assert job.result is not None
    journal: object = fleet._journal
    journal._writing.execute("UPDATE jobs SET drive = NULL, document = NULL")  # type: ignore[attr-defined]  # a hole
    return job.result.document


async def test_registered_as_a_document_of_the_drive(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """The archive tells sign, moment and shift; nobody types them."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        number = await foreign_document(fleet, world)
        job = await quarantined(fleet, "odd")
        drive = world.registers[0].drive.number
        with pytest.raises(Conflict, match="say which drive"):
            await fleet.quarantine.registered(job.id, number, who="olga", why="I saw it")
        done = await fleet.quarantine.registered(job.id, number, who="olga", why="I saw it", drive=drive)
        assert done.result is not None
        assert (done.state, done.result.document, done.result.shift, done.result.receipt) == (
            State.CONFIRMED,
            number,
            1,
            1,
        )
        evidence = await fleet.quarantine.evidence(job.id)
        assert [(note.event, note.detail.get("who")) for note in evidence.notes] == [
            ("quarantine", None),
            ("decide_registered", "olga"),
        ]
        assert await fleet.quarantine.list() == []


async def test_a_document_that_does_not_fit(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Another sum, no receipt, no such number, a drive that is not here, a document that is another job's: nothing is
    decided, and each is told."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        taken = await wait_for(fleet, await post(fleet, "taken"), State.CONFIRMED)
        job = await quarantined(fleet, "odd")
        assert taken.result is not None
        drive = taken.result.drive
        for number, where, why in (
            (1, drive, "has no receipt"),
            (99, drive, "has no receipt"),
            (3, "9999078900009999", "no register of the rack"),
            (taken.result.document, drive, "is that of job"),
        ):
            with pytest.raises(Conflict, match=why):
                await fleet.quarantine.registered(job.id, number, who="olga", why="guess", drive=where)
        assert (await fleet.quarantine.list()) == [job]
        with pytest.raises(Missing):
            await fleet.quarantine.requeue("none", who="olga", why="guess")


async def test_made_again(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Requeued: any station makes it, once."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        job = await quarantined(fleet, "odd")
        await fleet.quarantine.requeue(job.id, who="olga", why="no document anywhere")
        await wait_for(fleet, job.id, State.CONFIRMED)
        assert [form for _, form, _ in documents(world.registers[0], world.now())] == [1, 2, 3]
        with pytest.raises(Conflict):
            await fleet.quarantine.requeue(job.id, who="olga", why="again")


async def test_cancelled(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """It is over, and whoever waits for it hears so."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        job = await quarantined(fleet, "odd")
        await fleet.quarantine.cancel(job.id, who="olga", why="the shop gave the money back")
        assert (await fleet.finished(job.id)).state is State.CANCELLED
        assert documents(world.registers[0], world.now()) == [(1, 1, None)]
