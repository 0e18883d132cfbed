"""The journal's verbs on SQLite tables, and the transaction that carries a group of them.

A verb that fails takes back only itself. Hardly any fails after it wrote something, so the verbs of a group run as they
are; when one does, all are taken back and run again with a savepoint for each. They can: a verb depends on the tables
and its arguments alone, and changes what is kept in memory only after it wrote.

All of it is synchronous and used by one thread at a time; `fleet.journal.writer` decides which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
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
from fleet.journal.base import Accepted, Discovered, Duplicate, StationRecord
from fleet.journal.chain import Chain, commitment, digest
from fleet.journal.discoveries import Discoveries
from fleet.journal.live import Live
from fleet.journal.outbox import Outbox
from fleet.journal.rows import OF_OLD_KEY, SELECT, Found, encode, found, split, without_buyer
from fleet.journal.writer import Call
from kkt_driver.intents import Intent
from kkt_driver.procedures import short_key

__all__ = ["Engine"]

_ERASABLE = FINAL | {State.REGISTERED}  # until then the register needs the buyer's contact

_VARIANT = {digit: "89ab"[place % 4] for place, digit in enumerate("0123456789abcdef")}

_OWN_VERDICTS = {True: "done", False: "not_executed", None: "unexplained"}

_INSERT_JOB = """
INSERT INTO jobs (id, inn, key, tenant, facade, state, accepted_at, changed_at, receipt, commitment,
                  routing_group, priority)
VALUES (?, ?, ?, ?, ?, 'accepted', ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""

RETAIN_AT_ONCE = 200
"""Requests looked at by one call of `retain`: about 5 ms of the writer."""


class Engine:
    """The writing side. `commits` and `verbs` count transactions that wrote and the verbs in them; `broken` is why it
    takes no more until a new start."""

    def __init__(self, connection: apsw.Connection, *, epoch: int) -> None:
        self._connection = connection
        self._execute: Callable[..., Any] = connection.cursor().execute
        self._epoch = epoch
        self._data_version: int | None = None
        self._clean = 0  # what `total_changes` was when the transaction began
        self.broken: JournalError | None = None
        self._live = Live()
        self._chain = Chain(self._execute)
        self._discoveries = Discoveries(self._execute)
        self.outbox = Outbox(self._execute)
        self._secret: bytes = connection.execute("SELECT value FROM meta WHERE name = 'secret'").get
        self.old_keys = self._execute("SELECT 1 FROM old_keys LIMIT 1").fetchone() is not None
        """There are orders of which the id is not made of INN and key."""
        self.counts = self._count()
        self._moves: list[tuple[State | None, State]] = []  # in `counts` and not durable
        self.answered: set[str] = set()
        """Jobs of which a step was answered that is not durable yet."""
        self._tail: list[Call] = []  # those calls, in the open transaction
        self._owed: list[Call] = []  # those calls, taken back with a transaction that failed for lack of space
        self.commits = 0
        self.verbs = 0

    # The transaction

    def carry_out(self, calls: list[Call]) -> bool:
        """Run the calls in the open transaction, or in a new one; whether there is anything in it for `commit`.

        Calls that are `soon` are done with it: the transaction may stay open and take further calls.
        """
        try:
            if self.broken is not None:
                raise self.broken
            if not self._connection.in_transaction:
                self._begin()
            if not all(self._whole(call) for call in calls):
                self._again(calls)
            if self._connection.total_changes() == self._clean:
                self._execute("COMMIT")
                return False
        except Exception as error:
            self._take_back(calls, error)
            return False
        for call in calls:
            if call.soon and call.error is None and call.value is not None:
                self._tail.append(call)
                self.answered.add(call.value.id)
        self.verbs += len(calls)
        return True

    def commit(self, calls: list[Call]) -> None:
        """Make the open transaction durable: the only step that waits for the disk. `calls` are those that wait."""
        try:
            self._execute("COMMIT")
        except Exception as error:
            self._take_back(calls, error)
        else:
            self._chain.keep()
            self._moves.clear()
            self._tail.clear()
            self.answered.clear()
            self.commits += 1

    def nothing(self, now: float) -> None:
        """Changes nothing: whoever waits for it waits for what was answered before."""

    def _count(self) -> dict[State, int]:
        """Of a million jobs hardly any is not confirmed, and none was ever deleted."""
        counts = dict.fromkeys(State, 0)
        moving = "SELECT state, count(*) FROM jobs WHERE state <> 'confirmed' GROUP BY state"
        counts |= {State(state): jobs for state, jobs in self._execute(moving)}
        counts[State.CONFIRMED] = self._execute("SELECT coalesce(max(seq), 0) FROM jobs").fetchone()[0] - sum(
            counts.values()
        )
        return counts

    def _begin(self) -> None:
        self._execute("BEGIN IMMEDIATE")
        self._check_epoch()
        self._clean = self._connection.total_changes()
        for call in self._owed:
            call.value = call.verb(*call.arguments)
        self._tail, self._owed = self._owed, []

    def _whole(self, call: Call) -> bool:
        """Run the call; whether all or nothing of it was done."""
        before = self._connection.total_changes()
        call.error = None
        try:
            call.value = call.verb(*call.arguments)
        except apsw.ConstraintError as error:
            call.error = Conflict(f"the tables do not allow it: {error}")
        except apsw.Error:
            raise  # the storage's trouble, not this verb's
        except Exception as error:
            call.error = error
        return call.error is None or self._connection.total_changes() == before

    def _again(self, calls: list[Call]) -> None:
        """Run the whole transaction again, so that a verb that failed half way takes back only itself."""
        self._roll_back()
        self._begin()
        for call in calls:
            moves, links = len(self._moves), self._chain.mark
            self._execute("SAVEPOINT verb")
            if not self._whole(call):
                self._execute("ROLLBACK TO verb")
                self._forget(moves, links)
            self._execute("RELEASE verb")

    def _check_epoch(self) -> None:
        """Whether the file is still ours, and as we remember it. The number changes when another connection wrote."""
        version = self._execute("PRAGMA data_version").fetchone()[0]
        if version == self._data_version:
            return
        row = self._execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        if row != (self._epoch,):
            raise Fenced(f"the journal's epoch is {row and row[0]}, ours is {self._epoch}: another daemon took over")
        self._live.clear()
        self._data_version = version

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._execute("ROLLBACK")
        self._forget(0, 0)
        self._owed, self._tail = self._tail + self._owed, []

    def _forget(self, moves: int, links: int) -> None:
        """In memory, too: what was done since there were so many moves and links."""
        self._live.clear()
        self._chain.take_back(links)
        while len(self._moves) > moves:
            before, after = self._moves.pop()
            self.counts[after] -= 1
            if before is not None:
                self.counts[before] += 1

    def _moved(self, before: State | None, after: State) -> None:
        self._moves.append((before, after))
        self.counts[after] += 1
        if before is not None:
            self.counts[before] -= 1

    def _take_back(self, calls: list[Call], error: Exception) -> None:
        self._roll_back()
        if isinstance(error, JournalError):
            self.broken = error
        elif not isinstance(error, apsw.FullError | apsw.BusyError):
            # After a failed write or sync nobody knows what the disk holds; the next start reads it afresh.
            self.broken = StorageFailed(f"the journal's storage failed, it takes no more: {error!r}")
        told = self.broken or StorageFailed(f"the journal could not write, nothing was changed: {error!r}")
        for call in calls:
            call.error = type(told)(*told.args)  # each caller raises an exception of its own

    # The verbs, in the order of a job's life. `now` is the moment of the call.

    def accept(self, now: float, order: Order, salt: bytes) -> Accepted | Duplicate:
        if self.old_keys and (row := self._execute(SELECT + OF_OLD_KEY, (order.inn, order.key)).fetchone()):
            return self._duplicate(order, found(row))
        receipt, personal = split(order.receipt)
        id_ = self.id_of(order.inn, order.key)
        proof = commitment(salt, personal, order.raw)
        of, routing = (id_, order.inn, order.key, order.tenant, order.facade), (order.group, order.priority)
        self._execute(_INSERT_JOB, (*of, now, now, receipt, proof, *routing))
        if not self._connection.changes():
            return self._duplicate(order, found(self._execute(SELECT + "WHERE jobs.id = ?", (id_,)).fetchone()))
        seq = self._connection.last_insert_rowid()
        self._execute("INSERT INTO requests VALUES (?, ?, ?, ?)", (seq, personal, order.raw, salt))
        if order.callback_url is not None:
            self.outbox.expect(seq, order.callback_url)
        self._moved(None, State.ACCEPTED)
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
            group=order.group,
            priority=order.priority,
        )
        self._live.keep(Found(seq, job, None, False, _said(id_, receipt, proof), order.callback_url is not None))
        if self._discoveries.any and (made := self._discoveries.of_key(short_key(id_))) is not None:
            return self._made_before(now, id_, order, made)
        return Accepted(job=job)

    def id_of(self, inn: str, key: str) -> str:
        """The id of an order: nobody guesses it, and a journal that lost the order gives it the same one again."""
        h = blake2b(f"{inn}\0{key}".encode(), key=self._secret, digest_size=16).hexdigest()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:]}"  # in the form of a UUID, version 4

    def _made_before(self, now: float, id_: str, order: Order, document: Discovered) -> Duplicate:
        """The lost part of the journal had this order, and a drive has the document that it became."""
        evidence = {"discovered": msgspec.to_builtins(document)}
        job = self.quarantine(now, id_, "its document was found in a drive without the job", evidence)
        same = (document.operation, document.total) == (int(order.receipt.operation), order.receipt.total)
        if same and document.moment is not None:
            why = "the document carries the own key of this order"
            job = self.decide(now, id_, Decision.REGISTERED, "journal", why, document.result)
            if document.confirmed:
                job = self.confirm(now, document.drive, document.document, Ticket(at=now)) or job
        return Duplicate(job=job, same=same)

    def _duplicate(self, order: Order, first: Found) -> Duplicate:
        assert (first.job.inn, first.job.key) == (order.inn, order.key), "an id is made of both"
        asked = without_buyer(order.receipt) if first.erased else order.receipt
        return Duplicate(job=first.job, same=asked == first.job.receipt)

    def claim(self, now: float, job_id: str, station: str) -> Job:
        it = self._find(job_id)
        return self._change(it, Event.CLAIM, now, station=station, attempts=it.job.attempts + 1)

    def intend(self, now: float, station: str, intent: Intent, job_id: str | None) -> None:
        it = None if job_id is None else self._find_of(station, job_id)
        if it is not None:
            advance(it.job.id, it.job.state, Event.INTEND)
        text = encode(intent)
        try:
            self._execute(
                "INSERT INTO intents (station, job, opened_at, intent) VALUES (?, ?, ?, ?)",
                (station, it and it.seq, now, text),
            )
        except apsw.ConstraintError as error:
            raise Conflict(f"station {station} has an open intent already: resolve it before the next") from error
        seq = self._connection.last_insert_rowid()
        content: dict[str, Any] = {"intent": seq, "digest": digest(text), "action": intent.action}
        if it is not None:
            self._change(it, Event.INTEND, now, intent=(seq, intent))
            content |= it.said or self._said(it)
        self._chain.append(station, "intend", now, content)

    def _said(self, it: Found) -> dict[str, Any]:
        return _said(
            it.job.id, *self._execute("SELECT receipt, commitment FROM jobs WHERE seq = ?", (it.seq,)).fetchone()
        )

    def settle(self, now: float, station: str, result: Outcome, job_id: str | None) -> Job | None:
        if job_id is None:
            if not isinstance(result, Done):
                raise Conflict(f"station {station}'s own command ends in Done, not in {type(result).__name__}")
            self._close_own(now, station, _OWN_VERDICTS[result.executed], result.evidence)
            return None
        it = self._find_of(station, job_id)
        evidence = it.job.evidence if result.evidence is None else result.evidence
        if isinstance(result, Registered):
            text = encode(result.result)
            job = self._register(it, Event.REGISTER, now, result.result, text, reason=None, evidence=evidence)
            self._close(it, now, "registered", document=result.result.document, result=digest(text))
            return job
        if isinstance(result, Refused):
            if result.code is not None:
                evidence = {**(evidence or {}), "code": result.code}
            job = self._change(it, Event.REFUSE, now, reason=result.reason, evidence=evidence)
            self._close(it, now, "refused")
            return job
        raise Conflict(f"job {job_id} ends in Registered or Refused, not in Done")

    def confirm(self, now: float, drive: str, document: int, ticket: Ticket) -> Job | None:
        it = self._live.of_document(drive, document)
        if it is None:
            row = self._execute(SELECT + "WHERE drive = ? AND document = ?", (drive, document)).fetchone()
            if row is None:
                return None
            it = found(row)
        if it.job.state is State.CONFIRMED:
            return it.job
        assert it.job.result is not None, "a job with a document has a result"
        result = msgspec.structs.replace(it.job.result, ticket_at=ticket.at, ticket_code=ticket.code)
        job = self._change(it, Event.CONFIRM, now, stored={"result": encode(result)}, result=result)
        self._chain.append(it.job.station, "confirm", now, {"job": job.id, "document": document, "code": ticket.code})
        return job

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
        content: dict[str, Any] = {"job": job_id, "who": who, "why": why}
        if (result is not None) != (decision is Decision.REGISTERED):
            raise Conflict(f"job {job_id}: a result comes with the decision 'registered' and with no other")
        if result is not None:
            text = encode(result)
            job = self._register(it, event, now, result, text, reason=why)
            content["result"] = digest(text)
            self._discoveries.explained(result.drive, result.document)
        elif decision is Decision.REQUEUE:
            job = self._change(it, event, now, station=None, intent=None, reason=None, evidence=None)
        else:
            job = self._change(it, event, now, reason=why)
        self._note(it, event, now, {"who": who, "why": why})
        self._chain.append(it.job.station, event, now, content)
        return job

    def cancel(self, now: float, job_id: str) -> Job:
        it = self._find(job_id)
        return self._change(it, Event.CANCEL, now)

    def erase(self, now: float, job_id: str) -> Job:
        it = self._find(job_id)
        if it.job.state not in _ERASABLE:
            raise Conflict(f"job {job_id} is {it.job.state}: its buyer's data is needed until a document exists")
        self._erase([it.seq])
        self._note(it, "erase", now, {})
        return msgspec.structs.replace(it.job, receipt=without_buyer(it.job.receipt))

    def retain(self, now: float, accepted_before: float, after: int) -> tuple[int, int | None]:
        rows = self._execute(
            "SELECT jobs.seq, accepted_at, state, salt IS NULL AND raw IS NULL AND personal IS NULL "
            "FROM jobs JOIN requests ON requests.seq = jobs.seq WHERE jobs.seq > ? ORDER BY jobs.seq LIMIT ?",
            (after, RETAIN_AT_ONCE),
        ).fetchall()
        old = [row for row in rows if row[1] < accepted_before]
        doomed = [seq for seq, _, state, erased in old if not erased and State(state) in _ERASABLE]
        self._erase(doomed)
        return len(doomed), old[-1][0] if old and len(old) == RETAIN_AT_ONCE else None

    def _erase(self, seqs: Sequence[int]) -> None:
        self._live.clear()
        self._execute("PRAGMA secure_delete = ON")  # what is forgotten shall not stay readable in the file
        for seq in seqs:
            self._execute("UPDATE requests SET personal = NULL, raw = NULL, salt = NULL WHERE seq = ?", (seq,))
        self._execute("PRAGMA secure_delete = OFF")

    # The station's own history, and what drives hold

    def record(self, now: float, station: str, event: str, detail: dict[str, Any]) -> StationRecord:
        text = encode(detail)
        self._execute(
            "INSERT INTO records (station, at, event, detail) VALUES (?, ?, ?, ?)", (station, now, event, text)
        )
        seq = self._connection.last_insert_rowid()
        self._chain.append(station, "record", now, {"record": seq, "event": event, "digest": digest(text)})
        return StationRecord(seq=seq, at=now, station=station, event=event, detail=detail)

    def discover(self, now: float, station: str, documents: Sequence[Discovered]) -> list[Discovered]:
        new = self._discoveries.add(documents)
        for one in new:
            content = {"drive": one.drive, "document": one.document, "own_key": one.own_key, "total": one.total}
            self._chain.append(station, "discover", now, content)
        return new

    def reconciled(self, now: float, station: str, detail: dict[str, Any]) -> None:
        self._execute("INSERT OR REPLACE INTO reconciled VALUES (?, ?)", (station, now))
        self.record(now, station, "reconciled", detail)

    def end_reconciling(self, now: float) -> None:
        self._execute("DELETE FROM meta WHERE name = 'reconcile'")
        self._execute("DELETE FROM reconciled")

    # What the verbs are made of

    def _find(self, job_id: str) -> Found:
        it = self._live.get(job_id)
        if it is None:
            row = self._execute(SELECT + "WHERE jobs.id = ?", (job_id,)).fetchone()
            if row is None:
                raise Missing(f"there is no job {job_id}")
            it = found(row)
            self._live.keep(it)
        return it

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
        stored: dict[str, Any] = {},  # noqa: B006 - nobody changes it
        **fields: Any,
    ) -> Job:
        """Move the job by `event` and set `fields` of it; what is not named stays. `stored`: columns that hold
        something else than the field of their name."""
        before = it.job.state
        fields |= {"state": (after := advance(it.job.id, before, event)), "changed_at": now}
        columns = fields | stored
        if columns.get("evidence") is not None:
            columns["evidence"] = encode(columns["evidence"])
        intent_seq = it.intent_seq
        if intent is not msgspec.UNSET:
            intent_seq, fields["intent"] = intent or (None, None)
            columns["intent"] = intent_seq
        self._update("jobs", it.seq, columns)
        if after in FINAL and before is not after and it.called:
            self.outbox.final(it.seq, now)
        self._moved(before, after)
        job = msgspec.structs.replace(it.job, **fields)
        self._live.keep(msgspec.structs.replace(it, job=job, intent_seq=intent_seq))
        return job

    def _register(self, it: Found, event: Event, now: float, result: Result, text: str, **fields: Any) -> Job:
        """The job became a document; `text` is the result in JSON."""
        stored = {"result": text, "drive": result.drive, "document": result.document}
        try:
            return self._change(it, event, now, stored=stored, result=result, **fields)
        except apsw.ConstraintError as error:
            other = self._execute(
                "SELECT id FROM jobs WHERE drive = ? AND document = ?", (result.drive, result.document)
            ).fetchone()
            raise Conflict(
                f"job {it.job.id}: document {result.document} of drive {result.drive} is that of job {other[0]} already"
            ) from error

    def _close(self, it: Found, now: float, verdict: str, evidence: dict[str, Any] | None = None, **of: Any) -> None:
        """Close the job's open intent, if it has one; the evidence of a document stands with the job."""
        if it.intent_seq is not None:
            self._end_intent(it.intent_seq, it.job.station, now, verdict, evidence, job=it.job.id, **of)

    def _close_own(self, now: float, station: str, verdict: str, evidence: dict[str, Any] | None) -> None:
        row = self._execute(
            "SELECT seq FROM intents WHERE station = ? AND closed_at IS NULL AND job IS NULL", (station,)
        ).fetchone()
        if row is None:
            raise Conflict(f"station {station} has no open intent of its own to settle")
        self._end_intent(row[0], station, now, verdict, evidence)

    def _end_intent(
        self, seq: int, station: str | None, now: float, verdict: str, evidence: dict[str, Any] | None, **of: Any
    ) -> None:
        text = None if evidence is None else encode(evidence)
        self._update("intents", seq, {"closed_at": now, "verdict": verdict, "evidence": text})
        self._chain.append(station, verdict, now, {"intent": seq, "digest": digest(text), **of})

    def _update(self, table: str, seq: int, columns: dict[str, Any]) -> None:
        self._execute(_update(table, tuple(columns)), (*columns.values(), seq))

    def _note(self, it: Found, event: str, now: float, detail: dict[str, Any]) -> None:
        self._execute(
            "INSERT INTO notes (job, at, event, station, detail) VALUES (?, ?, ?, ?, ?)",
            (it.seq, now, event, it.job.station, encode(detail)),
        )


def _said(job_id: str, receipt: str, proof: bytes | None) -> dict[str, Any]:
    """What an intent's event in the chain says of the job."""
    return {"job": job_id, "receipt": digest(receipt), "request": proof.hex() if proof else None}


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE seq = ?"
