"""One look at a register that may have executed a command: its counters, and every document after F0 judged.

A document is ours, another's, or in doubt; in doubt means that nothing proves either, and a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ffd import tlv
from ffd.errors import FfdError
from kkt_driver.commands import (
    DriveStatus,
    FindDocumentReply,
    ShortStatus,
    Subtotal,
)
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Refused
from kkt_driver.intents import CashCounters, Intent, fingerprint_of_document
from kkt_driver.procedures.documents import document, find
from kkt_driver.procedures.identity import read_serial, read_shift
from kkt_driver.recovery.cash import cash_moved, read_cash
from kkt_driver.recovery.tables import Advance, Facts, Found, action_of

__all__ = ["DOCUMENTS_MAX", "OWN_KEY_NAME", "Judged", "Look", "facts_of", "judge_documents", "look_at"]

OWN_KEY_NAME = "job"
"""1085 beside our own key in 1086, so that nobody takes a shop's attribute for it."""

DOCUMENTS_MAX = 100
"""Documents after F0 that are still worth reading one by one; more means that somebody else used the register."""

NO_DATA = 0x08
RECEIPT_OPEN = 8
READING_OUT = 1


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Everything asked in one round."""

    serial: str
    drive: str
    phase: int
    mode: int
    submode: int
    operations: int
    subtotal: int | None
    last_document: int
    current_document: int
    shift_open: bool
    shift: int
    receipt: int
    cash: CashCounters | None = None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A document after F0 and whether it is the one of the intent (None: nothing proves either)."""

    number: int
    form: int
    ours: bool | None
    why: str
    moment: datetime | None = None
    sign: int = 0
    shift: int | None = None
    receipt: int | None = None
    operation: int | None = None
    total: int | None = None


def look_at(intent: Intent) -> Procedure[Look]:
    """Reads that work in any mode and submode."""
    short = yield from ask(ShortStatus())
    drive = yield from ask(DriveStatus())
    shift = yield from read_shift()
    serial = (yield from read_serial()) if intent.serial else ""
    total: int | None = None
    if short.mode == RECEIPT_OPEN:
        try:
            total = (yield from ask(Subtotal())).total
        except Refused:
            total = None
    cash = (yield from read_cash(intent.action)) if intent.cash is not None else None
    return Look(
        serial=serial,
        drive=drive.drive,
        phase=drive.phase,
        mode=short.mode,
        submode=short.submode,
        operations=short.operations,
        subtotal=total,
        last_document=drive.last_document,
        current_document=drive.current_document,
        shift_open=bool(shift.open),
        shift=shift.shift,
        receipt=shift.receipt,
        cash=cash,
    )


def facts_of(intent: Intent, look: Look, judged: Sequence[Judged]) -> Facts:
    """What a look says, in the words of the decision tables."""
    moved = look.last_document - intent.last_document
    return Facts(
        same_device=_same_device(intent, look),
        mode=look.mode,
        advance=Advance.BACK if moved < 0 else Advance.MOVED if moved else Advance.NONE,
        found=_found(intent, look, judged),
        left_open=look.current_document != 0,
        own_receipt_open=look.mode == RECEIPT_OPEN
        and intent.fingerprint is not None
        and look.operations == len(intent.fingerprint.items)
        and look.subtotal == intent.fingerprint.total,
    )


def _same_device(intent: Intent, look: Look) -> bool:
    return look.drive == intent.drive and look.serial == intent.serial


def _found(intent: Intent, look: Look, judged: Sequence[Judged]) -> Found:
    if not action_of(intent.action).forms:
        return cash_moved(intent, look.cash)
    ours = sum(one.ours is True for one in judged)
    if ours:
        return Found.OURS if ours == 1 else Found.SEVERAL
    unread = look.last_document - intent.last_document > DOCUMENTS_MAX
    return Found.DOUBT if unread or any(one.ours is None for one in judged) else Found.NONE


# --- documents after F0 --------------------------------------------------------------------------------------------


def judge_documents(intent: Intent, look: Look) -> Procedure[list[Judged]]:
    """Judge every document after F0; none when another device answers or one is being read out just now."""
    first, last = intent.last_document + 1, look.last_document
    forms = action_of(intent.action).forms
    if not forms or not _same_device(intent, look) or look.mode == READING_OUT or last - first >= DOCUMENTS_MAX:
        return []
    records: dict[int, FindDocumentReply | None] = {}
    for number in range(first, last + 1):
        records[number] = yield from find(number)
    alone = sum(record is None or record.type in forms for record in records.values()) == 1
    judged: list[Judged] = []
    for number, record in records.items():
        if record is None or record.document != number:
            judged.append(Judged(number=number, form=0, ours=None, why="the archive does not give it"))
            continue
        by_place = alone and number == first
        one = _as_kept(record)
        if record.type not in forms:
            judged.append(msgspec.structs.replace(one, ours=False, why=f"form {record.type} is never {intent.action}"))
        elif intent.action == "receipt" or intent.own_key:
            judged.append((yield from _judge_by_content(intent, record, one, by_place=by_place)))
        else:
            judged.append(_judge_report(intent, record, one, by_place=by_place))
    return judged


def _as_kept(record: FindDocumentReply) -> Judged:
    return Judged(
        number=record.document,
        form=record.type,
        ours=None,
        why="",
        moment=record.moment,
        sign=record.sign,
        operation=record.operation,
        total=record.total,
        shift=record.shift,
    )


def _judge_report(intent: Intent, record: FindDocumentReply, one: Judged, *, by_place: bool) -> Judged:
    """Of the right form: by shift number, by being the only one a drive ever has, or by sum and place."""
    replace = msgspec.structs.replace
    if intent.action in ("shift_open", "shift_close"):
        opening = intent.action == "shift_open"
        expected = intent.shift + 1 if opening else intent.shift
        why = f"form {record.type}, shift {record.shift}"
        return replace(one, ours=record.shift == expected, why=why, receipt=0 if opening else intent.receipt)
    if action_of(intent.action).once:
        return replace(one, ours=True, why=f"form {record.type} exists once in a drive")
    if intent.fingerprint is not None and not _same_sum(intent, record):
        return replace(one, ours=False, why="another operation or total")
    if by_place:
        return replace(one, ours=True, why="it is the next document, and the only one of its form")
    return replace(one, ours=None, why="one of its form, though not the next document or not the only one")


def _judge_by_content(
    intent: Intent, record: FindDocumentReply, judged: Judged, *, by_place: bool
) -> Procedure[Judged]:
    """Own key first, content second, place last: an equal twin without our key is ours only at F0+1 and alone."""
    replace = msgspec.structs.replace
    try:
        content = yield from document(record.document)
    except Refused as refusal:
        if refusal.code != NO_DATA:
            raise
        return replace(judged, ours=None, why="the archive keeps its content no longer")
    try:
        fields = tlv.decode(content)
        whole = _number(fields, 1040) == record.document and (
            intent.action != "receipt" or tlv.find(fields, 1059) is not None
        )
        equal = intent.fingerprint is not None and fingerprint_of_document(content) == intent.fingerprint
        key, shift, receipt = _own_key(fields), _number(fields, 1038), _number(fields, 1042)
    except (FfdError, ValueError, TypeError, ArithmeticError) as error:
        return replace(judged, ours=None, why=f"its content cannot be read: {error}")
    judged = replace(judged, shift=shift, receipt=receipt)
    if not whole and (key is None or key != intent.own_key):
        return replace(judged, ours=None, why="the archive gives only a part of it")
    ours, why = _compare(intent, record, key=key, equal=equal, by_place=by_place)
    return replace(judged, ours=ours, why=why)


def _compare(
    intent: Intent, record: FindDocumentReply, *, key: str | None, equal: bool, by_place: bool
) -> tuple[bool | None, str]:
    same_sum = equal or _same_sum(intent, record)
    if intent.own_key:
        if key == intent.own_key:
            return True, "it carries our key" + ("" if equal else ", though its content differs")
        if key is not None:
            return False, "it carries another job's key"
        if same_sum:
            return None, "the same operation and total without our key"
        return False, "another operation or total, and it does not carry our key"
    if not same_sum:
        return None, "another operation or total, and no key of ours proves that it is not ours"
    if not equal:
        return None, "the same operation and total, other content"
    if by_place:
        return True, "the same content, and it is the next receipt and the only one after F0"
    return None, "an equal receipt, though not the next document or not the only one"


def _same_sum(intent: Intent, record: FindDocumentReply) -> bool:
    """Whether operation and total may be the same: old drives give a shorter tail, without them."""
    mark = intent.fingerprint
    if mark is None or record.operation is None or record.total is None:
        return True
    return (record.operation, record.total) == (mark.operation, mark.total)


def _own_key(fields: Sequence[tlv.Tlv]) -> str | None:
    """1086 where 1085 says that it is ours."""
    attribute = tlv.find(fields, 1084)
    if attribute is None or isinstance(attribute.value, bytes):
        return None
    name, value = tlv.find(attribute.value, 1085), tlv.find(attribute.value, 1086)
    if name is None or value is None or tlv.value(name) != OWN_KEY_NAME:
        return None
    return str(tlv.value(value))


def _number(fields: Sequence[tlv.Tlv], tag: int) -> int | None:
    found = tlv.find(fields, tag)
    return int(tlv.value(found)) if found is not None else None
