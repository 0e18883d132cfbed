"""The picture of a tape shows what stands on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import segno

from fn_emulator.errors import Misuse
from fn_emulator.register.picture import LINES_MAX, picture
from fn_emulator.register.tape import BarCode, Cut, Dots, Line, Text
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk, sell

MARGIN, CELL, HEIGHT, QUIET = 24, 12, 26, 16


def test_a_receipt_becomes_a_picture() -> None:
    """A printed day is a picture as wide as the paper and as long as its lines, with ink on it."""
    desk = Desk()
    desk.set(17, 1, 7, b"\0")
    desk.ask(c.OpenShift())
    sell(desk)
    image = desk.register.tape_picture(desk.now)
    assert image.width == 48 * CELL + 2 * MARGIN
    assert image.height > 20 * HEIGHT
    assert image.getextrema() == (0, 255)


def test_pictures_are_drawn_dot_by_dot() -> None:
    """The highest bit is the leftmost dot, a set bit is black, and scaling repeats dots."""
    image = picture([Dots((b"\x80" + bytes(39), b"\x01" + bytes(39)), (2, 1))], characters=48)
    left = MARGIN + (48 * CELL - 320) // 2
    black = {
        (x - left, y - MARGIN) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == 0
    }
    assert black == {(0, 0), (0, 1), (7, 2), (7, 3)}


@pytest.mark.parametrize("align", [0, 1, 2])
def test_a_qr_code_can_be_read_off(align: int) -> None:
    """Module by module it is the code of the standard, where it was asked for."""
    data = b"t=20260305T1405&s=200.00&fn=9999078900001234&i=3&fp=1&n=1"
    image = picture([BarCode("QR", data, align)], characters=48)
    matrix = segno.make_qr(data, error="l", boost_error=False).matrix
    size = len(matrix)
    left = MARGIN + (0, (48 * CELL - size * 4) // 2, 48 * CELL - size * 4)[align]
    read = [
        [image.getpixel((left + x * 4 + 1, MARGIN + QUIET + y * 4 + 1)) == 0 for x in range(size)] for y in range(size)
    ]
    assert read == [[bool(module) for module in row] for row in matrix]


def test_ean_13() -> None:
    """The bars of a published example (ISO/IEC 15420: 5901234123457)."""
    image = picture([BarCode("EAN13", b"5901234123457", 0)], characters=48)
    bars = "".join("1" if image.getpixel((MARGIN + 2 * at, MARGIN + QUIET + 5)) == 0 else "0" for at in range(95))
    left = "000101101001110110011001001101111010011101"
    right = "110011011011001000010101110010011101000100"
    assert bars == f"101{left}01010{right}101"


@pytest.mark.parametrize(
    "line",
    [
        Text(""), Text("Ширина", 2), Cut(partial=True), Cut(partial=False), Dots(()), BarCode("PDF417", b"data" * 50),
        BarCode("EAN13", b"x"), BarCode("QR", b""), BarCode("QR", bytes(5000)), Dots((b"\xff" * 64,), (60000, 8)),
    ],
)  # fmt: skip
def test_anything_can_be_drawn(line: Line) -> None:
    """Whatever is on a tape has a picture, and none is too large to be made."""
    image = picture([line], characters=32)
    assert image.width == 32 * CELL + 2 * MARGIN
    assert image.height <= 5000


def test_long_tapes_are_cut() -> None:
    """The newest lines; a picture that no viewer opens helps nobody."""
    image = picture([Text("x")] * (LINES_MAX + 100))
    assert image.height == LINES_MAX * HEIGHT + 2 * MARGIN


def test_a_file_that_is_no_font() -> None:
    """The remedy is named."""
    with pytest.raises(Misuse, match="font of equal width"):
        picture([Text("x")], font=Path(__file__))


def test_the_emulator_does_not_need_pillow() -> None:
    """Only who asks for a picture loads what draws it."""
    code = "import sys, fn_emulator.emulated as e; e.registered(1, now=1.78e9); assert 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
