"""When a register that failed is tried again.

A breaker in three states: *closed*, the register works; *open*, nobody touches it until a pause is over; *probing*, it
was reached and commissioned again and shows by a receipt, or by staying reachable for `WELL_S`, that it is well. What
fails while probing makes the next pause longer, so a register that answers everything but refuses each receipt is not
given one a second.
"""

from __future__ import annotations

__all__ = ["PAUSES_S", "TROUBLED", "WELL_S", "Breaker"]

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Growing pauses between attempts; the last one stays."""

WELL_S = 60.0
"""A register that was reachable for so long since it was commissioned is well: the next failure is a first one."""

TROUBLED = 6
"""Failures in a row after which a person is told: the pauses before were some twenty seconds in all."""


class Breaker:
    """Counts failures in a row. Time is an argument."""

    def __init__(self) -> None:
        self.failures = 0
        self._reached_at: float | None = None

    @property
    def troubled(self) -> bool:
        """Whether this lasts too long to pass by itself."""
        return self.failures >= TROUBLED

    def reached(self, now: float) -> None:
        """The register was connected and commissioned: probing."""
        self._reached_at = now

    def worked(self) -> None:
        """It made a receipt: closed."""
        self.failures = 0

    def failed(self, now: float, jitter: float) -> float:
        """Open; the seconds until it may be tried again. `jitter` is from 0 to 1."""
        if self._reached_at is not None and now - self._reached_at >= WELL_S:
            self.failures = 0
        self._reached_at = None
        pause_s = PAUSES_S[min(self.failures, len(PAUSES_S) - 1)]
        self.failures += 1
        return pause_s * (1 + 0.2 * jitter)
