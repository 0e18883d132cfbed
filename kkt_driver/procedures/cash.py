"""Money put into the drawer and taken out (50h, 51h): no document, so the register's counters give the evidence."""

from __future__ import annotations

from typing import Literal

from kkt_driver.commands import CashIn, CashOut, DriveStatus
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import LineLost, Malformed, Misuse, OutcomeUnknown, Refused
from kkt_driver.intents import CashCounters, Intent
from kkt_driver.procedures.identity import Identity, expect_drive, read_shift
from kkt_driver.recovery import commit
from kkt_driver.recovery.cash import cash_moved, read_cash
from kkt_driver.recovery.tables import Found
from kkt_driver.verdicts import CashDone, NotRegistered

__all__ = ["cash_in", "cash_out"]


def cash_in(
    amount: int, *, job: str, identity: Identity, again: NotRegistered | None = None, password: int = 30
) -> Procedure[CashDone]:
    """Put `amount` kopecks into the drawer (50h), once. The same errors as `receipt`; 37h: this firmware has none of it
    under format 1.2."""
    return _move("cash_in", amount, job, identity, again, password)


def cash_out(
    amount: int, *, job: str, identity: Identity, again: NotRegistered | None = None, password: int = 30
) -> Procedure[CashDone]:
    """Take `amount` kopecks out of the drawer (51h), once; 46h refuses a payout above what it holds."""
    return _move("cash_out", amount, job, identity, again, password)


def _move(
    direction: Literal["cash_in", "cash_out"],
    amount: int,
    job: str,
    identity: Identity,
    again: NotRegistered | None,
    password: int,
) -> Procedure[CashDone]:
    if amount <= 0:
        raise Misuse(f"{amount} kopecks cannot be moved: an amount is above zero")
    if again is not None and (again.intent.job, again.intent.action) != (job, direction):
        raise Misuse(
            f"the proof is about {again.intent.action} of job {again.intent.job}, this is {direction} of {job}"
        )
    drive = yield from ask(DriveStatus(password=password))
    expect_drive(drive.drive, identity)
    shift = yield from read_shift(password=password)
    before = yield from read_cash(direction, password=password)
    request = (
        CashIn(password=password, amount=amount)
        if direction == "cash_in"
        else CashOut(password=password, amount=amount)
    )
    intent = Intent(
        job=job,
        action=direction,
        command="50" if direction == "cash_in" else "51",
        serial=identity.serial,
        drive=identity.drive,
        last_document=drive.last_document,
        shift=shift.shift,
        receipt=shift.receipt,
        amount=amount,
        cash=before,
    )
    _, intent = yield from commit(request, intent)
    try:
        now: CashCounters = yield from read_cash(direction, password=password)
    except (LineLost, Refused, Malformed) as error:
        raise OutcomeUnknown(intent, str(error)) from error
    if cash_moved(intent, now) is not Found.OURS:
        raise OutcomeUnknown(intent, "the counters do not bear the answer out")
    return CashDone(
        action=direction,
        amount=amount,
        drawer=now.drawer,
        number=now.number,
        serial=identity.serial,
        drive=identity.drive,
        evidence={"by": "answer and counters", "command": intent.command, "number": now.number, "drawer": now.drawer},
    )
