"""Twin of `fleet.cli.quarantine`, and of `fleet.cli.client`: the commands against a real HTTP server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fleet.cli.client import KEY_VARIABLE
from tests.fleet.cli.conftest import Daemon

JOB = {
    "id": "a",
    "changed_at": 1_800_000_000.0,
    "station": "k1",
    "reason": "two documents fit",
    "state": "quarantined",
    "receipt": {"items": [{"total": 19900}]},
}
FINDINGS = {"first": 1, "last": 9, "receipts": 7, "problem_count": 0, "problems": []}


def test_list_and_show(run: Any, good: str, daemon: Daemon) -> None:
    """What waits, with the sum and the reason; then all that is known of one."""
    daemon.answers["/jobs"] = [(200, {"jobs": [JOB]})]
    daemon.answers["/jobs/a"] = [(200, {"job": JOB, "notes": [], "candidates": []})]
    ran = run("quarantine", "list", good)
    assert all(text in ran.out for text in ("a  ", "199.00", "k1", "two documents fit"))
    assert "state=quarantined" in daemon.asked[0][1]
    assert json.loads(run("quarantine", "show", good, "a").out)["job"]["id"] == "a"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("registered", "a", "42", "--drive", "99"), {"decision": "registered", "document": 42, "drive": "99"}),
        (("requeue", "a"), {"decision": "requeue"}),
        (("cancel", "a"), {"decision": "cancel"}),
    ],
)
def test_decisions(run: Any, good: str, daemon: Daemon, words: tuple[str, ...], said: dict[str, Any]) -> None:
    """What was decided goes to the daemon with who and why; its refusal is one line and exit 1."""
    done = (200, {"job": {**JOB, "state": "accepted"}})
    refused = (409, {"error": "conflict", "message": "job a is confirmed"})
    daemon.answers["/jobs/a/decide"] = [done, refused]
    command = ("quarantine", words[0], good, *words[1:], "--why", "seen", "--who", "olga")
    assert run(*command).out == "a: accepted\n"
    assert daemon.asked[0] == ("POST", "/admin/v1/jobs/a/decide", {**said, "why": "seen", "who": "olga"})
    ran = run(*command)
    assert (ran.status, ran.err) == (1, "fleet: job a is confirmed\n")


@pytest.mark.parametrize("problems", [[], ["document 4: a receipt of 19900 kopecks that is no job's"]])
def test_audit(run: Any, good: str, daemon: Daemon, problems: list[str]) -> None:
    """Asked for each station, waited for, told; exit 1 when something does not agree."""
    found = {**FINDINGS, "problem_count": len(problems), "problems": problems}
    daemon.answers["/rack"] = [(200, {"stations": [{"name": "k1"}]})]
    daemon.answers["/stations/k1/audit"] = [(200, {"asked": True})]
    daemon.answers["/stations/k1/history"] = [
        (200, {"records": [{"seq": 1, "detail": FINDINGS}]}),
        (200, {"records": [{"seq": 2, "detail": found}]}),
    ]
    ran = run("audit", good, "--first", "1")
    assert ran.status == (1 if problems else 0)
    assert ran.out.splitlines() == ["k1: documents 1 to 9, 7 receipts", *(f"  {one}" for one in problems)]


def test_a_daemon_that_is_not_there(run: Any, good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key of its own, and with one but nobody listening."""
    assert "start the daemon first" in run("quarantine", "list", good).err
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    path = Path(good)
    path.write_text(path.read_text().replace("127.0.0.1:8080", "127.0.0.1:9"))
    assert "does not answer" in run("quarantine", "list", good).err
