"""The register's clock against the host's, at the boundaries of a shift: inside one a drive takes no jump."""

from __future__ import annotations

from fleet.station.workplace import Workplace
from kkt_driver import procedures
from kkt_driver.client import Register

__all__ = ["DRIFT_MAX_S", "LAW_S", "keep_clock"]

DRIFT_MAX_S = 60.0
"""With the shift closed, a clock that is further off is set."""

LAW_S = 300.0
"""Further off than this no receipt may be made (54-FZ): the shift is closed so that the clock can be set."""


async def keep_clock(register: Register, work: Workplace) -> bool:
    """Set the clock when it is off and the shift is closed; False when it is off by more than the law allows and the
    shift stands in the way."""
    assert work.state is not None
    clock = await register.run(procedures.read_clock())
    host = work.local_now()
    off_s = None if clock is None else abs((clock - host).total_seconds())
    if off_s is not None and off_s <= (LAW_S if work.state.shift_open else DRIFT_MAX_S):
        await work.alarms.over("clock")
        return True
    if work.state.shift_open:
        await work.alarms.ring("clock", "alarm", "the register's clock is off by more than five minutes")
        return False
    await register.run(procedures.set_clock(host))
    await work.journal.record(work.name, "clock_set", {"was": str(clock), "now": str(host)})
    work.log.warning("the register's clock is set", was=str(clock), now=str(host))
    await work.alarms.over("clock")
    return True
