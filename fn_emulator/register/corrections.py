"""Corrections of formats 1.05 and 1.1: FF35h, then FF36h or FF4Ah. In 1.2 a correction is a receipt opened with 80h."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fn_emulator.register import fields, reports
from fn_emulator.register.receipt import OPERATIONS, Closing, byte
from fn_emulator.register.receipts import chosen_tax_system
from fn_emulator.register.refusal import Code, Refusal
from fn_emulator.register.reports import u4
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS"]

_FFD_1_05, _FFD_1_1, _FFD_1_2 = 2, 3, 4
_KIND = 1173
_WITHOUT_VAT = 4
_TAKES_CASH_OUT = (2, 3)  # return of income, expense


def begin(register: RegisterCore, request: c.BeginCorrection, operator: int) -> c.Done:
    reports.begin(register, 0x17)
    return c.Done()


def short(register: RegisterCore, request: c.Correction, operator: int) -> c.CorrectionReply:
    """FF36h: a sum in cash, nothing said of taxes: all of it without VAT, the first tax system of the register."""
    _admit(register, request.operation)
    closing = Closing(
        total=request.total,
        payments=[request.total, *[0] * 15],
        change=0,
        rounding=0,
        taxes={_WITHOUT_VAT: request.total},
        tax_system=chosen_tax_system(register, None),
    )
    return _form(register, operator, request.operation, closing, kind=0)


def full(register: RegisterCore, request: c.CorrectionV2, operator: int) -> c.CorrectionReply:
    """FF4Ah: kind, payments, taxes and tax system are the host's."""
    _admit(register, request.operation)
    paid = request.cash, request.electronic, request.prepaid, request.credit, request.barter
    if request.kind > 1:
        raise Refusal(Code.INCORRECT)
    if sum(paid) != request.total:
        raise Refusal(Code.PAID_TOO_LITTLE if sum(paid) < request.total else Code.INCORRECT)
    closing = Closing(
        total=request.total,
        payments=[*paid[:2], *[0] * 11, *paid[2:]],
        change=0,
        rounding=0,
        taxes={group: sum_ for group, sum_ in enumerate(request.taxes, start=1) if sum_},
        tax_system=chosen_tax_system(register, request.tax_system),
    )
    return _form(register, operator, request.operation, closing, kind=request.kind)


def _admit(register: RegisterCore, operation: int) -> None:
    ffd = register.settings.number(17, 1, 17)
    if ffd >= _FFD_1_2 and not register.model.old_corrections_in_1_2:
        raise Refusal(Code.UNSUPPORTED)
    allowed = (1, 3) if ffd <= _FFD_1_05 else OPERATIONS
    if operation not in allowed:
        raise Refusal(Code.INCORRECT)


def _form(register: RegisterCore, operator: int, operation: int, closing: Closing, *, kind: int) -> c.CorrectionReply:
    given = register.document_tags
    if given is None:
        raise Refusal(Code.DRIVE_STATE)
    if operation in _TAKES_CASH_OUT and closing.payments[0] > register.counters.cash:
        raise Refusal(Code.NOT_ENOUGH_CASH)
    own = [field for field in closing.fields() if int.from_bytes(field[:2], "little") not in given]
    if _KIND not in given:
        own.insert(0, byte(_KIND, kind))
    head = register.five + bytes((operation,)) + closing.total.to_bytes(5, "little")
    made = reports.form(register, operator, 0x16, tags=fields.OF_RECEIPT, own=own, head=head)
    register.counters.corrected(OPERATIONS.index(operation), closing)
    number = u4(made, 2)
    reports.done(register, number)
    return c.CorrectionReply(
        receipt=int.from_bytes(made[:2], "little"),
        document=number,
        sign=u4(made, 6),
        moment=reports.moment(register),
    )


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.BeginCorrection: begin,
    c.Correction: short,
    c.CorrectionV2: full,
}
