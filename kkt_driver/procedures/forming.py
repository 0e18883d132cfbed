"""One fiscal document that is not a receipt: begin it, give it its fields, form it, and read it in the archive.

All of them go the same way, so what differs is an argument: the command that begins the document (if any), its fields,
the command that forms it. The archive bears every one out: they are rare, and one more exchange costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from ffd import tlv
from ffd.errors import FfdError
from kkt_driver.commands import (
    CancelDocument,
    Done,
    DriveStatus,
    FindDocumentReply,
    Request,
    SendTlv,
    command_of,
    encode_request,
)
from kkt_driver.effects import Procedure, Quiesce, ask
from kkt_driver.errors import DriverError, LineLost, Malformed, Misuse, OutcomeUnknown, Refused, StoreDamaged
from kkt_driver.intents import Fingerprint, Intent
from kkt_driver.procedures.documents import find
from kkt_driver.procedures.identity import Identity, State, expect_drive, read_shift, read_state
from kkt_driver.procedures.patience import patiently
from kkt_driver.recovery import commit
from kkt_driver.recovery.tables import action_of
from kkt_driver.verdicts import Evidence, NotRegistered, Registered

__all__ = ["TLV_MAX", "Formed", "blocks", "drop_begun", "form", "in_one_piece"]

R = TypeVar("R", bound=msgspec.Struct)

TLV_MAX = 250
"""Bytes of fields that one FF0Ch carries."""

NOTHING_BEGUN = frozenset((0x02, 0x37, 0x73))
"""Refusals of FF08h when there is no document to drop."""


class Formed(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """The register's answer, what the archive says of the document, and the intent as it was stored."""

    answer: R
    record: FindDocumentReply
    moment: datetime
    intent: Intent

    def registered(self, *, shift: int | None = None, receipt: int | None = None) -> Registered:
        return Registered(**self.parts(shift=shift, receipt=receipt))

    def parts(self, *, shift: int | None = None, receipt: int | None = None) -> dict[str, Any]:
        """What a verdict says; shift and receipt as before the document unless given."""
        intent = self.intent
        evidence: Evidence = {
            "by": "answer and archive",
            "command": intent.command,
            "last_document": intent.last_document,
        }
        return {
            "action": intent.action,
            "document": self.record.document,
            "sign": self.record.sign,
            "moment": self.moment,
            "shift": intent.shift if shift is None else shift,
            "receipt": intent.receipt if receipt is None else receipt,
            "serial": intent.serial,
            "drive": intent.drive,
            "evidence": evidence,
        }


def form(
    request: Request[R],
    *,
    action: str,
    job: str,
    identity: Identity,
    again: NotRegistered | None = None,
    begin: Request[Done] | None = None,
    fields: Iterable[tlv.Tlv] = (),
    fingerprint: Fingerprint | None = None,
    shift_moves: int = 0,
    password: int = 30,
) -> Procedure[Formed[R]]:
    """Form one document of `action` (see `recovery.tables`) and check it against the archive.

    Refused: no document exists and nothing is left begun. LineLost before the forming command: no document exists, but
    one may be begun (`drop_begun`). OutcomeUnknown: only `recovery.resolve` may go on. Misuse: nothing was sent.
    """
    if again is not None and (again.intent.job, again.intent.action) != (job, action):
        raise Misuse(f"the proof is about {again.intent.action} of job {again.intent.job}, this is {action} of {job}")
    sent_before = _opening(begin, fields, password)
    for one in (*sent_before, request):
        encode_request(one)
    try:
        for one in sent_before:
            yield from patiently(one)
        drive = yield from ask(DriveStatus(password=password))
        expect_drive(drive.drive, identity)
        shift = yield from read_shift(password=password)
    except LineLost:
        raise
    except DriverError as error:
        yield from _undo(error, sent_before, password)
        raise
    intent = Intent(
        job=job,
        action=action,
        command=command_of(request).hex,
        serial=identity.serial,
        drive=identity.drive,
        last_document=drive.last_document,
        shift=shift.shift,
        receipt=shift.receipt,
        fingerprint=fingerprint,
    )
    try:
        answer, intent = yield from commit(request, intent)
    except (Misuse, StoreDamaged) as error:  # the intent could not be made durable, so nothing was formed
        yield from _undo(error, sent_before, password)
        raise
    record = yield from _archived(intent, answer, shift_moves)
    assert record.moment is not None
    return Formed(answer=answer, record=record, moment=record.moment, intent=intent)


def _opening(begin: Request[Done] | None, fields: Iterable[tlv.Tlv], password: int) -> tuple[Request[Any], ...]:
    try:
        given = [SendTlv(password=password, tlv=block) for block in blocks(fields, TLV_MAX)]
    except FfdError as error:
        raise Misuse(f"the document has no bytes: {error}") from error
    if given and begin is None:
        raise Misuse("fields need a document that was begun")
    return () if begin is None else (begin, *given)


def _archived(intent: Intent, answer: msgspec.Struct, shift_moves: int) -> Procedure[FindDocumentReply]:
    """The archive's record of F0 + 1; anything else than our document there leaves the outcome unknown."""
    expected = intent.last_document + 1
    told = getattr(answer, "document", expected)
    if told != expected:
        raise OutcomeUnknown(intent, f"the answer tells of document {told}")
    try:
        record = yield from find(expected)
    except (LineLost, Refused, Malformed) as error:
        raise OutcomeUnknown(intent, str(error)) from error
    sign = getattr(answer, "sign", None)
    if (
        record is None
        or record.moment is None
        or (record.document, record.type in action_of(intent.action).forms) != (expected, True)
        or sign not in (None, record.sign)
        or record.shift not in (None, intent.shift + shift_moves)
    ):
        raise OutcomeUnknown(intent, "the archive does not bear the answer out")
    return record


def _undo(error: DriverError, begun: Sequence[Request[Any]], password: int) -> Procedure[None]:
    """FF08h after a failure before the forming; that it could not be done is told, the failure itself stays."""
    if not begun:
        return
    try:
        yield from ask(CancelDocument(password=password))
    except Refused as refusal:
        if refusal.code not in NOTHING_BEGUN:
            error.add_note(f"FF08h was refused with {refusal.code:02X}h: the document may still be begun")
    except DriverError as failure:
        error.add_note(f"the document may still be begun: {failure}")


def drop_begun(*, lost: str | None = None, password: int = 30) -> Procedure[State]:
    """Undo a document that was begun and never formed: the forming command was not sent, so none can exist.

    `lost` is the command whose answer was lost (hex code): what was sent for it may still arrive. Never for a job with
    an unresolved intent; that is `recovery.resolve`'s.
    """
    if lost is not None:
        yield Quiesce(lost)
    state = yield from read_state(password=password)
    if state.current_document and state.mode != 8:
        yield from ask(CancelDocument(password=password))
        state = yield from read_state(password=password)
    return state


def blocks(fields: Iterable[tlv.Tlv], size_max: int) -> Iterator[bytes]:
    """Whole fields, as many as fit: a field must not be split over two commands."""
    block = b""
    for field in fields:
        data = in_one_piece(field, size_max)
        if len(block) + len(data) > size_max:
            yield block
            block = b""
        block += data
    if block:
        yield block


def in_one_piece(field: tlv.Tlv, size_max: int) -> bytes:
    """A field's bytes; Misuse when one command cannot carry them."""
    data = tlv.encode((field,))
    if len(data) > size_max:
        raise Misuse(f"tag {field.tag} takes {len(data)} bytes, one command carries {size_max}")
    return data
