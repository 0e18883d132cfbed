"""Twin of `fleet.journal.files`: copies, restores and exports of a journal that somebody is writing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import apsw
import pytest

from fleet.errors import JournalError, SchemaTooNew
from fleet.jobs import State
from fleet.journal import SqliteJournal
from fleet.journal.files import backup, check, export, restore
from fleet.journal.schema import MIGRATIONS
from tests.fleet.journal.lives import Make, accepted, job_in


def opened(path: Path) -> SqliteJournal:
    return SqliteJournal.open(path, clock=lambda: 7.0, threaded=False, durable=False)


async def test_a_copy_while_it_is_written(tmp_path: Path, order: Make) -> None:
    """The daemon goes on; the copy is whole as of one moment, and can be opened like the journal itself."""
    path, copy = tmp_path / "journal.sqlite", tmp_path / "copies" / "monday.sqlite"
    with opened(path) as journal:
        first = await job_in(journal, State.CONFIRMED, order("1"))
        assert backup(path, copy).problems == ()
        await accepted(journal, order("2"))
    assert copy.stat().st_mode & 0o077 == 0, "buyers are in it"
    with opened(copy) as copied:
        assert await copied.list() == [first]
        assert not copied.reconciling
    with pytest.raises(JournalError, match="exists"):
        backup(path, copy)


async def test_what_was_erased_is_not_copied(tmp_path: Path, order: Make) -> None:
    """A forgotten buyer must not live on in tomorrow's backup."""
    path, copy = tmp_path / "journal.sqlite", tmp_path / "copy.sqlite"
    with opened(path) as journal:
        job = await job_in(journal, State.CONFIRMED, order("1", contact="forget.me@example.com"))
        await journal.erase(job.id)
        backup(path, copy)
    assert b"forget.me" not in copy.read_bytes()


async def test_a_restored_journal_knows_that_it_is_old(tmp_path: Path, order: Make) -> None:
    """It says so until every drive was read; what stood there is kept beside it, and ids stay what they were."""
    path, copy = tmp_path / "journal.sqlite", tmp_path / "copy.sqlite"
    with opened(path) as journal:
        await accepted(journal, order("1"))
        backup(path, copy)
        lost = await accepted(journal, order("2"))
    assert restore(copy, path, now=1234.0).problems == ()
    assert [name for name in os.listdir(tmp_path) if name.endswith(".before-1234")] == ["journal.sqlite.before-1234"]
    with opened(path) as journal:
        assert journal.reconciling
        assert await journal.status(id=lost.id) is None
        assert (await accepted(journal, order("2"))).id == lost.id
        await journal.end_reconciling()
    with opened(path) as journal:
        assert not journal.reconciling


async def test_a_backup_that_was_changed_is_not_brought_back(tmp_path: Path, order: Make) -> None:
    """A restore is when nobody looks closely; this does."""
    path, copy = tmp_path / "journal.sqlite", tmp_path / "copy.sqlite"
    with opened(path) as journal:
        await job_in(journal, State.CONFIRMED, order("1"))
        backup(path, copy)
    connection = apsw.Connection(str(copy))
    connection.execute("UPDATE jobs SET receipt = '{}'")
    connection.close()
    with pytest.raises(JournalError, match="not what was written"):
        restore(copy, path, now=1.0)
    assert check(path).problems == ()


async def test_an_export_is_everything_but_the_buyers(tmp_path: Path, order: Make) -> None:
    """Plain rows for whoever must look without this program, and the heads for whoever looks again later."""
    path = tmp_path / "journal.sqlite"
    with opened(path) as journal:
        await job_in(journal, State.CONFIRMED, order("1"))
        await journal.record("k2", "audit", {"documents": 2})
    rows = list(export(path))
    assert {row["kind"] for row in rows} == {"job", "intent", "event", "record", "head"}
    assert "a@b.example" not in json.dumps(rows)
    heads = {head.station: (head.number, head.link) for head in check(path).heads}
    assert {row["station"]: (row["number"], row["link"]) for row in rows if row["kind"] == "head"} == heads
    buyers = [row for row in export(path, with_buyers=True) if row["kind"] == "buyer"]
    assert [(row["buyer_contact"], "InvoiceId" in row["request"]) for row in buyers] == [("a@b.example", True)]


def test_what_is_no_journal(tmp_path: Path) -> None:
    """One line that says what it is instead."""
    with pytest.raises(JournalError, match="there is no journal"):
        check(tmp_path / "nothing.sqlite")
    (tmp_path / "text").write_text("hello, this is not a database at all")
    with pytest.raises(JournalError, match="not a journal"):
        check(tmp_path / "text")


def test_a_journal_of_another_version(tmp_path: Path) -> None:
    """From the future it is not touched; an old one is brought up to date by the daemon, not by a look."""
    path = tmp_path / "journal.sqlite"
    opened(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO migrations VALUES (?, 'later', 1)", (len(MIGRATIONS) + 1,))
    with pytest.raises(SchemaTooNew):
        check(path)
    connection.execute("DELETE FROM migrations WHERE version > 1")
    connection.close()
    with pytest.raises(JournalError, match="start the daemon once"):
        check(path)
