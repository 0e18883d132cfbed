"""One receipt from order to confirmation, in virtual time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import trio
import trio.testing

from fleet.desk import Order as StationOrder
from fleet.errors import Conflict
from fleet.jobs import State
from fleet.journal.base import Accepted
from fleet.usecases import UseCases
from fn_emulator.faults import Fault, FaultPlan
from tests.end_to_end.world import INN, World, documents, order, post, receipt, wait_for


async def test_a_receipt_is_registered_and_confirmed(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """accepted → claimed → sent → registered → confirmed, one document in the drive."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        job = await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        assert job.result is not None
        assert job.result.document == 3  # after the registration report and the shift
        assert job.result.ticket_code == 0
        assert documents(world.registers[0], world.now()) == [(1, 1, None), (2, 2, None), (3, 3, 19900)]


async def test_both_link_layers_share_the_work(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Four registers, two of them on the alternative layer; wear levels over all."""
    world = World(tmp_path, registers=4, durations={"FF45": 0.5})
    async with world.daemon() as fleet:
        ids = [await post(fleet, str(n)) for n in range(40)]
        jobs = [await wait_for(fleet, one, State.CONFIRMED) for one in ids]
        made = {view.name: view.documents_made for view in fleet.rack()}
        assert sum(made.values()) == 40
        assert min(made.values()) >= 8, made
        numbers = {(job.result.drive, job.result.document) for job in jobs if job.result}
        assert len(numbers) == 40


async def test_a_lost_answer_is_asked_for_and_never_repeated(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """The register closed the receipt, its answer vanished with the connection: one document, right number."""
    for fault in (Fault.ANSWER_LOST, Fault.CUT_AFTER, Fault.POWER_AFTER, Fault.POWER_AFTER_COMMIT):
        world = World(tmp_path / fault.name)
        (tmp_path / fault.name).mkdir()
        world.registers[0].faults = FaultPlan({"FF45": [fault]})
        async with world.daemon() as fleet:
            job = await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
            assert job.result is not None
            assert [form for _, form, _ in documents(world.registers[0], world.now())] == [1, 2, 3], fault
            assert job.result.document == 3


async def test_a_lost_command_is_made_again_after_quiescence(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """The closing command never arrived: proved, and then made once."""
    for fault in (Fault.COMMAND_LOST, Fault.CUT_BEFORE, Fault.POWER_BEFORE, Fault.POWER_BEFORE_COMMIT):
        world = World(tmp_path / fault.name)
        (tmp_path / fault.name).mkdir()
        world.registers[0].faults = FaultPlan({"FF45": [fault]})
        async with world.daemon() as fleet:
            job = await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
            receipts = [total for _, form, total in documents(world.registers[0], world.now()) if form == 3]
            assert receipts == [19900], fault
            assert job.attempts == 2


async def test_the_operator_away_for_an_hour(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Receipts go on as registered; when it returns all are delivered in FD order and confirmed."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        world.operator_up = False
        ids = []
        for n in range(12):
            ids.append(await post(fleet, str(n)))
            await trio.sleep(300)
        jobs = [await wait_for(fleet, one, State.REGISTERED) for one in ids]
        assert fleet.rack()[0].unsent == 14
        world.operator_up = True
        jobs = [await wait_for(fleet, one, State.CONFIRMED) for one in ids]
        tickets = [job.result.ticket_at for job in jobs if job.result]
        assert tickets == sorted(tickets)  # type: ignore[type-var]  # all confirmed, none is None
        delivered = [one.document for one in world.operator.store.documents(world.registers[0].drive.number)]
        assert delivered == sorted(delivered)
        assert len(delivered) == 14


async def test_a_shift_is_closed_before_24_hours(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Nobody touches the rack for three days: one shift per used day, none on idle days."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        await trio.sleep(3 * 86400)
        assert [form for _, form, _ in documents(world.registers[0], world.now())] == [1, 2, 3, 5]
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        assert [form for _, form, _ in documents(world.registers[0], world.now())] == [1, 2, 3, 5, 2, 3]


async def test_a_dead_register_does_not_hold_its_jobs(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """A station that cannot reach its register gives its jobs to others and comes back by itself."""
    world = World(tmp_path, registers=2)
    world.unplugged.add(0)
    async with world.daemon() as fleet:
        for n in range(5):
            await wait_for(fleet, await post(fleet, str(n)), State.CONFIRMED)
        assert [view.state for view in fleet.rack()] == ["sick", "idle"]
        world.unplugged.clear()
        await trio.sleep(60)
        assert [view.state for view in fleet.rack()] == ["idle", "idle"]


async def test_a_restarted_daemon_goes_on(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Jobs that a stopped daemon left behind are made by the next one; keys stay used."""
    world = World(tmp_path)
    world.unplugged.add(0)
    async with world.daemon() as fleet:
        first = await post(fleet, "1")
    world.unplugged.clear()
    async with world.daemon() as fleet:
        job = await wait_for(fleet, first, State.CONFIRMED)
        assert job.result is not None
        assert receipt().total == job.result.total


async def test_many_shops_at_once(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Receipts, tickets and withdrawals cross each other at full load: every receipt that was not withdrawn is made
    once."""
    world = World(tmp_path, registers=4)
    withdrawn: set[str] = set()

    async def shop(fleet: UseCases, number: int) -> None:
        for turn in range(12):
            job_id = await post(fleet, f"{number}-{turn}")
            if turn % 4 == 3:
                with suppress(Conflict):
                    await fleet.cancel(inn=INN, id=job_id)
                    withdrawn.add(job_id)
            await fleet.finished(job_id)

    async with world.daemon() as fleet:
        async with trio.open_nursery() as nursery:
            for number in range(16):
                nursery.start_soon(shop, fleet, number)
        while any(view.unsent for view in fleet.rack()):
            await fleet.changed(fleet.change_count)
        assert fleet.counts()[State.CONFIRMED] == 16 * 12 - len(withdrawn)
        assert fleet.counts()[State.CANCELLED] == len(withdrawn)
    receipts = [form for register in world.registers for _, form, _ in documents(register, world.now()) if form == 3]
    assert len(receipts) == 16 * 12 - len(withdrawn)


async def test_a_job_given_together_with_another_message(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """A ticket ends a station's idle wait, and before the station runs again the dispatcher, which still takes it for
    idle, gives it a job: the job is made, not overlooked."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        outcome = await fleet._journal.accept(order("2"))
        assert isinstance(outcome, Accepted)
        fleet._desk.send("k1", StationOrder.WAKE)
        fleet._desk.submit(outcome.job)
        await wait_for(fleet, outcome.job.id, State.CONFIRMED)
