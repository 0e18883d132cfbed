"""Answer codes of a drive, and the refusal that carries one from a check to the answer."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Code", "Refused", "TicketReason"]


class Code(IntEnum):
    """Low seven bits of the answer; bit 7 says that the warning byte is not zero."""

    OK = 0x00
    UNKNOWN_COMMAND = 0x01  # also a bad frame, length or parameter
    WRONG_STATE = 0x02
    DRIVE_FAILURE = 0x03
    CRYPTO_FAILURE = 0x04
    LIFETIME = 0x05
    ARCHIVE_FULL = 0x06
    BAD_DATETIME = 0x07
    NO_DATA = 0x08
    BAD_VALUE = 0x09
    NOT_IN_THIS_FORMAT = 0x0A
    FORBIDDEN_TAG = 0x0B
    DUPLICATE_TAG = 0x0C
    MISSING_DATA = 0x0D
    TOO_MANY_ITEMS = 0x0E
    TLV_OVERFLOW = 0x10
    NO_TRANSPORT = 0x11
    RESOURCE_EXHAUSTED = 0x12
    RESOURCE_LIMIT = 0x14
    WAIT_RESOURCE = 0x15
    SHIFT_TOO_LONG = 0x16
    BAD_INTERVAL = 0x17
    BAD_TAG_VALUE = 0x18
    TAG_AGAINST_REGISTRATION = 0x19
    ANSWER_REJECTED = 0x20
    KEY_SERVICE_REFUSED = 0x23
    KEY_SERVICE_UNKNOWN = 0x24
    KEY_UPDATE_REPEAT = 0x30
    MARKING_FORBIDDEN = 0x32
    BAD_MARKING_SEQUENCE = 0x33
    MARKING_BLOCKED = 0x34
    CHECK_TABLE_FULL = 0x35
    KEYS_TOO_OLD = 0x36
    MISSING_TAGS = 0x3C
    CODE_NOT_CHECKED = 0x3E


class TicketReason(IntEnum):
    """Second byte of code 20h: why an answer of the operator or of the marking system is not accepted."""

    SIGN = 1
    FORMAT = 2
    NUMBER = 3
    DRIVE_NUMBER = 4
    CRC = 5
    LENGTH = 7


class Refused(Exception):
    """A check did not pass: the drive answers `code` with `data` and nothing has changed."""

    def __init__(self, code: Code, data: bytes = b"") -> None:
        super().__init__(f"{code:#04x} {code.name}")
        self.code = code
        self.data = data
