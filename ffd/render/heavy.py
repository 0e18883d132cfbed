"""What the picture, the page and the PDF share: the QR code as a grid, the fonts, and a plain word when they lack.

The font is DejaVu Sans Mono, cut down to the characters of a fiscal document, with its licence beside it: every
machine then sets the same picture, whatever fonts it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from ffd.errors import FfdError

__all__ = ["BOLD", "REGULAR", "ADVANCE", "needed", "qr_grid", "qr_runs"]

_FONTS = Path(__file__).parent / "fonts"
REGULAR = _FONTS / "DejaVuSansMono.ttf"
BOLD = _FONTS / "DejaVuSansMono-Bold.ttf"
ADVANCE = 1233 / 2048  # width of every character, in parts of the font's size


def needed(module: str) -> Any:
    """A module of the extra `render`, or an FfdError that says how to get it."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise FfdError(f"this needs {package}: pip install 'kkt-fleet[render]'", path="render") from None


@lru_cache(maxsize=16)
def qr_grid(line: str) -> tuple[tuple[bool, ...], ...]:
    """The QR code of a receipt's line, True for a dark module, without the quiet zone around it."""
    code = needed("segno").make_qr(line.encode("cp866"), error="m", boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def qr_runs(line: str) -> Iterator[tuple[int, int, int]]:
    """Row, first column and length of every run of dark modules: drawn whole, no hairline shows between them."""
    for row, modules in enumerate(qr_grid(line)):
        column = 0
        for dark, run in groupby(modules):
            length = len(list(run))
            if dark:
                yield row, column, length
            column += length
