"""Whose turn it is to close a shift, so that a pool never loses more than a set share of its registers to it.

Pure: stations take part with the pool they belong to, ask whether a turn is free, begin and end. A station may close
its shift from the beginning of a window before its last moment; the window is long enough for the whole pool to pass
through it one turn after the other, also when all shifts were opened in the same minute.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import ceil

__all__ = ["SLOT_S", "ShiftTurns"]

SLOT_S = 120.0
"""Allowed for one close with all its waits: 41h itself takes some seconds, its deadline is below this."""


class ShiftTurns:
    """The turns of every pool of a rack."""

    def __init__(self, share: float = 0.2) -> None:
        self._share = share
        self._pool_of: dict[str, Hashable] = {}
        self._pools: dict[Hashable, set[str]] = {}
        self._busy: dict[Hashable, set[str]] = {}
        self._waiting: dict[Hashable, dict[str, None]] = {}

    def take_part(self, station: str, pool: Hashable) -> None:
        """A station belongs to a pool from now on."""
        self.leave(station)
        self._pool_of[station] = pool
        self._pools.setdefault(pool, set()).add(station)

    def leave(self, station: str) -> list[str]:
        """It belongs to none; who may look for a turn now."""
        woken = self.end(station)
        pool = self._pool_of.pop(station, None)
        if pool is not None:
            self._pools[pool].discard(station)
            self._waiting.get(pool, {}).pop(station, None)
        return woken

    def at_once(self, station: str) -> int:
        """How many of its pool may close their shifts at the same time."""
        pool = self._pool_of.get(station)
        size = 1 if pool is None else len(self._pools[pool])
        return max(1, int(self._share * size))

    def window_s(self, station: str) -> float:
        """How long before the last moment the pool begins to close."""
        pool = self._pool_of.get(station)
        size = 1 if pool is None else len(self._pools[pool])
        return (ceil(size / self.at_once(station)) - 1) * SLOT_S

    def free(self, station: str) -> bool:
        """Whether it may begin now; if not, it is among those that `end` gives back."""
        pool = self._pool_of.get(station)
        if pool is None:
            return True
        busy = self._busy.setdefault(pool, set())
        if station in busy or len(busy) < self.at_once(station):
            return True
        self._waiting.setdefault(pool, {})[station] = None
        return False

    def begin(self, station: str) -> None:
        """It closes its shift, also when no turn was free: its last moment has come, or a person asked for it."""
        pool = self._pool_of.get(station)
        if pool is not None:
            self._busy.setdefault(pool, set()).add(station)

    def end(self, station: str) -> list[str]:
        """It is done; who waited for a turn, the longest first."""
        pool = self._pool_of.get(station)
        if pool is None or station not in self._busy.get(pool, ()):
            return []
        self._busy[pool].discard(station)
        return list(self._waiting.pop(pool, {}))
