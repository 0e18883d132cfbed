"""Twin of `fleet.cli.planning`."""

from __future__ import annotations

import json
from typing import Any


def test_plan(run: Any) -> None:
    """The number, the limit that decides, and the assumptions, for people and for programs."""
    ran = run("plan", "--per-day", "20000", "--peak", "3")
    assert ran.status == 0
    assert ran.out.startswith("38 registers and 4 in reserve; decided by: drive")
    answer = json.loads(run("plan", "--per-day", "20000", "--peak", "3", "--drive", "36", "--json").out)
    assert (answer["binding"], answer["registers"]) == ("drive", 90)
    assert [limit["name"] for limit in answer["limits"]] == ["peak", "day", "drive"]


def test_a_drive_that_is_not_made(run: Any) -> None:
    """Told which there are."""
    ran = run("plan", "--per-day", "1", "--peak", "1", "--drive", "12")
    assert (ran.status, "13, 15, 36" in ran.err) == (1, True)
