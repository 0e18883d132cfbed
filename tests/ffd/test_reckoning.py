"""Sums that explain themselves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd import ReceiptDocument, VatRate
from ffd.errors import FfdError
from ffd.reckoning import Line, line_total, reckon
from ffd.structures import ItemFields
from tests import strategies
from tests.ffd.vectors import one

TEA = Line("Чай", 10000, Decimal("2.5"), 25000, VatRate.VAT_22)
NUTS = Line("Орехи", 3333, Decimal("0.333"), 1111, VatRate.VAT_22)
BOOK = Line("Книга", 500, Decimal(1), 500, VatRate.NO_VAT)


def test_every_sum_says_where_it_comes_from() -> None:
    """Items, payments, change and the tax of each rate with its formula; what does not fit is said."""
    totals = reckon([TEA, NUTS, BOOK], {"cash": 6611, "cashless": 20000}, tendered=10000)
    assert (totals.total, totals.difference, totals.change) == (26611, 0, 3389)
    assert str(totals).splitlines() == [
        "Чай: 250.00 = 100.00 x 2.5",
        "Орехи: 11.11 = 33.33 x 0.333, 0.01 off",
        "Книга: 5.00 = 5.00 x 1",
        "total 266.11 = 250.00 + 11.11 + 5.00",
        "paid cash 66.11",
        "paid cashless 200.00",
        "change 33.89 = 100.00 put down - 66.11 cash",
        "NO_VAT: 5.00, no tax in it",
        "VAT_22: 47.09 = 261.11 x 22/122",
    ]


def test_item_by_item() -> None:
    """Rounding item by item is shown as the sum it is, and may differ by kopecks."""
    lines = [Line("a", 5, Decimal(1), 5, VatRate.VAT_10)] * 3
    assert reckon(lines, {}).vat == {VatRate.VAT_10: 1}
    by_item = reckon(lines, {}, per_item=True)
    assert by_item.vat == {VatRate.VAT_10: 0}
    assert by_item.lines()[-1] == "VAT_10: 0.00 = 0.00 + 0.00 + 0.00, item by item, of 0.15"


def test_what_is_wrong_shows() -> None:
    """Paid less owed, and cash that does not suffice."""
    totals = reckon([BOOK], {"cash": 400}, tendered=300)
    assert (totals.difference, totals.change) == (-100, -100)
    assert "paid less owed -1.00" in totals.lines()


def test_the_real_receipt() -> None:
    """The sums of the receipt of 2026 are those it carries, its tax rounded by rate (public test project)."""
    document = ReceiptDocument.decode(bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"]))
    totals = document.totals()
    assert (totals.total, totals.difference) == (document.receipt_total, 0)
    assert totals.vat == {VatRate.VAT_10: 2872, VatRate.VAT_22: 4454}
    assert document.totals(per_item=True).vat == {VatRate.VAT_10: 2873, VatRate.VAT_22: 4453}


def test_a_document_with_gaps() -> None:
    """An item without rate or quantity counts once and free of tax: nothing is guessed."""
    totals = ReceiptDocument(items=(ItemFields(item_total=100),)).totals()
    assert (totals.total, totals.vat) == (100, {VatRate.NO_VAT: 100})
    with pytest.raises(FfdError, match=r"items\[0\]/vat_rate: rate 99 is unknown"):
        ReceiptDocument(items=(ItemFields(vat_rate=99),)).totals()


@given(st.integers(0, 10**9), strategies.quantities())
def test_line_total(price: int, quantity: Decimal) -> None:
    """The nearest kopeck to the exact product, the upper of two."""
    twice = 2 * line_total(price, quantity) - 2 * price * quantity
    assert -1 < twice <= 1
