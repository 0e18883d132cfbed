"""Twin of `fleet.journal.schema`: a file that an older version wrote goes on with this one."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from fleet.errors import SchemaTooNew
from fleet.jobs import State
from fleet.journal import Accepted, Duplicate, SqliteJournal
from fleet.journal.chain import FIRST, link_of
from fleet.journal.files import check
from fleet.journal.rows import encode, split
from fleet.journal.schema import MIGRATIONS, migrate
from tests.fleet.journal.lives import Make


async def test_a_file_of_the_first_version(tmp_path: Path, order: Make) -> None:
    """Its jobs keep their ids and their keys, finish as before, and the chain begins where the new version began."""
    path = tmp_path / "journal.sqlite"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL)")
    connection.execute(MIGRATIONS[0][1])
    connection.execute("INSERT INTO migrations VALUES (1, 'old', 1)")
    receipt, personal = split(order("old").receipt)
    connection.execute(
        "INSERT INTO jobs (id, inn, key, tenant, facade, state, accepted_at, changed_at, receipt) "
        "VALUES ('old-id', '9900000000', 'old', 'demo', 'ferma', 'accepted', 1, 1, ?)",
        (receipt,),
    )
    connection.execute("INSERT INTO requests VALUES (1, ?, x'7b7d')", (personal,))
    connection.execute("INSERT INTO counts VALUES ('accepted', 1)")
    connection.execute(
        "INSERT INTO intents (station, opened_at, intent, closed_at) VALUES ('k1', 1, ?, 2)", (encode({}),)
    )
    connection.close()
    with SqliteJournal.open(path, clock=lambda: 7.0, threaded=False, durable=False) as journal:
        answer = await journal.accept(order("old"))
        assert isinstance(answer, Duplicate)
        assert (answer.job.id, answer.same) == ("old-id", True)
        assert await journal.status(inn="9900000000", key="old") == answer.job
        assert await journal.status(inn="7707083893", key="old") is None
        assert journal.counts()[State.ACCEPTED] == 1
        await journal.claim("old-id", "k1")
        await journal.release("old-id", "no paper")
        assert journal.counts()[State.ACCEPTED] == 1
    assert check(path).problems == ()


async def test_a_file_of_the_third_version(tmp_path: Path, order: Make) -> None:
    """Its ids are made of INN and key, as they are now: its orders are known, others are new, and all are counted. Its
    chains go on where they were."""
    path, id_ = tmp_path / "journal.sqlite", "c98bcdc3-de7a-4af9-9b28-31cd7033a337"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL)")
    for version, (name, script) in enumerate(MIGRATIONS[:3], start=1):
        connection.execute(script)
        connection.execute("INSERT INTO migrations VALUES (?, ?, 1)", (version, name))
    connection.execute("UPDATE meta SET value = zeroblob(32) WHERE name = 'secret'")
    receipt, personal = split(order("old").receipt)
    for seq, (job_id, key, state) in enumerate(((id_, "old", "cancelled"), ("other", "?", "confirmed")), start=1):
        connection.execute(
            "INSERT INTO jobs (id, inn, key, tenant, facade, state, accepted_at, changed_at, receipt, commitment) "
            "VALUES (?, '9900000000', ?, 'demo', 'ferma', ?, 1, 1, ?, zeroblob(32))",
            (job_id, key, state, receipt),
        )
        connection.execute("INSERT INTO requests VALUES (?, ?, x'7b7d', NULL)", (seq, personal))
    first = link_of(FIRST, "k1", 1, 1.0, "audit", "{}")
    for station, number, link in (
        ("k1", 1, first),
        ("k1", 2, link_of(first, "k1", 2, 1.0, "audit", "{}")),
        ("k2", 1, link_of(FIRST, "k2", 1, 1.0, "audit", "{}")),
    ):
        connection.execute("INSERT INTO chain VALUES (?, ?, 1.0, 'audit', '{}', ?)", (station, number, link))
    connection.close()
    with SqliteJournal.open(path, clock=lambda: 7.0, threaded=False, durable=False) as journal:
        answer = await journal.accept(order("old"))
        assert isinstance(answer, Duplicate)
        assert (answer.job.id, answer.same) == (id_, True)
        assert await journal.status(inn="9900000000", key="old") == answer.job
        assert isinstance(await journal.accept(order("new")), Accepted)
        counts = {state: jobs for state, jobs in journal.counts().items() if jobs}
        assert counts == {State.CANCELLED: 1, State.CONFIRMED: 1, State.ACCEPTED: 1}
        await journal.record("k1", "audit", {})
    verified = check(path)
    assert verified.problems == ()
    assert [(head.station, head.number) for head in verified.heads] == [("k1", 3), ("k2", 1)]


def test_steps_are_taken_once(tmp_path: Path) -> None:
    """Opening twice is opening once; a file from the future stays as it is."""
    connection = apsw.Connection(str(tmp_path / "journal.sqlite"))
    migrate(connection, now=1.0)
    secret = connection.execute("SELECT value FROM meta WHERE name = 'secret'").get
    migrate(connection, now=2.0)
    assert connection.execute("SELECT value FROM meta WHERE name = 'secret'").get == secret
    assert connection.execute("SELECT count(*) FROM migrations").get == len(MIGRATIONS)
    connection.execute("INSERT INTO migrations VALUES (99, 'later', 1)")
    with pytest.raises(SchemaTooNew):
        migrate(connection, now=3.0)
