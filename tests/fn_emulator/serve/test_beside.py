"""A rack for the program that starts it: what it is asked, what it answers, and that it ends with its parent."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "fn_emulator.serve.beside"]


def test_it_listens_says_so_and_ends_with_its_parent(tmp_path: Path) -> None:
    """The pipe of a parent that was killed closes like that of one that is done: nothing is left on the ports."""
    asked = {"count": 2, "base_port": 0, "operator_port": 0, "inn": "7707083893", "internet": True}
    with subprocess.Popen(
        [*COMMAND, json.dumps({**asked, "state": str(tmp_path / "rack")})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        said = json.loads(process.stdout.readline())
        assert said["event"] == "ready"
        assert len({register["drive"] for register in said["registers"]}) == 2
        for address in (*(register["address"] for register in said["registers"]), said["operator"]):
            host, _, port = address.removeprefix("tcp://").rpartition(":")
            socket.create_connection((host, int(port))).close()
        assert (tmp_path / "rack" / "register-2" / "drive.log").stat().st_size > 0
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"count": 1}, "base_port"),
        ({"count": 1, "base_port": 0, "operator_port": 0, "inn": "7707083893", "speed": 2}, "speed"),
        ({"count": 0, "base_port": 0, "operator_port": 0, "inn": "7707083893"}, "0 registers"),
    ],
)
def test_a_rack_that_cannot_be_says_why(asked: dict[str, Any], why: str) -> None:
    """Its parent shows the last line of what it said."""
    ran = subprocess.run([*COMMAND, json.dumps(asked)], capture_output=True, check=False, timeout=20, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert why in ran.stderr.splitlines()[-1]
