"""The tree of `ffd show`, for everything that can be shown."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from ffd.archive import Archive, ArchivedDocument
from ffd.cli_tree import tree
from ffd.container import Container, message
from ffd.documents import OF_CODE
from ffd.intake import read
from ffd.tlv import Tlv
from tests import strategies
from tests.ffd.render.samples import RECEIPT

DRIVE = "9999078900005488"


def _shown(data: bytes) -> str:
    out = io.StringIO()
    Console(file=out, width=1000, highlight=False, emoji=False, markup=False).print(tree(read(data)))
    return out.getvalue()


def test_request() -> None:
    """A shop's receipt shows its parts in roubles and how it adds up; a name cannot disturb the terminal."""
    request = {
        "operation": 1,
        "tax_system": 1,
        "items": [{"name": "Чай\x1b[2J", "price": 10000, "quantity": "0.452", "total": 4520, "vat": 2}],
        "payments": {"cash": 4520},
    }
    shown = _shown(json.dumps(request).encode())
    assert "receipt request (json)" in shown
    assert "price 100.00" in shown
    assert "quantity 0.452" in shown
    assert "paid cash 45.20" in shown
    assert "VAT_10: 4.11 = 45.20 x 10/110" in shown
    assert "\x1b" not in shown


def test_qr_line() -> None:
    """The line from under a receipt shows its parts."""
    shown = _shown(b"t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2")
    for part in ("moment 2015-07-20 16:38:00", "total 9999999.00", "drive 000110000105", "sign 123456", "operation 2"):
        assert part in shown


def test_message() -> None:
    """Header, container and document stand under one root."""
    container = Container(document=RECEIPT.encode(), kind=3, drive=DRIVE, number=418, sign=b"\x81\x06abcdef").encode()
    shown = _shown(message(container, drive=DRIVE))
    assert shown.index("SessionHeader") < shown.index("Container") < shown.index("Кассовый чек № 418")
    assert f"drive {DRIVE}" in shown
    assert "sign 8106616263646566" in shown


def test_container_of_something_else() -> None:
    """What a container carries and nobody here knows is shown as bytes."""
    container = Container(document=b"\x63\x00\x04\x00abcd", kind=0x63, drive=DRIVE, number=1).encode()
    assert "document 6300040061626364" in _shown(container)


def test_signs() -> None:
    """Signs behind a document are named as such."""
    assert "signs behind the document 8106aa" in _shown(RECEIPT.encode() + b"\x81\x06\xaa")


def test_archive_with_a_stranger() -> None:
    """A container of an archive without a known document is told, not skipped."""
    strange = ArchivedDocument(tag=65021, fields=(Tlv(999, b"x"),))
    archive = Archive(drive=DRIVE, registration_number="1", documents=(strange, ArchivedDocument.of(RECEIPT)))
    shown = _shown(archive.encode())
    assert "container 65021 without a document known here" in shown
    assert "Кассовый чек № 418" in shown


def test_unknown_structures() -> None:
    """Tags that do not belong to the form are shown with what is inside."""
    document = OF_CODE[2](kept=(Tlv(1084, (Tlv(1085, b"name"), Tlv(60001, b"\x01"))), Tlv(60000, b"z" * 80)))
    shown = _shown(document.encode())
    assert "1084 дополнительный реквизит пользователя" in shown
    assert "60001 unknown tag  01" in shown
    assert "… 80 bytes" in shown


@pytest.mark.parametrize("code", OF_CODE)
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_document(code: int, data: st.DataObject) -> None:
    """Any document of any form can be shown, and stays text without control characters."""
    shown = _shown(data.draw(strategies.documents_of(code)).encode())
    assert shown.replace("\n", "").replace("\N{NO-BREAK SPACE}", " ").isprintable()
