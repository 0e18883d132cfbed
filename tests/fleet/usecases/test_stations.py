"""Twin of `fleet.usecases.stations`: commands are journaled with who asked, audits say what does not agree."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from fleet.errors import Missing
from fleet.jobs import State
from fleet.journal.base import StationRecord
from fleet.usecases import Need, UseCases
from tests.end_to_end.world import INN, World, documents, post, wait_for


async def audited(fleet: UseCases, after: int = 0) -> StationRecord:
    """The next audit's record."""
    with trio.fail_after(600):
        while True:
            seen = fleet.change_count
            record = await fleet.stations.last_audit("k1")
            if record is not None and record.seq > after:
                return record
            await fleet.changed(seen)


async def test_a_shift_is_closed_on_demand_and_audited(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Who asked stands in the history, and every close is followed by an audit of what the shift made."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        for key in ("1", "2"):
            await wait_for(fleet, await post(fleet, key), State.CONFIRMED)
        await fleet.stations.close_shift("k1", who="olga")
        found = await audited(fleet)
        assert [form for _, form, _ in documents(world.registers[0], world.now())] == [1, 2, 3, 3, 5]
        assert (found.detail["receipts"], found.detail["problems"], found.detail["sums_agree"]) == (2, [], True)
        assert found.detail["archive"] == {"1": 39800}
        assert found.detail["counters"]["1"] == 39800
        events = [one.event for one in await fleet.stations.history("k1")]
        assert events == ["audit", "close_shift", "drive_reading", "profile"]
        assert (await fleet.stations.history("k1", ["close_shift"]))[0].detail == {"who": "olga"}
        await wait_for(fleet, await post(fleet, "3"), State.CONFIRMED)
        await fleet.stations.close_shift("k1", who="olga")
        later = await audited(fleet, found.seq)
        assert (later.detail["first"], later.detail["receipts"]) == (found.detail["last"] + 1, 1)
        assert (later.detail["counters"]["1"], later.detail["problems"]) == (59700, [])


async def test_a_foreign_document_is_found(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Somebody made a receipt at the register itself: the audit tells, and keeps what the archive has of it."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        job = await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        journal: object = fleet._journal
        forget = "UPDATE jobs SET drive = NULL, document = NULL WHERE key = '2'"
        journal._writing.execute(forget)  # type: ignore[attr-defined]  # a hole that no verb makes
        await fleet.stations.audit("k1", who="olga", first=1)
        found = await audited(fleet)
        assert found.detail["foreign"] == [4]
        assert found.detail["problem_count"] == 1
        assert not found.detail["sums_agree"]
        (discovered,) = await fleet._journal.discovered()
        assert (discovered.document, discovered.total) == (4, 19900)
        assert [one.document for one in (await fleet.quarantine.evidence(job.id)).candidates] == [4]


async def test_a_station_that_is_not_there(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Told by name, and nothing is journaled under it."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        with pytest.raises(Missing, match="k9"):
            await fleet.stations.close_shift("k9", who="olga")
        with pytest.raises(Missing, match="k9"):
            await fleet.stations.audit("k9", who="olga")
        assert await fleet.stations.history("k9") == []
        await trio.sleep(10)
        assert fleet.stations.why_not(Need(INN, 1)) == {"k1": []}
        assert "INN" in fleet.stations.why_not(Need("7707083893", 1))["k1"][0]
