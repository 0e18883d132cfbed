"""Twin of `fleet.journal.verify`: whatever is changed in the file is found, and erasing is not a change."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from fleet.jobs import Decision, Done, State
from fleet.journal import SqliteJournal
from fleet.journal.files import check
from tests.fleet.journal.lives import STATION, Make, intent, job_in


@pytest.fixture
async def path(tmp_path: Path, order: Make, clock: object) -> Path:
    """A journal with every kind of event in it."""
    path = tmp_path / "journal.sqlite"
    with SqliteJournal.open(path, clock=lambda: 7.0, threaded=False, durable=False) as journal:
        await job_in(journal, State.CONFIRMED, order("1"), document=1)
        await job_in(journal, State.REGISTERED, order("2"), document=2)
        odd = await job_in(journal, State.QUARANTINED, order("3"))
        await journal.decide(odd.id, Decision.CANCEL, "olga", "never made")
        back = await job_in(journal, State.UNKNOWN, order("4"))
        await journal.release(back.id, "proved", {"F1": 1})
        await journal.intend(STATION, intent("", action="shift_close", command="41"), None)
        await journal.settle(STATION, Done(evidence={"document": 9}), None)
        await journal.record("k2", "audit", {"documents": 2})
    return path


def tampered(path: Path, statement: str) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()


async def test_a_journal_as_it_was_written(path: Path) -> None:
    """Nothing to complain about, and where each chain ends."""
    verified = check(path)
    assert verified.problems == ()
    assert verified.requests == 4
    assert {head.station for head in verified.heads} == {"k1", "k2"}
    assert sum(head.number for head in verified.heads) == verified.events


CHANGES = {
    "an event": "UPDATE chain SET at = 8 WHERE station = 'k1' AND number = 3",
    "what an event says": "UPDATE chain SET content = replace(content, 'olga', 'ivan')",
    "an event left out": "DELETE FROM chain WHERE station = 'k1' AND number = 4",
    "the end of a chain": "DELETE FROM chain WHERE seq = (SELECT max(seq) FROM chain WHERE station = 'k1')",
    "a whole chain": "DELETE FROM chain WHERE station = 'k2'",
    "where a chain ends": "UPDATE heads SET number = number + 1 WHERE station = 'k1'",
    "the order of events": "UPDATE chain SET seq = 1000 WHERE station = 'k1' AND number = 2",
    "an intent": "UPDATE intents SET intent = replace(intent, '41', '42') WHERE seq = 1",
    "a proof": "UPDATE intents SET evidence = '{}' WHERE verdict = 'not_registered'",
    "a receipt": "UPDATE jobs SET receipt = replace(receipt, '150', '151') WHERE key = '1'",
    "a commitment": "UPDATE jobs SET commitment = zeroblob(32) WHERE key = '2'",
    "a document": "UPDATE jobs SET document = 99 WHERE key = '2'",
    "a request": "UPDATE requests SET raw = x'00' WHERE seq = 1",
    "a buyer": 'UPDATE requests SET personal = \'{"buyer_contact":"x@y.example"}\' WHERE seq = 2',
    "a record": "UPDATE records SET detail = '{}'",
    "an intent of nobody": "INSERT INTO intents (station, opened_at, intent, closed_at) VALUES ('k9', 1, '{}', 2)",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_is_found(path: Path, change: str) -> None:
    """Whoever has the file can write into it; nobody can do so unnoticed."""
    tampered(path, CHANGES[change])
    assert check(path).problems != ()


async def test_a_chain_that_was_cut_off(path: Path) -> None:
    """The end can be cut off without a trace in the file: then an earlier look tells."""
    heads = {head.station: head for head in check(path).heads}
    tampered(
        path, "DELETE FROM chain WHERE station = 'k2'; DELETE FROM heads WHERE station = 'k2'; DELETE FROM records"
    )
    assert check(path).problems == ()
    assert check(path, heads).problems == ("station k2: its chain is gone",)


async def test_a_chain_that_went_on(path: Path, order: Make) -> None:
    """Heads from before are still passed on the way."""
    heads = {head.station: head for head in check(path).heads}
    with SqliteJournal.open(path, clock=lambda: 8.0, threaded=False, durable=False) as journal:
        await journal.record("k2", "audit", {"documents": 3})
    assert check(path, heads).problems == ()


async def test_erasing_breaks_nothing(path: Path) -> None:
    """The right to be forgotten and the evidence live side by side."""
    with SqliteJournal.open(path, clock=lambda: 9.0, threaded=False, durable=False) as journal:
        erased, _ = await journal.retain(9.0, 0)
        assert erased == 3
    verified = check(path)
    assert verified.problems == ()
    assert verified.requests == 1
