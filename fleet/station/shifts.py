"""When a shift is opened and closed: opened when a receipt needs it, closed before the law ends it, in turns with the
other registers of the pool. A shift that ran over 24 hours all the same is repaired by a plan that the journal keeps.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fleet.desk import Order
from fleet.shift_turns import ShiftTurns
from fleet.station.clock import keep_clock
from fleet.station.own import OwnCommands
from fleet.station.workplace import Workplace
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.effects import Procedure
from kkt_driver.verdicts import Registered

__all__ = ["REPAIR", "SHIFT_MAX_S", "Shifts"]

SHIFT_MAX_S = 24 * 3600.0
"""After so long nothing but closing is left."""

OVER_24_HOURS = 3
"""Mode of a register whose shift ran over."""

REPAIR = "shift_repair"
"""The event under which the steps of a repair stand in the station's history."""


class Shifts:
    """The shifts of one register."""

    def __init__(self, work: Workplace, own: OwnCommands, turns: ShiftTurns) -> None:
        self._work = work
        self._own = own
        self._turns = turns
        self.close_asked = False
        self._opened: tuple[datetime, float] | None = None
        """When the shift was opened: by the register, and by the daemon's clock."""

    def take_part(self) -> None:
        """The register was commissioned: it closes in turns with the others of its kind."""
        work = self._work
        assert work.identity is not None
        self._turns.take_part(work.name, work.kind(work.identity))

    def leave(self) -> None:
        """The register is out of reach; whoever waits for a turn need not wait for it."""
        self._wake(self._turns.leave(self._work.name))

    @property
    def due(self) -> bool:
        """Whether the open shift has to be closed now: by its age, when it is our turn, or because somebody asked."""
        wait_s = self.wait_s
        return self.close_asked or (wait_s is not None and wait_s <= 0)

    @property
    def wait_s(self) -> float | None:
        """Seconds until the open shift should be closed, as things are; None when none is open."""
        left_s = self._left_s(self._work.fleet.shift.max_s)
        if left_s is None:
            return None
        early_s = left_s - self._turns.window_s(self._work.name)
        return early_s if early_s > 0 or self._turns.free(self._work.name) else left_s

    @property
    def expired(self) -> bool:
        """Whether the shift ran over 24 hours."""
        state = self._work.state
        left_s = self._left_s(SHIFT_MAX_S)
        return state is not None and (state.mode == OVER_24_HOURS or (left_s is not None and left_s <= 0))

    def _left_s(self, of_s: float) -> float | None:
        work = self._work
        if work.state is None or not work.state.shift_open or work.shift_opened is None:
            return None
        now = work.now()
        if self._opened is None or self._opened[0] is not work.shift_opened:
            opened = work.shift_opened
            self._opened = opened, now - (work.local_now() - opened).total_seconds()
        return of_s - (now - self._opened[1])

    async def ensure(self, register: Register) -> None:
        """An open shift that will not run over during the next receipt."""
        work = self._work
        assert work.state is not None
        if self.expired:
            await self.repair(register)
        elif work.state.shift_open and self.due:
            await self.close(register)
        if not work.state.shift_open:
            await self._run(register, "shift_open")
            work.show("busy")

    async def close(self, register: Register) -> bool:
        """Close the shift and look at the clock, which can be set now; False when none is open."""
        self.close_asked = False
        work = self._work
        if work.state is None or not work.state.shift_open:
            return False
        work.desk.dispatcher.busy(work.name)
        self._turns.begin(work.name)
        try:
            await self._run(register, "shift_close")
            await keep_clock(register, work)
            work.show("busy")
        finally:
            self._wake(self._turns.end(work.name))
        return True

    async def repair(self, register: Register) -> None:
        """A shift over 24 hours: close it, set the clock if that is why, be ready to open the next. Each step is
        journaled; what a crash interrupts goes on from the register's own state."""
        work = self._work
        assert work.state is not None
        opened = work.shift_opened
        await self._step("begun", shift=work.state.shift, opened=str(opened), mode=work.state.mode)
        work.log.warning("the shift ran over 24 hours", shift=work.state.shift, opened=str(opened))
        await self.close(register)
        await self._step("closed", shift=work.state.shift, document=work.state.last_document)
        await self._step("done")

    async def finish_repair(self) -> bool:
        """A repair that an earlier life began is journaled to its end once the shift is closed; whether there was one
        that still has to be done."""
        work = self._work
        for record in await work.journal.records(work.name, [REPAIR], 1):
            if record.detail["step"] == "done":
                return False
            if work.state is not None and not work.state.shift_open:
                await self._step("closed", document=work.state.last_document, by="found closed")
                await self._step("done")
                return False
            return True
        return False

    async def _step(self, step: str, **detail: Any) -> None:
        await self._work.journal.record(self._work.name, REPAIR, {"step": step, **detail})

    def _wake(self, stations: list[str]) -> None:
        for station in stations:
            self._work.desk.send(station, Order.WAKE)

    async def _run(self, register: Register, action: str) -> None:
        work = self._work
        opens = action == "shift_open"
        procedure = procedures.open_shift if opens else procedures.close_shift
        work.show("shift")

        def begin(job: str) -> Procedure[Registered]:
            assert work.identity is not None and work.state is not None
            return procedure(job=job, identity=work.identity, state=work.state)

        def reached() -> bool:
            return work.state is not None and work.state.shift_open == opens

        done = await self._own.carry_out(register, action, begin, reached)
        if done is not None and work.state is not None:
            work.state = work.state.after(done)
            work.shift_opened = done.moment if opens else None
            work.log.info("shift opened" if opens else "shift closed", shift=done.shift, document=done.document)
