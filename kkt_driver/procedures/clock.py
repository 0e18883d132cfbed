"""The register's clock, and since when its shift is open: what time rules are kept by."""

from __future__ import annotations

from datetime import datetime

from kkt_driver.commands import ConfirmDate, FullStatus, SetDate, SetTime
from kkt_driver.effects import Procedure, ask
from kkt_driver.procedures.documents import find
from kkt_driver.procedures.identity import State

__all__ = ["read_clock", "set_clock", "shift_opened"]

SHIFT_OPEN_FORM = 2
BESIDES_RECEIPTS_MAX = 20
"""Documents of a shift that are not receipts (settlement reports): how far the shift's opening is looked for."""


def read_clock(*, password: int = 30) -> Procedure[datetime | None]:
    """The register's wall clock; None when its date or time makes no sense."""
    return (yield from ask(FullStatus(password=password))).clock


def set_clock(moment: datetime, *, password: int = 30) -> Procedure[None]:
    """Set time and date (21h, 22h, 23h); modes 4 and 9 only: the drive refuses a jump during a shift."""
    yield from ask(SetTime(password=password, time=moment.time().replace(microsecond=0)))
    yield from ask(SetDate(password=password, date=moment.date()))
    yield from ask(ConfirmDate(password=password, date=moment.date()))


def shift_opened(state: State, *, password: int = 30) -> Procedure[datetime | None]:
    """When the open shift was opened, by its shift-open document; None when it is closed or the archive is silent.

    The document stands as many numbers back as the shift has receipts, plus the reports made meanwhile.
    """
    if not state.shift_open:
        return None
    nearest = state.last_document - state.receipt
    for number in range(nearest, max(0, nearest - BESIDES_RECEIPTS_MAX), -1):
        record = yield from find(number, password=password)
        if record is not None and record.type == SHIFT_OPEN_FORM and record.shift == state.shift:
            return record.moment
    return None
