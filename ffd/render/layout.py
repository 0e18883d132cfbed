"""Rows set in the columns of a receipt printer: 32 (58 mm paper), 42 or 48 (80 mm).

`lines` breaks every row into lines of at most `width` characters; text, picture and PDF all use it, so they show the
same. A value that does not fit beside its header goes below, at the right edge, or indented when it needs several
lines; running text is broken at blanks, a word longer than the line wherever it must.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import msgspec

from ffd.documents import Document
from ffd.errors import EncodeError
from ffd.render.form import HARD_BLANK, Beside, Row, Style, rows

__all__ = ["Line", "WIDTHS", "lines", "text", "total_columns"]

WIDTHS = (32, 42, 48)
WIDTH_MIN, WIDTH_MAX = 24, 96
_INDENT = "  "


class Line(msgspec.Struct, frozen=True):
    """One line ready to print; of a QR code the text inside it."""

    style: Style
    text: str


def text(document: Document, *, width: int = 48, beside: Beside | None = None) -> str:
    """The printed form as text; the QR code, which text cannot draw, is left out."""
    found = lines(rows(document, beside), width=width)
    return "".join(f"{line.text}\n" for line in found if line.style is not Style.QR)


def lines(form: tuple[Row, ...], *, width: int, large: bool = False) -> Iterator[Line]:
    """The lines of a printed form; a total that is set larger (`large`) has `total_columns` of them.

    A width no printer has is an EncodeError.
    """
    if not WIDTH_MIN <= width <= WIDTH_MAX:
        raise EncodeError(f"{width} columns, {WIDTH_MIN} to {WIDTH_MAX} allowed", path="width")
    for row in form:
        columns = total_columns(width) if large and row.style is Style.TOTAL else width
        style = row.style
        for line in _set(row, columns):
            yield Line(style, line.replace(HARD_BLANK, " "))
            style = Style.NOTE if style is Style.ITEM else style


def total_columns(width: int) -> int:
    """How many large columns a total has on paper of `width` columns."""
    return width * 2 // 3


def _set(row: Row, width: int) -> list[str]:
    match row.style:
        case Style.RULE:
            return ["-" * width]
        case Style.QR:
            return [row.left]
        case Style.CENTRE | Style.TITLE:
            return [line.center(width).rstrip() for line in _wrap(row.left, width)]
        case Style.NOTE | Style.ITEM | Style.HEAD:
            return _wrap(row.left, width)
        case Style.PAIR | Style.TOTAL:
            return _pair(row.left, row.right, width)


def _pair(left: str, right: str, width: int) -> list[str]:
    if not right or not left:
        return _wrap(left, width) if left else [right.rjust(width)] if len(right) <= width else _wrap(right, width)
    if len(left) + 1 + len(right) <= width:
        return [left + right.rjust(width - len(left))]
    head = _wrap(left, width)
    if len(head[-1]) + 1 + len(right) <= width:
        return [*head[:-1], head[-1] + right.rjust(width - len(head[-1]))]
    if len(right) <= width:
        return [*head, right.rjust(width)]
    return [*head, *(f"{_INDENT}{line}" for line in _wrap(right, width - len(_INDENT)))]


def _wrap(words: str, width: int) -> list[str]:
    """Lines of running text; an empty text is an empty line."""
    return textwrap.wrap(words, width, break_on_hyphens=False) or [""]
