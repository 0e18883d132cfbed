"""How a register says no: the codes it answers by itself, and the exception that carries one to the answer.

Codes of the drive pass through unchanged up to 31h and are shifted from 32h on (`of_drive`); the whole list with
Russian texts is `kkt_driver.refusals`.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Code", "Refusal", "of_drive"]


class Code(IntEnum):
    """Answers of the register itself."""

    DRIVE_STATE = 0x02
    NO_SUCH_DATA = 0x08
    DRIVE_SILENT = 0x30
    INCORRECT = 0x33
    NO_DATA = 0x34
    WRONG_FOR_SETTINGS = 0x35
    UNSUPPORTED = 0x37
    PAID_TOO_LITTLE = 0x45
    NOT_ENOUGH_CASH = 0x46
    TOTAL_OVERFLOW = 0x48
    OTHER_RECEIPT_TYPE = 0x49
    BUFFER_OVERFLOW = 0x4B
    CASHLESS_ABOVE_TOTAL = 0x4D
    WRONG_PASSWORD = 0x4F
    PRINTING = 0x50
    NOTHING_TO_REPEAT = 0x56
    CONTINUE_PRINTING_AWAITED = 0x58
    OTHER_OPERATOR = 0x59
    DISCOUNT_ABOVE_SUM = 0x5A
    DEPARTMENT_RANGE = 0x63
    NO_PAPER = 0x6B
    WRONG_SUBMODE = 0x72
    WRONG_MODE = 0x73
    OTHER_DATE = 0x7C
    WRONG_DATE = 0x7D
    ZERO_TOTAL = 0x8E
    TOO_MANY_OPERATIONS = 0x94
    CHECK_CLOCK = 0xC0
    BUFFER_EMPTY = 0xD1


class Refusal(Exception):
    """The command is not done; the register answers `code`. `data` is what the drive said with it."""

    def __init__(self, code: int, data: bytes = b"") -> None:
        super().__init__(f"{code:02X}h")
        self.code = code
        self.data = data


def of_drive(code: int) -> int:
    """The register's code for an answer code of the drive, warning bit excluded."""
    return code if code < 0x32 else code + 0x6E
