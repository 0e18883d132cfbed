"""Texts, QR codes and pictures on a register's paper, beside its documents.

Pictures are one bit a dot, eight dots a byte, the left one in the lowest bit; making them out of files is the caller's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kkt_driver.commands import (
    GRAPHIC_LINE,
    Cut,
    Feed,
    LoadData,
    LoadExtendedGraphics,
    ModelParameters,
    ModelParametersReply,
    PrintCode,
    PrintCodeReply,
    PrintExtendedGraphics,
    PrintLineInFont,
)
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Misuse
from kkt_driver.procedures.patience import patiently

__all__ = ["Picture", "print_picture", "print_qr", "print_text"]

LINE_WIDTH = 40
"""Characters of a line when the model does not say."""

BLOCK = 64
BLOCKS = 128
"""DDh: 128 blocks of 64 bytes."""

QR_MAX = 7089
QR = 3

LINES_MAX = 600
"""Graphic lines that a register holds at once: longer pictures are printed in slices."""

FLAGS_IN_C3, MANY_LINES_IN_C4 = 1 << 37, 1 << 35


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of dots, all of one width in bytes: eight dots a byte, the leftmost in the lowest bit, 1 is black."""

    lines: tuple[bytes, ...]

    @classmethod
    def of(cls, rows: Sequence[Sequence[bool]]) -> Picture:
        """From rows of dots (True is black)."""
        return cls(lines=tuple(_packed(row) for row in rows))


def _packed(row: Sequence[bool]) -> bytes:
    return bytes(
        sum(bool(dot) << place for place, dot in enumerate(row[start : start + 8])) for start in range(0, len(row), 8)
    )


def print_text(text: str, *, font: int = 1, feed: int = 0, cut: bool = False, password: int = 30) -> Procedure[int]:
    """Print lines, wrapped to the width of the paper; how many there were. What Windows-1251 lacks becomes "?".

    Not while a receipt is open, unless it is meant to stand in it.
    """
    parameters = yield from ask(ModelParameters())
    width = (parameters.width_font_1 if font == 1 else parameters.width_font_2) or LINE_WIDTH
    lines = list(_wrapped(text, width))
    for line in lines:
        yield from patiently(PrintLineInFont(password=password, font=font, text=line))
    yield from _ending(feed, cut, password)
    return len(lines)


def _wrapped(text: str, width: int) -> Iterator[str]:
    for line in text.expandtabs(4).splitlines() or [""]:
        for part in textwrap.wrap(line, width, drop_whitespace=False) or [" "]:
            yield part.encode("cp1251", "replace").decode("cp1251")


def _ending(feed: int, cut: bool, password: int) -> Procedure[None]:
    if feed:
        yield from patiently(Feed(password=password, lines=feed))
    if cut:
        yield from patiently(Cut(password=password, type=1))


def print_qr(
    data: bytes, *, dot: int = 4, correction: int = 1, align: int = 1, password: int = 30
) -> Procedure[PrintCodeReply]:
    """Print a QR code of `data`: loaded in blocks with DDh, printed with DEh. `correction` 0 to 3 is L, M, Q, H."""
    if not 0 < len(data) <= min(QR_MAX, BLOCK * BLOCKS):
        raise Misuse(f"a QR code holds 1 to {QR_MAX} bytes, not {len(data)}")
    for block, start in enumerate(range(0, len(data), BLOCK)):
        piece = data[start : start + BLOCK].ljust(BLOCK, b"\0")
        yield from patiently(LoadData(password=password, kind=0, block=block, data=piece))
    return (
        yield from patiently(
            PrintCode(password=password, type=QR, length=len(data), parameters=(0, 0, dot, 0, correction), align=align)
        )
    )


def print_picture(picture: Picture, *, password: int = 30) -> Procedure[int]:
    """Print a picture of up to 320 dots a line, centred; how many lines there were. Not while a receipt is open.

    Loaded line by line (C4h; several lines at once where the model can), printed with C3h in slices that fit.
    """
    lines = [_centred(line) for line in picture.lines]
    parameters = yield from ask(ModelParameters())
    for start in range(0, len(lines), LINES_MAX):
        part = lines[start : start + LINES_MAX]
        for first, data in _loads(part, parameters):
            yield from patiently(LoadExtendedGraphics(password=password, line=first, data=data))
        first = parameters.first_graphic_line
        flags = 2 if parameters.flags & FLAGS_IN_C3 else None
        yield from patiently(
            PrintExtendedGraphics(password=password, first=first, last=first + len(part) - 1, flags=flags)
        )
    return len(lines)


def _centred(line: bytes) -> bytes:
    if len(line) > GRAPHIC_LINE:
        raise Misuse(f"a line of {len(line) * 8} dots: a register prints {GRAPHIC_LINE * 8}")
    return line.rjust((GRAPHIC_LINE + len(line)) // 2, b"\0").ljust(GRAPHIC_LINE, b"\0")


def _loads(lines: Sequence[bytes], parameters: ModelParametersReply) -> Iterable[tuple[int, bytes]]:
    """Number of the first line and the bytes of each C4h."""
    room = (parameters.command_length_max or 255) - 7  # code 1, password 4, line 2
    together = max(1, room // GRAPHIC_LINE) if parameters.flags & MANY_LINES_IN_C4 else 1
    for start in range(0, len(lines), together):
        yield parameters.first_graphic_line + start, b"".join(lines[start : start + together])
