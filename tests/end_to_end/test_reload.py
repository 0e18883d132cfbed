"""A rack that is changed while it serves, with real processes: SIGHUP and the commands of `fleet station`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.end_to_end.processes import Plant, Shop

pytestmark = pytest.mark.slow


async def fleet(config: Path, *arguments: str) -> list[Any]:
    """What a command prints as JSON; it must end well."""
    group, verb, *rest = arguments
    command = [sys.executable, "-m", "fleet", group, *([verb] if verb else []), str(config), *rest, "--json"]
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


async def until(config: Path, **states: str) -> None:
    with trio.fail_after(40):
        while True:
            if {one["name"]: one["state"] for one in await fleet(config, "station", "list")} == states:
                return
            await trio.sleep(0.1)


async def test_a_rack_is_changed_while_it_serves(tmp_path: Path) -> None:
    """A station leaves the configuration and retires on SIGHUP, a wrong file changes nothing, one is drained and
    resumed from the shell and one is added; receipts are made all the while."""
    async with Plant(tmp_path, links=["standard", "standard"]).opened() as plant:
        await plant.rack()
        daemon = await plant.daemon()
        config = tmp_path / "fleet.toml"
        both = config.read_text()
        first_alone = both[: both.rindex("[[stations]]")]
        async with Shop(plant.url) as shop:
            await shop.post("1")
            await shop.wait_for("1", 2)
            config.write_text("[[[")
            daemon.signal(signal.SIGHUP)
            await trio.sleep(0.5)
            config.write_text(first_alone)
            await until(config, k1="idle", k2="idle")
            daemon.signal(signal.SIGHUP)
            await until(config, k1="idle", k2="retired")
            config.write_text(both)
            (done,) = await fleet(config, "reload", "")
            assert done["changed"] == ["k2"]
            await until(config, k1="idle", k2="idle")
            await fleet(config, "station", "drain", "k1", "--why", "the shelf is moved")
            await until(config, k1="drained", k2="idle")
            await shop.post("2")
            await shop.wait_for("2", 2)
            await fleet(config, "station", "resume", "k1", "--why", "it is back")
            await until(config, k1="idle", k2="idle")
            await fleet(config, "station", "retire", "k2", "--why", "sold", "--force")
            await until(config, k1="idle", k2="retired")
            address = f"tcp://127.0.0.1:{plant.register_ports[1]}"
            await fleet(config, "station", "add", "k9", "--address", address, "--inn", "9900000000")
            await until(config, k1="idle", k2="retired", k9="idle")
            failed = await trio.run_process(
                [sys.executable, "-m", "fleet", "station", "drain", str(config), "k8", "--why", "x"],
                capture_stderr=True,
                check=False,
            )
            assert (failed.returncode, b"no station k8" in failed.stderr) == (1, True)
        await daemon.stop()
    assert len(plant.archive()) == 2
