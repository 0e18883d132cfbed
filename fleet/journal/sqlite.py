"""The journal of one machine: an SQLite file, written by one connection, read by another.

`SqliteJournal.open` locks the file, brings its schema up to date and raises its epoch. Writes go through a
`fleet.journal.writer` to the `Engine`; reads are short queries on the event loop (a point read takes about 20 µs) and
see what is committed.
"""

from __future__ import annotations

import builtins
import fcntl
import os
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw
import trio

from fleet.errors import Closed, Locked, Missing
from fleet.jobs import UNFINISHED, Decision, Job, Order, Outcome, Result, State, Ticket
from fleet.journal.base import LIST_MAX, Accepted, Backlog, Duplicate, Note, OpenIntent, Unconfirmed
from fleet.journal.engine import Engine
from fleet.journal.rows import SELECT, decode_intent, decode_json, found
from fleet.journal.schema import migrate
from fleet.journal.writer import Call, GroupWriter, InlineWriter, Writer
from kkt_driver.intents import Intent

__all__ = ["SqliteJournal"]

BUSY_S = 1.0
"""How long a transaction waits for a stranger's, say a technician's shell, and holds up the loop, before it fails."""

CHECKPOINT_PAGES = 4000
"""Size at which the write-ahead log is worked into the file: 16 MB, so that a page hit often is written once."""

CACHE_KIB = 65_536


def _new_id() -> str:
    return str(uuid.uuid4())


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
        new_id: Callable[[], str],
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
        self._new_id = new_id
        self._closed = False

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        clock: Callable[[], float],
        threaded: bool = True,
        new_id: Callable[[], str] = _new_id,
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
        return cls(path, lock, writing, reading, engine, writer, epoch=epoch, clock=clock, new_id=new_id)

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
        result: Accepted | Duplicate = await self._write(self._engine.accept, self._new_id(), order)
        return result

    async def claim(self, job_id: str, station: str) -> Job:
        return await self._write_job(self._engine.claim, job_id, station)

    async def intend(self, station: str, intent: Intent, job_id: str | None) -> None:
        await self._write(self._engine.intend, station, intent, job_id)

    async def settle(self, station: str, outcome: Outcome, job_id: str | None) -> Job | None:
        job: Job | None = await self._write(self._engine.settle, station, outcome, job_id)
        return job

    async def confirm(self, drive: str, document: int, ticket: Ticket) -> Job | None:
        job: Job | None = await self._write(self._engine.confirm, drive, document, ticket)
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

    async def _write_job(self, verb: Callable[..., Job], *arguments: Any) -> Job:
        job: Job = await self._write(verb, *arguments)
        return job

    async def _write(self, verb: Callable[..., Any], *arguments: Any) -> Any:
        if self._closed:
            raise Closed(f"the journal {self.path} is closed")
        return await self._writer.run(Call(verb, (self._clock(), *arguments)))

    # Reading

    async def status(self, *, id: str | None = None, inn: str | None = None, key: str | None = None) -> Job | None:
        if id is not None:
            row = self._read(SELECT + "WHERE jobs.id = ?", (id,)).fetchone()
        else:
            row = self._read(SELECT + "WHERE inn = ? AND key = ?", (inn, key)).fetchone()
        await trio.lowlevel.checkpoint()
        return None if row is None else found(row).job

    async def list(
        self,
        limit: int = 50,
        before: str | None = None,
        states: Collection[State] | None = None,
        inn: str | None = None,
    ) -> builtins.list[Job]:
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
        rows = self._read(
            "SELECT drive, document, id, changed_at FROM jobs "
            "WHERE state = 'registered' AND drive = ? ORDER BY document LIMIT ?",
            (drive, limit),
        ).fetchall()
        await trio.lowlevel.checkpoint()
        return [Unconfirmed(drive=of, document=document, job=job, registered_at=at) for of, document, job, at in rows]

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
