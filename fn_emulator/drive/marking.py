"""Marking codes: the code under check, the table of saved results, and the commands that fill it (B1h–B3h).

All of it dies with the power. Requests to the marking system are in `marking_requests`, notifications in `notices`, the
status in `marking_status`.

    state            B1h    B2h    B3h     B5h          B6h
    idle             → 2    33h    clear   33h          33h
    code checked     33h    → 1    clear   → 3          33h
    request formed   33h    → 1    clear   again → 3    → 4, or 20h and stays
    answer accepted  33h    → 1    clear   33h          33h
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING

import msgspec

from ffd.marking import parse
from fn_emulator.drive import code_keys
from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.life import Mode

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive
    from fn_emulator.drive.notices import Notice

__all__ = [
    "PLACES",
    "RESULTS_MAX",
    "Check",
    "CheckState",
    "Marking",
    "Result",
    "demand_transfer",
    "negative",
    "result",
    "room",
    "under_check",
]

RESULTS_MAX = 128
"""Results of checks that a drive keeps for one receipt."""

_CODE_TYPES = 6


class CheckState(IntEnum):
    """First byte of B0h."""

    BLOCKED = 0  # table or store is full
    IDLE = 1
    CHECKED = 2
    REQUESTED = 3
    ANSWERED = 4


_S = CheckState
# Command → the states in which it is in its place. B3h is always.
PLACES: Mapping[int, frozenset[CheckState]] = {
    0xB1: frozenset({_S.IDLE, _S.BLOCKED}),
    0xB2: frozenset({_S.CHECKED, _S.REQUESTED, _S.ANSWERED}),
    0xB5: frozenset({_S.CHECKED, _S.REQUESTED}),
    0xB6: frozenset({_S.REQUESTED}),
}


class Check:
    """The code under check."""

    __slots__ = ("answer", "code", "kind", "local", "moment", "number", "quantity", "request")

    def __init__(self, code: bytes, kind: int, local: int) -> None:
        self.code = code
        self.kind = kind  # tag 2100
        self.local = local  # tag 2004
        self.request = b""  # container 81 when it was formed
        self.number = 0  # its number
        self.moment = b""  # and its time, tag 2114
        self.quantity = b""  # TLVs of a measured or partial piece of goods
        self.answer: dict[int, bytes] | None = None


class Result(msgspec.Struct, frozen=True):
    """A saved result: what the notification says about the code."""

    code: bytes
    kind: int
    result: int  # tag 2106
    identifier: bytes  # tag 2101
    quantity: bytes


def negative(result: int) -> bool:
    """Tag 2106: a check that was made found something wrong."""
    return result & 3 == 1 or result & 12 == 4


class Marking:
    """What a drive holds about marked goods between power on and off."""

    __slots__ = ("check", "notice", "results")

    def __init__(self) -> None:
        self.check: Check | None = None
        self.results: dict[bytes, Result] = {}
        self.notice: Notice | None = None

    def state(self, *, store_full: bool) -> CheckState:
        if self.check is None:
            return CheckState.BLOCKED if store_full or len(self.results) >= RESULTS_MAX else CheckState.IDLE
        if self.check.answer is not None:
            return CheckState.ANSWERED
        return CheckState.REQUESTED if self.check.request else CheckState.CHECKED

    def receipt_formed(self) -> None:
        """The receipt took what it needed of the saved results; the rest goes with it."""
        self.results.clear()
        self.notice = None


def room(drive: Drive) -> int:
    """Bytes that are left in the store of notifications."""
    return drive.model.notices_kib * 1024 - drive.state.notified_bytes


# Checking one code


def demand_transfer(drive: Drive, *, autonomous: bool = False) -> None:
    """Whether this drive talks to the marking system, or exports to a file: 02h for the other kind."""
    if bool(drive.state.mode & Mode.AUTONOMOUS) is not autonomous:
        raise Refused(Code.WRONG_STATE)


def demand(drive: Drive, command: int) -> None:
    """33h: the command is not in its place."""
    if drive.marking.state(store_full=room(drive) <= 0) not in PLACES[command]:
        raise Refused(Code.BAD_MARKING_SEQUENCE)


def under_check(drive: Drive, command: int) -> Check:
    """The code that `command` is about."""
    demand(drive, command)
    check = drive.marking.check
    assert check is not None
    return check


def check_code(drive: Drive, data: bytes, timer: float) -> bytes:
    """B1h: type (tag 2100), length, code. Answers the result of the local check (tag 2004) and the reason."""
    kind, code = data[0], data[2:]
    if kind >= _CODE_TYPES or data[1] != len(code):
        raise Refused(Code.UNKNOWN_COMMAND)
    if not drive.state.shift_open:
        raise Refused(Code.WRONG_STATE)
    demand(drive, 0xB1)
    if room(drive) <= 0:
        raise Refused(Code.MARKING_BLOCKED)
    if len(drive.marking.results) >= RESULTS_MAX:
        raise Refused(Code.CHECK_TABLE_FULL)
    code_keys.demand_fresh(drive, timer)
    local, reason = code_keys.local_check(drive, kind, code)
    drive.marking.check = Check(code, kind, local)
    return bytes((local, reason))


def save(drive: Drive, data: bytes, timer: float) -> bytes:
    """B2h: 1 keeps the result and answers it (tag 2106), 0 drops it."""
    if data[0] > 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    check, marking = under_check(drive, 0xB2), drive.marking
    if data[0] and len(marking.results) >= RESULTS_MAX and check.code not in marking.results:
        raise Refused(Code.CHECK_TABLE_FULL)
    marking.check = None
    if not data[0]:
        return b""
    found = result(drive, check)
    marking.results[check.code] = Result(check.code, check.kind, found, _identifier(check), check.quantity)
    return bytes((found,))


def result(drive: Drive, check: Check) -> int:
    """Tag 2106 from the local check (2004) and the answer (2105, 2005, 2109)."""
    answer = check.answer or {}
    asked = check.answer is not None
    processed = asked and answer[2105] == b"\0"
    checked = bool(check.local & 1)
    positive = check.local & 2 if checked else answer.get(2005, b"\0")[0] & 2
    return (
        (checked or asked)
        | (bool(positive) << 1)
        | (processed << 2)
        | ((processed and answer[2109] == b"\1") << 3)
        | (bool(drive.state.mode & Mode.AUTONOMOUS) << 4)
    )


def _identifier(check: Check) -> bytes:
    """Tag 2101: as the marking system named the goods, otherwise from the code."""
    named = (check.answer or {}).get(2101)
    return named or parse(check.code.decode("cp866")).identifier.encode("cp866")


def clear(drive: Drive, data: bytes, timer: float) -> bytes:
    """B3h: the table and the code under check."""
    drive.marking.results.clear()
    drive.marking.check = None
    return b""
