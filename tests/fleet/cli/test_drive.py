"""Twin of `fleet.cli.drive`: the commands against a real HTTP server."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from fleet.bench import Found, Verdict
from fleet.jobs import Job, State
from fleet.journal.base import Discovered
from kkt_driver.intents import Intent
from tests.end_to_end.world import INN, receipt
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


def found(verdict: Verdict, document: Discovered | None = None) -> Found:
    return Found(drive="9999", verdict=verdict, why="so it is", last_document=9, document=document, receipts=[])


DOCUMENT = Discovered(
    station="bench",
    serial="17",
    drive="9999",
    rnm="1",
    document=7,
    form=3,
    sign=1,
    moment=datetime(2026, 11, 25, 12, 0),
    shift=1,
    receipt=2,
    operation=1,
    total=19900,
    own_key="mine",
)


@pytest.mark.parametrize(
    ("tells", "status", "decision"),
    [
        (found(Verdict.REGISTERED, DOCUMENT), 0, "registered"),
        (found(Verdict.NOT_REGISTERED), 0, "requeue"),
        (found(Verdict.AMBIGUOUS), 1, None),
    ],
)
def test_evidence(
    run: Any,
    good: str,
    daemon: Daemon,
    monkeypatch: pytest.MonkeyPatch,
    tells: Found,
    status: int,
    decision: str | None,
) -> None:
    """What the drive tells decides the job, with the drive, the address and the reason in the journal; what it does not
    tell decides nothing."""
    asked: list[Any] = []

    def look(address: str, intent: Intent, wanted: tuple[int, int], *, timezone: str) -> Found:
        asked.append((address, intent, wanted, timezone))
        return tells

    monkeypatch.setattr("fleet.bench.look", look)
    intent = Intent(
        job="a", action="receipt", command="FF45", serial="17", drive="9999", last_document=6, shift=1, receipt=1
    )
    job = Job(
        id="a",
        inn=INN,
        key="1",
        tenant="shop",
        facade="test",
        state=State.QUARANTINED,
        accepted_at=0.0,
        changed_at=0.0,
        receipt=receipt(),
        station="k1",
        intent=intent,
    )
    daemon.answers["/jobs/a"] = [(200, {"job": msgspec.to_builtins(job)})]
    daemon.answers["/jobs/a/decide"] = [(200, {"job": {"state": "decided"}})]
    ran = run("drive", "evidence", good, "a", "tcp://10.0.0.99:7778", "--decide", "--why", "burnt", "--who", "olga")
    assert ran.status == status
    assert asked == [("tcp://10.0.0.99:7778", intent, (1, 19900), "Europe/Moscow")]
    assert f"a: {tells.verdict}: so it is" in ran.out
    said = [body for method, _, body in daemon.asked if method == "POST"]
    assert [one["decision"] for one in said] == ([decision] if decision else [])
    if decision == "registered":
        assert msgspec.convert(said[0]["told"], Discovered) == DOCUMENT
    if said:
        assert said[0]["why"].startswith("burnt (drive 9999 read at tcp://10.0.0.99:7778")
