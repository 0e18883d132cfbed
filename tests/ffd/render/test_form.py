"""The printed form row by row: headers of the tables, print rules of the order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffd import presence
from ffd.control import Context, check
from ffd.documents import OF_CODE, ReceiptDocument, SettlementsStateReport, ShiftOpenReport, decode, sign_bytes
from ffd.enums import SETS, VatRate
from ffd.fields import REPEATED
from ffd.qr import parse
from ffd.render.form import Beside, Row, Style, caption, rows
from ffd.structures import OF_TAG, CashlessPayments, ItemFields, VatAmounts, VatEntry
from ffd.tags import Tag, Type
from tests import strategies
from tests.ffd.render.samples import BESIDE, RECEIPT, REGISTRATION, SAMPLES
from tests.ffd.vectors import one

REAL = decode(bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"]))


def _pairs(document: Any, beside: Beside | None = None) -> dict[str, str]:
    return {row.left: row.right for row in rows(document, beside) if row.style in (Style.PAIR, Style.TOTAL)}


def _notes(document: Any) -> list[str]:
    return [row.left for row in rows(document) if row.style in (Style.NOTE, Style.ITEM, Style.HEAD)]


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_right_documents(name: str) -> None:
    """What the docs show would pass the format-logic control."""
    registration = None if name == "registration" else REGISTRATION
    assert check(SAMPLES[name], Context(registration=registration)) == ()


def test_real_receipt() -> None:
    """The receipt of 2026 (tax service) prints what its paper must show."""
    pairs = _pairs(REAL)
    assert pairs["ИТОГ"] == "=562.92"
    assert pairs["БЕЗНАЛИЧНЫМИ"] == "562.92"
    assert (pairs["СУММА НДС 10%"], pairs["СУММА НДС 22%"]) == ("28.72", "44.54")
    assert (pairs["ФН"], pairs["ФД"], pairs["ФП"]) == ("7384440900844678", "43553", "3576585508")
    assert pairs["ДАТА И ВРЕМЯ"] == "03.08.26 16:44"
    assert "НАЛИЧНЫМИ" not in pairs
    assert sum(note.endswith("[М+]") for note in _notes(REAL)) == 6


def test_qr_of_the_real_receipt() -> None:
    """The code under the receipt says the same as the receipt."""
    (line,) = [row.left for row in rows(REAL) if row.style is Style.QR]
    found = parse(line)
    assert (found.total, found.drive, found.document, found.sign) == (56292, "7384440900844678", 43553, 3576585508)


def test_what_is_not_printed() -> None:
    """Zero sums, flags of 0, `none`, full payment and goods leave no trace."""
    receipt = msgspec.structs.replace(
        RECEIPT, buyer_contact="none", receipt_sender_email="none", credit_total=0, receipt_vat_0_turnover=0
    )
    pairs = _pairs(receipt)
    assert not {"ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)", "СУММА С НДС 0%", "ТЕЛ. ПОКУПАТЕЛЯ", "ЭЛ. АДР. ОТПРАВИТЕЛЯ"} & set(pairs)
    assert "ИНН ПОСТАВЩИКА" not in pairs  # twelve zeros
    assert not {"ПОЛНЫЙ РАСЧЕТ", "ТОВАР"} & set(_notes(receipt))
    assert not {"АВТОНОМН. РЕЖИМ", "ШФД"} & set(_notes(REGISTRATION))


def test_what_is_printed_by_header_alone() -> None:
    """A set flag prints its header, as does a bit of 1290 that used to be a flag."""
    notes = _notes(ShiftOpenReport(ffd_version=4, fiscal_drive_memory_full_flag=True, operator_message_flags=2))
    assert {"ПАМЯТЬ ФН ЗАПОЛНЕНА", "ОШИБКА ФЛК"} <= set(notes)
    assert {"ПОДАКЦИЗНЫЕ ТОВАРЫ", "МАРКИРОВАННЫЕ ТОВАРЫ"} <= set(_notes(REGISTRATION))


@pytest.mark.parametrize(
    ("result", "printed"), [(0, "[М]"), (1, "[М-]"), (3, "[М]"), (5, "[М-]"), (15, "[М+]"), (19, "[М]"), (None, "")]
)
def test_mark(result: int | None, printed: str) -> None:
    """The sign behind a marked position follows 2106."""
    item = ItemFields(item_name="Чай", item_check_result=result)
    (row,) = [row for row in rows(ReceiptDocument(items=(item,))) if row.style is Style.ITEM]
    assert row.left == f"Чай {printed}".strip()


def test_mark_before_1_2() -> None:
    """FFD 1.05 and 1.1 print [М] for a recognised code, nothing for a bar code."""
    for code, printed in (("444d042f1f968178", "Чай [М]"), ("450d043077195761", "Чай")):
        item = ItemFields(item_name="Чай", item_product_code_bytes=bytes.fromhex(code))
        assert Row(Style.ITEM, printed) in rows(ReceiptDocument(items=(item,)))


def test_beside() -> None:
    """Change, control codes, the shop's lines, and what only the registration report holds."""
    found = rows(RECEIPT, BESIDE["receipt"])
    assert (found[0].left, found[-1].left) == ("ДОБРО ПОЖАЛОВАТЬ!", "СПАСИБО ЗА ПОКУПКУ!")
    assert any(row.left.endswith("[М+]\N{NO-BREAK SPACE}4471") for row in found)
    pairs = _pairs(RECEIPT, BESIDE["receipt"])
    assert (pairs["ПОЛУЧЕНО"], pairs["СДАЧА"]) == ("1200.00", "200.00")
    bare = msgspec.structs.replace(RECEIPT, user_name=None, settlement_place=None, user_inn=None)
    assert _pairs(bare, Beside(registration=REGISTRATION))["МЕСТО РАСЧЕТОВ"] == REGISTRATION.settlement_place


def test_a_request_borrows_no_number() -> None:
    """The registration report lends name and place, never its own drive, number or sign: no paper may look fiscal."""
    request = msgspec.structs.replace(
        RECEIPT, fiscal_drive_number=None, fiscal_document_number=None, document_fiscal_sign=None
    )
    found = rows(request, Beside(registration=REGISTRATION))
    assert not {"ФН", "ФД", "ФП"} & {row.left for row in found}
    assert Style.QR not in {row.style for row in found}


def test_vat_of_its_day() -> None:
    """A receipt of 2018 printed again says 18%, as it did then."""
    item = ItemFields(item_name="Чай", vat_rate=3, item_total=118)
    old = ReceiptDocument(
        document_datetime=datetime(2018, 12, 31, 23, 59),
        items=(item,),
        receipt_vat_20_amount=5,
        receipt_no_vat_turnover=1,
    )
    assert {"НДС 18/118", "СУММА НДС 18%", "СУММА БЕЗ НДС"} <= set(_pairs(old))
    new = msgspec.structs.replace(old, document_datetime=datetime(2019, 1, 1))
    assert {"НДС 20/120", "СУММА НДС 20%"} <= set(_pairs(new))


def test_no_invented_sums() -> None:
    """A sum that is not in the document is not printed as zero; too little cash makes no change."""
    found = rows(ReceiptDocument(items=(ItemFields(item_name="Чай"),), cash_total=200), Beside(tendered=100))
    assert not any("0.00" in row.right for row in found)
    assert "СДАЧА" not in {row.left for row in found}


def test_unsent_since() -> None:
    """The date of the first unsent document is printed only when there is one."""
    report = SettlementsStateReport(ffd_version=4, first_unsent_document_date=datetime(2026, 11, 1))
    assert "ФД НЕ ПЕРЕДАНЫ С" not in _pairs(msgspec.structs.replace(report, unsent_document_count=0))
    assert _pairs(msgspec.structs.replace(report, unsent_document_count=1))["ФД НЕ ПЕРЕДАНЫ С"] == "01.11.2026"


def test_prepayment_and_unit() -> None:
    """A method other than full payment is named; a text for the unit goes before the measure."""
    item = ItemFields(
        item_name="Чай", item_payment_method=3, item_unit_text="пачка", item_quantity=Decimal("1.500"), item_total=1
    )
    found = rows(ReceiptDocument(items=(item,)))
    assert Row(Style.NOTE, "АВАНС") in found
    assert any(row.left.endswith("х 1.5 пачка") for row in found)


def test_vat_entries_keep_their_rate() -> None:
    """Each entry of 1115 has a row of its own."""
    entries = tuple(VatEntry(vat_rate=rate, vat_amount=int(rate)) for rate in VatRate if rate > 6)
    pairs = _pairs(ReceiptDocument(receipt_vat_amounts=VatAmounts(receipt_vat_entries=entries)))
    assert [pairs[f"СУММА {rate.printed}"] for rate in VatRate if rate > 6] == [
        f"0.{rate:02d}" for rate in range(7, 13)
    ]


# Printing is optional for these (code 3 of the order) and says nothing to a buyer: goods are goods, and the tax inside
# the price of one unit stands on no paper. 1200 is printed beside its rate.
LEFT_OUT = {1198, 1200, 1212}


def _some(row: Tag) -> Any:
    """Any value of a tag that would be printed."""
    match row.type:
        case _ if row.kind == "bool":
            return True
        case Type.FVLN:
            return Decimal(7)
        case Type.UNIXTIME:
            return datetime(2026, 8, 3, 1, 2)
        case Type.BYTES:
            return sign_bytes(12345) if row.number == 1077 else b"DM000000"
        case Type.STRING:
            return "Zz"[: row.length]
        case Type.STLV:
            cls = OF_TAG[row.number]
            return cls(**{name: _one_or_several(name, inner) for name, inner in cls.tags().items()})
        case _:
            members: list[Any] = list(SETS.get(row.enum, ()))
            return next((int(one) for one in members if one), 1)


def _one_or_several(name: str, row: Tag) -> Any:
    return (_some(row),) if name in REPEATED else _some(row)


@pytest.mark.parametrize("edition", [2, 3, 4])
@pytest.mark.parametrize("code", [code for code in OF_CODE if code < 80])
def test_everything_the_order_prints_is_printed(code: int, edition: int) -> None:
    """Each tag that the presence table wants on paper changes the paper."""
    cls = OF_CODE[code]
    printed = presence.rows(code, edition)
    base: Any = cls() if code == 7 else cls(ffd_version=edition)  # type: ignore[call-arg]  # all but the confirmation
    missing = []
    for name, row in cls.tags().items():
        if row.number not in printed or not printed[row.number].printed:
            continue
        if name == "first_unsent_document_date":
            base = msgspec.structs.replace(base, unsent_document_count=1)
        if rows(msgspec.structs.replace(base, **{name: _one_or_several(name, row)})) == rows(base):
            missing.append(row.number)
    assert missing == []


@pytest.mark.parametrize("edition", [2, 3, 4])
def test_everything_the_order_prints_of_an_item_is_printed(edition: int) -> None:
    """The same for positions."""
    printed = presence.rows(1059, edition)
    missing = {
        row.number
        for name, row in ItemFields.tags().items()
        if row.number in printed
        and printed[row.number].printed
        and rows(ReceiptDocument(items=(ItemFields(**{name: _one_or_several(name, row)}),)))
        == rows(ReceiptDocument(items=(ItemFields(),)))
    }
    assert missing <= LEFT_OUT


def test_caption() -> None:
    """A file or window is called by form and number."""
    assert caption(RECEIPT) == "Кассовый чек № 418"
    assert caption(ReceiptDocument()) == "Кассовый чек"


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_document(data: st.DataObject) -> None:
    """Any document of any form has a printed form, whatever its values mean."""
    code = data.draw(st.sampled_from(sorted(OF_CODE)))
    found = rows(data.draw(strategies.documents_of(code)))
    assert found
    assert all(isinstance(row, Row) for row in found)


def test_empty_structures() -> None:
    """A structure without members disturbs nothing."""
    assert rows(ReceiptDocument(items=(ItemFields(),), cashless_payments=CashlessPayments()))
