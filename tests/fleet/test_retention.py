"""Twin of `fleet.retention`: buyers go when their time is over, in virtual days."""

from __future__ import annotations

from pathlib import Path

import msgspec
import trio
import trio.testing

from fleet.journal import SqliteJournal
from fleet.journal.files import check
from fleet.retention import DAY_S, forget_buyers
from tests.end_to_end.world import order, receipt


async def test_a_buyer_is_forgotten_after_their_time(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Not before, not the others, and a journal of three hundred is walked to its end."""
    stop = trio.Event()
    path = tmp_path / "journal.sqlite"
    asked = msgspec.structs.replace(order(""), receipt=receipt(buyer_contact="a@b.example"))
    with SqliteJournal.open(path, clock=trio.current_time, threaded=False, durable=False) as journal:
        old = []
        for number in range(300):
            job = (await journal.accept(msgspec.structs.replace(asked, key=f"old {number}"))).job
            old.append((await journal.cancel(job.id)).id)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(forget_buyers, journal, 2 * DAY_S, trio.current_time, stop)
            await trio.sleep(1.5 * DAY_S)
            young = (await journal.accept(msgspec.structs.replace(asked, key="young"))).job
            assert await journal.raw(old[0]) is not None
            await trio.sleep(1.6 * DAY_S)
            assert [await journal.raw(id_) for id_ in (old[0], old[-1])] == [None, None]
            kept = await journal.status(id=young.id)
            assert kept is not None
            assert kept.receipt.buyer_contact == "a@b.example"
            stop.set()
    assert check(path).problems == ()
