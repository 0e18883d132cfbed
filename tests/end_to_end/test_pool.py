"""A pool of registers under load in virtual time: what a sick member costs the others, and duplicates in a race."""

from __future__ import annotations

import os
import random
import statistics
from collections import Counter
from pathlib import Path

import pytest
import trio
import trio.testing

from fleet.jobs import State
from fleet.journal.base import Accepted, Duplicate
from fleet.usecases import UseCases
from tests.end_to_end.world import World, documents, order, post, wait_for

SERVICE_S = 0.5
REGISTERS = 10
RATE = 6.0
"""Receipts a second: so few that eight registers have as little to wait for as ten."""


class Watched:
    """Runs a load and keeps when each receipt was registered, and by whom."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.latency: dict[str, list[float]] = {}

    async def run(self, fleet: UseCases, seconds: float) -> None:
        chance = random.Random(6)
        async with trio.open_nursery() as nursery:
            until = trio.current_time() + seconds
            number = 0
            while trio.current_time() < until:
                nursery.start_soon(self._one, fleet, f"{number}")
                number += 1
                await trio.sleep(chance.expovariate(RATE))

    async def _one(self, fleet: UseCases, key: str) -> None:
        began = trio.current_time()
        job = await fleet.finished(await post(fleet, key))
        assert job.result is not None, job
        self.latency.setdefault(job.result.station, []).append(trio.current_time() - began)

    def all(self, *without: str) -> list[float]:
        return sorted(took for name, ones in self.latency.items() if name not in without for took in ones)


async def warmed(fleet: UseCases) -> None:
    """Every register has its shift open and knows how long it takes."""
    await trio.sleep(5)
    for turn in range(2):
        async with trio.open_nursery() as nursery:
            for number in range(REGISTERS):
                nursery.start_soon(_finish, fleet, f"warm {turn} {number}")


async def _finish(fleet: UseCases, key: str) -> None:
    await fleet.finished(await post(fleet, key))


async def load(state: Path, *, dead: int | None = None, slow: int | None = None) -> Watched:
    os.mkdir(state)
    world = World(state, registers=REGISTERS, durations={"FF45": SERVICE_S})
    if slow is not None:
        world.registers[slow].core.durations[b"\xff\x45"] = 4.5  # below its deadline of five
    watched = Watched(world)
    async with world.daemon() as fleet:
        await warmed(fleet)
        if dead is not None:
            world.unplugged.add(dead)
            await trio.sleep(1)
        await watched.run(fleet, 20)
    return watched


async def test_a_dead_and_a_slow_register_do_not_touch_the_others(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """At a third of its load a pool of ten loses two: receipts at the other eight take as long as before, and hardly
    any waits for the slow one."""
    whole = await load(tmp_path / "whole")
    hurt = await load(tmp_path / "hurt", dead=0, slow=1)
    before, after = whole.all(), hurt.all("k1", "k2")
    for share in (0.5, 0.95):
        assert after[int(share * len(after))] <= before[int(share * len(before))] + 0.05, share
    assert statistics.fmean(after) <= 1.1 * statistics.fmean(before)
    assert len(hurt.latency.get("k2", [])) <= 0.02 * len(hurt.all())
    assert "k1" not in hurt.latency


@pytest.mark.parametrize("death", ["unplugged", "mute"])
async def test_a_dead_registers_jobs_are_elsewhere_within_a_second(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, death: str
) -> None:
    """A register dies while nobody looks: its line breaks, or stands and nobody answers. The job that is given to it
    next, since its drive is the least worn, is made by another one as if nothing had been: within a second more than
    it takes."""
    world = World(tmp_path, registers=2, durations={"FF45": SERVICE_S})
    async with world.daemon() as fleet:
        for key in ("1", "2", "3"):
            await wait_for(fleet, await post(fleet, key), State.CONFIRMED)
        least = min(range(2), key=lambda number: fleet.rack()[number].last_document)
        await trio.sleep(5)
        if death == "unplugged":
            world.unplugged.add(least)
            world.cut(least)
        else:
            world.mute.add(least)
        began = trio.current_time()
        job = await fleet.finished(await post(fleet, "4"))
        assert trio.current_time() - began <= SERVICE_S + 1.0
        assert job.result is not None
        assert job.result.station == f"k{2 - least}"
        assert fleet.rack()[least].state in ("sick", "connecting")


async def test_a_register_that_dies_over_a_receipt(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """The power goes while the items are sent, before anything was committed: the receipt begins again elsewhere at
    once, and the register that is back later has no half of it."""
    world = World(tmp_path, registers=2, durations={"FF45": SERVICE_S, "FF46": 0.4})
    async with world.daemon() as fleet:
        for key in ("1", "2", "3"):
            await wait_for(fleet, await post(fleet, key), State.CONFIRMED)
        job = await post(fleet, "4")
        await trio.sleep(0.3)
        (least,) = (number for number, view in enumerate(fleet.rack()) if view.state == "busy")
        world.unplugged.add(least)
        world.cut(least)
        world.registers[least].power_cycle(world.now())
        began = trio.current_time()
        done = await fleet.finished(job)
        assert trio.current_time() - began <= 0.4 + SERVICE_S + 1.0
        assert done.result is not None
        assert (done.result.station, done.attempts) == (f"k{2 - least}", 2)
        world.unplugged.clear()
        await trio.sleep(60)
        assert [view.state for view in fleet.rack()] == ["idle", "idle"]
        for key in ("5", "6", "7"):
            await wait_for(fleet, await post(fleet, key), State.CONFIRMED)
    made = [form for register in world.registers for _, form, _ in documents(register, world.now()) if form == 3]
    assert len(made) == 7


KEYS = 1000
RACERS = 10


@pytest.mark.slow
async def test_racing_duplicates(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Ten thousand requests for a thousand receipts, all at once and in any order: a thousand documents, and every
    request is told the id of its receipt."""
    world = World(tmp_path, registers=4)
    told: dict[str, set[str]] = {}
    kinds: Counter[type] = Counter()

    async def ask(fleet: UseCases, key: str) -> None:
        answer = await fleet.accept(order(key))
        assert isinstance(answer, Accepted | Duplicate)
        kinds[type(answer)] += 1
        told.setdefault(key, set()).add(answer.job.id)

    requests = [f"{number % KEYS}" for number in range(KEYS * RACERS)]
    random.Random(6).shuffle(requests)
    async with world.daemon() as fleet:
        async with trio.open_nursery() as nursery:
            for key in requests:
                nursery.start_soon(ask, fleet, key)
        for key in told:
            (id_,) = told[key]
            await fleet.finished(id_)
        assert kinds == {Accepted: KEYS, Duplicate: KEYS * (RACERS - 1)}
    made = [form for register in world.registers for _, form, _ in documents(register, world.now()) if form == 3]
    assert len(made) == KEYS
