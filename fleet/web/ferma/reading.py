"""What a shop's request means. No I/O, no clock.

Strict about what reaches the fiscal document and lenient about the rest: every mistake is reported at once with its
JSON path; unknown keys, null and empty values are passed over; a field that has a meaning which this version does not
carry into the document is refused, never dropped in silence. Sums come as roubles in JSON numbers and are kopecks from
then on, without a binary fraction in between.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec

from ffd.enums import TaxSystem, VatRate
from ffd.errors import Violation
from ffd.ids import check_inn
from ffd.receipts import Item, Payments, Receipt, UserAttribute
from ffd.rules import check
from fleet.config import Tenant
from fleet.jobs import Order
from fleet.web.ferma.envelope import BadRequest, Code, Problem
from fleet.web.ferma.fields import Fields, roubles, shown
from fleet.web.ferma.tables import (
    CALLBACK_URL,
    CORRECTIONS,
    INVOICE_ID_MAX,
    ITEM_NOT_CARRIED,
    ITEMS_MAX,
    KOPECKS_MAX,
    MARKING_MODES,
    MEASURES,
    METHODS,
    OLD_VAT_RATES,
    PAYMENT_KINDS,
    RECEIPT_NOT_CARRIED,
    REQUEST_NOT_CARRIED,
    RULE_ITEM_FIELDS,
    RULE_PATHS,
    SUBJECTS,
    SUBJECTS_WITH_CODE,
    SUM_RULES,
    TAX_SYSTEMS_BY_ANY_NAME,
    TYPES,
    VAT_RATES,
    Kind,
)

__all__ = ["FACADE", "Asked", "parse", "read_asked", "read_login", "read_order"]

FACADE = "ferma"
URL_MAX = 2048

_ITEM_PATH = re.compile(r"items(\[\d+\])(?:/(\w+))?.*", re.DOTALL)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_decoder = msgspec.json.Decoder(float_hook=Decimal)  # 0.1 stays 0.1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which receipt a status is asked of: by our id or by the shop's."""

    id: str | None = None
    key: str | None = None


def parse(raw: bytes) -> dict[str, Any]:
    """The object in a body, numbers with a fraction as Decimal."""
    try:
        value = _decoder.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except UnicodeDecodeError as error:
        raise BadRequest([Problem("", Code.NOT_JSON, f"Тело запроса не в UTF-8: байт {error.start}")]) from error
    except RecursionError as error:
        raise BadRequest([Problem("", Code.NOT_JSON, "Тело запроса вложено слишком глубоко")]) from error
    except (ValueError, InvalidOperation) as error:
        raise BadRequest([Problem("", Code.NOT_JSON, f"Тело запроса не является JSON: {error}")]) from error
    if not isinstance(value, dict):
        raise BadRequest([Problem("", Code.NOT_JSON, "Тело запроса должно быть объектом JSON")])
    return value


def read_login(raw: bytes) -> tuple[str, str]:
    """Login and password of CreateAuthToken."""
    body = Fields(parse(raw), "", [])
    login, password = body.text("Login", required=True), body.text("Password", required=True)
    body.finish()
    return login or "", password or ""


def read_asked(raw: bytes) -> Asked:
    """A status request: ReceiptId or InvoiceId, with or without the Request wrapper."""
    body = Fields(parse(raw), "", [])
    request = body.object("Request") or body
    asked = Asked(id=request.text("ReceiptId"), key=request.text("InvoiceId"))
    if asked.id is None and asked.key is None:
        request.add("ReceiptId", Code.MISSING, "нужен ReceiptId или InvoiceId")
    body.finish()
    return asked


def read_order(raw: bytes, *, tenant: Tenant, today: date, tax_systems: Callable[[], int]) -> Order:
    """The receipt that a request asks for, or `BadRequest` with every mistake.

    `tax_systems` gives those of the tenant's registers: when it is exactly one, a receipt need not name it.
    """
    body = Fields(parse(raw), "", [])
    request = body.object("Request", required=True)
    if request is None:
        body.finish()
        raise AssertionError("a missing Request is a problem")
    inn = _inn(request, tenant)
    key = request.text("InvoiceId", required=True, longest=INVOICE_ID_MAX)
    kind = _kind(request)
    url = _callback_url(request)
    request.refuse(REQUEST_NOT_CARRIED)
    customer = request.object("CustomerReceipt", required=True) or Fields({}, "Request/CustomerReceipt", [])
    receipt = _receipt(request, customer, kind, tax_systems)
    _apply_rules(request, receipt, today)
    body.finish()
    return Order(inn=inn, key=key or "", tenant=tenant.name, facade=FACADE, raw=raw, receipt=receipt, callback_url=url)


def _inn(request: Fields, tenant: Tenant) -> str:
    inn = request.text("Inn", required=True) or ""
    if inn in ("", tenant.inn):
        return inn
    if not check_inn(inn):
        request.add("Inn", Code.BAD_VALUE, "не ИНН: нужно 10 или 12 цифр с верными контрольными")
    else:
        request.add("Inn", Code.NO_REGISTER, "для этого ИНН у вашей учётной записи нет касс")
    return inn


def _kind(request: Fields) -> Kind:
    name = request.text("Type", required=True)
    if name in CORRECTIONS:
        request.add("Type", Code.BAD_VALUE, f"чеки коррекции ({name}) этой версией не поддерживаются")
    elif name is not None and name not in TYPES:
        request.add("Type", Code.BAD_VALUE, f"неизвестное значение {shown(name)}; возможны {', '.join(TYPES)}")
    elif request.filled("CorrectionInfo") or Fields.of(request, "CustomerReceipt").filled("CorrectionInfo"):
        request.add("CorrectionInfo", Code.BAD_VALUE, "чек с данными коррекции должен быть чеком коррекции")
    return TYPES.get(name or "", TYPES["Income"])


def _callback_url(request: Fields) -> str | None:
    """Not part of the document; neither are LocalDate and Data, which are kept with the request and mean nothing."""
    url = request.text("CallbackUrl", longest=URL_MAX)
    if url is not None and not CALLBACK_URL.fullmatch(url):
        request.add("CallbackUrl", Code.BAD_VALUE, "должен начинаться с http:// или https:// и имени узла")
    request.whole("McCheckRetryPeriodSec", range(1, 1801))
    return url


def _receipt(request: Fields, customer: Fields, kind: Kind, tax_systems: Callable[[], int]) -> Receipt:
    """The receipt, with harmless values in the place of wrong ones, so that all the rest is checked too."""
    customer.refuse(RECEIPT_NOT_CARRIED)
    customer.choice("CheckMcMode", MARKING_MODES)
    cashier = Fields.of(request, "Cashier")
    internet = customer.flag("IsInternet") if customer.filled("IsInternet") else request.flag("IsInternet")
    subject = customer.code("PaymentType", SUBJECTS) or kind.subject
    items = tuple(_item(item, kind, subject) for item in customer.objects("Items", required=True, most=ITEMS_MAX))
    total = sum(item.total for item in items)
    if total > KOPECKS_MAX:
        customer.add("Items", Code.SUMS, "слишком большой итог чека")
    outer = customer if customer.filled("PaymentItems") else request
    return Receipt(
        operation=kind.operation,
        tax_system=_tax_system(customer, tax_systems),
        items=items,
        payments=_payments(outer, total),
        buyer_contact=_contact(customer),
        settlement_place=customer.text("BillAddress"),
        cashier_name=cashier.text("Name"),
        cashier_inn=cashier.text("Inn"),
        user_attribute=_user_attribute(customer if customer.filled("CustomUserProperty") else request),
        extra_attribute=customer.text("AdditionalReceiptProp"),
        internet=internet,
    )


def _tax_system(customer: Fields, tax_systems: Callable[[], int]) -> TaxSystem:
    if customer.values.get("TaxationSystem") in (None, ""):  # 0 is a name of its own: Common
        registered = tax_systems()
        if registered.bit_count() == 1:
            return TaxSystem(registered)
    return customer.choice("TaxationSystem", TAX_SYSTEMS_BY_ANY_NAME, required=True) or TaxSystem.GENERAL


def _item(item: Fields, kind: Kind, subject: int) -> Item:
    item.refuse(ITEM_NOT_CARRIED)
    name = item.text("Label", required=True)
    price = item.kopecks("Price", required=True)
    quantity = item.quantity("Quantity")
    total = item.kopecks("Amount", required=True)
    if price is not None and quantity is not None and total is not None:
        due = int((price * quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))
        if total != due:
            item.add(
                "Amount",
                Code.SUMS,
                f"{roubles(total)} не равно Price × Quantity = {roubles(price)} × {quantity} = {roubles(due)}",
            )
    own = item.code("PaymentType", SUBJECTS) or subject
    if own in SUBJECTS_WITH_CODE and not item.filled("MarkingCodeData"):
        item.add("MarkingCodeData", Code.MISSING, f"предмет расчёта {own} требует кода маркировки")
    return Item(
        name=name or "-",
        price=price or 0,
        quantity=quantity or Decimal(1),
        total=total or 0,
        vat=_vat(item),
        method=item.code("PaymentMethod", METHODS) or kind.method,
        subject=own,
        measure=item.choice("Measure", MEASURES) or 0,
    )


def _vat(item: Fields) -> VatRate:
    if item.values.get("Vat") in OLD_VAT_RATES:
        item.add("Vat", Code.BAD_VALUE, "ставка 18 % не применяется с 2019 года: укажите Vat20 или Vat22")
        return VatRate.NO_VAT
    return item.choice("Vat", VAT_RATES, required=True) or VatRate.NO_VAT


def _payments(holder: Fields, total: int) -> Payments:
    """Without PaymentItems all is cashless: so do internet shops, which most small clients serve."""
    rows = holder.objects("PaymentItems", most=ITEMS_MAX)
    if not rows:
        return Payments(cashless=total)
    sums = dict.fromkeys(PAYMENT_KINDS, 0)
    complete = True
    for row in rows:
        kind, value = row.code("PaymentType", range(5), required=True), row.kopecks("Sum", required=True)
        if kind is None or value is None:
            complete = False
        else:
            sums[PAYMENT_KINDS[kind]] += value
    paid = sum(sums.values())
    if complete and paid != total and not holder.problem_within("Request/CustomerReceipt/Items"):
        text = f"сумма оплат {roubles(paid)} не равна сумме предметов расчёта {roubles(total)}"
        holder.add("PaymentItems", Code.SUMS, text)
    return Payments(**sums)


def _contact(customer: Fields) -> str | None:
    """A document has one contact: the e-mail address when there are both."""
    email, phone = customer.text("Email", longest=64), customer.text("Phone")
    if email is not None and not _EMAIL.fullmatch(email):
        customer.add("Email", Code.BAD_VALUE, "не адрес электронной почты")
    normal = _phone(phone) if phone is not None else None
    if phone is not None and normal is None:
        customer.add("Phone", Code.BAD_VALUE, "не номер телефона: нужен вид +79001234567")
    return email or normal


def _phone(text: str) -> str | None:
    """+7…, 8…, 7… and ten digits become +7…; foreign numbers keep their code; None for anything else."""
    digits = re.sub(r"[\s().\u2010-\u2015-]", "", text)
    if not re.fullmatch(r"\+?[0-9]{8,15}", digits):
        return None
    if digits.startswith("+"):
        return digits
    if len(digits) == 10:
        return f"+7{digits}"
    return f"+7{digits[1:]}" if len(digits) == 11 and digits[0] in "78" else None


def _user_attribute(holder: Fields) -> UserAttribute | None:
    if not holder.filled("CustomUserProperty"):
        return None
    given = Fields.of(holder, "CustomUserProperty")
    name, value = given.text("Name", required=True), given.text("Value", required=True)
    return UserAttribute(name=name or "-", value=value or "-")


def _apply_rules(request: Fields, receipt: Receipt, today: date) -> None:
    """The rules of the format. After a wrong value its stand-in must not be blamed, nor sums that hold it."""
    wrong = {problem.path for problem in request.problems}
    for violation in check(receipt, today=today):
        path = _rule_path(violation.path, request)
        is_about_sums = violation.code in SUM_RULES
        if violation.warning or path in wrong or (wrong and is_about_sums):
            continue
        if receipt.items or violation.path != "items":
            request.add_at(path, Code.SUMS if is_about_sums else Code.BAD_VALUE, _rule_text(violation))


def _rule_path(path: str, request: Fields) -> str:
    item = _ITEM_PATH.fullmatch(path)
    if item is not None:
        field = RULE_ITEM_FIELDS.get(item[2] or "")
        return f"Request/CustomerReceipt/Items{item[1]}" + (f"/{field}" if field else "")
    if path == "buyer_contact" and not Fields.of(request, "CustomerReceipt").filled("Email"):
        return "Request/CustomerReceipt/Phone"
    return RULE_PATHS.get(path) or RULE_PATHS.get(path.partition("/")[0]) or "Request/CustomerReceipt"


def _rule_text(violation: Violation) -> str:
    tag = f" (реквизит {violation.tag})" if violation.tag is not None else ""
    return f"{violation.message_ru}{tag}"
