"""A drive is replaced as its operator does it: the command, the daemon, the rack, each a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import trio

from tests.end_to_end.processes import Plant, Shop

STEP_S = 60.0


class Watching:
    """`fleet drive replace --json`, read line by line."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._held = b""

    @classmethod
    async def start(cls, plant: Plant, *options: str) -> Watching:
        command = [sys.executable, "-m", "fleet", "drive", "replace", str(plant.state / "fleet.toml"), "k1"]
        command += ["--why", "full on 3 March", "--json", *options]
        return cls(await trio.lowlevel.open_process(command, stdout=subprocess.PIPE))

    async def until(self, step: str) -> dict[str, Any]:
        """What is said at a step."""
        assert self._process.stdout is not None
        with trio.fail_after(STEP_S):
            while True:
                line, found, rest = self._held.partition(b"\n")
                if not found:
                    part = await self._process.stdout.receive_some()
                    assert part, f"it ended before {step}"
                    self._held += part
                    continue
                self._held = rest
                said: dict[str, Any] = msgspec.json.decode(line)
                if said["step"] == step:
                    return said

    async def ended(self) -> int:
        with trio.fail_after(STEP_S):
            return await self._process.wait()


@pytest.mark.slow
async def test_a_drive_is_replaced_through_a_kill(tmp_path: Path) -> None:
    """The daemon is killed when it is the person's turn, the drive is changed meanwhile, and the same command goes on
    where it was. What the cabinet asks for is the new drive's first document; receipts go on with it."""
    async with Plant(tmp_path, links=["standard"]).opened() as plant:
        await plant.rack(control=True)
        daemon = await plant.daemon()
        async with Shop(plant.url) as shop, httpx2.AsyncClient(base_url=plant.control_url) as control:
            await shop.post("1")
            await shop.wait_for("1", 2)
            watching = await Watching.start(plant)
            await watching.until("swap")
            await daemon.kill()
            assert await watching.ended() == 1, "the daemon does not answer"
            assert (await control.post("/registers/1/drive", json={})).status_code == 200
            await plant.daemon()
            watching = await Watching.start(plant)
            report = await watching.until("report")
            assert report["document"] == 1
            await watching.until("card")
            said = await Watching.start(plant, "--card-entered", "--no-wait")
            assert await said.ended() == 0
            await watching.until("done")
            assert await watching.ended() == 0
            await shop.post("2")
            data = await shop.wait_for("2", 2)
            assert data["Device"]["FN"] == (await control.get("/registers/1")).json()["drive"]
        listed = [sys.executable, "-m", "fleet", "drive", "list", str(plant.state / "fleet.toml"), "--json"]
        said_of = msgspec.json.decode((await trio.run_process(listed, capture_stdout=True)).stdout)
        assert (said_of["drive"], said_of["replacement"]) == (data["Device"]["FN"], None)
        assert said_of["life"]["documents_left"] > 200_000
