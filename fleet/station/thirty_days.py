"""Documents that the operator has not confirmed: after 30 days a drive makes no more signs, so a person hears of it
long before, and at 28 days the register gets no more receipts."""

from __future__ import annotations

import msgspec

from fleet.alarms import Level
from fleet.station.workplace import Workplace

__all__ = ["THRESHOLDS", "Threshold", "threshold", "watch_unsent"]

HOUR_S, DAY_S = 3600.0, 86_400.0
UNSENT = "unsent"


class Threshold(msgspec.Struct, frozen=True):
    """From which age of the oldest document on; how grave; whether the register may still be given receipts."""

    age_s: float
    level: Level
    text: str
    routed: bool = True


THRESHOLDS = (
    Threshold(HOUR_S, "info", "no ticket from the operator for an hour"),
    Threshold(24 * HOUR_S, "warning", "no ticket from the operator for a day"),
    Threshold(48 * HOUR_S, "warning", "no ticket from the operator for two days: documents say so (1053)"),
    Threshold(20 * DAY_S, "alarm", "no ticket from the operator for 20 days: at 30 the drive stops"),
    Threshold(28 * DAY_S, "critical", "no ticket from the operator for 28 days: no more receipts", routed=False),
)


def threshold(age_s: float) -> Threshold | None:
    """The last threshold that an age has reached."""
    reached = [one for one in THRESHOLDS if age_s >= one.age_s]
    return reached[-1] if reached else None


async def watch_unsent(work: Workplace) -> None:
    """Hold the age of the oldest unconfirmed document against the thresholds."""
    since = work.oldest_unsent_at if work.unsent else None
    reached = None if since is None else threshold(work.now() - since)
    if reached is None:
        await work.alarms.over(UNSENT)
    else:
        await work.alarms.ring(UNSENT, reached.level, reached.text)
    if reached is None or reached.routed:
        work.let_in(UNSENT)
    elif UNSENT not in work.outside:
        work.keep_out(UNSENT, reached.text)
