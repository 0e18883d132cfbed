"""JSON that is not what it should be, told in full."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ffd import shapes
from ffd.errors import Violation
from ffd.receipts import Item, Receipt


def test_loose() -> None:
    """Numbers with a point stay the decimals they were written as; what is no JSON, or too much of it, is J01."""
    assert shapes.loose(b'{"a": 2.50}') == {"a": Decimal("2.50")}
    assert str(shapes.loose("2.50")) == "2.50"
    for wrong in (b"{", b"[" * 100_000, b" " * (shapes.JSON_MAX + 1)):
        found = shapes.loose(wrong)
        assert isinstance(found, Violation)
        assert found.code == "J01"


def test_right_parts_stay() -> None:
    """What is right beside what is wrong is still given, so that rules can look at it."""
    found: list[Violation] = []
    item: dict[str, Any] = {"name": "x", "price": 1, "quantity": 1, "total": 1, "vat": 6}
    parts = shapes.parts({"items": [item, {}], "cashier_name": "a", "internet": 5}, Receipt, "", found)
    assert parts == {"items": (msgspec.convert(item, Item), None), "cashier_name": "a"}
    assert {(one.code, one.path) for one in found} == {
        ("J02", "internet"),
        *(("J04", name) for name in ("operation", "tax_system", "payments")),
        *(("J04", f"items[1]/{name}") for name in ("name", "price", "quantity", "total", "vat")),
    }


@pytest.mark.parametrize("raw", [None, 1, "x", [], True, 0.5])
def test_not_an_object(raw: Any) -> None:
    """Anything but an object is one violation that says what it is instead."""
    found: list[Violation] = []
    assert shapes.struct(raw, Receipt, "items[0]", found) is None
    (one,) = found
    assert (one.code, one.path) == ("J02", "items[0]")
    assert one.message_en.startswith("an object expected, ")
