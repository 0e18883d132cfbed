"""Documents as typed values: every form, real bytes, any bytes."""

from __future__ import annotations

import contextlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffd import documents, jsons, tlv
from ffd.documents import (
    OF_CODE,
    MarkingNotification,
    OperatorConfirmation,
    ReceiptDocument,
    RegistrationChangeReport,
    RegistrationReport,
    ShiftOpenReport,
    decode,
    sign_bytes,
    sign_number,
    size_max,
    split,
)
from ffd.enums import Edition, ResponseCode, VatRate
from ffd.errors import DecodeError, EncodeError
from ffd.structures import ItemFields
from ffd.tags import TAGS
from ffd.tlv import Tlv
from tests import strategies
from tests.ffd.vectors import one, vectors

REAL = bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"])


@pytest.mark.parametrize("vector", vectors("ffd_documents"))
def test_real_documents(vector: dict[str, Any]) -> None:
    """Documents of real drives and operators: every published value reads, every byte comes back."""
    fields = tuple(Tlv(row["tag"], bytes.fromhex(row["hex"])) for row in vector["tags"])
    data = bytes.fromhex(vector["hex"]) if "hex" in vector else _wrapped(vector["document_code"], fields)
    signs = bytes.fromhex(vector["fiscal_signs_after_structure"])
    document, rest = split(data + signs)
    assert rest == signs
    assert vector["document_code"] == document.CODE
    assert document.encode() == data
    if "hex" in vector:
        assert len(data) == vector["value_length"] + 4
    names = {row.number: name for name, row in type(document).tags().items()}
    for row in vector["tags"]:
        if row["tag"] not in names:
            assert tlv.find(document.kept, row["tag"]) is not None
        elif "value" in row:
            assert _plain(getattr(document, names[row["tag"]]), row["tag"]) == _stripped(row)
        elif "members" in row:
            (member,) = row["members"]
            assert document.operator_message_to_drive.ofd_response_code == member["value"]  # type: ignore[attr-defined]  # 7 only


def _wrapped(code: int, fields: tuple[Tlv, ...]) -> bytes:
    return tlv.encode((Tlv(code, fields),))


def _stripped(row: dict[str, Any]) -> Any:
    fixed = documents.OF_CODE and row["tag"] in TAGS and TAGS[row["tag"]].fixed
    return row["value"].rstrip(" ") if fixed and isinstance(row["value"], str) else row["value"]


def _plain(found: Any, tag: int) -> Any:
    if isinstance(found, datetime):
        return found.isoformat()
    if isinstance(found, tuple):
        return _plain(found[0], tag)
    return found.hex() if isinstance(found, bytes) and tag != 1077 else sign_number(found) if tag == 1077 else found


def test_confirmation() -> None:
    """The operator's ticket names its code."""
    document = OperatorConfirmation.decode(bytes.fromhex(one("ffd_documents", "operator-confirmation-code-14")["hex"]))
    assert document.operator_message_to_drive is not None
    assert document.operator_message_to_drive.ofd_response_code is ResponseCode.FORMAT_CONTROL_FAILED


def test_real_receipt() -> None:
    """The receipt of 2026 has its sums, its VAT and its marked items as attributes."""
    document = ReceiptDocument.decode(REAL)
    assert document.encode() == REAL
    assert document.edition == Edition.FFD_1_2
    assert (document.receipt_total, document.receipt_vat_10_amount, document.fiscal_sign) == (56292, 2872, 3576585508)
    assert document.receipt_vat_amounts is not None
    (entry,) = document.receipt_vat_amounts.receipt_vat_entries
    assert (entry.vat_rate, entry.vat_amount) == (VatRate.VAT_22, 4454)
    assert [item.item_total for item in document.items] == [11999, 7699, 5999, 4199, 4199, 4199, 4999, 12999]
    assert document.items[1].item_product_code is not None
    assert document.items[1].item_product_code.product_code_gs1_marked == "0104605035006964215OoyE8qxeIOn>"


@pytest.mark.parametrize("vector", vectors("ffd_receipt_2026"))
def test_receipt_of_2026(vector: dict[str, Any]) -> None:
    """The published receipt: the service's JSON, the whole document and each item agree byte for byte."""
    match vector["id"]:
        case "tax-service-json":
            shown = jsons.to_tax_service(decode(REAL))
            assert {**shown, **{key: vector["json"][key] for key in ("numberKkt", "messageFiscalSign")}} == vector[
                "json"
            ]
        case "tlv-of-the-same-receipt":
            document = ReceiptDocument.decode(bytes.fromhex(vector["hex"]))
            assert document.encode().hex() == vector["hex"]
            assert len(document.encode_fields()) == vector["value_length"]
            assert [field.tag for field in document.tlvs()] == vector["field_order"]
        case item:
            (field,) = tlv.decode(bytes.fromhex(vector["hex"]))
            index = int(item.removeprefix("item-")) - 1
            assert field.tag == vector["tag"]
            assert ReceiptDocument.decode(REAL).items[index] == ItemFields.of(field.value)  # type: ignore[arg-type]  # 1059
            assert tlv.encode((Tlv(1059, ItemFields.of(field.value).tlvs()),)).hex() == vector["hex"]  # type: ignore[arg-type]  # 1059


EDITIONS = [Edition.FFD_1_05, Edition.FFD_1_1, Edition.FFD_1_2]


@pytest.mark.parametrize("edition", [*EDITIONS, None])
@pytest.mark.parametrize("code", OF_CODE)
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_round_trip(code: int, edition: Edition | None, data: st.DataObject) -> None:
    """decode(encode(x)) == x for every form in every edition, and for tags of all editions mixed."""
    document = data.draw(strategies.documents_of(code, edition))
    if len(document.encode_fields()) + 4 > size_max(code):
        return
    again = decode(document.encode())
    assert again == document
    assert again.encode() == document.encode()


@settings(suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(OF_CODE)), strategies.tlvs())
def test_any_fields(code: int, fields: tuple[Tlv, ...]) -> None:
    """encode(decode(b)) == b for any well-formed fields: order, unknown tags, odd sizes; or our error."""
    data = _wrapped(code, fields)
    try:
        document = decode(data)
    except DecodeError:
        return
    assert document.encode() == data


@settings(max_examples=300)
@given(st.integers(0, len(REAL) - 1), st.binary(min_size=1, max_size=3), st.integers(0, 4))
def test_mutated(at: int, noise: bytes, removed: int) -> None:
    """Damaged bytes of a real receipt give a value or our error, and a value gives its bytes back."""
    data = REAL[:at] + noise + REAL[at + removed :]
    try:
        document, rest = split(data)
    except DecodeError:
        return
    assert document.encode() + rest == data


@given(st.binary(max_size=40))
def test_any_bytes(data: bytes) -> None:
    """A value or our error."""
    with contextlib.suppress(DecodeError):
        assert decode(data).encode() == data


@pytest.mark.parametrize("cut", [0, 1, 3, 4, 5, 100, len(REAL) - 1])
def test_cut(cut: int) -> None:
    """A document that is not all there is refused; so is something behind it."""
    with pytest.raises(DecodeError):
        decode(REAL[:cut])
    with pytest.raises(DecodeError, match="receipt: 1 bytes left over"):
        decode(REAL + b"\0")


def test_error_names_the_place() -> None:
    """The path counts repeated structures."""
    item = ItemFields(item_name="x")
    data = bytearray(ReceiptDocument(items=(item, item), ffd_version=4).encode())
    data[-3] = 9  # length of the name of the second item
    with pytest.raises(DecodeError, match=r"^receipt/item\[1\]/item_name: claims"):
        decode(bytes(data))


def test_odd_forms_come_back() -> None:
    """A longer number, a repeated single tag, an unpadded INN and unknown tags are kept and written again."""
    fields = (
        Tlv(60000, b"?"),
        Tlv(1020, bytes.fromhex("84000000")),
        Tlv(1018, b"7702203276"),
        Tlv(1054, b"\1"),
        Tlv(1054, b"\2"),
        Tlv(1209, b"\4"),
        Tlv(1023, b"\0\1\0"),
        Tlv(1125, b"\7"),
    )
    data = _wrapped(3, fields)
    document = ReceiptDocument.decode(data)
    assert (document.receipt_total, document.user_inn, document.operation_type) == (132, "7702203276", 1)
    assert document.internet_settlement_flag is True
    assert document.encode() == data


def test_a_changed_value_wins_over_kept_bytes() -> None:
    """After a change the new value is written, the rest stays as it was."""
    document = ReceiptDocument.decode(_wrapped(3, (Tlv(60000, b"?"), Tlv(1020, b"\x84\0"), Tlv(1209, b"\4"))))
    changed = msgspec.structs.replace(document, receipt_total=5)
    assert changed.encode() == _wrapped(3, (Tlv(60000, b"?"), Tlv(1020, b"\5"), Tlv(1209, b"\4")))
    assert ReceiptDocument.decode(changed.encode()).receipt_total == 5


def test_numbers_of_1_0() -> None:
    """1115 was a text in FFD 1.0: without 1209 it stays bytes, with it a structure that must parse."""
    data = _wrapped(3, (Tlv(1115, b"www.nalog.ru"),))
    assert ReceiptDocument.decode(data).encode() == data
    with pytest.raises(DecodeError, match="receipt_vat_amounts"):
        decode(_wrapped(3, (Tlv(1115, b"www.nalog.ru"), Tlv(1209, b"\4"))))


def test_wrong_values_name_the_attribute() -> None:
    """What has no bytes is an EncodeError with the path to it."""
    with pytest.raises(EncodeError) as caught:
        ReceiptDocument(items=(ItemFields(item_name="€"),)).encode()
    assert caught.value.path == "items/item_name"
    with pytest.raises(EncodeError, match="receipt_total"):
        ReceiptDocument(receipt_total=-1).encode()
    with pytest.raises(EncodeError, match="shift_number"):
        ReceiptDocument(shift_number="1").encode()  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(EncodeError, match="item_quantity"):
        ReceiptDocument(items=(ItemFields(item_quantity=Decimal("NaN")),)).encode()


def test_size_limits() -> None:
    """The limits of the order, by form and edition; a longer document is neither written nor read."""
    assert (size_max(3), size_max(1, 3), size_max(1, 4), size_max(7), size_max(82, 4)) == (
        32768,
        4096,
        6144,
        512,
        32768,
    )
    items = (ItemFields(item_name="x" * 128),) * 300
    with pytest.raises(EncodeError, match="at most 32768"):
        ReceiptDocument(items=items).encode()
    with pytest.raises(DecodeError, match="at most 512"):
        decode(_wrapped(7, (Tlv(60000, bytes(600)),)))


def test_wrong_class() -> None:
    """A class reads only its own form."""
    with pytest.raises(DecodeError, match="form code 3, 2 expected"):
        ShiftOpenReport.decode(REAL)
    with pytest.raises(DecodeError, match="unknown form code 99"):
        decode(_wrapped(99, ()))


def test_tags_beside_attributes() -> None:
    """Russian name, printed header and number are one step from an attribute."""
    row = RegistrationReport.tags()["user_inn"]
    assert (row.number, row.name_ru, row.header) == (1018, "ИНН пользователя", "ИНН")
    assert RegistrationChangeReport.tags()["reregistration_reason_codes"].number == 1101
    assert (
        MarkingNotification(linked_receipt_document_number=1).title == "уведомление о реализации маркированного товара"
    )


def test_sign() -> None:
    """1077 prints as the big endian number behind two service bytes."""
    assert sign_number(sign_bytes(476807588, service=b"\x21\x04")) == 476807588
    with pytest.raises(EncodeError):
        sign_bytes(1 << 32)
    with pytest.raises(DecodeError):
        sign_number(b"123")
