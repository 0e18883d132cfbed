"""Twin of `fleet.shift_turns`: a pool never gives more than its share to shift work, and everybody gets a turn."""

from __future__ import annotations

import pytest

from fleet.shift_turns import SLOT_S, ShiftTurns


def pool(size: int, share: float = 0.2) -> ShiftTurns:
    turns = ShiftTurns(share)
    for number in range(size):
        turns.take_part(f"k{number}", "pool")
    return turns


@pytest.mark.parametrize(("size", "at_once", "slots"), [(1, 1, 0), (4, 1, 3), (10, 2, 4), (400, 80, 4)])
def test_the_window_holds_a_turn_for_everybody(size: int, at_once: int, slots: int) -> None:
    """All shifts of a pool may have been opened in one minute: the window is as long as all turns one after another."""
    turns = pool(size)
    assert turns.at_once("k0") == at_once
    assert turns.window_s("k0") == slots * SLOT_S


def test_a_turn_is_waited_for() -> None:
    """Two of ten at once; the third is told when one of them is done, and the longest waiting first."""
    turns = pool(10)
    for name in ("k0", "k1"):
        assert turns.free(name)
        turns.begin(name)
    assert not turns.free("k2")
    assert not turns.free("k3")
    assert turns.free("k0"), "it has a turn already"
    assert turns.end("k0") == ["k2", "k3"]
    assert turns.free("k2")
    assert turns.end("k0") == [], "said twice"


def test_a_station_that_dies_in_its_turn_gives_it_back() -> None:
    """Otherwise the rest of the pool would wait for its return until their last moments."""
    turns = pool(4)
    turns.begin("k0")
    assert not turns.free("k1")
    assert turns.leave("k0") == ["k1"]
    assert turns.free("k1")


def test_the_last_moment_asks_nobody() -> None:
    """A shift that must be closed now is, and counts: nobody else begins meanwhile."""
    turns = pool(4)
    turns.begin("k0")
    turns.begin("k1")
    assert turns.end("k0") == []
    assert not turns.free("k2")


def test_pools_do_not_wait_for_each_other() -> None:
    """A register of another company takes no turn of ours; one that is not commissioned yet waits for nobody."""
    turns = pool(4)
    turns.take_part("other", "other pool")
    turns.begin("k0")
    assert turns.free("other")
    assert turns.free("unknown")
    turns.begin("unknown")
    assert turns.end("unknown") == []
