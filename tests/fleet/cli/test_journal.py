"""Twin of `fleet.cli.journal`: an operator's evening with the journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest
import trio

from fleet.jobs import State
from fleet.journal import SqliteJournal
from tests.end_to_end.world import order, receipt
from tests.fleet.journal.lives import job_in


@pytest.fixture
def journal(good: str) -> Path:
    """The journal of the good configuration, with one confirmed receipt in it."""
    path = Path(good).parent / "var" / "rack-1" / "journal.sqlite"
    asked = order("1", receipt(buyer_contact="a@b.example"))
    with SqliteJournal.open(path, clock=lambda: 7.0, threaded=False, durable=False) as opened:
        trio.run(job_in, opened, State.CONFIRMED, asked)
    return path


def test_verify(run: Any, good: str, journal: Path, tmp_path: Path) -> None:
    """0 and one line when all agrees; 1 and every fault when not; an earlier answer shows what was cut off."""
    ran = run("journal", "verify", good)
    assert (ran.status, ran.err) == (0, "")
    assert "3 events" in ran.out
    heads = tmp_path / "heads.json"
    heads.write_text(run("journal", "verify", good, "--json").out)
    assert run("journal", "verify", good, "--heads", str(heads)).status == 0
    connection = apsw.Connection(str(journal))
    connection.execute("DELETE FROM chain WHERE number = 3")
    assert run("journal", "verify", good).status == 1
    connection.execute("UPDATE heads SET number = 2, link = (SELECT link FROM chain WHERE number = 2)")
    connection.close()
    assert run("journal", "verify", good).status == 0, "whoever cut it off knew all places"
    cut = run("journal", "verify", good, "--heads", str(heads), "--json")
    answer = json.loads(cut.out)
    assert (cut.status, answer["ok"]) == (1, False)
    assert "cut off" in answer["problems"][0]
    heads.write_text("{}")
    assert "does not hold heads" in run("journal", "verify", good, "--heads", str(heads)).err


def test_backup_and_restore(run: Any, good: str, journal: Path, tmp_path: Path) -> None:
    """The copy is verified, the restore tells what the next start does, and a running daemon is not disturbed."""
    copy = str(tmp_path / "copy.sqlite")
    assert "copied and verified" in run("journal", "backup", good, copy).out
    assert "exists" in run("journal", "backup", good, copy).err
    with SqliteJournal.open(journal, clock=lambda: 7.0, threaded=False):
        refused = run("journal", "restore", good, copy)
        assert (refused.status, "is served by" in refused.err) == (1, True)
    assert "reconciles" in run("journal", "restore", good, copy).out
    with SqliteJournal.open(journal, clock=lambda: 7.0, threaded=False) as opened:
        assert opened.reconciling


def test_export(run: Any, good: str, journal: Path) -> None:
    """One JSON object a line, the buyer only when asked for."""
    rows = [json.loads(line) for line in run("journal", "export", good).out.splitlines()]
    assert {row["kind"] for row in rows} == {"job", "intent", "event", "head"}
    assert "a@b.example" in run("journal", "export", good, "--with-buyers").out


def test_without_a_journal(run: Any, good: str) -> None:
    """One line, no traceback."""
    for words in (("verify",), ("export",), ("backup", "x.sqlite")):
        ran = run("journal", words[0], good, *words[1:])
        assert (ran.status, "there is no journal" in ran.err) == (1, True)
