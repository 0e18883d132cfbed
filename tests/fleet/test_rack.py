"""Twin of `fleet.rack`: stations are drained, resumed, retired, added and changed while the daemon runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from fleet.errors import ConfigError, Conflict, Missing
from fleet.jobs import State
from fleet.rack import RACK
from fleet.usecases import StationView, UseCases
from fn_emulator.faults import Fault
from tests.end_to_end.world import INN, World, documents, post, wait_for

OLGA: dict[str, Any] = {"who": "olga", "why": "the shelf is moved"}


class DiesAtTheClose:
    """Register 1 makes the document of the next receipt; then its line is cut for good."""

    def __init__(self, world: World) -> None:
        self._world = world

    def on_command(self, body: bytes, now: float) -> Fault | None:
        if body[:2] != b"\xff\x45" or 0 in self._world.unplugged:
            return None
        self._world.unplugged.add(0)
        self._world.registers[0].faults = None
        return Fault.CUT_AFTER


def view(fleet: UseCases, name: str) -> StationView:
    return next(one for one in fleet.rack() if one.name == name)


async def until(fleet: UseCases, name: str, state: str, within_s: float = 600) -> None:
    with trio.fail_after(within_s):
        while view(fleet, name).state != state:
            await fleet.changed(fleet.change_count)


async def make(fleet: UseCases, *keys: str) -> list[str]:
    """Receipts one after the other; who made them."""
    makers = []
    for key in keys:
        job = await wait_for(fleet, await post(fleet, key), State.CONFIRMED)
        assert job.result is not None
        makers.append(job.result.station)
    return makers


async def test_a_drained_station_gets_no_receipts(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """It finishes what it has in hand, stays connected, is drained after a restart, too, and comes back when told."""
    world = World(tmp_path, registers=2, durations={"FF45": 0.5})
    async with world.daemon() as fleet:
        await make(fleet, "1", "2")
        jobs = [await post(fleet, f"load {n}") for n in range(8)]
        await fleet.stations.drain("k1", **OLGA)
        for job in jobs:
            await fleet.finished(job)
        await until(fleet, "k1", "drained")
        assert view(fleet, "k1").outside == ("drained: the shelf is moved",)
        assert set(await make(fleet, "3", "4")) == {"k2"}
    async with world.daemon() as fleet:
        await until(fleet, "k1", "drained")
        assert set(await make(fleet, "5", "6")) == {"k2"}
        await fleet.stations.resume("k1", who="olga", why="it is back")
        await until(fleet, "k1", "idle")
        assert "k1" in await make(fleet, "7", "8", "9")
        said = await fleet.stations.history("k1", ["standing_drained", "standing_serving"])
        assert [(one.event, one.detail["who"]) for one in said] == [
            ("standing_serving", "olga"),
            ("standing_drained", "olga"),
        ]


async def test_a_drained_pool_keeps_its_receipts(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """With nobody left to make it a receipt waits; it is not refused, and is made as soon as somebody is back."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await until(fleet, "k1", "idle")
        await fleet.stations.drain("k1", **OLGA)
        job = await post(fleet, "1")
        await trio.sleep(3600)
        assert (await fleet.job(job)).state is State.ACCEPTED  # type: ignore[union-attr]  # it was accepted above
        await fleet.stations.resume("k1", **OLGA)
        await wait_for(fleet, job, State.CONFIRMED)


async def test_retiring_leaves_nothing_behind(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Shift closed, every document delivered, then the register is free; retired also after a restart, and it can be
    taken back."""
    world = World(tmp_path, registers=2)
    async with world.daemon() as fleet:
        await make(fleet, "1", "2", "3")
        world.operator_up = False
        job = await post(fleet, "4")
        await wait_for(fleet, job, State.REGISTERED)
        for name in ("k1", "k2"):
            await fleet.stations.retire(name, **OLGA)
        await trio.sleep(600)
        assert "retiring" in [one.state for one in fleet.rack()], "something waits for the operator"
        world.operator_up = True
        for name in ("k1", "k2"):
            await until(fleet, name, "retired")
        assert (await fleet.job(job)).state is State.CONFIRMED  # type: ignore[union-attr]  # it was accepted above
        assert [register.drive.shift_open for register in world.registers] == [False, False]
        with pytest.raises(Conflict):
            await fleet.stations.retire("k1", **OLGA)
        with pytest.raises(Conflict):
            await fleet.stations.drain("k1", **OLGA)
    async with world.daemon() as fleet:
        await trio.sleep(10)
        assert [one.state for one in fleet.rack()] == ["retired", "retired"]
        await fleet.stations.resume("k1", **OLGA)
        assert await make(fleet, "5") == ["k1"]


async def test_letting_go_of_a_dead_register(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """It died after it may have made a receipt: without force it is waited for; with force the receipt goes to a
    person with its intent, and nothing makes it a second time."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await make(fleet, "1")
        world.registers[0].faults = DiesAtTheClose(world)
        job = await post(fleet, "2")
        await wait_for(fleet, job, State.UNKNOWN)
        await fleet.stations.retire("k1", **OLGA)
        await trio.sleep(3600)
        assert (await fleet.job(job)).state is State.UNKNOWN  # type: ignore[union-attr]  # it was accepted above
        await fleet.stations.retire("k1", **OLGA, force=True)
        found = await wait_for(fleet, job, State.QUARANTINED)
        assert found.intent is not None
        assert found.intent.drive == world.registers[0].drive.number
        assert view(fleet, "k1").state == "retired"


async def test_a_station_is_added(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """It works at once and after a restart; its name and its address are its own; what is wrong with it is told
    completely; once retired it can be forgotten."""
    world = World(tmp_path, registers=2)
    world.settings = {"stations": (world.station(0),)}
    table = {"name": "k2", "address": "tcp://127.0.0.1:7802", "inn": INN}
    async with world.daemon() as fleet:
        await make(fleet, "1")
        added = await fleet.stations.add(table, who="olga")
        assert (added.name, added.address) == ("k2", "tcp://127.0.0.1:7802")
        await until(fleet, "k2", "idle")
        assert set(await make(fleet, "2", "3", "4")) == {"k1", "k2"}
        for taken in (table, {**table, "name": "k3"}):
            with pytest.raises(Conflict):
                await fleet.stations.add(taken, who="olga")
        with pytest.raises(ConfigError) as error:
            await fleet.stations.add({"name": "@rack", "addres": "tcp://x"}, who="olga")
        assert len(error.value.problems) == 4
        with pytest.raises(Missing):
            await fleet.stations.drain("k3", **OLGA)
    async with world.daemon() as fleet:
        assert set(await make(fleet, "5", "6", "7")) == {"k1", "k2"}
        with pytest.raises(Conflict):
            await fleet.stations.remove("k2", who="olga")
        await fleet.stations.retire("k2", **OLGA)
        await until(fleet, "k2", "retired")
        await fleet.stations.remove("k2", who="olga")
        with pytest.raises(Conflict):
            await fleet.stations.remove("k1", who="olga")
    async with world.daemon() as fleet:
        assert [one.name for one in fleet.rack()] == ["k1"]


async def test_the_configuration_is_read_anew(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """A new station starts, a changed one starts again with its new settings, a vanished one retires; what a running
    daemon cannot change is said. Receipts go on all the while."""
    world = World(tmp_path, registers=3, durations={"FF45": 0.2})
    world.settings = {"stations": (world.station(0), world.station(1))}
    async with world.daemon() as fleet:
        await make(fleet, "1", "2")
        jobs = [await post(fleet, f"load {n}") for n in range(20)]
        world.station_settings["k2"] = {"group": "north"}
        world.settings = {"stations": (world.station(1), world.station(2)), "demo": True}
        done = await fleet.stations.reload(who="olga")
        assert (done.added, done.changed, done.retired, done.later) == (["k3"], ["k2"], ["k1"], ["demo"])
        for job in jobs:
            await wait_for(fleet, job, State.CONFIRMED)
        await until(fleet, "k1", "retired")
        assert set(await make(fleet, "3", "4", "5", "6")) == {"k2", "k3"}
        assert fleet.stations._rack.get("k2").config.group == "north"
        world.settings = {"stations": tuple(map(world.station, range(3)))}
        done = await fleet.stations.reload(who="olga")
        assert (done.added, done.changed, done.retired) == ([], ["k1"], [])
        await until(fleet, "k1", "idle")
        for name in ("k2", "k3"):
            await fleet.stations.drain(name, **OLGA)
        assert await make(fleet, "again") == ["k1"]
        assert [one.event for one in await fleet._journal.records(RACK)] == ["reload", "reload"]
    made = [form for register in world.registers for _, form, _ in documents(register, world.now()) if form == 3]
    assert len(made) == 20 + 2 + 4 + 1


async def test_a_changed_station_keeps_its_doubt(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Its receipt was sent and not answered when the settings changed: the station that starts in its place asks the
    drive first."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await make(fleet, "1")
        world.registers[0].faults = DiesAtTheClose(world)
        job = await post(fleet, "2")
        await wait_for(fleet, job, State.UNKNOWN)
        world.station_settings["k1"] = {"group": "north"}
        await fleet.stations.reload(who="olga")
        world.unplugged.clear()
        found = await wait_for(fleet, job, State.CONFIRMED)
        assert found.attempts == 1
    assert [form for _, form, _ in documents(world.registers[0], world.now())] == [1, 2, 3, 3]
