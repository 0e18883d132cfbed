"""Marking commands B0h–BFh, D0h–D7h.

This drive does not keep marking codes yet. Registered without marked goods it answers 32h to all of them, as every
drive does; registered with them it reports idle and refuses the rest by state.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from fn_emulator.drive.codes import Code, Refused

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["COMMANDS"]

Handler = Callable[["Drive", bytes, float], bytes]


def not_here(drive: Drive, data: bytes, timer: float) -> bytes:
    raise Refused(Code.MARKING_FORBIDDEN)


_ANY = frozenset({0, 1, 3, 7, 15})
_NAMES = {
    0xB0: "marking status",
    0xB1: "check a code",
    0xB2: "save or drop the result",
    0xB3: "clear results",
    0xB5: "request to the marking system",
    0xB6: "answer of the marking system",
    0xB7: "data of marked goods",
    0xBA: "notification transfer state",
    0xBB: "begin reading a notification",
    0xBC: "read block of the notification",
    0xBD: "cancel reading",
    0xBE: "finish reading",
    0xBF: "receipt for the notification",
    0xD0: "key update request",
    0xD1: "key update answer",
    0xD3: "begin notification export",
    0xD4: "next notification",
    0xD5: "read block of the current notification",
    0xD6: "confirm export",
    0xD7: "key update flag or address",
}
COMMANDS: tuple[tuple[int, str, int, frozenset[int], Container[int] | None, Handler], ...] = tuple(
    (code, name, 4, _ANY, None, not_here) for code, name in _NAMES.items()
)
