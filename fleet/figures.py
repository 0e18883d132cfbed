"""What a daemon counts while it works: receipts, tickets, commands, callbacks. Plain numbers, no library of metrics;
a door that publishes them makes of them what it likes.

Everything here is written by the event loop alone and costs a few additions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

__all__ = ["RECEIPT_S", "TICKET_S", "Figures", "Histogram", "JournalWork", "Timed"]

RECEIPT_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Bounds for receipts, seconds: a register takes one or two; a job that waits for one may take an hour."""

TICKET_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 86_400.0, 172_800.0, 864_000.0, 2_592_000.0)
"""Bounds for tickets, seconds: from at once to the thirty days of the law."""


class Histogram:
    """How many values lie at or below each bound, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    @property
    def count(self) -> int:
        return sum(self.counts)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> list[tuple[float | None, int]]:
        """(bound, values up to it); the last bound is None: all of them."""
        total, rows = 0, []
        for bound, count in zip((*self.bounds, None), self.counts, strict=True):
            total += count
            rows.append((bound, total))
        return rows


class Timed(msgspec.Struct):
    """Answers of one command: how many, how long in all, the slowest one (seconds)."""

    count: int = 0
    total_s: float = 0.0
    max_s: float = 0.0


class JournalWork(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal wrote since it was opened: transactions (each is one sync of its log) and verbs in them."""

    commits: int
    verbs: int


class _Line:
    """One station's commands: those of lines that are closed, and the table of the line that is open."""

    def __init__(self) -> None:
        self.past: dict[str, Timed] = {}
        self.open: Callable[[], Mapping[str, tuple[int, float, float]]] = dict


class Figures:
    """The counters of one daemon."""

    def __init__(self) -> None:
        self.registered_s = Histogram(RECEIPT_S)
        """From the acceptance of a job to its document."""
        self.ticket_s = Histogram(TICKET_S)
        """From a receipt's document to the operator's confirmation of it."""
        self.receipt_s: dict[str, Histogram] = {}
        """By station: from the claim of a job to its document."""
        self.callbacks: Counter[str] = Counter()
        """Calls to shops by what came of them: done, again, given_up."""
        self._lines: dict[str, _Line] = {}

    def receipt(self, station: str, took_s: float) -> None:
        """A station made a receipt."""
        if station not in self.receipt_s:
            self.receipt_s[station] = Histogram(RECEIPT_S)
        self.receipt_s[station].observe(took_s)

    def line(self, station: str, commands: Callable[[], Mapping[str, tuple[int, float, float]]]) -> None:
        """A station has a new line; `commands` gives (count, total, longest) of its answers by command (hex code)."""
        line = self._lines.setdefault(station, _Line())
        _add(line.past, line.open())
        line.open = commands

    def commands(self, station: str) -> dict[str, Timed]:
        """Answers of one station by command (hex code), over all its lines."""
        line = self._lines.get(station)
        if line is None:
            return {}
        found = {code: msgspec.structs.replace(timed) for code, timed in line.past.items()}
        _add(found, line.open())
        return found


def _add(into: dict[str, Timed], more: Mapping[str, tuple[int, float, float]]) -> None:
    for code, (count, total_s, max_s) in more.items():
        timed = into.setdefault(code, Timed())
        timed.count += count
        timed.total_s += total_s
        timed.max_s = max(timed.max_s, max_s)
