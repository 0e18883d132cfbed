"""Documents on paper: everything in them can be read there."""

from __future__ import annotations

import pytest

from ffd.qr import parse
from fn_emulator.register import forms
from fn_emulator.register.tape import BarCode, Line, Text
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk, item, sell
from tests.fn_emulator.test_register_vectors import correcting


def printed(desk: Desk) -> list[Line]:
    return list(desk.register.core.printer.tape.lines)


def printing(desk: Desk) -> Desk:
    desk.set(17, 1, 7, b"\0")
    return desk


def text_of(lines: list[Line]) -> str:
    return "\n".join(line.read() for line in lines)


@pytest.mark.parametrize(("kopecks", "text"), [(0, "0.00"), (5, "0.05"), (17900, "179.00"), (-250, "-2.50")])
def test_money(kopecks: int, text: str) -> None:
    """Kopecks never become a fraction on the way to paper."""
    assert forms.money(kopecks) == text


def test_a_receipt() -> None:
    """Owner, items with quantity and price, total, payments, rate, cashier, numbers, sign, the code for the buyer."""
    desk = printing(Desk(shift=True))
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(c.SendTlv(tlv=b"\xf0\x03\x0c\x00+79161234567"))
    desk.ask(item())
    desk.ask(item(name="//Хлеб", price=4550, rate=1, quantity=1_500_000))
    desk.ask(c.CloseReceipt(payments=(24725, *[0] * 15), tax_system=1))
    lines = printed(desk)
    text = text_of(lines)
    for words in (
        "КАССОВЫЙ ЧЕК", 'ООО "Учебная стойка"', "ИНН 9900000000", "ПРИХОД", "Молоко 3,2% 1л", "2 × 89.50", "=179.00",
        "Хлеб", "1.5 × 45.50", "=68.25", "НДС 20%", "БЕЗ НДС", "=247.25", "СИСТ. АДМИНИСТРАТОР", "+79161234567",
    ):  # fmt: skip
        assert words in text, words
    (code,) = [line for line in lines if isinstance(line, BarCode)]
    told = parse(code.data.decode("ascii"))
    found = desk.ask(c.FindDocument(document=3))
    assert (told.total, told.document, told.operation) == (24725, 3, 1)
    assert told.drive == desk.register.drive.number
    assert told.sign == found.sign
    assert "<" not in text, "the order's placeholders are no words for paper"
    width = desk.register.core.model.characters
    assert all(len(line.text) * (2 if line.font == 2 else 1) <= width for line in lines if isinstance(line, Text))


def test_every_kind_of_document() -> None:
    """No document of the drive leaves the register without paper when printing is on."""
    desk = printing(Desk())
    desk.ask(c.BeginRegistration(type=2))
    totals = desk.ask(c.RegistrationTotals())
    desk.ask(
        c.ChangeRegistration(
            inn=totals.inn, registration_number=totals.registration_number, tax_systems=1, work_mode=0, reason=4
        )
    )
    desk.ask(c.OpenShift())
    sell(desk)
    desk.ask(c.OpenReceipt(type=0x80))
    desk.ask(item())
    desk.ask(c.CloseReceipt(payments=(17900, *[0] * 15), tax_system=1))
    desk.ask(c.CashIn(amount=10050))
    desk.ask(c.CashOut(amount=50))
    desk.ask(c.ZReport())
    desk.ask(c.SettlementReport())
    desk.ask(c.BeginClosing())
    desk.ask(c.CloseDrive())
    text = text_of(printed(desk))
    titles = (
        "ОТЧЕТ ОБ ИЗМЕНЕНИИ ПАРАМЕТРОВ", "ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ", "КАССОВЫЙ ЧЕК", "КАССОВЫЙ ЧЕК КОРРЕКЦИИ",
        "ВНЕСЕНИЕ", "ВЫПЛАТА", "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ", "ОТЧЕТ О ТЕКУЩЕМ СОСТОЯНИИ РАСЧЕТОВ",
        "ОТЧЕТ О ЗАКРЫТИИ ФИСКАЛЬНОГО",
    )  # fmt: skip
    at = [text.find(title) for title in titles]
    assert -1 not in at, titles[at.index(-1)]


def test_the_old_correction() -> None:
    """Format 1.05 prints too."""
    desk = printing(correcting())
    desk.ask(c.Correction(total=5000, operation=1))
    text = text_of(printed(desk))
    assert "КОРРЕКЦИИ" in text
    assert "=50.00" in text


def test_a_cancelled_receipt() -> None:
    """Table 17 field 15: on paper or not."""
    desk = printing(Desk(shift=True))
    for on in (0, 1):
        desk.set(17, 1, 15, bytes((on,)))
        desk.ask(item())
        desk.ask(c.CancelReceipt())
        assert ("ЧЕК АННУЛИРОВАН" in text_of(printed(desk))) is bool(on)


def test_a_document_that_is_no_sequence_of_fields() -> None:
    """Printing is never a reason to fail: what can't be read stands there as it is."""
    assert text_of(forms.document(3, b"\xff\xff\xff", width=48)).splitlines()[-1] == "ffffff"
    assert forms.document(3, bytes.fromhex("f0030100ff"), width=48)
