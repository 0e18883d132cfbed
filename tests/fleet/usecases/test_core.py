"""Twin of `fleet.usecases.core`: the health that is told, and what a receipt costs. The verbs are tested end to end."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio.testing

from fleet.dispatch import Need, Obstacle
from fleet.errors import Fenced
from fleet.jobs import State
from fleet.journal.sqlite import SqliteJournal
from fleet.station import Station
from tests.end_to_end.world import World, post, wait_for
from tests.fleet.web.client import Client


async def test_a_daemon_that_lost_its_journal_is_dead(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Somebody took the journal over: whatever this daemon is asked from now on, it can keep nothing. It says so on
    /healthz, which ends its signs of life, and a service manager starts it anew."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        client = Client(fleet, config=world.config())
        assert [(await client.get(path)).status for path in ("/healthz", "/readyz")] == [200, 200]
        with SqliteJournal.open(tmp_path / "journal.sqlite", clock=world.now, exclusive=False):
            with pytest.raises(Fenced):
                await post(fleet, "2")
            assert not fleet.health().alive
            assert fleet.health().problems[0].startswith("journal: ")
            assert [(await client.get(path)).status for path in ("/healthz", "/readyz")] == [503, 503]


async def test_a_large_rack_does_not_make_a_receipt_dearer(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether any register may make it is known at the first that may: with 500 of them the rest would be most of what
    a POST costs."""
    asked: list[str] = []
    obstacles = Station.obstacles

    def noted(station: Station, need: Need) -> list[Obstacle]:
        asked.append(station.name)
        return obstacles(station, need)

    world = World(tmp_path, registers=3)
    async with world.daemon() as fleet:
        monkeypatch.setattr(Station, "obstacles", noted)
        await post(fleet, "1")
        assert len(asked) == 1
