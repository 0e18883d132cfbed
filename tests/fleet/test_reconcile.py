"""Twin of `fleet.reconcile`: an old journal over drives that went on without it makes no receipt a second time."""

from __future__ import annotations

from pathlib import Path

import trio
import trio.testing

from fleet.jobs import State
from fleet.journal.base import Duplicate
from fleet.journal.files import backup, restore
from fleet.usecases import QueueFull
from tests.end_to_end.world import World, documents, order, post, wait_for


def receipts(world: World) -> list[int]:
    """How many each drive has."""
    return [sum(form == 3 for _, form, _ in documents(register, world.now())) for register in world.registers]


async def restored(world: World, tmp_path: Path) -> tuple[str, str]:
    """A rack whose journal is older than two of its receipts: one that it knew as waiting, one that it did not know."""
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "before"), State.CONFIRMED)
    world.unplugged.update(range(len(world.registers)))
    async with world.daemon() as fleet:
        waiting = await post(fleet, "waiting")
        backup(tmp_path / "journal.sqlite", tmp_path / "copy.sqlite")
    world.unplugged.clear()
    async with world.daemon() as fleet:
        await wait_for(fleet, waiting, State.CONFIRMED)
        lost = await post(fleet, "lost")
        await wait_for(fleet, lost, State.CONFIRMED)
    restore(tmp_path / "copy.sqlite", tmp_path / "journal.sqlite", now=world.now())
    return waiting, lost


async def test_documents_find_their_jobs(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """By the own key in each: the waiting job is the document it became meanwhile, and a shop that repeats the lost
    one gets its old id and its document."""
    world = World(tmp_path, registers=2)
    waiting, lost = await restored(world, tmp_path)
    made = receipts(world)
    async with world.daemon() as fleet:
        job = await wait_for(fleet, waiting, State.CONFIRMED)
        assert job.result is not None
        while await fleet.status(inn=order("x").inn, id=lost) is None:
            answer = await fleet.accept(order("lost"))
            if isinstance(answer, QueueFull):
                await trio.sleep(answer.retry_after_s)
        assert isinstance(answer, Duplicate)
        assert (answer.job.id, answer.same, answer.job.state) == (lost, True, State.CONFIRMED)
        await wait_for(fleet, await post(fleet, "new"), State.CONFIRMED)
        assert not fleet._journal.reconciling
    assert sum(receipts(world)) == sum(made) + 1


async def test_nothing_is_made_before_every_drive_was_read(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """A register that is away may hold the receipt: shops are told to come again, and a person may say that it never
    will be read."""
    world = World(tmp_path, registers=2)
    await restored(world, tmp_path)
    made = receipts(world)
    world.unplugged.add(1)
    async with world.daemon() as fleet:
        await trio.sleep(60)
        assert isinstance(await fleet.accept(order("new")), QueueFull)
        assert receipts(world) == made
        assert await fleet.stations.reconciled("k2", who="olga", why="its drive is broken") is True
        await wait_for(fleet, await post(fleet, "new"), State.CONFIRMED)
        assert [one.detail for one in await fleet.stations.history("k2", ["reconciled"])] == [
            {"who": "olga", "why": "its drive is broken"}
        ]


async def test_a_job_that_no_drive_knows_goes_to_a_person(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """It may have been made by a drive that is gone: nobody makes it again unasked."""
    world = World(tmp_path)
    world.unplugged.add(0)
    async with world.daemon() as fleet:
        waiting = await post(fleet, "waiting")
        backup(tmp_path / "journal.sqlite", tmp_path / "copy.sqlite")
    restore(tmp_path / "copy.sqlite", tmp_path / "journal.sqlite", now=world.now())
    world.unplugged.clear()
    async with world.daemon() as fleet:
        await trio.sleep(600)
        assert [job.id for job in await fleet.quarantine.list()] == [waiting]
        assert receipts(world) == [0]
        await fleet.quarantine.requeue(waiting, who="olga", why="no drive has it")
        await wait_for(fleet, waiting, State.CONFIRMED)
