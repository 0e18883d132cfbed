"""A line that loses, damages, doubles, delays and splits bytes: any device behind it, seeded.

    noisy = NoisyLine(register, Noise(lose=0.01, damage=0.01), Random(7))
    noisy.receive(data, now)          # the same five methods as the register itself

What is under way when the host hangs up still arrives, in its time: bytes sent before a kill -9 do.
"""

from __future__ import annotations

from collections import deque
from random import Random

import msgspec

from fn_emulator.device import Device
from fn_emulator.errors import Misuse

__all__ = ["Noise", "NoisyLine"]

_PIECES_MAX = 4096
"""Pieces under way in one direction; a host that sends more without waiting loses them, as on any full line."""


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """Chances from 0 to 1 for each write in either direction, and how long a delay or the gap of a split is."""

    lose: float = 0.0
    damage: float = 0.0  # one bit of one byte is turned
    duplicate: float = 0.0
    delay: float = 0.0
    split: float = 0.0  # the second part comes `delay_s` after the first
    stray: float = 0.0  # a byte FFh before it
    delay_s: float = 0.2

    def __post_init__(self) -> None:
        if not all(0 <= getattr(self, name) <= 1 for name in self.__struct_fields__ if name != "delay_s"):
            raise Misuse("chances of noise are numbers from 0 to 1")
        if self.delay_s < 0:
            raise Misuse("a delay of noise is not negative")


class _Way:
    """One direction: pieces with the moments at which they arrive, in the order in which they were sent."""

    def __init__(self, noise: Noise, chance: Random) -> None:
        self._noise, self._chance = noise, chance
        self._under_way: deque[tuple[float, bytes]] = deque()

    @property
    def deadline(self) -> float | None:
        return self._under_way[0][0] if self._under_way else None

    def put(self, data: bytes, now: float) -> None:
        noise, happens = self._noise, self._happens
        if not data or happens(noise.lose):
            return
        if happens(noise.damage):
            at = self._chance.randrange(len(data))
            data = data[:at] + bytes((data[at] ^ 1 << self._chance.randrange(8),)) + data[at + 1 :]
        if happens(noise.stray):
            data = b"\xff" + data
        if happens(noise.duplicate):
            data += data
        if happens(noise.delay):
            now += noise.delay_s
        if len(data) > 1 and happens(noise.split):
            at = self._chance.randrange(1, len(data))
            self._add(data[:at], now)
            now, data = now + noise.delay_s, data[at:]
        self._add(data, now)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._chance.random() < chance

    def _add(self, piece: bytes, at: float) -> None:
        if len(self._under_way) < _PIECES_MAX:
            last = self._under_way[-1][0] if self._under_way else at
            self._under_way.append((max(at, last), piece))

    def take(self, now: float) -> tuple[float, bytes] | None:
        """The next piece that has arrived, and when it did."""
        return self._under_way.popleft() if self._under_way and self._under_way[0][0] <= now else None

    def clear(self) -> None:
        self._under_way.clear()


class NoisyLine:
    """A device behind a line with noise, itself a device."""

    def __init__(self, device: Device, noise: Noise, chance: Random) -> None:
        self.device = device
        self.noise = noise
        self._inward, self._outward = _Way(noise, chance), _Way(noise, chance)

    @property
    def hung_up(self) -> bool:
        return self.device.hung_up

    @property
    def deadline(self) -> float | None:
        moments = (self.device.deadline, self._inward.deadline, self._outward.deadline)
        return min((moment for moment in moments if moment is not None), default=None)

    def connected(self, now: float) -> None:
        self._arrive(now)
        self._outward.clear()
        self.device.connected(now)

    def disconnected(self, now: float) -> None:
        self._outward.clear()
        self.device.disconnected(now)

    def receive(self, data: bytes, now: float) -> bytes:
        self._inward.put(data, now)
        return self.handle_timeout(now)

    def handle_timeout(self, now: float) -> bytes:
        self._arrive(now)
        self._outward.put(self.device.handle_timeout(now), now)
        out = b""
        while arrived := self._outward.take(now):
            out += arrived[1]
        return out

    def _arrive(self, now: float) -> None:
        """What has come through to the device by now, each piece at its moment."""
        while arrived := self._inward.take(now):
            at, piece = arrived
            deadline = self.device.deadline
            if deadline is not None and deadline <= at:
                self._outward.put(self.device.handle_timeout(deadline), deadline)
            self._outward.put(self.device.receive(piece, at), at)
