"""The structures inside documents (STLV), one class each: an attribute is a tag, its name the tag's name.

`Fields` derives the codec of a class from the tag table once, when the class is first used. A value read from bytes
remembers what its attributes cannot say: `kept` holds the fields of unknown tags and the unusual forms of known ones
(a VLN longer than needed, a text without its blanks), `order` the order of tags when it is not the table's. So
`encode(decode(b)) == b`, and a value changed with `msgspec.structs.replace` still encodes what it says.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from ffd.fields import Fields, Moment

__all__ = [
    "UserAttributeFields",
    "VatEntry",
    "VatAmounts",
    "Subcounters",
    "OperationCounters",
    "CorrectionCounters",
    "TotalCounters",
    "UnsentCounters",
    "ProductCode",
    "CorrectionBasis",
    "AgentData",
    "SupplierData",
    "CashlessPayment",
    "CashlessPayments",
    "BuyerInfo",
    "IndustryAttribute",
    "OperationalAttribute",
    "FractionalQuantity",
    "DriveMessage",
    "ItemFields",
    "MarkedItem",
    "OF_TAG",
]


class UserAttributeFields(Fields, frozen=True, kw_only=True):
    """1084: дополнительный реквизит пользователя."""

    TAG: ClassVar[int] = 1084

    user_attribute_name: str | None = None  # 1085
    user_attribute_value: str | None = None  # 1086


class VatEntry(Fields, frozen=True, kw_only=True):
    """1119: сумма НДС чека."""

    TAG: ClassVar[int] = 1119

    vat_rate: int | None = None  # 1199
    vat_amount: int | None = None  # 1120


class VatAmounts(Fields, frozen=True, kw_only=True):
    """1115: суммы НДС чека."""

    TAG: ClassVar[int] = 1115

    receipt_vat_entries: tuple[VatEntry, ...] = ()  # 1119


class Subcounters(Fields, frozen=True, kw_only=True):
    """1145, 1146, 1232, 1233: счетчики по признаку «приход»."""

    TAG: ClassVar[int] = 1145

    counter_cash_total: int | None = None  # 1136
    counter_cashless_total: int | None = None  # 1138
    counter_prepayment_total: int | None = None  # 1218
    counter_credit_total: int | None = None  # 1219
    counter_barter_total: int | None = None  # 1220
    counter_grand_total: int | None = None  # 1201
    counter_receipt_count: int | None = None  # 1135


class OperationCounters(Fields, frozen=True, kw_only=True):
    """1129, 1130, 1131, 1132: счетчики операций «приход»."""

    TAG: ClassVar[int] = 1129

    counter_receipt_count: int | None = None  # 1135
    counter_cash_total: int | None = None  # 1136
    counter_cashless_total: int | None = None  # 1138
    counter_prepayment_total: int | None = None  # 1218
    counter_credit_total: int | None = None  # 1219
    counter_barter_total: int | None = None  # 1220
    counter_grand_total: int | None = None  # 1201
    counter_vat_20_amount: int | None = None  # 1139
    counter_vat_10_amount: int | None = None  # 1140
    counter_vat_20_120_amount: int | None = None  # 1141
    counter_vat_10_110_amount: int | None = None  # 1142
    counter_vat_0_turnover: int | None = None  # 1143
    counter_no_vat_turnover: int | None = None  # 1183


class CorrectionCounters(Fields, frozen=True, kw_only=True):
    """1133: счетчики операций по чекам коррекции."""

    TAG: ClassVar[int] = 1133

    correction_or_unsent_receipt_count: int | None = None  # 1144
    income_subcounters: Subcounters | None = None  # 1145
    expense_subcounters: Subcounters | None = None  # 1146
    income_return_subcounters: Subcounters | None = None  # 1232
    expense_return_subcounters: Subcounters | None = None  # 1233


class TotalCounters(Fields, frozen=True, kw_only=True):
    """1157, 1194: счетчики итогов ФН."""

    TAG: ClassVar[int] = 1157

    all_receipts_count: int | None = None  # 1134
    income_counters: OperationCounters | None = None  # 1129
    income_return_counters: OperationCounters | None = None  # 1130
    expense_counters: OperationCounters | None = None  # 1131
    expense_return_counters: OperationCounters | None = None  # 1132
    correction_counters: CorrectionCounters | None = None  # 1133


class UnsentCounters(Fields, frozen=True, kw_only=True):
    """1158: счетчики итогов непереданных ФД."""

    TAG: ClassVar[int] = 1158

    correction_or_unsent_receipt_count: int | None = None  # 1144
    income_subcounters: Subcounters | None = None  # 1145
    expense_subcounters: Subcounters | None = None  # 1146
    income_return_subcounters: Subcounters | None = None  # 1232
    expense_return_subcounters: Subcounters | None = None  # 1233


class ProductCode(Fields, frozen=True, kw_only=True):
    """1163: код товара."""

    TAG: ClassVar[int] = 1163

    product_code_unrecognized: str | None = None  # 1300
    product_code_ean8: str | None = None  # 1301
    product_code_ean13: str | None = None  # 1302
    product_code_itf14: str | None = None  # 1303
    product_code_gs1: str | None = None  # 1304
    product_code_gs1_marked: str | None = None  # 1305
    product_code_short_marking: str | None = None  # 1306
    product_code_fur: str | None = None  # 1307
    product_code_egais2: str | None = None  # 1308
    product_code_egais3: str | None = None  # 1309
    product_code_f1: str | None = None  # 1320
    product_code_f2: str | None = None  # 1321
    product_code_f3: str | None = None  # 1322
    product_code_f4: str | None = None  # 1323
    product_code_f5: str | None = None  # 1324
    product_code_f6: str | None = None  # 1325


class CorrectionBasis(Fields, frozen=True, kw_only=True):
    """1174: основание для коррекции."""

    TAG: ClassVar[int] = 1174

    corrected_settlement_date: Moment | None = None  # 1178
    correction_order_number: str | None = None  # 1179


class AgentData(Fields, frozen=True, kw_only=True):
    """1223: данные агента."""

    TAG: ClassVar[int] = 1223

    transfer_operator_phones: tuple[str, ...] = ()  # 1075
    payment_agent_operation: str | None = None  # 1044
    payment_agent_phones: tuple[str, ...] = ()  # 1073
    payment_acceptance_operator_phones: tuple[str, ...] = ()  # 1074
    transfer_operator_name: str | None = None  # 1026
    transfer_operator_address: str | None = None  # 1005
    transfer_operator_inn: str | None = None  # 1016


class SupplierData(Fields, frozen=True, kw_only=True):
    """1224: данные поставщика."""

    TAG: ClassVar[int] = 1224

    supplier_phones: tuple[str, ...] = ()  # 1171
    supplier_name: str | None = None  # 1225


class CashlessPayment(Fields, frozen=True, kw_only=True):
    """1235: сведения об оплате безналичными."""

    TAG: ClassVar[int] = 1235

    cashless_payment_amount: int | None = None  # 1082
    cashless_payment_method: int | None = None  # 1236
    cashless_payment_identifiers: str | None = None  # 1237
    cashless_payment_details: str | None = None  # 1238


class CashlessPayments(Fields, frozen=True, kw_only=True):
    """1234: сведения обо всех оплатах по чеку безналичными."""

    TAG: ClassVar[int] = 1234

    cashless_payments_list: tuple[CashlessPayment, ...] = ()  # 1235


class BuyerInfo(Fields, frozen=True, kw_only=True):
    """1256: сведения о покупателе (клиенте)."""

    TAG: ClassVar[int] = 1256

    buyer_name: str | None = None  # 1227
    buyer_inn: str | None = None  # 1228
    buyer_birth_date: str | None = None  # 1243
    buyer_citizenship_code: str | None = None  # 1244
    buyer_identity_document_code: str | None = None  # 1245
    buyer_identity_document_data: str | None = None  # 1246
    buyer_address: str | None = None  # 1254


class IndustryAttribute(Fields, frozen=True, kw_only=True):
    """1260, 1261: отраслевой реквизит предмета расчета."""

    TAG: ClassVar[int] = 1260

    industry_authority_id: str | None = None  # 1262
    industry_basis_date: str | None = None  # 1263
    industry_basis_number: str | None = None  # 1264
    industry_attribute_value: str | None = None  # 1265


class OperationalAttribute(Fields, frozen=True, kw_only=True):
    """1270: операционный реквизит чека."""

    TAG: ClassVar[int] = 1270

    operational_attribute_datetime: Moment | None = None  # 1273
    operational_attribute_id: int | None = None  # 1271
    operational_attribute_data: str | None = None  # 1272


class FractionalQuantity(Fields, frozen=True, kw_only=True):
    """1291: дробное количество маркированного товара."""

    TAG: ClassVar[int] = 1291

    fraction_numerator: int | None = None  # 1293
    fraction_denominator: int | None = None  # 1294


class DriveMessage(Fields, frozen=True, kw_only=True):
    """1068: сообщение оператора для ФН."""

    TAG: ClassVar[int] = 1068

    ofd_response_code: int | None = None  # 1022


class ItemFields(Fields, frozen=True, kw_only=True):
    """1059: предмет расчета."""

    TAG: ClassVar[int] = 1059

    item_payment_method: int | None = None  # 1214
    item_type: int | None = None  # 1212
    item_agent_flags: int | None = None  # 1222
    agent_data: AgentData | None = None  # 1223
    supplier_data: SupplierData | None = None  # 1224
    supplier_inn: str | None = None  # 1226
    item_name: str | None = None  # 1030
    item_unit_text: str | None = None  # 1197
    item_product_code_bytes: bytes | None = None  # 1162
    item_quantity_measure: int | None = None  # 2108
    item_product_code: ProductCode | None = None  # 1163
    marking_processing_mode: int | None = None  # 2102
    item_check_result: int | None = None  # 2106
    item_origin_country_code: str | None = None  # 1230
    item_customs_declaration_number: str | None = None  # 1231
    item_unit_price: int | None = None  # 1079
    item_unit_vat_amount: int | None = None  # 1198
    item_quantity: Decimal | None = None  # 1023
    item_fractional_quantity: FractionalQuantity | None = None  # 1291
    item_excise_amount: int | None = None  # 1229
    vat_rate: int | None = None  # 1199
    item_vat_amount: int | None = None  # 1200
    item_total: int | None = None  # 1043
    item_industry_attributes: tuple[IndustryAttribute, ...] = ()  # 1260
    item_extra_attribute: str | None = None  # 1191


class MarkedItem(Fields, frozen=True, kw_only=True):
    """2007: данные о маркированном товаре."""

    TAG: ClassVar[int] = 2007

    marking_code: str | None = None  # 2000
    marking_code_type: int | None = None  # 2100
    marked_item_identifier: str | None = None  # 2101
    marking_control_code: str | None = None  # 2115
    assigned_item_status: int | None = None  # 2110
    item_check_result: int | None = None  # 2106
    item_quantity: Decimal | None = None  # 1023
    item_quantity_measure: int | None = None  # 2108
    item_fractional_quantity: FractionalQuantity | None = None  # 1291
    marking_processing_mode: int | None = None  # 2102
    item_payment_method: int | None = None  # 1214
    item_name: str | None = None  # 1030
    supplier_inn: str | None = None  # 1226
    item_agent_flags: int | None = None  # 1222
    agent_data: AgentData | None = None  # 1223
    supplier_data: SupplierData | None = None  # 1224
    item_unit_price: int | None = None  # 1079
    item_total: int | None = None  # 1043
    vat_rate: int | None = None  # 1199
    item_vat_amount: int | None = None  # 1200
    item_industry_attributes: tuple[IndustryAttribute, ...] = ()  # 1260


# The class of each structure tag; some share one.
OF_TAG: dict[int, type[Fields]] = {
    1059: ItemFields,
    1068: DriveMessage,
    1084: UserAttributeFields,
    1115: VatAmounts,
    1119: VatEntry,
    1129: OperationCounters,
    1130: OperationCounters,
    1131: OperationCounters,
    1132: OperationCounters,
    1133: CorrectionCounters,
    1145: Subcounters,
    1146: Subcounters,
    1157: TotalCounters,
    1158: UnsentCounters,
    1163: ProductCode,
    1174: CorrectionBasis,
    1194: TotalCounters,
    1223: AgentData,
    1224: SupplierData,
    1232: Subcounters,
    1233: Subcounters,
    1234: CashlessPayments,
    1235: CashlessPayment,
    1256: BuyerInfo,
    1260: IndustryAttribute,
    1261: IndustryAttribute,
    1270: OperationalAttribute,
    1291: FractionalQuantity,
    2007: MarkedItem,
}
