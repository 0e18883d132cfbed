"""The cursor stays in its box and says where it is."""

from __future__ import annotations

import pytest

from ffd.cursor import Cursor
from ffd.errors import DecodeError


def test_reads_in_order() -> None:
    """Bytes come once, in order, as bytes or numbers."""
    cursor = Cursor(bytes.fromhex("0102030405"))
    assert (cursor.take(1), cursor.number(2), cursor.big(2)) == (b"\1", 0x0302, 0x0405)
    assert cursor.at_end


def test_error_names_the_place() -> None:
    """Bytes left over in a part are an error with the whole path to it."""
    cursor = Cursor(b"\0" * 8, path="receipt")
    with pytest.raises(DecodeError, match=r"receipt/item\[2\]/name: 3 bytes left over"), cursor.within("item[2]", 6):  # noqa: SIM117 (the nesting is what is tested)
        with cursor.within("name", 5):
            cursor.take(2)


def test_a_part_cannot_leave_its_box() -> None:
    """A size larger than what is left is refused, inside a part too."""
    cursor = Cursor(b"\0" * 8)
    with pytest.raises(DecodeError, match="claims 9 bytes"), cursor.within("part", 9):
        pass
    with pytest.raises(DecodeError, match="3 bytes expected, 2 left"), cursor.within("part", 2):
        cursor.take(3)
