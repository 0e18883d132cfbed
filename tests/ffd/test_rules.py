"""Rules of the business receipt, before a register sees it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ffd import Item, Operation, Payments, Receipt, TaxSystem, UserAttribute, VatRate
from ffd.rules import check

ITEM = Item(name="Чай", price=100, quantity=Decimal(2), total=200, vat=VatRate.VAT_22)
RECEIPT = Receipt(operation=Operation.INCOME, tax_system=TaxSystem.GENERAL, items=(ITEM,), payments=Payments(cash=200))


def _with(**changes: Any) -> Receipt:
    return msgspec.structs.replace(RECEIPT, **changes)


def _item(**changes: Any) -> Receipt:
    return _with(items=(msgspec.structs.replace(ITEM, **changes),))


def test_a_good_receipt_is_clean() -> None:
    """Nothing to say about a right receipt."""
    assert check(RECEIPT, tax_systems=1, today=date(2026, 8, 3)) == ()


BROKEN: list[tuple[str, str, Receipt]] = [
    ("F01", "payments", _with(payments=Payments(cash=199))),
    ("F03", "items[0]/total", _item(price=102)),
    ("F06", "tax_system", _with(tax_system=TaxSystem(3))),
    ("F06", "tax_system", _with(tax_system=TaxSystem(64))),
    ("F09", "items[0]/name", _item(name="x" * 129)),
    ("F09", "items[0]/price", _item(price=-1)),
    ("F09", "items[0]/total", _item(total=2**48)),
    ("F09", "items[0]/quantity", _item(quantity=Decimal("0.0000001"))),
    ("F09", "payments/credit", _with(payments=Payments(credit=-1, cash=201))),
    ("F09", "extra_attribute", _with(extra_attribute="x" * 17)),
    ("F09", "buyer_contact", _with(buyer_contact="89161234567")),
    ("F14", "items", _with(items=(), payments=Payments())),
    ("F14", "items[0]/name", _item(name=" ")),
    ("F22", "user_attribute/value", _with(user_attribute=UserAttribute(name="x", value=""))),
    ("F26", "buyer_contact", _with(internet=True)),
    ("F30", "cashier_inn", _with(cashier_inn="500100732250")),
    ("F30", "cashier_inn", _with(cashier_inn="7704849611")),
    ("C01", "items[0]/name", _item(name="漢")),
    ("C01", "cashier_name", _with(cashier_name="漢")),
    ("V01", "items[0]/subject", _item(subject=29)),
    ("V01", "items[0]/method", _item(method=0)),
    ("V01", "items[0]/measure", _item(measure=1)),
]


@pytest.mark.parametrize(("code", "path", "receipt"), BROKEN)
def test_broken(code: str, path: str, receipt: Receipt) -> None:
    """Each rule finds its own mistake and names the place."""
    assert (code, path) in [(one.code, one.path) for one in check(receipt)]


def test_one_kopeck() -> None:
    """A total computed outside may differ by one kopeck, not by more."""
    assert check(_with(items=(msgspec.structs.replace(ITEM, total=201),), payments=Payments(cash=201))) == ()


def test_typography_is_not_a_mistake() -> None:
    """Quotes and dashes of word processors become plain ones on the way; they are not refused."""
    assert check(_item(name="Чай «Ёлка» — 5…")) == ()


def test_dates() -> None:
    """Rates and tax systems have their days; 20% in 2026 only warns, and not for a return."""
    assert [one.code for one in check(RECEIPT, today=date(2025, 12, 31))] == ["F11"]
    old = _item(vat=VatRate.VAT_20)
    assert [(one.code, one.warning) for one in check(old, today=date(2026, 1, 1))] == [("F11", True)]
    assert check(msgspec.structs.replace(old, operation=Operation.INCOME_RETURN), today=date(2026, 1, 1)) == ()
    assert [one.code for one in check(_with(tax_system=TaxSystem.IMPUTED_INCOME), today=date(2026, 1, 1))] == ["F06"]


def test_register_knows_its_tax_systems() -> None:
    """A tax system the register is not registered for is refused."""
    assert [one.code for one in check(RECEIPT, tax_systems=2)] == ["F06"]


def test_internet_without_place_warns() -> None:
    """The register may hold the site itself, so a missing place only warns."""
    found = check(_with(internet=True, buyer_contact="a@example.com"))
    assert [(one.code, one.path, one.warning) for one in found] == [("F26", "settlement_place", True)]
