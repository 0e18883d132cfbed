"""Sample documents of the printed form, and the docs page made from them.

`python -m tests.ffd.render.samples` writes the texts and pictures of docs/printed-form.md anew; a test compares. The
documents are whole and right: the format-logic control has nothing to say about them.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from ffd.documents import (
    CorrectionDocument,
    Document,
    ReceiptDocument,
    RegistrationReport,
    ShiftCloseReport,
    sign_bytes,
)
from ffd.enums import TaxSystem
from ffd.ids import registration_number
from ffd.render import Beside, png, text
from ffd.structures import (
    AgentData,
    BuyerInfo,
    CorrectionBasis,
    CorrectionCounters,
    FractionalQuantity,
    ItemFields,
    OperationCounters,
    ProductCode,
    Subcounters,
    SupplierData,
    TotalCounters,
    UserAttributeFields,
    VatAmounts,
    VatEntry,
)

__all__ = ["BESIDE", "PAGE", "SAMPLES", "picture_path", "renewed"]

PAGE = Path(__file__).parents[3] / "docs" / "printed-form.md"
_TEXT = re.compile(r"(<!-- text: (\w+) (\d+) -->\n```\n).*?(```\n)", re.DOTALL)

_INN = "9900000000"
_DRIVE = "9999078900005488"
_SERIAL = "00106900000017"
_NUMBER = registration_number("0000000001", _INN, _SERIAL)

REGISTRATION = RegistrationReport(
    ffd_version=4,
    user_name='ООО "Чайная лавка"',
    user_inn=_INN,
    tax_systems=TaxSystem.GENERAL | TaxSystem.PATENT,
    document_datetime=datetime(2026, 11, 2, 9, 15),
    register_registration_number=_NUMBER,
    offline_mode_flag=False,
    encryption_flag=False,
    automatic_mode_flag=False,
    register_usage_flags=1 << 6 | 1 << 8,
    register_serial_number=_SERIAL,
    cashier_name="Иванова А. П.",
    settlement_address="125009, г. Москва, ул. Тверская, д. 1",
    settlement_place="Магазин № 7, касса 2",
    tax_authority_website="www.nalog.gov.ru",
    receipt_sender_email="check@ofd.example",
    ofd_inn="9900000017",
    ofd_name="ООО ОФД-ПРИМЕР",
    register_model_version="001",
    register_ffd_version=4,
    fiscal_drive_ffd_version=4,
    fiscal_key_days_left=480,
    fiscal_document_number=1,
    fiscal_drive_number=_DRIVE,
    document_fiscal_sign=sign_bytes(3090415126, service=b"\x21\x04"),
)

_ITEMS = (
    ItemFields(
        item_payment_method=4,
        item_type=33,
        item_name="Чай чёрный «Цейлон» крупнолистовой, картонная пачка, 200 г".replace("«", '"').replace("»", '"'),
        item_quantity_measure=0,
        item_product_code=ProductCode(product_code_gs1_marked="010460406000600021N4N57RSCBUZTQ"),
        marking_processing_mode=0,
        item_check_result=15,
        item_unit_price=24900,
        item_quantity=Decimal(2),
        vat_rate=11,
        item_total=49800,
    ),
    ItemFields(
        item_payment_method=4,
        item_type=1,
        item_name="Печенье овсяное, весовое",
        item_quantity_measure=11,
        item_unit_price=39850,
        item_quantity=Decimal("0.452"),
        vat_rate=2,
        item_total=18012,
    ),
    ItemFields(
        item_payment_method=4,
        item_type=33,
        item_name="Вода минеральная, упаковка 6 х 1,5 л",
        item_quantity_measure=0,
        item_product_code=ProductCode(product_code_gs1_marked="0104603934000182215OoyE8qxeIOn>"),
        marking_processing_mode=0,
        item_check_result=3,
        item_unit_price=20000,
        item_quantity=Decimal(1),
        item_fractional_quantity=FractionalQuantity(fraction_numerator=1, fraction_denominator=3),
        vat_rate=11,
        item_total=20000,
    ),
    ItemFields(
        item_payment_method=1,
        item_type=4,
        item_agent_flags=64,
        agent_data=AgentData(payment_agent_phones=("+74950000001",)),
        supplier_data=SupplierData(supplier_phones=("+78000000002",), supplier_name="ИП Петров П. П."),
        supplier_inn="000000000000",
        item_name="Доставка курьером",
        item_quantity_measure=0,
        item_unit_price=30000,
        item_quantity=Decimal(1),
        vat_rate=6,
        item_total=30000,
    ),
)

RECEIPT = ReceiptDocument(
    ffd_version=4,
    user_name=REGISTRATION.user_name,
    user_inn=_INN,
    buyer_info=BuyerInfo(buyer_name="АО Вектор", buyer_inn="9900000017"),
    receipt_number_in_shift=17,
    document_datetime=datetime(2026, 11, 25, 16, 44),
    shift_number=23,
    operation_type=1,
    applied_tax_system=TaxSystem.GENERAL,
    cashier_name="Иванова А. П.",
    register_registration_number=_NUMBER,
    settlement_address=REGISTRATION.settlement_address,
    settlement_place=REGISTRATION.settlement_place,
    buyer_contact="anna@example.com",
    items=_ITEMS,
    receipt_total=117812,
    cash_total=100000,
    cashless_total=17812,
    prepayment_total=0,
    credit_total=0,
    barter_total=0,
    receipt_vat_10_amount=1637,
    receipt_no_vat_turnover=30000,
    receipt_vat_amounts=VatAmounts(receipt_vat_entries=(VatEntry(vat_rate=11, vat_amount=12587),)),
    receipt_sender_email="check@ofd.example",
    marked_items_check_result=0,
    tax_authority_website="www.nalog.gov.ru",
    user_attribute=UserAttributeFields(user_attribute_name="Заказ", user_attribute_value="2026-11-4471"),
    fiscal_document_number=418,
    fiscal_drive_number=_DRIVE,
    document_fiscal_sign=sign_bytes(1840276512),
)

CORRECTION = CorrectionDocument(
    ffd_version=4,
    user_name=REGISTRATION.user_name,
    user_inn=_INN,
    receipt_number_in_shift=18,
    document_datetime=datetime(2026, 11, 25, 18, 2),
    shift_number=23,
    operation_type=1,
    applied_tax_system=TaxSystem.GENERAL,
    cashier_name="Иванова А. П.",
    register_registration_number=_NUMBER,
    correction_type=1,
    correction_basis=CorrectionBasis(
        corrected_settlement_date=datetime(2026, 11, 12), correction_order_number="16-04/0217"
    ),
    settlement_address=REGISTRATION.settlement_address,
    settlement_place=REGISTRATION.settlement_place,
    items=(
        ItemFields(
            item_payment_method=4,
            item_type=1,
            item_name="Чайник заварочный, 600 мл",
            item_quantity_measure=0,
            item_unit_price=129000,
            item_quantity=Decimal(1),
            vat_rate=11,
            item_total=129000,
        ),
    ),
    receipt_total=129000,
    cash_total=0,
    cashless_total=129000,
    prepayment_total=0,
    credit_total=0,
    barter_total=0,
    receipt_vat_amounts=VatAmounts(receipt_vat_entries=(VatEntry(vat_rate=11, vat_amount=23262),)),
    receipt_extra_attribute="1840275003",
    fiscal_document_number=419,
    fiscal_drive_number=_DRIVE,
    document_fiscal_sign=sign_bytes(977120934),
)


C = TypeVar("C", OperationCounters, Subcounters)


def _counted(cls: type[C], count: int, **sums: int) -> C:
    """Counters as a drive sends them: all there, zeros included."""
    given: dict[str, Any] = {**dict.fromkeys(cls.tags(), 0), **sums, "counter_receipt_count": count}
    return cls(**given)


SHIFT_CLOSE = ShiftCloseReport(
    ffd_version=4,
    user_inn=_INN,
    cashier_name="Иванова А. П.",
    document_datetime=datetime(2026, 11, 25, 21, 30),
    shift_number=23,
    register_registration_number=_NUMBER,
    shift_receipt_count=18,
    shift_document_count=20,
    unsent_document_count=3,
    unsent_notification_count=0,
    first_unsent_document_date=datetime(2026, 11, 25),
    ofd_response_timeout_flag=True,
    shift_total_counters=TotalCounters(
        all_receipts_count=18,
        income_counters=_counted(
            OperationCounters,
            16,
            counter_cash_total=812550,
            counter_cashless_total=1904300,
            counter_grand_total=2716850,
            counter_vat_10_amount=61204,
            counter_no_vat_turnover=30000,
        ),
        income_return_counters=_counted(OperationCounters, 1, counter_cash_total=24900, counter_grand_total=24900),
        expense_counters=_counted(OperationCounters, 0),
        expense_return_counters=_counted(OperationCounters, 0),
        correction_counters=CorrectionCounters(
            correction_or_unsent_receipt_count=1,
            income_subcounters=_counted(Subcounters, 1, counter_cashless_total=129000, counter_grand_total=129000),
            expense_subcounters=_counted(Subcounters, 0),
            income_return_subcounters=_counted(Subcounters, 0),
            expense_return_subcounters=_counted(Subcounters, 0),
        ),
    ),
    fiscal_drive_total_counters=TotalCounters(
        all_receipts_count=396,
        income_counters=_counted(
            OperationCounters,
            381,
            counter_cash_total=21477800,
            counter_cashless_total=48190300,
            counter_grand_total=69668100,
        ),
        income_return_counters=_counted(OperationCounters, 14, counter_cash_total=640200, counter_grand_total=640200),
        expense_counters=_counted(OperationCounters, 0),
        expense_return_counters=_counted(OperationCounters, 0),
        correction_counters=CorrectionCounters(correction_or_unsent_receipt_count=1),
    ),
    fiscal_key_days_left=457,
    fiscal_document_number=420,
    fiscal_drive_number=_DRIVE,
    document_fiscal_sign=sign_bytes(2217734608),
)

SAMPLES: dict[str, Document] = {
    "receipt": RECEIPT,
    "correction": CORRECTION,
    "shift_close": SHIFT_CLOSE,
    "registration": REGISTRATION,
}
BESIDE: dict[str, Beside] = {
    "receipt": Beside(
        control_codes=("4471", "", "0093"),
        tendered=120000,
        header=("ДОБРО ПОЖАЛОВАТЬ!",),
        footer=("СПАСИБО ЗА ПОКУПКУ!",),
    ),
    "shift_close": Beside(registration=REGISTRATION),
}


def picture_path(name: str) -> Path:
    """Where the picture of a sample stands."""
    return PAGE.parent / "printed-form" / f"{name}.png"


def renewed(page: str) -> str:
    """The page with its texts as they should be."""

    def block(found: re.Match[str]) -> str:
        return found[1] + text(SAMPLES[found[2]], width=int(found[3]), beside=BESIDE.get(found[2])) + found[4]

    return _TEXT.sub(block, page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
    for name, document in SAMPLES.items():
        picture_path(name).write_bytes(png(document, width=42, beside=BESIDE.get(name)))
