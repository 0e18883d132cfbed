"""Messages of the drive to the operator, tickets back: two short holds of the register with a talk between them that
holds nothing.

Receipts come first while documents are young; the older the oldest of them is, the fewer receipts are made between two
holds, so under saturation tickets lag by about a minute and a backlog shrinks. A register that talks to its operator
over its own network is only watched: how much waits (FF39h), and the ticket of each document (FF3Ch).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta

import msgspec
import trio

from fleet.desk import Order
from fleet.jobs import Ticket
from fleet.operator_line import OperatorLine
from fleet.station.workplace import Workplace
from kkt_driver import relay
from kkt_driver.client import Register
from kkt_driver.commands import DriveStatus, ExchangeStatus, ExchangeStatusReply
from kkt_driver.errors import Refused
from kkt_driver.procedures.identity import read_number

__all__ = ["PRIORITIES", "OperatorRelay", "Priority", "priority"]

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Pauses after an answer that did not come."""

NO_RELAY_POLL_S = 60.0
"""How often a register that sends by itself is asked while nothing waits."""

FOLLOW_S = 5.0
"""And while a document waits for its ticket."""

RECOUNT_S = 10.0
"""With a backlog the drive is asked for the age of its oldest document at most so often."""

ANSWER_S = 2.0
"""How long a receipt waits for the operator's answer when the drive's messages come first; for one that was later than
that, or did not come, no receipt waits any more."""

CODE_TABLE = (20, 7)
"""Where a register keeps the operator's last response code (1022): table, field."""


class Priority(msgspec.Struct, frozen=True):
    """From which age of the oldest document on: receipts between two holds, documents delivered in one."""

    age_s: float
    receipts: int
    documents: int


PRIORITIES = (
    Priority(0.0, 4, 1),
    Priority(30.0, 2, 1),
    Priority(60.0, 1, 1),
    Priority(120.0, 1, 2),
    Priority(3600.0, 1, 4),
    Priority(86_400.0, 1, 16),
)
"""One document in a hold for each receipt keeps up with any load; two catch up."""


def priority(age_s: float) -> Priority:
    """The last row whose age is reached."""
    return [row for row in PRIORITIES if age_s >= row.age_s or row.age_s == 0.0][-1]


WRONG_STATE = 0x02
ARCHIVE = 15
"""Life phase of a drive whose closing report the operator has."""

NOTHING = ExchangeStatusReply(status=0, reading=0, queue=0, first_document=0, first_moment=None)


class OperatorRelay:
    """The relay of one station: over the host's line, or by watching a register that sends by itself."""

    def __init__(self, work: Workplace, lines: Mapping[relay.Peer, OperatorLine]) -> None:
        self._work = work
        self._lines = lines
        self._due = 0.0  # not before: the pause between messages, or after an answer that did not come
        self._poll_due = 0.0  # when the drive is asked what we do not know
        self._counted_at = 0.0
        self._silent = 0
        self._receipts = 0  # made since the last hold
        self._outgoing: relay.Outgoing | None = None  # on its way to the operator
        self._taken: int | None = None  # the document whose ticket the drive took last
        self._quick = True  # the operator answers so soon that a receipt may wait for it
        self._posted: trio.Event | None = None  # to this connection's courier, once it has one
        self._answered = trio.Event()
        self._answer: bytes | None = None

    async def begin(self, register: Register) -> None:
        """A connection was made: what was under way over the last one is forgotten, the drive offers it again."""
        self._outgoing = self._taken = self._posted = None
        await self.count(register)
        self._due = self._work.now()

    @property
    def due_at(self) -> float | None:
        """When the relay wants the register next; None while the operator thinks."""
        if not self._lines:
            return self._poll_due
        if self._outgoing is not None:
            return None
        return self._due if self._work.unsent else self._poll_due

    async def turn(self, register: Register, helpers: trio.Nursery, *, receipt_waits: bool = False) -> None:
        """Take the register for as long as the age of its documents allows."""
        if not self._lines:
            await self._follow(register)
            return
        row = priority(self._age_s())
        if receipt_waits and self._work.unsent and self._receipts < row.receipts:
            self._receipts += 1
            return
        self._receipts = 1 if receipt_waits else 0  # the one that is made next
        for _ in range(row.documents if receipt_waits else 1):
            await self._step(register, helpers)
            if self._outgoing is None or not receipt_waits or row.documents == 1 or not self._quick:
                return
            await register.rest()
            with trio.move_on_after(ANSWER_S):
                await self._answered.wait()
            self._quick = self._answered.is_set() and self._answer is not None

    async def count(self, register: Register) -> None:
        """Ask the drive how many documents wait, and since when. A drive that is an archive has none, and says so by
        refusing the question."""
        work = self._work
        self._counted_at = work.now()
        try:
            status = await register.ask(ExchangeStatus())
        except Refused as refusal:
            if refusal.code != WRONG_STATE or (await register.ask(DriveStatus())).phase != ARCHIVE:
                raise
            status = NOTHING
        work.unsent = status.queue
        if status.queue == 0 or status.first_moment is None:
            work.oldest_unsent_at = None
        else:
            age = work.local_now() - status.first_moment
            work.oldest_unsent_at = work.now() - max(age, timedelta()).total_seconds()
        self._poll_due = work.now() + self._poll_s()
        await self._catch_up(register, status)

    async def aclose(self) -> None:
        for line in self._lines.values():
            await line.aclose()

    # --- over the host's line --------------------------------------------------------------------------------------

    async def _step(self, register: Register, helpers: trio.Nursery) -> None:
        """Hand a waiting answer to the drive, then read the next message."""
        if self._outgoing is not None:
            if not self._answered.is_set():
                return
            outgoing, self._outgoing = self._outgoing, None
            await self._write(register, outgoing, self._answer)
        now = self._work.now()
        if not self._work.unsent and now >= self._poll_due:
            await self.count(register)
        if self._work.unsent and now >= self._due:
            await self._read(register, helpers, now)

    async def _read(self, register: Register, helpers: trio.Nursery, now: float) -> None:
        outgoing = await register.run(relay.read_message(), rest=False)
        if outgoing is None:
            await self.count(register)
            self._due = now + (self._poll_s() if self._work.unsent else 0.0)
        else:
            self._outgoing = outgoing
            self._answered, self._answer = trio.Event(), None
            if self._posted is None:
                self._posted = trio.Event()
                helpers.start_soon(self._carry)
            self._posted.set()

    async def _carry(self) -> None:
        """The courier: exchanges with the operator (or whom else the drive has a message for) hold no register. One
        task for all messages of a connection costs half as much as one for each."""
        while self._posted is not None:
            await self._posted.wait()
            self._posted = trio.Event()
            assert self._outgoing is not None
            await self._talk(self._outgoing)

    async def _talk(self, outgoing: relay.Outgoing) -> None:
        line = self._lines.get(outgoing.peer)
        if line is None:
            text = f"the drive has messages for {outgoing.peer}, and no address is configured"
            await self._work.alarms.ring("no route", "alarm", text)
        else:
            began = self._work.now()
            self._answer = await line.exchange(outgoing.message)
            self._quick = self._answer is not None and self._work.now() - began <= ANSWER_S
        self._answered.set()
        self._work.desk.send(self._work.name, Order.WAKE)

    async def _write(self, register: Register, outgoing: relay.Outgoing, answer: bytes | None) -> None:
        work, now = self._work, self._work.now()
        assert work.fleet.operator is not None
        if answer is None:
            self._due = now + min(self._poll_s(), self._backoff_s())
            return
        delivered = await register.run(relay.write_answer(outgoing, answer), rest=False)
        if isinstance(delivered, relay.Declined):
            work.log.warning("no ticket for a document", document=delivered.document, why=delivered.why)
            self._due = now + self._backoff_s()
            return
        if isinstance(delivered, relay.Delivered) and delivered.document == self._taken:
            work.log.warning("the drive takes a ticket and offers its document again", document=delivered.document)
            await self.count(register)
            self._due = now + self._backoff_s()
            return
        self._due = now + work.fleet.operator.pause_s
        self._silent = 0
        if isinstance(delivered, relay.Carried):
            return
        self._taken = delivered.document
        work.unsent = max(0, work.unsent - 1)
        if not work.unsent:
            work.oldest_unsent_at = None
        elif now - self._counted_at >= RECOUNT_S:
            await self.count(register)
        await self._confirm(delivered.document, Ticket(at=now, code=delivered.code or 0))

    def _backoff_s(self) -> float:
        pause = BACKOFF_S[min(self._silent, len(BACKOFF_S) - 1)]
        self._silent += 1
        return pause * (1 + 0.1 * self._work.jitter())

    # --- over the register's own network ---------------------------------------------------------------------------

    async def _follow(self, register: Register) -> None:
        work = self._work
        if work.now() < self._poll_due:
            return
        waited = work.unsent
        await self.count(register)
        if work.identity is not None and not work.unsent and waited:
            code = await register.run(read_number(*CODE_TABLE))
            if code:
                await self._tell_code(None, code)

    async def _catch_up(self, register: Register, status: ExchangeStatusReply) -> None:
        """Jobs whose ticket the drive has and the journal does not: we died between the two, or the register sends by
        itself. Before the first document that waits, all have their ticket; the drive is asked when it came."""
        work = self._work
        if work.identity is None:
            return
        for one in await work.journal.unconfirmed(work.identity.drive):
            if status.queue and one.document >= status.first_document:
                continue
            kept = await register.run(relay.ticket(one.document))
            if kept is not None:
                at = work.now() if kept.moment is None else kept.moment.replace(tzinfo=UTC).timestamp()
                await self._confirm(one.document, Ticket(at=at))

    # --- what both end in ------------------------------------------------------------------------------------------

    async def _confirm(self, document: int, ticket: Ticket) -> None:
        work = self._work
        assert work.identity is not None
        job = await work.journal.confirm(work.identity.drive, document, ticket)
        if ticket.code:
            await self._tell_code(document, ticket.code)
        if job is not None and job.result is not None:
            lag_s = (work.local_now() - job.result.moment).total_seconds()
            work.desk.figures.ticket_s.observe(max(0.0, lag_s))
            work.log.info("receipt confirmed", job=job.id, document=document)
        work.desk.changes.tell()

    async def _tell_code(self, document: int | None, code: int) -> None:
        """11 and 14: the document is confirmed, and somebody has to look at what it says."""
        work = self._work
        meaning = CODES.get(code, "a code that the order does not have")
        which = "a document" if document is None else f"document {document}"
        detail = {"document": document, "code": code, "drive": work.identity.drive if work.identity else ""}
        await work.journal.record(work.name, "operator_code", detail)
        await work.alarms.ring(
            f"operator code {code}", "alarm", f"the operator on {which}: {meaning} ({code})", **detail
        )

    def _age_s(self) -> float:
        since = self._work.oldest_unsent_at
        return 0.0 if since is None else self._work.now() - since

    def _poll_s(self) -> float:
        work = self._work
        if not self._lines:
            return FOLLOW_S if work.unsent else NO_RELAY_POLL_S
        return NO_RELAY_POLL_S if work.fleet.operator is None else work.fleet.operator.poll_s


CODES = {11: "content not recognised", 14: "format check failed"}
"""Response codes (1022) that confirm a document and say that it is not as it should be."""
