"""Format-logic control: what must hold between the values of a receipt.

`check` answers with every violation, never with the first only. Codes:

    F01 … F32   the rules of the order, numbered in `docs/ffd.md`
    C01         a character that CP866, and so a register, does not have
    V01         a number outside the closed set of its tag
    J01 … J04   our own JSON: unreadable, wrong type, unknown field, missing field (`ffd.receipts`)

What rests on a weak source is a warning: it is reported and does not stop a receipt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from ffd.enums import Measure, Operation, PaymentMethod, Subject, TaxSystem, VatRate
from ffd.errors import Violation
from ffd.ids import check_inn
from ffd.values import misfits, normalise

if TYPE_CHECKING:
    from ffd.receipts import Item, Payments, Receipt

__all__ = ["check", "check_item", "check_payments", "check_sums", "check_texts"]

MONEY_MAX = 2**48 - 1  # six bytes of VLN
PLACES_MAX = 6  # decimal places of a quantity that registers take
QUANTITY_DIGITS_MAX = 12  # digits before the point that fit the seven bytes beside six places

# Own text fields of a receipt: name, tag, longest.
_TEXTS = (
    ("settlement_place", 1187, 256),
    ("settlement_address", 1009, 256),
    ("cashier_name", 1021, 64),
    ("extra_attribute", 1192, 16),
)
_CONTACT = re.compile(r"\+[0-9]{1,18}|[^@\s]+@[^@\s]+\.[^@\s]+|none")
_SUBJECTS = frozenset(map(int, Subject))
_METHODS = frozenset(map(int, PaymentMethod))
_MEASURES = frozenset(map(int, Measure))
# Each with its first and last day: a single bit need not be taken apart for every receipt.
_TAX_SYSTEMS = {int(system): (system.since, system.until) for system in TaxSystem}


def check(receipt: Receipt, *, tax_systems: int | None = None, today: date | None = None) -> tuple[Violation, ...]:
    """Every violation of `receipt`. `tax_systems` is tag 1062 of the register, `today` the day it will be settled."""
    found: list[Violation] = []
    if not receipt.items:
        found.append(_v("F14", "items", 1059, "В чеке нет ни одной позиции.", "a receipt needs at least one item"))
    for index, item in enumerate(receipt.items):
        problems = check_item(item, "")
        if problems:
            found.extend(_under(f"items[{index}]", problems))
    found.extend(check_payments(receipt.payments))
    found.extend(check_sums(receipt.items, receipt.payments))
    found.extend(check_texts(partial(getattr, receipt)))
    if receipt.tax_system not in _TAX_SYSTEMS:
        found.append(
            _v(
                "F06",
                "tax_system",
                1055,
                "Нужна ровно одна система налогообложения.",
                f"exactly one known bit expected, {int(receipt.tax_system)} given",
            )
        )
    elif tax_systems is not None and not receipt.tax_system & tax_systems:
        found.append(
            _v(
                "F06",
                "tax_system",
                1055,
                "Касса не зарегистрирована для этой системы налогообложения.",
                f"{receipt.tax_system.name} is not among the tax systems of the register ({tax_systems})",
            )
        )
    if today is not None:
        found.extend(_by_date(receipt, today.isoformat()))
    return tuple(found)


def check_item(item: Item, path: str) -> list[Violation]:
    """What is wrong with one position, whatever else the receipt holds."""
    found: list[Violation] = []
    name = normalise(item.name)
    if not name.strip():
        found.append(_v("F14", "name", 1030, "Не указано наименование.", "the name is empty"))
    _text(name, "name", 1030, 128, found)
    _money(item.price, "price", 1079, found)
    _money(item.total, "total", 1043, found)
    if _quantity(item.quantity, found):
        number, parts = item.quantity.as_integer_ratio()
        if abs(item.total * parts - item.price * number) > parts:
            found.append(
                _v(
                    "F03",
                    "total",
                    1043,
                    "Стоимость позиции не равна цене, умноженной на количество.",
                    f"{item.total} is more than 1 kopeck away from {item.price} x {item.quantity}",
                )
            )
    for name, tag, known in (
        ("method", 1214, _METHODS),
        ("subject", 1212, _SUBJECTS),
        ("measure", 2108, _MEASURES),
    ):
        if getattr(item, name) not in known:
            found.append(_v("V01", name, tag, "Недопустимое значение.", f"{getattr(item, name)} is not in the set"))
    return _under(path, found) if path and found else found


def check_payments(payments: Payments) -> list[Violation]:
    """Each payment by itself."""
    found: list[Violation] = []
    _money(payments.cash, "payments/cash", 1031, found)
    _money(payments.cashless, "payments/cashless", 1081, found)
    _money(payments.prepaid, "payments/prepaid", 1215, found)
    _money(payments.credit, "payments/credit", 1216, found)
    _money(payments.barter, "payments/barter", 1217, found)
    return found


def check_sums(items: Sequence[Item], payments: Payments) -> list[Violation]:
    """F01 and F02: what was paid is what the items cost."""
    total = sum(item.total for item in items)
    found: list[Violation] = []
    if payments.total != total:
        found.append(
            _v(
                "F01",
                "payments",
                1020,
                f"Сумма оплат {_roubles(payments.total)} не равна итогу чека {_roubles(total)}.",
                f"payments add up to {payments.total}, items to {total}",
            )
        )
    _money(total, "items", 1020, found)
    return found


def check_texts(get: Callable[[str], Any]) -> list[Violation]:
    """The texts of a receipt; `get` gives a field by its name, None when it is absent."""
    found: list[Violation] = []
    for name, tag, longest in _TEXTS:
        text = get(name)
        if text is not None:
            _text(normalise(text), name, tag, longest, found)
    contact = get("buyer_contact")
    if contact is not None:
        _text(contact, "buyer_contact", 1008, 64, found)
        if not _CONTACT.fullmatch(contact):
            found.append(
                _v(
                    "F09",
                    "buyer_contact",
                    1008,
                    "Контакт покупателя: телефон вида +79161234567 или адрес электронной почты.",
                    f"{contact!r} is neither + and digits, nor an e-mail address, nor none",
                )
            )
    elif get("internet"):
        found.append(
            _v(
                "F26",
                "buyer_contact",
                1008,
                "Расчёт в интернете: нужен телефон или электронная почта покупателя.",
                "a settlement over the internet needs the buyer's contact",
            )
        )
    if get("internet") and get("settlement_place") is None:
        found.append(
            _v(
                "F26",
                "settlement_place",
                1187,
                "Расчёт в интернете: место расчётов должно содержать адрес сайта.",
                "a settlement over the internet names the site; the place of the register will be used",
                warning=True,
            )
        )
    inn = get("cashier_inn")
    if inn is not None and not (len(inn) == 12 and check_inn(inn)):
        found.append(_v("F30", "cashier_inn", 1203, "Неверный ИНН кассира.", f"{inn!r} is not an INN of twelve digits"))
    attribute = get("user_attribute")
    if attribute is not None:
        for name, tag, longest in (("name", 1085, 64), ("value", 1086, 256)):
            text = normalise(getattr(attribute, name))
            if not text:
                found.append(
                    _v(
                        "F22",
                        f"user_attribute/{name}",
                        tag,
                        "Дополнительный реквизит: нужны и название, и значение.",
                        "name and value stand together, neither may be empty",
                    )
                )
            _text(text, f"user_attribute/{name}", tag, longest, found)
    return found


def _by_date(receipt: Receipt, today: str) -> Iterable[Violation]:
    if _outside(*_TAX_SYSTEMS.get(receipt.tax_system, ("", "")), today):
        yield _v(
            "F06",
            "tax_system",
            1055,
            "Эта система налогообложения больше не применяется.",
            f"{receipt.tax_system.name} ended on {receipt.tax_system.until}",
        )
    supply = receipt.operation in (Operation.INCOME, Operation.EXPENSE)
    for index, item in enumerate(receipt.items):
        path = f"items[{index}]/vat"
        if _outside(item.vat.since, item.vat.until, today):
            yield _v(
                "F11",
                path,
                1199,
                f"Ставка «{item.vat.title}» на эту дату не действует.",
                f"{item.vat.name} is used from {item.vat.since}",
            )
        elif today >= "2026-01-01" and supply and item.vat in (VatRate.VAT_20, VatRate.VAT_20_120):
            yield _v(
                "F11",
                path,
                1199,
                "С 2026 года ставка 20% остаётся для возвратов, коррекций и окончательных расчётов.",
                "20% stays for returns, corrections and final settlements of earlier supplies only",
                warning=True,
            )


def _outside(since: str, until: str, today: str) -> bool:
    return today < since or bool(until and today > until)


def _quantity(quantity: Decimal, found: list[Violation]) -> bool:
    """Whether `quantity` is a number to reckon with; reports what is wrong with it."""
    if not quantity.is_finite() or quantity <= 0:
        message = "Количество должно быть больше нуля.", f"{quantity} is not a positive number"
    elif not -PLACES_MAX - 1 < quantity.adjusted() < QUANTITY_DIGITS_MAX:
        message = "Недопустимое количество.", f"{quantity} does not fit the eight bytes of a quantity"
    elif _places(quantity) > PLACES_MAX:
        message = "В количестве больше шести знаков после запятой.", f"{quantity} has more than {PLACES_MAX} places"
    else:
        return True
    found.append(_v("F09", "quantity", 1023, *message))
    return False


def _places(quantity: Decimal) -> int:
    exponent = quantity.as_tuple().exponent
    assert isinstance(exponent, int), "finite was checked before"
    if -2 * PLACES_MAX <= exponent < -PLACES_MAX:  # zeros at the end do not count, within reason
        exponent = int(quantity.normalize().as_tuple().exponent)
    return -exponent


def _money(kopecks: int, path: str, tag: int, found: list[Violation]) -> None:
    if not 0 <= kopecks <= MONEY_MAX:
        found.append(_v("F09", path, tag, "Недопустимая сумма.", f"{kopecks} kopecks do not fit six unsigned bytes"))


def _text(text: str, path: str, tag: int, longest: int, found: list[Violation]) -> None:
    if len(text) > longest:
        found.append(_v("F09", path, tag, f"Длиннее {longest} символов.", f"{len(text)} characters, at most {longest}"))
    if not text.isascii() and (strangers := misfits(text)):
        found.append(_v("C01", path, tag, f"Недопустимые символы: {strangers}", f"CP866 has no {strangers!r}"))


def _under(path: str, violations: Iterable[Violation]) -> list[Violation]:
    return [
        Violation(
            code=one.code,
            path=f"{path}/{one.path}" if one.path else path,
            tag=one.tag,
            message_ru=one.message_ru,
            message_en=one.message_en,
            warning=one.warning,
        )
        for one in violations
    ]


def _v(code: str, path: str, tag: int | None, message_ru: str, message_en: str, *, warning: bool = False) -> Violation:
    return Violation(code=code, path=path, tag=tag, message_ru=message_ru, message_en=message_en, warning=warning)


def _roubles(kopecks: int) -> str:
    return f"{kopecks // 100},{kopecks % 100:02d}"
