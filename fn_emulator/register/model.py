"""Register models: what a device says about itself, and the choices in which firmware differs."""

from __future__ import annotations

from datetime import date

import msgspec

__all__ = ["DESKTOP", "Model"]


def _bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of register. A choice is a field with the reason of its default beside it."""

    number: int
    name: str
    version: str = "C3"
    build: int = 664
    software_date: date = date(2026, 1, 21)
    flags: int = _bits(1, 4, 7, 9)  # 0292h: paper, two decimals, sensors and lever of a healthy thermal printer
    # 4 cover sensor, 13 cutter, 28 alternative layer, 36 error texts, 43 drive, 44 relay by the host, 47 FFD 1.1+,
    # 48 corrections as receipts, 34 last printing in 10h, 50 extended answers
    features: int = _bits(4, 13, 28, 34, 36, 43, 44, 47, 48, 50)
    characters: int = 48
    block: int = 240  # FF30h and FF32h: a command with offset, count and password still fits one frame
    piece: int = 250  # FF3Bh: bytes of a document in one answer
    reads_in_mode_1: bool = True  # desktop models stay in mode 1 until FF3Bh came to its end
    keeps_receipt: bool = False  # a power cut: the open receipt is cancelled, or kept and begun again in the drive
    stays_open_after_commit: bool = True  # power lost between the drive's commit and the register's own


DESKTOP = Model(number=250, name="ШТРИХ-М-01Ф")
