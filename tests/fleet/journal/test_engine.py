"""Twin of `fleet.journal.engine`: verbs share a transaction and what is kept in memory, and neither may show."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
import trio

from fleet.errors import Conflict, Fenced
from fleet.jobs import Registered, State, Ticket
from fleet.journal import SqliteJournal
from fleet.journal.files import check
from tests.fleet.journal.lives import DRIVE, STATION, Make, accepted, intent, job_in, result


async def test_a_verb_that_fails_half_way(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """It had moved the job when its proof turned out not to be JSON. All of it is taken back, and nothing of those who
    shared the transaction: neither who waits, nor who was answered before."""
    sent = await job_in(threaded, State.SENT, order("1"))
    waiting = await accepted(threaded, order("2"))
    claimed = await threaded.claim(waiting.id, "k2")
    failed: list[str] = []

    async def release() -> None:
        try:
            await threaded.release(sent.id, "proved", {"x": object()})
        except TypeError as error:
            failed.append(str(error))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(release)
        nursery.start_soon(threaded.accept, order("3"))
        nursery.start_soon(threaded.record, STATION, "audit", {})
        nursery.start_soon(release)
    assert len(failed) == 2
    assert await threaded.status(id=sent.id) == sent
    assert await threaded.status(id=waiting.id) == claimed
    assert set((await threaded.load()).intents) == {STATION}
    assert threaded.counts() == dict.fromkeys(State, 0) | {State.SENT: 1, State.CLAIMED: 1, State.ACCEPTED: 1}
    await threaded.settle(STATION, Registered(result=result()), sent.id)
    await threaded.intend("k2", intent(waiting.id), waiting.id)
    assert check(path).problems == ()


async def test_what_a_stranger_wrote_is_seen(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """Nobody should write into a journal that is served; when somebody does, memory does not overrule the tables."""
    job = await accepted(threaded, order("1"))
    stranger = apsw.Connection(str(path))
    stranger.execute("UPDATE jobs SET state = 'cancelled'")
    stranger.close()
    with pytest.raises(Conflict, match="cancelled"):
        await threaded.claim(job.id, STATION)


async def test_a_later_opener_is_noticed(path: Path, order: Make) -> None:
    """By every verb, also by those that nobody waits for, and for good."""
    with SqliteJournal.open(path, clock=lambda: 7.0, durable=False) as first:
        job = await accepted(first, order("1"))
        with SqliteJournal.open(path, clock=lambda: 7.0, durable=False, exclusive=False) as second:
            for attempt in (first.claim(job.id, STATION), first.confirm(DRIVE, 42, Ticket(at=1.0))):
                with pytest.raises(Fenced):
                    await attempt
            assert first.failed() is not None
            assert (await second.claim(job.id, STATION)).attempts == 1
        with pytest.raises(Fenced):
            await first.accept(order("2"))


async def test_counts_of_a_start(path: Path, order: Make) -> None:
    """They are kept in memory alone, and a start finds the same ones."""
    with SqliteJournal.open(path, clock=lambda: 7.0, threaded=False, durable=False) as journal:
        for number, state in enumerate(State):
            job = await job_in(journal, state, order(f"{number}"), document=100 + number)
            if state in (State.SENT, State.UNKNOWN):
                await journal.release(job.id, "make room", {})
        counts = journal.counts()
    assert counts[State.ACCEPTED] == 3
    with SqliteJournal.open(path, clock=lambda: 7.0, threaded=False, durable=False) as journal:
        assert journal.counts() == counts


async def test_jobs_that_are_not_in_memory(threaded: SqliteJournal, path: Path, order: Make) -> None:
    """A life goes the same way when each step has to read what the one before it wrote."""
    live = threaded._engine._live
    job = await accepted(threaded, order("1"))
    live.clear()
    await threaded.claim(job.id, STATION)
    live.clear()
    await threaded.intend(STATION, intent(job.id), job.id)
    live.clear()
    await threaded.settle(STATION, Registered(result=result()), job.id)
    live.clear()
    confirmed = await threaded.confirm(DRIVE, 42, Ticket(at=5.0))
    assert await threaded.status(id=job.id) == confirmed
    assert check(path).problems == ()
