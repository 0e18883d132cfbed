"""Twin of `fleet.cli.station`: what is asked of the daemon, and what is printed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fleet.cli.conftest import Daemon

STATION = {
    "name": "k1",
    "state": "held",
    "problem": None,
    "drive": "9999078900000001",
    "unsent": 3,
    "outside": ["no ticket from the operator for 28 days: no more receipts"],
    "alarms": [{"key": "unsent", "level": "critical", "text": "no ticket for 28 days"}],
}


def test_the_list_says_what_is_wrong(run: Any, good: str, daemon: Daemon) -> None:
    """One line a station for people, everything for programs."""
    daemon.answers["/rack"] = [(200, {"stations": [STATION]})]
    line = run("station", "list", good).out
    assert line.split()[:4] == ["k1", "held", "9999078900000001", "3"]
    assert line.endswith("no more receipts; critical: no ticket for 28 days\n")
    assert json.loads(run("station", "list", good, "--json").out) == STATION


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (("drain", "k1"), "drain", {}),
        (("resume", "k1"), "resume", {}),
        (("retire", "k1", "--force"), "retire", {"force": True}),
        (("retire", "k1"), "retire", {"force": False}),
        (("acknowledge", "k1", "unsent"), "acknowledge", {"alarm": "unsent"}),
    ],
)
def test_orders_carry_who_and_why(
    run: Any, good: str, daemon: Daemon, words: tuple[str, ...], path: str, body: dict[str, Any]
) -> None:
    """Without a reason nothing is asked: the station's history keeps it."""
    daemon.answers[f"/stations/k1/{path}"] = [(200, {"asked": True})]
    verb, *rest = words
    ran = run("station", verb, good, *rest, "--why", "moved", "--who", "olga")
    assert (ran.status, ran.out) == (0, f"k1: {path}: asked\n")
    assert daemon.asked == [("POST", f"/admin/v1/stations/k1/{path}", {"why": "moved", "who": "olga", **body})]
    assert run("station", verb, good, *rest).status == 2


def test_a_station_is_added(run: Any, good: str, daemon: Daemon) -> None:
    """The table is that of the configuration; what the daemon has against it is told."""
    daemon.answers["/stations"] = [(200, {"station": STATION}), (422, {"message": "station:\n  inn: wrong"})]
    words = ("station", "add", good, "k1", "--address", "tcp://127.0.0.1:1", "--inn", "9900000000", "--group", "north")
    assert run(*words, "--who", "olga").out == "k1: added\n"
    assert daemon.asked[0][2]["station"] == {
        "name": "k1",
        "address": "tcp://127.0.0.1:1",
        "inn": "9900000000",
        "link": "standard",
        "timezone": "Europe/Moscow",
        "reserve": False,
        "group": "north",
    }
    wrong = run(*words)
    assert (wrong.status, "inn: wrong" in wrong.err) == (1, True)


def test_reload_tells_what_changed(run: Any, good: str, daemon: Daemon) -> None:
    """And what only the next start will read."""
    done = {"added": ["k3"], "changed": [], "retired": ["k1", "k2"], "later": ["http"]}
    daemon.answers["/reload"] = [(200, done)]
    assert run("reload", good).out == "added: k3\nchanged: -\nretired: k1, k2\nafter a restart: http\n"
    assert json.loads(run("reload", good, "--json").out) == done
