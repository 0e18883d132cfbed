"""One task owns one register: it makes receipts, opens and closes shifts, resolves doubts and relays documents.

Nobody else talks to the register, so there are no locks. The task lives through connections: whatever breaks the line
ends up in `run`, which waits with growing pauses, connects again and *first* resolves what may have been sent.

A job leaves the station only by a journal verb: settled, released (nothing was sent, or proved that nothing was
registered), quarantined, or left `sent`/`unknown` in the journal for the next connection or the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
import trio

from fleet import config as settings
from fleet.desk import Desk, Order, Ticketed
from fleet.dispatch import Abilities, Need, refusals
from fleet.errors import Conflict
from fleet.jobs import Done, Job, Result, Ticket
from fleet.jobs import Refused as JobRefused
from fleet.jobs import Registered as JobRegistered
from fleet.journal.base import Journal
from fleet.operator_line import OperatorLine
from fleet.views import StationView
from kkt_driver import procedures, recovery, relay
from kkt_driver.client import Register
from kkt_driver.commands import ExchangeStatus
from kkt_driver.errors import DriverError, LineLost, Misuse, Refused
from kkt_driver.intents import Intent
from kkt_driver.verdicts import Ambiguous, NotRegistered, Registered

__all__ = ["Connect", "Station"]

ATTEMPTS_MAX = 5
"""A job that so many tries could not place goes to a person: it may be the job that is sick, not the registers."""

TRANSIENT_TRIES = 20
TRANSIENT_PAUSE_S = 0.5
"""A transient refusal (printing, drive busy) was not executed: wait and ask again, 10 s in all."""

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Growing pauses between attempts to reach a sick register."""

STALE = frozenset((0x16, 0x3C, 0x3D, 0x4E, 0x73))
"""Refusals that say our picture of the shift is stale: shift over 24 h, open, not open, wrong mode."""

SHIFT_STAGGER_S = 120.0
"""Each further station of a rack closes its shift this much earlier, so that a pool never loses all at once."""

SHIFT_STAGGER_MAX_S = 3600.0

CLOCK_DRIFT_MAX_S = 60.0
"""The law allows five minutes; the clock is set when it is further off than this and the shift is closed."""


NOBODY = procedures.Identity(model="", model_code=0, serial="", drive="", phase=0)
"""Shown until somebody answered."""


class Connect(Protocol):
    """Opens a connection to a station's register; the daemon gives the real one, tests give memory streams."""

    def __call__(self, station: settings.Station, *, store: _Intents) -> AbstractAsyncContextManager[Register]: ...


class _Intents:
    """The journal as the driver's intent store: for the job in hand, or for the station's own commands."""

    def __init__(self, journal: Journal, station: str) -> None:
        self._journal = journal
        self._station = station
        self.job_id: str | None = None
        self.open: tuple[Intent, str | None] | None = None
        """The intent whose end is not journaled yet, and its job."""

    async def record(self, intent: Intent) -> None:
        # Before the await: a cancelled verb is finished all the same, and then the intent is open.
        self.open = (intent, self.job_id)
        await self._journal.intend(self._station, intent, self.job_id)

    async def clear(self, intent: Intent, verdict: object) -> None:
        """Nothing to do: the station settles its intents with their outcome."""


class Station:
    """A register, the task that owns it, and what doors may see of both."""

    def __init__(
        self,
        station: settings.Station,
        *,
        index: int,
        config: settings.Config,
        journal: Journal,
        desk: Desk,
        clock: Callable[[], float],
        local_time: Callable[[float, str], datetime],
        connect: Connect,
        operator: OperatorLine | None,
        jitter: Callable[[], float],
    ) -> None:
        self.config = station
        self._fleet = config
        self._journal = journal
        self._desk = desk
        self._clock = clock
        self._local_time = local_time
        self._connect = connect
        self._operator = operator
        self._jitter = jitter
        self._inbox = desk.inbox(station.name)
        self._intents = _Intents(journal, station.name)
        self._shift_max_s = config.shift.max_s - min(
            index * SHIFT_STAGGER_S, SHIFT_STAGGER_MAX_S, config.shift.max_s / 8
        )
        self._given: Job | None = None
        """The job that the dispatcher gave us, until it is claimed."""
        self._interrupted: str | None = None
        self._identity: procedures.Identity | None = None
        self._state: procedures.State | None = None
        self._shift_opened: datetime | None = None
        self._relay_due = 0.0  # not before: the pause between messages, or after an answer that did not come
        self._poll_due = 0.0  # when the drive is asked whether it has messages that we do not know of
        self._talking = False
        self._silent = 0
        self._close_asked = False
        self._ticket: Ticketed | None = None
        self._outgoing: relay.Outgoing | None = None
        self._unsent = 0
        self._oldest_unsent_at: float | None = None
        self._phase = "connecting"
        self._problem: str | None = None
        self._made = 0
        self._service_s = 0.0
        self._changed_at = clock()
        self._log = structlog.get_logger("fleet.station").bind(station=station.name)

    # --- what others may see ---------------------------------------------------------------------------------------

    def view(self) -> StationView:
        """The station as it is now."""
        identity, state = self._identity or NOBODY, self._state
        return StationView(
            name=self.config.name,
            address=self.config.address,
            link=self.config.link,
            state=self._phase,
            problem=self._problem,
            model=identity.model,
            serial=identity.serial,
            drive=identity.drive,
            rnm=identity.rnm,
            inn=identity.inn,
            tax_systems=identity.tax_systems,
            shift_open=state is not None and state.shift_open,
            shift=state.shift if state else 0,
            shift_opened_at=self._shift_opened,
            receipt=state.receipt if state else 0,
            last_document=state.last_document if state else 0,
            warnings=state.warnings if state else 0,
            unsent=self._unsent,
            oldest_unsent_at=self._oldest_unsent_at,
            documents_made=self._made,
            service_s=self._service_s,
            changed_at=self._changed_at,
        )

    def why_not(self, need: Need) -> list[str]:
        """Why this station may not make such a receipt; empty when it may, or when it is not known yet."""
        identity = self._identity
        if identity is None:
            return []
        return refusals(need, Abilities(inn=identity.inn, tax_systems=identity.tax_systems))

    # --- the life of the task --------------------------------------------------------------------------------------

    def resolve_first(self, intent: Intent, job_id: str | None) -> None:
        """An intent that a previous life left open: it is resolved before anything else."""
        self._intents.open = (intent, job_id)

    async def run(self, stop: trio.Event) -> None:
        """Own the register until `stop`. Everything that breaks a connection ends here and is tried again."""
        failures = 0
        while not stop.is_set():
            try:
                async with self._connect(self.config, store=self._intents) as register, trio.open_nursery() as helpers:
                    await self._commission(register)
                    failures = 0
                    await self._serve(register, helpers, stop)
                    helpers.cancel_scope.cancel()
            except* (DriverError, OSError, trio.BrokenResourceError, trio.ClosedResourceError) as group:
                self._desk.leave(self.config.name)
                await self._give_back_undelivered()
                pause = PAUSES_S[min(failures, len(PAUSES_S) - 1)] * (1 + 0.2 * self._jitter())
                failures += 1
                why = _first(group)
                self._show("sick", problem=_explain(why))
                self._log.warning("register is out of reach", why=_explain(why), pause_s=round(pause, 2))
                with trio.move_on_after(pause):
                    await stop.wait()
        self._desk.leave(self.config.name)
        await self._give_back_undelivered()
        if self._operator is not None:
            await self._operator.aclose()
        self._show("stopped")

    async def _commission(self, register: Register) -> None:
        """Learn who is at the other end, resolve what may have been sent, and make the register ready."""
        self._show("connecting")
        identity = await register.run(procedures.identify())
        if identity.inn != self.config.inn:
            raise Misuse(
                f"the drive {identity.drive} is registered for INN {identity.inn}, the configuration of station "
                f"{self.config.name} says {self.config.inn}: check the cable, or mend the configuration"
            )
        self._identity = identity
        self._state = None
        if self._intents.open is not None:
            await self._resolve(register, *self._intents.open)
        if self._interrupted is not None:
            await register.run(procedures.cancel_open(lost=self._interrupted))
            self._interrupted = None
        state = await register.run(procedures.read_state())
        state = await register.run(recovery.startup(state, unresolved=None, clock=self._local_now()))
        await register.run(procedures.prepare(identity, printing=False))
        if not state.shift_open:
            await self._check_clock(register)
        self._state = state
        self._shift_opened = await register.run(procedures.shift_opened(state))
        await self._count_unsent(register)
        self._relay_due = self._clock()
        self._talking, self._ticket = False, None
        self._join()
        self._log.info(
            "register is ready", serial=identity.serial, drive=identity.drive, last_document=state.last_document
        )

    async def _check_clock(self, register: Register) -> None:
        host = self._local_now()
        clock = await register.run(procedures.read_clock())
        if clock is None or abs((clock - host).total_seconds()) > CLOCK_DRIFT_MAX_S:
            self._log.warning("the register's clock is set", was=str(clock), now=str(host))
            await register.run(procedures.set_clock(host))

    def _join(self) -> None:
        assert self._identity is not None and self._state is not None
        abilities = Abilities(
            inn=self._identity.inn, tax_systems=self._identity.tax_systems, documents=self._state.last_document
        )
        self._desk.join(self.config.name, abilities)

    async def _serve(self, register: Register, helpers: trio.Nursery, stop: trio.Event) -> None:
        """Receipts, tickets and shift work, one after the other, until `stop`."""
        name = self.config.name
        while not stop.is_set():
            while (message := self._take_now()) is not None:
                self._digest(message)
            if self._shift_is_due() or self._close_asked:
                await self._close_shift(register)
            await self._relay(register, helpers)
            if self._given is None:
                self._given = self._desk.dispatcher.idle(name)
            if self._given is None:
                self._show("idle")
                message = await self._next_message()
                self._desk.dispatcher.busy(name)
                self._digest(message)
            if self._given is not None:
                await self._make(register, self._given)

    async def _next_message(self) -> Job | Ticketed | Order | None:
        """The next message, or None when the relay or the shift asks for attention."""
        with trio.move_on_after(max(0.0, self._next_due() - self._clock())):
            return await self._inbox.receive()  # type: ignore[no-any-return]  # the desk sends nothing else
        return self._take_now()

    def _take_now(self) -> Job | Ticketed | Order | None:
        try:
            return self._inbox.receive_nowait()  # type: ignore[no-any-return]  # the desk sends nothing else
        except trio.WouldBlock:
            return None

    def _digest(self, message: Job | Ticketed | Order | None) -> None:
        """Remember what there is to do. A job may come together with the message that ended the idle wait."""
        if isinstance(message, Job):
            self._given = message
        elif isinstance(message, Ticketed):
            self._ticket = message
        elif message is Order.CLOSE_SHIFT:
            self._close_asked = True

    def _next_due(self) -> float:
        due = self._clock() + 3600.0
        if self._operator is not None and not self._talking:
            due = min(due, self._relay_due if self._unsent else self._poll_due)
        if self._shift_opened is not None and self._state is not None and self._state.shift_open:
            left = self._shift_max_s - (self._local_now() - self._shift_opened).total_seconds()
            due = min(due, self._clock() + max(left, 0.0))
        return due

    async def _give_back_undelivered(self) -> None:
        """A job that was given to this station but not taken up goes to another one."""
        while (message := self._take_now()) is not None:
            self._digest(message)
        if self._given is not None:
            given, self._given = self._given, None
            self._desk.submit(given)

    # --- a receipt -------------------------------------------------------------------------------------------------

    async def _make(self, register: Register, job: Job) -> None:
        """Make one receipt. Whatever happens, the journal says where the job stands."""
        started = self._clock()
        self._show("busy")
        self._given = None
        try:
            job = await self._journal.claim(job.id, self.config.name)
        except Conflict as conflict:  # withdrawn on its way to us
            self._log.info("job is gone", job=job.id, why=str(conflict))
            return
        try:
            await self._attempt(register, job)
        except DriverError as error:
            if self._intents.open is not None and not (isinstance(error, Refused) and error.proof):
                await self._journal.doubt(job.id, _explain(error))
                await self._resolve(register, *self._intents.open)
            elif isinstance(error, Refused):
                await self._refused(job, error)
            else:
                # Nothing that commits was sent: the job goes elsewhere at once, the register is looked at anew.
                self._interrupted = (error.command or None) if isinstance(error, LineLost) else None
                await self._release(job, _explain(error))
                raise
        else:
            self._made += 1
            took = self._clock() - started
            self._service_s = took if self._service_s == 0.0 else 0.9 * self._service_s + 0.1 * took

    async def _attempt(self, register: Register, job: Job) -> None:
        assert self._identity is not None
        stale_tries = 0
        for _ in range(TRANSIENT_TRIES):
            try:
                await self._ensure_shift(register)
                assert self._state is not None
                self._intents.job_id = job.id
                done = await register.run(
                    procedures.receipt(job.receipt, job=job.id, identity=self._identity, state=self._state)
                )
                await self._settle(job, done)
                return
            except Refused as refusal:
                if refusal.code in STALE and stale_tries == 0:
                    stale_tries += 1
                    await self._refresh(register)
                elif refusal.meaning.disposition == "transient":
                    await trio.sleep(TRANSIENT_PAUSE_S)
                else:
                    raise
            finally:
                self._intents.job_id = None
        raise LineLost(f"the register stays busy for {TRANSIENT_TRIES * TRANSIENT_PAUSE_S:.0f} s")

    async def _settle(self, job: Job, done: Registered) -> None:
        """The job became a document: durable before anybody hears of it."""
        assert self._identity is not None
        result = Result(
            serial=self._identity.serial,
            drive=self._identity.drive,
            rnm=self._identity.rnm,
            document=done.document,
            sign=done.sign,
            moment=done.moment,
            shift=done.shift,
            receipt=done.receipt,
            total=job.receipt.total,
            operation=int(job.receipt.operation),
            station=self.config.name,
            model=self._identity.model,
            timezone=self.config.timezone,
        )
        await self._journal.settle(self.config.name, JobRegistered(result=result, evidence=done.evidence), job.id)
        self._intents.open = None
        if self._state is not None:
            self._state = self._state.after(done)
        self._one_more_unsent()
        self._log.info("receipt registered", job=job.id, document=done.document)
        self._join_quietly()
        self._desk.decided(job.id)

    async def _refused(self, job: Job, refusal: Refused) -> None:
        """The register refused and proved that no document exists. Whose fault it is decides what follows."""
        if refusal.meaning.disposition == "content":
            evidence = {
                "code": refusal.code,
                "command": refusal.command,
                "proof": refusal.proof.evidence if refusal.proof else None,
            }
            await self._journal.settle(
                self.config.name,
                JobRefused(reason=refusal.meaning.message_ru, code=refusal.code, evidence=evidence),
                job.id,
            )
            self._intents.open = None
            self._log.info("receipt refused", job=job.id, code=f"{refusal.code:02X}")
            self._desk.decided(job.id)
            return
        await self._release(job, _explain(refusal), proof=refusal.proof.evidence if refusal.proof else None)
        raise refusal

    async def _release(self, job: Job, why: str, proof: dict[str, Any] | None = None) -> None:
        """Nothing was registered: another try elsewhere, or a person when there were too many."""
        if job.attempts >= ATTEMPTS_MAX:
            await self._journal.quarantine(job.id, f"{job.attempts} tries failed, the last one: {why}", proof or {})
            self._log.error("job is quarantined", job=job.id, why=why)
            self._desk.decided(job.id)
        else:
            self._desk.submit(await self._journal.release(job.id, why, proof))
        self._intents.open = None
        self._desk.changes.tell()

    # --- doubt -----------------------------------------------------------------------------------------------------

    async def _resolve(self, register: Register, intent: Intent, job_id: str | None) -> None:
        """Ask the drive what became of a committing command, and journal the verdict."""
        self._show("resolving")
        verdict = await register.run(recovery.resolve(intent))
        self._log.info("doubt resolved", job=job_id, action=intent.action, verdict=type(verdict).__name__)
        job = await self._journal.status(id=job_id) if job_id is not None else None
        match verdict:
            case Registered() if job is not None:
                await self._settle(job, verdict)
            case Registered():
                await self._end_own(Done(evidence=verdict.evidence))
                self._one_more_unsent()
            case NotRegistered() if job is not None:
                await self._release(job, "the answer was lost; proved that no document exists", verdict.evidence)
            case NotRegistered():
                await self._end_own(Done(evidence=verdict.evidence, executed=False))
            case Ambiguous() if job is not None:
                await self._journal.quarantine(job.id, verdict.reason, verdict.evidence)
                self._log.error("job is quarantined", job=job.id, why=verdict.reason)
                self._desk.decided(job.id)
            case Ambiguous():
                await self._end_own(Done(evidence=verdict.evidence, executed=False))
                self._log.error("own command stays unexplained", action=intent.action, why=verdict.reason)
        self._intents.open = None
        self._desk.changes.tell()
        if self._state is not None:
            await self._refresh(register)

    async def _refresh(self, register: Register) -> None:
        """Read the register's state anew."""
        self._state = await register.run(procedures.read_state())
        if not self._state.shift_open:
            self._shift_opened = None
        elif self._shift_opened is None:
            self._shift_opened = await register.run(procedures.shift_opened(self._state))

    # --- shifts ----------------------------------------------------------------------------------------------------

    def _shift_is_due(self) -> bool:
        if self._state is None or not self._state.shift_open or self._shift_opened is None:
            return False
        return (self._local_now() - self._shift_opened).total_seconds() >= self._shift_max_s

    async def _ensure_shift(self, register: Register) -> None:
        """An open shift that will not run over during the next receipt."""
        assert self._state is not None
        if self._state.shift_open and (self._state.mode == 3 or self._shift_is_due()):
            await self._close_shift(register)
        if not self._state.shift_open:
            self._show("shift")
            await self._own_command(register, "shift_open")
            self._show("busy")

    async def _close_shift(self, register: Register) -> None:
        self._close_asked = False
        if self._state is None or not self._state.shift_open:
            return
        self._show("shift")
        await self._own_command(register, "shift_close")

    async def _own_command(self, register: Register, action: str) -> None:
        """Open or close the shift with a journaled intent; a lost answer is resolved before anything else."""
        assert self._identity is not None and self._state is not None
        procedure = procedures.open_shift if action == "shift_open" else procedures.close_shift
        self._intents.job_id = None
        for _ in range(3):
            try:
                done = await register.run(
                    procedure(job=f"{self.config.name}:{action}", identity=self._identity, state=self._state)
                )
            except DriverError as error:
                if self._intents.open is None:
                    self._interrupted = (error.command or None) if isinstance(error, LineLost) else None
                    raise
                if isinstance(error, Refused) and error.proof:
                    await self._end_own(Done(evidence={"refused": error.code, **error.proof.evidence}, executed=False))
                    raise
                await self._resolve(register, *self._intents.open)
                if self._state.shift_open == (action == "shift_open"):
                    return
                continue
            await self._end_own(Done(evidence={"document": done.document, "shift": done.shift}))
            opened = action == "shift_open"
            self._state = self._state.after(done)
            self._one_more_unsent()
            self._shift_opened = done.moment if opened else None
            self._log.info("shift opened" if opened else "shift closed", shift=done.shift, document=done.document)
            return
        raise LineLost(f"{action} could not be finished")

    async def _end_own(self, done: Done) -> None:
        await self._journal.settle(self.config.name, done, None)
        self._intents.open = None

    # --- the operator ----------------------------------------------------------------------------------------------

    async def _relay(self, register: Register, helpers: trio.Nursery) -> None:
        """Hand a waiting answer to the drive, then read the next message: two short holds of the register."""
        if self._operator is None:
            return
        if self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._talking = False
            await self._write_ticket(register, ticket)
        now = self._clock()
        if self._talking:
            return
        if not self._unsent and now >= self._poll_due:
            await self._count_unsent(register)
        if self._unsent and now >= self._relay_due:
            outgoing = await register.run(relay.read_message())
            if outgoing is None:
                await self._count_unsent(register)
                self._relay_due = now + (self._poll_s() if self._unsent else 0.0)
            else:
                self._talking = True
                self._outgoing = outgoing
                helpers.start_soon(self._talk, outgoing.message)

    async def _talk(self, message: bytes) -> None:
        """Exchange with the operator without holding the register."""
        assert self._operator is not None
        answer = await self._operator.exchange(message)
        self._desk.send(self.config.name, Ticketed(answer))

    async def _write_ticket(self, register: Register, ticket: Ticketed) -> None:
        now = self._clock()
        assert self._identity is not None and self._fleet.operator is not None and self._outgoing is not None
        if ticket.answer is None:
            self._relay_due = now + min(self._poll_s(), self._backoff_s())
            return
        delivered = await register.run(relay.write_answer(self._outgoing, ticket.answer))
        if isinstance(delivered, relay.Declined):
            self._log.warning("no ticket for a document", document=delivered.document, why=delivered.why)
            self._relay_due = now + self._backoff_s()
            return
        self._relay_due = now + self._fleet.operator.pause_s
        self._silent = 0
        self._unsent = max(0, self._unsent - 1)
        self._oldest_unsent_at = now if self._unsent else None
        confirmed = Ticket(at=now, code=delivered.code or 0)
        job = await self._journal.confirm(self._identity.drive, delivered.document, confirmed)
        if delivered.code:
            self._log.error("the operator reports a fault", document=delivered.document, code=delivered.code)
        if job is not None:
            self._log.info("receipt confirmed", job=job.id, document=delivered.document)
        self._desk.changes.tell()

    def _backoff_s(self) -> float:
        """Pauses after an answer that did not come: 1, 2, 5, 10, 30, 60 s."""
        pause = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)[min(self._silent, 5)]
        self._silent += 1
        return pause * (1 + 0.1 * self._jitter())

    def _poll_s(self) -> float:
        return 60.0 if self._fleet.operator is None else self._fleet.operator.poll_s

    async def _count_unsent(self, register: Register) -> None:
        self._poll_due = self._clock() + self._poll_s()
        status = await register.ask(ExchangeStatus())
        self._unsent = status.queue
        if status.queue == 0 or status.first_moment is None:
            self._oldest_unsent_at = None
        else:
            age = self._local_now() - status.first_moment
            self._oldest_unsent_at = self._clock() - max(age, timedelta()).total_seconds()

    def _one_more_unsent(self) -> None:
        self._unsent += 1
        if self._oldest_unsent_at is None:
            self._oldest_unsent_at = self._clock()

    # --- small things ----------------------------------------------------------------------------------------------

    def _join_quietly(self) -> None:
        """New wear for the ranking; only while the station takes part."""
        if self.config.name in self._desk.dispatcher.stations:
            self._join()

    def _local_now(self) -> datetime:
        return self._local_time(self._clock(), self.config.timezone)

    def _show(self, phase: str, problem: str | None = None) -> None:
        if phase != self._phase or problem != self._problem:
            self._phase, self._problem = phase, problem
            self._changed_at = self._clock()
            self._desk.changes.tell()


def _first(group: BaseException) -> BaseException:
    """The first plain exception inside (possibly nested) groups."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


def _explain(error: BaseException) -> str:
    return str(error) or type(error).__name__
