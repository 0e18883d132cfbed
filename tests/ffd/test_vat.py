"""Value added tax against a real receipt and the derived table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd import vat
from ffd.enums import VatRate
from ffd.receipts import Item
from tests.ffd.vectors import vectors


def _items(rate: int, totals: list[int]) -> list[Item]:
    return [Item(name="x", price=total, quantity=Decimal(1), total=total, vat=VatRate(rate)) for total in totals]


@pytest.mark.parametrize("vector", vectors("ffd_vat"))
def test_amounts(vector: dict[str, Any]) -> None:
    """The group total rounds as the real register did; rounding per item gives the other number."""
    rate = vector["vat_rate"]
    items = _items(rate, vector.get("item_totals", [vector["group_total"]]))
    assert vat.turnovers(items) == {rate: vector["group_total"]}
    assert vat.amounts(items) == {rate: vector["vat_amount"]}
    if "vat_if_rounded_per_item" in vector:
        assert vat.amounts(items, per_item=True) == {rate: vector["vat_if_rounded_per_item"]}


def test_rates_without_tax_carry_their_turnover() -> None:
    """1104 and 1105 hold what was sold, not a tax."""
    items = _items(5, [100, 200]) + _items(6, [50])
    assert vat.amounts(items) == {VatRate.VAT_0: 300, VatRate.NO_VAT: 50} == vat.amounts(items, per_item=True)


@given(st.integers(0, 2**48 - 1), st.sampled_from(sorted(vat.RATES)))
def test_nearest_kopeck(gross: int, rate: int) -> None:
    """The amount is the nearest kopeck to the exact tax, the upper of two."""
    percent, base = vat.RATES[rate]
    too_much = 2 * (vat.amount(gross, rate) * base - gross * percent)
    assert -base < too_much <= base
