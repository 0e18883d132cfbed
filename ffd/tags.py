# ruff: noqa: E501 (a row of the table is one line, however long its Russian name)
"""All tags of the fiscal data formats, 1.05 to 1.2 and the few left over from 1.0: one line each, in number order.

A row says how a value is written (type, length, fixed or not), what it means (kind), how it is called: here, in the
tax service's JSON, in the order (Russian) and on paper (header). `parents` are the structures it may stand in,
0 being the document itself.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import msgspec

__all__ = ["TAGS", "Tag", "Type", "by_json_name", "by_name", "tag"]


class Type(StrEnum):
    """Wire types of the order."""

    BYTE = "byte"
    UINT16 = "uint16"
    UINT32 = "uint32"
    VLN = "vln"
    FVLN = "fvln"
    UNIXTIME = "unixtime"
    STRING = "string"
    BYTES = "bytes"
    BITS = "bits"
    STLV = "stlv"


BYTE, UINT16, UINT32, VLN, FVLN, UNIXTIME, STRING, BYTES, BITS, STLV = Type
FIXED, UP_TO = True, False


class Tag(msgspec.Struct, frozen=True):
    """One tag. `length` is in bytes of the value, 0 when the order names none."""

    number: int
    name: str
    json_name: str
    name_ru: str
    type: Type
    length: int
    fixed: bool
    kind: str
    header: str = ""
    enum: str = ""
    editions: str = "1.05 1.1 1.2"
    parents: tuple[int, ...] = (0,)
    repeatable: bool = False
    json_alternatives: tuple[str, ...] = ()
    since: str = ""

    @property
    def padded(self) -> bool:
        """Whether a fixed text may be shorter and is filled with blanks on the right; otherwise it must be exact."""
        return self.number in _PADDED

    @property
    def printed_only(self) -> bool:
        """Whether the tag lives on paper only and has no bytes."""
        return self.number in (1000, 1196)


_PADDED = frozenset((1016, 1017, 1018, 1037, 1203, 1226, 1228, 1230, 1244))

# fmt: off
_TABLE = (
    Tag(1000, "document_title", "", "наименование документа", STRING, 0, UP_TO, "text", json_alternatives=("docName",)),
    Tag(1001, "automatic_mode_flag", "autoMode", "признак автоматического режима", BYTE, 1, FIXED, "bool", header="АВТОМАТ. РЕЖИМ"),
    Tag(1002, "offline_mode_flag", "offlineMode", "признак автономного режима", BYTE, 1, FIXED, "bool", header="АВТОНОМН. РЕЖИМ"),
    Tag(1005, "transfer_operator_address", "transferOperatorAddress", "адрес оператора перевода", STRING, 256, UP_TO, "text", header="АДР. ОП. ПЕРЕВОДА", parents=(0, 1223), json_alternatives=("operatorTransferAddress", "paymentProviderAddress",)),
    Tag(1008, "buyer_contact", "buyerPhoneOrAddress", "телефон или электронный адрес покупателя", STRING, 64, UP_TO, "phone_or_email", header="ТЕЛ. ПОКУПАТЕЛЯ"),
    Tag(1009, "settlement_address", "retailPlaceAddress", "адрес расчетов", STRING, 256, UP_TO, "text", json_alternatives=("retailAddress",)),
    Tag(1011, "settlement_time_zone", "", "часовая зона", BYTE, 1, FIXED, "enum", enum="time_zone", editions="1.2", since="2025-09-01"),
    Tag(1012, "document_datetime", "dateTime", "дата, время", UNIXTIME, 4, FIXED, "datetime_minute"),
    Tag(1013, "register_serial_number", "kktNumber", "заводской номер ККТ", STRING, 20, UP_TO, "text", header="ЗН ККТ"),
    Tag(1016, "transfer_operator_inn", "transferOperatorInn", "ИНН оператора перевода", STRING, 12, FIXED, "inn", header="ИНН ОП. ПЕРЕВОДА", parents=(0, 1223), json_alternatives=("operatorTransferInn", "paymentProviderInn",)),
    Tag(1017, "ofd_inn", "ofdInn", "ИНН ОФД", STRING, 12, FIXED, "inn", header="ИНН ОФД"),
    Tag(1018, "user_inn", "userInn", "ИНН пользователя", STRING, 12, FIXED, "inn", header="ИНН"),
    Tag(1020, "receipt_total", "totalSum", "сумма расчета, указанного в чеке (БСО)", VLN, 6, UP_TO, "money_kopecks", header="ИТОГ"),
    Tag(1021, "cashier_name", "operator", "кассир", STRING, 64, UP_TO, "text", header="КАССИР"),
    Tag(1022, "ofd_response_code", "", "код ответа ОФД", BYTE, 1, FIXED, "enum", enum="ofd_response_code", editions="1.05", parents=(1068,), json_alternatives=("ofdResponseCode",)),
    Tag(1023, "item_quantity", "quantity", "количество предмета расчета", FVLN, 8, UP_TO, "decimal_quantity", parents=(0, 1059, 2007)),
    Tag(1026, "transfer_operator_name", "transferOperatorName", "наименование оператора перевода", STRING, 64, UP_TO, "text", header="ОПЕРАТОР ПЕРЕВОДА", parents=(0, 1223), json_alternatives=("operatorTransferName", "paymentProviderName",)),
    Tag(1030, "item_name", "name", "наименование предмета расчета", STRING, 128, UP_TO, "text", parents=(1059, 2007)),
    Tag(1031, "cash_total", "cashTotalSum", "сумма по чеку (БСО) наличными", VLN, 6, UP_TO, "money_kopecks", header="НАЛИЧНЫМИ"),
    Tag(1036, "machine_number", "machineNumber", "номер автомата", STRING, 20, UP_TO, "text", header="АВТОМАТ"),
    Tag(1037, "register_registration_number", "kktRegId", "регистрационный номер ККТ", STRING, 20, FIXED, "digits", header="РН ККТ"),
    Tag(1038, "shift_number", "shiftNumber", "номер смены", UINT32, 4, FIXED, "counter", header="СМЕНА"),
    Tag(1040, "fiscal_document_number", "fiscalDocumentNumber", "номер ФД", UINT32, 4, FIXED, "counter", header="ФД"),
    Tag(1041, "fiscal_drive_number", "fiscalDriveNumber", "номер ФН", STRING, 16, FIXED, "digits", header="ФН"),
    Tag(1042, "receipt_number_in_shift", "requestNumber", "номер чека за смену", UINT32, 4, FIXED, "counter", header="ЧЕК"),
    Tag(1043, "item_total", "sum", "стоимость предмета расчета с учетом скидок и наценок", VLN, 6, UP_TO, "money_kopecks", parents=(1059, 2007)),
    Tag(1044, "payment_agent_operation", "paymentAgentOperation", "операция банковского платежного агента", STRING, 24, UP_TO, "text", header="ОП. АГЕНТА", parents=(0, 1223), json_alternatives=("agentOperation",)),
    Tag(1046, "ofd_name", "ofdName", "наименование ОФД", STRING, 256, UP_TO, "text", header="ОФД"),
    Tag(1048, "user_name", "user", "наименование пользователя", STRING, 256, UP_TO, "text"),
    Tag(1050, "fiscal_drive_exhaustion_flag", "fiscalDriveExhaustionSign", "признак исчерпания ресурса ФН", BYTE, 1, FIXED, "bool", header="РЕСУРС ФН МЕНЕЕ 30 ДНЕЙ"),
    Tag(1051, "fiscal_drive_urgent_replacement_flag", "fiscalDriveReplaceRequiredSign", "признак необходимости срочной замены ФН", BYTE, 1, FIXED, "bool", header="РЕСУРС ФН МЕНЕЕ 3 ДНЕЙ"),
    Tag(1052, "fiscal_drive_memory_full_flag", "fiscalDriveMemoryExceededSign", "признак переполнения памяти ФН", BYTE, 1, FIXED, "bool", header="ПАМЯТЬ ФН ЗАПОЛНЕНА"),
    Tag(1053, "ofd_response_timeout_flag", "ofdResponseTimeoutSign", "признак превышения времени ожидания ответа ОФД", BYTE, 1, FIXED, "bool", header="ОФД НЕ ОТВЕЧАЕТ"),
    Tag(1054, "operation_type", "operationType", "признак расчета", BYTE, 1, FIXED, "enum", enum="operation_type"),
    Tag(1055, "applied_tax_system", "appliedTaxationType", "применяемая система налогообложения", BITS, 1, FIXED, "bitmask_one", header="СНО", enum="tax_system", json_alternatives=("taxationType",)),
    Tag(1056, "encryption_flag", "encryptionSign", "признак шифрования", BYTE, 1, FIXED, "bool", header="ШФД"),
    Tag(1057, "agent_flags", "paymentAgentType", "признак агента", BITS, 1, FIXED, "bitmask", enum="agent_flags", editions="1.05 1.1"),
    Tag(1059, "item", "items", "предмет расчета", STLV, 1024, UP_TO, "struct", repeatable=True),
    Tag(1060, "tax_authority_website", "fnsUrl", "адрес сайта ФНС", STRING, 256, UP_TO, "text", header="САЙТ ФНС", json_alternatives=("fnsSite",)),
    Tag(1062, "tax_systems", "taxationType", "системы налогообложения", BYTE, 1, FIXED, "bitmask", header="СНО", enum="tax_system"),
    Tag(1068, "operator_message_to_drive", "", "сообщение оператора для ФН", STLV, 9, UP_TO, "struct", editions="1.05", json_alternatives=("messageToFn",)),
    Tag(1073, "payment_agent_phone", "paymentAgentPhone", "телефон платежного агента", STRING, 19, UP_TO, "phone", header="ТЛФ. ПЛ. АГЕНТА", parents=(0, 1223), repeatable=True),
    Tag(1074, "payment_acceptance_operator_phone", "paymentOperatorPhone", "телефон оператора по приему платежей", STRING, 19, UP_TO, "phone", header="ТЛФ. ОП. ПР. ПЛАТЕЖА", parents=(0, 1223), repeatable=True, json_alternatives=("operatorToReceivePhone", "paymentProviderPhone",)),
    Tag(1075, "transfer_operator_phone", "transferOperatorPhone", "телефон оператора перевода", STRING, 19, UP_TO, "phone", header="ТЛФ. ОП. ПЕРЕВОДА", parents=(0, 1223), repeatable=True, json_alternatives=("operatorPhoneToTransfer", "agentPhone",)),
    Tag(1077, "document_fiscal_sign", "fiscalSign", "ФПД", BYTES, 6, FIXED, "fiscal_sign", header="ФП"),
    Tag(1078, "operator_fiscal_sign", "", "ФПО", BYTES, 16, UP_TO, "fiscal_sign"),
    Tag(1079, "item_unit_price", "price", "цена за единицу предмета расчета с учетом скидок и наценок", VLN, 6, UP_TO, "money_kopecks", parents=(1059, 2007)),
    Tag(1081, "cashless_total", "ecashTotalSum", "сумма по чеку (БСО) безналичными", VLN, 6, UP_TO, "money_kopecks", header="БЕЗНАЛИЧНЫМИ"),
    Tag(1082, "cashless_payment_amount", "ecashSum", "сумма оплаты безналичными", VLN, 6, UP_TO, "money_kopecks", parents=(1235,), json_alternatives=("bankSubagentPhone",), since="2025-09-01"),
    Tag(1084, "user_attribute", "properties", "дополнительный реквизит пользователя", STLV, 320, UP_TO, "struct", json_alternatives=("propertiesUser",)),
    Tag(1085, "user_attribute_name", "propertyName", "наименование дополнительного реквизита пользователя", STRING, 64, UP_TO, "text", parents=(1084,)),
    Tag(1086, "user_attribute_value", "propertyValue", "значение дополнительного реквизита пользователя", STRING, 256, UP_TO, "text", parents=(1084,)),
    Tag(1097, "unsent_document_count", "notTransmittedDocumentsQuantity", "количество непереданных ФД", UINT32, 4, FIXED, "counter", header="НЕПЕРЕДАННЫХ ФД"),
    Tag(1098, "first_unsent_document_date", "notTransmittedDocumentsDateTime", "дата первого из непереданных ФД", UNIXTIME, 4, FIXED, "date_midnight", header="ФД НЕ ПЕРЕДАНЫ С"),
    Tag(1101, "reregistration_reason_code", "", "код причины перерегистрации", BYTE, 1, FIXED, "enum", header="ИЗМ. СВЕД. О ККТ", enum="reregistration_reason", editions="1.05", repeatable=True, json_alternatives=("correctionReasonCode",)),
    Tag(1102, "receipt_vat_20_amount", "nds18", "сумма НДС чека по ставке 20%", VLN, 6, UP_TO, "money_kopecks", header="СУММА НДС 20%"),
    Tag(1103, "receipt_vat_10_amount", "nds10", "сумма НДС чека по ставке 10%", VLN, 6, UP_TO, "money_kopecks", header="СУММА НДС 10%"),
    Tag(1104, "receipt_vat_0_turnover", "nds0", "сумма расчета по чеку с НДС по ставке 0%", VLN, 6, UP_TO, "money_kopecks", header="СУММА С НДС 0%"),
    Tag(1105, "receipt_no_vat_turnover", "ndsNo", "сумма расчета по чеку без НДС", VLN, 6, UP_TO, "money_kopecks", header="СУММА БЕЗ НДС"),
    Tag(1106, "receipt_vat_20_120_amount", "nds18118", "сумма НДС чека по расч. ставке 20/120", VLN, 6, UP_TO, "money_kopecks", header="СУММА НДС 20/120", json_alternatives=("ndsCalculated18",)),
    Tag(1107, "receipt_vat_10_110_amount", "nds10110", "сумма НДС чека по расч. ставке 10/110", VLN, 6, UP_TO, "money_kopecks", header="СУММА НДС 10/110", json_alternatives=("ndsCalculated10",)),
    Tag(1108, "internet_only_register_flag", "internetSign", "признак ККТ для расчетов только в Интернет", BYTE, 1, FIXED, "bool", header="ККТ ДЛЯ ИНТЕРНЕТ"),
    Tag(1109, "services_only_flag", "serviceSign", "признак расчетов за услуги", BYTE, 1, FIXED, "bool", header="ККТ ДЛЯ УСЛУГ", editions="1.05 1.1"),
    Tag(1110, "bso_system_flag", "bsoSign", "признак АС БСО", BYTE, 1, FIXED, "bool", header="АС БСО", editions="1.05 1.1"),
    Tag(1111, "shift_document_count", "documentsQuantity", "общее количество ФД за смену", UINT32, 4, FIXED, "counter", header="ФД ЗА СМЕНУ"),
    Tag(1115, "receipt_vat_amounts", "amountsReceiptNds", "суммы НДС чека", STLV, 380, UP_TO, "struct", json_alternatives=("addressToCheckFiscalSign",), since="2025-01-01"),
    Tag(1116, "first_unsent_document_number", "notTransmittedDocumentNumber", "номер первого непереданного документа", UINT32, 4, FIXED, "counter", header="ПЕРВЫЙ НЕПЕРЕДАННЫЙ ФД"),
    Tag(1117, "receipt_sender_email", "sellerAddress", "адрес электронной почты отправителя чека", STRING, 64, UP_TO, "email", header="ЭЛ. АДР. ОТПРАВИТЕЛЯ"),
    Tag(1118, "shift_receipt_count", "receiptQuantity", "количество кассовых чеков (БСО) за смену", UINT32, 4, FIXED, "counter", header="ЧЕКОВ ЗА СМЕНУ", json_alternatives=("receiptsQuantity",)),
    Tag(1119, "receipt_vat_entry", "amountsNds", "сумма НДС чека", STLV, 15, UP_TO, "struct", parents=(1115,), repeatable=True, json_alternatives=("operatorPhoneToReceive",), since="2025-01-01"),
    Tag(1120, "vat_amount", "ndsSum", "сумма НДС", VLN, 6, UP_TO, "money_kopecks", parents=(1119,), since="2025-01-01"),
    Tag(1125, "internet_settlement_flag", "internetPayment", "признак расчета в «Интернет»", BYTE, 1, FIXED, "bool", since="2025-09-01"),
    Tag(1126, "lottery_flag", "lotterySign", "признак проведения лотереи", BYTE, 1, FIXED, "bool", header="ПРОВЕДЕНИЕ ЛОТЕРЕИ", editions="1.05 1.1"),
    Tag(1129, "income_counters", "sellOper", "счетчики операций «приход»", STLV, 116, UP_TO, "struct", editions="1.1 1.2", parents=(1157, 1194)),
    Tag(1130, "income_return_counters", "sellReturnOper", "счетчики операций «возврат прихода»", STLV, 116, UP_TO, "struct", editions="1.1 1.2", parents=(1157, 1194)),
    Tag(1131, "expense_counters", "buyOper", "счетчики операций «расход»", STLV, 116, UP_TO, "struct", editions="1.1 1.2", parents=(1157, 1194)),
    Tag(1132, "expense_return_counters", "buyReturnOper", "счетчики операций «возврат расхода»", STLV, 116, UP_TO, "struct", editions="1.1 1.2", parents=(1157, 1194)),
    Tag(1133, "correction_counters", "receiptCorrection", "счетчики операций по чекам коррекции", STLV, 216, UP_TO, "struct", header="ЧЕКИ (БСО) КОРРЕКЦИИ", editions="1.1 1.2", parents=(1157, 1194)),
    Tag(1134, "all_receipts_count", "totalReceiptBsoCount", "количество чеков (БСО) и чеков коррекции (БСО коррекции) со всеми признаками расчетов", UINT32, 4, FIXED, "counter", header="ВСЕГО ЧЕКОВ", editions="1.1 1.2", parents=(1157, 1194), json_alternatives=("receiptCount",)),
    Tag(1135, "counter_receipt_count", "receiptBsoCount", "количество чеков (БСО) по признаку расчетов", UINT32, 4, FIXED, "counter", header="КОЛ.ЧЕКОВ <признак расчета>", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132, 1145, 1146, 1232, 1233), json_alternatives=("receiptCount",)),
    Tag(1136, "counter_cash_total", "cashSum", "итоговая сумма в чеках (БСО) наличными денежными средствами", VLN, 6, UP_TO, "money_kopecks", header="СУММА <признак расчета> НАЛ.", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132, 1145, 1146, 1232, 1233)),
    Tag(1138, "counter_cashless_total", "ecashSum", "итоговая сумма в чеках (БСО) безналичными", VLN, 6, UP_TO, "money_kopecks", header="СУММА <признак расчета> БЕЗНАЛ.", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132, 1145, 1146, 1232, 1233)),
    Tag(1139, "counter_vat_20_amount", "tax18Sum", "сумма НДС по ставке 20%", VLN, 6, UP_TO, "money_kopecks", header="СУММА НДС 20% <признак расчета>", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132)),
    Tag(1140, "counter_vat_10_amount", "tax10Sum", "сумма НДС по ставке 10%", VLN, 6, UP_TO, "money_kopecks", header="СУММА НДС 10% <признак расчета>", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132)),
    Tag(1141, "counter_vat_20_120_amount", "tax18118Sum", "сумма НДС по расч. ставке 20/120", VLN, 6, UP_TO, "money_kopecks", header="СУМ. НДС РАСЧ. 20/120 <признак расчета>", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132)),
    Tag(1142, "counter_vat_10_110_amount", "tax10110Sum", "сумма НДС по расч. ставке 10/110", VLN, 6, UP_TO, "money_kopecks", header="СУМ. НДС РАСЧ. 10/110 <признак расчета>", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132)),
    Tag(1143, "counter_vat_0_turnover", "tax0Sum", "сумма расчетов с НДС по ставке 0%", VLN, 6, UP_TO, "money_kopecks", header="ОБОРОТ С НДС 0% <признак расчета>", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132)),
    Tag(1144, "correction_or_unsent_receipt_count", "receiptCorrectionCount", "количество чеков коррекции (БСО коррекции) или непереданных чеков (БСО) и чеков коррекции (БСО коррекции)", UINT32, 4, FIXED, "counter", header="ЧЕКОВ (БСО)", editions="1.1 1.2", parents=(1133, 1158)),
    Tag(1145, "income_subcounters", "sellCorrection", "счетчики по признаку «приход»", STLV, 32, UP_TO, "struct", editions="1.1 1.2", parents=(1133, 1158)),
    Tag(1146, "expense_subcounters", "buyCorrection", "счетчики по признаку «расход»", STLV, 32, UP_TO, "struct", editions="1.1 1.2", parents=(1133, 1158)),
    Tag(1148, "legacy_self_initiated_correction_count", "", "количество самостоятельных корректировок", UINT32, 4, FIXED, "counter", editions="1.0", parents=(), json_alternatives=("selfCorrectionCount",)),
    Tag(1149, "legacy_ordered_correction_count", "", "количество корректировок по предписанию", UINT32, 4, FIXED, "counter", editions="1.0", parents=(), json_alternatives=("orderCorrectionCount",)),
    Tag(1151, "legacy_correction_vat_20_amount", "", "сумма коррекций НДС по ставке 20%", VLN, 6, UP_TO, "money_kopecks", editions="1.0", parents=(), json_alternatives=("tax18CorrectionSum",)),
    Tag(1152, "legacy_correction_vat_10_amount", "", "сумма коррекций НДС по ставке 10%", VLN, 6, UP_TO, "money_kopecks", editions="1.0", parents=(), json_alternatives=("tax10CorrectionSum",)),
    Tag(1153, "legacy_correction_vat_20_120_amount", "", "сумма коррекций НДС по расч. ставке 20/120", VLN, 6, UP_TO, "money_kopecks", editions="1.0", parents=(), json_alternatives=("tax18118CorrectionSum",)),
    Tag(1154, "legacy_correction_vat_10_110_amount", "", "сумма коррекций НДС по расч. ставке 10/110", VLN, 6, UP_TO, "money_kopecks", editions="1.0", parents=(), json_alternatives=("tax10110CorrectionSum",)),
    Tag(1155, "legacy_correction_vat_0_turnover", "", "сумма коррекций с НДС по ставке 0%", VLN, 6, UP_TO, "money_kopecks", editions="1.0", parents=(), json_alternatives=("tax08CorrectionSum",)),
    Tag(1157, "fiscal_drive_total_counters", "fiscalDriveSumReports", "счетчики итогов ФН", STLV, 708, UP_TO, "struct", editions="1.1 1.2"),
    Tag(1158, "unsent_total_counters", "notTransmittedDocumentsSumReports", "счетчики итогов непереданных ФД", STLV, 708, UP_TO, "struct", header="НЕПЕРЕДАНО", editions="1.1 1.2"),
    Tag(1162, "item_product_code_bytes", "productCode", "код товара", BYTES, 32, UP_TO, "product_code_bytes", enum="product_code_1162_prefix", editions="1.05 1.1", parents=(1059,)),
    Tag(1163, "item_product_code", "productCodeNew", "код товара", STLV, 256, UP_TO, "struct", editions="1.2", parents=(1059,)),
    Tag(1171, "supplier_phone", "providerPhone", "телефон поставщика", STRING, 19, UP_TO, "phone", header="ТЛФ. ПОСТ.", parents=(0, 1224), repeatable=True),
    Tag(1173, "correction_type", "correctionType", "тип коррекции", BYTE, 1, FIXED, "enum", header="ТИП КОРРЕКЦИИ", enum="correction_type"),
    Tag(1174, "correction_basis", "correctionBase", "основание для коррекции", STLV, 292, UP_TO, "struct", header="ОСН. ДЛЯ КОРР."),
    Tag(1177, "legacy_correction_description", "", "описание коррекции", STRING, 256, UP_TO, "text", editions="1.0", parents=(), json_alternatives=("correctionName",)),
    Tag(1178, "corrected_settlement_date", "correctionDocumentDate", "дата совершения корректируемого расчета", UNIXTIME, 4, FIXED, "date_midnight", parents=(1174,)),
    Tag(1179, "correction_order_number", "correctionDocumentNumber", "номер предписания налогового органа", STRING, 32, UP_TO, "text", parents=(1174,)),
    Tag(1183, "counter_no_vat_turnover", "taxFreeSum", "сумма расчетов без НДС", VLN, 6, UP_TO, "money_kopecks", header="ОБОРОТ БЕЗ НДС <признак расчета>", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132)),
    Tag(1184, "legacy_correction_no_vat_turnover", "", "сумма коррекций без НДС", VLN, 6, UP_TO, "money_kopecks", editions="1.0", parents=(), json_alternatives=("taxFreeCorrectionSum",)),
    Tag(1187, "settlement_place", "retailPlace", "место расчетов", STRING, 256, UP_TO, "text", header="МЕСТО РАСЧЕТОВ"),
    Tag(1188, "register_model_version", "kktVersion", "версия ККТ", STRING, 8, UP_TO, "text", header="ВЕР. ККТ"),
    Tag(1189, "register_ffd_version", "documentKktVersion", "версия ФФД ККТ", BYTE, 1, FIXED, "enum", header="ФФД ККТ", enum="ffd_version"),
    Tag(1190, "fiscal_drive_ffd_version", "documentFdVersion", "версия ФФД ФН", BYTE, 1, FIXED, "enum", header="ФФД ФН", enum="ffd_version"),
    Tag(1191, "item_extra_attribute", "propertiesItem", "дополнительный реквизит предмета расчета", STRING, 64, UP_TO, "text", parents=(1059,), json_alternatives=("propertiesString",)),
    Tag(1192, "receipt_extra_attribute", "propertiesData", "дополнительный реквизит чека (БСО)", STRING, 16, UP_TO, "text"),
    Tag(1193, "gambling_flag", "gamblingSign", "признак проведения азартных игр", BYTE, 1, FIXED, "bool", header="ПРОВЕДЕНИЕ АЗАРТНОЙ ИГРЫ", editions="1.05 1.1"),
    Tag(1194, "shift_total_counters", "shiftSumReports", "счетчики итогов смены", STLV, 708, UP_TO, "struct", editions="1.1 1.2"),
    Tag(1196, "qr_code", "", "QR-код", STRING, 0, UP_TO, "print_only"),
    Tag(1197, "item_unit_text", "unit", "единица измерения предмета расчета", STRING, 16, UP_TO, "text", editions="1.05 1.1", parents=(1059,)),
    Tag(1198, "item_unit_vat_amount", "unitNds", "размер НДС за единицу предмета расчета", VLN, 6, UP_TO, "money_kopecks", parents=(1059,)),
    Tag(1199, "vat_rate", "nds", "ставка НДС", BYTE, 1, FIXED, "enum", enum="vat_rate", parents=(1059, 1119, 2007)),
    Tag(1200, "item_vat_amount", "ndsSum", "сумма НДС за предмет расчета", VLN, 6, UP_TO, "money_kopecks", parents=(1059, 2007)),
    Tag(1201, "counter_grand_total", "totalSum", "общая итоговая сумма в чеках (БСО)", VLN, 6, UP_TO, "money_kopecks", header="СУММА <признак расчета> всего", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132, 1145, 1146, 1232, 1233)),
    Tag(1203, "cashier_inn", "operatorInn", "ИНН кассира", STRING, 12, FIXED, "inn", header="ИНН КАССИРА"),
    Tag(1205, "registration_change_reasons", "correctionKktReasonCode", "коды причин изменения сведений о ККТ", BITS, 4, FIXED, "bitmask", header="ИЗМ. СВЕД. О ККТ", enum="registration_change_reason", editions="1.1 1.2", json_alternatives=("correctionReasonCode",)),
    Tag(1206, "operator_message_flags", "operatorMessage", "сообщение оператора", BITS, 1, FIXED, "bitmask", enum="operator_message", editions="1.1 1.2"),
    Tag(1207, "excise_goods_flag", "exciseDutyProductSign", "признак торговли подакцизными товарами", BYTE, 1, FIXED, "bool", header="ПОДАКЦИЗНЫЕ ТОВАРЫ", editions="1.05 1.1"),
    Tag(1208, "receipt_website", "", "сайт чеков", STRING, 256, UP_TO, "text", header="САЙТ ЧЕКОВ", parents=()),
    Tag(1209, "ffd_version", "fiscalDocumentFormatVer", "номер версии ФФД", BYTE, 1, FIXED, "enum", enum="ffd_version"),
    Tag(1212, "item_type", "productType", "признак предмета расчета", BYTE, 1, FIXED, "enum", enum="item_type", parents=(1059,)),
    Tag(1213, "fiscal_key_days_left", "fdKeyResource", "ресурс ключей ФП", UINT16, 2, FIXED, "days", header="РЕСУРС КЛЮЧЕЙ", json_alternatives=("keyResource",)),
    Tag(1214, "item_payment_method", "paymentType", "признак способа расчета", BYTE, 1, FIXED, "enum", enum="payment_method", parents=(1059, 2007)),
    Tag(1215, "prepayment_total", "prepaidSum", "сумма по чеку (БСО) предоплатой (зачетом аванса и (или) предыдущих платежей)", VLN, 6, UP_TO, "money_kopecks", header="ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)"),
    Tag(1216, "credit_total", "creditSum", "сумма по чеку (БСО) постоплатой (в кредит)", VLN, 6, UP_TO, "money_kopecks", header="ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)"),
    Tag(1217, "barter_total", "provisionSum", "сумма по чеку (БСО) встречным предоставлением", VLN, 6, UP_TO, "money_kopecks", header="ИНАЯ ФОРМА ОПЛАТЫ"),
    Tag(1218, "counter_prepayment_total", "prepaidSum", "итоговая сумма в чеках (БСО) предоплатами (авансами)", VLN, 6, UP_TO, "money_kopecks", header="СУММА ПРЕДВАРИТЕЛЬНЫХ ОПЛАТ (АВАНСОВ)", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132, 1145, 1146, 1232, 1233)),
    Tag(1219, "counter_credit_total", "creditSum", "итоговая сумма в чеках (БСО) постоплатами (кредитами)", VLN, 6, UP_TO, "money_kopecks", header="СУММА ПОСЛЕДУЮЩИХ ОПЛАТ (КРЕДИТОВ)", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132, 1145, 1146, 1232, 1233)),
    Tag(1220, "counter_barter_total", "provisionSum", "итоговая сумма в чеках (БСО) встречными предоставлениями", VLN, 6, UP_TO, "money_kopecks", header="СУММА ИНОЙ ФОРМОЙ ОПЛАТЫ", editions="1.1 1.2", parents=(1129, 1130, 1131, 1132, 1145, 1146, 1232, 1233)),
    Tag(1221, "printer_in_machine_flag", "printInMachineSign", "признак установки принтера в автомате", BYTE, 1, FIXED, "bool", header="ПРИНТЕР В АВТОМАТЕ", editions="1.05 1.1"),
    Tag(1222, "item_agent_flags", "paymentAgentByProductType", "признак агента по предмету расчета", BITS, 1, FIXED, "bitmask_one", enum="agent_flags", parents=(1059, 2007)),
    Tag(1223, "agent_data", "paymentAgentData", "данные агента", STLV, 512, UP_TO, "struct", parents=(1059, 2007)),
    Tag(1224, "supplier_data", "providerData", "данные поставщика", STLV, 512, UP_TO, "struct", parents=(1059, 2007)),
    Tag(1225, "supplier_name", "providerName", "наименование поставщика", STRING, 256, UP_TO, "text", parents=(1224,)),
    Tag(1226, "supplier_inn", "providerInn", "ИНН поставщика", STRING, 12, FIXED, "inn", header="ИНН ПОСТАВЩИКА", parents=(1059, 2007)),
    Tag(1227, "buyer_name", "buyer", "покупатель (клиент)", STRING, 256, UP_TO, "text", header="ПОКУПАТЕЛЬ", parents=(0, 1256)),
    Tag(1228, "buyer_inn", "buyerInn", "ИНН покупателя (клиента)", STRING, 12, FIXED, "inn", header="ИНН ПОКУПАТЕЛЯ", parents=(0, 1256)),
    Tag(1229, "item_excise_amount", "exciseDuty", "акциз", VLN, 6, UP_TO, "money_kopecks", header="АКЦИЗ", parents=(1059,)),
    Tag(1230, "item_origin_country_code", "originCountryCode", "код страны происхождения товара", STRING, 3, FIXED, "digits", header="КОД СТРАНЫ", parents=(1059,)),
    Tag(1231, "item_customs_declaration_number", "customEntryNum", "номер декларации на товар", STRING, 32, UP_TO, "text", header="ДЕКЛАРАЦИЯ", parents=(1059,)),
    Tag(1232, "income_return_subcounters", "sellReturnCorrection", "счетчики по признаку «возврат прихода»", STLV, 32, UP_TO, "struct", editions="1.1 1.2", parents=(1133, 1158)),
    Tag(1233, "expense_return_subcounters", "buyReturnCorrection", "счетчики по признаку «возврат расхода»", STLV, 32, UP_TO, "struct", editions="1.1 1.2", parents=(1133, 1158)),
    Tag(1234, "cashless_payments", "allECashProp", "сведения обо всех оплатах по чеку безналичными", STLV, 0, UP_TO, "struct", since="2025-09-01"),
    Tag(1235, "cashless_payment", "ecashProp", "сведения об оплате безналичными", STLV, 0, UP_TO, "struct", parents=(1234,), repeatable=True, since="2025-09-01"),
    Tag(1236, "cashless_payment_method", "ecashSign", "признак способа оплаты безналичными", BYTE, 1, FIXED, "enum_undefined", parents=(1235,), since="2025-09-01"),
    Tag(1237, "cashless_payment_identifiers", "ecashIdent", "идентификаторы безналичной оплаты", STRING, 256, UP_TO, "text", parents=(1235,), since="2025-09-01"),
    Tag(1238, "cashless_payment_details", "ecashAddInfo", "дополнительные сведения о безналичной оплате", STRING, 256, UP_TO, "text", parents=(1235,), since="2025-09-01"),
    Tag(1243, "buyer_birth_date", "buyerBirthday", "дата рождения покупателя (клиента)", STRING, 10, FIXED, "date_text", editions="1.2", parents=(1256,)),
    Tag(1244, "buyer_citizenship_code", "buyerCitizenship", "гражданство", STRING, 3, FIXED, "digits", editions="1.2", parents=(1256,)),
    Tag(1245, "buyer_identity_document_code", "buyerDocumentCode", "код вида документа, удостоверяющего личность", STRING, 2, FIXED, "enum", enum="identity_document", editions="1.2", parents=(1256,)),
    Tag(1246, "buyer_identity_document_data", "buyerDocumentData", "данные документа, удостоверяющего личность", STRING, 64, UP_TO, "text", editions="1.2", parents=(1256,)),
    Tag(1254, "buyer_address", "buyerAddress", "адрес покупателя (клиента)", STRING, 256, UP_TO, "text", header="АДРЕС КЛИЕНТА", editions="1.2", parents=(1256,)),
    Tag(1256, "buyer_info", "buyerInformation", "сведения о покупателе (клиенте)", STLV, 1024, UP_TO, "struct", editions="1.2"),
    Tag(1260, "item_industry_attribute", "itemsIndustryDetails", "отраслевой реквизит предмета расчета", STLV, 317, UP_TO, "struct", editions="1.2", parents=(1059, 2007), repeatable=True),
    Tag(1261, "receipt_industry_attribute", "industryReceiptDetails", "отраслевой реквизит чека", STLV, 317, UP_TO, "struct", editions="1.2", repeatable=True),
    Tag(1262, "industry_authority_id", "idFoiv", "идентификатор ФОИВ", STRING, 3, UP_TO, "enum", enum="federal_authority", editions="1.2", parents=(1260, 1261)),
    Tag(1263, "industry_basis_date", "foundationDocDateTime", "дата документа основания", STRING, 10, FIXED, "date_text", editions="1.2", parents=(1260, 1261)),
    Tag(1264, "industry_basis_number", "foundationDocNumber", "номер документа основания", STRING, 32, UP_TO, "text", editions="1.2", parents=(1260, 1261)),
    Tag(1265, "industry_attribute_value", "industryPropValue", "значение отраслевого реквизита", STRING, 256, UP_TO, "text", editions="1.2", parents=(1260, 1261)),
    Tag(1270, "receipt_operational_attribute", "operationalDetails", "операционный реквизит чека", STLV, 144, UP_TO, "struct", editions="1.2"),
    Tag(1271, "operational_attribute_id", "operationId", "идентификатор операции", BYTE, 1, FIXED, "integer", editions="1.2", parents=(1270,)),
    Tag(1272, "operational_attribute_data", "operationData", "данные операции", STRING, 64, UP_TO, "text", editions="1.2", parents=(1270,)),
    Tag(1273, "operational_attribute_datetime", "dateTime", "дата, время операции", UNIXTIME, 4, FIXED, "datetime_minute", editions="1.2", parents=(1270,)),
    Tag(1274, "registration_extra_attribute", "additionalPropsFRC", "дополнительный реквизит ОР", STRING, 32, UP_TO, "text", editions="1.2"),
    Tag(1275, "registration_extra_data", "additionalDataFRC", "дополнительные данные ОР", BYTES, 32, UP_TO, "raw_bytes", editions="1.2"),
    Tag(1276, "shift_open_extra_attribute", "additionalPropsOS", "дополнительный реквизит ООС", STRING, 32, UP_TO, "text", editions="1.2"),
    Tag(1277, "shift_open_extra_data", "additionalDataOS", "дополнительные данные ООС", BYTES, 32, UP_TO, "raw_bytes", editions="1.2"),
    Tag(1278, "shift_close_extra_attribute", "additionalPropsCS", "дополнительный реквизит ОЗС", STRING, 32, UP_TO, "text", editions="1.2"),
    Tag(1279, "shift_close_extra_data", "additionalDataCS", "дополнительные данные ОЗС", BYTES, 32, UP_TO, "raw_bytes", editions="1.2"),
    Tag(1280, "settlements_state_extra_attribute", "additionalPropsCSR", "дополнительный реквизит ОТР", STRING, 32, UP_TO, "text", editions="1.2"),
    Tag(1281, "settlements_state_extra_data", "additionalDataCSR", "дополнительные данные ОТР", BYTES, 32, UP_TO, "raw_bytes", editions="1.2"),
    Tag(1282, "drive_close_extra_attribute", "additionalPropsCA", "дополнительный реквизит ОЗФН", STRING, 32, UP_TO, "text", editions="1.2"),
    Tag(1283, "drive_close_extra_data", "additionalDataCA", "дополнительные данные ОЗФН", BYTES, 32, UP_TO, "raw_bytes", editions="1.2"),
    Tag(1290, "register_usage_flags", "usageConditionSigns", "признаки условий применения ККТ", BITS, 4, FIXED, "bitmask", enum="register_usage", editions="1.2"),
    Tag(1291, "item_fractional_quantity", "labeledProdFractionalQuantity", "дробное количество маркированного товара", STLV, 52, UP_TO, "struct", editions="1.2", parents=(0, 1059, 2007)),
    Tag(1292, "fraction_text", "fractionalPart", "дробная часть", STRING, 24, UP_TO, "print_only", header="ДРОБЬ", editions="1.2", parents=(1291,)),
    Tag(1293, "fraction_numerator", "numerator", "числитель", VLN, 8, UP_TO, "integer", editions="1.2", parents=(1291,)),
    Tag(1294, "fraction_denominator", "denominator", "знаменатель", VLN, 8, UP_TO, "integer", editions="1.2", parents=(1291,)),
    Tag(1300, "product_code_unrecognized", "undefined", "нераспознанный код товара", STRING, 32, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1301, "product_code_ean8", "ean8", "КТ EAN-8", STRING, 8, FIXED, "digits", editions="1.2", parents=(1163,)),
    Tag(1302, "product_code_ean13", "ean13", "КТ EAN-13", STRING, 13, FIXED, "digits", editions="1.2", parents=(1163,)),
    Tag(1303, "product_code_itf14", "itf14", "КТ ITF-14", STRING, 14, FIXED, "digits", editions="1.2", parents=(1163,)),
    Tag(1304, "product_code_gs1", "gs1", "КТ GS1.0", STRING, 38, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1305, "product_code_gs1_marked", "gs1m", "КТ GS1.М", STRING, 38, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1306, "product_code_short_marking", "kmk", "КТ КМК", STRING, 38, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1307, "product_code_fur", "mi", "КТ МИ", STRING, 20, FIXED, "text", editions="1.2", parents=(1163,)),
    Tag(1308, "product_code_egais2", "egais2", "КТ ЕГАИС-2.0", STRING, 23, FIXED, "text", editions="1.2", parents=(1163,)),
    Tag(1309, "product_code_egais3", "egais3", "КТ ЕГАИС-3.0", STRING, 14, FIXED, "text", editions="1.2", parents=(1163,)),
    Tag(1320, "product_code_f1", "f1", "КТ Ф.1", STRING, 32, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1321, "product_code_f2", "f2", "КТ Ф.2", STRING, 32, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1322, "product_code_f3", "f3", "КТ Ф.3", STRING, 32, UP_TO, "text", header="КТ Ф.3", editions="1.2", parents=(1163,)),
    Tag(1323, "product_code_f4", "f4", "КТ Ф.4", STRING, 32, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1324, "product_code_f5", "f5", "КТ Ф.5", STRING, 32, UP_TO, "text", editions="1.2", parents=(1163,)),
    Tag(1325, "product_code_f6", "f6", "КТ Ф.6", STRING, 32, UP_TO, "text", header="КТ Ф.6", editions="1.2", parents=(1163,)),
    Tag(2000, "marking_code", "", "код маркировки", STRING, 256, UP_TO, "text", editions="1.2", parents=(0, 2007)),
    Tag(2001, "marking_request_number", "", "номер запроса", UINT32, 4, FIXED, "counter", editions="1.2"),
    Tag(2002, "marking_notification_number", "", "номер уведомления", UINT32, 4, FIXED, "counter", editions="1.2"),
    Tag(2003, "planned_item_status", "", "планируемый статус товара", BYTE, 1, FIXED, "enum", enum="item_status", editions="1.2"),
    Tag(2004, "marking_check_result", "", "результат проверки КМ", BITS, 1, FIXED, "bitmask", enum="marking_check_result", editions="1.2"),
    Tag(2005, "marking_request_result", "", "результаты обработки запроса", BITS, 1, FIXED, "bitmask", enum="marking_request_result", editions="1.2"),
    Tag(2006, "marking_notification_result", "", "результаты обработки уведомления", BYTE, 1, FIXED, "enum", enum="marking_notification_result", editions="1.2"),
    Tag(2007, "marked_item", "", "данные о маркированном товаре", STLV, 512, UP_TO, "struct", editions="1.2", repeatable=True),
    Tag(2040, "linked_receipt_document_number", "", "номер ФД кассового чека (кассового чека коррекции)", UINT32, 4, FIXED, "counter", editions="1.2", since="2025-09-01"),
    Tag(2100, "marking_code_type", "", "тип кода маркировки", BYTE, 1, FIXED, "enum", enum="marking_code_type", editions="1.2", parents=(0, 2007)),
    Tag(2101, "marked_item_identifier", "", "идентификатор товара", STRING, 38, UP_TO, "text", editions="1.2", parents=(0, 2007)),
    Tag(2102, "marking_processing_mode", "labelCodeProcesMode", "режим обработки кода маркировки", BYTE, 1, FIXED, "enum", enum="marking_processing_mode", editions="1.2", parents=(0, 1059, 2007)),
    Tag(2104, "unsent_notification_count", "undeliveredNotificationsNumber", "количество непереданных уведомлений", UINT32, 4, FIXED, "counter", editions="1.2"),
    Tag(2105, "marking_request_code", "", "коды обработки запроса", BYTE, 1, FIXED, "enum", enum="marking_request_code", editions="1.2"),
    Tag(2106, "item_check_result", "checkingProdInformationResult", "результат проверки сведений о товаре", BITS, 1, FIXED, "bitmask", enum="item_check_result", editions="1.2", parents=(1059, 2007)),
    Tag(2107, "marked_items_check_result", "checkingLabeledProdResult", "результаты проверки маркированных товаров", BYTE, 1, FIXED, "enum", enum="marked_items_check_result", editions="1.2", repeatable=True),
    Tag(2108, "item_quantity_measure", "itemsQuantityMeasure", "мера количества предмета расчета", BYTE, 1, FIXED, "enum", enum="quantity_measure", editions="1.2", parents=(0, 1059, 2007)),
    Tag(2109, "marking_operator_item_status", "", "ответ ОИСМ о статусе товара", BYTE, 1, FIXED, "enum", enum="marking_operator_item_status", editions="1.2"),
    Tag(2110, "assigned_item_status", "", "присвоенный статус товара", BYTE, 1, FIXED, "enum", enum="item_status", editions="1.2", parents=(2007,)),
    Tag(2111, "marking_notification_code", "", "коды обработки уведомления", BYTE, 1, FIXED, "enum", enum="marking_notification_code", editions="1.2"),
    Tag(2112, "invalid_marking_codes_flags", "invalidLabelCodesSign", "признак некорректных кодов маркировки", BITS, 1, FIXED, "bitmask", enum="invalid_marking_codes", editions="1.2"),
    Tag(2113, "invalid_marking_documents_flags", "invalidRequestsNotificationsSign", "признак некорректных запросов и уведомлений", BITS, 1, FIXED, "bitmask", enum="invalid_marking_documents", editions="1.2"),
    Tag(2114, "marking_request_datetime", "", "дата и время запроса", UNIXTIME, 4, FIXED, "datetime_minute", editions="1.2"),
    Tag(2115, "marking_control_code", "controlCode", "контрольный код КМ", STRING, 4, FIXED, "digits", editions="1.2", parents=(1059, 2007)),
    Tag(2116, "marking_operation_type", "", "вид операции", BITS, 1, FIXED, "bitmask", enum="marking_operation_type", editions="1.2"),
)
# fmt: on

TAGS: dict[int, Tag] = {row.number: row for row in _TABLE}
_BY_NAME: dict[str, Tag] = {row.name: row for row in _TABLE}


def by_name(name: str) -> Tag:
    """The tag of an English name; KeyError when there is none."""
    return _BY_NAME[name]


def tag(number_or_name: int | str) -> Tag:
    """The tag of a number or an English name; KeyError when there is none."""
    return TAGS[number_or_name] if isinstance(number_or_name, int) else _BY_NAME[number_or_name]


@cache
def by_json_name(name: str, parent: int = 0) -> Tag | None:
    """The tag the tax service calls `name` inside the structure `parent` (0: the document), older spellings too."""
    exact = [row for row in _TABLE if row.json_name == name and parent in row.parents]
    older = [row for row in _TABLE if name in row.json_alternatives and parent in row.parents]
    return next(iter(exact + older), None)
