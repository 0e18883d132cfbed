"""Shift, reports, cash in and out: E0h, FF0Bh, FF41h, 41h, FF43h, FF42h, 40h, 50h, 51h, FF37h, FF38h."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fn_emulator.register import fields
from fn_emulator.register.counters import THROUGH_NUMBER, X_NUMBER
from fn_emulator.register.refusal import Code, Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["CLOSING", "HANDLERS", "OPENING", "closed", "opened"]

OPENING, CLOSING = 2, 5
"""Form codes of the two reports."""


def _begin(register: RegisterCore, code: int) -> None:
    register.ask(code, register.five)
    register.document_tags = set()


def _report(register: RegisterCore, operator: int, *, begin: int, form: int, tags: tuple[int, ...]) -> bytes:
    """A report of the drive, begun before or now; one that cannot be formed is dropped."""
    if register.document_tags is None:
        _begin(register, begin)
    given = register.document_tags or set()
    try:
        register.feed(fields.known(register, tags, operator, given))
        made = register.form(form)
    except Refusal:
        register.drop_document()
        register.catch_up()  # a drive that was not heard may have done it
        raise
    register.document_tags = None
    return made


def _u4(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _moment(register: RegisterCore) -> datetime | None:
    return register.clock.at(register.now) if register.extended else None


def _shift_reply(register: RegisterCore, made: bytes) -> c.ShiftDocumentReply:
    return c.ShiftDocumentReply(
        shift=int.from_bytes(made[:2], "little"),
        document=_u4(made, 2),
        sign=_u4(made, 6),
        moment=_moment(register),
    )


def opened(register: RegisterCore) -> None:
    """The drive has opened a shift: the register's part of it."""
    register.shift_open = True
    register.counters.count(THROUGH_NUMBER)


def closed(register: RegisterCore) -> None:
    """The drive has closed the shift: its registers begin again."""
    register.shift_open = False
    register.shift_opened = None
    register.counters.count(THROUGH_NUMBER)
    register.counters.new_shift(zero_cash=register.settings.number(1, 1, 2) == 1)


def _open(register: RegisterCore, operator: int) -> c.ShiftDocumentReply:
    made = _report(register, operator, begin=0x11, form=0x12, tags=fields.OF_REPORT)
    reply = _shift_reply(register, made)
    register.shift_opened = register.wall
    opened(register)
    register.last_document = reply.document
    register.save()
    register.printed()
    return reply


def _close(register: RegisterCore, operator: int) -> c.ShiftDocumentReply:
    made = _report(register, operator, begin=0x13, form=0x14, tags=fields.OF_REPORT)
    reply = _shift_reply(register, made)
    closed(register)
    register.last_document = reply.document
    register.save()
    register.printed()
    return reply


def open_shift(register: RegisterCore, request: c.OpenShift, operator: int) -> c.OperatorReply:
    _open(register, operator)
    return c.OperatorReply(operator=operator)


def open_shift_in_drive(register: RegisterCore, request: c.OpenShiftInDrive, operator: int) -> c.ShiftDocumentReply:
    return _open(register, operator)


def z_report(register: RegisterCore, request: c.ZReport, operator: int) -> c.OperatorReply:
    _close(register, operator)
    return c.OperatorReply(operator=operator)


def close_shift_in_drive(register: RegisterCore, request: c.CloseShiftInDrive, operator: int) -> c.ShiftDocumentReply:
    return _close(register, operator)


def begin_open_shift(register: RegisterCore, request: c.BeginOpenShift, operator: int) -> c.Done:
    _begin(register, 0x11)
    return c.Done()


def begin_close_shift(register: RegisterCore, request: c.BeginCloseShift, operator: int) -> c.Done:
    _begin(register, 0x13)
    return c.Done()


def x_report(register: RegisterCore, request: c.XReport, operator: int) -> c.OperatorReply:
    register.counters.count(X_NUMBER)
    register.counters.count(THROUGH_NUMBER)
    register.save()
    register.printed()
    return c.OperatorReply(operator=operator)


def cash_in(register: RegisterCore, request: c.CashIn, operator: int) -> c.CashReply:
    register.counters.cash_in(request.amount)
    return _cash_done(register, operator)


def cash_out(register: RegisterCore, request: c.CashOut, operator: int) -> c.CashReply:
    if request.amount > register.counters.cash:
        raise Refusal(Code.NOT_ENOUGH_CASH)
    register.counters.cash_out(request.amount)
    return _cash_done(register, operator)


def _cash_done(register: RegisterCore, operator: int) -> c.CashReply:
    register.save()
    register.printed()
    return c.CashReply(operator=operator, through_number=register.counters.through_number)


def begin_settlement_report(register: RegisterCore, request: c.BeginSettlementReport, operator: int) -> c.Done:
    _begin(register, 0x18)
    return c.Done()


def settlement_report(register: RegisterCore, request: c.SettlementReport, operator: int) -> c.SettlementReportReply:
    made = _report(register, operator, begin=0x18, form=0x19, tags=fields.OF_STATE)
    register.last_document = _u4(made, 0)
    register.counters.count(THROUGH_NUMBER)
    register.save()
    register.printed()
    first = made[12:15]
    return c.SettlementReportReply(
        document=register.last_document,
        sign=_u4(made, 4),
        unconfirmed=_u4(made, 8),
        first_unconfirmed=date(2000 + first[0], first[1], first[2]) if any(first) else None,
        moment=_moment(register),
    )


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.OpenShift: open_shift,
    c.OpenShiftInDrive: open_shift_in_drive,
    c.BeginOpenShift: begin_open_shift,
    c.ZReport: z_report,
    c.CloseShiftInDrive: close_shift_in_drive,
    c.BeginCloseShift: begin_close_shift,
    c.XReport: x_report,
    c.CashIn: cash_in,
    c.CashOut: cash_out,
    c.BeginSettlementReport: begin_settlement_report,
    c.SettlementReport: settlement_report,
}
