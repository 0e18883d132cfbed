"""The journal as a file: copied while it is written, brought back, read out.

Whoever brings an old copy back does not know what happened after it was made. The restored journal says so
(`Journal.reconciling`), and the daemon reads every drive before it makes a receipt again: see `fleet.reconcile`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apsw

from fleet.errors import JournalError, SchemaTooNew
from fleet.journal.rows import PERSONAL, decode_json
from fleet.journal.schema import MIGRATIONS, migrate
from fleet.journal.verify import Head, Verified, verify

__all__ = ["backup", "check", "export", "open_for_reading", "restore"]


def open_for_reading(path: Path) -> apsw.Connection:
    """A connection beside a daemon's. JournalError when there is no journal that this version reads."""
    if not path.is_file():
        raise JournalError(f"{path}: there is no journal")
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(5000)
        version = connection.execute("SELECT max(version) FROM migrations").get
    except apsw.Error as error:
        raise JournalError(f"{path} is not a journal: {error}") from error
    if version > len(MIGRATIONS):
        raise SchemaTooNew(f"{path} has schema {version}, this program knows up to {len(MIGRATIONS)}")
    if version < len(MIGRATIONS):
        connection.close()
        raise JournalError(f"{path} has schema {version}: start the daemon once, it brings the file up to date")
    return connection


def check(path: Path, known: Mapping[str, Head] | None = None) -> Verified:
    """Verify the journal at `path`."""
    connection = open_for_reading(path)
    try:
        return verify(connection, known)
    finally:
        connection.close()


def backup(path: Path, target: Path) -> Verified:
    """A whole, compact copy as of one moment, made beside a working daemon, synced, and then verified.

    What was erased is not in it. The target must not exist: an older copy is worth more than none.
    """
    if target.exists():
        raise JournalError(f"{target} exists: name another file")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    beside.unlink(missing_ok=True)
    connection = open_for_reading(path)
    try:
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT, 0o600))
        connection.execute("VACUUM INTO ?", (str(beside),))
    except apsw.Error as error:
        beside.unlink(missing_ok=True)
        raise JournalError(f"{target}: the copy could not be made: {error}") from error
    finally:
        connection.close()
    _sync(beside)
    verified = check(beside)
    os.replace(beside, target)
    _sync(target.parent)
    return verified


def restore(source: Path, path: Path, *, now: float) -> Verified:
    """Put a backup where the journal was. It will be reconciled with the drives before anything is made.

    What stands there now is moved aside, not over: it may hold what the backup does not.
    """
    verified = check(source)
    if verified.problems:
        raise JournalError(f"{source} is not what was written: {verified.problems[0]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    for ending in ("", "-wal", "-shm"):
        old = path.with_name(path.name + ending)
        if old.exists():
            os.replace(old, path.with_name(f"{path.name}.before-{int(now)}{ending}"))
    beside = path.with_name(f".{path.name}.new")
    shutil.copyfile(source, beside)
    os.chmod(beside, 0o600)
    connection = apsw.Connection(str(beside))
    try:
        migrate(connection, now=now)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('reconcile', ?)", (now,))
        connection.execute("DELETE FROM reconciled")
    finally:
        connection.close()
    _sync(beside)
    os.replace(beside, path)
    _sync(path.parent)
    return verified


def export(path: Path, *, with_buyers: bool = False) -> Iterator[dict[str, Any]]:
    """Everything as plain rows, in one consistent read: jobs, intents, notes, records, callbacks, chains, heads.

    Without the buyers unless they are asked for; a chain can be verified without them.
    """
    connection = open_for_reading(path)
    try:
        connection.execute("BEGIN")
        for kind, query, jsons in _EXPORTS:
            cursor = connection.execute(query)
            for row in cursor:
                names = [column[0] for column in cursor.getdescription()]
                yield {"kind": kind, **_plain(dict(zip(names, row, strict=True)), jsons)}
        if with_buyers:
            yield from _buyers(connection.execute)
        for station, number, link in connection.execute("SELECT station, number, link FROM heads"):
            yield {"kind": "head", "station": station, "number": number, "link": link.hex()}
    finally:
        connection.close()


_EXPORTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "job",
        "SELECT seq, id, inn, key, tenant, facade, state, accepted_at, changed_at, attempts, station, drive, document, "
        "reason, receipt, result, evidence, commitment FROM jobs ORDER BY seq",
        ("receipt", "result", "evidence"),
    ),
    (
        "intent",
        "SELECT intents.seq, intents.station, jobs.id AS job, opened_at, intents.intent, closed_at, verdict, "
        "intents.evidence FROM intents LEFT JOIN jobs ON jobs.seq = intents.job ORDER BY intents.seq",
        ("intent", "evidence"),
    ),
    (
        "note",
        "SELECT notes.seq, jobs.id AS job, at, event, notes.station, detail FROM notes "
        "JOIN jobs ON jobs.seq = notes.job ORDER BY notes.seq",
        ("detail",),
    ),
    ("record", "SELECT seq, station, at, event, detail FROM records ORDER BY seq", ("detail",)),
    ("event", "SELECT station, number, at, event, content, link FROM chain ORDER BY seq", ("content",)),
    ("discovered", "SELECT drive, document, own_key, document_json AS found FROM discovered", ("found",)),
)


def _plain(row: dict[str, Any], jsons: tuple[str, ...]) -> dict[str, Any]:
    for name in jsons:
        if row[name] is not None:
            row[name] = decode_json(row[name])
    return {key: value.hex() if isinstance(value, bytes) else value for key, value in row.items()}


def _buyers(read: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    for id_, personal, raw in read(
        "SELECT id, personal, raw FROM requests JOIN jobs ON jobs.seq = requests.seq ORDER BY requests.seq"
    ):
        told = {} if personal is None else decode_json(personal)
        request = None if raw is None else raw.decode("utf-8", "replace")
        yield {"kind": "buyer", "job": id_, **{name: told.get(name) for name in PERSONAL}, "request": request}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
