"""Twin of `fleet.journal.schema`: a file that an older version wrote goes on with this one."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from fleet.errors import SchemaTooNew
from fleet.jobs import State
from fleet.journal import Duplicate, SqliteJournal
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
        await journal.claim("old-id", "k1")
        await journal.release("old-id", "no paper")
        assert journal.counts()[State.ACCEPTED] == 1
    assert check(path).problems == ()


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
