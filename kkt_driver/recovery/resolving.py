"""From an open intent to a verdict: look, decide by the tables, clear what stands in the way, look again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from kkt_driver.effects import Executed, Pause, Procedure, Quiesce
from kkt_driver.errors import DriverError, LineLost, Malformed, OutcomeUnknown, Refused
from kkt_driver.intents import Intent
from kkt_driver.procedures.patience import continue_printing, cure
from kkt_driver.recovery.looking import DOCUMENTS_MAX, Judged, Look, facts_of, judge_documents, look_at
from kkt_driver.recovery.proofs import not_registered
from kkt_driver.recovery.tables import NEEDS_NO_QUIET, Row, Step, decide, rows_of
from kkt_driver.recovery.undoing import cancel_receipt, drop_document
from kkt_driver.verdicts import Ambiguous, CashDone, Evidence, Registered, ShiftDone, Verdict

__all__ = ["DOCUMENTS_MAX", "ROUNDS_MAX", "resolve"]

ROUNDS_MAX = 12
"""Looks at one register before the question is put off: each round either decides or cures something."""

BUSY_PAUSE_S = 1.0


def resolve(intent: Intent, *, clock: datetime | None = None) -> Procedure[Verdict]:
    """Find out what became of `intent`. OutcomeUnknown means "not decidable yet": ask again later, nothing else.

    `clock` is the wall clock at the register, needed only to cure mode 9 (a register that lost its memory).
    """
    rows = rows_of(intent.action)
    try:
        return (yield from _resolve(intent, rows, clock))
    except (LineLost, Refused, Malformed) as error:
        raise OutcomeUnknown(intent, f"asking the register failed: {error}") from error


def _resolve(intent: Intent, rows: Sequence[Row], clock: datetime | None) -> Procedure[Verdict]:
    """Nobody is troubled for a single look: of damaged answers one in 256 passes its check sum."""
    looks: list[Evidence] = []
    row: Row | None = None
    evidence: Evidence = {"intent": msgspec.to_builtins(intent), "looks": looks, "quiet": False}
    for _ in range(ROUNDS_MAX):
        look = yield from look_at(intent)
        judged = yield from judge_documents(intent, look)
        before, row = row, decide(rows, facts_of(intent, look, judged))
        looks.append({**msgspec.to_builtins(look), "documents": msgspec.to_builtins(judged), "row": row.name})
        if not evidence["quiet"] and row.step not in NEEDS_NO_QUIET:
            yield Quiesce(intent.command)
            evidence["quiet"] = True
            continue
        evidence["foreign"] = [one.number for one in judged if one.ours is False]
        match row.step:
            case Step.REGISTERED | Step.REGISTERED_CANCEL:
                if row.step is Step.REGISTERED_CANCEL:
                    evidence["cancelled"] = yield from cancel_receipt()
                return (yield from _done(intent, look, judged, evidence))
            case Step.NOT_REGISTERED:
                return not_registered(intent, row.name, evidence)
            case Step.AMBIGUOUS if row is before:
                return Ambiguous(intent=intent, reason=row.name, evidence=evidence)
            case Step.CURE:
                if not (yield from cure(look.mode, clock=clock)):
                    raise OutcomeUnknown(intent, f"mode {look.mode} needs the wall clock to be cured")
            case Step.CANCEL:
                evidence["cancelled"] = yield from cancel_receipt()
            case Step.DROP:
                evidence["dropped"] = yield from drop_document()
            case Step.WAIT:
                yield Pause(BUSY_PAUSE_S)
    raise OutcomeUnknown(intent, f"{ROUNDS_MAX} looks did not decide it")


def _done(intent: Intent, look: Look, judged: Sequence[Judged], evidence: Evidence) -> Procedure[Verdict]:
    """It was executed whatever follows: printing is finished where it can be, and is never a reason to fail."""
    yield Executed(intent.command)
    paper_pending = look.submode in (2, 3)
    if look.submode == 3:
        try:
            paper_pending = not (yield from continue_printing())
        except DriverError as error:
            evidence["printing"] = str(error)
    common: dict[str, Any] = {
        "action": intent.action,
        "serial": intent.serial,
        "drive": intent.drive,
        "evidence": evidence,
        "paper_pending": paper_pending,
    }
    if look.cash is not None:
        return CashDone(amount=intent.amount, drawer=look.cash.drawer, number=look.cash.number, **common)
    (ours,) = (one for one in judged if one.ours)
    if ours.moment is None:
        return Ambiguous(intent=intent, reason="our document has no readable moment", evidence=evidence)
    receipts_before = intent.receipt + (intent.action in ("receipt", "correction"))
    made = ShiftDone if intent.action in ("shift_open", "shift_close") else Registered
    return made(
        document=ours.number,
        sign=ours.sign,
        moment=ours.moment,
        shift=intent.shift if ours.shift is None else ours.shift,
        receipt=receipts_before if ours.receipt is None else ours.receipt,
        **common,
    )
