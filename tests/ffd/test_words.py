"""Values in the words of paper."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.documents import sign_bytes
from ffd.tags import TAGS
from ffd.words import plain, quantity, roubles, value_in_words, vat_sum_header
from tests import strategies


@pytest.mark.parametrize(
    ("tag", "value", "words"),
    [
        (1020, 56292, "562.92"),
        (1020, 5, "0.05"),
        (1012, datetime(2026, 8, 3, 16, 44, 59), "03.08.26 16:44"),
        (1098, datetime(2026, 8, 3), "03.08.2026"),
        (1054, 1, "ПРИХОД"),
        (1062, 1 | 32, "ОСН, Патент"),
        (1199, 6, "БЕЗ НДС"),
        (1214, 4, "ПОЛНЫЙ РАСЧЕТ"),
        (1212, 77, "77"),
        (1205, 1 | 4, "1, 3"),
        (2108, 0, "шт."),
        (1023, Decimal("0.4520"), "0.452"),
        (1077, sign_bytes(3576585508), "3576585508"),
        (1078, bytes.fromhex("8806ab"), "8806AB"),
        (1002, True, "да"),
        (1040, 7, "7"),
    ],
)
def test_words(tag: int, value: Any, words: str) -> None:
    """Each kind of value reads as the order prints it."""
    assert value_in_words(TAGS[tag], value) == words


def test_money_and_quantities() -> None:
    """Kopecks keep their sign, quantities never turn into powers of ten."""
    assert (roubles(-5), roubles(-12345), roubles(0)) == ("-0.05", "-123.45", "0.00")
    assert (quantity(Decimal("1E+3")), quantity(Decimal("100")), quantity(Decimal("1.50"))) == ("1000", "100", "1.5")


def test_vat_headers() -> None:
    """Amounts of the newer rates are headed as the older ones are in the table."""
    assert (vat_sum_header(11), vat_sum_header(9), vat_sum_header(99)) == (
        "СУММА НДС 22%",
        "СУММА НДС 5/105",
        "СУММА НДС (99)",
    )
    assert vat_sum_header(1) == TAGS[1102].header


def test_control_characters() -> None:
    """Text of a document cannot move a cursor or break a line."""
    assert plain("чай\x1b[2J\r\nкофе") == "чай·[2J  кофе"


@given(st.data())
def test_any_value(data: st.DataObject) -> None:
    """Any value of any tag has printable words."""
    row = data.draw(st.sampled_from([row for row in TAGS.values() if row.type != "stlv"]))
    words = value_in_words(row, data.draw(strategies.values_of(row)))
    assert words.replace("\N{NO-BREAK SPACE}", "").isprintable()
