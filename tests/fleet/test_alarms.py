"""Twin of `fleet.alarms`: told once, kept over a restart, over when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from fleet.alarms import Alarms
from fleet.journal.sqlite import SqliteJournal


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[SqliteJournal]:
    made = SqliteJournal.open(tmp_path / "j.sqlite", clock=clock, threaded=False, durable=False, exclusive=False)
    yield made
    made.close()


def alarms(journal: SqliteJournal) -> Alarms:
    return Alarms(journal, "k1", structlog.get_logger("test"))


async def test_an_alarm_rings_once(journal: SqliteJournal, clock: Clock) -> None:
    """Said again it is no news; graver it is, and it keeps the moment when it began."""
    some = alarms(journal)
    for _ in range(3):
        await some.ring("unsent", "info", "an hour")
    clock.now = 2000.0
    await some.ring("unsent", "warning", "a day")
    (alarm,) = some.open
    assert (alarm.level, alarm.text, alarm.since) == ("warning", "a day", 1000.0)
    assert "unsent" in some
    assert len(await journal.records("k1")) == 2


async def test_alarms_outlive_the_daemon(journal: SqliteJournal, clock: Clock) -> None:
    """Those that are over are not heard again; one that came back is, since it came back."""
    some = alarms(journal)
    await some.ring("sick", "alarm", "gone", tries=6)
    await some.ring("clock", "alarm", "off")
    assert await some.over("clock", who="olga", why="seen")
    assert not await some.over("clock"), "it is over already"
    await some.ring("code", "alarm", "14")
    await some.over("code")
    clock.now = 3000.0
    await some.ring("code", "alarm", "14")
    again = alarms(journal)
    await again.load()
    assert again.open == some.open
    assert [(one.key, one.since, one.detail) for one in again.open] == [
        ("sick", 1000.0, {"tries": 6}),
        ("code", 3000.0, {}),
    ]
