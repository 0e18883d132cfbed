"""Twin of `fleet.station.commissioning`: what is not as it was recorded rings, what can be mended is."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from fleet.jobs import State
from fn_emulator.emulated import registered
from kkt_driver.commands import WriteTable
from tests.end_to_end.world import INN, START, World, post, wait_for


@pytest.mark.parametrize(
    ("table", "field", "wrong", "right"),
    [(24, 9, 1, 0), (24, 12, 1, 0), (24, 13, 1, 0), (17, 36, 0, 1), (17, 7, 0, 2), (21, 2, 1, 0)],
)
async def test_settings_are_mended(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, table: int, field: int, wrong: int, right: int
) -> None:
    """Automatic reports, answers without a moment, paper, an operator client of its own: none of them is for a rack.
    The register is put right before it makes anything, and nobody is woken for it."""
    world = World(tmp_path)
    world.registers[0].ask(WriteTable(table=table, row=1, field=field, value=bytes((wrong,))), START)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        assert world.registers[0].core.settings.number(table, 1, field) == right
        assert fleet.rack()[0].alarms == ()


async def test_another_register_behind_the_same_cable(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Cables were swapped: the station works on, an alarm says what changed, after a restart, too, until a person says
    that it is meant; then the other register is the recorded one."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
    world.registers[0] = registered(7, now=START - 600, inn=INN)
    for _ in range(2):
        async with world.daemon() as fleet:
            await trio.sleep(10)
            keys = {alarm.key for alarm in fleet.rack()[0].alarms}
            assert {"audit: drift of serial", "audit: drift of drive", "audit: drift of rnm"} == keys
            assert all(alarm.level == "alarm" for alarm in fleet.rack()[0].alarms)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        for key in keys:
            await fleet.stations.acknowledge("k1", key, who="olga", why="k1 went for repair")
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "3"), State.CONFIRMED)
        assert fleet.rack()[0].alarms == ()


async def test_a_register_of_another_company(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Nothing is ever made with it, and the operator is told which cable to look at."""
    world = World(tmp_path)
    world.registers[0] = registered(7, now=START - 600, inn="7707083893")
    async with world.daemon() as fleet:
        job = await post(fleet, "1")
        await trio.sleep(600)
        assert (await fleet.job(job)).state is State.ACCEPTED  # type: ignore[union-attr]  # it was accepted above
        view = fleet.rack()[0]
        assert "7707083893" in (view.problem or "") or view.state == "connecting"
        assert [alarm.key for alarm in view.alarms] == ["sick"]
        assert world.registers[0].drive.last_document == 1
