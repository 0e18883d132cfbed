"""World time: as it passes, faster, or only when told."""

from __future__ import annotations

from math import inf

import pytest

from fn_emulator.clock import SCALE_MAX, WorldClock
from fn_emulator.errors import Misuse


class Outside:
    """The clock outside, moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_real_scaled_stepped() -> None:
    """A change of the scale does not make time jump."""
    outside = Outside()
    clock = WorldClock(outside)
    outside.now += 5
    assert (clock(), clock.outside_s(1015.0)) == (1005.0, 10.0)
    clock.scale = 60
    assert clock() == 1005.0
    outside.now += 2
    assert (clock(), clock.outside_s(1185.0)) == (1125.0, 1.0)
    clock.scale = 0
    outside.now += 1000
    assert (clock(), clock.outside_s(1126.0), clock.outside_s(1125.0)) == (1125.0, inf, 0.0)
    clock.advance(86_400)
    assert clock() == 1125.0 + 86_400


def test_another_day() -> None:
    """A world may begin when it likes."""
    assert WorldClock(Outside(), at=5.0, scale=0)() == 5.0


def test_who_waits_is_told() -> None:
    """A wait that was worked out before the clock was moved is worked out again."""
    clock, told = WorldClock(Outside(), scale=0), []
    unwatch = clock.watch(lambda: told.append(clock()))
    clock.advance(1)
    clock.scale = 1
    unwatch()
    clock.advance(1)
    assert told == [1001.0, 1001.0]


def test_what_time_does_not_do() -> None:
    """Drives would not believe a world that goes back."""
    clock = WorldClock(Outside())
    for wrong in (-1.0, inf, float("nan")):
        with pytest.raises(Misuse):
            clock.advance(wrong)
    for wrong in (-1.0, 2 * SCALE_MAX, float("nan")):
        with pytest.raises(Misuse):
            clock.scale = wrong
