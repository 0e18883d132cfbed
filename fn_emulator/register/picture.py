"""A picture of paper: what a tape would look like, for people who look at a test. Pillow and segno draw it.

Nobody imports this module before somebody asks for a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from ffd.render.heavy import REGULAR
from fn_emulator.errors import Misuse
from fn_emulator.register.tape import BarCode, Cut, Dots, Line, Text

__all__ = ["LINES_MAX", "picture"]

LINES_MAX = 1000
"""Lines in one picture: some three metres of paper, about 30 000 dots high, which viewers still open."""

_CELL, _HEIGHT, _TYPE_SIZE = 12, 26, 20  # dots of a character
_MARGIN = 24
_QR_DOT, _BAR, _BARS_HEIGHT, _QUIET = 4, 2, 80, 16
_WHITE, _BLACK, _GREY = 255, 0, 160
_DOTS_HIGH_MAX = 4000  # one picture command, scaled: what is higher is cut off

# EAN-13: the left digits by parity, the right ones, and which parities the first digit wants (ISO/IEC 15420).
_LEFT_ODD = (
    "0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip
_PARITIES = (
    "OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE", "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO",
)  # fmt: skip


def picture(lines: Sequence[Line], *, characters: int = 48, font: Path = REGULAR) -> Image.Image:
    """The newest `LINES_MAX` lines in black and white, `characters` of font 1 wide.

    `font` is a TrueType font of equal width; the package brings one with Russian letters.
    """
    width = characters * _CELL
    try:
        typeface = ImageFont.truetype(str(font), _TYPE_SIZE)
    except OSError:
        raise Misuse(f"{font} is no font; give the path of a TrueType font of equal width") from None
    drawn = [_draw(line, width, typeface) for line in lines[-LINES_MAX:]]
    height = sum(strip.height for strip in drawn)
    paper = Image.new("L", (width + 2 * _MARGIN, height + 2 * _MARGIN), _WHITE)
    at = _MARGIN
    for strip in drawn:
        paper.paste(strip, (_MARGIN, at))
        at += strip.height
    return paper


def _draw(line: Line, width: int, typeface: ImageFont.FreeTypeFont) -> Image.Image:
    match line:
        case Text():
            return _text(line, width, typeface)
        case Dots():
            return _dots(line, width)
        case Cut():
            return _cut(line, width)
        case BarCode():
            return _placed(_code(line, width, typeface), width, line.align, quiet=_QUIET)


def _strip(width: int, height: int) -> Image.Image:
    return Image.new("L", (width, height), _WHITE)


def _text(line: Text, width: int, typeface: ImageFont.FreeTypeFont) -> Image.Image:
    """Each character in its cell; font 2 has cells of double width."""
    wide = 2 if line.font == 2 else 1
    strip = _strip(width // wide, _HEIGHT)
    draw = ImageDraw.Draw(strip)
    for place, character in enumerate(line.text):
        draw.text((place * _CELL, 1), character, font=typeface, fill=_BLACK)
    return strip.resize((width, _HEIGHT)) if wide == 2 else strip


def _dots(line: Dots, width: int) -> Image.Image:
    if not line.rows:
        return _strip(width, 1)
    across, down = 8 * len(line.rows[0]), len(line.rows)
    raw = Image.frombytes("1", (across, down), b"".join(line.rows)).point(lambda dot: _WHITE - dot, "L")
    scaled = raw.resize((across * line.scale[1], min(_DOTS_HIGH_MAX, down * line.scale[0])), Image.Resampling.NEAREST)
    return _placed(scaled, width, 1)


def _cut(line: Cut, width: int) -> Image.Image:
    strip = _strip(width, _HEIGHT)
    draw = ImageDraw.Draw(strip)
    step = 16 if line.partial else width
    for start in range(0, width, step):
        draw.line((start, _HEIGHT // 2, min(width, start + (step // 2 if line.partial else step)), _HEIGHT // 2), _GREY)
    return strip


def _code(line: BarCode, width: int, typeface: ImageFont.FreeTypeFont) -> Image.Image:
    if line.kind == "QR" and line.data:
        return _qr(line.data)
    digits = line.data.decode("ascii", "replace")
    if line.kind == "EAN13" and len(digits) == 13 and digits.isdigit():
        return _bars(_ean13(digits))
    return _label(line, width, typeface)


def _qr(data: bytes) -> Image.Image:
    try:
        matrix = segno.make_qr(data, error="l", boost_error=False).matrix
    except segno.DataOverflowError:
        return _strip(_CELL, _HEIGHT)
    size = len(matrix)
    image = Image.new("L", (size, size), _WHITE)
    image.putdata([_BLACK if module else _WHITE for row in matrix for module in row])
    return image.resize((size * _QR_DOT, size * _QR_DOT), Image.Resampling.NEAREST)


def _ean13(digits: str) -> str:
    """The bars of thirteen digits, one character each: 1 is black."""
    left = ""
    for digit, parity in zip(digits[1:7], _PARITIES[int(digits[0])], strict=True):
        odd = _LEFT_ODD[int(digit)]
        left += odd if parity == "O" else _inverted(odd)[::-1]
    right = "".join(_inverted(_LEFT_ODD[int(digit)]) for digit in digits[7:])
    return f"101{left}01010{right}101"


def _inverted(bars: str) -> str:
    return bars.translate({ord("0"): "1", ord("1"): "0"})


def _bars(bars: str) -> Image.Image:
    image = Image.new("L", (len(bars), 1), _WHITE)
    image.putdata([_BLACK if bar == "1" else _WHITE for bar in bars])
    return image.resize((len(bars) * _BAR, _BARS_HEIGHT), Image.Resampling.NEAREST)


def _label(line: BarCode, width: int, typeface: ImageFont.FreeTypeFont) -> Image.Image:
    """A code that is not drawn here: a frame with its kind and its data."""
    text = line.read()[: width // _CELL - 2]
    strip = _strip(min(width, (len(text) + 2) * _CELL), _HEIGHT + 12)
    draw = ImageDraw.Draw(strip)
    draw.rectangle((0, 0, strip.width - 1, strip.height - 1), outline=_BLACK)
    draw.text((_CELL, 7), text, font=typeface, fill=_BLACK)
    return strip


def _placed(image: Image.Image, width: int, align: int, *, quiet: int = 0) -> Image.Image:
    """On a strip of the paper's width: 0 left, 1 centre, 2 right; `quiet` dots of white above and below."""
    strip = _strip(width, image.height + 2 * quiet)
    free = max(0, width - image.width)
    strip.paste(image, ((0, free // 2, free)[align], quiet))
    return strip
