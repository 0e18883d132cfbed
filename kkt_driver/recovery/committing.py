"""Sending a committing command: its intent durable before, and a failure answer proved before it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from kkt_driver.commands import DriveStatus, DriveStatusReply, Request, ShortStatus, ShortStatusReply, Subtotal
from kkt_driver.effects import Exchange, Procedure, Record, ask
from kkt_driver.errors import LineLost, Malformed, OutcomeUnknown, Refused
from kkt_driver.intents import CashCounters, Intent
from kkt_driver.procedures.patience import PATIENCE_S, ride_out
from kkt_driver.recovery.cash import read_cash
from kkt_driver.recovery.proofs import not_registered
from kkt_driver.recovery.tables import action_of
from kkt_driver.recovery.undoing import cancel_receipt, drop_document
from kkt_driver.verdicts import Evidence, NotRegistered

__all__ = ["PRINTING", "commit", "issue", "issue_again"]

R = TypeVar("R", bound=msgspec.Struct)

BUSY_PAUSE_S = 1.0
PRINTING = frozenset((0x50, 0x58))
"""Refusals of a register that is still printing the previous document."""


def commit(request: Request[R], intent: Intent) -> Procedure[tuple[R, Intent]]:
    """Record `intent`, send the committing `request`, and give back its answer and the intent as it was stored.

    * An answer: the caller still compares its document number with F0 + 1.
    * Refused: it was not executed, `proof` of the refusal says why that is certain, and nothing is left open.
    * OutcomeUnknown: everything else. Only `resolve` may go on.
    """
    action_of(intent.action)  # what nobody could resolve must not be sent
    intent = yield Record(intent)
    waited = 0.0
    sending = issue(request, intent)
    try:
        while True:
            try:
                return (yield from sending), intent
            except Refused as refusal:
                if refusal.code not in PRINTING or waited >= PATIENCE_S:
                    refusal.proof = yield from _undone(intent, refusal)
                    raise
                proof = yield from _untouched(intent, refusal)
                waited += yield from _wait_for_paper(intent, refusal)
                sending = issue_again(request, proof)
    except (LineLost, Malformed) as error:
        raise OutcomeUnknown(intent, str(error)) from error


def issue(request: Request[R], intent: Intent) -> Procedure[R]:
    """A committing command goes out for the first time, by its intent as it was recorded."""
    return cast(R, (yield Exchange(request, licence=intent)))


def issue_again(request: Request[R], proof: NotRegistered) -> Procedure[R]:
    """It goes out once more, by the proof that the time before left nothing."""
    return cast(R, (yield Exchange(request, licence=proof)))


def _wait_for_paper(intent: Intent, refusal: Refused) -> Procedure[float]:
    try:
        return (yield from ride_out(refusal)) or BUSY_PAUSE_S
    except Refused as error:
        raise OutcomeUnknown(intent, str(error)) from error


def _untouched(intent: Intent, refusal: Refused) -> Procedure[NotRegistered]:
    """Proof that a register which answers "still printing" did not execute: counters, drive and mode are as before."""
    short, drive, cash = yield from _counters(intent)
    if not _as_before(intent, drive, cash) or short.mode not in action_of(intent.action).before:
        raise OutcomeUnknown(intent, str(refusal)) from refusal
    return _proof(intent, refusal, short.mode, drive)


def _undone(intent: Intent, refusal: Refused) -> Procedure[NotRegistered]:
    """Proof that a failure answer left nothing, with whatever was open undone; OutcomeUnknown when it did not.

    The answer came to our own frame, so nothing of ours is on its way any more and no quiescence is needed.
    """
    short, drive, cash = yield from _counters(intent)
    undone: list[str] = []
    if _as_before(intent, drive, cash):
        refusal.incomplete = yield from _incomplete(intent, refusal, short.mode)
        if short.mode == 8 and intent.action == "receipt":
            undone.append((yield from cancel_receipt()))
        elif short.mode != 8 and drive.current_document:
            undone.append((yield from drop_document()))
        if undone:
            short, drive, cash = yield from _counters(intent)
    left_open = intent.action == "receipt" if short.mode == 8 else drive.current_document != 0
    if left_open or not _as_before(intent, drive, cash):
        raise OutcomeUnknown(intent, str(refusal)) from refusal
    return _proof(intent, refusal, short.mode, drive, undone)


def _incomplete(intent: Intent, refusal: Refused, mode: int) -> Procedure[bool]:
    """Whether a register that blames the receipt may have had another one than ours: a power cut between two items
    leaves the rest of them as a receipt of its own. One that does not have it any more was restarted since: what it
    refused cannot be told, so the shop is not blamed for it."""
    if refusal.meaning.disposition != "content" or intent.fingerprint is None:
        return False
    if mode != 8:
        return True
    try:
        total = (yield from ask(Subtotal())).total
    except Refused:
        return True
    return total != intent.fingerprint.total


def _as_before(intent: Intent, drive: DriveStatusReply, cash: CashCounters | None) -> bool:
    return (drive.drive, drive.last_document, cash) == (intent.drive, intent.last_document, intent.cash)


def _counters(intent: Intent) -> Procedure[tuple[ShortStatusReply, DriveStatusReply, CashCounters | None]]:
    """FF01h, 10h and the cash counters after a failure answer; a refusal of these leaves the outcome unknown."""
    try:
        drive = yield from ask(DriveStatus())
        short = yield from ask(ShortStatus())
        cash = (yield from read_cash(intent.action)) if intent.cash is not None else None
    except Refused as error:
        raise OutcomeUnknown(intent, str(error)) from error
    return short, drive, cash


def _proof(
    intent: Intent, refusal: Refused, mode: int, drive: DriveStatusReply, undone: Sequence[str] = ()
) -> NotRegistered:
    evidence: Evidence = {
        "intent": msgspec.to_builtins(intent),
        "refusal": refusal.code,
        "mode": mode,
        "last_document": drive.last_document,
        "undone": list(undone),
    }
    reason = f"{refusal.command} was refused with {refusal.code:02X}h and the counters did not move"
    return not_registered(intent, reason, evidence)
