"""Which station makes which receipt. A queue, the idle stations, and the reasons why a register may not serve.

Pure: no clock, no waiting. Jobs come in by `offer`, stations by `idle`; each call answers with the pairing it made, if
any. A job waits in one queue per *need* (what it asks of a register), so a receipt that few registers can make never
stands in front of one that many can. Within a queue and between queues the oldest goes first.

Ranking: a waiting job goes to the first eligible station that comes free, which is the least expected finish; among
several idle stations the one with the least worn drive is taken, so that wear levels over the rack.
"""

from __future__ import annotations

from collections import OrderedDict
from heapq import heappop, heappush

import msgspec

from fleet.jobs import Job

__all__ = ["Abilities", "Dispatcher", "Need", "need_of", "refusals"]


class Need(msgspec.Struct, frozen=True):
    """What a receipt asks of the register that will make it."""

    inn: str
    tax_system: int


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What one station can do. `documents` is the last FD number of its drive: how worn it is."""

    inn: str
    tax_systems: int
    documents: int = 0


def need_of(job: Job) -> Need:
    return Need(job.inn, int(job.receipt.tax_system))


def refusals(need: Need, abilities: Abilities) -> list[str]:
    """Why this station may not make such a receipt; an empty list when it may."""
    reasons = []
    if abilities.inn != need.inn:
        reasons.append(f"its drive is registered for another company, not for INN {need.inn}")
    if not abilities.tax_systems & need.tax_system:
        reasons.append(f"tax system {need.tax_system} is not among those registered ({abilities.tax_systems})")
    return reasons


class Dispatcher:
    """Pairs waiting jobs with idle stations.

    A station joins with its abilities (`join`), says that it is free (`idle`) and leaves (`leave`). Every method that
    may pair returns what it paired, and the caller delivers; nothing is called back. The cost of a call does not grow
    with the number of stations: idle ones stand in one heap per distinct (INN, tax systems).
    """

    def __init__(self) -> None:
        self._queues: dict[str, dict[int, OrderedDict[str, Job]]] = {}  # INN, tax system
        self._abilities: dict[str, Abilities] = {}
        self._idle: set[str] = set()
        self._heaps: dict[str, dict[int, list[tuple[int, str]]]] = {}  # INN, tax systems; stale entries are skipped
        self._waiting = 0

    def __len__(self) -> int:
        """Jobs that wait for a station."""
        return self._waiting

    @property
    def stations(self) -> dict[str, Abilities]:
        """The stations that take part, with what they can do."""
        return self._abilities

    def join(self, station: str, abilities: Abilities) -> None:
        """A station takes part from now on, or its abilities changed; it is not idle until it says so."""
        self._idle.discard(station)
        self._abilities[station] = abilities

    def leave(self, station: str) -> None:
        """A station takes no more jobs."""
        self._abilities.pop(station, None)
        self._idle.discard(station)

    def offer(self, job: Job) -> str | None:
        """A job wants a station: the idle station that gets it, or None and the job waits."""
        need = need_of(job)
        heaps = self._heaps.get(need.inn, {})
        best: list[tuple[int, str]] | None = None
        for tax_systems, heap in heaps.items():
            while heap and not self._current(heap[0], need.inn, tax_systems):
                heappop(heap)
            if heap and tax_systems & need.tax_system and (best is None or heap[0] < best[0]):
                best = heap
        if best is not None:
            _, chosen = heappop(best)
            self._idle.discard(chosen)
            return chosen
        queue = self._queues.setdefault(need.inn, {}).setdefault(need.tax_system, OrderedDict())
        if job.id not in queue:
            queue[job.id] = job
            self._waiting += 1
        return None

    def idle(self, station: str) -> Job | None:
        """A station is free: the oldest job it may make, or None and the station waits."""
        abilities = self._abilities[station]
        best: OrderedDict[str, Job] | None = None
        oldest = 0.0
        for tax_system, queue in self._queues.get(abilities.inn, {}).items():
            if queue and abilities.tax_systems & tax_system:
                accepted_at = next(iter(queue.values())).accepted_at
                if best is None or accepted_at < oldest:
                    best, oldest = queue, accepted_at
        if best is None:
            if station not in self._idle:
                self._idle.add(station)
                heaps = self._heaps.setdefault(abilities.inn, {})
                heappush(heaps.setdefault(abilities.tax_systems, []), (abilities.documents, station))
            return None
        self._idle.discard(station)
        self._waiting -= 1
        return best.popitem(last=False)[1]

    def busy(self, station: str) -> None:
        """A station that was idle does something else first."""
        self._idle.discard(station)

    def withdraw(self, job: Job) -> bool:
        """A waiting job is no longer wanted; False when it does not wait here."""
        need = need_of(job)
        queue = self._queues.get(need.inn, {}).get(need.tax_system)
        if queue is None or queue.pop(job.id, None) is None:
            return False
        self._waiting -= 1
        return True

    def why_not(self, need: Need) -> dict[str, list[str]]:
        """For every station the reasons why it may not make such a receipt (empty: it may)."""
        return {name: refusals(need, abilities) for name, abilities in self._abilities.items()}

    def _current(self, entry: tuple[int, str], inn: str, tax_systems: int) -> bool:
        """Whether a heap entry still speaks of an idle station with these abilities."""
        documents, name = entry
        return name in self._idle and self._abilities.get(name) == Abilities(
            inn=inn, tax_systems=tax_systems, documents=documents
        )
