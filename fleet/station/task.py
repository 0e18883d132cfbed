"""The life of a station: one task owns one register, so there are no locks.

The task lives through connections: whatever breaks the line ends up in `run`, which waits with growing pauses,
connects again and *first* resolves what may have been sent.

A job leaves the station only by a journal verb: settled, released (nothing was sent, or proved that nothing was
registered), quarantined, or left `sent`/`unknown` in the journal for the next connection or the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import trio

from fleet import config as settings
from fleet.desk import Audit, Desk, Lookup, Message, Order
from fleet.dispatch import Need, Obstacle, obstacles
from fleet.jobs import Job
from fleet.journal.base import Journal
from fleet.operator_line import OperatorLine
from fleet.replacing import PREPARED, Plan
from fleet.shift_turns import ShiftTurns
from fleet.station.archive import receipts_of
from fleet.station.audit import Audits
from fleet.station.clock import AGAIN_S, CLOCK, keep_clock
from fleet.station.commissioning import DRIFT, commission, keep_profile
from fleet.station.doubt import Doubt
from fleet.station.drive_watch import DriveWatch
from fleet.station.endings import Endings
from fleet.station.health import Breaker
from fleet.station.own import OwnCommands
from fleet.station.receipts import Receipts
from fleet.station.relay import OperatorRelay
from fleet.station.replacement import POLL_S, Replacement
from fleet.station.shifts import Shifts
from fleet.station.standing import Standing, last_said
from fleet.station.thirty_days import watch_unsent
from fleet.station.workplace import Connect, Workplace, explain
from fleet.views import StationView
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.commands import ShortStatus
from kkt_driver.errors import DriverError, NotSent, Refused
from kkt_driver.intents import Intent
from kkt_driver.relay import Peer

__all__ = ["Station"]

IDLE_MAX_S = 3600.0

QUIET_S = 1.0
"""A register that answered so lately is there."""

THERE_S = 0.7
"""How long a register has to say that it is there: it answers 10h within some ten milliseconds, also while it prints.
A slow line needs more: `deadlines = { "10" = … }` of the station."""

STANDING = "standing"
"""What keeps a station out of its pool when a person said so."""

NOBODY = procedures.Identity(model="", model_code=0, serial="", drive="", phase=0)
"""Shown until somebody answered."""


class Station:
    """A register, the task that owns it, and what doors may see of both."""

    def __init__(
        self,
        station: settings.Station,
        *,
        config: settings.Config,
        journal: Journal,
        desk: Desk,
        clock: Callable[[], float],
        local_time: Callable[[float, str], datetime],
        connect: Connect,
        lines: Mapping[Peer, OperatorLine],
        turns: ShiftTurns,
        jitter: Callable[[], float],
    ) -> None:
        self.config = station
        self.name = station.name
        self._desk = desk
        self._connect = connect
        self._inbox = desk.inbox(station.name)
        self._work = Workplace(
            station, config=config, journal=journal, desk=desk, clock=clock, local_time=local_time, jitter=jitter
        )
        self._endings = Endings(self._work)
        self._doubt = Doubt(self._work, self._endings)
        self._own = OwnCommands(self._work, self._doubt)
        self._shifts = Shifts(self._work, self._own, turns)
        self._receipts = Receipts(self._work, shifts=self._shifts, doubt=self._doubt, endings=self._endings)
        self._relay = OperatorRelay(self._work, lines)
        self._replacement = Replacement(self._work, self._own, self._shifts)
        self._replace_asked: tuple[str, str] | None = None
        self._drive = DriveWatch(self._work)
        self._audits = Audits(self._work)
        self._breaker = Breaker()
        self._heard_at = 0.0
        self._clock_due = 0.0
        self._lookups: list[Lookup] = []
        self._given: Job | None = None
        """The job that the dispatcher gave us, until it is claimed."""
        self.standing = Standing.SERVING
        self.left = False
        """A retiring station has nothing left to do with its register."""

    # --- what others may see ---------------------------------------------------------------------------------------

    def view(self) -> StationView:
        """The station as it is now."""
        work = self._work
        identity, state = work.identity or NOBODY, work.state
        return StationView(
            name=self.name,
            address=self.config.address,
            link=self.config.link,
            state=work.phase,
            problem=work.problem,
            model=identity.model,
            serial=identity.serial,
            drive=identity.drive,
            rnm=identity.rnm,
            inn=identity.inn,
            tax_systems=identity.tax_systems,
            shift_open=state is not None and state.shift_open,
            shift=state.shift if state else 0,
            shift_opened_at=work.shift_opened,
            receipt=state.receipt if state else 0,
            last_document=state.last_document if state else 0,
            warnings=state.warnings if state else 0,
            unsent=work.unsent,
            oldest_unsent_at=work.oldest_unsent_at,
            documents_made=work.made,
            service_s=work.service_s,
            changed_at=work.changed_at,
            standing=self.standing.value,
            outside=tuple(work.outside.values()),
            alarms=work.alarms.open,
            life=self._drive.life,
            replacement=self._replacing(),
        )

    def _replacing(self) -> str | None:
        if self._replacement.plan is None:
            return None
        return "begun" if self._replacement.step is None else self._replacement.step.value

    def obstacles(self, need: Need) -> list[Obstacle]:
        """What keeps this station from making such a receipt; nothing when it may, or when it is not known yet."""
        if self.standing is Standing.RETIRED:
            return [Obstacle("retired", "it is retired")]
        identity = self._work.identity
        if identity is None:
            return []
        return obstacles(need, self._work.kind(identity))

    # --- what a person may say ------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Where an earlier life left it: drained or retired, with which alarms."""
        await self._work.alarms.load()
        await self._replacement.load()
        self.stand(*await last_said(self._work.journal, self.name))

    def stand(self, standing: Standing, why: str) -> None:
        """A person's word, journaled already."""
        self.standing = standing
        if standing is Standing.SERVING:
            self._work.let_in(STANDING)
        else:
            self._work.keep_out(STANDING, f"{standing}: {why}" if why else standing.value)
        if standing is Standing.RETIRED:
            self._work.show("retired")
        self._desk.send(self.name, Order.WAKE)

    def replace_drive(self, *, who: str, why: str) -> None:
        """Begin a replacement of the drive, or look at what was said about the one under way."""
        self._replace_asked = (who, why)
        self._desk.send(self.name, Order.WAKE)

    @property
    def replacement(self) -> Plan | None:
        """The replacement under way."""
        return self._replacement.plan

    async def acknowledge(self, alarm: str, *, who: str, why: str) -> bool:
        """A person has seen an alarm; False when it is not open."""
        done = await self._work.alarms.over(alarm, who=who, why=why)
        if done and alarm.startswith(DRIFT) and self._work.identity is not None:
            await keep_profile(self._work)
        self._desk.changes.tell()
        return done

    # --- the life of the task --------------------------------------------------------------------------------------

    def resolve_first(self, intent: Intent, job_id: str | None) -> None:
        """An intent that a previous life left open: it is resolved before anything else."""
        self._work.intents.open = (intent, job_id)

    async def run(self, stop: trio.Event) -> None:
        """Own the register until `stop`. Everything that breaks a connection ends here and is tried again."""
        while not stop.is_set() and not self.left:
            try:
                store = self._work.intents
                async with self._connect(self.config, store=store) as register, trio.open_nursery() as helpers:
                    self._work.watch(register)
                    await self._commission(register)
                    await self._serve(register, helpers, stop)
                    helpers.cancel_scope.cancel()
            except* (DriverError, OSError, trio.BrokenResourceError, trio.ClosedResourceError) as group:
                pause_s = self._breaker.failed(self._work.now(), self._work.jitter())
                await self._fell_sick(_first(group), pause_s)
                with trio.move_on_after(pause_s):
                    await stop.wait()
            finally:
                self._work.ready = False
                self._desk.leave(self.name)
                self._give_back_undelivered()
        await self._relay.aclose()
        self._work.show("stopped")

    async def _close_for_the_clock(self, register: Register) -> None:
        try:
            await self._shifts.close(register)
        except Refused as refusal:
            self._work.log.error("the shift cannot be closed to set the clock", why=explain(refusal))

    async def _fell_sick(self, why: BaseException, pause_s: float) -> None:
        self._shifts.leave()
        self._work.ready = False
        self._desk.leave(self.name)
        self._give_back_undelivered()
        self._work.show("sick", problem=explain(why))
        self._work.log.warning("register is out of reach", why=explain(why), pause_s=round(pause_s, 2))
        if self._breaker.troubled:
            await self._work.alarms.ring("sick", "alarm", "the register is not well, and that does not pass by itself")

    async def _commission(self, register: Register) -> None:
        await commission(register, self._work, self._doubt, self._replacement)
        if self._work.identity is not None and self._work.identity.phase == PREPARED:
            await keep_clock(register, self._work)
            await self._replacement.turn(register)
            await commission(register, self._work, self._doubt, self._replacement)
        await self._drive.read(register)
        self._shifts.take_part()
        if await self._shifts.finish_repair() or self._shifts.expired:
            await self._shifts.repair(register)
            self._audits.ask(None, "a shift over 24 hours")
        if not await keep_clock(register, self._work):
            await self._close_for_the_clock(register)
        await self._relay.begin(register)
        self._breaker.reached(self._work.now())
        self._work.ready = True
        self._heard_at = self._work.now()
        self._work.join()
        view = self.view()
        self._work.log.info("register is ready", serial=view.serial, drive=view.drive, last_document=view.last_document)

    async def _serve(self, register: Register, helpers: trio.Nursery, stop: trio.Event) -> None:
        """Receipts, tickets and shift work, one after the other, until `stop`."""
        while not stop.is_set():
            while (message := self._take_now()) is not None:
                self._digest(message)
            if self._shifts.due and await self._shifts.close(register):
                self._audits.ask(None, "shift close")
                await self._drive.read(register)
            await watch_unsent(self._work)
            if CLOCK in self._work.outside and self._work.now() >= self._clock_due:
                self._clock_due = self._work.now() + AGAIN_S
                await keep_clock(register, self._work)
            await self._look_up(register)
            if self._given is None and not self._work.outside:
                self._given = self._desk.next_for(self.name)
            await self._relay.turn(register, helpers, receipt_waits=self._given is not None)
            if self._given is None and self._audits.due:
                self._desk.dispatcher.busy(self.name)
                await self._audits.turn(register)
                continue
            if self._given is None and await self._replace(register):
                continue
            if self._given is None and self.standing is Standing.RETIRING and await self._let_go(register):
                break
            if self._given is None:
                self._work.show(self._resting())
                await register.rest()
                message = await self._next_message()
                self._desk.dispatcher.busy(self.name)
                self._digest(message)
            if self._given is not None:
                await self._still_there(register)
                given, self._given = self._given, None
                if await self._receipts.make(register, given):
                    await self._well()
                self._heard_at = self._work.now()

    async def _still_there(self, register: Register) -> None:
        """A register that said nothing for a while may be gone without a word. A short question tells in time for the
        receipt to be elsewhere within a second; what a receipt begins with would wait for several."""
        if self._work.now() - self._heard_at < QUIET_S:
            return
        patience_s = max(THERE_S, self.config.deadlines.get("10", 0.0))
        with trio.move_on_after(patience_s) as patience:
            await register.ask(ShortStatus())
        if patience.cancelled_caught:
            raise NotSent(f"the register does not answer within {patience_s:g} s", command="10")

    async def _well(self) -> None:
        self._breaker.worked()
        await self._work.alarms.over("sick")

    async def _replace(self, register: Register) -> bool:
        """Whether a step of a drive's replacement was made."""
        if self._replace_asked is not None:
            (who, why), self._replace_asked = self._replace_asked, None
            if self._replacement.plan is None:
                await self._replacement.begin(who=who, why=why, register=register)
            else:
                await self._replacement.load()
        return self._replacement.plan is not None and await self._replacement.turn(register)

    def _resting(self) -> str:
        """The phase of a station that has nothing to do."""
        if not self._work.outside:
            return "idle"
        return self.standing.value if self.standing is not Standing.SERVING else "held"

    async def _let_go(self, register: Register) -> bool:
        """What a retiring station still has to do; whether that was all."""
        await self._shifts.close(register)
        self.left = not self._work.unsent
        return self.left

    async def _look_up(self, register: Register) -> None:
        """Answer who wants to know what the archive has."""
        identity = self._work.identity
        assert identity is not None
        while self._lookups:
            lookup = self._lookups.pop()
            numbers = [lookup.document]
            receipts = receipts_of(numbers, identity, station=self.name, timezone=self.config.timezone)
            found = await register.run(receipts)
            lookup.answer(found[0] if found else None)

    # --- messages --------------------------------------------------------------------------------------------------

    async def _next_message(self) -> Message | None:
        """The next message, or None when the relay or the shift asks for attention."""
        with trio.move_on_after(self._idle_s()):
            return await self._inbox.receive()  # type: ignore[no-any-return]  # the desk sends nothing else
        return self._take_now()

    def _idle_s(self) -> float:
        now = self._work.now()
        waits = [IDLE_MAX_S if self._replacement.plan is None else POLL_S]
        if self._relay.due_at is not None:
            waits.append(self._relay.due_at - now)
        if CLOCK in self._work.outside:
            waits.append(self._clock_due - now)
        if (wait_s := self._shifts.wait_s) is not None:
            waits.append(wait_s)
        return max(0.0, min(waits))

    def _take_now(self) -> Message | None:
        try:
            return self._inbox.receive_nowait()  # type: ignore[no-any-return]  # the desk sends nothing else
        except trio.WouldBlock:
            return None

    def _digest(self, message: Message | None) -> None:
        """Remember what there is to do. A job may come together with the message that ended the idle wait."""
        if isinstance(message, Job):
            self._given = message
        elif isinstance(message, Audit):
            self._audits.ask(message.first, message.why)
        elif isinstance(message, Lookup):
            self._lookups.append(message)
        elif message is Order.CLOSE_SHIFT:
            self._shifts.close_asked = True

    def _give_back_undelivered(self) -> None:
        """A job that was given to this station but not taken up goes to another one."""
        while (message := self._take_now()) is not None:
            self._digest(message)
        if self._given is not None:
            given, self._given = self._given, None
            self._desk.submit(given)


def _first(group: BaseException) -> BaseException:
    """The first plain exception inside (possibly nested) groups."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
