"""Processes that are killed with SIGKILL: the promise with nothing pretended. Daemon, rack, sockets and files are
real; the test sits on the line between them and knows what has passed."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from fleet.journal.files import check as verify_journal
from tests.end_to_end.checker import check, read_log
from tests.end_to_end.clients import FINAL_WITHIN_S
from tests.end_to_end.processes import FF45_S, Plant, Program, Shop
from tests.end_to_end.proxy import Hold, Proxy

pytestmark = pytest.mark.slow

LINKS = ["standard", "alternative"]


class Scene:
    """One register behind a box on the line, a daemon and a shop."""

    def __init__(self, plant: Plant, proxy: Proxy, rack: Program, daemon: Program, shop: Shop) -> None:
        self.plant = plant
        self.proxy = proxy
        self.rack = rack
        self.daemon = daemon
        self.shop = shop

    async def restart_daemon(self) -> None:
        await self.daemon.kill()
        self.daemon = await self.plant.daemon([self.proxy.port])

    async def restart_rack(self) -> None:
        await self.rack.kill()
        self.rack = await self.plant.rack()

    async def stop(self) -> list[tuple[str, int, int | None]]:
        """End both programs as an operator would; the receipts that the drive then holds."""
        await self.daemon.stop()
        await self.rack.stop()
        return self.plant.archive()


@asynccontextmanager
async def scene(state: Path, link: str, hold: Hold) -> AsyncIterator[Scene]:
    async with Plant(state, links=[link]).opened() as plant, trio.open_nursery() as nursery:
        proxy = Proxy(plant.register_ports[0])
        await nursery.start(proxy.run)
        rack = await plant.rack()
        daemon = await plant.daemon([proxy.port])
        async with Shop(plant.url) as shop:
            await shop.post("before", 100)
            await shop.wait_for("before", 2)
            proxy.hold = hold
            yield Scene(plant, proxy, rack, daemon, shop)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("link", LINKS)
async def test_killed_when_the_answer_is_on_its_way(tmp_path: Path, link: str) -> None:
    """The drive has the document, the daemon died before it heard of it: the next one finds it and makes no other."""
    async with scene(tmp_path, link, Hold.ANSWER) as it:
        first = await it.shop.post("one")
        await it.proxy.held.wait()
        await it.restart_daemon()
        assert await it.shop.post("one") == first
        data = await it.shop.wait_for("one", 2)
        receipts = await it.stop()
    assert [total for _, _, total in receipts] == [10000, 19900]
    assert receipts[-1][:2] == (data["Device"]["FN"], int(data["Device"]["FDN"]))


@pytest.mark.parametrize("link", LINKS)
async def test_killed_before_the_command_arrived(tmp_path: Path, link: str) -> None:
    """The intent is durable, the closing command never came to the register: made once, and only after the time in
    which it could still have come."""
    async with scene(tmp_path, link, Hold.COMMAND) as it:
        first = await it.shop.post("one")
        await it.proxy.held.wait()
        await it.restart_daemon()
        assert (await it.shop.status("one"))["ReceiptId"] == first
        data = await it.shop.wait_for("one", 2)
        receipts = await it.stop()
    assert [total for _, _, total in receipts] == [10000, 19900]
    assert receipts[-1][:2] == (data["Device"]["FN"], int(data["Device"]["FDN"]))


@pytest.mark.parametrize("link", LINKS)
async def test_the_command_arrives_after_the_register_was_asked(tmp_path: Path, link: str) -> None:
    """A box on the line kept the closing command, and lets it go when the restarted daemon has looked and seen no
    document. It did not believe its eyes: it waited, looked again and found the document. On the alternative layer
    the late frame's number is spent, so the register does not carry it out, and the receipt is made by a second
    try."""
    async with scene(tmp_path, link, Hold.COMMAND) as it:
        await it.shop.post("one")
        await it.proxy.held.wait()
        await it.restart_daemon()
        await it.proxy.until_ended(2)  # the new daemon has asked and closed the line, to let it become quiet
        assert await it.proxy.deliver()
        data = await it.shop.wait_for("one", 2)
        receipts = await it.stop()
        assert (await it.plant.job("one")).attempts == (1 if link == "standard" else 2)
        assert it.proxy.opened_at[2] - it.proxy.opened_at[1] >= FF45_S, "the line was not left quiet for long enough"
    assert [total for _, _, total in receipts] == [10000, 19900]
    assert receipts[-1][:2] == (data["Device"]["FN"], int(data["Device"]["FDN"]))


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("hold", [Hold.ANSWER, Hold.COMMAND])
async def test_the_rack_is_killed(tmp_path: Path, link: str, hold: Hold) -> None:
    """All power in the rack goes while a receipt is being closed, before or after the drive has it. The daemon goes
    on when the rack is back, and so does the next receipt."""
    async with scene(tmp_path, link, hold) as it:
        await it.shop.post("one")
        await it.proxy.held.wait()
        await it.restart_rack()
        data = await it.shop.wait_for("one", 2)
        await it.shop.post("two", 300)
        await it.shop.wait_for("two", 2)
        receipts = await it.stop()
    assert [total for _, _, total in receipts] == [10000, 19900, 30000]
    assert receipts[1][:2] == (data["Device"]["FN"], int(data["Device"]["FDN"]))


@pytest.mark.parametrize("link", LINKS)
async def test_both_are_killed(tmp_path: Path, link: str) -> None:
    """Power goes in the whole room: journal and drives are all that is left, and they are enough."""
    async with scene(tmp_path, link, Hold.ANSWER) as it:
        await it.shop.post("one")
        await it.proxy.held.wait()
        await it.daemon.kill()
        await it.restart_rack()
        it.daemon = await it.plant.daemon([it.proxy.port])
        await it.shop.wait_for("one", 2)
        receipts = await it.stop()
    assert [total for _, _, total in receipts] == [10000, 19900]


KILLS = int(os.environ.get("KILLS", "1000" if os.environ.get("SOAK") else "20"))
SEED = int(os.environ.get("KILL_SEED", "6"))
SHOPS = 6
PAUSE_S = (0.0, 1.0)
EVENTS = (0, 0, 1, 2, 5, 10)
EVENTS_WITHIN_S = 10.0
LOOK_S = 0.05
"""Between two kills, from the moment when everything is up again: some time, and then until shops have heard so many
things. Time alone would be no progress at all on a slow machine, where a doubt takes longer to resolve than that."""


def lines_of(log: Path) -> int:
    """How many things shops have heard."""
    return len(log.read_bytes().splitlines())


async def until_longer(log: Path, *, lines: int) -> None:
    """Until the shops have written so many more lines, or for as long as it is worth waiting."""
    until = lines_of(log) + lines
    for _ in range(int(EVENTS_WITHIN_S / LOOK_S)):
        if lines_of(log) >= until:
            return
        await trio.sleep(LOOK_S)


@pytest.mark.timeout(300 + 8 * KILLS)
async def test_killed_again_and_again(tmp_path: Path) -> None:
    """Shops post all the while; daemon, rack or both die at moments that nobody chose. Then what the shops wrote down
    is held against the drives' own files: none lost, none doubled, every receipt final, every number that a shop was
    told that of its own receipt. And the journal is what was written."""
    chance = random.Random(SEED)
    log = tmp_path / "shops.log"
    async with Plant(tmp_path, links=["standard", "alternative", "standard"], quiet_s=1.0).opened() as plant:
        rack, daemon = await plant.rack(), await plant.daemon()
        shops = await plant.clients(log, shops=SHOPS, seed=SEED)
        for _ in range(KILLS):
            assert shops.running, "the shops' process ended by itself"
            await trio.sleep(chance.uniform(*PAUSE_S))
            await until_longer(log, lines=chance.choice(EVENTS))
            victims = chance.choices(("daemon", "rack", "both"), (6, 3, 1))[0]
            if victims != "rack":
                await daemon.kill()
            if victims != "daemon":
                await rack.kill()
                rack = await plant.rack()
            if victims != "rack":
                daemon = await plant.daemon()
        await shops.finish(within_s=FINAL_WITHIN_S + 60)
        await daemon.stop()
        await rack.stop()
        found = check(read_log(log), plant.archive())
    assert found.problems == ()
    assert found.receipts >= KILLS, "hardly anything was under way"
    verified = verify_journal(tmp_path / "daemon" / "journal.sqlite")
    assert verified.problems == ()
