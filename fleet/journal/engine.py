"""The journal's verbs on SQLite tables, and the transaction that carries a group of them.

Each verb runs in a savepoint of the group's transaction: one that fails takes back only itself. All of it is
synchronous and used by one thread at a time; `fleet.journal.writer` decides which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import apsw
import msgspec

from fleet.errors import Conflict, Fenced, JournalError, Missing, StorageFailed
from fleet.jobs import (
    DECISION_EVENTS,
    FINAL,
    Decision,
    Done,
    Event,
    Job,
    Order,
    Outcome,
    Refused,
    Registered,
    Result,
    State,
    Ticket,
    advance,
)
from fleet.journal.base import Accepted, Duplicate
from fleet.journal.rows import SELECT, Found, encode, found, split, without_buyer
from fleet.journal.writer import Call
from kkt_driver.intents import Intent

__all__ = ["Engine"]

_ERASABLE = FINAL | {State.REGISTERED}  # until then the register needs the buyer's contact

_OWN_VERDICTS = {True: "done", False: "not_executed", None: "unexplained"}

_INSERT_JOB = """
INSERT INTO jobs (id, inn, key, tenant, facade, state, accepted_at, changed_at, receipt)
VALUES (?, ?, ?, ?, ?, 'accepted', ?, ?, ?) ON CONFLICT (inn, key) DO NOTHING
"""


class Engine:
    """The writing side. `commits` and `verbs` count transactions that wrote and the verbs in them."""

    def __init__(self, connection: apsw.Connection, *, epoch: int) -> None:
        self._connection = connection
        self._execute: Callable[..., Any] = connection.cursor().execute
        self._epoch = epoch
        self._broken: JournalError | None = None
        self._moves: list[tuple[State | None, State]] = []
        self.counts: dict[State, int] = dict.fromkeys(State, 0)
        for state, jobs in self._execute("SELECT state, jobs FROM counts"):
            self.counts[State(state)] = jobs
        self._next_counts = self.counts
        self.commits = 0
        self.verbs = 0

    # The transaction

    def carry_out(self, calls: list[Call]) -> bool:
        """Run the calls in one transaction; whether it is left open for `commit`, since something was changed."""
        self._moves.clear()
        before = self._connection.total_changes()
        try:
            if self._broken is not None:
                raise self._broken
            self._execute("BEGIN IMMEDIATE")
            self._check_epoch()
            for call in calls:
                self._one(call)
            if self._connection.total_changes() == before:
                self._execute("COMMIT")
                return False
            self._next_counts = self._count()
        except Exception as error:
            self._take_back(calls, error)
            return False
        return True

    def commit(self, calls: list[Call]) -> None:
        """Make the open transaction durable: the only step that waits for the disk."""
        try:
            self._execute("COMMIT")
        except Exception as error:
            self._take_back(calls, error)
        else:
            self.counts = self._next_counts
            self.commits += 1
            self.verbs += len(calls)

    def _one(self, call: Call) -> None:
        moves = len(self._moves)
        self._execute("SAVEPOINT verb")
        try:
            call.value = call.verb(*call.arguments)
        except Exception as error:
            if isinstance(error, apsw.Error) and not isinstance(error, apsw.ConstraintError):
                raise  # the storage's trouble, not this verb's
            del self._moves[moves:]
            self._execute("ROLLBACK TO verb")
            call.error = Conflict(f"the tables do not allow it: {error}") if isinstance(error, apsw.Error) else error
        self._execute("RELEASE verb")

    def _check_epoch(self) -> None:
        row = self._execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        if row != (self._epoch,):
            raise Fenced(f"the journal's epoch is {row and row[0]}, ours is {self._epoch}: another daemon took over")

    def _count(self) -> dict[State, int]:
        change: Counter[State] = Counter()
        for before, after in self._moves:
            change[after] += 1
            if before is not None:
                change[before] -= 1
        counts = dict(self.counts)
        for state, by in change.items():
            if by:
                counts[state] += by
                self._execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (state, counts[state]))
        return counts

    def _take_back(self, calls: list[Call], error: Exception) -> None:
        if self._connection.in_transaction:
            self._execute("ROLLBACK")
        if isinstance(error, JournalError):
            self._broken = error
        elif not isinstance(error, apsw.FullError | apsw.BusyError):
            # After a failed write or sync nobody knows what the disk holds; the next start reads it afresh.
            self._broken = StorageFailed(f"the journal's storage failed, it takes no more: {error!r}")
        told = self._broken or StorageFailed(f"the journal could not write, nothing was changed: {error!r}")
        for call in calls:
            call.error = type(told)(*told.args)  # each caller raises an exception of its own

    # The verbs, in the order of a job's life. `now` is the moment of the call.

    def accept(self, now: float, id_: str, order: Order) -> Accepted | Duplicate:
        receipt, personal = split(order.receipt)
        self._execute(_INSERT_JOB, (id_, order.inn, order.key, order.tenant, order.facade, now, now, receipt))
        if not self._connection.changes():
            return self._duplicate(order)
        seq = self._connection.last_insert_rowid()
        self._execute("INSERT INTO requests VALUES (?, ?, ?)", (seq, personal, order.raw))
        self._moves.append((None, State.ACCEPTED))
        job = Job(
            id=id_,
            inn=order.inn,
            key=order.key,
            tenant=order.tenant,
            facade=order.facade,
            state=State.ACCEPTED,
            accepted_at=now,
            changed_at=now,
            receipt=order.receipt,
        )
        return Accepted(job=job)

    def _duplicate(self, order: Order) -> Duplicate:
        row = self._execute(SELECT + "WHERE inn = ? AND key = ?", (order.inn, order.key)).fetchone()
        first = found(row)
        asked = without_buyer(order.receipt) if first.erased else order.receipt
        return Duplicate(job=first.job, same=asked == first.job.receipt)

    def claim(self, now: float, job_id: str, station: str) -> Job:
        it = self._find(job_id)
        return self._change(it, Event.CLAIM, now, station=station, attempts=it.job.attempts + 1)

    def intend(self, now: float, station: str, intent: Intent, job_id: str | None) -> None:
        it = None if job_id is None else self._find_of(station, job_id)
        if it is not None:
            advance(it.job.id, it.job.state, Event.INTEND)
        try:
            self._execute(
                "INSERT INTO intents (station, job, opened_at, intent) VALUES (?, ?, ?, ?)",
                (station, it and it.seq, now, encode(intent)),
            )
        except apsw.ConstraintError as error:
            raise Conflict(f"station {station} has an open intent already: resolve it before the next") from error
        if it is not None:
            self._change(it, Event.INTEND, now, intent=(self._connection.last_insert_rowid(), intent))

    def settle(self, now: float, station: str, result: Outcome, job_id: str | None) -> Job | None:
        if job_id is None:
            if not isinstance(result, Done):
                raise Conflict(f"station {station}'s own command ends in Done, not in {type(result).__name__}")
            self._close_own(now, station, _OWN_VERDICTS[result.executed], result.evidence)
            return None
        it = self._find_of(station, job_id)
        evidence = it.job.evidence if result.evidence is None else result.evidence
        if isinstance(result, Registered):
            self._close(it, now, "registered")
            return self._register(it, Event.REGISTER, now, result.result, reason=None, evidence=evidence)
        if isinstance(result, Refused):
            self._close(it, now, "refused")
            if result.code is not None:
                evidence = {**(evidence or {}), "code": result.code}
            return self._change(it, Event.REFUSE, now, reason=result.reason, evidence=evidence)
        raise Conflict(f"job {job_id} ends in Registered or Refused, not in Done")

    def confirm(self, now: float, drive: str, document: int, ticket: Ticket) -> Job | None:
        row = self._execute(SELECT + "WHERE drive = ? AND document = ?", (drive, document)).fetchone()
        if row is None:
            return None
        it = found(row)
        if it.job.state is State.CONFIRMED:
            return it.job
        assert it.job.result is not None, "a job with a document has a result"
        result = msgspec.structs.replace(it.job.result, ticket_at=ticket.at, ticket_code=ticket.code)
        return self._change(it, Event.CONFIRM, now, result=result)

    def doubt(self, now: float, job_id: str, why: str) -> Job:
        it = self._find(job_id)
        job = self._change(it, Event.DOUBT, now, reason=why)
        self._note(it, Event.DOUBT, now, {"why": why})
        return job

    def release(self, now: float, job_id: str, why: str, proof: dict[str, Any] | None) -> Job:
        it = self._find(job_id)
        event = Event.RELEASE if proof is None else Event.REQUEUE
        job = self._change(it, event, now, station=None, intent=None, reason=None, evidence=None)
        self._close(it, now, "not_registered", proof)
        self._note(it, event, now, {"why": why, "proof": proof})
        return job

    def quarantine(self, now: float, job_id: str, reason: str, evidence: dict[str, Any] | None) -> Job:
        it = self._find(job_id)
        job = self._change(it, Event.QUARANTINE, now, reason=reason, evidence=evidence)
        self._close(it, now, "quarantined", evidence)
        self._note(it, Event.QUARANTINE, now, {"why": reason, "evidence": evidence})
        return job

    def decide(self, now: float, job_id: str, decision: Decision, who: str, why: str, result: Result | None) -> Job:
        it = self._find(job_id)
        event = DECISION_EVENTS[decision]
        if (result is not None) != (decision is Decision.REGISTERED):
            raise Conflict(f"job {job_id}: a result comes with the decision 'registered' and with no other")
        if result is not None:
            job = self._register(it, event, now, result, reason=why)
        elif decision is Decision.REQUEUE:
            job = self._change(it, event, now, station=None, intent=None, reason=None, evidence=None)
        else:
            job = self._change(it, event, now, reason=why)
        self._note(it, event, now, {"who": who, "why": why})
        return job

    def cancel(self, now: float, job_id: str) -> Job:
        it = self._find(job_id)
        return self._change(it, Event.CANCEL, now)

    def erase(self, now: float, job_id: str) -> Job:
        it = self._find(job_id)
        if it.job.state not in _ERASABLE:
            raise Conflict(f"job {job_id} is {it.job.state}: its buyer's data is needed until a document exists")
        self._execute("PRAGMA secure_delete = ON")  # what is forgotten shall not stay readable in the file
        self._execute("UPDATE requests SET personal = NULL, raw = NULL WHERE seq = ?", (it.seq,))
        self._execute("PRAGMA secure_delete = OFF")
        self._note(it, "erase", now, {})
        return msgspec.structs.replace(it.job, receipt=without_buyer(it.job.receipt))

    # What the verbs are made of

    def _find(self, job_id: str) -> Found:
        row = self._execute(SELECT + "WHERE jobs.id = ?", (job_id,)).fetchone()
        if row is None:
            raise Missing(f"there is no job {job_id}")
        return found(row)

    def _find_of(self, station: str, job_id: str) -> Found:
        it = self._find(job_id)
        if it.job.station != station:
            raise Conflict(f"job {job_id} is {it.job.state} at station {it.job.station}, not at {station}")
        return it

    def _change(
        self,
        it: Found,
        event: Event,
        now: float,
        *,
        intent: tuple[int, Intent] | msgspec.UnsetType | None = msgspec.UNSET,
        **fields: Any,
    ) -> Job:
        """Move the job by `event` and set `fields` of it; what is not named stays."""
        before = it.job.state
        fields |= {"state": advance(it.job.id, before, event), "changed_at": now}
        columns = dict(fields)
        for name in ("result", "evidence"):
            if columns.get(name) is not None:
                columns[name] = encode(columns[name])
        if isinstance(result := fields.get("result"), Result):
            columns |= {"drive": result.drive, "document": result.document}
        if intent is not msgspec.UNSET:
            columns["intent"], fields["intent"] = intent or (None, None)
        self._update("jobs", it.seq, columns)
        self._moves.append((before, fields["state"]))
        return msgspec.structs.replace(it.job, **fields)

    def _register(self, it: Found, event: Event, now: float, result: Result, **fields: Any) -> Job:
        try:
            return self._change(it, event, now, result=result, **fields)
        except apsw.ConstraintError as error:
            other = self._execute(
                "SELECT id FROM jobs WHERE drive = ? AND document = ?", (result.drive, result.document)
            ).fetchone()
            raise Conflict(
                f"job {it.job.id}: document {result.document} of drive {result.drive} is that of job {other[0]} already"
            ) from error

    def _close(self, it: Found, now: float, verdict: str, evidence: dict[str, Any] | None = None) -> None:
        """Close the job's open intent, if it has one; the evidence of a document stands with the job."""
        if it.intent_seq is not None:
            self._update(
                "intents",
                it.intent_seq,
                {"closed_at": now, "verdict": verdict, "evidence": None if evidence is None else encode(evidence)},
            )

    def _close_own(self, now: float, station: str, verdict: str, evidence: dict[str, Any] | None) -> None:
        row = self._execute(
            "SELECT seq FROM intents WHERE station = ? AND closed_at IS NULL AND job IS NULL", (station,)
        ).fetchone()
        if row is None:
            raise Conflict(f"station {station} has no open intent of its own to settle")
        columns = {"closed_at": now, "verdict": verdict, "evidence": None if evidence is None else encode(evidence)}
        self._update("intents", row[0], columns)

    def _update(self, table: str, seq: int, columns: dict[str, Any]) -> None:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        self._execute(f"UPDATE {table} SET {assignments} WHERE seq = ?", (*columns.values(), seq))

    def _note(self, it: Found, event: str, now: float, detail: dict[str, Any]) -> None:
        self._execute(
            "INSERT INTO notes (job, at, event, station, detail) VALUES (?, ?, ?, ?, ?)",
            (it.seq, now, event, it.job.station, encode(detail)),
        )
