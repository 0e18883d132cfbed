"""What became of a committing command: the question a lost or a failing answer leaves behind.

`commit` sends a committing command with its intent made durable before; `resolve` finds out later, from the register
alone, whether a document exists. What the register's answers mean is two tables (`RECEIPT_ROWS`, `SHIFT_ROWS`), read
from top to bottom. The rules behind them:

* the drive's last number grows only together with a document, so `F0`, read with the receipt open, tells where to look;
* "not registered" needs quiescence: bytes sent before may still arrive, a register may still be at work;
* a failure answer to a committing command proves nothing by itself;
* nothing but a `NotRegistered` lets a committing command be issued again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import msgspec

from ffd import tlv
from ffd.errors import FfdError
from kkt_driver.commands import (
    RECEIPT_FORMS,
    CancelDocument,
    CancelReceipt,
    DriveStatus,
    DriveStatusReply,
    FindDocumentReply,
    Request,
    ShiftParameters,
    ShortStatus,
    ShortStatusReply,
    Subtotal,
)
from kkt_driver.effects import Pause, Procedure, Quiesce, Record, ask
from kkt_driver.errors import DriverError, LineLost, Malformed, Misuse, OutcomeUnknown, Refused
from kkt_driver.intents import Intent, fingerprint_of_document
from kkt_driver.procedures.documents import document, find
from kkt_driver.procedures.identity import State, read_serial, read_state
from kkt_driver.procedures.patience import PATIENCE_S, continue_printing, cure, patiently, printed, ride_out
from kkt_driver.verdicts import (
    Ambiguous,
    Evidence,
    NotRegistered,
    Registered,
    ShiftDone,
    Verdict,
    _Seal,
)

__all__ = [
    "OWN_KEY_NAME",
    "RECEIPT_ROWS",
    "SHIFT_ROWS",
    "Advance",
    "Facts",
    "Found",
    "Row",
    "Step",
    "commit",
    "decide",
    "resolve",
    "startup",
]

R = TypeVar("R", bound=msgspec.Struct)

OWN_KEY_NAME = "job"
"""1085 beside our own key in 1086, so that nobody takes a shop's attribute for it."""

ROUNDS_MAX = 12
"""Looks at one register before the question is put off: each round either decides or cures something."""
DOCUMENTS_MAX = 100
"""Documents after F0 that are still worth reading one by one; more means that somebody else used the register."""
BUSY_PAUSE_S = 1.0
PRINTING = frozenset((0x50, 0x58))
"""Refusals of a register that is still printing the previous document."""

_SEAL = _Seal()


# --- what the answers mean -----------------------------------------------------------------------------------------


class Advance(Enum):
    """How far the drive's last number moved since the intent was recorded."""

    BACK = "went back"
    NONE = "did not move"
    MOVED = "moved"


class Found(Enum):
    """Whether a document after F0 is the one of the intent."""

    NONE = "every document after F0 is proved to be another one"
    OURS = "exactly one is ours"
    SEVERAL = "more than one is ours"
    DOUBT = "one may be ours and nothing proves it"


class Step(Enum):
    """What a row of the tables leads to."""

    REGISTERED = "registered"
    REGISTERED_CANCEL = "registered; then 88h, for the register never noticed"
    NOT_REGISTERED = "not registered"
    AMBIGUOUS = "a person decides"
    CURE = "cure the mode, look again"
    CANCEL = "88h, look again"
    DROP = "FF08h, look again"
    WAIT = "look again later"


NEEDS_NO_QUIET = frozenset((Step.REGISTERED, Step.REGISTERED_CANCEL, Step.CURE))
"""A document that exists stays one, whatever is still on its way; every other step waits until nothing is."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The register's answers, reduced to what a verdict depends on."""

    same_device: bool
    mode: int
    advance: Advance
    found: Found
    left_open: bool = False
    own_receipt_open: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a decision table: it applies when every condition that it names holds."""

    name: str
    step: Step
    same_device: bool | None = None
    modes: frozenset[int] | None = None
    advance: Advance | None = None
    found: Found | None = None
    left_open: bool | None = None
    own_receipt_open: bool | None = None

    def applies(self, facts: Facts) -> bool:
        return (
            (self.modes is None or facts.mode in self.modes)
            and self.same_device in (None, facts.same_device)
            and self.advance in (None, facts.advance)
            and self.found in (None, facts.found)
            and self.left_open in (None, facts.left_open)
            and self.own_receipt_open in (None, facts.own_receipt_open)
        )


def _modes(*modes: int) -> frozenset[int]:
    return frozenset(modes)


_FIRST = (
    Row(name="another drive or register answers", same_device=False, step=Step.AMBIGUOUS),
    Row(name="the drive's numbers went back", advance=Advance.BACK, step=Step.AMBIGUOUS),
    Row(name="a document is being read out", modes=_modes(1), step=Step.CURE),
    Row(name="more than one document is ours", found=Found.SEVERAL, step=Step.AMBIGUOUS),
)
_STUCK = (
    Row(name="the register was reset", modes=_modes(6, 9, 10), step=Step.CURE),
    Row(name="the register is at work", modes=_modes(0, 11, 12), step=Step.WAIT),
)
_LAST = (Row(name="nothing else fits", step=Step.AMBIGUOUS),)

RECEIPT_ROWS: tuple[Row, ...] = (
    *_FIRST,
    Row(
        name="committed, and the register never noticed",
        modes=_modes(8),
        found=Found.OURS,
        own_receipt_open=True,
        step=Step.REGISTERED_CANCEL,
    ),
    Row(name="registered, and another receipt is open", modes=_modes(8), found=Found.OURS, step=Step.REGISTERED),
    Row(name="registered", found=Found.OURS, step=Step.REGISTERED),
    Row(name="a document that may be ours", found=Found.DOUBT, step=Step.AMBIGUOUS),
    *_STUCK,
    Row(name="still open", modes=_modes(8), advance=Advance.NONE, step=Step.CANCEL),
    Row(name="somebody else's receipt is open", modes=_modes(8), advance=Advance.MOVED, step=Step.AMBIGUOUS),
    Row(name="left open in the drive", modes=_modes(2, 3, 4), left_open=True, step=Step.DROP),
    Row(name="the receipt is gone", modes=_modes(2, 3, 4), advance=Advance.NONE, step=Step.NOT_REGISTERED),
    Row(name="only others' documents", modes=_modes(2, 3, 4), found=Found.NONE, step=Step.NOT_REGISTERED),
    *_LAST,
)
"""Receipts: after F0 only a receipt, a strict-reporting form or a correction of one can be ours."""


def _shift_rows(*before: int, also: tuple[Row, ...] = ()) -> tuple[Row, ...]:
    return (
        *_FIRST,
        Row(name="registered", found=Found.OURS, step=Step.REGISTERED),
        Row(name="a document that may be ours", found=Found.DOUBT, step=Step.AMBIGUOUS),
        *_STUCK,
        Row(
            name="left open in the drive",
            modes=_modes(*before),
            advance=Advance.NONE,
            left_open=True,
            step=Step.DROP,
        ),
        Row(name="nothing happened", modes=_modes(*before), advance=Advance.NONE, step=Step.NOT_REGISTERED),
        *also,
        *_LAST,
    )


_RECEIPT_IN_THE_WAY = Row(
    name="a receipt is open, so the shift was not closed",
    modes=_modes(8),
    advance=Advance.NONE,
    step=Step.NOT_REGISTERED,
)

SHIFT_ROWS: dict[str, tuple[Row, ...]] = {
    "shift_open": _shift_rows(4),
    "shift_close": _shift_rows(2, 3, also=(_RECEIPT_IN_THE_WAY,)),
}
"""E0h and 41h: the document of the other form with the shift number that follows from the intent."""


def rows_of(action: str) -> tuple[Row, ...]:
    """The decision table of an intent's action."""
    rows = RECEIPT_ROWS if action == "receipt" else SHIFT_ROWS.get(action)
    if rows is None:
        raise Misuse(f"no decision table for {action!r}: receipt, shift_open and shift_close are known")
    return rows


def decide(rows: Sequence[Row], facts: Facts) -> Row:
    """The first row that applies; the last one always does."""
    return next(row for row in rows if row.applies(facts))


# --- looking -------------------------------------------------------------------------------------------------------


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Everything asked in one round."""

    serial: str
    drive: str
    mode: int
    submode: int
    operations: int
    subtotal: int | None
    last_document: int
    current_document: int
    shift_open: bool
    shift: int
    receipt: int


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


def _look(intent: Intent) -> Procedure[Look]:
    short = yield from ask(ShortStatus())
    drive = yield from ask(DriveStatus())
    shift = yield from ask(ShiftParameters())
    serial = (yield from read_serial()) if intent.serial else ""
    total: int | None = None
    if short.mode == 8:
        try:
            total = (yield from ask(Subtotal())).total
        except Refused:
            total = None
    return Look(
        serial=serial,
        drive=drive.drive,
        mode=short.mode,
        submode=short.submode,
        operations=short.operations,
        subtotal=total,
        last_document=drive.last_document,
        current_document=drive.current_document,
        shift_open=bool(shift.open),
        shift=shift.shift,
        receipt=shift.receipt,
    )


def _facts(intent: Intent, look: Look, judged: Sequence[Judged]) -> Facts:
    moved = look.last_document - intent.last_document
    ours = sum(one.ours is True for one in judged)
    doubtful = any(one.ours is None for one in judged)
    if ours:
        found = Found.OURS if ours == 1 else Found.SEVERAL
    else:
        found = Found.DOUBT if doubtful or moved > DOCUMENTS_MAX else Found.NONE
    return Facts(
        same_device=look.drive == intent.drive and look.serial == intent.serial,
        mode=look.mode,
        advance=Advance.BACK if moved < 0 else Advance.MOVED if moved else Advance.NONE,
        found=found,
        left_open=look.current_document != 0,
        own_receipt_open=look.mode == 8
        and intent.fingerprint is not None
        and look.operations == len(intent.fingerprint.items)
        and look.subtotal == intent.fingerprint.total,
    )


def _documents(intent: Intent, look: Look) -> Procedure[list[Judged]]:
    """Judge every document after F0; none when another device answers or one is being read out just now."""
    first, last = intent.last_document + 1, look.last_document
    if look.drive != intent.drive or look.serial != intent.serial or look.mode == 1 or last - first >= DOCUMENTS_MAX:
        return []
    judged: list[Judged] = []
    for number in range(first, last + 1):
        record = yield from find(number)
        if record is None or record.document != number:
            judged.append(Judged(number=number, form=0, ours=None, why="the archive does not give it"))
        elif intent.action == "receipt":
            judged.append((yield from _judge_receipt(intent, record, alone=first == last)))
        else:
            judged.append(_judge_shift(intent, record))
    return judged


SHIFT_FORMS = {"shift_open": 2, "shift_close": 5}
NO_DATA = 0x08


def _expected_shift(intent: Intent) -> int:
    return intent.shift + 1 if intent.action == "shift_open" else intent.shift


def _judge_shift(intent: Intent, record: FindDocumentReply) -> Judged:
    ours = record.type == SHIFT_FORMS[intent.action] and record.shift == _expected_shift(intent)
    return Judged(
        number=record.document,
        form=record.type,
        ours=ours,
        why=f"form {record.type}, shift {record.shift}",
        moment=record.moment,
        sign=record.sign,
        shift=record.shift,
        receipt=0 if intent.action == "shift_open" else intent.receipt,
    )


def _judge_receipt(intent: Intent, record: FindDocumentReply, *, alone: bool) -> Procedure[Judged]:
    """Own key first, content second, place last: an equal twin without our key is ours only at F0+1 and alone."""
    judged = Judged(
        number=record.document,
        form=record.type,
        ours=False,
        why=f"form {record.type} is never a receipt",
        moment=record.moment,
        sign=record.sign,
        operation=record.operation,
        total=record.total,
    )
    if record.type not in RECEIPT_FORMS:
        return judged
    try:
        content = yield from document(record.document)
    except Refused as refusal:
        if refusal.code != NO_DATA:
            raise
        return msgspec.structs.replace(judged, ours=None, why="the archive keeps its content no longer")
    try:
        fields = tlv.decode(content)
        whole = _number(fields, 1040) == record.document and tlv.find(fields, 1059) is not None
        equal = intent.fingerprint is not None and fingerprint_of_document(content) == intent.fingerprint
        key, shift, receipt = _own_key(fields), _number(fields, 1038), _number(fields, 1042)
    except (FfdError, ValueError, TypeError, ArithmeticError) as error:
        return msgspec.structs.replace(judged, ours=None, why=f"its content cannot be read: {error}")
    judged = msgspec.structs.replace(judged, shift=shift, receipt=receipt)
    if not whole and (key is None or key != intent.own_key):
        return msgspec.structs.replace(judged, ours=None, why="the archive gives only a part of it")
    ours, why = _compare(intent, record, key=key, equal=equal, alone=alone)
    return msgspec.structs.replace(judged, ours=ours, why=why)


def _compare(
    intent: Intent, record: FindDocumentReply, *, key: str | None, equal: bool, alone: bool
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
    if alone:
        return True, "the same content, and it is the only document after F0"
    return None, "an equal receipt, though not the only document after F0"


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


# --- resolving -----------------------------------------------------------------------------------------------------


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
    looks: list[Evidence] = []
    evidence: Evidence = {"intent": msgspec.to_builtins(intent), "looks": looks, "quiet": False}
    for _ in range(ROUNDS_MAX):
        look = yield from _look(intent)
        judged = yield from _documents(intent, look)
        row = decide(rows, _facts(intent, look, judged))
        looks.append({**msgspec.to_builtins(look), "documents": msgspec.to_builtins(judged), "row": row.name})
        if not evidence["quiet"] and row.step not in NEEDS_NO_QUIET:
            yield Quiesce(intent.command)
            evidence["quiet"] = True
            continue
        match row.step:
            case Step.REGISTERED | Step.REGISTERED_CANCEL:
                (ours,) = (one for one in judged if one.ours)
                if ours.moment is None:
                    return Ambiguous(intent=intent, reason="our document has no readable moment", evidence=evidence)
                if row.step is Step.REGISTERED_CANCEL:
                    evidence["cancelled"] = yield from _cancel_receipt()
                return (yield from _registered(intent, look, ours, evidence))
            case Step.NOT_REGISTERED:
                return NotRegistered(intent=intent, reason=row.name, evidence=evidence, seal=_SEAL)
            case Step.AMBIGUOUS:
                return Ambiguous(intent=intent, reason=row.name, evidence=evidence)
            case Step.CURE:
                if not (yield from cure(look.mode, clock=clock)):
                    raise OutcomeUnknown(intent, f"mode {look.mode} needs the wall clock to be cured")
            case Step.CANCEL:
                evidence["cancelled"] = yield from _cancel_receipt()
            case Step.DROP:
                evidence["dropped"] = yield from _drop_document()
            case Step.WAIT:
                yield Pause(BUSY_PAUSE_S)
    raise OutcomeUnknown(intent, f"{ROUNDS_MAX} looks did not decide it")


def _registered(intent: Intent, look: Look, ours: Judged, evidence: Evidence) -> Procedure[Registered]:
    """The document is there whatever follows: printing is finished where it can be, and is never a reason to fail."""
    paper_pending = look.submode in (2, 3)
    if look.submode == 3:
        try:
            paper_pending = not (yield from continue_printing())
        except DriverError as error:
            evidence["printing"] = str(error)
    assert ours.moment is not None
    return _done(
        intent,
        document=ours.number,
        sign=ours.sign,
        moment=ours.moment,
        shift=intent.shift if ours.shift is None else ours.shift,
        receipt=intent.receipt + 1 if ours.receipt is None else ours.receipt,
        evidence=evidence,
        paper_pending=paper_pending,
    )


def _done(intent: Intent, **fields: Any) -> Registered:
    kind = Registered if intent.action == "receipt" else ShiftDone
    return kind(action=intent.action, serial=intent.serial, drive=intent.drive, **fields)


def _cancel_receipt() -> Procedure[str]:
    """88h by the system administrator, who may always cancel; what came of it is evidence, the next look decides."""
    try:
        yield from patiently(CancelReceipt())
    except Refused as refusal:
        return f"88h: refused with {refusal.code:02X}h"
    return "88h: done"


def _drop_document() -> Procedure[str]:
    try:
        yield from ask(CancelDocument())
    except Refused as refusal:
        return f"FF08h: refused with {refusal.code:02X}h"
    return "FF08h: done"


# --- committing ----------------------------------------------------------------------------------------------------


def commit(request: Request[R], intent: Intent) -> Procedure[tuple[R, Intent]]:
    """Record `intent`, send the committing `request`, and give back its answer and the intent as it was stored.

    * An answer: the caller still compares its document number with F0 + 1.
    * Refused: no document exists, `proof` of the refusal says why that is certain, and nothing is left open.
    * OutcomeUnknown: everything else. Only `resolve` may go on.
    """
    intent = yield Record(intent)
    proof: NotRegistered | None = None
    waited = 0.0
    try:
        while True:
            try:
                return (yield from _issue(request, again=proof)), intent
            except Refused as refusal:
                if refusal.code not in PRINTING or waited >= PATIENCE_S:
                    refusal.proof = yield from _undone(intent, refusal)
                    raise
                proof = yield from _untouched(intent, refusal)
                waited += yield from _wait_for_paper(intent, refusal)
    except (LineLost, Malformed) as error:
        raise OutcomeUnknown(intent, str(error)) from error


def _issue(request: Request[R], *, again: NotRegistered | None) -> Procedure[R]:
    """A committing command goes out here alone: first, or again with the proof that the try before left nothing."""
    del again
    return ask(request)


def _wait_for_paper(intent: Intent, refusal: Refused) -> Procedure[float]:
    try:
        return (yield from ride_out(refusal)) or BUSY_PAUSE_S
    except Refused as error:
        raise OutcomeUnknown(intent, str(error)) from error


def _untouched(intent: Intent, refusal: Refused) -> Procedure[NotRegistered]:
    """Proof that a register which answers "still printing" did not execute: number, drive and mode are as before."""
    short, drive = yield from _counters(intent)
    before = {"receipt": (8,), "shift_open": (4,), "shift_close": (2, 3)}[intent.action]
    if not _same_number(intent, drive) or short.mode not in before:
        raise OutcomeUnknown(intent, str(refusal)) from refusal
    return _proof(intent, refusal, short.mode, drive)


def _undone(intent: Intent, refusal: Refused) -> Procedure[NotRegistered]:
    """Proof that a failure answer left no document, with whatever was open undone; OutcomeUnknown when it did not.

    The answer came to our own frame, so nothing of ours is on its way any more and no quiescence is needed.
    """
    short, drive = yield from _counters(intent)
    undone: list[str] = []
    if _same_number(intent, drive):
        if short.mode == 8 and intent.action == "receipt":
            undone.append((yield from _cancel_receipt()))
        elif short.mode != 8 and drive.current_document:
            undone.append((yield from _drop_document()))
        if undone:
            short, drive = yield from _counters(intent)
    left_open = intent.action == "receipt" if short.mode == 8 else drive.current_document != 0
    if left_open or not _same_number(intent, drive):
        raise OutcomeUnknown(intent, str(refusal)) from refusal
    return _proof(intent, refusal, short.mode, drive, undone)


def _same_number(intent: Intent, drive: DriveStatusReply) -> bool:
    return drive.drive == intent.drive and drive.last_document == intent.last_document


def _counters(intent: Intent) -> Procedure[tuple[ShortStatusReply, DriveStatusReply]]:
    """FF01h and 10h after a failure answer; a refusal of these reads leaves the outcome unknown."""
    try:
        drive = yield from ask(DriveStatus())
        short = yield from ask(ShortStatus())
    except Refused as error:
        raise OutcomeUnknown(intent, str(error)) from error
    return short, drive


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
    reason = f"{refusal.command} was refused with {refusal.code:02X}h and the drive's last number did not move"
    return NotRegistered(intent=intent, reason=reason, evidence=evidence, seal=_SEAL)


# --- before work ---------------------------------------------------------------------------------------------------


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
