"""Refusals that pass by themselves, and modes that need a hand: what a host must ride out before it goes on.

A printing register answers 50h, 58h or 4Bh to a command that it did not execute; the same command may then be sent
again. Modes 1, 6, 9 and 10 hold a register until the host finishes what somebody began.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from kkt_driver.commands import (
    ConfirmDate,
    ContinuePrinting,
    FullStatus,
    ReadDocument,
    Request,
    SetDate,
    SetTime,
    ShortStatus,
    StopTest,
    TechnologicalReset,
)
from kkt_driver.effects import Pause, Procedure, ask
from kkt_driver.errors import Malformed, Refused

__all__ = ["continue_printing", "cure", "drain", "patiently", "pieces", "printed", "ride_out"]

R = TypeVar("R", bound=msgspec.Struct)

PATIENCE_S = 60.0
"""Printing that lasts longer is stuck, and a person must look (protocol text: "limit about 60 s")."""
BUSY_PAUSE_S = 0.4
BUFFER_PAUSE_S = 1.0
REPRINT_S = 10.0  # what a reprinted document counts for

BUSY = 0x50
AWAITS_CONTINUE = 0x58
BUFFER_FULL = 0x4B
WRONG_SUBMODE = 0x72

DOCUMENT_SIZE_MAX = 40_000
"""The largest document is 32768 bytes; a register that goes on beyond this is not reading a document."""


def patiently(request: Request[R], *, patience_s: float = PATIENCE_S) -> Procedure[R]:
    """Ask, and ask again while the register says that it is still printing. Only for refusals that prove
    "not executed"; a committing command needs a proof instead (`kkt_driver.recovery.commit`)."""
    waited = 0.0
    while True:
        try:
            return (yield from ask(request))
        except Refused as refusal:
            pause = (yield from ride_out(refusal)) if waited < patience_s else None
            if pause is None:
                raise
            waited += pause


def ride_out(refusal: Refused) -> Procedure[float | None]:
    """Wait out a transient refusal; the seconds waited, or None when it is not one."""
    if refusal.code == BUSY:
        yield Pause(BUSY_PAUSE_S)
        return BUSY_PAUSE_S
    if refusal.code == AWAITS_CONTINUE:
        return REPRINT_S if (yield from continue_printing()) else None
    if refusal.code == BUFFER_FULL:  # passing only while no receipt is open
        if (yield from ask(ShortStatus())).mode == 8:
            return None
        yield Pause(BUFFER_PAUSE_S)
        return BUFFER_PAUSE_S
    return None


def continue_printing() -> Procedure[bool]:
    """B0h, and wait until the paper is out; False when it cannot come out now. 72h means that it was done already."""
    try:
        yield from ask(ContinuePrinting())
    except Refused as refusal:
        if refusal.code != WRONG_SUBMODE:
            return False
    return (yield from printed())


def printed(*, patience_s: float = PATIENCE_S) -> Procedure[bool]:
    """Wait for submode 0; False when paper is missing or printing is stuck."""
    waited = 0.0
    while True:
        submode = (yield from ask(ShortStatus())).submode
        if submode == 0:
            return True
        if submode in (1, 2, 3) or waited >= patience_s:
            return False
        yield Pause(BUSY_PAUSE_S)
        waited += BUSY_PAUSE_S


def pieces(*, password: int = 30) -> Procedure[list[bytes]]:
    """FF3Bh to its end (08h or an empty answer): the rest of a document that FF3Ah chose."""
    found: list[bytes] = []
    size = 0
    while True:
        try:
            block = yield from ask(ReadDocument(password=password))
        except Refused as refusal:
            if refusal.code == 0x08:
                return found
            raise
        if not block.data:
            return found
        size += len(block.data)
        if size > DOCUMENT_SIZE_MAX:
            raise Malformed(f"the document that FF3B reads is longer than {DOCUMENT_SIZE_MAX} bytes")
        found.append(block.data)


def drain() -> Procedure[None]:
    """Leave mode 1: read to its end the document that somebody began to read."""
    try:
        yield from pieces()
    except Refused:
        return


def cure(mode: int, *, clock: datetime | None) -> Procedure[bool]:
    """Do what a register in `mode` waits for; False when nothing can be done (mode 9 needs the wall clock)."""
    match mode:
        case 1:
            yield from drain()
        case 6:
            date = (yield from ask(FullStatus())).date
            yield from ask(ConfirmDate(date=date))
        case 9 if clock is not None:
            yield from ask(TechnologicalReset())
            yield from _set_clock(clock)
        case 10:
            yield from ask(StopTest())
        case _:
            return False
    return True


def _set_clock(clock: datetime) -> Procedure[Any]:
    yield from ask(SetTime(time=clock.time()))
    yield from ask(SetDate(date=clock.date()))
    yield from ask(ConfirmDate(date=clock.date()))
