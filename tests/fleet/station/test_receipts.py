"""Twin of `fleet.station.receipts` and `endings`: a register that says it is its own fault costs no shop its key."""

from __future__ import annotations

from pathlib import Path

import trio
import trio.testing

from fleet.jobs import State
from fn_emulator.faults import Fault, FaultPlan
from tests.end_to_end.world import World, documents, post, wait_for


async def test_the_only_register_refuses_again_and_again(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """Its drive does not answer for a while: the receipt is tried with growing pauses, a person is told, and once the
    drive is back it is made, once; nobody had to decide anything."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        world.registers[0].faults = FaultPlan({"FF45": [Fault.DRIVE_SILENT] * 8})
        began = trio.current_time()
        job = await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        assert job.attempts == 9
        assert trio.current_time() - began >= 0.2 + 0.5 + 1 + 2 + 5 + 10 + 20
        assert [form for _, form, _ in documents(world.registers[0], world.now())] == [1, 2, 3, 3]
        assert fleet.rack()[0].alarms == (), "it is well again"
        events = await fleet.stations.history("k1", ["alarm", "alarm_over"])
        assert [record.detail["key"] for record in events] == ["sick", "sick"]
