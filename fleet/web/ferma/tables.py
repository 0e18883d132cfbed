"""Words of the protocol → values of the document, and what this version does not carry, as tables."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from ffd.enums import Operation, TaxSystem, VatRate


class Kind(msgspec.Struct, frozen=True):
    """What `Type` means: the operation, and what items are when they do not say it."""

    operation: Operation
    method: int = 4  # full settlement
    subject: int = 1  # goods


TYPES: Mapping[str, Kind] = {
    "Income": Kind(Operation.INCOME),
    "IncomeReturn": Kind(Operation.INCOME_RETURN),
    "Expense": Kind(Operation.EXPENSE),
    "ExpenseReturn": Kind(Operation.EXPENSE_RETURN),
    "IncomePrepayment": Kind(Operation.INCOME, method=3, subject=10),
    "IncomeReturnPrepayment": Kind(Operation.INCOME_RETURN, method=3, subject=10),
    "Outcome": Kind(Operation.EXPENSE),  # names of a third-party gateway
    "OutcomeReturn": Kind(Operation.EXPENSE_RETURN),
}
CORRECTIONS = frozenset(
    {
        "IncomeCorrection",
        "BuyCorrection",
        "IncomeReturnCorrection",
        "ExpenseReturnCorrection",
        "OutcomeCorrection",
        "SellCorrection",
    }
)
TAX_SYSTEMS: Mapping[str, TaxSystem] = {
    "Common": TaxSystem.GENERAL,
    "SimpleIn": TaxSystem.SIMPLIFIED_INCOME,
    "SimpleInOut": TaxSystem.SIMPLIFIED_INCOME_MINUS_EXPENSE,
    "Unified": TaxSystem.IMPUTED_INCOME,
    "UnifiedAgricultural": TaxSystem.AGRICULTURAL,
    "Patent": TaxSystem.PATENT,
}
TAX_SYSTEMS_BY_ANY_NAME = {**TAX_SYSTEMS, **{str(bit): TaxSystem(1 << bit) for bit in range(6)}}
VAT_RATES: Mapping[str, VatRate] = {
    "Vat20": VatRate.VAT_20,
    "Vat10": VatRate.VAT_10,
    "CalculatedVat20120": VatRate.VAT_20_120,
    "CalculatedVat10110": VatRate.VAT_10_110,
    "Vat0": VatRate.VAT_0,
    "VatNo": VatRate.NO_VAT,
    "Vat5": VatRate.VAT_5,
    "Vat7": VatRate.VAT_7,
    "CalculatedVat5105": VatRate.VAT_5_105,
    "CalculatedVat7107": VatRate.VAT_7_107,
    "Vat22": VatRate.VAT_22,
    "CalculatedVat22122": VatRate.VAT_22_122,
    "ObsoleteVat20": VatRate.VAT_20,
    "ObsoleteVat20120": VatRate.VAT_20_120,
}
OLD_VAT_RATES = frozenset({"Vat18", "CalculatedVat18118"})  # until 2019
METHODS = range(1, 8)
SUBJECTS = frozenset({*range(1, 28), *range(30, 34)})
SUBJECTS_WITH_CODE = frozenset({31, 33})
MEASURES: Mapping[str, int] = {
    "PIECE": 0,
    "GRAM": 10,
    "KILOGRAM": 11,
    "TON": 12,
    "CENTIMETER": 20,
    "DECIMETER": 21,
    "METER": 22,
    "SQUARE_CENTIMETER": 30,
    "SQUARE_DECIMETER": 31,
    "SQUARE_METER": 32,
    "MILLILITER": 40,
    "LITER": 41,
    "CUBIC_METER": 42,
    "KILOWATT_HOUR": 50,
    "GIGACALORIE": 51,
    "DAY": 70,
    "HOUR": 71,
    "MINUTE": 72,
    "SECOND": 73,
    "KILOBYTE": 80,
    "MEGABYTE": 81,
    "GIGABYTE": 82,
    "TERABYTE": 83,
    "OTHER": 255,
}
PAYMENT_KINDS = ("cash", "cashless", "prepaid", "credit", "barter")  # PaymentItems/PaymentType is the index
MARKING_MODES: Mapping[str, str] = {mode: mode for mode in ("IGNORE_ANY_ERRORS", "REQUIRE_NO_M_MINUS")}

# Fields that mean something which this version does not put into the document: refused when they hold anything.

AGENT = "данные платёжного агента или поставщика"
INDUSTRY = "отраслевой реквизит"
REQUEST_NOT_CARRIED: Mapping[str, str] = {"PaymentAgentInfo": AGENT}
RECEIPT_NOT_CARRIED: Mapping[str, str] = {
    "KktFA": "касса для автоматических устройств",
    "AutomatNumber": "номер автомата",
    "Timezone": "часовая зона места расчёта",
    "ClientInfo": "сведения о покупателе",
    "IndustryRequisite": INDUSTRY,
    "IndustryItemRequisite": INDUSTRY,
    "OperationRequisite": "операционный реквизит",
    "PaymentAgentInfo": AGENT,
    "CashlessPayments": "сведения о безналичных оплатах",
}
ITEM_NOT_CARRIED: Mapping[str, str] = {
    "Excise": "сумма акциза",
    "OriginCountryCode": "код страны происхождения",
    "CustomsDeclarationNumber": "номер таможенной декларации",
    "AdditionalRequisite": "дополнительный реквизит предмета расчёта",
    "MarkingCodeData": "код маркировки",
    "MarkingCode": "код маркировки",
    "MarkingCodeStructured": "код маркировки",
    "IndustryItemRequisite": INDUSTRY,
    "PaymentAgentInfo": AGENT,
}

# Bounds

INVOICE_ID_MAX = 256  # the longest seen has 90 characters
ITEMS_MAX = 728  # a document has at most 32768 bytes, and the shortest item takes 45
KOPECKS_MAX = 2**40 - 1  # five bytes on the register's line, eleven thousand million roubles
QUANTITY_PLACES = 6  # what registers keep
QUANTITY_MAX = 10**8
NUMBER_DIGITS_MAX = 20  # decimal arithmetic is exact to 28
CALLBACK_URL = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?", re.IGNORECASE)

# Paths of the rules → paths of this protocol

RULE_PATHS: Mapping[str, str] = {
    "operation": "Request/Type",
    "tax_system": "Request/CustomerReceipt/TaxationSystem",
    "buyer_contact": "Request/CustomerReceipt/Email",
    "settlement_place": "Request/CustomerReceipt/BillAddress",
    "settlement_address": "Request/CustomerReceipt/BillAddress",
    "cashier_name": "Request/Cashier/Name",
    "cashier_inn": "Request/Cashier/Inn",
    "user_attribute": "Request/CustomerReceipt/CustomUserProperty",
    "user_attribute/name": "Request/CustomerReceipt/CustomUserProperty/Name",
    "user_attribute/value": "Request/CustomerReceipt/CustomUserProperty/Value",
    "extra_attribute": "Request/CustomerReceipt/AdditionalReceiptProp",
    "internet": "Request/CustomerReceipt/IsInternet",
    "payments": "Request/CustomerReceipt/PaymentItems",
    "items": "Request/CustomerReceipt/Items",
}
RULE_ITEM_FIELDS: Mapping[str, str] = {
    "name": "Label",
    "price": "Price",
    "quantity": "Quantity",
    "total": "Amount",
    "vat": "Vat",
    "method": "PaymentMethod",
    "subject": "PaymentType",
    "measure": "Measure",
}
SUM_RULES = frozenset({"F01", "F02", "F03"})

# Rules of the dispatch that no register of a shop may satisfy → what the shop is told.
NO_REGISTER_TEXTS: dict[str, str] = {
    "company": "касса зарегистрирована на другой ИНН",
    "tax_system": "касса не зарегистрирована для этой системы налогообложения",
    "internet": "касса не зарегистрирована для расчётов в интернете (IsInternet)",
    "marking": "формат касс не передаёт коды маркировки",
    "group": "в этой группе нет касс",
    "place": "касса обслуживает другое место расчётов (BillAddress)",
    "retired": "касса выведена из работы",
}
