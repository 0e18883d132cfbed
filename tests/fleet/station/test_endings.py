"""How a job leaves a station, where the journal itself says no."""

from __future__ import annotations

from pathlib import Path

import trio
import trio.testing

from fleet.jobs import State
from fleet.station.endings import TAKEN
from fn_emulator.emulated import registered
from tests.end_to_end.world import INN, START, World, post


async def test_two_drives_of_one_number_do_not_stop_the_rack(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """A cloned drive makes a document that the journal knows as another job's. That job waits for a person with both
    documents in its evidence, the station rings, and the daemon with all other stations goes on."""
    world = World(tmp_path, registers=2)
    world.registers[1] = registered(1, now=START - 600, inn=INN)
    async with world.daemon() as fleet:
        async with trio.open_nursery() as nursery:
            for key in ("1", "2"):
                nursery.start_soon(fleet.finished, await post(fleet, key))
        jobs = {job.state: job for job in await fleet.list(limit=10)}
        assert set(jobs) & {State.REGISTERED, State.CONFIRMED} and State.QUARANTINED in jobs
        case = await fleet.quarantine.evidence(jobs[State.QUARANTINED].id)
        assert [note.detail["evidence"]["result"]["document"] for note in case.notes if "evidence" in note.detail] == [
            3
        ]
        (view,) = (view for view in fleet.rack() if TAKEN in {alarm.key for alarm in view.alarms})
        assert view.name == jobs[State.QUARANTINED].station
        third = await fleet.finished(await post(fleet, "3"))
        assert third.result is not None and third.result.document == 4
