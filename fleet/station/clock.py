"""The register's clock against the host's, at the boundaries of a shift: inside one a drive takes no jump."""

from __future__ import annotations

from fleet.station.workplace import Workplace
from kkt_driver import procedures
from kkt_driver.client import Register

__all__ = ["AGAIN_S", "CLOCK", "DRIFT_MAX_S", "LAW_S", "keep_clock"]

CLOCK = "clock"
"""The alarm, and what keeps the station out."""

AGAIN_S = 60.0
"""How often a clock that is off is looked at again."""

DRIFT_MAX_S = 60.0
"""With the shift closed, a clock that is further off is set."""

LAW_S = 300.0
"""Further off than this no receipt may be made (54-FZ). Closing the shift lets the clock be set; a drive that noticed
the jump refuses that, too (17h), and then a person is needed."""


async def keep_clock(register: Register, work: Workplace) -> bool:
    """Set the clock when it is off and the shift is closed; False when it is off by more than the law allows and the
    shift stands in the way: then no receipt is made until the shift is closed or somebody has put the clock right."""
    assert work.state is not None
    clock = await register.run(procedures.read_clock())
    host = work.local_now()
    off_s = None if clock is None else abs((clock - host).total_seconds())
    if off_s is not None and off_s <= (LAW_S if work.state.shift_open else DRIFT_MAX_S):
        await _well(work)
        return True
    if work.state.shift_open:
        await work.alarms.ring(CLOCK, "alarm", "the register's clock is off by more than five minutes")
        if CLOCK not in work.outside:
            work.keep_out(CLOCK, "its clock is off by more than five minutes")
        return False
    await register.run(procedures.set_clock(host))
    await work.journal.record(work.name, "clock_set", {"was": str(clock), "now": str(host)})
    work.log.warning("the register's clock is set", was=str(clock), now=str(host))
    await _well(work)
    return True


async def _well(work: Workplace) -> None:
    await work.alarms.over(CLOCK)
    work.let_in(CLOCK)
