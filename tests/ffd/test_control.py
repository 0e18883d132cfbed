"""Format-logic control of whole documents, rule by rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffd import control, documents, jsons
from ffd.control import RULES, Context, Weak, check
from ffd.documents import (
    BsoDocument,
    CorrectionDocument,
    DriveCloseReport,
    MarkingRequest,
    OperatorConfirmation,
    ReceiptDocument,
    RegistrationChangeReport,
    RegistrationReport,
    SettlementsStateReport,
    ShiftCloseReport,
    ShiftOpenReport,
)
from ffd.enums import VatRate
from ffd.errors import EncodeError, FfdError
from ffd.presence import Supplier
from ffd.structures import (
    AgentData,
    BuyerInfo,
    CashlessPayment,
    CashlessPayments,
    CorrectionBasis,
    FractionalQuantity,
    IndustryAttribute,
    ItemFields,
    ProductCode,
    SupplierData,
    UserAttributeFields,
    VatAmounts,
    VatEntry,
)
from ffd.tlv import Tlv
from tests import strategies
from tests.ffd.vectors import one

NOW = datetime(2026, 8, 3, 16, 44)
ITEM = ItemFields(
    item_payment_method=4,
    item_type=1,
    item_name="Чай",
    item_quantity_measure=0,
    item_unit_price=100,
    item_quantity=Decimal(2),
    vat_rate=6,
    item_total=200,
)
RECEIPT = ReceiptDocument(
    ffd_version=4,
    user_name="ООО",
    user_inn="7704849611",
    receipt_number_in_shift=2,
    document_datetime=NOW,
    shift_number=1,
    operation_type=1,
    applied_tax_system=1,
    register_registration_number="0000123456029024",
    cashier_name="Иванова",
    settlement_address="Москва",
    settlement_place="магазин",
    items=(ITEM,),
    receipt_total=200,
    cash_total=200,
    cashless_total=0,
    prepayment_total=0,
    credit_total=0,
    barter_total=0,
    receipt_no_vat_turnover=200,
    fiscal_document_number=5,
    fiscal_drive_number="7384440900844678",
    document_fiscal_sign=documents.sign_bytes(1),
)
REGISTRATION = RegistrationReport(
    ffd_version=4,
    user_name="ООО",
    user_inn="7704849611",
    register_registration_number="0000123456029024",
    register_serial_number="009130557",
    fiscal_drive_number="7384440900844678",
    tax_systems=1,
    automatic_mode_flag=False,
    offline_mode_flag=False,
    settlement_address="Москва",
    settlement_place="магазин",
    register_usage_flags=0,
    tax_authority_website="www.nalog.gov.ru",
    receipt_sender_email="noreply@example.com",
)
KNOWN = Context(registration=REGISTRATION)


def _codes(document: Any, context: Context | None = None) -> set[tuple[str, str]]:
    return {(one.code, one.path) for one in check(document, context) if not one.warning}


def _with(**changes: Any) -> ReceiptDocument:
    return msgspec.structs.replace(RECEIPT, **changes)


def _item(**changes: Any) -> tuple[ItemFields, ...]:
    return (msgspec.structs.replace(ITEM, **changes),)


def test_a_good_receipt_is_clean() -> None:
    """Nothing to say about a right receipt, whatever is known beside it."""
    assert check(RECEIPT) == ()
    assert check(RECEIPT, KNOWN) == ()
    previous = _with(fiscal_document_number=4, receipt_number_in_shift=1)
    assert check(RECEIPT, Context(registration=REGISTRATION, previous=previous, now=NOW)) == ()


BASIS = UserAttributeFields(user_attribute_name="x" * 64, user_attribute_value="y" * 256)
LONG = ItemFields(item_name="x" * 128, supplier_data=SupplierData(supplier_phones=("+7" + "1" * 17,) * 45))

BROKEN: list[tuple[str, str, ReceiptDocument]] = [
    ("F01", "receipt_total", _with(cash_total=199)),
    ("F02", "receipt_total", _with(receipt_total=300, cash_total=300)),
    ("F03", "items[0]/item_total", _with(items=_item(item_unit_price=102))),
    ("F04", "", _with(receipt_no_vat_turnover=None)),
    ("F05", "operation_type", _with(operation_type=7)),
    ("F06", "applied_tax_system", _with(applied_tax_system=3)),
    ("F06", "applied_tax_system", _with(applied_tax_system=8)),
    ("F07", "items[0]/item_agent_flags", _with(items=_item(item_agent_flags=0x81, supplier_inn="7704849611"))),
    ("F09", "fiscal_drive_number", _with(fiscal_drive_number="12345678901234")),
    ("F09", "user_name", _with(user_name=None, kept=(Tlv(1048, b"x" * 300),))),
    ("F09", "items[0]", _with(items=(msgspec.structs.replace(LONG, item_extra_attribute="x" * 64),))),
    ("F09", "items[0]/supplier_data", _with(items=(LONG,))),
    ("F09", "buyer_contact", _with(buyer_contact="89161234567")),
    ("F09", "receipt_sender_email", _with(receipt_sender_email="shop")),
    ("F09", "buyer_info/buyer_birth_date", _with(buyer_info=BuyerInfo(buyer_birth_date="31.13.1999"))),
    ("F10", "shift_number", _with(shift_number=None)),
    ("F11", "items[0]/vat_rate", _with(items=_item(vat_rate=None), receipt_vat_10_amount=20)),
    ("F10", "items[0]/item_unit_price", _with(items=_item(item_unit_price=None))),
    ("F10", "user_inn", _with(kept=(Tlv(1018, b"7704849611  "), Tlv(1018, b"7704849611  ")))),
    ("F12", "items[0]/supplier_inn", _with(items=_item(item_agent_flags=64))),
    ("F14", "items", _with(items=(), receipt_total=0, cash_total=0)),
    ("F14", "items[0]/item_name", _with(items=_item(item_name=None))),
    ("F22", "user_attribute", _with(user_attribute=UserAttributeFields(user_attribute_name="x"))),
    ("F23", "items[0]/item_product_code", _with(items=_item(item_product_code=ProductCode()))),
    ("F24", "items[0]/item_fractional_quantity", _with(items=_item(item_fractional_quantity=FractionalQuantity()))),
    ("F25", "agent_flags", _with(agent_flags=64)),
    ("F26", "buyer_contact", _with(internet_settlement_flag=True)),
    ("F30", "user_inn", _with(user_inn="7704849612")),
    ("V01", "items[0]/item_type", _with(items=_item(item_type=29))),
    ("V01", "items[0]/item_type", _with(ffd_version=3, items=_item(item_type=33))),
    (
        "V01",
        "buyer_info/buyer_identity_document_code",
        _with(buyer_info=BuyerInfo(buyer_identity_document_code="99", buyer_identity_document_data="1")),
    ),
    (
        "V01",
        "receipt_industry_attributes[0]/industry_authority_id",
        _with(receipt_industry_attributes=(IndustryAttribute(industry_authority_id="999"),)),
    ),
    ("C01", "settlement_place", _with(settlement_place="€")),
]


@pytest.mark.parametrize(("code", "path", "document"), BROKEN)
def test_broken_receipts(code: str, path: str, document: ReceiptDocument) -> None:
    """Each rule finds its own mistake and names the place."""
    assert (code, f"receipt/{path}" if path else "receipt") in _codes(document)


def test_texts_and_tags() -> None:
    """A violation tells a cashier in Russian, a developer in English, and names the tag."""
    (found,) = check(_with(cash_total=199))
    assert (found.code, found.tag, found.warning) == ("F01", 1020, False)
    assert found.message_ru == "Сумма оплат не равна итогу чека."
    assert "payments add up to 199" in found.message_en
    assert check(_with(cash_total=199), without={"F01"}) == ()


def test_weak_sources() -> None:
    """What rests on a weak source warns; whoever wants it strict or silent says so."""
    document = _with(items=_item(item_type=33), kept=())
    found = {one.tag: one.warning for one in check(document)}
    assert found == {1163: True, 2106: True}
    assert {one.warning for one in check(document, weak=Weak.REFUSE)} == {False}
    assert check(document, weak=Weak.IGNORE) == ()


def test_attribute_at_its_limit() -> None:
    """1084 of full length takes 328 bytes with its heads, and is not too long."""
    assert check(_with(user_attribute=BASIS)) == ()


def test_values_and_tags_by_date() -> None:
    """A value or tag before its first day is doubtful, not refused: the dates rest on the amendments."""
    request = MarkingRequest(planned_item_status=5)
    found = [one for one in check(request, Context(now=datetime(2025, 8, 31))) if one.code == "V01"]
    assert [(one.path, one.warning) for one in found] == [("marking_code_request/planned_item_status", True)]
    assert not [one for one in check(request, Context(now=datetime(2025, 9, 1))) if one.code == "V01"]
    early = _with(internet_settlement_flag=False, document_datetime=datetime(2025, 8, 31))
    assert [(one.code, one.tag, one.warning) for one in check(early)] == [("F25", 1125, True)]


def test_rates_given_as_numbers() -> None:
    """A rate given as a plain number is judged like the member of the set."""
    assert ("F11", "receipt/items[0]/vat_rate") in _codes(
        _with(items=_item(vat_rate=11), document_datetime=datetime(2025, 12, 31))
    )


@pytest.mark.parametrize("quantity", ["NaN", "sNaN", "Infinity", "1E+999999999", "1E-999999999", "-1"])
def test_impossible_quantities(quantity: str) -> None:
    """A quantity that no bytes hold is told, and never reckoned with: it would take all memory or raise."""
    fraction = FractionalQuantity(fraction_numerator=1, fraction_denominator=2)
    document = _with(items=_item(item_quantity=Decimal(quantity), item_fractional_quantity=fraction))
    assert ("C01", "receipt/items/item_quantity") in _codes(document, KNOWN)
    with pytest.raises(FfdError, match="not a quantity"):
        str(document.totals())
    with pytest.raises(EncodeError, match="not a quantity"):
        jsons.to_tax_service(document)


def test_moments_with_a_zone() -> None:
    """A moment with a zone has no place in a document; it is told, and compared with nothing."""
    zoned = datetime(2026, 8, 3, 16, 44, tzinfo=UTC)
    document = _with(document_datetime=zoned)
    context = Context(registration=REGISTRATION, previous=_with(receipt_number_in_shift=1), now=NOW)
    assert ("C01", "receipt/document_datetime") in _codes(document, context)
    report = ShiftCloseReport(document_datetime=zoned, first_unsent_document_date=NOW, unsent_document_count=1)
    assert ("C01", "shift_close_report/document_datetime") in _codes(report, context)


def test_the_table_of_rules() -> None:
    """All rules of the order are in the table, each with a statement and what it is known from."""
    assert {rule.code for rule in RULES} == {f"F{number:02}" for number in range(1, 33)} | {"V01", "C01"}
    assert all(rule.statement.endswith(".") and rule.basis for rule in RULES)


def test_totals_computed_outside() -> None:
    """Kopecks may be rounded in the buyer's favour, not roubles."""
    assert check(_with(items=_item(item_total=201), receipt_total=200, cash_total=200)) == ()


def test_vat_by_date() -> None:
    """22% does not exist before 2026; 20% afterwards is a warning for supplies, nothing for returns."""
    early = _with(items=_item(vat_rate=VatRate.VAT_22), document_datetime=datetime(2025, 12, 31))
    assert ("F11", "receipt/items[0]/vat_rate") in _codes(early)
    late = _with(items=_item(vat_rate=VatRate.VAT_20))
    assert [(one.code, one.warning) for one in check(late)] == [("F11", True)]
    assert check(msgspec.structs.replace(late, operation_type=2)) == ()


def test_vat_entries() -> None:
    """1115 has each of the rates 7 to 12 once."""
    entries = (
        VatEntry(vat_rate=11, vat_amount=1),
        VatEntry(vat_rate=11, vat_amount=1),
        VatEntry(vat_rate=2, vat_amount=1),
    )
    found = _codes(_with(receipt_vat_amounts=VatAmounts(receipt_vat_entries=entries)))
    assert {path for code, path in found if code == "F28"} == {
        "receipt/receipt_vat_amounts/receipt_vat_entries[1]",
        "receipt/receipt_vat_amounts/receipt_vat_entries[2]",
    }


def test_agents() -> None:
    """A bank payment agent gives the operator's data and the supplier's phone; all there, nothing to say."""
    bare = _with(items=_item(item_agent_flags=1, supplier_inn="7704849611"))
    missing = {path.rsplit("/", 1)[1] for code, path in _codes(bare) if code == "F13"}
    assert missing == {name for _, name in control._BANK_AGENT} | {"supplier_phones"}
    data = AgentData(
        transfer_operator_phones=("+7495",),
        payment_agent_operation="перевод",
        payment_agent_phones=("+7495",),
        transfer_operator_name="банк",
        transfer_operator_address="Москва",
        transfer_operator_inn="7704849611",
    )
    item = _item(
        item_agent_flags=1,
        supplier_inn="000000000000",
        agent_data=data,
        supplier_data=SupplierData(supplier_phones=("+7495",)),
    )
    assert check(_with(items=item)) == ()


def test_registered() -> None:
    """What the registration report says binds the receipts: numbers, goods, tax systems, cashier, place."""
    assert ("F08", "receipt/user_inn") in _codes(_with(user_inn="7714731464"), KNOWN)
    assert ("F16", "receipt/items[0]/item_type") in _codes(_with(items=_item(item_type=2)), KNOWN)
    assert ("F16", "receipt/items[0]/item_type") in _codes(_with(items=_item(item_type=33)), KNOWN)
    assert ("F06", "receipt/applied_tax_system") in _codes(_with(applied_tax_system=2), KNOWN)
    assert ("F19", "receipt/cashier_name") in _codes(_with(cashier_name=None), KNOWN)
    assert [(one.code, one.warning) for one in check(_with(settlement_place="рынок"), KNOWN)] == [("F21", True)]
    without_name = msgspec.structs.replace(REGISTRATION, user_name=None)
    context = Context(registration=without_name)
    assert ("F20", "receipt/user_name") in _codes(_with(user_name=None), context)
    services = Context(registration=msgspec.structs.replace(REGISTRATION, register_usage_flags=4))
    assert ("F16", "receipt/items[0]/item_type") in _codes(RECEIPT, services)


def test_offline() -> None:
    """An offline register sends nothing, encrypts nothing, and few product codes fit a receipt."""
    offline = Context(registration=msgspec.structs.replace(REGISTRATION, offline_mode_flag=True))
    codes = (msgspec.structs.replace(ITEM, item_product_code=ProductCode(product_code_ean8="46198488")),) * 11
    found = check(_with(items=codes, receipt_total=2200, cash_total=2200), offline)
    assert [(one.code, one.warning) for one in found] == [("F15", True)]
    report = RegistrationReport(offline_mode_flag=True, encryption_flag=True, ofd_inn="7704211201")
    assert {"F18"} <= {code for code, _ in _codes(report)}
    assert ("F18", "shift_close_report/unsent_document_count") in _codes(
        ShiftCloseReport(unsent_document_count=1), offline
    )


def test_corrections() -> None:
    """A correction is not older than what it corrects, an order has its number, 1.05 knows two operations."""
    correction = CorrectionDocument(
        **{
            name: getattr(RECEIPT, name)
            for name in RECEIPT.__struct_fields__
            if name in CorrectionDocument.__struct_fields__
        },
        correction_type=1,
        correction_basis=CorrectionBasis(corrected_settlement_date=NOW + timedelta(days=1)),
    )
    found = {path for code, path in _codes(correction) if code == "F17"}
    assert found == {
        "correction_receipt/correction_basis/corrected_settlement_date",
        "correction_receipt/correction_basis/correction_order_number",
    }
    old = msgspec.structs.replace(correction, ffd_version=2, operation_type=2, correction_basis=None)
    assert ("F05", "correction_receipt/operation_type") in _codes(old)


def test_continuity() -> None:
    """Numbers grow by one, receipts of a shift start at one, time does not run backwards."""
    gap = Context(previous=_with(fiscal_document_number=3, receipt_number_in_shift=2, document_datetime=NOW))
    assert {code for code, _ in _codes(RECEIPT, gap)} == {"F08"}
    opened = Context(previous=ShiftOpenReport(fiscal_document_number=4))
    assert ("F08", "receipt/receipt_number_in_shift") in _codes(RECEIPT, opened)
    later = Context(
        previous=ShiftOpenReport(document_datetime=NOW + timedelta(minutes=1)), now=NOW + timedelta(hours=1)
    )
    assert ("F31", "receipt/document_datetime") in _codes(RECEIPT, later)
    assert len([one for one in check(RECEIPT, later) if one.code == "F31"]) == 2


def test_edition_change() -> None:
    """1209 changes only right after a state report without unsent documents."""
    change = RegistrationChangeReport(ffd_version=4, fiscal_document_number=9)
    old = msgspec.structs.replace(REGISTRATION, ffd_version=3)
    good = SettlementsStateReport(unsent_document_count=0, fiscal_document_number=8)
    bad = SettlementsStateReport(unsent_document_count=1, fiscal_document_number=8)
    assert "F29" not in {code for code, _ in _codes(change, Context(registration=old, previous=good))}
    assert "F29" in {code for code, _ in _codes(change, Context(registration=old, previous=bad))}


def test_unsent_too_long() -> None:
    """A shift close with documents unsent for more than two days sets 1053."""
    report = ShiftCloseReport(
        document_datetime=NOW, first_unsent_document_date=datetime(2026, 7, 30), unsent_document_count=2
    )
    assert ("F32", "shift_close_report/ofd_response_timeout_flag") in _codes(report)
    told = msgspec.structs.replace(report, ofd_response_timeout_flag=True)
    assert "F32" not in {code for code, _ in _codes(told)}


def test_cashless_details() -> None:
    """1234 adds up to 1081; its source is weak, so this only warns."""
    payments = CashlessPayments(cashless_payments_list=(CashlessPayment(cashless_payment_amount=5),))
    found = [one for one in check(_with(cashless_payments=payments)) if one.code == "F27"]
    assert [one.warning for one in found] == [True]


def test_automatic_register() -> None:
    """1001 = 1 requires the machine's number and excuses the cashier."""
    assert ("F19", "registration_report/machine_number") in _codes(RegistrationReport(automatic_mode_flag=True))
    report = msgspec.structs.replace(REGISTRATION, automatic_mode_flag=True, machine_number="7")
    automatic = Context(registration=report)
    assert check(_with(cashier_name=None), automatic) == ()


def test_request_before_register_and_drive() -> None:
    """A request lacks what register and drive will add; what the host owes is asked for."""
    request = ReceiptDocument(operation_type=1, applied_tax_system=1, items=(ITEM,), cash_total=200)
    found = _codes(request, Context(stage=Supplier.HOST))
    assert {path for code, path in found} == {
        f"receipt/{name}" for name in ("cashless_total", "prepayment_total", "credit_total", "barter_total")
    }


@pytest.mark.parametrize(
    "name", ["registration-change-1.05", "operator-confirmation-code-14", "operator-confirmation-code-0"]
)
def test_real_documents_are_clean(name: str) -> None:
    """Documents of real drives and operators pass; check digits of development drives only warn."""
    assert _codes(documents.decode(bytes.fromhex(one("ffd_documents", name)["hex"]))) == set()


def test_the_real_receipt() -> None:
    """The published receipt left out the places; nothing else is wrong with it."""
    data = bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"])
    found = [(one.code, one.tag, one.warning) for one in check(documents.decode(data))]
    assert found == [("F10", 1009, False), ("F10", 1187, True)]


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_document(data: st.DataObject) -> None:
    """Whatever a document holds, control answers with violations, never with an exception."""
    document = data.draw(strategies.documents_of(data.draw(st.sampled_from(sorted(documents.OF_CODE)))))
    for context in (None, KNOWN, Context(previous=RECEIPT, now=NOW)):
        assert all(one.message_ru and one.message_en for one in check(document, context))


def test_other_forms_use_the_same_rules() -> None:
    """A BSO is a receipt under another name; other reports have presence rules of their own."""
    bso = BsoDocument(**{name: getattr(RECEIPT, name) for name in RECEIPT.__struct_fields__})
    assert check(bso) == ()
    assert ("F10", "fiscal_drive_close_report/fiscal_drive_total_counters") in _codes(DriveCloseReport(ffd_version=4))
    assert ("F10", "operator_confirmation/operator_fiscal_sign") in _codes(OperatorConfirmation())
