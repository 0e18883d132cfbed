"""Whatever a person has at hand is told apart by its content."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffd import jsons, receipts
from ffd.archive import Archive, ArchivedDocument
from ffd.container import message, wrap
from ffd.documents import OF_CODE, ReceiptDocument, decode
from ffd.errors import DecodeError, FfdError, Invalid
from ffd.intake import Kind, Written, read
from tests import strategies
from tests.ffd.vectors import one

DRIVE = "7384440900844678"
REAL = bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"])
PUBLISHED: dict[str, Any] = one("ffd_receipt_2026", "tax-service-json")["json"]
CONTAINER = wrap(REAL, drive=DRIVE, document=43553, sign=bytes(10))
MESSAGE = message(CONTAINER, drive=DRIVE)
ARCHIVE = Archive(
    drive=DRIVE, registration_number="0006828493046904", documents=(ArchivedDocument.of(decode(REAL)),)
).encode()


@pytest.mark.parametrize(
    ("data", "kind", "written"),
    [
        (REAL, Kind.DOCUMENT, Written.BINARY),
        (REAL.hex().encode(), Kind.DOCUMENT, Written.HEX),
        (REAL.hex(" ", 1).upper().encode() + b"\r\n", Kind.DOCUMENT, Written.HEX),
        (b"0x" + REAL.hex(":").encode(), Kind.DOCUMENT, Written.HEX),
        (b", ".join(b"0x%02x" % byte for byte in REAL), Kind.DOCUMENT, Written.HEX),
        (base64.b64encode(REAL), Kind.DOCUMENT, Written.BASE64),
        (base64.encodebytes(REAL), Kind.DOCUMENT, Written.BASE64),
        (jsons.write(decode(REAL)), Kind.DOCUMENT, Written.JSON),
        (b"\xef\xbb\xbf" + jsons.write(decode(REAL)), Kind.DOCUMENT, Written.JSON),
        (CONTAINER, Kind.CONTAINER, Written.BINARY),
        (CONTAINER.hex().encode(), Kind.CONTAINER, Written.HEX),
        (MESSAGE, Kind.MESSAGE, Written.BINARY),
        (base64.b64encode(MESSAGE), Kind.MESSAGE, Written.BASE64),
    ],
)
def test_the_same_receipt(data: bytes, kind: Kind, written: Written) -> None:
    """However it was written and wrapped, it is the same document, byte for byte."""
    found = read(data)
    assert (found.kind, found.written) == (kind, written)
    assert found.document is not None
    assert found.document.encode() == REAL


@pytest.mark.parametrize(
    "envelope",
    [
        PUBLISHED,
        [PUBLISHED],
        {"document": {"receipt": PUBLISHED}},
        [{"ticket": {"document": {"receipt": PUBLISHED}}}],
        {"data": {"json": PUBLISHED}},
        {"code": 1, "data": {"json": PUBLISHED, "html": ""}},
    ],
)
def test_tax_service(envelope: Any) -> None:
    """The tax service's JSON is found bare and inside what its applications export."""
    found = read(json.dumps(envelope, ensure_ascii=False).encode())
    assert found.written is Written.TAX_JSON
    assert found.document == msgspec.structs.replace(ReceiptDocument.decode(REAL), order=())


def test_signs_behind_the_document() -> None:
    """A dump with signs keeps them apart."""
    found = read(REAL + b"\x81\x06123456")
    assert (found.kind, found.signs) == (Kind.DOCUMENT, b"\x81\x06123456")


def test_archive() -> None:
    """A drive's archive gives its documents."""
    found = read(ARCHIVE)
    assert found.kind is Kind.ARCHIVE
    assert found.archive is not None
    assert [archived.document for archived in found.archive.documents] == [decode(REAL)]


def test_request_and_qr_line() -> None:
    """A shop's receipt and the line under a paper one are known too; quantities stay exact."""
    request = {
        "operation": 1,
        "tax_system": 1,
        "items": [{"name": "Чай", "price": 10000, "quantity": "0.452", "total": 4520, "vat": 6}],
        "payments": {"cash": 4520},
    }
    found = read(json.dumps(request).encode())
    assert (found.kind, found.request) == (Kind.RECEIPT, receipts.read(json.dumps(request)))
    line = "t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2"
    qr = read(line.encode() + b"\n").qr
    assert qr is not None
    assert str(qr) == line


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"hello",
        b"{",
        b"[]",
        b"[1, 2]",
        b"[" * 100_000,
        b"{}",
        b"t=1",
        b"abc",
        REAL[:-1],
        REAL[:3],
        b"\x63\x00" + REAL[2:],
        CONTAINER[:-1] + b"\xff",
        MESSAGE[:-1],
        ARCHIVE[:-1],
        b"\xff" * 70_000,
        b"ab" * 600_000,
    ],
)
def test_refuses(data: bytes) -> None:
    """What is broken or of no kind is our error."""
    with pytest.raises(DecodeError):
        read(data)


def test_a_wrong_document_names_its_fields() -> None:
    """JSON that is a document with wrong fields is told field by field."""
    with pytest.raises(Invalid, match="user_inn"):
        read(b'{"form": 3, "user_inn": 5}')


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_document(data: st.DataObject) -> None:
    """Every document is found in all its forms."""
    document = data.draw(strategies.documents_of(data.draw(st.sampled_from(sorted(OF_CODE)))))
    encoded = document.encode()
    for form in (encoded, encoded.hex().encode(), base64.b64encode(encoded), jsons.write(document)):
        found = read(form)
        assert found.document is not None
        assert found.document.encode() == encoded


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    """A value or our error."""
    with contextlib.suppress(FfdError):
        assert read(data).kind


@given(st.sampled_from([REAL, CONTAINER, MESSAGE, ARCHIVE, json.dumps(PUBLISHED).encode()]), st.data())
def test_damaged(whole: bytes, data: st.DataObject) -> None:
    """Real things with bytes changed and ends cut off."""
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FfdError):
        read(bytes(damaged))
