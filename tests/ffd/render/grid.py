"""Reads the QR code of a picture back, module by module."""

from __future__ import annotations

import io
from itertools import groupby

from PIL import Image

__all__ = ["qr_modules"]


def qr_modules(picture: bytes) -> tuple[tuple[bool, ...], ...]:
    """The grid of the one QR code in a PNG: found by its corner marks, read at the centre of each module."""
    image = Image.open(io.BytesIO(picture)).convert("L")
    width, height = image.size
    pixels = image.tobytes()
    left, top, module = _corner(pixels, width, height)
    size = next(
        size for size in range(21, 178, 4) if left + size * module >= width - left - 1
    )  # the code stands in the middle
    half = module // 2
    return tuple(
        tuple(
            pixels[(top + row * module + half) * width + left + column * module + half] < 128 for column in range(size)
        )
        for row in range(size)
    )


_MARK = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")


def _corner(pixels: bytes, width: int, height: int) -> tuple[int, int, int]:
    """Left, top and module size of the upper left corner mark, whose top is a dark run of seven modules."""
    for y in range(height):
        at = 0
        for dark, run in groupby(pixels[y * width : (y + 1) * width], lambda level: level < 128):
            length = len(list(run))
            if dark and length % 7 == 0 and length > 7 and _is_mark(pixels, width, at, y, length // 7):
                return at, y, length // 7
            at += length
    raise AssertionError("no QR code in the picture")


def _is_mark(pixels: bytes, width: int, left: int, top: int, module: int) -> bool:
    half = module // 2
    return all(
        (pixels[(top + row * module + half) * width + left + column * module + half] < 128) == (dark == "1")
        for row, modules in enumerate(_MARK)
        for column, dark in enumerate(modules)
    )
