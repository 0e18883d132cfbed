"""Twin of `fleet.cli.drive`: the commands against a real HTTP server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fleet.cli.conftest import Daemon

LIFE = {
    "documents_left": 1200,
    "kib_free": 9000,
    "shifts": 30,
    "documents_per_day": 100.0,
    "ends_on": "2026-12-06",
    "ends_by": "documents",
    "days_left": 11,
}


def station(name: str, life: dict[str, Any] | None, replacement: str | None = None) -> dict[str, Any]:
    return {"name": name, "drive": "9999", "life": life, "replacement": replacement}


def record(seq: int, step: str, **detail: Any) -> dict[str, Any]:
    return {"seq": seq, "detail": {"step": step, **detail}}


def progress(step: str | None, *records: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"step": step, "words": f"words for {step}", "history": list(records)[::-1]}


def test_list(run: Any, good: str, daemon: Daemon) -> None:
    """The drive that ends first is on top; one that was not asked yet is at the end."""
    late = {**LIFE, "days_left": 400, "ends_on": "2028-01-01", "ends_by": "date"}
    stations = [station("new", None), station("late", late), station("soon", LIFE, "swap")]
    daemon.answers["/rack"] = [(200, {"stations": stations})]
    ran = run("drive", "list", good)
    assert [line.split()[0] for line in ran.out.splitlines()] == ["soon", "late", "new"]
    assert "ends 2026-12-06 (documents)  replacement: swap" in ran.out
    assert json.loads(run("drive", "list", good, "--json").out.splitlines()[0])["life"] == LIFE


def test_replace_watches_to_the_end(run: Any, good: str, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step once, what the cabinet asks for, and the end; what an earlier replacement left says nothing."""
    monkeypatch.setattr("fleet.cli.drive.POLL_S", 0.0)
    made = record(5, "change made", document=1, sign=77, at="2026-11-25 12:00:00")
    daemon.answers["/stations/k1/drive"] = [
        progress(None, record(2, "done")),
        progress(None, record(2, "done")),
        progress("swap", record(2, "done"), record(3, "begun"), record(4, "swap")),
        progress("swap", record(2, "done"), record(3, "begun"), record(4, "swap")),
        progress("card", record(4, "swap"), made, record(6, "card")),
        progress(None, made, record(6, "card"), record(7, "card_entered"), record(8, "done")),
    ]
    daemon.answers["/stations/k1/drive/replace"] = [(200, {})]
    ran = run("drive", "replace", good, "k1", "--why", "full", "--who", "olga")
    assert ran.out.splitlines() == [
        "k1: swap: words for swap",
        "k1: for the cabinet: document 1, sign 77, 2026-11-25 12:00:00",
        "k1: card: words for card",
        "k1: done",
    ]
    assert ("POST", "/admin/v1/stations/k1/drive/replace", {"why": "full", "who": "olga"}) in daemon.asked


@pytest.mark.parametrize(("option", "path"), [("--card-entered", "card-entered"), ("--abandon", "abandon")])
def test_what_a_person_says(run: Any, good: str, daemon: Daemon, option: str, path: str) -> None:
    """Said once, without waiting for the end."""
    daemon.answers["/stations/k1/drive"] = [progress("card")]
    daemon.answers[f"/stations/k1/drive/{path}"] = [(200, {})]
    ran = run("drive", "replace", good, "k1", "--why", "y", option, "--no-wait")
    assert (ran.status, ran.out) == (0, "k1: card: words for card\n")
    assert daemon.asked[1][:2] == ("POST", f"/admin/v1/stations/k1/drive/{path}")


def test_one_thing_at_a_time(run: Any, good: str, daemon: Daemon) -> None:
    """The two options contradict each other."""
    daemon.answers["/stations/k1/drive"] = [progress("card")]
    assert run("drive", "replace", good, "k1", "--why", "y", "--card-entered", "--abandon").status == 1
