"""Twin of `fleet.station.replacement`: a drive is replaced on emulated registers, also when things go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from fleet.errors import Conflict
from fleet.jobs import State
from fleet.usecases import UseCases
from fn_emulator.drive import Drive
from fn_emulator.emulated import drive_number
from fn_emulator.faults import Fault, FaultPlan
from fn_emulator.signs import DEMO_MASTER_KEY, Keys
from fn_emulator.storage import MemoryStorage
from tests.end_to_end.world import World, documents, post, wait_for

CLOSING, CHANGE = 6, 11


def swap(world: World, number: int) -> Drive:
    """Somebody changes the drive, with the power off. The old one is given back."""
    register = world.registers[number]
    old, name = register.drive, drive_number(number + 1, 2)
    register.insert(Drive(MemoryStorage(), number=name, keys=Keys.derive(DEMO_MASTER_KEY, name)), world.now())
    world.cut(number)
    return old


async def at_step(fleet: UseCases, station: str, step: str | None, within_s: float = 900) -> None:
    """Wait until the replacement stands at a step."""
    with trio.fail_after(within_s):
        while True:
            seen = fleet.change_count
            view = next(one for one in fleet.rack() if one.name == station)
            if view.replacement == step:
                return
            await fleet.changed(seen)


async def replaced(world: World, fleet: UseCases, number: int) -> Drive:
    """The whole plan at one station, with the two things that a person does."""
    name = f"k{number + 1}"
    await fleet.drives.replace(name, who="olga", why="full on 3 March")
    await at_step(fleet, name, "swap")
    await trio.sleep(10)
    old = swap(world, number)
    await at_step(fleet, name, "card")
    await trio.sleep(5)
    await fleet.drives.card_entered(name, who="olga", why="card 17")
    await at_step(fleet, name, None)
    return old


async def test_one_drive(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Everything is delivered before the drive is closed and after; document 6 is its last one, the change report the
    new one's first; the history says who, why, when, and the register is back in its pool."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        old = await replaced(world, fleet, 0)
        job = await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        assert job.result is not None
        assert job.result.drive == drive_number(1, 2)
        assert (old.phase, old.queue_length) == (15, 0)
        new = documents(world.registers[0], world.now())
        assert new[0][1] == CHANGE
        assert job.result.document == new[-1][0]
        progress = await fleet.drives.progress("k1")
        steps = [record.detail["step"] for record in reversed(progress.history)]
        assert steps == [
            *("begun", "close_shift", "deliver", "close_drive", "closing made", "deliver_closing", "swap"),
            *("change_report", "change made", "card", "card_entered", "done"),
        ]
        assert progress.history[1].detail["who"] == "olga"
        assert not [alarm for alarm in fleet.rack()[0].alarms if "drift" in alarm.key], "the change was meant"


@pytest.mark.slow
async def test_every_drive_of_a_pool_under_load(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Ten registers, a receipt every second, every drive replaced in turn: every receipt is confirmed, none
    fails, and none waits for longer than the others need."""
    world = World(tmp_path, registers=10)
    jobs: list[str] = []
    slowest = 0.0
    done = trio.Event()

    async def one(fleet: UseCases, key: str) -> None:
        nonlocal slowest
        began = trio.current_time()
        jobs.append(await post(fleet, key))
        job = await fleet.finished(jobs[-1])
        assert job.state in (State.REGISTERED, State.CONFIRMED), job.reason
        slowest = max(slowest, trio.current_time() - began)

    async def load(fleet: UseCases, nursery: trio.Nursery) -> None:
        while not done.is_set():
            nursery.start_soon(one, fleet, str(len(jobs)))
            await trio.sleep(1)

    async with world.daemon() as fleet:
        await trio.sleep(5)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(load, fleet, nursery)
            olds = [await replaced(world, fleet, number) for number in range(10)]
            done.set()
        for job_id in jobs:
            await wait_for(fleet, job_id, State.CONFIRMED)
        assert all((old.phase, old.queue_length) == (15, 0) for old in olds)
        assert {view.drive for view in fleet.rack()} == {drive_number(number, 2) for number in range(1, 11)}
        assert all(view.state in ("idle", "busy") for view in fleet.rack())
        assert slowest < 1.0
        assert len(jobs) > 100


@pytest.mark.parametrize("step", ["deliver", "deliver_closing", "swap", "card"])
async def test_a_restart_goes_on(tmp_path: Path, autojump_clock: trio.testing.MockClock, step: str) -> None:
    """The daemon ends at a step and is started again, at two of them while the drive is changed meanwhile."""
    world = World(tmp_path)
    world.operator_up = step not in ("deliver", "deliver_closing") or step == "deliver_closing"
    async with world.daemon() as fleet:
        job = await post(fleet, "1")
        await wait_for(fleet, job, State.REGISTERED, State.CONFIRMED)
        await fleet.drives.replace("k1", who="olga", why="old")
        if step == "deliver_closing":
            await at_step(fleet, "k1", "close_drive")
            world.operator_up = False
        if step == "card":
            await at_step(fleet, "k1", "swap")
            swap(world, 0)
        await at_step(fleet, "k1", step)
    world.operator_up = True
    if step == "swap":
        swap(world, 0)
    async with world.daemon() as fleet:
        if step not in ("swap", "card"):
            await at_step(fleet, "k1", "swap")
            swap(world, 0)
        await at_step(fleet, "k1", "card")
        await fleet.drives.card_entered("k1", who="olga", why="card 17")
        await at_step(fleet, "k1", None)
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        await wait_for(fleet, job, State.CONFIRMED)
    assert [form for _, form, _ in documents(world.registers[0], world.now())].count(CHANGE) == 1


@pytest.mark.parametrize("command", ["FF3E", "FF34"])
@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.CUT_AFTER, Fault.CUT_BEFORE, Fault.POWER_AFTER_COMMIT])
async def test_a_lost_answer_is_resolved(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, command: str, fault: Fault
) -> None:
    """Closing a drive and registering one are committing commands like any other: done once, whatever the line does."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        world.registers[0].faults = FaultPlan({command: [fault]})
        old = await replaced(world, fleet, 0)
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        history = (await fleet.drives.progress("k1")).history
        made = [record.detail for record in history if record.detail["step"] == "change made"]
        assert [one["document"] for one in made] == [1], "whoever must fill in the card is told of it all the same"
    forms = [form for _, form, _ in documents(world.registers[0], world.now())]
    assert (forms.count(CHANGE), forms[0]) == (1, CHANGE)
    assert old.last_document == 5, "registration, shift, receipt, shift, closing"


async def test_what_is_not_yet_or_no_longer_possible(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """No card before there is a report, no way back after the drive was closed; before that there is one."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.REGISTERED, State.CONFIRMED)
        with pytest.raises(Conflict):
            await fleet.drives.card_entered("k1", who="olga", why="too early")
        world.operator_up = False
        await wait_for(fleet, await post(fleet, "2"), State.REGISTERED)
        await fleet.drives.replace("k1", who="olga", why="old")
        await at_step(fleet, "k1", "deliver")
        await fleet.drives.abandon("k1", who="olga", why="not today")
        await at_step(fleet, "k1", None)
        await wait_for(fleet, await post(fleet, "3"), State.REGISTERED)
        world.operator_up = True
        await fleet.drives.replace("k1", who="olga", why="today")
        await at_step(fleet, "k1", "swap")
        with pytest.raises(Conflict):
            await fleet.drives.abandon("k1", who="olga", why="too late")
