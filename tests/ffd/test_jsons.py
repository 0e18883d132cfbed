"""Documents as JSON: our own form and the tax service's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffd import jsons
from ffd.documents import OF_CODE, ReceiptDocument, decode
from ffd.errors import Invalid
from ffd.structures import OF_TAG
from tests import strategies
from tests.ffd.vectors import one

REAL = bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"])
PUBLISHED: dict[str, Any] = one("ffd_receipt_2026", "tax-service-json")["json"]
SHOWN_BESIDE = {"numberKkt", "messageFiscalSign"}


def test_tax_service_of_the_real_receipt() -> None:
    """Our decoding of the receipt of 2026 gives the tax service's own JSON (public test project, 2026-08-03)."""
    shown = jsons.to_tax_service(decode(REAL))
    assert shown == {key: value for key, value in PUBLISHED.items() if key not in SHOWN_BESIDE}


def test_tax_service_back() -> None:
    """The service's JSON reads into the same values as the bytes."""
    document = jsons.from_tax_service(PUBLISHED)
    assert isinstance(document, ReceiptDocument)
    assert document == msgspec.structs.replace(ReceiptDocument.decode(REAL), order=())


@pytest.mark.parametrize("code", OF_CODE)
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_own_form(code: int, data: st.DataObject) -> None:
    """read(write(d)) == d for every form, and the bytes stay the same."""
    document = data.draw(strategies.documents_of(code))
    again = jsons.read(jsons.write(document))
    assert again == document
    assert again.encode_fields() == document.encode_fields()


def test_the_form_in_the_docs() -> None:
    """What the page about the format shows reads, and its program runs."""
    page = (Path(__file__).parents[2] / "docs" / "ffd.md").read_text("utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    document = jsons.read(shown)
    assert isinstance(document, ReceiptDocument)
    assert document.totals().difference == 0
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    item = {"name": "Чай", "price": 100, "quantity": 1, "total": 100, "vat": 11}
    body = {"operation": 1, "tax_system": 1, "items": [item], "payments": {"cash": 100}}
    names: dict[str, Any] = {"body": body}
    exec(program, names)
    assert names["document"].receipt_total == 100


def test_own_form_of_the_real_receipt() -> None:
    """What a drive wrote survives JSON byte for byte, unknown tags and order included."""
    for name in ("registration-report-1.0", "registration-change-1.05", "operator-confirmation-code-14"):
        data = bytes.fromhex(one("ffd_documents", name)["hex"])
        assert jsons.read(jsons.write(decode(data))).encode() == data


def test_form_by_name() -> None:
    """A form may be named instead of numbered."""
    assert jsons.read({"form": "shift_open_report", "shift_number": 1}).CODE == 2


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        (b"{", "J01", ""),
        (b"[" * 100_000, "J01", ""),
        (b"[]", "J02", ""),
        (b'{"form": 99}', "J02", "form"),
        (b'{"form": [3]}', "J02", "form"),
        (b'{"form": 3, "items": [{"item_name": 1}]}', "J02", "items[0]/item_name"),
        (b'{"form": 3, "colour": 1}', "J03", "colour"),
        (b" " * ((1 << 20) + 1), "J01", ""),
    ],
)
def test_refuses(data: bytes, code: str, path: str) -> None:
    """What is wrong is named with its place."""
    with pytest.raises(Invalid) as caught:
        jsons.read(data)
    assert [(found.code, found.path) for found in caught.value.violations] == [(code, path)]


def test_own_form_refuses_all_at_once() -> None:
    """Every fault of shape is told with its place, deep inside too."""
    body = {
        "form": 3,
        "items": [{"item_name": 1, "colour": "red"}, "tea", {"item_product_code": {"product_code_ean8": 5}}],
        "buyer_info": [],
        "document_datetime": "2026-08-03T16:44:00Z",
        "kept": [{"tag": "x", "value": ""}],
        "receipt_vat_amounts": {"receipt_vat_entries": [{"vat_rate": 1.5}]},
    }
    with pytest.raises(Invalid) as caught:
        jsons.read(json.dumps(body))
    assert sorted((one.code, one.path) for one in caught.value.violations) == [
        ("J02", "buyer_info"),
        ("J02", "document_datetime"),
        ("J02", "items[0]/item_name"),
        ("J02", "items[1]"),
        ("J02", "items[2]/item_product_code/product_code_ean8"),
        ("J02", "kept"),
        ("J02", "receipt_vat_amounts/receipt_vat_entries[0]/vat_rate"),
        ("J03", "items[0]/colour"),
    ]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("dateTime", "2026-08-03T16:44:00Z"),
        ("dateTime", "yesterday"),
        ("dateTime", 1 << 70),
        ("internetSign", 2),
        ("operationType", True),
        ("fiscalSign", 1 << 40),
        ("buyerInformation", "x"),
        ("items", [{"quantity": True}]),
        ("items", [{"productCodeNew": {"gs1m": {"gtin": "1"}}}]),
    ],
)
def test_tax_service_refuses(name: str, wrong: Any) -> None:
    """Nothing is guessed: a moment with a zone, a flag of 2, a number that is a boolean are told with their place."""
    with pytest.raises(Invalid) as caught:
        jsons.from_tax_service({"code": 3, name: wrong})
    assert all(one.path.startswith(name) for one in caught.value.violations)
    with pytest.raises(Invalid):
        jsons.from_tax_service([])  # type: ignore[arg-type]  # the mistake under test


def test_tax_service_refuses_all_at_once() -> None:
    """Every field that cannot be placed is told."""
    with pytest.raises(Invalid) as caught:
        jsons.from_tax_service({"code": 3, "colour": 1, "userInn": 5, "items": [{"name": 1}], "totalSum": "x"})
    found = [(one.code, one.path) for one in caught.value.violations]
    assert found == [("J03", "colour"), ("J02", "userInn"), ("J02", "items[0]/name"), ("J02", "totalSum")]
    with pytest.raises(Invalid):
        jsons.from_tax_service({"code": "x"})


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_tax_service_shows_any_document(data: st.DataObject) -> None:
    """Any document can be shown, and what is shown is JSON."""
    document = data.draw(strategies.documents_of(data.draw(st.sampled_from(sorted(OF_CODE)))))
    assert json.dumps(jsons.to_tax_service(document))


def test_schema() -> None:
    """The schema has every form and structure, each property with its tag and Russian name."""
    schema = jsons.schema()
    assert len(schema["anyOf"]) == len(OF_CODE)
    assert {cls.__name__ for cls in (*OF_CODE.values(), *OF_TAG.values())} <= set(schema["$defs"])
    receipt = schema["$defs"]["ReceiptDocument"]["properties"]
    assert receipt["form"] == {"const": 3}
    assert receipt["user_inn"]["description"] == "1018 ИНН пользователя"
