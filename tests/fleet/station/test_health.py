"""Twin of `fleet.station.health`: pauses grow while a register fails, and a register that works is trusted again."""

from __future__ import annotations

from fleet.station.health import PAUSES_S, TROUBLED, WELL_S, Breaker


def test_pauses_grow_and_stay() -> None:
    """A register that is gone for a week is tried every half minute, not every 0.2 s."""
    breaker = Breaker()
    assert [breaker.failed(0.0, 0.0) for _ in range(10)] == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]
    assert breaker.failed(0.0, 1.0) == PAUSES_S[-1] * 1.2, "not all of a rack at once"


def test_being_reached_is_not_being_well() -> None:
    """It answers everything and refuses every receipt: the pauses grow all the same."""
    breaker = Breaker()
    pauses = []
    for turn in range(4):
        breaker.reached(float(turn))
        pauses.append(breaker.failed(turn + 0.5, 0.0))
    assert pauses == list(PAUSES_S[:4])


def test_a_receipt_or_a_quiet_minute_closes_it() -> None:
    """After either the next failure is a first one."""
    for well in ("receipt", "minute"):
        breaker = Breaker()
        for _ in range(5):
            breaker.failed(0.0, 0.0)
        breaker.reached(10.0)
        if well == "receipt":
            breaker.worked()
        now = 10.0 + (WELL_S if well == "minute" else 1.0)
        assert breaker.failed(now, 0.0) == PAUSES_S[0]
        assert breaker.failures == 1


def test_a_person_is_told_when_it_lasts() -> None:
    """Not of the first hiccup, and no longer than it lasts."""
    breaker = Breaker()
    told = []
    for _ in range(TROUBLED):
        breaker.failed(0.0, 0.0)
        told.append(breaker.troubled)
    breaker.worked()
    assert [*told, breaker.troubled] == [*[False] * (TROUBLED - 1), True, False]
