"""Corrections: FF35h with FF36h or FF4Ah before format 1.2, an ordinary receipt in 1.2."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ffd import tlv
from fn_emulator.register import DESKTOP
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk, closing, item, sell

BASIS = tlv.encode(
    [
        tlv.field(
            1174, (tlv.field(1178, datetime(2026, 5, 27)), tlv.field(1179, "б/н"), tlv.field(1177, "ошибка кассира"))
        )
    ]
)
FULL = c.CorrectionV2(
    kind=1, operation=1, total=12000, cash=10000, electronic=2000, taxes=(2000, 0, 0, 0, 0, 0), tax_system=2
)


def begun(ffd: int = 2, **options: Any) -> Desk:
    desk = Desk(shift=True, ffd=ffd, **options)
    desk.ask(c.BeginCorrection())
    assert desk.ask(c.DriveStatus()).current_document == 0x14
    desk.ask(c.SendTlv(tlv=BASIS))
    return desk


def test_ff4a() -> None:
    """What FF4Ah says is in the document, and what FF0Ch gave; the drawer and the counts of the shift have it."""
    desk = begun()
    made = desk.ask(FULL)
    assert (made.receipt, made.document) == (1, 3)
    found = desk.ask(c.FindDocument(document=3))
    assert (found.type, found.operation, found.total) == (31, 1, 12000)
    values = desk.values(3)
    assert (values[1173], values[1055], values[1020]) == (1, 2, 12000)
    assert (values[1031], values[1081], values[1102]) == (10000, 2000, 2000)
    basis = {field.tag: tlv.value(field) for field in values[1174]}
    assert basis[1177] == "ошибка кассира"
    assert desk.ask(c.MoneyRegister(low=241)).value == 10000
    assert desk.ask(c.OperationRegister(number=144)).value == 1


def test_ff36() -> None:
    """The short form: all in cash, all without VAT, one's own correction."""
    desk = begun()
    made = desk.ask(c.Correction(total=5000, operation=1))
    values = desk.values(made.document)
    assert (values[1173], values[1054], values[1031], values[1105]) == (0, 1, 5000, 5000)


def test_payouts_need_cash() -> None:
    """A correction of an expense takes money out of the drawer, which must be there."""
    desk = begun()
    assert desk.refused(c.Correction(total=5000, operation=3)) == 0x46
    desk.ask(c.CancelDocument())
    desk.ask(c.CashIn(amount=5000))
    desk.ask(c.BeginCorrection())
    desk.ask(c.Correction(total=5000, operation=3))
    assert desk.ask(c.MoneyRegister(low=241)).value == 0


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(FULL, operation=2), 0x33),
        (replace(FULL, kind=2), 0x33),
        (replace(FULL, cash=9999), 0x45),
        (replace(FULL, cash=10001), 0x33),
        (replace(FULL, tax_system=3), 0x33),
        (c.Correction(total=1, operation=4), 0x33),
    ],
)
def test_refused(request_: c.Request[Any], code: int) -> None:
    """A refusal makes no document; the one that was begun goes with FF08h."""
    desk = begun()
    assert desk.refused(request_) == code
    assert desk.last_document == 2
    desk.ask(c.CancelDocument())
    assert desk.ask(c.DriveStatus()).current_document == 0


def test_returns_from_format_1_1_on() -> None:
    """Formats before 1.1 know corrections of income and expense only."""
    desk = begun(ffd=3)
    desk.ask(c.CancelDocument())
    sell(desk)
    desk.ask(c.BeginCorrection())
    made = desk.ask(c.Correction(total=100, operation=2))
    assert desk.ask(c.FindDocument(document=made.document)).operation == 2


def test_without_its_beginning() -> None:
    """FF36h out of the blue is the drive's 02h."""
    desk = Desk(shift=True, ffd=2)
    assert desk.refused(FULL) == 0x02
    assert desk.last_document == 2


def test_format_1_2_wants_items() -> None:
    """37h there; the correction is a receipt of type 80h and up, with kind and basis as fields."""
    desk = begun(ffd=4)
    assert desk.refused(FULL) == 0x37
    assert desk.refused(c.Correction(total=1, operation=1)) == 0x37
    desk.ask(c.CancelDocument())
    desk.ask(c.OpenReceipt(type=0x80))
    desk.ask(c.SendTlv(tlv=BASIS + bytes.fromhex("9504010000")))
    desk.ask(item())
    document = desk.ask(closing()).document
    assert desk.ask(c.FindDocument(document=document)).type == 31


def test_firmware_that_still_takes_the_old_form() -> None:
    """Behind a switch: some 1.2 firmware takes FF4Ah without items."""
    desk = begun(ffd=4, model=replace(DESKTOP, old_corrections_in_1_2=True))
    made = desk.ask(FULL)
    assert desk.ask(c.FindDocument(document=made.document)).type == 31
