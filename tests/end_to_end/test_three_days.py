"""Three days of a rack in virtual time: receipts come all the while, shifts open and close by themselves.

The whole load is 0.2 receipts a second for each register, half a million in all: an hour of processor time. CI makes a
small share of them over the same 72 hours, and all of them in the minutes that matter: at the start, so that every
shift is opened in one minute, and while the pool closes these shifts. `SOAK=1` makes all of them, which takes an
hour; THREE_DAYS_SHARE says another share. The figures are printed.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
import structlog
import trio
import trio.testing

from fleet.jobs import State
from fleet.journal.base import Accepted
from fleet.station.drive_watch import ENDS
from fleet.usecases import UseCases
from fn_emulator.emulated import EmulatedRegister
from fn_emulator.operator import TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.stub_signs import StubKeys
from tests.end_to_end.world import World, order

HOURS = 72
BUSY = 10
"""Registers that share the load; one more stands in a group that nobody asks for."""

FULL_RATE = 0.2 * BUSY
"""Receipts a second for the whole pool."""

SHARE = float(os.environ.get("THREE_DAYS_SHARE", "1" if os.environ.get("SOAK") else "0.003"))

RUSHES = ((0.0, 40.0), (84_600.0 - 485.0, 84_600.0 - 385.0))
"""Seconds from the start in which everything comes: all shifts open, and the pool's window to close them begins."""

SERVICE_S = 0.5
OPENING_S, CLOSING_S = 3.0, 10.0
LATE_S = OPENING_S + CLOSING_S + 4 * SERVICE_S
"""The longest that a receipt may take: it came to a register that closes its shift and opens the next one."""

RECEIPT, SHIFT_OPEN, SHIFT_CLOSE = 3, 2, 5


class Shop:
    """Receipts at random moments, and how long each took."""

    def __init__(self, fleet: UseCases) -> None:
        self._fleet = fleet
        self.latency: list[float] = []
        self.odd: list[str] = []

    async def run(self, seconds: float) -> None:
        chance = random.Random(72)
        began, number = trio.current_time(), 0
        async with trio.open_nursery() as nursery:
            while (at := trio.current_time() - began) < seconds:
                nursery.start_soon(self._one, f"{number}")
                number += 1
                await trio.sleep(pause_s(at, chance))

    async def _one(self, key: str) -> None:
        began = trio.current_time()
        answer = await self._fleet.accept(order(key))
        if not isinstance(answer, Accepted):
            self.odd.append(f"{key}: {answer}")
            return
        job = await self._fleet.finished(answer.job.id)
        self.latency.append(trio.current_time() - began)
        if job.state not in (State.REGISTERED, State.CONFIRMED) or job.attempts != 1:
            self.odd.append(f"{key}: {job.state} after {job.attempts} tries: {job.reason}")


def pause_s(at: float, chance: random.Random) -> float:
    """Until the next receipt; a quiet time ends where a rush begins."""
    if any(first <= at < last for first, last in RUSHES):
        return chance.expovariate(FULL_RATE)
    quiet = chance.expovariate(FULL_RATE * SHARE)
    return min([quiet, *(first - at for first, _ in RUSHES if first > at)])


def documents(register: EmulatedRegister) -> list[tuple[int, datetime]]:
    """Form and moment of every document, from the drive itself."""
    from kkt_driver.commands import FindDocument

    numbers = range(1, register.drive.last_document + 1)
    records = [register.ask(FindDocument(document=number), register.core.now) for number in numbers]
    return [(record.type, record.moment) for record in records]


def shifts(register: EmulatedRegister) -> list[tuple[int, float]]:
    """For each closed shift its receipts and its length in seconds."""
    found, receipts, opened = [], 0, None
    for form, moment in documents(register):
        if form == SHIFT_OPEN:
            assert opened is None
            receipts, opened = 0, moment
        elif form == RECEIPT:
            assert opened is not None
            receipts += 1
        elif form == SHIFT_CLOSE:
            assert opened is not None
            found.append((receipts, (moment - opened).total_seconds()))
            opened = None
    return found


@pytest.fixture
def quiet() -> Iterator[None]:
    """Half a million lines about receipts that went well help nobody."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    yield
    structlog.reset_defaults()


@pytest.mark.slow
@pytest.mark.usefixtures("quiet")
@pytest.mark.timeout(3 * 3600)
async def test_three_days(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Not one refused or late receipt; each register closes each shift that it used once, within 23 h 30 min; the one
    that nobody needs makes no document; every receipt is confirmed and every audit clean."""
    durations = {"FF45": SERVICE_S, "E0": OPENING_S, "41": CLOSING_S}
    world = World(tmp_path, registers=BUSY + 1, durations=durations, keys=StubKeys.derive)
    world.operator = TestOperator(master=DEMO_MASTER_KEY, keys=StubKeys.derive)
    world.poll_s = 3600
    idle = f"k{BUSY + 1}"
    world.station_settings[idle] = {"group": "nobody"}
    tenant = world.config().tenants[0]
    for name in (f"k{number + 1}" for number in range(BUSY)):
        world.station_settings[name] = {"group": "shop"}
    world.settings = {"tenants": (msgspec.structs.replace(tenant, group="shop"),)}
    async with world.daemon() as fleet:
        await trio.sleep(60)
        shop = Shop(fleet)
        most = await watched(fleet, shop)
        await trio.sleep(86_400)  # the last shifts run out
        counts = Counter(fleet.counts())
        audits = [await fleet.stations.history(f"k{n + 1}", ["audit"]) for n in range(BUSY)]
        # At the full rate a drive lasts for a fortnight, and the fleet says so; nothing else may ring.
        alarms = {alarm.key for view in fleet.rack() for alarm in view.alarms} - {ENDS}
    closed = {register.serial: shifts(register) for register in world.registers[:BUSY]}
    late = [took for took in shop.latency if took > LATE_S]
    print(
        f"\n{len(shop.latency)} receipts in {HOURS} h at {BUSY} registers, {sum(map(len, closed.values()))} shifts; "
        f"median {sorted(shop.latency)[len(shop.latency) // 2]:.2f} s, longest {max(shop.latency):.2f} s; "
        f"at most {most} registers closing at once"
    )
    assert shop.odd == []
    assert late == []
    assert counts[State.CONFIRMED] == len(shop.latency)
    assert most <= 2
    assert all(receipts and length_s <= 84_600 + 60 for ones in closed.values() for receipts, length_s in ones)
    assert all(3 <= len(ones) <= 4 for ones in closed.values())
    made = Counter(form for register in world.registers[:BUSY] for form, _ in documents(register))
    assert made[SHIFT_OPEN] == made[SHIFT_CLOSE] == sum(map(len, closed.values()))
    assert made[RECEIPT] == len(shop.latency)
    assert [form for form, _ in documents(world.registers[BUSY])] == [1]
    assert all(record.detail["problem_count"] == 0 for ones in audits for record in ones)
    assert [len(ones) for ones in audits] == [len(ones) for ones in closed.values()]
    assert alarms == set()


async def watched(fleet: UseCases, shop: Shop) -> int:
    """Run the shop; how many registers were in shift work together at most, by the moments when somebody closes."""
    most = 0

    async def look() -> None:
        nonlocal most
        while True:
            await fleet.changed(fleet.change_count)
            most = max(most, sum(view.state == "shift" and view.shift_open for view in fleet.rack()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look)
        await shop.run(HOURS * 3600)
        nursery.cancel_scope.cancel()
    return most
