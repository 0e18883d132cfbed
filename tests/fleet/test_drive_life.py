"""Twin of `fleet.drive_life`: when a drive ends, and how soon somebody should care."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from fleet.drive_life import DAY_S, LIMITS, Concern, Limit, Reading, forecast

TODAY = date(2026, 11, 25)
NOW = Reading(
    at=100 * DAY_S,
    drive="1",
    documents_left=200_000,
    kib_free=30_000,
    last_document=50_000,
    shift=100,
    expires=date(2028, 1, 1),
)
MONTH_AGO = msgspec.structs.replace(NOW, at=70 * DAY_S, last_document=20_000, shift=70)


def test_full_before_it_expires() -> None:
    """30 000 documents in 30 days: 199 900 more last for 199 days, a shift a day."""
    life = forecast(NOW, MONTH_AGO, TODAY)
    assert (life.documents_per_day, life.shifts_per_day) == (1000, 1)
    assert (life.full_on, life.ends_on, life.ends_by) == (date(2027, 6, 12), date(2027, 6, 12), "documents")
    assert (life.days_left, life.concern, life.fill) == (199, Concern.NONE, 0.2)


def test_expires_before_it_is_full() -> None:
    """A quiet register's drive ends with its term."""
    quiet = msgspec.structs.replace(MONTH_AGO, last_document=49_970)
    life = forecast(NOW, quiet, TODAY)
    assert (life.ends_on, life.ends_by) == (date(2028, 1, 1), "date")


@pytest.mark.parametrize(
    "earlier",
    [
        None,
        NOW,
        msgspec.structs.replace(MONTH_AGO, drive="2"),
        msgspec.structs.replace(NOW, at=NOW.at - 60, last_document=49_000),
    ],
)
def test_nothing_to_measure(earlier: Reading | None) -> None:
    """The first reading, or one of another drive, tells no rate: the term alone is known."""
    life = forecast(NOW, earlier, TODAY)
    assert (life.documents_per_day, life.full_on, life.ends_by) == (None, None, "date")


def test_an_idle_register_without_a_term() -> None:
    """Nothing is used and nothing is told: no end in sight, which is not the same as the end of the world."""
    idle = msgspec.structs.replace(NOW, expires=None)
    life = forecast(idle, msgspec.structs.replace(idle, at=0), TODAY)
    assert (life.ends_on, life.ends_by, life.days_left, life.concern) == (None, "", None, Concern.NONE)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.concern.name)
@pytest.mark.parametrize("what", ["days", "documents", "kib"])
def test_each_limit_at_its_edge(limit: Limit, what: str) -> None:
    """Each of the three measures raises the concern by itself, on the edge and not one short of it."""
    for over in (0, 1):
        edge = getattr(limit, what) + over
        reading = {
            "days": {"expires": date.fromordinal(TODAY.toordinal() + edge)},
            "documents": {"documents_left": edge},
            "kib": {"kib_free": edge},
        }
        concern = forecast(msgspec.structs.replace(NOW, **reading[what]), None, TODAY).concern
        assert (concern == limit.concern) == (not over)
