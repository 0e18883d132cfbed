"""Paper: what a register has printed, line by line, and how it reads as text.

A line is text in a font, a row of dots, a code of bars or squares, or a cut. The tape keeps the newest lines; a
picture of it is the business of `fn_emulator.register.picture`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

__all__ = ["TAPE_LINES_MAX", "BarCode", "Cut", "Dots", "Line", "Tape", "Text", "centred", "columns", "wrapped"]

TAPE_LINES_MAX = 2000
"""Some six metres of paper: a day's last receipts; a test that wants more takes the tape as it goes."""


class Text(msgspec.Struct, frozen=True):
    """One line of text; font 2 is twice as wide."""

    text: str
    font: int = 1

    def read(self) -> str:
        return self.text


class Dots(msgspec.Struct, frozen=True):
    """Rows of dots, each the same number of bytes, the highest bit on the left; `scale` repeats rows and dots."""

    rows: tuple[bytes, ...]
    scale: tuple[int, int] = (1, 1)

    def read(self) -> str:
        width = 8 * len(self.rows[0]) if self.rows else 0
        return f"[picture {width * self.scale[1]}×{len(self.rows) * self.scale[0]}]"


class BarCode(msgspec.Struct, frozen=True):
    """A code that scanners read: "QR", "EAN13", "PDF417" … and what it says."""

    kind: str
    data: bytes
    align: int = 1

    def read(self) -> str:
        return f"[{self.kind} {self.data.decode('cp1251', 'replace')}]"


class Cut(msgspec.Struct, frozen=True):
    """The cutter went: whole or leaving a bridge."""

    partial: bool = True

    def read(self) -> str:
        return "- - - ✂ - - -" if self.partial else "----- ✂ -----"


Line = Text | Dots | BarCode | Cut


class Tape:
    """The newest `TAPE_LINES_MAX` lines; `printed` counts all there ever were."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=TAPE_LINES_MAX)
        self.printed = 0

    def put(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._lines.append(line)
            self.printed += 1

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(self._lines)

    def text(self) -> str:
        """The paper as text, a line each."""
        return "".join(line.read() + "\n" for line in self._lines)

    def tear_off(self) -> tuple[Line, ...]:
        """Take the paper away: the lines so far, which the tape then no longer has."""
        taken = self.lines
        self._lines.clear()
        return taken


def wrapped(text: str, width: int, font: int = 1) -> list[Text]:
    """A text over as many lines as it needs; nothing is lost, blanks at a break are."""
    width = max(1, width // (2 if font == 2 else 1))
    lines = []
    for part in text.splitlines() or [""]:
        while len(part) > width:
            at = part.rfind(" ", 1, width + 1)
            lines.append(Text(part[: width if at < 1 else at].rstrip(), font))
            part = part[width:] if at < 1 else part[at + 1 :]
        lines.append(Text(part, font))
    return lines


def centred(text: str, width: int, font: int = 1) -> list[Text]:
    half = max(1, width // (2 if font == 2 else 1))
    return [Text(line.text.center(half).rstrip(), font) for line in wrapped(text, width, font)]


def columns(left: str, right: str, width: int, font: int = 1) -> list[Text]:
    """A name on the left, its value at the right edge; on two lines where one is too short."""
    narrow = width // (2 if font == 2 else 1)
    if len(left) + 1 + len(right) <= narrow:
        return [Text(left + right.rjust(narrow - len(left)), font)]
    return [*wrapped(left, width, font), *(Text(line.text.rjust(narrow), font) for line in wrapped(right, width, font))]
