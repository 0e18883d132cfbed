"""Paper as lines and as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.register.tape import TAPE_LINES_MAX, BarCode, Cut, Dots, Tape, Text, centred, columns, wrapped


@given(st.text(max_size=200), st.integers(1, 60), st.sampled_from([1, 2]))
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int, font: int) -> None:
    """Nothing of a text is lost on narrow paper but the blanks at which it was broken."""
    lines = wrapped(text, width, font)
    room = max(1, width // (2 if font == 2 else 1))
    assert all(len(line.text) <= room and line.font == font for line in lines)
    assert "".join("".join(line.text for line in lines).split()) == "".join(text.split())


def test_columns() -> None:
    """A value stands at the right edge; where it does not fit beside its name it gets a line of its own."""
    assert columns("ИТОГ", "=1.00", 12) == [Text("ИТОГ   =1.00")]
    assert columns("НАИМЕНОВАНИЕ", "=1.00", 12) == [Text("НАИМЕНОВАНИЕ"), Text("       =1.00")]
    assert columns("ИТОГ", "=1.00", 24, font=2) == [Text("ИТОГ   =1.00", 2)]
    assert centred("ЧЕК", 9) == [Text("   ЧЕК")]


def test_the_tape_keeps_the_newest() -> None:
    """A register that prints for a year must not fill the memory."""
    tape = Tape()
    tape.put(Text(str(number)) for number in range(TAPE_LINES_MAX + 5))
    assert (len(tape.lines), tape.printed) == (TAPE_LINES_MAX, TAPE_LINES_MAX + 5)
    assert tape.lines[0] == Text("5")
    assert len(tape.tear_off()) == TAPE_LINES_MAX
    assert tape.lines == ()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (Text("Молоко"), "Молоко"),
        (Dots((bytes(40), bytes(40)), (2, 1)), "[picture 320×4]"),
        (BarCode("EAN13", b"4601234567893"), "[EAN13 4601234567893]"),
        (Cut(partial=True), "- - - ✂ - - -"),
        (Cut(partial=False), "----- ✂ -----"),
    ],
)
def test_everything_reads_as_text(line: Text | Dots | BarCode | Cut, text: str) -> None:
    """A test that looks at paper sees pictures, codes and cuts as words."""
    tape = Tape()
    tape.put([line])
    assert tape.text() == text + "\n"
