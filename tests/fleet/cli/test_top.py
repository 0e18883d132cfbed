"""Twin of `fleet.cli.top`: what an operator reads at a glance, and the command against a working fleet."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing
from rich.console import Console

from fleet.cli.top import Seen, age, screen
from fleet.jobs import State
from fleet.web.keys import Keys
from tests.end_to_end.processes import Plant, Shop
from tests.end_to_end.world import World, post, wait_for
from tests.fleet.web.client import Client


def text(seen: Seen, before: Seen | None = None, width: int = 200) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(screen(seen, before))
    return console.export_text()


async def test_a_rack_at_a_glance(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Everything comes from the API as it is: two looks at a real fleet, one register of which has died meanwhile."""
    world = World(tmp_path, registers=2)
    async with world.daemon() as fleet:
        client = Client(fleet, config=world.config(), keys=Keys([], "l" * 43))

        async def look() -> Seen:
            answer = await client.get("/admin/v1/rack", authorization="Bearer " + "l" * 43)
            return Seen(answer.json(), world.now())

        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        before = await look()
        shown = text(before)
        assert "2 of 2 stations   0 of 10000 wait" in shown
        assert "confirmed 1" in shown
        await trio.sleep(10)
        world.unplugged.add(1)
        world.cut(1)
        await fleet.stations.audit("k2", who="a test", first=1)  # now it has something to notice it by
        for key in ("2", "3"):
            await wait_for(fleet, await post(fleet, key), State.CONFIRMED)
        await trio.sleep(1)
        shown = text(await look(), before)
        assert "1 of 2 stations" in shown
        assert "confirmed 3" in shown
        assert "receipts/s" in shown
        (sick,) = [line for line in shown.splitlines() if line.startswith("k2")]
        assert "sick" in sick
        problem = fleet.rack()[1].problem
        assert problem is not None
        assert problem in sick


def test_what_needs_attention_is_said() -> None:
    """Alarms, a drive at its end, a step that waits for a person, old documents: each stands in its station's line."""
    station: dict[str, Any] = {
        "name": "k1",
        "state": "held",
        "documents_made": 7,
        "service_s": 0.5,
        "shift_open": True,
        "shift": 12,
        "unsent": 3,
        "oldest_unsent_at": 0.0,
        "drive": "9999",
        "problem": None,
        "replacement": "swap",
        "alarms": [{"level": "critical", "text": "twenty days"}],
        "outside": ["for a reason"],
        "life": {"days_left": 2, "concern": 3},
    }
    queue = {"stations_up": 0, "stations": 1, "waiting": 9, "limit": 10, "oldest_at": 40.0, "expected_wait_s": None}
    rack = {"stations": [station], "queue": queue, "jobs": {"quarantined": 2}, "health": {"ready": False}}
    shown = text(Seen(rack, 86_400.0 * 2))
    for words in ("NOT READY", "quarantined 2", "the oldest 2 d", "3 (2 d)", "2 d", "twenty days", "swap", "reason"):
        assert words in shown


@pytest.mark.parametrize(
    ("seconds", "words"), [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (86_400, "1 d")]
)
def test_spans(seconds: float, words: str) -> None:
    """One number and a unit: that is all there is room for."""
    assert age(seconds) == words


@pytest.mark.slow
async def test_it_watches_a_running_daemon(tmp_path: Path) -> None:
    """Real processes: in a pipe it looks once, in JSON and in words; in a terminal it goes on, while receipts are made,
    until Ctrl-C."""
    async with Plant(tmp_path, links=["standard"]).opened() as plant:
        await plant.rack()
        await plant.daemon()
        async with Shop(plant.url) as shop:
            await shop.post("1")
            await shop.wait_for("1", 2)
        config = str(tmp_path / "fleet.toml")
        command = [sys.executable, "-m", "fleet", "top", config]
        done = await trio.run_process([*command, "--json"], capture_stdout=True)
        assert msgspec.json.decode(done.stdout)["jobs"]["confirmed"] == 1
        assert json.loads(done.stdout)["stations"][0]["name"] == "k1"
        done = await trio.run_process(command, capture_stdout=True)
        assert b"1 of 1 stations" in done.stdout
        shown = await trio.to_thread.run_sync(_in_a_terminal, [*command, "--every", "0.2"])
        assert b"1 of 1 stations" in shown


def _in_a_terminal(command: list[str]) -> bytes:
    """What the command shows in its first two looks; Ctrl-C must end it well."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "160", "LINES": "40"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while shown.count(b"of 10000 wait") < 2:
                shown += os.read(ours, 65536)
            process.send_signal(2)
            assert process.wait(30) == 0
        finally:
            process.kill()
            os.close(ours)
    return shown
