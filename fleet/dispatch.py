"""Which station makes which receipt, when, and why a register may not serve.

Pure: no clock, no waiting. Jobs come in by `offer`, stations by `idle`; each call answers with the pairing it made, if
any. A job waits in one queue per *need* (what it asks of a register), tenant and priority, so a receipt that few
registers can make never stands in front of one that many can, and a tenant with ten thousand receipts does not stand
in front of one with a single receipt.

* Pools: stations that may make the same receipts are a pool by that alone; `group` splits them further.
* Ranking of stations: least expected finish, then least worn drive. A slow station is passed over while the others
  would be done sooner; a reserve station is passed over until the expected wait reaches a threshold.
* Ranking of jobs: the higher priority (a job rises by one for each `AGE_S` it waits), then the tenant that had the
  least for its weight, then the oldest.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Literal

import msgspec

from fleet.jobs import Job, Order

__all__ = [
    "AGE_S",
    "Abilities",
    "Dispatcher",
    "Kind",
    "Need",
    "Obstacle",
    "Pairing",
    "Rule",
    "RULES",
    "need_of",
    "obstacles",
    "refusals",
]

AGE_S = 60.0
"""Waiting so long lifts a job by one priority: nothing starves."""

SLOW = 3.0
"""A station whose receipts take so many times as long as the pool's mean is passed over while the others suffice."""

FITS_MAX = 4096
"""Remembered answers to "may this kind make that": all that a rack of hundreds of kinds asks in a day."""

SERVICE_S = 1.0
"""Seconds for a receipt of a station that has made none yet."""

INTERNET = 1 << 5  # bit of the registration's work mode: sales over the internet
EDITION_1_2 = 4

WITH_CODE = frozenset((31, 33))
"""1212: goods that are sold with their marking code, which FFD 1.2 alone can carry."""


class Need(msgspec.Struct, frozen=True):
    """What a receipt asks of the register that will make it: the routing key."""

    inn: str
    tax_system: int
    internet: bool = False
    marked: bool = False
    group: str | None = None
    place: str | None = None


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What registers of one kind can do. `edition` as tag 1209 gives it; 0 is unknown and stands in nobody's way."""

    inn: str
    tax_systems: int
    work_mode: int = INTERNET
    edition: int = 0
    group: str | None = None
    places: tuple[str, ...] = ()


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """One station in the dispatch: what it can do, how worn its drive is (its last document), how long a receipt takes
    it, whether it is held in reserve."""

    kind: Kind
    documents: int = 0
    service_s: float = 0.0
    reserve: bool = False


class Rule(msgspec.Struct, frozen=True):
    """One thing that a register must be able to do, by name: whether it is, and what is said when it is not."""

    name: str
    holds: Callable[[Need, Kind], bool]
    otherwise: Callable[[Need, Kind], str]


RULES: tuple[Rule, ...] = (
    Rule(
        "company",
        lambda need, kind: need.inn == kind.inn,
        lambda need, kind: f"its drive is registered for another company, not for INN {need.inn}",
    ),
    Rule(
        "tax_system",
        lambda need, kind: bool(need.tax_system & kind.tax_systems),
        lambda need, kind: f"tax system {need.tax_system} is not among those registered ({kind.tax_systems})",
    ),
    Rule(
        "internet",
        lambda need, kind: not need.internet or bool(kind.work_mode & INTERNET),
        lambda need, kind: "it is not registered for sales over the internet",
    ),
    Rule(
        "marking",
        lambda need, kind: not need.marked or kind.edition in (0, EDITION_1_2),
        lambda need, kind: "its edition of the format carries no marking codes: that needs FFD 1.2",
    ),
    Rule(
        "group",
        lambda need, kind: need.group == kind.group or need.group is None,
        lambda need, kind: f"it is in group {kind.group or 'none'}, the receipt asks for group {need.group}",
    ),
    Rule(
        "place",
        lambda need, kind: not kind.places or need.place is None or need.place in kind.places,
        lambda need, kind: f"it serves {', '.join(kind.places)}, not {need.place}",
    ),
)


def need_of(job: Job | Order) -> Need:
    """The routing key of a job, or of what is asked for."""
    receipt = job.receipt
    subjects = {item.subject for item in receipt.items}
    return Need(
        inn=job.inn,
        tax_system=int(receipt.tax_system),
        internet=receipt.internet,
        marked=bool(subjects & WITH_CODE),
        group=job.group,
        place=receipt.settlement_place,
    )


class Obstacle(msgspec.Struct, frozen=True):
    """A rule (by name) that keeps a register from making a receipt, and what that means here."""

    rule: str
    why: str


def obstacles(need: Need, kind: Kind) -> list[Obstacle]:
    """What keeps a register of this kind from making such a receipt; an empty list when it may."""
    return [Obstacle(rule.name, rule.otherwise(need, kind)) for rule in RULES if not rule.holds(need, kind)]


def refusals(need: Need, kind: Kind) -> list[str]:
    """The same as texts for whoever runs the rack."""
    return [one.why for one in obstacles(need, kind)]


class Pairing(msgspec.Struct, frozen=True):
    """A job and the station that gets it."""

    station: str
    job: Job


class _Line(msgspec.Struct):
    """Jobs of one tenant with one need and one priority, oldest first."""

    need: Need
    tenant: str
    priority: int
    jobs: OrderedDict[str, Job]


class _Pool:
    """The stations of one kind: those that are idle, in heaps that skip stale entries, and how fast all are that are
    not held in reserve (receipts a second).

    `idle` and `reserve` are ordered by wear. Whoever is found too slow there goes to `slow`, which is ordered by
    seconds for a receipt: when the first of them is passed over, so are all, and nobody looks at them one by one.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.idle: list[tuple[float, str]] = []
        self.slow: list[tuple[float, str]] = []
        self.reserve: list[tuple[float, str]] = []
        self.rate = 0.0
        self._rates: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._rates)

    def put_aside(self, service_s: float, station: str) -> None:
        """Among the slow ones, where a station stands once however often it was woken and idle again."""
        self.slow = [entry for entry in self.slow if entry[1] != station]
        self.slow.append((service_s, station))
        heapify(self.slow)

    def put(self, station: str, rate: float) -> None:
        self.rate += rate - self._rates.get(station, 0.0)
        self._rates[station] = rate

    def drop(self, station: str) -> None:
        self.rate -= self._rates.pop(station, 0.0)
        if not self._rates:
            self.rate = 0.0  # no crumbs of additions


class _Load:
    """How fast the stations are that may make such a receipt, those in reserve apart, and how much waits for them."""

    def __init__(self, pools: Iterable[_Pool], rivals: Callable[[], int]) -> None:
        pools = list(pools)
        self.rate = sum(pool.rate for pool in pools)
        self.mean_s = sum(map(len, pools)) / self.rate if self.rate else 0.0
        self._count_rivals = rivals

    @cached_property
    def rivals(self) -> int:
        return self._count_rivals()


class Dispatcher:
    """Pairs waiting jobs with idle stations.

    A station joins with its abilities (`join`), says that it is free (`idle`) and leaves (`leave`). Every method that
    may pair returns what it paired, and the caller delivers; nothing is called back. The cost of a call grows with the
    kinds of registers and the needs of one company, not with stations or jobs.
    """

    def __init__(self, *, weights: Mapping[str, float] | None = None, reserve_wait_s: float = 10.0) -> None:
        self._weights = weights or {}
        self._reserve_wait_s = reserve_wait_s
        self._lines: dict[str, dict[tuple[Need, str, int], _Line]] = {}  # by INN
        self._pools: dict[str, dict[Kind, _Pool]] = {}  # by INN
        self._fits: dict[tuple[Need, Kind], bool] = {}
        self._abilities: dict[str, Abilities] = {}
        self._idle: set[str] = set()
        self._served: dict[str, float] = {}  # tenant → jobs served by weight
        self._turn_now = 0.0
        self._of_tenant: Counter[str] = Counter()
        self._waiting = 0

    def __len__(self) -> int:
        """Jobs that wait for a station."""
        return self._waiting

    @property
    def stations(self) -> dict[str, Abilities]:
        """The stations that take part, with what they can do."""
        return self._abilities

    # --- stations --------------------------------------------------------------------------------------------------

    def join(self, station: str, abilities: Abilities) -> None:
        """A station takes part from now on, or its abilities changed; it is not idle until it says so."""
        self._forget(station)
        self._abilities[station] = abilities
        if not abilities.reserve:
            self._pool(abilities.kind).put(station, 1.0 / (abilities.service_s or SERVICE_S))

    def leave(self, station: str) -> None:
        """A station takes no more jobs. Slow and reserve stations may be wanted now: look `again`."""
        self._forget(station)
        self._abilities.pop(station, None)

    def idle(self, station: str, now: float = 0.0) -> Job | None:
        """A station is free: the job that it should make, or None and the station waits."""
        abilities = self._abilities[station]
        best = self._next_for(abilities, now)
        if best is not None and self._worth(abilities, self._load(best.need)):
            self._idle.discard(station)
            return self._take(best)
        if station not in self._idle:
            self._idle.add(station)
            pool = self._pool(abilities.kind)
            heappush(pool.reserve if abilities.reserve else pool.idle, (abilities.documents, station))
        return None

    def busy(self, station: str) -> None:
        """A station that was idle does something else first."""
        self._idle.discard(station)

    # --- jobs ------------------------------------------------------------------------------------------------------

    def offer(self, job: Job, now: float = 0.0) -> Pairing | None:
        """A job wants a station. The pairing that follows, which may be of a job that waits longer; or None."""
        need = need_of(job)
        lines = self._lines.setdefault(job.inn, {})
        line = lines.get((need, job.tenant, job.priority))
        if line is None:
            line = lines[need, job.tenant, job.priority] = _Line(need, job.tenant, job.priority, OrderedDict())
        if job.id in line.jobs:
            return None
        if not self._of_tenant.get(job.tenant):  # what it did not use while it had nothing is no credit
            self._served[job.tenant] = max(self._served.get(job.tenant, 0.0), self._turn_now)
        line.jobs[job.id] = job
        self._count(job, 1)
        return self._pair(need, now)

    def withdraw(self, job: Job) -> bool:
        """A waiting job is no longer wanted; False when it does not wait here."""
        line = self._lines.get(job.inn, {}).get((need_of(job), job.tenant, job.priority))
        if line is None or line.jobs.pop(job.id, None) is None:
            return False
        self._count(job, -1)
        self._tidy(line)
        return True

    def again(self, now: float = 0.0) -> list[Pairing]:
        """Look at everything once more: stations left, or time went by."""
        pairings = []
        for lines in list(self._lines.values()):
            for line in list(lines.values()):
                while line.jobs and (pairing := self._pair(line.need, now)) is not None:
                    pairings.append(pairing)
        return pairings

    # --- what may be told ------------------------------------------------------------------------------------------

    def why_not(self, need: Need) -> dict[str, list[str]]:
        """For every station the reasons why it may not make such a receipt (empty: it may)."""
        return {name: refusals(need, abilities.kind) for name, abilities in self._abilities.items()}

    def expected_wait_s(self, need: Need) -> float | None:
        """How long a receipt that comes now waits for a station; None while nobody can make it."""
        rate = sum(pool.rate for pool in self._eligible(need))
        if not rate:
            rate = sum(
                1.0 / (one.service_s or SERVICE_S)
                for one in self._abilities.values()
                if one.reserve and self._fit(need, one.kind)
            )
        return self.rivals(need) / rate if rate else None

    def oldest_at(self) -> float | None:
        """When the job that waits longest was accepted; None when none waits."""
        firsts = (next(iter(line.jobs.values())) for lines in self._lines.values() for line in lines.values())
        return min((first.accepted_at for first in firsts), default=None)

    def rivals(self, need: Need) -> int:
        """Jobs that wait for stations which could make this one, too."""
        kinds = [pool.kind for pool in self._eligible(need, reserves=True)]
        return sum(
            len(line.jobs)
            for line in self._lines.get(need.inn, {}).values()
            if line.need == need or any(self._fit(line.need, kind) for kind in kinds)
        )

    # --- ranking ---------------------------------------------------------------------------------------------------

    def _pair(self, need: Need, now: float) -> Pairing | None:
        """Give the best job to the best idle station among those that may make such a receipt."""
        load = self._load(need)
        pools = list(self._eligible(need, reserves=True))
        station = (
            self._first(load, pools, "idle") or self._first(load, pools, "slow") or self._first(load, pools, "reserve")
        )
        if station is None:
            return None
        self._idle.discard(station)
        line = self._next_for(self._abilities[station], now)
        assert line is not None, "somebody waits with this need"
        return Pairing(station, self._take(line))

    def _first(self, load: _Load, pools: Iterable[_Pool], of: Literal["idle", "slow", "reserve"]) -> str | None:
        """The first of the idle stations in these heaps that should take such a job now."""
        best: tuple[float, str] | None = None
        for pool in pools:
            heap: list[tuple[float, str]] = getattr(pool, of)
            while heap and (best is None or heap[0] < best):
                place, name = heap[0]
                abilities = self._abilities[name] if name in self._idle else None
                if abilities is None or abilities.kind != pool.kind or place != _place(abilities, of):
                    heappop(heap)  # it speaks of an earlier time
                elif self._worth(abilities, load):
                    best = heap[0]
                elif of == "idle":
                    pool.put_aside(_place(abilities, "slow"), heappop(heap)[1])
                else:
                    break  # nor are those behind it
        return None if best is None else best[1]

    def _next_for(self, abilities: Abilities, now: float) -> _Line | None:
        """The line whose first job a station should make next."""
        fitting = [
            line
            for line in self._lines.get(abilities.kind.inn, {}).values()
            if line.jobs and self._fit(line.need, abilities.kind)
        ]
        return min(fitting, key=lambda line: self._turn(line, now)) if fitting else None

    def _turn(self, line: _Line, now: float) -> tuple[float, float, float]:
        first = next(iter(line.jobs.values()))
        waited = max(0.0, now - first.accepted_at) if now else 0.0
        return -(line.priority + waited // AGE_S), self._served.get(line.tenant, 0.0), first.accepted_at

    def _load(self, need: Need) -> _Load:
        return _Load(self._eligible(need), lambda: self.rivals(need))

    def _worth(self, abilities: Abilities, load: _Load) -> bool:
        """Whether a station should take such a job now, or leave it to others who would be done with it sooner. When it
        should not, no slower one should."""
        if abilities.reserve:
            return not load.rate or load.rivals / load.rate >= self._reserve_wait_s
        service_s = abilities.service_s or SERVICE_S
        others = load.rate - 1.0 / service_s
        if service_s <= SLOW * load.mean_s or others <= 0:
            return True
        return (load.rivals + 1) / others + load.mean_s >= service_s

    def _take(self, line: _Line) -> Job:
        _, job = line.jobs.popitem(last=False)
        self._count(job, -1)
        served = self._served.get(line.tenant, 0.0)
        self._turn_now = max(self._turn_now, served)
        self._served[line.tenant] = served + 1.0 / self._weights.get(line.tenant, 1.0)
        self._tidy(line)
        return job

    # --- tables ----------------------------------------------------------------------------------------------------

    def _eligible(self, need: Need, *, reserves: bool = False) -> Iterator[_Pool]:
        for pool in self._pools.get(need.inn, {}).values():
            if (len(pool) or reserves) and self._fit(need, pool.kind):
                yield pool

    def _fit(self, need: Need, kind: Kind) -> bool:
        fits = self._fits.get((need, kind))
        if fits is None:
            if len(self._fits) >= FITS_MAX:  # shops name places as they like
                self._fits.clear()
            fits = self._fits[need, kind] = not refusals(need, kind)
        return fits

    def _pool(self, kind: Kind) -> _Pool:
        pools = self._pools.setdefault(kind.inn, {})
        if kind not in pools:
            pools[kind] = _Pool(kind)
        return pools[kind]

    def _count(self, job: Job, by: int) -> None:
        self._waiting += by
        self._of_tenant[job.tenant] += by

    def _tidy(self, line: _Line) -> None:
        if not line.jobs:
            lines = self._lines[line.need.inn]
            lines.pop((line.need, line.tenant, line.priority), None)

    def _forget(self, station: str) -> None:
        self._idle.discard(station)
        abilities = self._abilities.get(station)
        if abilities is not None:
            self._pool(abilities.kind).drop(station)


def _place(abilities: Abilities, of: str) -> float:
    """The place of an idle station in a heap of its pool: by wear, or by seconds for a receipt."""
    return (abilities.service_s or SERVICE_S) if of == "slow" else abilities.documents
