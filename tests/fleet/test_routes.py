"""Twin of `fleet.routes`: which way to the operator is tried, and when one that failed is tried again."""

from __future__ import annotations

from fleet.routes import PAUSES_S, Routes


def test_the_preferred_route_comes_first() -> None:
    """As long as it works nobody goes another way."""
    routes = Routes(["a", "b"])
    assert routes.order(0.0) == ["a", "b"]
    routes.worked("a")
    assert routes.order(1.0) == ["a", "b"]


def test_a_dead_route_rests() -> None:
    """What one station found dead costs the others nothing; after the pause one message tries it and the others do
    not join in; when it works it is the first again."""
    routes = Routes(["a", "b"])
    routes.failed("a", 0.0)
    assert routes.down == ["a"]
    assert routes.order(PAUSES_S[0] - 0.1) == ["b", "a"]
    assert routes.order(PAUSES_S[0]) == ["a", "b"]
    routes.trying("a", PAUSES_S[0])
    assert routes.order(PAUSES_S[0]) == ["b", "a"]
    routes.failed("a", PAUSES_S[0])
    assert routes.order(PAUSES_S[0] + PAUSES_S[1] - 0.1) == ["b", "a"]
    routes.worked("a")
    assert routes.order(0.0) == ["a", "b"]
    assert routes.down == []


def test_a_message_is_never_left_without_a_try() -> None:
    """All are dead: the one that rests the shortest is tried first, and all of them are."""
    routes = Routes(["a", "b", "c"])
    for address, now in (("b", 0.0), ("a", 1.0), ("c", 2.0)):
        routes.failed(address, now)
    assert routes.order(3.0) == ["b", "a", "c"]


def test_pauses_grow_and_stay() -> None:
    """A route that is dead for a day is tried every five minutes."""
    routes = Routes(["a"])
    now = 0.0
    for pause in (*PAUSES_S, PAUSES_S[-1]):
        routes.failed("a", now)
        routes.trying("a", now)  # changes nothing while it rests
        assert routes.order(now) == ["a"]
        now += pause
