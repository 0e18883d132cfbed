"""Twin of `fleet.station.drive_watch`: readings are kept once a day, tell the drive's end, and ring in time."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from fleet import config as settings
from fleet.drive_life import Concern, Limit
from fleet.jobs import State
from fleet.station.drive_watch import DRIVE, ENDS
from fleet.usecases import UseCases
from tests.end_to_end.world import OPERATOR, World, post, wait_for

DAY_S = 86_400.0


async def a_day(fleet: UseCases, number: int) -> None:
    """A receipt, and the shift closed after it."""
    await wait_for(fleet, await post(fleet, str(number)), State.CONFIRMED)
    await fleet.stations.close_shift("k1", who="a test")
    await trio.sleep(DAY_S)


async def test_use_is_measured_over_days(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Three documents a day (two of them reports): the drive lasts for its term. One reading a day is kept, however
    often a line breaks, and the next start knows the use from them."""
    world = World(tmp_path)
    world.settings["operator"] = settings.Operator(addresses=OPERATOR, pause_s=0.0, poll_s=3600)
    async with world.daemon() as fleet:
        for number in range(4):
            await a_day(fleet, number)
            world.cut(0)
            await trio.sleep(60)
        life = fleet.rack()[0].life
        assert life is not None
        assert life.documents_per_day is not None
        assert 2 <= life.documents_per_day <= 4
        assert life.shifts_per_day is not None
        assert 0.6 <= life.shifts_per_day <= 1.4
        assert life.ends_by == "date"
        assert len(await fleet.stations.history("k1", [DRIVE])) in (4, 5)
    async with world.daemon() as fleet:
        await trio.sleep(5)
        again = fleet.rack()[0].life
        assert again is not None
        assert again.documents_per_day is not None


@pytest.mark.parametrize(
    ("concern", "level"), [(Concern.ORDER, "warning"), (Concern.REPLACE, "alarm"), (Concern.NOW, "critical")]
)
async def test_it_rings_before_the_end(
    tmp_path: Path,
    autojump_clock: trio.testing.MockClock,
    monkeypatch: pytest.MonkeyPatch,
    concern: Concern,
    level: str,
) -> None:
    """A drive within a threshold is an alarm as grave as that, and it is over once it is none any more. The limit is
    moved here, not the world by a year."""
    world = World(tmp_path)
    limit = Limit(concern=concern, days=10_000, documents=0, kib=0)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        assert ENDS not in {alarm.key for alarm in fleet.rack()[0].alarms}
        monkeypatch.setattr("fleet.drive_life.LIMITS", (limit,))
        await fleet.stations.close_shift("k1", who="a test")
        await trio.sleep(120)
        (alarm,) = [one for one in fleet.rack()[0].alarms if one.key == ENDS]
        assert alarm.level == level
        assert "its end is 20" in alarm.text
        monkeypatch.undo()
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        await fleet.stations.close_shift("k1", who="a test")
        await trio.sleep(120)
        assert ENDS not in {alarm.key for alarm in fleet.rack()[0].alarms}
