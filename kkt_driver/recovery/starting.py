"""Making a register ready for work, when nothing on it is unresolved."""

from __future__ import annotations

from datetime import datetime

from kkt_driver.commands import CancelDocument, CancelReceipt
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Misuse
from kkt_driver.intents import Intent
from kkt_driver.procedures.identity import State, read_state
from kkt_driver.procedures.patience import continue_printing, cure, patiently, printed

__all__ = ["startup"]

ROUNDS_MAX = 12
"""Abnormal states that may hide one behind the other."""


def startup(state: State, *, unresolved: Intent | None, clock: datetime | None = None) -> Procedure[State]:
    """Make a register ready for work: orphan receipts and documents go, waiting paper is finished.

    Never with an unresolved intent: its receipt may be the one that is open, and only `resolve` may touch it. A shift
    over 24 hours (mode 3) is left to the caller, who closes it with an intent of its own.
    """
    if unresolved is not None:
        raise Misuse(f"job {unresolved.job} is unresolved: resolve it before anything on the register is put in order")
    for _ in range(ROUNDS_MAX):
        if state.mode in (1, 6, 9, 10):
            if not (yield from cure(state.mode, clock=clock)):
                return state
        elif state.mode == 8:
            yield from patiently(CancelReceipt())
        elif state.current_document:
            yield from ask(CancelDocument())
        elif state.submode == 3:
            if not (yield from continue_printing()):
                return (yield from read_state())
        elif state.submode in (4, 5):
            if not (yield from printed()):
                return (yield from read_state())
        else:
            return state
        state = yield from read_state()
    return state
