"""What is allowed when: commands × modes, who may give a command, and the mode that follows.

A command that is not in the table is not supported (37h); a mode that is not in its row is refused (73h).
`tests/fn_emulator/test_register_modes.py` visits every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "ANYONE",
    "EARLIER",
    "FEATURE_OF",
    "MODES",
    "NOBODY",
    "RULES",
    "SENIOR",
    "SENIOR_CASHIER",
    "SYSTEM",
    "UNSUPPORTED",
    "Mode",
    "Rule",
]


class Mode(IntEnum):
    """The low nibble of the mode byte; pre-drive modes 5, 7 and slip modes 13, 14 never occur here, nor do 11 and 12:
    what this register prints it prints at once."""

    DATA_OUTPUT = 1
    SHIFT_OPEN = 2
    SHIFT_OVER_24_H = 3
    SHIFT_CLOSED = 4
    DATE_AWAITED = 6
    RECEIPT = 8
    RESET_ALLOWED = 9
    TEST_RUN = 10
    NON_FISCAL = 0x48  # 8.4: the only status of mode 8 that is a mode of its own here


MODES = tuple(Mode)

ANYONE, SENIOR, SYSTEM, NOBODY = 1, 29, 30, 0
"""Lowest operator row that may give a command; NOBODY: the command carries no password."""

SENIOR_CASHIER = 28
"""Takes reports too where F7h says so (bit 33)."""

EARLIER = -1
"""The mode that was there before the receipt (or before the reading)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One command: modes that allow it, the mode after success (None: unchanged), the lowest operator row, whether an
    open receipt must be the operator's own, whether it may open the shift by itself (table 24 field 13), and whether
    it needs paper."""

    code: bytes
    modes: frozenset[int]
    follows: int | None = None
    operator: int = ANYONE
    own_receipt: bool = False
    opens_shift: bool = False
    needs_paper: bool = False


_ANY = "1 2 3 4 6 8 9 10 8.4"


def _mode(text: str) -> int:
    return Mode.NON_FISCAL if text == "8.4" else int(text)


def _rules(
    codes: str,
    modes: str,
    follows: int | None = None,
    *,
    who: int = ANYONE,
    own: bool = False,
    shift: bool = False,
    paper: bool = False,
) -> dict[bytes, Rule]:
    allowed = frozenset(_mode(mode) for mode in modes.split())
    return {
        bytes.fromhex(code): Rule(bytes.fromhex(code), allowed, follows, who, own, shift, paper)
        for code in codes.split()
    }


RULES: dict[bytes, Rule] = {
    # status, tables, clock
    **_rules("0F 10 11 1A 1B", _ANY),
    **_rules("6B F7 FC", _ANY, who=NOBODY),
    **_rules("1F 26 2D 2E", _ANY, who=SYSTEM),
    **_rules("1E", "2 3 4 6 9 10 8.4", who=SYSTEM),
    **_rules("21", "4 9", who=SYSTEM),
    **_rules("22", "4 9", 6, who=SYSTEM),
    **_rules("23", "6", 4, who=SYSTEM),
    # technicians
    **_rules("14 15", _ANY, who=SYSTEM),
    **_rules("16", "9", 9, who=NOBODY),
    **_rules("19", "2 3 4 9", 10, paper=True),
    **_rules("2B", "10", EARLIER),
    **_rules("24 27", "4", who=SYSTEM),
    **_rules("FEEC FEF3 FEF4", _ANY, who=NOBODY),
    # shift, reports, cash
    **_rules("E0", "4", 2, paper=True),
    **_rules("FF0B", "4", 2, who=SYSTEM, paper=True),
    **_rules("40 42 43", "2 3", who=SENIOR, paper=True),
    **_rules("2C", "2 3 4 9", who=SENIOR, paper=True),
    **_rules("41", "2 3", 4, who=SENIOR, paper=True),
    **_rules("C6", "2 3", 4, who=SENIOR),
    **_rules("C7", "2 3 4", paper=True),
    **_rules("FF43", "2 3", 4, who=SYSTEM, paper=True),
    **_rules("FF41", "4", who=SYSTEM),
    **_rules("FF42", "2 3", who=SYSTEM),
    **_rules("50 51", "2 3 4 9", paper=True),
    # receipt
    **_rules("8D", "2", 8, shift=True, paper=True),
    **_rules("FF46 80 81 82 83", "2 8", 8, own=True, shift=True, paper=True),
    **_rules("FF0D", "2 8", 8, who=SYSTEM, own=True, shift=True, paper=True),
    **_rules("FF44", "8", who=SYSTEM, own=True, paper=True),
    **_rules("FF4D", "8", own=True),
    **_rules("FF0C", _ANY),
    **_rules("FF64", _ANY, who=SYSTEM),
    **_rules("89", "8"),
    **_rules("FF45 85 8E", "8", EARLIER, own=True, paper=True),
    **_rules("88", "8", EARLIER, own=True),
    **_rules("FF08", _ANY, EARLIER, who=SYSTEM),
    **_rules("8C", "2 3", paper=True),
    # corrections of formats 1.05 and 1.1
    **_rules("FF35", "2", who=SYSTEM),
    **_rules("FF36 FF4A", "2", who=SYSTEM, paper=True),
    # lines, pictures, codes and hardware
    **_rules("B0 13 28", _ANY),
    **_rules("12 17 2F DE", "2 3 4 6 8 9 10 8.4", paper=True),
    **_rules("18", "2 3 4 9 8.4", paper=True),
    **_rules("25 29", "1 2 3 4 6 9 8.4", paper=True),
    **_rules("52 53 54 CB", "2 3 4 8.4", paper=True),
    **_rules("C0 C4 4E", "2 4 8 9 8.4"),
    **_rules("C1 C2 C3 C5 4D 4F", "2 4 8 9 8.4", paper=True),
    **_rules("DD", _ANY),
    **_rules("E2", "2 3 4", Mode.NON_FISCAL, paper=True),
    **_rules("E3", "8.4", EARLIER, paper=True),
    # drive
    **_rules("FF01 FF02 FF03 FF04 FF09 FF0A FF0E FF3F FF40 FF4C FF60 FF63 FF74", _ANY, who=SYSTEM),
    **_rules("FF39 FF3C", _ANY, who=SYSTEM),
    **_rules("FF3A", _ANY, 1, who=SYSTEM),
    **_rules("FF3B", _ANY, who=SYSTEM),
    **_rules("FF05 FF3D FF37", "4", who=SYSTEM),
    **_rules("FF06 FF34 FF38 FF3E", "4", who=SYSTEM, paper=True),
    **_rules("FF07", _ANY, who=SYSTEM),  # what was open is gone: modes 2, 3 and 8 become 4
    **_rules("FF62", "4", who=SYSTEM),
    # marked goods
    **_rules("FF61 FF69", "2 8"),
    **_rules("FF67", "8", own=True),
    **_rules("FF68 FF70 FF72 FF73", _ANY),
    **_rules("FF71", "4"),
    # messages of the operator of fiscal data, carried by the host
    **_rules("FF30 FF31 FF32 FF33", _ANY, who=SYSTEM),
}

FEATURE_OF: dict[bytes, int] = {
    bytes.fromhex(code): bit
    for codes, bit in {
        "25": 13, "E2 E3": 22, "6B": 36, "4F": 41, "4D 4E": 42, "FF30 FF31 FF32 FF33": 44,
    }.items()
    for code in codes.split()
}  # fmt: skip
"""Commands of models that have the thing: the bit of F7h without which they are 37h."""

UNSUPPORTED: dict[bytes, str] = {
    bytes.fromhex(code): reason
    for codes, reason in {
        "01 02 03": "dumps of the maker's memory",
        "84 8A 8B 86 87": "items and discounts from before the drive; gone from protocol 1.17",
        "D0 D1": "no source tells the layout of the answer",
        "FF4B": "firmware of one customer",
        "FF4E": "firmware files",
        "FF50 FF51 FF52": "no payment terminal inside",
        "FF53": "no remote monitoring",
        "FF65 FF66": "authorisation (F7h bit 51) is not published",
    }.items()
    for code in codes.split()
}
"""Commands that are refused with 37h, and why."""
