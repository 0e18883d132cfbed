"""What is allowed when: commands × modes, who may give a command, and the mode that follows.

A command that is not in the table is not supported (37h); a mode that is not in its row is refused (73h).
`tests/fn_emulator/test_register_modes.py` visits every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["ANYONE", "EARLIER", "MODES", "RULES", "SENIOR", "SYSTEM", "Mode", "Rule"]


class Mode(IntEnum):
    """The low nibble of the mode byte; pre-drive modes 5, 7 and slip modes 13, 14 never occur here."""

    DATA_OUTPUT = 1
    SHIFT_OPEN = 2
    SHIFT_OVER_24_H = 3
    SHIFT_CLOSED = 4
    DATE_AWAITED = 6
    RECEIPT = 8
    RESET_ALLOWED = 9
    TEST_RUN = 10


MODES = tuple(Mode)

ANYONE, SENIOR, SYSTEM, NOBODY = 1, 29, 30, 0
"""Lowest operator row that may give a command; NOBODY: the command carries no password."""

EARLIER = -1
"""The mode that was there before the receipt (or before the reading)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One command: modes that allow it, the mode after success (None: unchanged), the lowest operator row, and
    whether an open receipt must be the operator's own."""

    code: bytes
    modes: frozenset[int]
    follows: int | None = None
    operator: int = ANYONE
    own_receipt: bool = False


_ANY = "1 2 3 4 6 8 9 10"


def _rules(
    codes: str, modes: str, follows: int | None = None, *, who: int = ANYONE, own: bool = False
) -> dict[bytes, Rule]:
    allowed = frozenset(int(mode) for mode in modes.split())
    return {bytes.fromhex(code): Rule(bytes.fromhex(code), allowed, follows, who, own) for code in codes.split()}


RULES: dict[bytes, Rule] = {
    # status, tables, clock
    **_rules("10 11 1A 1B", _ANY),
    **_rules("6B F7 FC", _ANY, who=NOBODY),
    **_rules("1F 2D 2E", _ANY, who=SYSTEM),
    **_rules("1E", "2 3 4 6 9 10", who=SYSTEM),
    **_rules("16", "9", 9, who=NOBODY),
    **_rules("2B", "10", EARLIER),
    **_rules("21", "4 9", who=SYSTEM),
    **_rules("22", "4 9", 6, who=SYSTEM),
    **_rules("23", "6", 4, who=SYSTEM),
    # shift, reports, cash
    **_rules("E0", "4", 2),
    **_rules("FF0B", "4", 2, who=SYSTEM),
    **_rules("40", "2 3", who=SENIOR),
    **_rules("41", "2 3", 4, who=SENIOR),
    **_rules("FF43", "2 3", 4, who=SYSTEM),
    **_rules("FF41", "4", who=SYSTEM),
    **_rules("FF42", "2 3", who=SYSTEM),
    **_rules("50 51", "2 3 4 9"),
    # receipt
    **_rules("8D", "2", 8),
    **_rules("FF46 80 81 82 83", "2 8", 8, own=True),
    **_rules("FF4D", "8", own=True),
    **_rules("FF0C", _ANY),
    **_rules("89", "8"),
    **_rules("FF45 85", "8", EARLIER, own=True),
    **_rules("88", "8", EARLIER, own=True),
    **_rules("FF08", _ANY, EARLIER, who=SYSTEM),
    **_rules("8C", "2 3"),
    **_rules("B0", _ANY),
    # lines and hardware around the receipt
    **_rules("13 28", _ANY),
    **_rules("17 2F", "2 3 4 6 8 9 10"),
    **_rules("25 29", "1 2 3 4 6 9"),
    # drive
    **_rules("FF01 FF02 FF03 FF04 FF09 FF0A FF3F FF40 FF63", _ANY, who=SYSTEM),
    **_rules("FF39 FF3C", _ANY, who=SYSTEM),
    **_rules("FF3A", _ANY, 1, who=SYSTEM),
    **_rules("FF3B", _ANY, who=SYSTEM),
    **_rules("FF05 FF06 FF37 FF38", "4", who=SYSTEM),
    # messages of the operator of fiscal data, carried by the host
    **_rules("FF30 FF31 FF32 FF33", _ANY, who=SYSTEM),
}
