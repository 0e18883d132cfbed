"""Messages of the drive to the operator, tickets back: two short holds of the register with a talk between them that
holds nothing."""

from __future__ import annotations

from datetime import timedelta

import trio

from fleet.desk import Ticketed
from fleet.jobs import Ticket
from fleet.operator_line import OperatorLine
from fleet.station.workplace import Workplace
from kkt_driver import relay
from kkt_driver.client import Register
from kkt_driver.commands import ExchangeStatus, ExchangeStatusReply

__all__ = ["OperatorRelay"]

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Pauses after an answer that did not come."""

NO_RELAY_POLL_S = 60.0


class OperatorRelay:
    """The relay of one station. Without a line (the register sends by itself) it does nothing."""

    def __init__(self, work: Workplace, line: OperatorLine | None) -> None:
        self._work = work
        self._line = line
        self._due = 0.0  # not before: the pause between messages, or after an answer that did not come
        self._poll_due = 0.0  # when the drive is asked whether it has messages that we do not know of
        self._talking = False
        self._silent = 0
        self._ticket: Ticketed | None = None
        self._outgoing: relay.Outgoing | None = None

    async def begin(self, register: Register) -> None:
        """A connection was made: what was under way over the last one is forgotten, the drive offers it again."""
        await self.count(register)
        self._due = self._work.now()
        self._talking, self._ticket = False, None

    @property
    def due_at(self) -> float | None:
        """When the relay wants the register next."""
        if self._line is None or self._talking:
            return None
        return self._due if self._work.unsent else self._poll_due

    def answered(self, ticket: Ticketed) -> None:
        """The operator answered, or did not."""
        self._ticket = ticket

    async def turn(self, register: Register, helpers: trio.Nursery) -> None:
        """Hand a waiting answer to the drive, then read the next message."""
        if self._line is None:
            return
        if self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._talking = False
            await self._write(register, ticket)
        now = self._work.now()
        if self._talking:
            return
        if not self._work.unsent and now >= self._poll_due:
            await self.count(register)
        if self._work.unsent and now >= self._due:
            await self._read(register, helpers, now)

    async def count(self, register: Register) -> None:
        """Ask the drive how many documents wait, and since when."""
        work = self._work
        self._poll_due = work.now() + self._poll_s()
        status = await register.ask(ExchangeStatus())
        work.unsent = status.queue
        await self._catch_up(status)
        if status.queue == 0 or status.first_moment is None:
            work.oldest_unsent_at = None
        else:
            age = work.local_now() - status.first_moment
            work.oldest_unsent_at = work.now() - max(age, timedelta()).total_seconds()

    async def _catch_up(self, status: ExchangeStatusReply) -> None:
        """Jobs whose ticket the drive has and the journal does not: we died between the two, or the register sends by
        itself. Before the first document that waits, all have their ticket."""
        work = self._work
        if work.identity is None:
            return
        for one in await work.journal.unconfirmed(work.identity.drive):
            if status.queue == 0 or one.document < status.first_document:
                await work.journal.confirm(one.drive, one.document, Ticket(at=work.now()))
                work.desk.changes.tell()

    async def aclose(self) -> None:
        if self._line is not None:
            await self._line.aclose()

    async def _read(self, register: Register, helpers: trio.Nursery, now: float) -> None:
        outgoing = await register.run(relay.read_message())
        if outgoing is None:
            await self.count(register)
            self._due = now + (self._poll_s() if self._work.unsent else 0.0)
        else:
            self._talking = True
            self._outgoing = outgoing
            helpers.start_soon(self._talk, outgoing.message)

    async def _talk(self, message: bytes) -> None:
        """Exchange with the operator without holding the register."""
        assert self._line is not None
        self._work.desk.send(self._work.name, Ticketed(await self._line.exchange(message)))

    async def _write(self, register: Register, ticket: Ticketed) -> None:
        work, now = self._work, self._work.now()
        assert work.identity is not None and work.fleet.operator is not None and self._outgoing is not None
        if ticket.answer is None:
            self._due = now + min(self._poll_s(), self._backoff_s())
            return
        delivered = await register.run(relay.write_answer(self._outgoing, ticket.answer))
        if isinstance(delivered, relay.Declined):
            work.log.warning("no ticket for a document", document=delivered.document, why=delivered.why)
            self._due = now + self._backoff_s()
            return
        self._due = now + work.fleet.operator.pause_s
        if isinstance(delivered, relay.Carried):  # an answer to a question about marking or keys: no document
            return
        self._silent = 0
        work.unsent = max(0, work.unsent - 1)
        work.oldest_unsent_at = now if work.unsent else None
        confirmed = Ticket(at=now, code=delivered.code or 0)
        job = await work.journal.confirm(work.identity.drive, delivered.document, confirmed)
        if delivered.code:
            work.log.error("the operator reports a fault", document=delivered.document, code=delivered.code)
        if job is not None:
            assert job.result is not None
            lag_s = (work.local_now() - job.result.moment).total_seconds()
            work.desk.figures.ticket_s.observe(max(0.0, lag_s))
            work.log.info("receipt confirmed", job=job.id, document=delivered.document)
        work.desk.changes.tell()

    def _backoff_s(self) -> float:
        pause = BACKOFF_S[min(self._silent, len(BACKOFF_S) - 1)]
        self._silent += 1
        return pause * (1 + 0.1 * self._work.jitter())

    def _poll_s(self) -> float:
        return NO_RELAY_POLL_S if self._work.fleet.operator is None else self._work.fleet.operator.poll_s
