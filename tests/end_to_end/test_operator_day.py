"""An operator's day with the real programs: an audit, a backup under way, a disk that is lost, a restore."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from tests.end_to_end.processes import Plant, Shop

pytestmark = pytest.mark.slow


async def fleet(*words: str, status: int = 0) -> str:
    """Run a command of `fleet` as whoever sits at the machine; what it printed."""
    command = [sys.executable, "-m", "fleet", *words]
    with trio.fail_after(60):
        done = await trio.run_process(command, capture_stdout=True, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == status, done.stdout.decode()
    return done.stdout.decode()


async def test_audit_backup_and_restore(tmp_path: Path) -> None:
    """After the restore the journal is older than a receipt: the drives are read, the shop that asks again gets its
    old id and its document, nothing is made twice, and the next audit finds nothing wrong."""
    config, copy = str(tmp_path / "fleet.toml"), str(tmp_path / "copy.sqlite")
    async with Plant(tmp_path, links=["standard", "alternative"]).opened() as plant, Shop(plant.url) as shop:
        rack, daemon = await plant.rack(), await plant.daemon()
        for number in range(4):
            await shop.post(f"before {number}", 100 + number)
        for number in range(4):
            await shop.wait_for(f"before {number}", 2)
        audits = [json.loads(line) for line in (await fleet("audit", config, "--first", "1", "--json")).splitlines()]
        assert (sum(one["receipts"] for one in audits), sum(one["problem_count"] for one in audits)) == (4, 0)
        assert json.loads(await fleet("journal", "backup", config, copy, "--json"))["problems"] == []
        lost = await shop.post("lost", 500)
        told = await shop.wait_for("lost", 2)
        assert await fleet("quarantine", "list", config) == ""
        await fleet("journal", "restore", config, copy, status=1)  # a daemon has the journal
        await daemon.stop()
        await fleet("journal", "restore", config, copy)
        daemon = await plant.daemon()
        assert await shop.post("lost", 500) == lost
        again = await shop.wait_for("lost", 2)
        assert (again["Device"]["FN"], again["Device"]["FDN"]) == (told["Device"]["FN"], told["Device"]["FDN"])
        await shop.post("after", 600)
        await shop.wait_for("after", 2)
        await fleet("audit", config, "--first", "1")
        await fleet("journal", "verify", config)
        await daemon.stop()
        await rack.stop()
        receipts = plant.archive()
    assert sorted(total for _, _, total in receipts if total) == [10000, 10100, 10200, 10300, 50000, 60000]
