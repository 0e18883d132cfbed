"""When a shift is opened and closed: opened when a receipt needs it, closed before the law ends it."""

from __future__ import annotations

from fleet.station.own import OwnCommands
from fleet.station.workplace import Workplace
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.effects import Procedure
from kkt_driver.verdicts import Registered

__all__ = ["SHIFT_STAGGER_MAX_S", "SHIFT_STAGGER_S", "Shifts", "shift_max_s"]

SHIFT_STAGGER_S = 120.0
"""Each further station of a rack closes its shift this much earlier, so that a pool never loses all at once."""

SHIFT_STAGGER_MAX_S = 3600.0

OVER_24_HOURS = 3
"""Mode of a register whose shift ran over: only closing it is left."""


def shift_max_s(max_s: float, index: int) -> float:
    """How long the station at this place in the rack keeps a shift open."""
    return max_s - min(index * SHIFT_STAGGER_S, SHIFT_STAGGER_MAX_S, max_s / 8)


class Shifts:
    """The shifts of one register."""

    def __init__(self, work: Workplace, own: OwnCommands, *, max_s: float) -> None:
        self._work = work
        self._own = own
        self._max_s = max_s
        self.close_asked = False

    @property
    def due(self) -> bool:
        """Whether the open shift has to be closed now, by its age or because somebody asked for it."""
        left = self.left_s
        return self.close_asked or (left is not None and left <= 0)

    @property
    def left_s(self) -> float | None:
        """Seconds until the open shift has to be closed; None when none is open."""
        work = self._work
        if work.state is None or not work.state.shift_open or work.shift_opened is None:
            return None
        return self._max_s - (work.local_now() - work.shift_opened).total_seconds()

    async def ensure(self, register: Register) -> None:
        """An open shift that will not run over during the next receipt."""
        work = self._work
        assert work.state is not None
        if work.state.shift_open and (work.state.mode == OVER_24_HOURS or self.due):
            await self.close(register)
        if not work.state.shift_open:
            await self._run(register, "shift_open")
            work.show("busy")

    async def close(self, register: Register) -> bool:
        """Close the shift; False when none is open."""
        self.close_asked = False
        if self._work.state is None or not self._work.state.shift_open:
            return False
        await self._run(register, "shift_close")
        return True

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
