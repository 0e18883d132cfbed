"""The business receipt: our JSON both ways, every violation at once, the host's fields."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffd import (
    Edition,
    Item,
    Operation,
    Payments,
    Receipt,
    ReceiptDocument,
    TaxSystem,
    UserAttribute,
    VatRate,
    control,
    receipts,
    tlv,
)
from ffd.control import Context
from ffd.errors import Invalid, Violation
from ffd.presence import Supplier
from tests import strategies

GOOD: dict[str, Any] = {
    "operation": 1,
    "tax_system": 1,
    "items": [{"name": "Чай", "price": 10000, "quantity": "2.5", "total": 25000, "vat": 11}],
    "payments": {"cash": 5000, "cashless": 20000},
    "buyer_contact": "a@example.com",
}


def _violations(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        receipts.read(data)
    return [(one.code, one.path) for one in caught.value.violations]


@pytest.mark.parametrize("form", ["bytes", "text", "mapping"])
def test_read(form: str) -> None:
    """Bytes, text or an object already taken apart: the same receipt."""
    text = json.dumps(GOOD, ensure_ascii=False)
    forms: dict[str, Any] = {"bytes": text.encode(), "text": text, "mapping": GOOD}
    receipt = receipts.read(forms[form])
    assert receipt == Receipt(
        operation=Operation.INCOME,
        tax_system=TaxSystem.GENERAL,
        items=(Item(name="Чай", price=10000, quantity=Decimal("2.5"), total=25000, vat=VatRate.VAT_22),),
        payments=Payments(cash=5000, cashless=20000),
        buyer_contact="a@example.com",
    )
    assert receipt.total == receipt.payments.total == 25000


def test_quantity_is_exact() -> None:
    """A quantity given as a number is the decimal it was written as, not the nearest binary fraction."""
    text = json.dumps(GOOD).replace('"2.5"', "2.50")
    assert str(receipts.read(text).items[0].quantity) == "2.50"


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(strategies.good_receipts())
def test_round_trip(receipt: Receipt) -> None:
    """read(write(r)) == r."""
    assert receipts.read(receipts.write(receipt)) == receipt


def test_every_violation_at_once() -> None:
    """Shape and rules together, each with its path: a cashier's mistakes are fixed in one go."""
    bad = {
        "operation": 9,
        "items": [
            {"name": 1, "colour": "red", "price": 100, "quantity": 1, "total": 100},
            {"name": "€", "price": 100, "quantity": 3, "total": 305, "vat": 11},
            "tea",
        ],
        "payments": {"cash": "1"},
        "tax_system": 1,
        "cashier_inn": "123",
        "user_attribute": {"name": ""},
    }
    assert sorted(_violations(bad)) == sorted(
        [
            ("J02", "operation"),
            ("J03", "items[0]/colour"),
            ("J02", "items[0]/name"),
            ("J04", "items[0]/vat"),
            ("C01", "items[1]/name"),
            ("F03", "items[1]/total"),
            ("J02", "items[2]"),
            ("J02", "payments/cash"),
            ("J04", "user_attribute/value"),
            ("F30", "cashier_inn"),
        ]
    )
    assert _violations(bad) == _violations(json.dumps(bad))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "J01"),
        (b"{", "J01"),
        (b"\xff\xfe", "J01"),
        (b"[" * 100_000, "J01"),
        (b'{"a":' * 100_000, "J01"),
        (b"[]", "J02"),
        (b'"x"', "J02"),
        (b"1", "J02"),
        (b"null", "J02"),
    ],
)
def test_not_a_receipt(data: bytes, code: str) -> None:
    """What is not JSON, or JSON but not an object, is one violation; hostile nesting costs nothing."""
    assert [found for found, _ in _violations(data)] == [code]


def test_key_given_twice() -> None:
    """A key given twice, the first time wrong, is a violation although the second would do."""
    text = json.dumps(GOOD).replace('"total"', '"total": "x", "total"')
    assert _violations(text) == [("J02", "")]


@pytest.mark.parametrize("quantity", ['"NaN"', '"-1"', "0", "1e999999999", '"1e-999999999"', "1.0000001", '"Infinity"'])
def test_impossible_quantity(quantity: str) -> None:
    """A quantity no register takes is refused without computing it."""
    assert ("F09", "items[0]/quantity") in _violations(json.dumps(GOOD).replace('"2.5"', quantity))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(GOOD)) | st.text(), inner),
        max_leaves=20,
    )
)
def test_any_json(body: Any) -> None:
    """Any JSON: a receipt or Invalid."""
    with contextlib.suppress(Invalid):
        assert receipts.read(json.dumps(body))


@given(st.sampled_from(sorted(GOOD)), st.sampled_from([None, 0, -1, "", "x", [], {}, [None], [[]], 1.5, 2**70]))
def test_one_field_broken(name: str, value: Any) -> None:
    """Any field with any wrong value: a receipt or Invalid that names the field."""
    found: tuple[Violation, ...] = ()
    try:
        receipts.read({**GOOD, name: value})
    except Invalid as invalid:
        found = invalid.violations
    # payments and items are weighed against each other
    assert all(one.path.startswith((name, "items", "payments")) for one in found)


def test_host_fields() -> None:
    """The host gives the register contact, places, cashier, attributes; never sums or items."""
    receipt = receipts.read(
        GOOD
        | {
            "settlement_place": "https://shop.example",
            "settlement_address": "Москва",
            "cashier_name": "Иванова «И»",
            "cashier_inn": "500100732259",
            "user_attribute": {"name": "ключ", "value": "1"},
            "extra_attribute": "x",
            "internet": True,
        }
    )
    fields = receipts.tags(receipt)
    assert [one.tag for one in fields] == [1021, 1203, 1008, 1009, 1187, 1125, 1084, 1192]
    assert tlv.value(fields[0]) == 'Иванова "И"'
    assert [tlv.value(one) for one in fields[6].value if isinstance(one, tlv.Tlv)] == ["ключ", "1"]
    assert receipts.tags(receipts.read({key: GOOD[key] for key in list(GOOD)[:4]})) == ()


def test_item_fields() -> None:
    """Pieces are the register's default; another measure is sent."""
    item = receipts.read(GOOD).items[0]
    assert receipts.item_tags(item) == ()
    litres = receipts.read({**GOOD, "items": [GOOD["items"][0] | {"measure": 41}]}).items[0]
    assert receipts.item_tags(litres) == (tlv.field(2108, 41),)


def test_as_a_document() -> None:
    """The receipt as the register hands it to the drive: right sums, clean in every edition, bytes both ways."""
    receipt = receipts.read(GOOD | {"settlement_place": "shop.example", "settlement_address": "Москва"})
    for edition in Edition:
        if edition.title in ("1.05", "1.1", "1.2"):
            document = receipts.document(receipt, edition=edition)
            assert ReceiptDocument.decode(document.encode()) == document
            found = control.check(document, Context(stage=Supplier.REGISTER))
            assert [one.tag for one in found if one.code != "F10"] == []
    assert (document.receipt_total, document.cash_total, document.cashless_total) == (25000, 5000, 20000)
    assert document.receipt_vat_amounts is not None
    assert document.receipt_vat_amounts.receipt_vat_entries[0].vat_amount == 4508
    assert str(document.totals()) == str(receipt.totals())


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(strategies.good_receipts())
def test_good_receipts_are_good_documents(receipt: Receipt) -> None:
    """What the rules of the business receipt let pass has no other violation as a document than what is absent."""
    found = control.check(receipts.document(receipt), Context(stage=Supplier.REGISTER))
    assert [one for one in found if one.code != "F10"] == []


def test_schema_names_every_field() -> None:
    """The JSON Schema is made from the same classes, with tags and limits."""
    definitions = receipts.schema()["$defs"]
    assert set(definitions["Receipt"]["properties"]) == set(Receipt.__struct_fields__)
    assert definitions["Item"]["properties"]["name"]["maxLength"] == 128
    assert definitions["UserAttribute"]["required"] == list(UserAttribute.__struct_fields__)
