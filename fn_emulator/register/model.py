"""Register models: what a device says about itself, and the choices in which firmware differs.

A model is the desktop register plus its differences. Where two sources disagree about a firmware's behaviour the choice
is a field here with the reason of its default beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec.structs import replace

__all__ = ["DESKTOP", "FEATURES", "MODELS", "Model"]

Cell = tuple[int, int, int]


def _bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


FEATURES = {
    2: "optical sensor of the journal", 3: "optical sensor of the receipt roll", 4: "cover sensor", 13: "cutter",
    15: "drawer sensor", 22: "non-fiscal documents", 28: "alternative link layer", 34: "last printing in 10h",
    36: "error texts", 41: "4Fh", 42: "4Dh and 4Eh", 43: "a drive", 44: "messages carried by the host",
    45: "printing of fields", 46: "2D code in the footer", 47: "FFD 1.1 and later", 48: "corrections as receipts",
    50: "extended answers",
}  # fmt: skip
"""Bits of F7h that the desktop model sets, and what they say."""
_SINCE_1_1 = _bits(34, 47, 48, 50)


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of register."""

    number: int
    name: str
    version: str = "C3"
    build: int = 664
    software_date: date = date(2026, 1, 21)
    flags: int = _bits(1, 4, 7, 9)  # 0292h: paper, two decimals, sensors and lever of a healthy thermal printer
    features: int = _bits(*FEATURES)
    characters: int = 48
    fonts: int = 7
    exchange: tuple[int, int] = (6, 50)  # speed code 115200 and byte time-out of a line that 14h has not touched

    block: int = 240  # FF30h and FF32h: a command with offset, count and password still fits one frame
    piece: int = 250  # FF3Bh: bytes of a document in one answer
    reads_in_mode_1: bool = True  # desktop models stay in mode 1 until FF3Bh came to its end
    keeps_receipt: bool = False  # a power cut: the open receipt is cancelled, or kept and begun again in the drive
    stays_open_after_commit: bool = True  # power lost between the drive's commit and the register's own
    item_tags_first: bool = False  # FF4Dh belongs to the item after it: cashcore and mobile models
    opens_shift: bool = False  # 8Dh in mode 4 opens the shift without being told to by table 24 field 13
    old_corrections_in_1_2: bool = False  # FF36h and FF4Ah under FFD 1.2: refused, or taken without items
    closes_with_queue: bool = True  # FF3Eh with documents the operator has not confirmed: drives don't mind

    table_numbers: Mapping[int, int] = {}  # number on the wire → number of `tables`, where a model has its own
    rows: Mapping[int, int] = {}  # tables that are shorter
    fields: Mapping[int, int] = {}  # tables that end at an earlier field
    defaults: Mapping[Cell, int | str] = {}

    def table(self, number: int) -> int:
        """The table behind a number on the wire."""
        return self.table_numbers.get(number, number)

    def on_the_wire(self, table: int) -> int:
        """The number a host uses for a table."""
        return next((wire for wire, own in self.table_numbers.items() if own == table), table)


DESKTOP = Model(number=250, name="ШТРИХ-М-01Ф")

MODELS: Mapping[str, Model] = {
    "shtrih-m-01f": DESKTOP,
    "shtrih-light-01f": replace(
        DESKTOP, number=252, name="ШТРИХ-ЛАЙТ-01Ф", characters=32, features=DESKTOP.features & ~_bits(13)
    ),
    "retail-01f": replace(DESKTOP, number=22, name="РИТЕЙЛ-01Ф", characters=42),
    "shtrih-on-line": replace(
        DESKTOP, number=25, name="ШТРИХ-ON-LINE", characters=32, features=DESKTOP.features & ~_bits(13, 15)
    ),
    "shtrih-mobile-f": replace(
        DESKTOP,
        number=19,
        name="ШТРИХ-МОБАЙЛ-Ф",
        characters=32,
        features=DESKTOP.features & ~_bits(13, 15),
        reads_in_mode_1=False,
        item_tags_first=True,
        opens_shift=True,
        table_numbers={14: 18, 15: 19, 18: 14, 19: 15},
    ),
    # firmware before FFD 1.1: no corrections as receipts, no extended answers, six rates, 10h of 16 bytes
    "shtrih-m-01f-2018": replace(
        DESKTOP,
        build=44104,
        software_date=date(2018, 6, 28),
        features=DESKTOP.features & ~_SINCE_1_1,
        keeps_receipt=True,
        rows={6: 6},
        fields={17: 20, 18: 16},
        defaults={(17, 1, 17): 2, (1, 1, 14): 0},
    ),
}
"""By the names that `--model` takes."""
