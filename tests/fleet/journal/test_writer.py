"""Twin of `fleet.journal.writer`: what is on the disk when a verb returns, and what a crash may take back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from fleet.errors import StorageFailed
from fleet.jobs import Registered, State, Ticket
from fleet.journal import Duplicate, SqliteJournal, writer
from fleet.journal.files import check
from tests.fleet.journal.lives import DRIVE, STATION, Make, accepted, intent, job_in, result


def after_a_crash(path: Path) -> SqliteJournal:
    """The journal as the next daemon finds it when this one is killed now: what was not committed is not there."""
    folder = path.parent / f"crash {len(list(path.parent.iterdir()))}"
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, folder)
    copy = folder / path.name
    found = SqliteJournal.open(copy, clock=lambda: 8.0, threaded=False, durable=False)
    assert check(copy).problems == ()
    return found


async def test_a_claim_may_be_lost_as_long_as_nothing_stands_on_it(
    threaded: SqliteJournal, path: Path, order: Make
) -> None:
    """Then the job waits as before, for any station; the intent makes both durable."""
    job = await accepted(threaded, order("1"))
    commits = threaded.commits
    claimed = await threaded.claim(job.id, STATION)
    assert threaded.commits == commits, "nobody waited for the disk"
    with after_a_crash(path) as found:
        assert (await found.load()).jobs == (job,)
        assert (await found.claim(job.id, "k2")).station == "k2"
    await threaded.intend(STATION, intent(job.id), job.id)
    with after_a_crash(path) as found:
        backlog = await found.load()
        assert [(one.state, one.station, one.attempts) for one in backlog.jobs] == [(State.SENT, STATION, 1)]
        assert backlog.jobs[0].changed_at == claimed.changed_at
        assert backlog.intents[STATION].job == job.id


async def test_a_confirmation_may_be_lost_and_is_said_again(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """The drive has the ticket, and the document is still among those that the relay asks it for at a start."""
    job = await job_in(threaded, State.REGISTERED, order("1"))
    confirmed = await threaded.confirm(DRIVE, 42, Ticket(at=5.0))
    assert confirmed is not None
    with after_a_crash(path) as found:
        assert [one.job for one in await found.unconfirmed(DRIVE)] == [job.id]
        assert found.counts()[State.REGISTERED] == 1
        assert await found.confirm(DRIVE, 42, Ticket(at=6.0)) is not None
        assert await found.unconfirmed(DRIVE) == []
    assert await threaded.status(id=job.id) == confirmed, "whoever reads waits for it"
    with after_a_crash(path) as found:
        assert await found.status(id=job.id) == confirmed


@pytest.mark.parametrize("verb", ["accept", "intend", "settle", "doubt", "release", "quarantine", "cancel", "record"])
async def test_what_returned_is_there(threaded: SqliteJournal, path: Path, order: Make, verb: str) -> None:
    """All others promise the disk, and the claim before them is on it, too."""
    job = await accepted(threaded, order("1"))
    if verb != "cancel":
        await threaded.claim(job.id, STATION)
    if verb not in ("cancel", "intend"):
        await threaded.intend(STATION, intent(job.id), job.id)
    if verb == "accept":
        await accepted(threaded, order("2"))
    elif verb == "intend":
        await threaded.intend(STATION, intent(job.id), job.id)
    elif verb == "settle":
        await threaded.settle(STATION, Registered(result=result()), job.id)
    elif verb == "doubt":
        await threaded.doubt(job.id, "no answer")
    elif verb == "release":
        await threaded.release(job.id, "proved", {"F1": 41})
    elif verb == "quarantine":
        await threaded.quarantine(job.id, "why", {})
    elif verb == "cancel":
        await threaded.cancel(job.id)
    else:
        await threaded.record(STATION, "audit", {})
    with after_a_crash(path) as found:
        assert await found.list() == await threaded.list()
        assert await found.records(STATION) == await threaded.records(STATION)


async def test_a_duplicate_is_told_when_the_first_is_durable(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """Else a shop could hold the id of a receipt that a crash takes away."""
    told: list[bool] = []

    async def ask() -> None:
        answer = await threaded.accept(order("1"))
        with after_a_crash(path) as found:
            told.append(await found.status(id=answer.job.id) == answer.job)
        told.append(isinstance(answer, Duplicate))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask)
    assert sorted(told) == [False, True, True, True, True, True]


async def test_nothing_waits_for_long(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """A quiet rack's last claim is durable without anybody's help."""
    job = await accepted(threaded, order("1"))
    commits = threaded.commits
    await threaded.claim(job.id, STATION)
    with trio.fail_after(30):
        while threaded.commits == commits:  # noqa: ASYNC110 - nobody waits for it, so nobody is told
            await trio.sleep(0.001)
    with after_a_crash(path) as found:
        assert [one.state for one in (await found.load()).jobs] == [State.CLAIMED]


async def test_closing_keeps_what_was_answered(path: Path, order: Make) -> None:
    """A clean stop loses nothing."""
    with SqliteJournal.open(path, clock=lambda: 7.0, durable=False) as journal:
        job = await accepted(journal, order("1"))
        await journal.claim(job.id, STATION)
    with SqliteJournal.open(path, clock=lambda: 7.0, durable=False) as journal:
        assert [one.state for one in (await journal.load()).jobs] == [State.CLAIMED]


async def test_claims_while_a_commit_is_under_way(threaded: SqliteJournal, order: Make) -> None:
    """They take their turn between two commits, and every one is answered once."""
    jobs = [await accepted(threaded, order(f"{number}")) for number in range(20)]
    states: list[State] = []

    async def take(number: int) -> None:
        await accepted(threaded, order(f"more {number}"))
        states.append((await threaded.claim(jobs[number].id, f"k{number}")).state)

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(take, number)
    assert states == [State.CLAIMED] * 20
    assert threaded.counts() == dict.fromkeys(State, 0) | {State.ACCEPTED: 20, State.CLAIMED: 20}


async def test_a_commit_that_fails_ends_it_for_all(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """Nobody knows what the disk holds then: not the caller, and not whoever was answered before."""
    job = await accepted(threaded, order("1"))
    await threaded.claim(job.id, STATION)
    engine: Any = threaded
    engine._writing.set_commit_hook(lambda: True)  # SQLite makes a failure of the next commit
    with pytest.raises(StorageFailed):
        await threaded.intend(STATION, intent(job.id), job.id)
    engine._writing.set_commit_hook(None)
    assert threaded.failed() is not None
    for attempt in (threaded.claim(job.id, STATION), threaded.accept(order("2")), threaded.list()):
        with pytest.raises(StorageFailed):
            await attempt
    with after_a_crash(path) as found:
        assert (await found.load()).jobs == (job,)


async def test_a_full_disk_does_not_forget_a_claim(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """The claim was answered and taken back with the transaction that found no room: it is made again before anything
    else, so that the station's next step stands on it."""
    job = await accepted(threaded, order("1"))
    await threaded.claim(job.id, STATION)
    engine: Any = threaded
    pages = engine._writing.execute("PRAGMA page_count").get
    engine._writing.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFailed, match="could not write"):
        await threaded.record(STATION, "audit", {"long": "x" * 100_000})
    engine._writing.execute("PRAGMA max_page_count = 1000000")
    assert threaded.failed() is None
    await threaded.intend(STATION, intent(job.id), job.id)
    for one in (threaded, after_a_crash(path)):
        assert [(found.state, found.attempts) for found in (await one.load()).jobs] == [(State.SENT, 1)]
        assert one.counts()[State.SENT] == 1
    one.close()


async def test_a_crowd_shares_commits(threaded: SqliteJournal, order: Make) -> None:
    """Callers that come one by one while commits are under way are gathered, and nobody is forgotten."""
    commits = threaded.commits

    async def shop(number: int) -> None:
        for receipt in range(5):
            await threaded.accept(order(f"{number} {receipt}"))
            for _ in range(number):
                await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(shop, number)
    assert threaded.counts()[State.ACCEPTED] == 150
    assert threaded.commits - commits < 75


def test_who_is_alone_waits_for_nobody(path: Path, order: Make) -> None:
    """Company is waited for when there is some: one caller's verbs follow each other though the clock stands still, two
    callers share commits once it moves."""
    clock = trio.testing.MockClock()

    async def shop(journal: SqliteJournal, name: str, done: list[str]) -> None:
        for number in range(5):
            await journal.accept(order(f"{name} {number}"))
        done.append(name)

    async def both() -> None:
        done: list[str] = []
        with SqliteJournal.open(path, clock=lambda: 7.0, durable=False) as journal:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(shop, journal, "first", done)
                await until(lambda: bool(done))
                commits = journal.commits
                nursery.start_soon(shop, journal, "second", done)
                await until(lambda: len(journal._writer._waiting) == 1)  # type: ignore[attr-defined]  # the thread's
                assert journal.commits == commits
                clock.jump(writer.GATHER_S)
                await until(lambda: len(done) == 2)

    async def until(true: Callable[[], bool]) -> None:
        for _ in range(10_000):
            if true():
                return
            time.sleep(0.001)  # noqa: ASYNC251 - trio's clock stands, the thread goes on
            await trio.lowlevel.checkpoint()
        raise AssertionError("it waits for ever")

    trio.run(both, clock=clock)
