"""A receipt in the fewest commands: open, items with their tags, tags of the receipt, FF01h, close.

A register compares the payments with its own total and refuses the close when they differ, unless cash is paid: then
it gives change. So before a close with cash its total is asked for (89h): a register that was restarted between two
items takes the next item as the first of a new receipt, and the rest of the money would be change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import blake2s
from typing import Any

import msgspec

from ffd import receipts, vat
from ffd.errors import FfdError
from ffd.receipts import Item, Receipt, UserAttribute
from ffd.values import normalise
from kkt_driver.commands import (
    RECEIPT_FORMS,
    BindMarking,
    CancelReceipt,
    CloseReceipt,
    CloseReceiptReply,
    DriveStatus,
    OpenReceipt,
    Operation,
    Request,
    SendItemTlv,
    SendTlv,
    ShiftParameters,
    encode_request,
)
from kkt_driver.effects import Procedure, Quiesce, ask
from kkt_driver.errors import (
    DriverError,
    LineLost,
    Malformed,
    Misuse,
    NotSent,
    OutcomeUnknown,
    Refused,
    StoreDamaged,
)
from kkt_driver.intents import Intent, fingerprint
from kkt_driver.procedures.corrections import Basis, basis_tags
from kkt_driver.procedures.documents import find, subtotal
from kkt_driver.procedures.forming import TLV_MAX, blocks
from kkt_driver.procedures.identity import Identity, State, expect_drive, read_state
from kkt_driver.procedures.patience import cure, patiently
from kkt_driver.recovery import OWN_KEY_NAME, commit
from kkt_driver.verdicts import NotRegistered, Registered

__all__ = ["OPEN_TYPES", "RATE_CODES", "TAX_ROWS", "cancel_open", "receipt", "short_key"]

OPEN_TYPES = {1: 0, 2: 2, 3: 1, 4: 3}
"""1054 → type of 8Dh. Two numberings: 8Dh, modes and registers count sale, purchase, sale refund, purchase refund."""

TAX_GROUPS = {1: 1, 2: 2, 3: 5, 4: 6, 5: 3, 6: 4, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11, 12: 12}
"""1199 → row of table 6: the register puts 0 % and "no VAT" before the calculated rates, the format after them."""

GROUP_CODES = {
    **{group: 1 << (group - 1) for group in range(1, 7)},
    7: 0x81,
    8: 0x82,
    9: 0x84,
    10: 0x90,
    11: 0xCB,
    12: 0xCC,
}
RATE_CODES = {rate: GROUP_CODES[group] for rate, group in TAX_GROUPS.items()}
"""1199 → tax rate code of FF46h."""

TAX_ROWS = {rate: group - 1 for rate, group in TAX_GROUPS.items() if group <= 6}
"""1199 → place among the six sums of FF45h; newer rates have none there, the register computes them."""

CORRECTION = 0x80
"""Added to the type of 8Dh: a correction of format 1.2."""

PAYMENT_ROWS = {"cash": 0, "cashless": 1, "prepaid": 13, "credit": 14, "barter": 15}
"""Payments → place among the sixteen of FF45h."""

ITEM_TLV_MAX = 249
NAME_MAX = 128
MILLION = 1_000_000


def short_key(job: str) -> str:
    """Own key of a job: 16 hex digits, the same for every try."""
    return blake2s(job.encode(), digest_size=8).hexdigest()


def receipt(
    receipt: Receipt,
    *,
    job: str,
    identity: Identity,
    state: State,
    own_key: str | None = None,
    again: NotRegistered | None = None,
    basis: Basis | None = None,
    marks: Mapping[int, bytes] | None = None,
    password: int = 30,
    cashier_password: int | None = None,
) -> Procedure[Registered]:
    """Make one fiscal document of `receipt`: a receipt, or a strict-reporting form where the register is registered for
    them; with a `basis` a correction of format 1.2. `marks` are marking codes by the item's place, checked before.

    Registered: it exists. Refused: it does not, and nothing is left open. WrongDevice: another drive answers, nothing
    was committed. LineLost before the close: nothing was committed, but the receipt may be open (`cancel_open`).
    StoreDamaged: the intent could not be kept, so the close was not sent. OutcomeUnknown: the close was sent and only
    `recovery.resolve` may go on. Misuse: the receipt does not fit the commands, nothing was sent.

    The own key (1084 with 1085 "job") goes into receipts whose user attribute is free; `own_key` replaces
    `short_key(job)`, and "" leaves it out. A job that was tried before is tried again only with the proof of that.
    """
    if again is not None and again.intent.job != job:
        raise Misuse(f"the proof is about job {again.intent.job}, this receipt is job {job}")
    extras = _Extras(basis=basis, marks=marks or {}, tags_first=tags_come_first(identity))
    plan = _plan(receipt, job, own_key, password if cashier_password is None else cashier_password, extras)
    yield from patiently(plan.opening)
    try:
        for request in plan.filling:
            yield from patiently(request)
        total = (yield from subtotal(password=password)) if receipt.payments.cash else receipt.total
        status = yield from ask(DriveStatus(password=password))
        expect_drive(status.drive, identity)
        shift, number = state.shift, state.receipt
        if status.last_document != state.last_document:  # somebody made a document since the state was read
            counters = yield from ask(ShiftParameters(password=password))
            shift, number = counters.shift, counters.receipt
    except LineLost:
        raise
    except DriverError as error:
        yield from _undo(error, password)
        raise
    if total != receipt.total:
        lost = NotSent(f"the register counts {total} kopecks of {receipt.total}: it lost what was sent", command="FF45")
        yield from _undo(lost, password)
        raise lost
    intent = Intent(
        job=job,
        action="receipt",
        command="FF45",
        serial=identity.serial,
        drive=identity.drive,
        last_document=status.last_document,
        shift=shift,
        receipt=number,
        fingerprint=fingerprint(receipt),
        own_key=plan.own_key,
    )
    try:
        answer, intent = yield from commit(plan.close, intent)
    except (Misuse, StoreDamaged) as error:  # the intent could not be made durable, so the close was not sent
        yield from _undo(error, password)
        raise
    return (yield from _registered(intent, answer))


def _registered(intent: Intent, answer: CloseReceiptReply) -> Procedure[Registered]:
    """An answer counts when its number is F0 + 1; without a moment in it the archive gives one."""
    moment = answer.moment
    if answer.document != intent.last_document + 1:
        raise OutcomeUnknown(intent, f"the answer tells of document {answer.document}")
    if moment is None:
        try:
            record = yield from find(answer.document)
        except (LineLost, Refused, Malformed) as error:
            raise OutcomeUnknown(intent, str(error)) from error
        if record is None or (record.document, record.sign) != (answer.document, answer.sign):
            raise OutcomeUnknown(intent, "the archive does not bear the answer out")
        if record.type not in RECEIPT_FORMS or record.moment is None:
            raise OutcomeUnknown(intent, "the archive does not bear the answer out")
        moment = record.moment
    return Registered(
        document=answer.document,
        sign=answer.sign,
        moment=moment,
        shift=intent.shift,
        receipt=intent.receipt + 1,
        serial=intent.serial,
        drive=intent.drive,
        evidence={
            "by": "the answer to our own frame",
            "command": intent.command,
            "last_document": intent.last_document,
            "document": answer.document,
            "own_key": intent.own_key,
            "link": intent.link,
            "frame": intent.frame,
        },
    )


def _undo(error: DriverError, password: int) -> Procedure[None]:
    """88h after a failure before the close; that it could not be done is told, the failure itself stays."""
    try:
        yield from patiently(CancelReceipt(password=password))
    except Refused as refusal:
        if refusal.code not in (0x73, 0x55):  # no receipt was open
            error.add_note(f"88h was refused with {refusal.code:02X}h: the receipt may still be open")
    except DriverError as failure:
        error.add_note(f"the receipt may still be open: {failure}")


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    opening: OpenReceipt
    filling: tuple[Request[Any], ...]
    close: CloseReceipt
    own_key: str | None


class _Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt has beside itself: the basis of a correction, marking codes by item, and the model's habit."""

    basis: Basis | None
    marks: Mapping[int, bytes]
    tags_first: bool


CASHCORE = 1 << 23
MOBILE_MODELS = frozenset((16, 19))


def tags_come_first(identity: Identity) -> bool:
    """Whether FF4Dh belongs to the item after it: cashcore (F7h bit 23) and mobile models."""
    return bool(identity.flags & CASHCORE) or identity.model_code in MOBILE_MODELS


def _plan(receipt: Receipt, job: str, own_key: str | None, cashier: int, extras: _Extras) -> _Plan:
    """Every command before the first is sent, so that what cannot be said is found with nothing open."""
    key: str | None = None
    if receipt.user_attribute is None and own_key != "":
        key = own_key or short_key(job)
        attribute = UserAttribute(name=OWN_KEY_NAME, value=key)
        receipt = msgspec.structs.replace(receipt, user_attribute=attribute)
    if not extras.marks.keys() <= set(range(len(receipt.items))):
        raise Misuse(f"marks: {max(extras.marks)} is no place among {len(receipt.items)} items")
    kind = OPEN_TYPES[int(receipt.operation)] | (CORRECTION if extras.basis else 0)
    opening = OpenReceipt(password=cashier, type=kind)
    filling = tuple(_filling(receipt, cashier, extras))
    close = _close(receipt, cashier)
    for request in (opening, *filling, close):
        encode_request(request)
    return _Plan(opening=opening, filling=filling, close=close, own_key=key)


def _filling(receipt: Receipt, password: int, extras: _Extras) -> Iterator[Request[Any]]:
    try:
        for index, item in enumerate(receipt.items):
            operation = _operation(item, int(receipt.operation), password, f"items[{index}]")
            tags = [
                SendItemTlv(password=password, tlv=block) for block in blocks(receipts.item_tags(item), ITEM_TLV_MAX)
            ]
            yield from (*tags, operation) if extras.tags_first else (operation, *tags)
            if index in extras.marks:
                yield BindMarking.of(extras.marks[index], password=password)
        basis = basis_tags(extras.basis) if extras.basis else ()
        for block in blocks((*basis, *receipts.tags(receipt)), TLV_MAX):
            yield SendTlv(password=password, tlv=block)
    except FfdError as error:
        raise Misuse(f"the receipt has no bytes: {error}") from error


def _operation(item: Item, operation: int, password: int, path: str) -> Operation:
    name = normalise(item.name)
    if len(name) > NAME_MAX:
        raise Misuse(f"{path}/name: {len(name)} characters, a command carries {NAME_MAX}")
    return Operation(
        password=password,
        operation=operation,
        quantity=_millionths(item.quantity, path),
        price=item.price,
        total=item.total,
        rate=RATE_CODES[int(item.vat)],
        method=int(item.method),
        subject=int(item.subject),
        name=name,
    )


def _millionths(quantity: Decimal, path: str) -> int:
    try:
        millionths = int(quantity * MILLION)
    except (ArithmeticError, ValueError):
        raise Misuse(f"{path}/quantity: {quantity} is not a number") from None
    if millionths != quantity * MILLION or not 0 < millionths < 1 << 48:
        raise Misuse(f"{path}/quantity: {quantity} does not fit six decimal places and six bytes")
    return millionths


def _close(receipt: Receipt, password: int) -> CloseReceipt:
    payments, taxes = [0] * 16, [0] * 6
    for name, row in PAYMENT_ROWS.items():
        payments[row] = getattr(receipt.payments, name)
    for rate, amount in vat.amounts(receipt.items).items():
        if int(rate) in TAX_ROWS:
            taxes[TAX_ROWS[int(rate)]] = amount
    return CloseReceipt(
        password=password, payments=tuple(payments), taxes=tuple(taxes), tax_system=int(receipt.tax_system)
    )


def cancel_open(*, lost: str | None = None, password: int = 30) -> Procedure[State]:
    """Undo a receipt whose filling was interrupted, when its close was never sent: no document of it can exist.

    `lost` is the command whose answer was lost (hex code, as in "FF46"): what was sent for it may still arrive, and
    must not fall into the next receipt. Never for a job with an unresolved intent; that is `recovery.resolve`'s.
    """
    if lost is not None:
        yield Quiesce(lost)
    state = yield from read_state(password=password)
    if state.mode == 1:
        yield from cure(1, clock=None)
        state = yield from read_state(password=password)
    if state.mode == 8:
        try:
            yield from patiently(CancelReceipt(password=password))
        except Refused as refusal:
            if refusal.code not in (0x73, 0x55):
                raise
        state = yield from read_state(password=password)
    return state
