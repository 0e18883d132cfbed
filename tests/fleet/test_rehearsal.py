"""Twin of `fleet.rehearsal`: a configuration that reads well is also seen to work, on real child processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fleet.config import parse
from tests.fleet.web.doubles import INN, OTHER_INN, PASSWORD_HASH


def text(*, group: str = "north", inn: str = OTHER_INN) -> str:
    tenants = "".join(
        f'[[tenants]]\nname = "{name}"\nlogin = "{name}"\npassword_hash = "{PASSWORD_HASH}"\ninn = "{of}"\n{more}\n'
        for name, of, more in (("shop", INN, f'group = "{group}"'), ("bank", inn, ""))
    )
    return f"""
operator = {{ address = "tcp://operator.example:7777" }}
{tenants}
[[stations]]
name = "k1"
address = "tcp://register.example:7778"
inn = "{INN}"
group = "north"
[[stations]]
name = "k2"
address = "serial:/dev/ttyS99?baud=115200"
inn = "{OTHER_INN}"
link = "alternative"
"""


def check(path: Path, written: str) -> tuple[int, dict[str, Any]]:
    path.write_text(written)
    command = [sys.executable, "-m", "fleet", "check", str(path), "--dry-run", "--json"]
    done = subprocess.run(command, capture_output=True, timeout=150)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_a_good_configuration_works(tmp_path: Path) -> None:
    """Two companies, two links, registers that are elsewhere and must not be touched: every station comes up, every
    tenant's receipt is confirmed, and nothing is left in the state folder."""
    status, said = check(tmp_path / "fleet.toml", text())
    assert (status, said["problems"]) == (0, [])
    assert (said["stations"], said["receipts"]) == (["k1", "k2"], ["shop", "bank"])
    assert [path.name for path in tmp_path.iterdir()] == ["fleet.toml"]


@pytest.mark.slow
def test_what_reads_well_and_does_not_work(tmp_path: Path) -> None:
    """A tenant whose group no register has: no rule of the file is broken, and no receipt would ever be made."""
    assert parse(text(group="south")).tenants[0].group == "south"
    status, said = check(tmp_path / "fleet.toml", text(group="south"))
    assert (status, said["ok"], said["receipts"]) == (1, False, ["bank"])
    (problem,) = said["problems"]
    assert problem.startswith("tenant shop: no station may make its receipts")
    assert "group south" in problem
