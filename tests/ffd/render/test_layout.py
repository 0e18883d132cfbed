"""Rows in columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.errors import EncodeError
from ffd.render import text
from ffd.render.form import Row, Style
from ffd.render.layout import WIDTHS, lines, total_columns
from tests.ffd.render.samples import BESIDE, PAGE, SAMPLES, renewed


def _set(style: Style, left: str, right: str = "", width: int = 32) -> list[str]:
    return [line.text for line in lines((Row(style, left, right),), width=width)]


def test_pairs() -> None:
    """Header left, value right; below when both do not fit; indented when the value takes several lines."""
    assert _set(Style.PAIR, "ИТОГ", "1.00") == ["ИТОГ" + " " * 24 + "1.00"]
    assert _set(Style.PAIR, "МЕСТО РАСЧЕТОВ", "Магазин № 7, касса") == [
        "МЕСТО РАСЧЕТОВ",
        "Магазин № 7, касса".rjust(32),
    ]
    assert _set(Style.PAIR, "АДРЕС", "125009, г. Москва, ул. Тверская, дом 1") == [
        "АДРЕС",
        "  125009, г. Москва, ул.",
        "  Тверская, дом 1",
    ]
    assert _set(Style.PAIR, "слово " * 6 + "конец", "1")[-1].endswith(" 1")
    assert _set(Style.PAIR, "НДС 22%") == ["НДС 22%"]
    assert _set(Style.PAIR, "", "1") == [" " * 31 + "1"]


def test_others() -> None:
    """Titles are centred, long words broken, an empty note is an empty line, a rule fills the paper."""
    assert _set(Style.TITLE, "ЧЕК") == [" " * 14 + "ЧЕК"]
    assert _set(Style.NOTE, "x" * 40) == ["x" * 32, "x" * 8]
    assert _set(Style.NOTE, "") == [""]
    assert _set(Style.RULE, "") == ["-" * 32]


def test_only_the_first_line_of_a_position_has_air() -> None:
    """A long name is one block."""
    found = list(lines((Row(Style.ITEM, "чай " * 20),), width=32))
    assert [line.style for line in found] == [Style.ITEM, Style.NOTE, Style.NOTE]


def test_a_mark_stays_with_its_control_code() -> None:
    """[М] and the code behind it are not torn apart."""
    assert _set(Style.ITEM, "x" * 26 + " [М]\N{NO-BREAK SPACE}0093") == ["x" * 26, "[М] 0093"]


def test_large_totals() -> None:
    """Devices that set a total larger have fewer columns for it."""
    (line,) = lines((Row(Style.TOTAL, "ИТОГ", "=1.00"),), width=48, large=True)
    assert len(line.text) == total_columns(48) == 32


@pytest.mark.parametrize("width", [0, 23, 97])
def test_impossible_width(width: int) -> None:
    """No printer has such paper."""
    with pytest.raises(EncodeError):
        text(SAMPLES["receipt"], width=width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_sticks_out(name: str, width: int) -> None:
    """No line is wider than the paper, none ends in blanks."""
    found = text(SAMPLES[name], width=width, beside=BESIDE.get(name)).splitlines()
    assert max(map(len, found)) <= width
    assert [line for line in found if line != line.rstrip()] == []


@given(st.sampled_from(Style), st.text(max_size=200), st.text(max_size=200), st.integers(24, 96))
def test_any_row(style: Style, left: str, right: str, width: int) -> None:
    """Whatever a row says, it fits; nothing of its words is lost."""
    if style is Style.QR:
        return
    found = _set(style, left, right, width)
    assert all(len(line) <= width for line in found)
    if style in (Style.PAIR, Style.TOTAL):
        assert "".join("".join(found).split()) == "".join(f"{left} {right}".split())


def test_docs_are_current() -> None:
    """The page shows what the code prints: `python -m tests.ffd.render.samples` writes it anew."""
    page = PAGE.read_text("utf-8")
    assert page == renewed(page)
    assert page.count("<!-- text: ") == 5
