"""Shift, reports, cash in and out: E0h, FF0Bh, FF41h, 41h, C6h, C7h, FF43h, FF42h, 40h, 50h, 51h, FF37h, FF38h."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from fn_emulator.register import archive, fields, forms, network, reports
from fn_emulator.register.counters import CASH_INS, PAYOUTS, RECEIPTS_OF_SHIFT, THROUGH_NUMBER, X_NUMBER
from fn_emulator.register.refusal import Code, Refusal
from fn_emulator.register.reports import moment, u4
from fn_emulator.register.tape import Line
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["CLOSING", "HANDLERS", "OPENING", "close_now", "closed", "open_now", "opened", "x_now"]

OPENING, CLOSING = 2, 5
"""Form codes of the two reports."""


def _shift_reply(register: RegisterCore, made: bytes) -> c.ShiftDocumentReply:
    return c.ShiftDocumentReply(
        shift=int.from_bytes(made[:2], "little"),
        document=u4(made, 2),
        sign=u4(made, 6),
        moment=moment(register),
    )


def opened(register: RegisterCore) -> None:
    """The drive has opened a shift: the register's part of it."""
    register.shift_open = True


def closed(register: RegisterCore) -> None:
    """The drive has closed the shift: its registers begin again."""
    register.shift_open = False
    register.shift_opened = None
    register.counters.new_shift(zero_cash=register.settings.number(1, 1, 2) == 1)


def open_now(register: RegisterCore, operator: int) -> c.ShiftDocumentReply:
    """A shift opens, by a command or by itself."""
    network.update_keys(register)
    made = reports.form(register, operator, 0x12, tags=fields.OF_REPORT, begin_with=0x11)
    reply = _shift_reply(register, made)
    register.shift_opened = register.wall
    opened(register)
    reports.done(register, reply.document)
    return reply


def close_now(register: RegisterCore, operator: int, *, quiet: bool = False) -> c.ShiftDocumentReply:
    """The shift closes, by a command or by itself; `quiet` leaves its paper to C7h."""
    made = reports.form(register, operator, 0x14, tags=fields.OF_REPORT, begin_with=0x13)
    reply = _shift_reply(register, made)
    closed(register)
    reports.done(register, reply.document, quiet=quiet)
    return reply


def open_shift(register: RegisterCore, request: c.OpenShift, operator: int) -> c.OperatorReply:
    open_now(register, operator)
    return c.OperatorReply(operator=operator)


def open_shift_in_drive(register: RegisterCore, request: c.OpenShiftInDrive, operator: int) -> c.ShiftDocumentReply:
    return open_now(register, operator)


def z_report(register: RegisterCore, request: c.ZReport, operator: int) -> c.OperatorReply:
    close_now(register, operator)
    return c.OperatorReply(operator=operator)


def z_report_to_buffer(register: RegisterCore, request: c.ZReportToBuffer, operator: int) -> c.OperatorReply:
    """C6h: as 41h, the paper comes with C7h."""
    reply = close_now(register, operator, quiet=True)
    register.buffered_report = archive.printed(register, reply.document)
    return c.OperatorReply(operator=operator)


def print_buffered(register: RegisterCore, request: c.PrintBufferedReport, operator: int) -> c.OperatorReply:
    lines = register.buffered_report
    if lines is None:
        raise Refusal(Code.BUFFER_EMPTY)
    register.buffered_report = None
    register.print(lambda: lines)
    return c.OperatorReply(operator=operator)


def close_shift_in_drive(register: RegisterCore, request: c.CloseShiftInDrive, operator: int) -> c.ShiftDocumentReply:
    return close_now(register, operator)


def begin_open_shift(register: RegisterCore, request: c.BeginOpenShift, operator: int) -> c.Done:
    reports.begin(register, 0x11)
    return c.Done()


def begin_close_shift(register: RegisterCore, request: c.BeginCloseShift, operator: int) -> c.Done:
    reports.begin(register, 0x13)
    return c.Done()


def x_report(register: RegisterCore, request: c.XReport, operator: int) -> c.OperatorReply:
    x_now(register)
    return c.OperatorReply(operator=operator)


def x_now(register: RegisterCore) -> None:
    """The report on the shift so far: paper only."""
    register.counters.count(X_NUMBER)
    register.counters.count(THROUGH_NUMBER)
    register.save()
    register.print(lambda: _x_lines(register), report=True)


def _x_lines(register: RegisterCore) -> list[Line]:
    money, counts = register.counters.money, register.counters.counts
    rows = [("СМЕНА", str(int.from_bytes(register.ask(0x10)[1:3], "little")))]
    for kind, word in enumerate(("ПРИХОД", "РАСХОД", "ВОЗВРАТ ПРИХОДА", "ВОЗВРАТ РАСХОДА")):
        rows.append((word, str(counts.get(RECEIPTS_OF_SHIFT + kind, 0))))
        for place in range(16):
            paid = money.get(193 + 4 * place + kind if place < 4 else 4144 + 4 * (place - 4) + kind, 0)
            if paid:
                rows.append((f"  {register.settings.text(5, place + 1, 1)}", forms.money(paid)))
    rows += [
        ("ВНЕСЕНИЯ", forms.money(money.get(CASH_INS, 0))),
        ("ВЫПЛАТЫ", forms.money(money.get(PAYOUTS, 0))),
        ("НАЛИЧНЫМИ В КАССЕ", forms.money(register.counters.cash)),
    ]
    return forms.report("СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ", rows, width=register.model.characters)


def cash_in(register: RegisterCore, request: c.CashIn, operator: int) -> c.CashReply:
    register.counters.cash_in(request.amount)
    return _cash_done(register, operator, "ВНЕСЕНИЕ", request.amount)


def cash_out(register: RegisterCore, request: c.CashOut, operator: int) -> c.CashReply:
    if request.amount > register.counters.cash:
        raise Refusal(Code.NOT_ENOUGH_CASH)
    register.counters.cash_out(request.amount)
    return _cash_done(register, operator, "ВЫПЛАТА", request.amount)


def _cash_done(register: RegisterCore, operator: int, title: str, amount: int) -> c.CashReply:
    register.save()
    width = register.model.characters
    register.print(lambda: forms.report(title, [("СУММА", forms.money(amount))], width=width))
    return c.CashReply(operator=operator, through_number=register.counters.through_number)


def begin_settlement_report(register: RegisterCore, request: c.BeginSettlementReport, operator: int) -> c.Done:
    reports.begin(register, 0x18)
    return c.Done()


def settlement_report(register: RegisterCore, request: c.SettlementReport, operator: int) -> c.SettlementReportReply:
    made = reports.form(register, operator, 0x19, tags=fields.OF_STATE, begin_with=0x18)
    number = u4(made, 0)
    reports.done(register, number)
    first = made[12:15]
    return c.SettlementReportReply(
        document=number,
        sign=u4(made, 4),
        unconfirmed=u4(made, 8),
        first_unconfirmed=date(2000 + first[0], first[1], first[2]) if any(first) else None,
        moment=moment(register),
    )


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.OpenShift: open_shift,
    c.OpenShiftInDrive: open_shift_in_drive,
    c.BeginOpenShift: begin_open_shift,
    c.ZReport: z_report,
    c.ZReportToBuffer: z_report_to_buffer,
    c.PrintBufferedReport: print_buffered,
    c.CloseShiftInDrive: close_shift_in_drive,
    c.BeginCloseShift: begin_close_shift,
    c.XReport: x_report,
    c.CashIn: cash_in,
    c.CashOut: cash_out,
    c.BeginSettlementReport: begin_settlement_report,
    c.SettlementReport: settlement_report,
}
