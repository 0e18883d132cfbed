"""Twin of `fleet.station.thirty_days`: from an hour to the last days before the drive stops."""

from __future__ import annotations

import pytest

from fleet.station.thirty_days import DAY_S, HOUR_S, THRESHOLDS, threshold


@pytest.mark.parametrize(
    ("age_s", "level", "routed"),
    [
        (0.0, None, True),
        (HOUR_S - 1, None, True),
        (HOUR_S, "info", True),
        (24 * HOUR_S, "warning", True),
        (48 * HOUR_S, "warning", True),
        (20 * DAY_S - 1, "warning", True),
        (20 * DAY_S, "alarm", True),
        (28 * DAY_S - 1, "alarm", True),
        (28 * DAY_S, "critical", False),
        (40 * DAY_S, "critical", False),
    ],
)
def test_every_threshold(age_s: float, level: str | None, routed: bool) -> None:
    """The grave ones come last, and only the last one stops receipts: two days before the drive would."""
    found = threshold(age_s)
    assert (found.level if found else None, found.routed if found else True) == (level, routed)


def test_the_table_rises() -> None:
    """`threshold` takes the last that is reached."""
    assert [one.age_s for one in THRESHOLDS] == sorted(one.age_s for one in THRESHOLDS)
