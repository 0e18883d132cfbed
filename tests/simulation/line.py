"""A line in simulated time: bytes are under way, late, lost or damaged, and may outlive the connection they came by.

host ──▸ [in flight] ──▸ register          both directions keep their order while a connection lasts
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from typing import Literal

import msgspec

__all__ = ["Line", "Rates", "damage"]

Towards = Literal["register", "host"]

LATE_MAX_S = 4.5
"""How long bytes may be under way. Every command that changes something may take longer than this, so what arrives
so late is not later than its command's own deadline."""

BROKEN_OFF_S = 0.06
"""Silence at the register after a write that came damaged or not whole: more than its byte time-out. What the host
writes next it writes a second later or over another connection, so it never completes the frame before: three ENQs in
the place of the last bytes of a cash-in once had the right LRC and put 215 million roubles into the drawer."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Chance of each trouble for one write, and whether the line is a serial one (no connection to lose bytes with)."""

    lost: float = 0.0
    damaged: float = 0.0
    late: float = 0.0
    cut: float = 0.0
    serial: bool = False


AIMED = Rates(lost=0.25, damaged=0.2, late=0.2, cut=0.35)
"""When trouble aims at a write, it meets it for sure."""


def damage(data: bytes, chance: Random) -> bytes:
    """What a noisy line makes of one write. One bit of a byte is turned, or bytes are lost: what LRC and CRC find for
    sure. (The length byte of a long frame stays: cut short there, one frame in 256 would pass its LRC by accident.)"""
    kind = chance.randrange(5)
    if kind == 0:
        return data[: len(data) // 2]
    if kind == 1:
        return data[1:]
    if kind == 2:
        return b"\x00\xff\x7f" + data
    place = len(data) - 1 if kind == 3 or len(data) > 0x7F else chance.randrange(len(data))
    return data[:place] + bytes((data[place] ^ 0x80,)) + data[place + 1 :]


class Line:
    """Bytes in flight between a host and a register."""

    def __init__(self, chance: Random, rates: Rates) -> None:
        self.chance, self.rates = chance, rates
        self.connection = 0
        self._flying: list[tuple[float, int, Towards, int, bytes]] = []
        self._count = 0
        self._last: dict[Towards, float] = {"register": 0.0, "host": 0.0}
        self.quiet = False
        """Nothing goes wrong any more."""
        self.aimed = 0.0
        """Chance of trouble, of any kind, for the writes of the command that is under way now."""

    @property
    def next_arrival(self) -> float | None:
        return self._flying[0][0] if self._flying else None

    def connect(self) -> None:
        """A new connection; what the register sent over the old one is lost with it, unless the line is serial."""
        self.connection += 1
        if not self.rates.serial:
            self._last["host"] = 0.0
            self._flying = [one for one in self._flying if one[2] == "register"]
            heapq.heapify(self._flying)

    def send(self, data: bytes, towards: Towards, now: float) -> bool:
        """Put a write on its way; True when the connection breaks with it."""
        chance, rates = self.chance, self.rates
        delay = 0.002
        cut = broken = False
        if not self.quiet:
            if self.aimed and chance.random() < self.aimed:
                rates = AIMED
            draw = chance.random()
            if draw < rates.lost:
                return False
            draw -= rates.lost
            if draw < rates.damaged:
                data, broken = damage(data, chance), True
            elif draw < rates.damaged + rates.late:
                delay = chance.random() * LATE_MAX_S
            elif draw < rates.damaged + rates.late + rates.cut:
                cut = True
                what = chance.randrange(3)
                if what == 0:
                    return True
                if what == 1:
                    data, broken = data[: chance.randrange(len(data)) + 1], True
                delay = chance.random() * LATE_MAX_S
        arrives = max(now + delay, self._last[towards])
        if data:
            self._last[towards] = arrives + BROKEN_OFF_S if broken and towards == "register" else arrives
            self._count += 1
            heapq.heappush(self._flying, (arrives, self._count, towards, self.connection, data))
        return cut

    def arrived(self, now: float, deliver: Callable[[Towards, int, bytes], None]) -> None:
        """Deliver what is due."""
        flying = self._flying
        while flying and flying[0][0] <= now:
            _, _, towards, connection, data = heapq.heappop(flying)
            deliver(towards, connection, data)
