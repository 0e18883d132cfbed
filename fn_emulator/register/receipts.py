"""From 8Dh to FF45h: open, sell, give fields, close, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ffd import vat
from fn_emulator.register import archive, fields, forms, marking
from fn_emulator.register.receipt import GROUPS, OPERATIONS, Closing, OpenReceipt, split, vat_group
from fn_emulator.register.refusal import Code, Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS", "chosen_tax_system"]

_CORRECTION = 0x80
_CORRECTIONS_AS_RECEIPTS = 1 << 48  # of the features in F7h
_DEPARTMENT_MAX = 16
_TLV_MAX, _ITEM_TLV_MAX = 250, 249
_TAX_SYSTEMS, _PAYMENTS = 6, 16
_REPLACED = {1: 11, 5: 12}
_REPLACED_FROM = date(2026, 1, 1)
_TAXES_GIVEN_BY_HOST = 1
_FULL_PAYMENT, _GOODS, _WITHOUT_VAT = 4, 1, 4
_FIELDS = 1  # kind of DDh blocks
_MICRO = 1_000_000


def open_receipt(register: RegisterCore, request: c.OpenReceipt, operator: int) -> c.OperatorReply:
    kind = request.type & ~_CORRECTION
    as_receipts = register.model.features & _CORRECTIONS_AS_RECEIPTS
    if kind >= len(OPERATIONS) or (request.type & _CORRECTION and not as_receipts):
        raise Refusal(Code.INCORRECT)
    _open(register, OpenReceipt(kind=kind, correction=bool(request.type & _CORRECTION), operator=operator))
    return c.OperatorReply(operator=operator)


def _open(register: RegisterCore, receipt: OpenReceipt) -> None:
    register.ask(0x17 if receipt.correction else 0x15, register.five)
    receipt.begun = True
    register.receipt = receipt
    register.document_tags = None


def _begin_again(register: RegisterCore, receipt: OpenReceipt) -> None:
    """The drive has lost the document, or has more of it than it should: give it once more what the host gave."""
    register.ask(0x06)
    register.ask(0x17 if receipt.correction else 0x15, register.five)
    register.feed(receipt.given)
    receipt.begun = True


def operation(register: RegisterCore, request: c.Operation, operator: int) -> c.Done:
    _sell(
        register,
        operator,
        operation=request.operation,
        quantity_micro=request.quantity,
        price=request.price,
        total=request.total,
        tax=request.tax,
        group=vat_group(request.rate),
        department=request.department,
        method=request.method,
        subject=request.subject,
        name=request.name,
    )
    return _DONE


_DONE = c.Done()


def _sell(
    register: RegisterCore,
    operator: int,
    *,
    operation: int,
    tax: int | None,
    group: int,
    department: int,
    method: int,
    **position: Any,
) -> None:
    receipt = register.receipt
    if operation not in OPERATIONS or not 1 <= method <= 7:
        raise Refusal(Code.INCORRECT)
    if department > _DEPARTMENT_MAX:
        raise Refusal(Code.DEPARTMENT_RANGE)
    if receipt is None:
        receipt = OpenReceipt(kind=OPERATIONS.index(operation), correction=False, operator=operator)
        _open(register, receipt)
    elif operation != receipt.operation:
        raise Refusal(Code.OTHER_RECEIPT_TYPE)
    settings = register.settings
    if group in _REPLACED and _replaces_20(register, receipt):
        group = _REPLACED[group]
    if settings.number(1, 1, 14) != _TAXES_GIVEN_BY_HOST:
        tax = None
    receipt.sell(tax=tax, group=group, department=department, method=method, **position)
    if receipt.for_next_item:
        receipt.items[-1].bind(receipt.for_next_item)
        receipt.for_next_item = b""


def _replaces_20(register: RegisterCore, receipt: OpenReceipt) -> bool:
    """Table 17 field 71: 1 writes 22 % where a sale of 2026 says 20 %; 2 does so in every receipt."""
    how = register.settings.number(17, 1, 71)
    if not how or register.clock.at(register.now).date() < _REPLACED_FROM:
        return False
    return how == 2 or (receipt.kind == 0 and not receipt.correction)


_LEGACY_OPERATIONS = {c.Sale: 1, c.Purchase: 3, c.SaleRefund: 2, c.PurchaseRefund: 4}


def legacy_item(register: RegisterCore, request: c.LegacyItem, operator: int) -> c.OperatorReply:
    """80h to 83h: thousandths, a tax group instead of a rate, full payment for goods."""
    group = request.tax_1 or _WITHOUT_VAT
    if group not in GROUPS:
        raise Refusal(Code.INCORRECT)
    _sell(
        register,
        operator,
        operation=_LEGACY_OPERATIONS[type(request)],
        quantity_micro=request.quantity * 1000,
        price=request.price,
        total=None,
        tax=None,
        group=group,
        department=request.department,
        method=_FULL_PAYMENT,
        subject=_GOODS,
        name=request.text,
    )
    return c.OperatorReply(operator=operator)


def old_item(register: RegisterCore, request: Any, operator: int) -> c.Done:
    """FF0Dh and FF44h: a discount and a mark-up, which the format knows only inside the price."""
    quantity = request.quantity * 1000
    full = (2 * quantity * request.price + _MICRO) // (2 * _MICRO)
    total = full - request.discount + request.markup
    if total < 0 or not quantity:
        raise Refusal(Code.DISCOUNT_ABOVE_SUM if quantity else Code.INCORRECT)
    changed = request.discount != request.markup
    group = request.tax or _WITHOUT_VAT
    if group not in GROUPS:
        raise Refusal(Code.INCORRECT)
    _sell(
        register,
        operator,
        operation=request.operation,
        quantity_micro=quantity,
        price=(2 * total * _MICRO + quantity) // (2 * quantity) if changed else request.price,
        total=total,
        tax=getattr(request, "tax_sum", None),
        group=group,
        department=request.department,
        method=_FULL_PAYMENT,
        subject=_GOODS,
        name=request.text,
    )
    receipt = register.receipt
    assert receipt is not None, "an item was sold"
    receipt.discounts += [request.discount] if request.discount else []
    receipt.markups += [request.markup] if request.markup else []
    return _DONE


def send_tlv(register: RegisterCore, request: c.SendTlv, operator: int) -> c.Done:
    if not request.tlv or len(request.tlv) > _TLV_MAX:
        raise Refusal(Code.INCORRECT)
    _give(register, request.tlv)
    return _DONE


def send_tlv_from_buffer(register: RegisterCore, request: c.SendTlvFromBuffer, operator: int) -> c.Done:
    """FF64h: the fields that DDh loaded; zeros behind them fill up the last block."""
    data = register.loaded.data(_FIELDS)
    fields = b"".join(field for _, field in split(data, padded=True))
    if not fields:
        raise Refusal(Code.INCORRECT)
    _give(register, fields)
    register.loaded.blocks[_FIELDS].clear()
    return _DONE


def _give(register: RegisterCore, data: bytes) -> None:
    """Fields for the receipt, or for whatever other document was begun. A long one goes in pieces of whole fields."""
    receipt = register.receipt
    if receipt is None:
        register.give(data)
        return
    if not receipt.begun:
        _begin_again(register, receipt)
    fields = [field for _, field in split(data)]
    register.feed(fields)
    receipt.give(data)


def send_item_tlv(register: RegisterCore, request: c.SendItemTlv, operator: int) -> c.Done:
    receipt = register.receipt
    assert receipt is not None, "modes allow FF4Dh in mode 8 only"
    if not request.tlv or len(request.tlv) > _ITEM_TLV_MAX:
        raise Refusal(Code.INCORRECT)
    if not register.model.item_tags_first and not receipt.items:
        raise Refusal(Code.INCORRECT)
    receipt.take(len(request.tlv))
    if register.model.item_tags_first:
        list(split(request.tlv))
        receipt.for_next_item += request.tlv
        return _DONE
    receipt.items[-1].bind(request.tlv)
    return _DONE


def subtotal(register: RegisterCore, request: c.Subtotal, operator: int) -> c.SubtotalReply:
    assert register.receipt is not None, "modes allow 89h in mode 8 only"
    return c.SubtotalReply(operator=operator, total=register.receipt.total)


def close(register: RegisterCore, request: c.CloseReceipt, operator: int) -> c.CloseReceiptReply:
    closing = _closing(
        register,
        payments=list(request.payments),
        rounding=request.rounding,
        taxes=request.taxes,
        tax_system=request.tax_system,
    )
    document, sign = _commit(register, closing, operator)
    return c.CloseReceiptReply(
        change=closing.change,
        document=document,
        sign=sign,
        moment=register.clock.at(register.now) if register.extended else None,
    )


def close_legacy(register: RegisterCore, request: c.CloseLegacy | c.CloseExtended, operator: int) -> c.ChangeReply:
    """85h with four payments, 8Eh with sixteen; the format has no place for a discount on the whole receipt."""
    if request.discount:
        raise Refusal(Code.WRONG_FOR_SETTINGS)
    payments = [*request.payments, *[0] * (_PAYMENTS - len(request.payments))]
    closing = _closing(register, payments=payments, rounding=0, taxes=(0,) * 6, tax_system=None)
    _commit(register, closing, operator)
    return c.ChangeReply(operator=operator, change=closing.change)


def _closing(
    register: RegisterCore,
    *,
    payments: list[int],
    rounding: int,
    taxes: tuple[int, ...],
    tax_system: int | None,
) -> Closing:
    """The checks of a closing, in order: payments, tax system, zero total, cash in the drawer."""
    receipt = register.receipt
    assert receipt is not None, "modes allow a closing in mode 8 only"
    if not receipt.items or rounding > receipt.total % 100:
        raise Refusal(Code.INCORRECT)
    total = receipt.total - rounding
    paid = sum(payments)
    if paid < total:
        raise Refusal(Code.PAID_TOO_LITTLE)
    change = paid - total
    if change > payments[0]:
        raise Refusal(Code.CASHLESS_ABOVE_TOTAL)
    payments[0] -= change
    tax_system = chosen_tax_system(register, tax_system)
    if total == 0 and register.settings.number(1, 1, 23):
        raise Refusal(Code.ZERO_TOTAL)
    if receipt.kind in (1, 2) and payments[0] > register.counters.cash:
        raise Refusal(Code.NOT_ENOUGH_CASH)
    return Closing(
        total=total,
        payments=payments,
        change=change,
        rounding=rounding,
        taxes=_taxes(register, receipt, taxes),
        tax_system=tax_system,
    )


def chosen_tax_system(register: RegisterCore, tax_system: int | None) -> int:
    """One bit among the registered ones. 0 is the only one there is; None lets the register take its first."""
    registered = register.settings.number(18, 1, 5)
    if tax_system is None:
        tax_system = registered & -registered
    elif tax_system == 0 and registered & registered - 1 == 0:
        tax_system = registered
    if tax_system == 0 or tax_system & tax_system - 1 or tax_system >> _TAX_SYSTEMS:
        raise Refusal(Code.INCORRECT)
    if not tax_system & registered:
        raise Refusal(Code.WRONG_FOR_SETTINGS)
    return tax_system


def _taxes(register: RegisterCore, receipt: OpenReceipt, given: tuple[int, ...]) -> dict[int, int]:
    """By tax group: the tax, or the turnover at 0 % and without VAT; from the host when table 1 field 14 says so."""
    by_host = register.settings.number(1, 1, 14) == _TAXES_GIVEN_BY_HOST
    taxes = {}
    for group, turnover in receipt.by_group.items():
        rate = GROUPS[group]
        if by_host and group <= len(given):
            taxes[group] = given[group - 1]
        else:
            taxes[group] = turnover if rate in (5, 6) else vat.amount(turnover, rate)
    return taxes


def _commit(register: RegisterCore, closing: Closing, operator: int) -> tuple[int, int]:
    """Hand everything to the drive and form the document. Whatever goes wrong leaves the receipt open."""
    receipt = register.receipt
    assert receipt is not None
    if not receipt.begun:
        _begin_again(register, receipt)
    receipt.begun = False  # from here on the drive holds more than what the host gave
    register.feed(
        [
            *fields.known(register, fields.OF_RECEIPT, operator, receipt.given_tags),
            *(item.encode() for item in receipt.items),
            *closing.fields(),
        ]
    )
    marking.notify(register, receipt, closing.tax_system)
    head = register.five + bytes((receipt.operation,)) + closing.total.to_bytes(5, "little")
    made = register.form(0x16, head)
    document, sign = int.from_bytes(made[2:6], "little"), int.from_bytes(made[6:10], "little")
    register.counters.closed(receipt, closing)
    closing.cash, closing.document = register.counters.cash, document
    register.last_receipt = receipt, closing
    register.marking.accepted.clear()
    register.receipt = None
    register.last_document = document
    register.save()
    register.print(lambda: archive.printed(register, document))
    return document, sign


def cancel(register: RegisterCore, request: c.CancelReceipt, operator: int) -> c.OperatorReply:
    give_up(register)
    return c.OperatorReply(operator=operator)


def give_up(register: RegisterCore) -> None:
    """Cancel the receipt here and in the drive: its through number is used, no document is made."""
    receipt = register.receipt
    assert receipt is not None
    register.drop_document()
    register.counters.cancelled(receipt)
    register.receipt = None
    register.last_document = register.drive_document()  # it may have been registered all the same
    register.save()
    if register.settings.number(17, 1, 15):
        width = register.model.characters
        register.print(lambda: forms.report("ЧЕК АННУЛИРОВАН", [("ИТОГ", forms.money(receipt.total))], width=width))


def cancel_document(register: RegisterCore, request: c.CancelDocument, operator: int) -> c.Done:
    """FF08h: whatever document the drive has begun."""
    if register.receipt is not None:
        give_up(register)
    else:
        register.drop_document()
    return _DONE


def copy(register: RegisterCore, request: c.CopyReceipt, operator: int) -> c.OperatorReply:
    if register.last_receipt is None:
        raise Refusal(Code.NOTHING_TO_REPEAT)
    closing = register.last_receipt[1]
    register.print(lambda: archive.printed(register, closing.document, title="КОПИЯ"))
    return c.OperatorReply(operator=operator)


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.OpenReceipt: open_receipt,
    c.Operation: operation,
    c.Sale: legacy_item,
    c.Purchase: legacy_item,
    c.SaleRefund: legacy_item,
    c.PurchaseRefund: legacy_item,
    c.DiscountedOperation: old_item,
    c.TaxedOperation: old_item,
    c.SendTlv: send_tlv,
    c.SendTlvFromBuffer: send_tlv_from_buffer,
    c.SendItemTlv: send_item_tlv,
    c.Subtotal: subtotal,
    c.CloseReceipt: close,
    c.CloseLegacy: close_legacy,
    c.CloseExtended: close_legacy,
    c.CancelReceipt: cancel,
    c.CancelDocument: cancel_document,
    c.CopyReceipt: copy,
}
