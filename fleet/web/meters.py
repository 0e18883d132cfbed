"""What the doors count while they answer. Plain numbers that the event loop alone writes, as in `fleet.figures`; what
a scrape is told of them is `fleet.web.metrics`'s."""

from __future__ import annotations

from collections import Counter

from fleet.figures import Histogram

__all__ = ["Meters", "RouteMeter"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
ANSWERS = ("accepted", "duplicate", "refused", "queue_full")


class RouteMeter:
    """Counts one route's requests, by status, and how long they took."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.seconds = Histogram(SECONDS)

    def observe(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.seconds.observe(seconds)


class Meters:
    """The counts of all doors."""

    def __init__(self) -> None:
        self.routes: dict[str, RouteMeter] = {}
        self.receipts = Counter(dict.fromkeys(ANSWERS, 0))
        """Receipts by what they were answered."""

    def route(self, name: str) -> RouteMeter:
        """The meter of one route, to be kept by it."""
        return self.routes.setdefault(name, RouteMeter())
