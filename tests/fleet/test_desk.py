"""Twin of `fleet.desk`: jobs find their stations, orders never take a job's place, waiters hear of changes."""

from __future__ import annotations

import trio
import trio.testing

from fleet.desk import INBOX_SIZE, Audit, Changes, Desk, Lookup, Order
from tests.fleet.test_dispatch import able, job


def test_an_idle_station_is_sent_its_job() -> None:
    """Through its inbox, and a job that nobody can make yet waits for whoever comes."""
    desk = Desk()
    inbox = desk.inbox("a")
    desk.join("a", able())
    assert desk.next_for("a") is None
    desk.submit(job("1"))
    assert inbox.receive_nowait() == job("1")
    desk.submit(job("2"))
    assert desk.waiting == 1
    assert desk.next_for("a") == job("2")


def test_orders_leave_room_for_a_job() -> None:
    """However many orders somebody gives to a busy station: a durable job must never find its inbox full."""
    desk = Desk()
    inbox = desk.inbox("a")
    desk.join("a", able())
    desk.next_for("a")
    for _ in range(3 * INBOX_SIZE):
        desk.send("a", Order.CLOSE_SHIFT)
        desk.send("a", Audit(None, "olga"))
        desk.send("a", Lookup(1))
    desk.submit(job("1"))
    received = []
    while True:
        try:
            received.append(inbox.receive_nowait())
        except trio.WouldBlock:
            break
    assert (len(received), received[-1]) == (INBOX_SIZE, job("1"))


def test_a_station_that_leaves_gives_way_to_a_slow_one() -> None:
    """Which was passed over while the other was there."""
    desk = Desk()
    slow = desk.inbox("slow")
    desk.inbox("fast")
    desk.join("slow", able(service_s=60.0))
    desk.join("fast", able(service_s=0.5))
    assert desk.next_for("slow") is None
    desk.submit(job("1"))
    assert desk.waiting == 1
    desk.leave("fast")
    assert slow.receive_nowait() == job("1")


async def test_changes_are_heard_once_however_many_there_were() -> None:
    """A reader that is slow sees the newest state and misses nothing that matters."""
    changes = Changes()
    seen = changes.count
    changes.tell()
    changes.tell()
    assert await changes.wait(seen) == seen + 2
    heard = []

    async def listen() -> None:
        heard.append(await changes.wait(changes.count))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await trio.testing.wait_all_tasks_blocked()
        changes.tell()
    assert heard == [seen + 3]


async def test_whoever_waits_for_a_job_hears_of_its_end() -> None:
    """Once, and asking again gives a new event."""
    desk = Desk()
    awaited = desk.awaited("1")
    assert desk.awaited("1") is awaited
    desk.decided("2")
    assert not awaited.is_set()
    desk.decided("1")
    assert awaited.is_set()
    assert desk.awaited("1") is not awaited
