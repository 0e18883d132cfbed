"""Opening and closing a shift: commands whose answer carries no document, so the archive gives the evidence."""

from __future__ import annotations

from kkt_driver.commands import DriveStatus, OpenShift, OperatorReply, Request, ShiftParameters, ZReport
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import LineLost, Malformed, Misuse, OutcomeUnknown, Refused
from kkt_driver.intents import Intent
from kkt_driver.procedures.documents import find
from kkt_driver.procedures.identity import Identity, State, expect_drive
from kkt_driver.recovery import commit
from kkt_driver.verdicts import NotRegistered, ShiftDone

__all__ = ["close_shift", "open_shift"]


def open_shift(
    *, job: str, identity: Identity, state: State, again: NotRegistered | None = None, password: int = 30
) -> Procedure[ShiftDone]:
    """E0h. It may take two minutes while the drive fetches marking keys; the same errors as `receipt`."""
    del state  # FF40h is asked: a shift is opened once a day, and its number must be sure
    return _shift(OpenShift(password=password), "shift_open", "E0", job, identity, again, password)


def close_shift(
    *, job: str, identity: Identity, state: State, again: NotRegistered | None = None, password: int = 30
) -> Procedure[ShiftDone]:
    """41h, the only way out of mode 3; the same errors as `receipt`."""
    del state
    return _shift(ZReport(password=password), "shift_close", "41", job, identity, again, password)


def _shift(
    request: Request[OperatorReply],
    action: str,
    command: str,
    job: str,
    identity: Identity,
    again: NotRegistered | None,
    password: int,
) -> Procedure[ShiftDone]:
    if again is not None and (again.intent.job, again.intent.action) != (job, action):
        raise Misuse(f"the proof is about {again.intent.action} of job {again.intent.job}, this is {action} of {job}")
    drive = yield from ask(DriveStatus(password=password))
    expect_drive(drive.drive, identity)
    shift = yield from ask(ShiftParameters(password=password))
    intent = Intent(
        job=job,
        action=action,
        command=command,
        serial=identity.serial,
        drive=identity.drive,
        last_document=drive.last_document,
        shift=shift.shift,
        receipt=shift.receipt,
    )
    _, intent = yield from commit(request, intent)
    try:
        record = yield from find(intent.last_document + 1, password=password)
    except (LineLost, Refused, Malformed) as error:
        raise OutcomeUnknown(intent, str(error)) from error
    form, number = (2, intent.shift + 1) if action == "shift_open" else (5, intent.shift)
    if record is None or record.moment is None or (record.type, record.shift) != (form, number):
        raise OutcomeUnknown(intent, "the archive does not bear the answer out")
    return ShiftDone(
        action=action,
        document=record.document,
        sign=record.sign,
        moment=record.moment,
        shift=number,
        receipt=0 if action == "shift_open" else intent.receipt,
        serial=identity.serial,
        drive=identity.drive,
        evidence={"by": "answer and archive", "command": command, "last_document": intent.last_document},
    )
