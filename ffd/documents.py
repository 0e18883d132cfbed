"""The fiscal documents, typed: registration to marking ticket, one class each for all three editions.

An edition is what tag 1209 says; a class has the tags of all editions, and `ffd.presence` knows which of them an
edition wants, forbids or leaves open. Bytes become the right class by the form code they start with, and
`decode(b).encode() == b` for every well-formed `b`: unknown tags, order and superfluous zeros included.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Self

from ffd.enums import DocumentCode, Edition, VatRate
from ffd.errors import DecodeError, EncodeError, FfdError
from ffd.fields import Fields, Moment, read_fields
from ffd.reckoning import Line, Totals, reckon
from ffd.structures import (
    BuyerInfo,
    CashlessPayments,
    CorrectionBasis,
    DriveMessage,
    FractionalQuantity,
    IndustryAttribute,
    ItemFields,
    MarkedItem,
    OperationalAttribute,
    TotalCounters,
    UnsentCounters,
    UserAttributeFields,
    VatAmounts,
)

__all__ = [
    "Document",
    "RegistrationReport",
    "RegistrationChangeReport",
    "ShiftOpenReport",
    "SettlementsStateReport",
    "ReceiptDocument",
    "CorrectionDocument",
    "BsoDocument",
    "BsoCorrectionDocument",
    "ShiftCloseReport",
    "DriveCloseReport",
    "OperatorConfirmation",
    "MarkingRequest",
    "MarkingNotification",
    "MarkingAnswer",
    "MarkingTicket",
    "OF_CODE",
    "decode",
    "sign_bytes",
    "sign_number",
    "size_max",
    "split",
]

_HEAD_SIZE = 4
_VERSION = bytes.fromhex("b9040100")  # head of tag 1209
# Numbers that meant something else in FFD 1.0; a document without 1209, or with 0 or 1 there, keeps them as bytes.
_OTHER_MEANING_IN_1_0 = frozenset((1115, 1119, 1082, 1011))


def size_max(code: int, edition: int | None = None) -> int:
    """The longest document of a form code in bytes, head included, for a value of tag 1209 (none: the newest)."""
    newest = edition is None or edition >= Edition.FFD_1_2
    if code in (3, 4, 31, 41) or (code == 82 and newest):
        return 32768
    if code in (1, 11):
        return 6144 if newest else 4096
    if code in (7, 83, 84):
        return 512
    return 4096


def sign_number(sign: bytes) -> int:
    """A fiscal sign (1077) as paper and QR show it: bytes 2 to 5 as one big endian number."""
    if len(sign) != 6:
        raise DecodeError(f"a sign of {len(sign)} bytes, 6 expected", path="document_fiscal_sign")
    return int.from_bytes(sign[2:], "big")


def sign_bytes(number: int, *, service: bytes = b"\x31\x04") -> bytes:
    """The six bytes of 1077 for a number; `service` is 31 04 in a receipt, 21 04 in a registration."""
    if not 0 <= number < 1 << 32 or len(service) != 2:
        raise EncodeError(f"{number} is not a fiscal sign", path="document_fiscal_sign")
    return service + number.to_bytes(4, "big")


class Document(Fields, frozen=True, kw_only=True):
    """What all documents share."""

    CODE: ClassVar[int] = 0

    @property
    def edition(self) -> int | None:
        """Tag 1209 when the document carries it."""
        version = getattr(self, "ffd_version", None)
        return None if version is None else int(version)

    @property
    def title(self) -> str:
        """The Russian name of the form."""
        return DocumentCode(self.CODE).title

    @property
    def fiscal_sign(self) -> int | None:
        """1077 as the number on paper, None when absent or of a strange length."""
        sign = getattr(self, "document_fiscal_sign", None)
        return sign_number(sign) if sign is not None and len(sign) == 6 else None

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The document in exactly `data`, form code and length included; it must be of this class."""
        document, rest = split(data)
        if rest:
            raise DecodeError(f"{len(rest)} bytes left over behind the document", path=_name(document.CODE))
        if not isinstance(document, cls):
            raise DecodeError(f"form code {document.CODE}, {cls.CODE} expected", path=_name(document.CODE))
        return document

    def encode(self) -> bytes:
        """The document with form code and length, without the signs that follow it."""
        content = self.encode_fields()
        size = len(content) + _HEAD_SIZE
        limit = size_max(self.CODE, self.edition)
        if size > limit:
            raise EncodeError(f"{size} bytes, at most {limit} allowed", path=_name(self.CODE))
        return self.CODE.to_bytes(2, "little") + len(content).to_bytes(2, "little") + content


def decode(data: bytes) -> Document:
    """The document in exactly `data`, of whatever form."""
    return Document.decode(data)


def split(data: bytes) -> tuple[Document, bytes]:
    """The document at the start of `data` and the bytes behind it: signs, padding."""
    if len(data) < _HEAD_SIZE:
        raise DecodeError(f"{len(data)} bytes, a document starts with {_HEAD_SIZE}", path="document")
    code, size = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")
    cls = OF_CODE.get(code)
    if cls is None:
        raise DecodeError(f"unknown form code {code}", path="document")
    end = _HEAD_SIZE + size
    if end > len(data):
        raise DecodeError(f"claims {size} bytes, {len(data) - _HEAD_SIZE} left", path=_name(code))
    if end > size_max(code):
        raise DecodeError(f"{end} bytes, at most {size_max(code)} allowed", path=_name(code))
    strangers: frozenset[int] = frozenset()
    if code < 80 and code != 7 and _is_1_0(data):
        strangers = _OTHER_MEANING_IN_1_0
    try:
        return read_fields(cls, data, _HEAD_SIZE, end, strangers), data[end:]
    except DecodeError as error:
        raise DecodeError(error.message, path="/".join(filter(None, (_name(code), error.path)))) from None


def _is_1_0(data: bytes) -> bool:
    at = data.find(_VERSION)
    return at < 0 or data[at + 4 : at + 5] < b"\2"


def _name(code: int) -> str:
    return DocumentCode(code).name.lower()


class RegistrationReport(Document, frozen=True, kw_only=True):
    """1: registration report, отчет о регистрации."""

    CODE: ClassVar[int] = 1

    ffd_version: int | None = None  # 1209
    user_name: str | None = None  # 1048
    user_inn: str | None = None  # 1018
    tax_systems: int | None = None  # 1062
    document_datetime: Moment | None = None  # 1012
    register_registration_number: str | None = None  # 1037
    offline_mode_flag: bool | None = None  # 1002
    printer_in_machine_flag: bool | None = None  # 1221
    bso_system_flag: bool | None = None  # 1110
    encryption_flag: bool | None = None  # 1056
    automatic_mode_flag: bool | None = None  # 1001
    internet_only_register_flag: bool | None = None  # 1108
    machine_number: str | None = None  # 1036
    excise_goods_flag: bool | None = None  # 1207
    services_only_flag: bool | None = None  # 1109
    gambling_flag: bool | None = None  # 1193
    lottery_flag: bool | None = None  # 1126
    agent_flags: int | None = None  # 1057
    register_usage_flags: int | None = None  # 1290
    register_serial_number: str | None = None  # 1013
    cashier_name: str | None = None  # 1021
    cashier_inn: str | None = None  # 1203
    settlement_address: str | None = None  # 1009
    settlement_place: str | None = None  # 1187
    tax_authority_website: str | None = None  # 1060
    receipt_sender_email: str | None = None  # 1117
    ofd_inn: str | None = None  # 1017
    ofd_name: str | None = None  # 1046
    register_model_version: str | None = None  # 1188
    register_ffd_version: int | None = None  # 1189
    fiscal_drive_ffd_version: int | None = None  # 1190
    fiscal_key_days_left: int | None = None  # 1213
    registration_extra_attribute: str | None = None  # 1274
    registration_extra_data: bytes | None = None  # 1275
    fiscal_document_number: int | None = None  # 1040
    fiscal_drive_number: str | None = None  # 1041
    document_fiscal_sign: bytes | None = None  # 1077


class RegistrationChangeReport(RegistrationReport, frozen=True, kw_only=True):
    """11: registration change report, отчет об изменении параметров регистрации. Form 1 and why it changed."""

    CODE: ClassVar[int] = 11

    reregistration_reason_codes: tuple[int, ...] = ()  # 1101
    registration_change_reasons: int | None = None  # 1205
    fiscal_drive_total_counters: TotalCounters | None = None  # 1157


class ShiftOpenReport(Document, frozen=True, kw_only=True):
    """2: shift open report, отчет об открытии смены."""

    CODE: ClassVar[int] = 2

    ffd_version: int | None = None  # 1209
    user_inn: str | None = None  # 1018
    cashier_name: str | None = None  # 1021
    cashier_inn: str | None = None  # 1203
    document_datetime: Moment | None = None  # 1012
    shift_number: int | None = None  # 1038
    register_registration_number: str | None = None  # 1037
    ofd_response_timeout_flag: bool | None = None  # 1053
    fiscal_drive_urgent_replacement_flag: bool | None = None  # 1051
    fiscal_drive_memory_full_flag: bool | None = None  # 1052
    fiscal_drive_exhaustion_flag: bool | None = None  # 1050
    operator_message_flags: int | None = None  # 1206
    register_model_version: str | None = None  # 1188
    register_ffd_version: int | None = None  # 1189
    shift_open_extra_attribute: str | None = None  # 1276
    shift_open_extra_data: bytes | None = None  # 1277
    fiscal_document_number: int | None = None  # 1040
    fiscal_drive_number: str | None = None  # 1041
    document_fiscal_sign: bytes | None = None  # 1077


class SettlementsStateReport(Document, frozen=True, kw_only=True):
    """21: settlements state report, отчет о текущем состоянии расчетов."""

    CODE: ClassVar[int] = 21

    ffd_version: int | None = None  # 1209
    user_inn: str | None = None  # 1018
    document_datetime: Moment | None = None  # 1012
    shift_number: int | None = None  # 1038
    offline_mode_flag: bool | None = None  # 1002
    first_unsent_document_number: int | None = None  # 1116
    unsent_document_count: int | None = None  # 1097
    unsent_notification_count: int | None = None  # 2104
    first_unsent_document_date: Moment | None = None  # 1098
    fiscal_key_days_left: int | None = None  # 1213
    register_registration_number: str | None = None  # 1037
    fiscal_drive_total_counters: TotalCounters | None = None  # 1157
    unsent_total_counters: UnsentCounters | None = None  # 1158
    settlements_state_extra_attribute: str | None = None  # 1280
    settlements_state_extra_data: bytes | None = None  # 1281
    fiscal_document_number: int | None = None  # 1040
    fiscal_drive_number: str | None = None  # 1041
    document_fiscal_sign: bytes | None = None  # 1077


class ReceiptDocument(Document, frozen=True, kw_only=True):
    """3: receipt, кассовый чек."""

    CODE: ClassVar[int] = 3

    ffd_version: int | None = None  # 1209
    user_name: str | None = None  # 1048
    user_inn: str | None = None  # 1018
    buyer_name: str | None = None  # 1227
    buyer_inn: str | None = None  # 1228
    buyer_info: BuyerInfo | None = None  # 1256
    receipt_number_in_shift: int | None = None  # 1042
    document_datetime: Moment | None = None  # 1012
    shift_number: int | None = None  # 1038
    operation_type: int | None = None  # 1054
    applied_tax_system: int | None = None  # 1055
    cashier_name: str | None = None  # 1021
    cashier_inn: str | None = None  # 1203
    register_registration_number: str | None = None  # 1037
    machine_number: str | None = None  # 1036
    settlement_address: str | None = None  # 1009
    settlement_place: str | None = None  # 1187
    buyer_contact: str | None = None  # 1008
    items: tuple[ItemFields, ...] = ()  # 1059
    receipt_total: int | None = None  # 1020
    cash_total: int | None = None  # 1031
    cashless_total: int | None = None  # 1081
    cashless_payments: CashlessPayments | None = None  # 1234
    prepayment_total: int | None = None  # 1215
    credit_total: int | None = None  # 1216
    barter_total: int | None = None  # 1217
    receipt_vat_20_amount: int | None = None  # 1102
    receipt_vat_10_amount: int | None = None  # 1103
    receipt_vat_0_turnover: int | None = None  # 1104
    receipt_no_vat_turnover: int | None = None  # 1105
    receipt_vat_20_120_amount: int | None = None  # 1106
    receipt_vat_10_110_amount: int | None = None  # 1107
    receipt_vat_amounts: VatAmounts | None = None  # 1115
    internet_only_register_flag: bool | None = None  # 1108
    internet_settlement_flag: bool | None = None  # 1125
    receipt_sender_email: str | None = None  # 1117
    agent_flags: int | None = None  # 1057
    transfer_operator_phones: tuple[str, ...] = ()  # 1075
    payment_agent_operation: str | None = None  # 1044
    payment_agent_phones: tuple[str, ...] = ()  # 1073
    payment_acceptance_operator_phones: tuple[str, ...] = ()  # 1074
    transfer_operator_name: str | None = None  # 1026
    transfer_operator_address: str | None = None  # 1005
    transfer_operator_inn: str | None = None  # 1016
    supplier_phones: tuple[str, ...] = ()  # 1171
    marked_items_check_result: int | None = None  # 2107
    tax_authority_website: str | None = None  # 1060
    receipt_operational_attribute: OperationalAttribute | None = None  # 1270
    receipt_extra_attribute: str | None = None  # 1192
    user_attribute: UserAttributeFields | None = None  # 1084
    receipt_industry_attributes: tuple[IndustryAttribute, ...] = ()  # 1261
    fiscal_document_number: int | None = None  # 1040
    fiscal_drive_number: str | None = None  # 1041
    document_fiscal_sign: bytes | None = None  # 1077

    def totals(self, *, per_item: bool = False, tendered: int | None = None) -> Totals:
        """What the items add up to, explained: compare it with 1020 and the taxes the document carries.

        `per_item` rounds the tax item by item, `tendered` is the cash put down, for the change. An item without a
        rate counts as free of tax.
        """
        return _totals(self, per_item, tendered)


class CorrectionDocument(Document, frozen=True, kw_only=True):
    """31: correction receipt, кассовый чек коррекции."""

    CODE: ClassVar[int] = 31

    ffd_version: int | None = None  # 1209
    user_name: str | None = None  # 1048
    user_inn: str | None = None  # 1018
    buyer_name: str | None = None  # 1227
    buyer_inn: str | None = None  # 1228
    buyer_info: BuyerInfo | None = None  # 1256
    receipt_number_in_shift: int | None = None  # 1042
    document_datetime: Moment | None = None  # 1012
    shift_number: int | None = None  # 1038
    operation_type: int | None = None  # 1054
    applied_tax_system: int | None = None  # 1055
    cashier_name: str | None = None  # 1021
    cashier_inn: str | None = None  # 1203
    register_registration_number: str | None = None  # 1037
    correction_type: int | None = None  # 1173
    correction_basis: CorrectionBasis | None = None  # 1174
    machine_number: str | None = None  # 1036
    settlement_address: str | None = None  # 1009
    settlement_place: str | None = None  # 1187
    buyer_contact: str | None = None  # 1008
    items: tuple[ItemFields, ...] = ()  # 1059
    receipt_total: int | None = None  # 1020
    cash_total: int | None = None  # 1031
    cashless_total: int | None = None  # 1081
    prepayment_total: int | None = None  # 1215
    credit_total: int | None = None  # 1216
    barter_total: int | None = None  # 1217
    receipt_vat_20_amount: int | None = None  # 1102
    receipt_vat_10_amount: int | None = None  # 1103
    receipt_vat_0_turnover: int | None = None  # 1104
    receipt_no_vat_turnover: int | None = None  # 1105
    receipt_vat_20_120_amount: int | None = None  # 1106
    receipt_vat_10_110_amount: int | None = None  # 1107
    receipt_vat_amounts: VatAmounts | None = None  # 1115
    internet_only_register_flag: bool | None = None  # 1108
    internet_settlement_flag: bool | None = None  # 1125
    receipt_sender_email: str | None = None  # 1117
    agent_flags: int | None = None  # 1057
    transfer_operator_phones: tuple[str, ...] = ()  # 1075
    payment_agent_operation: str | None = None  # 1044
    payment_agent_phones: tuple[str, ...] = ()  # 1073
    payment_acceptance_operator_phones: tuple[str, ...] = ()  # 1074
    transfer_operator_name: str | None = None  # 1026
    transfer_operator_address: str | None = None  # 1005
    transfer_operator_inn: str | None = None  # 1016
    supplier_phones: tuple[str, ...] = ()  # 1171
    marked_items_check_result: int | None = None  # 2107
    tax_authority_website: str | None = None  # 1060
    receipt_operational_attribute: OperationalAttribute | None = None  # 1270
    receipt_extra_attribute: str | None = None  # 1192
    user_attribute: UserAttributeFields | None = None  # 1084
    receipt_industry_attributes: tuple[IndustryAttribute, ...] = ()  # 1261
    fiscal_document_number: int | None = None  # 1040
    fiscal_drive_number: str | None = None  # 1041
    document_fiscal_sign: bytes | None = None  # 1077

    def totals(self, *, per_item: bool = False, tendered: int | None = None) -> Totals:
        """What the items add up to, explained; see `ReceiptDocument.totals`."""
        return _totals(self, per_item, tendered)


def _totals(document: ReceiptDocument | CorrectionDocument, per_item: bool, tendered: int | None) -> Totals:
    lines = (
        Line(
            item.item_name or "",
            item.item_unit_price or 0,
            Decimal(1) if item.item_quantity is None else item.item_quantity,
            item.item_total or 0,
            _rate(item.vat_rate, index),
        )
        for index, item in enumerate(document.items)
    )
    paid = {kind: getattr(document, name) or 0 for kind, name in _PAID.items()}
    return reckon(lines, paid, per_item=per_item, tendered=tendered)


def _rate(number: int | None, index: int) -> VatRate:
    if number is not None and number not in VatRate._value2member_map_:
        raise FfdError(f"rate {number} is unknown, its tax cannot be reckoned", path=f"items[{index}]/vat_rate")
    return VatRate.NO_VAT if number is None else VatRate(number)


_PAID = {
    "cash": "cash_total",
    "cashless": "cashless_total",
    "prepaid": "prepayment_total",
    "credit": "credit_total",
    "barter": "barter_total",
}


class BsoDocument(ReceiptDocument, frozen=True, kw_only=True):
    """4: bso receipt, бланк строгой отчетности. The fields of a receipt under another name."""

    CODE: ClassVar[int] = 4


class BsoCorrectionDocument(CorrectionDocument, frozen=True, kw_only=True):
    """41: bso correction receipt, бланк строгой отчетности коррекции. The fields of a receipt under another name."""

    CODE: ClassVar[int] = 41


class ShiftCloseReport(Document, frozen=True, kw_only=True):
    """5: shift close report, отчет о закрытии смены."""

    CODE: ClassVar[int] = 5

    ffd_version: int | None = None  # 1209
    user_inn: str | None = None  # 1018
    cashier_name: str | None = None  # 1021
    cashier_inn: str | None = None  # 1203
    document_datetime: Moment | None = None  # 1012
    shift_number: int | None = None  # 1038
    register_registration_number: str | None = None  # 1037
    shift_receipt_count: int | None = None  # 1118
    shift_document_count: int | None = None  # 1111
    unsent_document_count: int | None = None  # 1097
    unsent_notification_count: int | None = None  # 2104
    first_unsent_document_date: Moment | None = None  # 1098
    ofd_response_timeout_flag: bool | None = None  # 1053
    fiscal_drive_urgent_replacement_flag: bool | None = None  # 1051
    fiscal_drive_memory_full_flag: bool | None = None  # 1052
    fiscal_drive_exhaustion_flag: bool | None = None  # 1050
    operator_message_flags: int | None = None  # 1206
    invalid_marking_codes_flags: int | None = None  # 2112
    invalid_marking_documents_flags: int | None = None  # 2113
    shift_total_counters: TotalCounters | None = None  # 1194
    fiscal_drive_total_counters: TotalCounters | None = None  # 1157
    fiscal_key_days_left: int | None = None  # 1213
    shift_close_extra_attribute: str | None = None  # 1278
    shift_close_extra_data: bytes | None = None  # 1279
    fiscal_document_number: int | None = None  # 1040
    fiscal_drive_number: str | None = None  # 1041
    document_fiscal_sign: bytes | None = None  # 1077


class DriveCloseReport(Document, frozen=True, kw_only=True):
    """6: fiscal drive close report, отчет о закрытии фискального накопителя."""

    CODE: ClassVar[int] = 6

    ffd_version: int | None = None  # 1209
    user_name: str | None = None  # 1048
    user_inn: str | None = None  # 1018
    cashier_name: str | None = None  # 1021
    cashier_inn: str | None = None  # 1203
    settlement_address: str | None = None  # 1009
    settlement_place: str | None = None  # 1187
    document_datetime: Moment | None = None  # 1012
    shift_number: int | None = None  # 1038
    register_registration_number: str | None = None  # 1037
    fiscal_drive_total_counters: TotalCounters | None = None  # 1157
    drive_close_extra_attribute: str | None = None  # 1282
    drive_close_extra_data: bytes | None = None  # 1283
    fiscal_document_number: int | None = None  # 1040
    fiscal_drive_number: str | None = None  # 1041
    document_fiscal_sign: bytes | None = None  # 1077


class OperatorConfirmation(Document, frozen=True, kw_only=True):
    """7: operator confirmation, подтверждение оператора."""

    CODE: ClassVar[int] = 7

    ofd_inn: str | None = None  # 1017
    fiscal_drive_number: str | None = None  # 1041
    fiscal_document_number: int | None = None  # 1040
    document_datetime: Moment | None = None  # 1012
    operator_message_to_drive: DriveMessage | None = None  # 1068
    operator_message_flags: int | None = None  # 1206
    operator_fiscal_sign: bytes | None = None  # 1078


class MarkingRequest(Document, frozen=True, kw_only=True):
    """81: marking code request, запрос о коде маркировки."""

    CODE: ClassVar[int] = 81

    marking_request_number: int | None = None  # 2001
    user_inn: str | None = None  # 1018
    marking_request_datetime: Moment | None = None  # 2114
    fiscal_drive_number: str | None = None  # 1041
    marking_check_result: int | None = None  # 2004
    planned_item_status: int | None = None  # 2003
    item_quantity: Decimal | None = None  # 1023
    item_quantity_measure: int | None = None  # 2108
    item_fractional_quantity: FractionalQuantity | None = None  # 1291
    marking_code_type: int | None = None  # 2100
    marking_code: str | None = None  # 2000
    marking_processing_mode: int | None = None  # 2102


class MarkingNotification(Document, frozen=True, kw_only=True):
    """82: marking sale notification, уведомление о реализации маркированного товара."""

    CODE: ClassVar[int] = 82

    marking_notification_number: int | None = None  # 2002
    linked_receipt_document_number: int | None = None  # 2040
    document_datetime: Moment | None = None  # 1012
    settlement_time_zone: int | None = None  # 1011
    fiscal_drive_number: str | None = None  # 1041
    user_inn: str | None = None  # 1018
    buyer_inn: str | None = None  # 1228
    settlement_address: str | None = None  # 1009
    internet_settlement_flag: bool | None = None  # 1125
    applied_tax_system: int | None = None  # 1055
    operation_type: int | None = None  # 1054
    marking_operation_type: int | None = None  # 2116
    marked_items: tuple[MarkedItem, ...] = ()  # 2007
    receipt_industry_attributes: tuple[IndustryAttribute, ...] = ()  # 1261
    user_attribute: UserAttributeFields | None = None  # 1084


class MarkingAnswer(Document, frozen=True, kw_only=True):
    """83: marking request answer, ответ на запрос."""

    CODE: ClassVar[int] = 83

    marking_request_number: int | None = None  # 2001
    marking_request_datetime: Moment | None = None  # 2114
    marking_processing_mode: int | None = None  # 2102
    marking_code_type: int | None = None  # 2100
    marking_operator_item_status: int | None = None  # 2109
    marked_item_identifier: str | None = None  # 2101
    marking_request_code: int | None = None  # 2105
    marking_request_result: int | None = None  # 2005


class MarkingTicket(Document, frozen=True, kw_only=True):
    """84: marking notification receipt, квитанция на уведомление."""

    CODE: ClassVar[int] = 84

    marking_notification_number: int | None = None  # 2002
    document_datetime: Moment | None = None  # 1012
    marking_notification_code: int | None = None  # 2111
    marking_notification_result: int | None = None  # 2006


# The class of each form code.
OF_CODE: dict[int, type[Document]] = {
    cls.CODE: cls
    for cls in (
        RegistrationReport,
        RegistrationChangeReport,
        ShiftOpenReport,
        SettlementsStateReport,
        ReceiptDocument,
        CorrectionDocument,
        BsoDocument,
        BsoCorrectionDocument,
        ShiftCloseReport,
        DriveCloseReport,
        OperatorConfirmation,
        MarkingRequest,
        MarkingNotification,
        MarkingAnswer,
        MarkingTicket,
    )
}
