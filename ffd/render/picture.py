"""The printed form as a PNG: dots of a thermal printer, black on white, for a phone or a messenger.

A column is 12 dots wide, so 48 columns make the 576 dots of 80 mm paper and 32 the 384 of 58 mm; `scale` multiplies
all of it.
"""

from __future__ import annotations

import io
from typing import Any

from ffd.documents import Document
from ffd.errors import EncodeError
from ffd.render.form import Beside, Style, rows
from ffd.render.heavy import ADVANCE, BOLD, REGULAR, needed, qr_grid, qr_runs
from ffd.render.layout import Line, lines, total_columns

__all__ = ["png", "SCALE_MAX"]

SCALE_MAX = 4
HEIGHT_MAX = 30_000  # dots at scale 1: 3.7 m of paper, 1200 lines; beyond that a picture is no use
_COLUMN, _ROW, _MARGIN, _AIR, _MODULE = 12, 25, 24, 7, 6
_LARGE = 1.5
_QUIET = 4 * _MODULE
_BOLD = frozenset((Style.TITLE, Style.HEAD, Style.TOTAL))


def png(document: Document, *, width: int = 48, scale: int = 1, beside: Beside | None = None) -> bytes:
    """The picture of a document, `width` columns wide. One too long to look at is an EncodeError."""
    if not 1 <= scale <= SCALE_MAX:
        raise EncodeError(f"scale {scale}, 1 to {SCALE_MAX} allowed", path="scale")
    image_module, draw_module = needed("PIL.Image"), needed("PIL.ImageDraw")
    found = list(lines(rows(document, beside), width=width, large=True))
    height = sum(map(_height, found)) + 2 * _MARGIN
    if height > HEIGHT_MAX:
        raise EncodeError(f"{height} dots long, at most {HEIGHT_MAX} allowed", path="picture")
    dots = width * _COLUMN + 2 * _MARGIN
    image = image_module.new("L", (dots * scale, height * scale), 255)
    brush = _Brush(draw_module.Draw(image), dots, scale, width / total_columns(width))
    top = _MARGIN
    for line in found:
        brush.line(line, top)
        top += _height(line)
    return _file(image)


def _file(image: Any) -> bytes:
    """The bytes of a PNG with sixteen shades of grey, four bits a dot: half the size, and no search for a palette."""
    shades = image.point([level // 16 for level in range(256)]).convert("P")
    shades.putpalette([part for shade in range(16) for part in (shade * 17,) * 3])
    out = io.BytesIO()
    shades.save(out, "PNG", bits=4)
    return out.getvalue()


def _height(line: Line) -> int:
    """Dots a line takes from top to bottom."""
    match line.style:
        case Style.QR:
            return len(qr_grid(line.text)) * _MODULE + 2 * _QUIET
        case Style.TOTAL:
            return round(_ROW * _LARGE)
        case Style.ITEM | Style.TITLE | Style.HEAD:
            return _ROW + _AIR
        case _:
            return _ROW


class _Brush:
    """Draws lines at a scale; all lengths are dots at scale 1."""

    def __init__(self, draw: Any, dots: int, scale: int, large: float) -> None:
        self._draw, self._dots, self._scale, self._large = draw, dots, scale, large
        font = needed("PIL.ImageFont").truetype
        size = _COLUMN * scale / ADVANCE
        self._fonts = {
            False: font(str(REGULAR), size),
            True: font(str(BOLD), size),
            "large": font(str(BOLD), size * large),
        }

    def line(self, line: Line, top: int) -> None:
        if line.style is Style.QR:
            self._qr(line.text, top)
        elif line.style is Style.RULE:
            self._dashes(top + _ROW // 2)
        else:
            large = line.style is Style.TOTAL
            column = _COLUMN * self._large if large else _COLUMN
            font = self._fonts["large" if large else line.style in _BOLD]
            top += _AIR if _height(line) == _ROW + _AIR else 0
            # column by column: text set in one go would drift by parts of a dot
            for index, character in enumerate(line.text):
                if character != " ":
                    at = ((_MARGIN + index * column) * self._scale, top * self._scale)
                    self._draw.text(at, character, font=font, fill=0)

    def _dashes(self, middle: int) -> None:
        scale = self._scale
        for left in range(_MARGIN, self._dots - _MARGIN, 12):
            self._draw.rectangle(
                (left * scale, middle * scale, (left + 8) * scale - 1, (middle + 2) * scale - 1), fill=0
            )

    def _qr(self, line: str, top: int) -> None:
        scale, module = self._scale, _MODULE * self._scale
        left = (self._dots - len(qr_grid(line)) * _MODULE) // 2 * scale
        for row, column, length in qr_runs(line):
            x, y = left + column * module, (top + _QUIET) * scale + row * module
            self._draw.rectangle((x, y, x + length * module - 1, y + module - 1), fill=0)
