"""The journal of one machine: an SQLite file, written by one connection, read by another.

`SqliteJournal.open` locks the file, brings its schema up to date and raises its epoch. Writes go through a
`fleet.journal.writer` to the `Engine`; reads are short queries on the event loop (a point read takes about 20 µs) and
see what is committed.
"""

from __future__ import annotations

import builtins
import fcntl
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw
import trio

from fleet.errors import Locked, Missing
from fleet.figures import JournalWork
from fleet.jobs import UNFINISHED, Decision, Job, Order, Outcome, Result, State, Ticket
from fleet.journal.base import (
    LIST_MAX,
    Accepted,
    Backlog,
    Callback,
    Discovered,
    Duplicate,
    Note,
    OpenIntent,
    OwnDocument,
    StationRecord,
    Unconfirmed,
)
from fleet.journal.discoveries import decode_discovered
from fleet.journal.engine import Engine
from fleet.journal.outbox import read_callbacks
from fleet.journal.rows import OF_OLD_KEY, SELECT, decode_intent, decode_json, found
from fleet.journal.schema import migrate
from fleet.journal.writer import Call, GroupWriter, InlineWriter, Writer
from kkt_driver.intents import Intent

__all__ = ["SqliteJournal", "lock"]

BUSY_S = 1.0
"""How long a transaction waits for a stranger's, say a technician's shell, and holds up the loop, before it fails."""

CHECKPOINT_PAGES = 4000
"""Size at which the write-ahead log is worked into the file: 16 MB, so that a page hit often is written once."""

CACHE_KIB = 65_536

SALT_SIZE = 16


def _salt() -> bytes:
    return os.urandom(SALT_SIZE)


class SqliteJournal:
    """See `fleet.journal.Journal` for the verbs. Use `open`, and close it, or use it in a `with` statement."""

    def __init__(
        self,
        path: Path,
        lock: int | None,
        writing: apsw.Connection,
        reading: apsw.Connection,
        engine: Engine,
        writer: Writer,
        *,
        epoch: int,
        clock: Callable[[], float],
        salt: Callable[[], bytes],
    ) -> None:
        self.path = path
        self.epoch = epoch
        self._lock = lock
        self._writing = writing
        self._reading = reading
        self._read: Callable[..., Any] = reading.cursor().execute
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._salt = salt
        self._closed = False
        self._reconciling = bool(self._read("SELECT 1 FROM meta WHERE name = 'reconcile'").fetchall())
        self._reconciled = {name for (name,) in self._read("SELECT station FROM reconciled")}

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        clock: Callable[[], float],
        threaded: bool = True,
        salt: Callable[[], bytes] = _salt,
        durable: bool = True,
        exclusive: bool = True,
    ) -> Self:
        """Open or create the file at `path`, and fence whoever had it open before.

        `clock` gives unix seconds and is asked in the caller's task. `threaded=False` writes in the caller's task:
        for tests and simulated time. `durable=False` leaves out the syncs, for simulations that never lose power.
        `exclusive=False` leaves out the operating system's lock, to take a file over from a process that hangs (its
        next write raises `Fenced`).
        """
        path = Path(path).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock(path) if exclusive else None
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # it holds buyers' contacts
            writing = _connect(path, apsw.SQLITE_OPEN_READWRITE)
            writing.execute("PRAGMA journal_mode = WAL")
            writing.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            writing.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            writing.execute(f"PRAGMA journal_size_limit = {4096 * CHECKPOINT_PAGES}")
            migrate(writing, now=clock())
            epoch = writing.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value").get
            reading = _connect(path, apsw.SQLITE_OPEN_READONLY)
        except BaseException:
            if lock is not None:
                os.close(lock)
            raise
        engine = Engine(writing, epoch=epoch)
        writer: Writer = InlineWriter(engine)
        if threaded:
            writer = GroupWriter(engine, name=f"journal {path.name}")
        return cls(path, lock, writing, reading, engine, writer, epoch=epoch, clock=clock, salt=salt)

    def close(self) -> None:
        """Finish what waits, then let go of the file. Waits for at most one transaction."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._reading.close()
        self._writing.close()
        if self._lock is not None:
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    @property
    def commits(self) -> int:
        """Transactions since the start: each is one sync of the log."""
        return self._engine.commits

    @property
    def verbs(self) -> int:
        """Verbs since the start; by `commits` it is the mean size of a group."""
        return self._engine.verbs

    # Writing

    async def accept(self, order: Order) -> Accepted | Duplicate:
        result: Accepted | Duplicate = await self._write(self._engine.accept, order, self._salt())
        return result

    async def claim(self, job_id: str, station: str) -> Job:
        job: Job = await self._write_soon(self._engine.claim, job_id, station)
        return job

    async def intend(self, station: str, intent: Intent, job_id: str | None) -> None:
        await self._write(self._engine.intend, station, intent, job_id)

    async def settle(self, station: str, outcome: Outcome, job_id: str | None) -> Job | None:
        job: Job | None = await self._write(self._engine.settle, station, outcome, job_id)
        return job

    async def confirm(self, drive: str, document: int, ticket: Ticket) -> Job | None:
        job: Job | None = await self._write_soon(self._engine.confirm, drive, document, ticket)
        return job

    async def doubt(self, job_id: str, why: str) -> Job:
        return await self._write_job(self._engine.doubt, job_id, why)

    async def release(self, job_id: str, why: str, proof: dict[str, Any] | None = None) -> Job:
        return await self._write_job(self._engine.release, job_id, why, proof)

    async def quarantine(self, job_id: str, reason: str, evidence: dict[str, Any] | None = None) -> Job:
        return await self._write_job(self._engine.quarantine, job_id, reason, evidence)

    async def decide(self, job_id: str, decision: Decision, who: str, why: str, result: Result | None = None) -> Job:
        return await self._write_job(self._engine.decide, job_id, decision, who, why, result)

    async def cancel(self, job_id: str) -> Job:
        return await self._write_job(self._engine.cancel, job_id)

    async def erase(self, job_id: str) -> Job:
        return await self._write_job(self._engine.erase, job_id)

    async def retain(self, accepted_before: float, after: int) -> tuple[int, int | None]:
        done: tuple[int, int | None] = await self._write(self._engine.retain, accepted_before, after)
        return done

    async def record(self, station: str, event: str, detail: dict[str, Any]) -> StationRecord:
        record: StationRecord = await self._write(self._engine.record, station, event, detail)
        return record

    async def discover(self, station: str, documents: Sequence[Discovered]) -> builtins.list[Discovered]:
        new: builtins.list[Discovered] = await self._write(self._engine.discover, station, documents)
        return new

    async def reconciled(self, station: str, detail: dict[str, Any]) -> None:
        await self._write(self._engine.reconciled, station, detail)
        self._reconciled.add(station)

    async def end_reconciling(self) -> None:
        await self._write(self._engine.end_reconciling)
        self._reconciling = False
        self._reconciled.clear()

    async def callback_tried(self, job_id: str, outcome: str, *, due_at: float | None, done: bool) -> Callback:
        callback: Callback = await self._write(self._engine.outbox.tried, job_id, outcome, due_at, done)
        return callback

    async def replay_callback(self, job_id: str) -> Callback:
        callback: Callback = await self._write(self._engine.outbox.replay, job_id)
        return callback

    async def _write_job(self, verb: Callable[..., Job], *arguments: Any) -> Job:
        job: Job = await self._write(verb, *arguments)
        return job

    async def _write(self, verb: Callable[..., Any], *arguments: Any) -> Any:
        return await self._writer.run(Call(verb, (self._clock(), *arguments)))

    async def _write_soon(self, verb: Callable[..., Any], *arguments: Any) -> Any:
        return await self._writer.run(Call(verb, (self._clock(), *arguments), soon=True))

    # Reading. What a verb has answered is to be seen, so what is not durable yet is waited for

    async def _caught_up(self) -> None:
        if self._engine.answered:
            await self._write(self._engine.nothing)

    async def status(self, *, id: str | None = None, inn: str | None = None, key: str | None = None) -> Job | None:
        row = self._job_row(id, inn, key)
        if row is not None and row[1] in self._engine.answered:
            await self._caught_up()
            row = self._job_row(id, inn, key)
        await trio.lowlevel.checkpoint()
        return None if row is None else found(row).job

    def _job_row(self, id_: str | None, inn: str | None, key: str | None) -> tuple[Any, ...] | None:
        wanted = id_ if id_ is not None else self._engine.id_of(inn or "", key or "")
        row: tuple[Any, ...] | None = self._read(SELECT + "WHERE jobs.id = ?", (wanted,)).fetchone()
        if row is None and id_ is None and self._engine.old_keys:
            row = self._read(SELECT + OF_OLD_KEY, (inn, key)).fetchone()
        return row

    async def list(
        self,
        limit: int = 50,
        before: str | None = None,
        states: Collection[State] | None = None,
        inn: str | None = None,
    ) -> builtins.list[Job]:
        await self._caught_up()
        limit = max(0, min(limit, LIST_MAX))
        bounds = ["TRUE"]
        values: builtins.list[Any] = []
        if before is not None:
            bounds.append("seq < ?")
            values.append(self._seq(before))
        if inn is not None:
            bounds.append("inn = ?")
            values.append(inn)
        # One bounded walk for each state: none of them has to sort or to pass over the others' millions.
        walks = [
            f"SELECT * FROM (SELECT seq FROM jobs WHERE {' AND '.join([*bounds, wanted])} ORDER BY seq DESC LIMIT ?)"
            for wanted in _wanted(states)
        ]
        query = f"{SELECT} WHERE jobs.seq IN ({' UNION ALL '.join(walks)}) ORDER BY jobs.seq DESC LIMIT ?"
        rows = self._read(query, (*[*values, limit] * len(walks), limit)).fetchall() if walks else []
        await trio.lowlevel.checkpoint()
        return [found(row).job for row in rows]

    async def raw(self, job_id: str) -> bytes | None:
        row = self._read("SELECT raw FROM requests WHERE seq = ?", (self._seq(job_id),)).fetchone()
        await trio.lowlevel.checkpoint()
        return None if row is None else row[0]

    async def notes(self, job_id: str) -> builtins.list[Note]:
        rows = self._read(
            "SELECT at, event, station, detail FROM notes WHERE job = ? ORDER BY seq", (self._seq(job_id),)
        ).fetchall()
        await trio.lowlevel.checkpoint()
        return [
            Note(at=at, job=job_id, event=event, station=station, detail=decode_json(detail))
            for at, event, station, detail in rows
        ]

    async def load(self) -> Backlog:
        await self._caught_up()
        states = ", ".join(f"'{state}'" for state in sorted(UNFINISHED))
        query = f"{SELECT} WHERE state IN ({states}) AND state <> 'confirmed' ORDER BY jobs.seq"
        jobs = tuple(found(row).job for row in self._read(query))
        intents = {
            station: OpenIntent(station=station, job=job, intent=decode_intent(intent), opened_at=opened_at)
            for station, job, intent, opened_at in self._read(
                "SELECT intents.station, jobs.id, intents.intent, opened_at "
                "FROM intents LEFT JOIN jobs ON jobs.seq = intents.job WHERE closed_at IS NULL"
            )
        }
        await trio.lowlevel.checkpoint()
        return Backlog(jobs=jobs, intents=intents)

    async def unconfirmed(self, drive: str, limit: int = LIST_MAX) -> builtins.list[Unconfirmed]:
        await self._caught_up()
        rows = self._read(
            "SELECT drive, document, id, changed_at FROM jobs "
            "WHERE state = 'registered' AND drive = ? ORDER BY document LIMIT ?",
            (drive, limit),
        ).fetchall()
        await trio.lowlevel.checkpoint()
        return [Unconfirmed(drive=of, document=document, job=job, registered_at=at) for of, document, job, at in rows]

    async def records(
        self, station: str, events: Collection[str] | None = None, limit: int = LIST_MAX
    ) -> builtins.list[StationRecord]:
        wanted = "" if events is None else f" AND event IN ({', '.join('?' * len(events))})"
        rows = self._read(
            f"SELECT seq, at, event, detail FROM records WHERE station = ?{wanted} ORDER BY seq DESC LIMIT ?",
            (station, *(events or ()), max(0, min(limit, LIST_MAX))),
        ).fetchall()
        await trio.lowlevel.checkpoint()
        return [
            StationRecord(seq=seq, at=at, station=station, event=event, detail=decode_json(detail))
            for seq, at, event, detail in rows
        ]

    async def documents(self, drive: str, first: int, last: int) -> builtins.list[OwnDocument]:
        await self._caught_up()
        rows = self._read(
            "SELECT document, id, json_extract(result, '$.sign'), json_extract(result, '$.total'), state FROM jobs "
            "WHERE drive = ? AND document BETWEEN ? AND ? ORDER BY document LIMIT ?",
            (drive, first, min(last, first + LIST_MAX - 1), LIST_MAX),
        ).fetchall()
        await trio.lowlevel.checkpoint()
        return [
            OwnDocument(document=document, job=job, sign=sign, total=total, confirmed=state == State.CONFIRMED)
            for document, job, sign, total, state in rows
        ]

    async def first_document(self, drive: str) -> int:
        return await self._document("min", drive)

    async def last_document(self, drive: str) -> int:
        return await self._document("max", drive)

    async def _document(self, which: str, drive: str) -> int:
        row = self._read(f"SELECT {which}(document) FROM jobs WHERE drive = ?", (drive,)).fetchone()
        await trio.lowlevel.checkpoint()
        return int(row[0] or 0)

    async def discovered(self, drive: str | None = None) -> builtins.list[Discovered]:
        one = "" if drive is None else " WHERE drive = ?"
        rows = self._read(
            f"SELECT document_json FROM discovered{one} ORDER BY drive, document LIMIT ?",
            (*([] if drive is None else [drive]), LIST_MAX),
        ).fetchall()
        await trio.lowlevel.checkpoint()
        return [decode_discovered(text) for (text,) in rows]

    async def callbacks_due(self, now: float, limit: int = 50) -> builtins.list[Callback]:
        await self._caught_up()
        due = read_callbacks(self._read, "WHERE due_at <= ? ORDER BY due_at LIMIT ?", (now, limit))
        await trio.lowlevel.checkpoint()
        return due

    async def callback(self, job_id: str) -> Callback | None:
        await self._caught_up()
        found = read_callbacks(self._read, "WHERE jobs.id = ?", (job_id,))
        await trio.lowlevel.checkpoint()
        return found[0] if found else None

    @property
    def reconciling(self) -> bool:
        return self._reconciling

    def reconciled_stations(self) -> frozenset[str]:
        return frozenset(self._reconciled)

    def failed(self) -> str | None:
        return None if self._engine.broken is None else str(self._engine.broken)

    def work(self) -> JournalWork:
        return JournalWork(commits=self._engine.commits, verbs=self._engine.verbs)

    def counts(self) -> dict[State, int]:
        return dict(self._engine.counts)

    def _seq(self, job_id: str) -> int:
        row = self._read("SELECT seq FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise Missing(f"there is no job {job_id}")
        seq: int = row[0]
        return seq


def _wanted(states: Collection[State] | None) -> builtins.list[str]:
    """A condition for each walk; the addition lets SQLite see that the index of unconfirmed jobs suffices."""
    if states is None:
        return ["TRUE"]
    return [
        f"state = '{state}'" + ("" if state is State.CONFIRMED else " AND state <> 'confirmed'")
        for state in sorted(states)
    ]


def _connect(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=200)
    connection.set_busy_timeout(int(BUSY_S * 1000))
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the journal's file so that no daemon starts on it. Locked when one has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _lock(path)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    """A lock that ends with the process. Not on the file itself: closing it would drop SQLite's own locks."""
    lock_path = path.with_name(path.name + ".lock")
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(descriptor, 100, 0).decode("ascii", "replace").strip() or "another process"
        os.close(descriptor)
        raise Locked(f"{path} is served by {owner}: stop it first, or give this daemon its own state_dir") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()}\n".encode("ascii"), 0)
    return descriptor
