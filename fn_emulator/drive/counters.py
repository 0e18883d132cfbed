"""Money counters of FFD 1.1 and 1.2: kept at every receipt, read by 36h–39h, written into reports as 1157, 1194, 1158.

Corrections have a count and a sum of their own and do not enter the blocks by operation; "all receipts" counts both.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack
from typing import TYPE_CHECKING

from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.records import BLOCK, COUNTERS, OPERATIONS, UNSENT
from fn_emulator.drive.tlv import structure, u32, vln

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = [
    "PAYMENT_TAGS",
    "SUM_TAGS",
    "add_receipt",
    "missing_sums",
    "shift_and_drive_stlv",
    "unsent_change",
    "unsent_stlv",
]

# Sums of a block in the order of 36h: tag of the counter, tag of the receipt that feeds it (0: the total itself).
SUM_TAGS: tuple[tuple[int, int], ...] = (
    (1201, 0),
    (1136, 1031),
    (1138, 1081),
    (1218, 1215),
    (1219, 1216),
    (1220, 1217),
    (1139, 1102),
    (1140, 1103),
    (1141, 1106),
    (1142, 1107),
    (1143, 1104),
    (1183, 1105),
)
PAYMENT_TAGS = (1031, 1081, 1215, 1216, 1217)
COUNTED_TAGS = frozenset(tag for _, tag in SUM_TAGS if tag)

_SUM_MAX = (1 << 48) - 1
_CORRECTIONS = 1 + OPERATIONS * BLOCK
_BLOCK_STLV = (1129, 1130, 1131, 1132)  # sale, sale return, purchase, purchase return
_SUB_STLV = (1145, 1232, 1146, 1233)  # the same for corrections and unsent documents


def missing_sums(money: Mapping[int, int]) -> int:
    """Mask of payment sums that a receipt lacks, bit 0 for 1031 … bit 4 for 1217."""
    return sum(1 << bit for bit, tag in enumerate(PAYMENT_TAGS) if tag not in money)


def add_receipt(
    counters: list[int], *, operation: int, correction: bool, total: int, money: Mapping[int, int]
) -> list[int]:
    """The counters with one more receipt or correction."""
    after = counters.copy()
    after[0] += 1
    if correction:
        after[_CORRECTIONS] += 1
        at = _CORRECTIONS + 1 + 2 * (operation - 1)
        after[at] += 1
        after[at + 1] += total
        changed = after[at + 1 : at + 2]
    else:
        at = 1 + BLOCK * (operation - 1)
        after[at] += 1
        after[at + 1] += total
        for place, (_, tag) in enumerate(SUM_TAGS[1:], at + 2):
            after[place] += money.get(tag, 0)
        changed = after[at + 1 : at + BLOCK]
    if max(changed) > _SUM_MAX:
        raise Refused(Code.BAD_VALUE)
    return after


def unsent_change(counters: list[int], *, operation: int, total: int, sign: int) -> list[int]:
    """The totals of unsent receipts after one entered the queue (+1) or left it (-1)."""
    after = counters.copy()
    after[0] += sign
    after[2 * operation - 1] += sign
    after[2 * operation] += sign * total
    return after


def _block(counters: list[int], operation: int) -> bytes:
    at = 1 + BLOCK * (operation - 1)
    return pack("<I", counters[at]) + b"".join(_u48(value) for value in counters[at + 1 : at + BLOCK])


def _correction(counters: list[int], operation: int) -> bytes:
    at = _CORRECTIONS + 1 + 2 * (operation - 1)
    return pack("<I", counters[at]) + _u48(counters[at + 1])


def _u48(value: int) -> bytes:
    return value.to_bytes(6, "little")


def _stlv(tag: int, counters: list[int]) -> bytes:
    blocks = []
    for operation, block_tag in enumerate(_BLOCK_STLV):
        at = 1 + BLOCK * operation
        sums = b"".join(vln(sum_tag, counters[at + 1 + i]) for i, (sum_tag, _) in enumerate(SUM_TAGS))
        blocks.append(structure(block_tag, u32(1135, counters[at]) + sums))
    return structure(tag, u32(1134, counters[0]) + b"".join(blocks) + _counts(1133, counters[_CORRECTIONS:]))


def _counts(tag: int, counts: list[int]) -> bytes:
    """1133 and 1158: how many, and for each operation a count and a sum."""
    parts = [u32(1144, counts[0])]
    for operation, sub_tag in enumerate(_SUB_STLV):
        count, total = counts[1 + 2 * operation : 3 + 2 * operation]
        parts.append(structure(sub_tag, u32(1135, count) + vln(1201, total)))
    return structure(tag, b"".join(parts))


def shift_and_drive_stlv(drive: Drive, *tags: int) -> bytes:
    """Tags 1194 (shift) and 1157 (drive) as asked for."""
    state = drive.state
    return b"".join(_stlv(tag, state.shift_counters if tag == 1194 else state.drive_counters) for tag in tags)


def unsent_stlv(drive: Drive) -> bytes:
    return _counts(1158, drive.state.unsent_counters)


# Commands


def _scope(drive: Drive, data: bytes) -> list[int]:
    if drive.state.ffd < 3:
        raise Refused(Code.NOT_IN_THIS_FORMAT)
    if data[0] > 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    return drive.state.drive_counters if data[0] else drive.state.shift_counters


def full_set(drive: Drive, data: bytes, timer: float) -> bytes:
    """36h."""
    counters = _scope(drive, data)
    assert len(counters) == COUNTERS
    operations = range(1, OPERATIONS + 1)
    return (
        pack("<HI", drive.state.shift, counters[0])
        + b"".join(_block(counters, operation) for operation in operations)
        + pack("<I", counters[_CORRECTIONS])
        + b"".join(_correction(counters, operation) for operation in operations)
    )


def by_operation(drive: Drive, data: bytes, timer: float) -> bytes:
    """37h."""
    counters = _scope(drive, data)
    blocks = [counters[1 + BLOCK * i : 3 + BLOCK * i] for i in range(OPERATIONS)]
    return pack("<HI", drive.state.shift, counters[0]) + b"".join(pack("<I", n) + _u48(total) for n, total in blocks)


def one_operation(drive: Drive, data: bytes, timer: float) -> bytes:
    """38h."""
    counters = _scope(drive, data)
    if not 1 <= data[1] <= OPERATIONS:
        raise Refused(Code.BAD_VALUE)
    return _block(counters, data[1]) + _correction(counters, data[1])


def unsent(drive: Drive, data: bytes, timer: float) -> bytes:
    """39h."""
    if drive.state.ffd < 3:
        raise Refused(Code.NOT_IN_THIS_FORMAT)
    counters = drive.state.unsent_counters
    assert len(counters) == UNSENT
    pairs = zip(counters[1::2], counters[2::2], strict=True)
    return pack("<I", counters[0]) + b"".join(pack("<I", count) + _u48(total) for count, total in pairs)
