"""Where a station stands by the word of a person: may it be given receipts, is it on its way out."""

from __future__ import annotations

from enum import StrEnum

from fleet.journal.base import Journal

__all__ = ["Standing", "last_said"]


class Standing(StrEnum):
    """What was said last. Each is an event in the station's history, with who and why."""

    SERVING = "serving"  # as configured
    DRAINED = "drained"  # no receipts; everything else goes on
    RETIRING = "retiring"  # no receipts; the shift is closed and all delivered, then it ends
    RETIRED = "retired"  # nobody owns the register

    @property
    def event(self) -> str:
        return f"standing_{self.value}"


async def last_said(journal: Journal, station: str) -> tuple[Standing, str]:
    """The newest word on a station, and why."""
    events = {standing.event: standing for standing in Standing}
    for record in await journal.records(station, list(events), 1):
        if not record.detail.get("unconfigured"):  # it is configured now, or nobody would ask
            return events[record.event], str(record.detail.get("why", ""))
    return Standing.SERVING, ""
