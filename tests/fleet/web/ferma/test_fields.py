"""Twin of `fleet.web.ferma.fields`: numbers and texts one by one; whole requests are in `test_reading`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.web.ferma.envelope import Code
from fleet.web.ferma.fields import Fields
from fleet.web.ferma.tables import KOPECKS_MAX, QUANTITY_MAX

EDGES = [-1, 0, 1, KOPECKS_MAX // 100, KOPECKS_MAX // 100 + 1, QUANTITY_MAX - 1, QUANTITY_MAX, 10**19, 10**20, 10**400]


def fields(value: Any) -> Fields:
    return Fields({"it": value}, "", [])


@given(whole=st.one_of(st.sampled_from(EDGES), st.integers(-10, 2 * KOPECKS_MAX)))
def test_a_whole_number_is_what_it_is_with_a_point(whole: int) -> None:
    """1990 and 1990.0 are one price, whichever way the shop's language writes it: same value, same complaint."""
    for read in (Fields.kopecks, Fields.quantity):
        plain, pointed = fields(whole), fields(Decimal(f"{whole}.0") if abs(whole) < 10**18 else Decimal(whole))
        assert read(plain, "it") == read(pointed, "it")
        assert [one.code for one in plain.problems] == [one.code for one in pointed.problems]


def test_true_is_not_a_number() -> None:
    """To Python it would be 1."""
    for read in (Fields.kopecks, Fields.quantity):
        given_ = fields(True)
        assert read(given_, "it") is None
        assert [one.code for one in given_.problems] == [Code.BAD_VALUE]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Чайник", True),
        ("a\u00a0b\u2009c\u200b", True),
        ("\U0001f642", True),
        ("a\nb", False),
        ("a\x00", False),
        ("\u00a0\x1fb", False),
    ],
)
def test_a_text_has_no_control_characters(text: str, good: bool) -> None:
    """Spaces that do not break are what people paste; a line break ends the text on some registers."""
    given_ = fields(text)
    assert given_.text("it") == (text if good else None)
    assert bool(given_.problems) is not good


@pytest.mark.parametrize("text", ["", " ", "\n", "\u00a0\t", None])
def test_a_text_of_nothing_is_no_text(text: str | None) -> None:
    """What clients send for a field that they do not use."""
    given_ = fields(text)
    assert given_.text("it") is None
    assert not given_.problems
    given_.text("it", required=True)
    assert [one.code for one in given_.problems] == [Code.MISSING]
