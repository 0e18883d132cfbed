"""World time for emulators: real, scaled or stepped.

    clock = WorldClock(time.time)            # as it passes outside
    clock.scale = 60                         # a minute for each second outside
    clock.scale = 0                          # only when told: stepped
    clock.advance(86_400)                    # a day later at once, for everything: registers, drives, operator

All registers of a world share its clock, and a drive's own timer runs on it too. Setting one register's clock wrong is
something else (`Clock.skew_s` of the register): then its drive notices.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fn_emulator.errors import Misuse

__all__ = ["SCALE_MAX", "WorldClock"]

SCALE_MAX = 100_000.0
"""Above a day in a second nobody could follow, and no command would end before its deadline."""


class WorldClock:
    """Called, it says what time it is in the world: unix seconds. `outside` is the clock that it is derived from."""

    def __init__(self, outside: Callable[[], float], *, scale: float = 1.0, at: float | None = None) -> None:
        self._outside = outside
        self._mark = outside()
        self._world = self._mark if at is None else at
        self._scale = _checked(scale)
        self._watchers: list[Callable[[], None]] = []

    def __call__(self) -> float:
        return self._world + (self._outside() - self._mark) * self._scale

    @property
    def scale(self) -> float:
        """World seconds for each second outside; 0: stepped."""
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        scale = _checked(scale)
        self._world, self._mark = self(), self._outside()
        self._scale = scale
        self._tell()

    def advance(self, seconds: float) -> None:
        """So much later at once. World time never goes back: drives would not believe it."""
        if not 0 <= seconds < inf:
            raise Misuse(f"the world can be moved forwards only, not by {seconds:g} s; to set one clock wrong, skew it")
        self._world += seconds
        self._tell()

    def outside_s(self, until: float) -> float:
        """How long to wait outside for a moment of the world; infinite when only a step can bring it."""
        left = until - self()
        if left <= 0:
            return 0.0
        return left / self._scale if self._scale else inf

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` whenever waits have to be worked out anew; what comes back ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def _tell(self) -> None:
        for watcher in tuple(self._watchers):
            watcher()


def _checked(scale: float) -> float:
    if not 0 <= scale <= SCALE_MAX:
        raise Misuse(f"a scale of time is a number from 0 (stepped) to {SCALE_MAX:g}, not {scale:g}")
    return scale
