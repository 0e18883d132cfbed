"""Twin of `fleet.station.shifts`: a pool closes in turns, an expired shift is repaired by a plan, clocks are kept."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest
import trio
import trio.testing

from fleet.config import ShiftPolicy
from fleet.jobs import State
from fleet.station.shifts import REPAIR
from fleet.usecases import UseCases
from fn_emulator.faults import Fault, FaultPlan
from tests.end_to_end.world import World, documents, post, wait_for

DAY_S = 86_400.0


def forms(world: World, number: int = 0) -> list[int]:
    return [form for _, form, _ in documents(world.registers[number], world.now())]


async def steps(fleet: UseCases) -> list[str]:
    return [record.detail["step"] for record in (await fleet.stations.history("k1", [REPAIR]))[::-1]]


async def test_a_pool_closes_in_turns(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Ten shifts were opened in one minute: never more than two registers of ten close at the same time, all before
    23 h 30 min, and each once."""
    world = World(tmp_path, registers=10, durations={"FF45": 0.5, "41": 20.0})
    world.poll_s = 3600
    closing = most = 0
    async with world.daemon() as fleet:
        await trio.sleep(5)
        for job in [await post(fleet, f"{number}") for number in range(20)]:
            await fleet.finished(job)
        assert all(view.shift_open for view in fleet.rack())
        first = min(view.shift_opened_at for view in fleet.rack() if view.shift_opened_at)
        await trio.sleep(84_600 - 1_000)
        assert all(view.shift_open for view in fleet.rack()), "not an hour before its time"
        with trio.fail_after(2_000):
            while any(view.shift_open for view in fleet.rack()):
                await fleet.changed(fleet.change_count)
                closing = sum(view.state == "shift" for view in fleet.rack())
                most = max(most, closing)
        assert most == 2
        closed_after_s = world.now() + 3 * 3600 - first.replace(tzinfo=UTC).timestamp()  # it is Moscow's wall clock
        assert closed_after_s <= 84_600 + 60, "a document's moment has no seconds"
    assert [forms(world, number).count(5) for number in range(10)] == [1] * 10


async def test_an_expired_shift_is_repaired(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """The daemon was down while the shift ran over: closed at the next connect by a plan that the journal keeps, with
    one Z, before anybody waits for it; the receipt that comes then finds a register that works."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
    await trio.sleep(25 * 3600)
    async with world.daemon() as fleet:
        await trio.sleep(60)
        assert forms(world) == [1, 2, 3, 5]
        assert await steps(fleet) == ["begun", "closed", "done"]
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        audit = await fleet.stations.last_audit("k1")
        assert audit is not None
        assert audit.detail["why"] == "a shift over 24 hours"
    assert forms(world) == [1, 2, 3, 5, 2, 3]


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.CUT_BEFORE, Fault.POWER_AFTER_COMMIT])
async def test_a_repair_that_is_interrupted(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, fault: Fault
) -> None:
    """The line or the power goes at the Z: the plan goes on where the register stands, and there is one Z."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
    await trio.sleep(25 * 3600)
    world.registers[0].faults = FaultPlan({"41": [fault]})
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        assert (await steps(fleet))[-1] == "done"
        assert (await steps(fleet)).count("done") == 1
    assert forms(world) == [1, 2, 3, 5, 2, 3]


async def test_a_repair_that_a_crash_interrupted(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """The daemon died after the Z and before it could journal that: the next start finds the shift closed and ends the
    plan, without a second Z."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        await fleet._journal.record("k1", REPAIR, {"step": "begun", "shift": 1})
        await fleet.stations.close_shift("k1", who="test")
        await trio.sleep(60)
    async with world.daemon() as fleet:
        await trio.sleep(60)
        assert await steps(fleet) == ["begun", "closed", "done"]
    assert forms(world) == [1, 2, 3, 5]


async def test_an_idle_register_opens_no_shift(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Three days without a receipt: no document at all."""
    world = World(tmp_path)
    world.poll_s = 3600
    async with world.daemon():
        await trio.sleep(3 * DAY_S)
    assert forms(world) == [1]


async def test_the_clock_is_set_when_the_shift_is_closed(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """It runs away by two minutes in a day, which the law allows: set at the close, not inside the shift, and nobody
    is woken."""
    world = World(tmp_path)
    world.settings = {"shift": ShiftPolicy(max_s=3600.0)}
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        world.registers[0].core.clock.skew_s += 120.0
        await trio.sleep(4000)
        (record,) = await fleet.stations.history("k1", ["clock_set"])
        assert record.detail["was"] > record.detail["now"]
        assert fleet.rack()[0].alarms == ()
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
    assert abs(world.registers[0].core.clock.skew_s) < 2
    assert forms(world) == [1, 2, 3, 5, 2, 3]


async def test_a_clock_beyond_the_law(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """It jumped by ten minutes inside a shift, and its drive noticed: it refuses every document. The register gets no
    receipt, stays connected and rings; put right by somebody it is back within a minute."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
    clock = world.registers[0].core.clock
    clock.skew_s += timedelta(minutes=10).total_seconds()
    async with world.daemon() as fleet:
        await trio.sleep(600)
        view = fleet.rack()[0]
        assert (view.state, [alarm.key for alarm in view.alarms]) == ("held", ["clock"])
        job = await post(fleet, "2")
        await trio.sleep(600)
        assert (await fleet.job(job)).state is State.ACCEPTED  # type: ignore[union-attr]  # it was accepted above
        clock.skew_s = 0.0
        await wait_for(fleet, job, State.CONFIRMED, within_s=120)
        assert fleet.rack()[0].alarms == ()
    assert forms(world) == [1, 2, 3, 3]
