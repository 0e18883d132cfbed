"""Format-logic control of whole documents: rules F01 to F32 of the order, presence and sets of values.

`check` names every violation with its code, path (`receipt/items[2]/item_total`), tag, a Russian text for a cashier
and an English one for a developer. A document can be checked as a request, before register and drive have added
their tags, or whole (`Context.stage`). What rests on a weak source is a warning, unless the caller wants it refused
or ignored; `without` switches any code off. `RULES` is the table, in the order of the codes' meaning:

    F04 F10 F14 F19   what must be there          F01 F02 F03 F27 F28   sums
    F05 F06 F07 F11 V01   values                  F08 F29 F31 F32       order in time
    F09 C01   lengths and characters              F12 F13               agents
    F15 F16 F18 F20 F21   what was registered     F17                   corrections
    F22 F23 F24 F25 F26   what goes together      F30                   check digits
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from ffd import conditions, presence
from ffd.context import Context, wall_clock
from ffd.documents import Document, size_max
from ffd.enums import (
    AUTHORITIES,
    SETS,
    Agent,
    Coded,
    DocumentCode,
    Edition,
    Flags,
    IdentityDocument,
    Subject,
    TaxSystem,
    Usage,
    VatRate,
)
from ffd.errors import DecodeError, EncodeError, Violation
from ffd.fields import REPEATED, Fields, tag_of
from ffd.ids import check_inn, check_registration_number
from ffd.presence import Supplier
from ffd.tags import TAGS, Tag, Type
from ffd.tlv import value as plain_value
from ffd.values import is_quantity

__all__ = ["RULES", "Context", "Rule", "Weak", "check"]

CLOCK_TOLERANCE = timedelta(minutes=5)
UNSENT_TOLERANCE = timedelta(days=2)
OFFLINE_PRODUCT_CODES_MAX = 10
_RECEIPTS = frozenset((3, 4, 31, 41))
_CORRECTIONS = frozenset((31, 41))
_EXCISE = frozenset(
    (Subject.EXCISE_GOODS, Subject.EXCISE_MARKED_GOODS_WITHOUT_CODE, Subject.EXCISE_MARKED_GOODS_WITH_CODE)
)
_MARKED = frozenset((30, 31, 32, 33))
_GOODS = frozenset((1, 2, 30, 31, 32, 33))
_ZEROS = "000000000000"
_SUMS = ("cash_total", "cashless_total", "prepayment_total", "credit_total", "barter_total")
_TAXES = (
    "receipt_vat_20_amount",
    "receipt_vat_10_amount",
    "receipt_vat_20_120_amount",
    "receipt_vat_10_110_amount",
    "receipt_vat_amounts",
)
_VAT_TAGS = (*_TAXES, "receipt_vat_0_turnover", "receipt_no_vat_turnover")
# Sets whose values are texts on the wire.
_CODES_AS_TEXT: dict[str, AbstractSet[str]] = {
    "federal_authority": AUTHORITIES.keys(),
    "identity_document": {f"{one:02d}" for one in IdentityDocument},
}
_DATED = frozenset(("vat_rate", "tax_system", "ffd_version"))  # rules of their own: F11, F06, F29
# The longest content of a structure where it is not the length of the tag table. Counters: the tables name lengths
# that their own members exceed. 1084: 320 of values and two heads. 1068: a text may follow 1022.
_STRUCTURE_MAX = dict.fromkeys((1129, 1130, 1131, 1132, 1133, 1145, 1146, 1157, 1158, 1194, 1232, 1233), 0) | {
    1068: 169,
    1084: 328,
}


class Weak(StrEnum):
    """What to make of a violation whose rule rests on a weak source."""

    WARN = "warn"
    REFUSE = "refuse"
    IGNORE = "ignore"


# A finding: path, tag, Russian, English and, when it is only a warning, True.
Finding = tuple[Any, ...]
Find = Callable[[Any, Context], Iterator[Finding]]


class Rule(NamedTuple):
    """One line of the table. `basis` is what the rule is known from; a weak one only warns."""

    code: str
    statement: str
    basis: str
    weak: bool
    forms: frozenset[int]
    find: Find


RULES: list[Rule] = []


def _rule(
    code: str, *, basis: str = "order", weak: bool = False, forms: AbstractSet[int] = frozenset()
) -> Callable[[Find], Find]:
    """Enters a rule into the table, its docstring being the statement; with `forms` it only sees those documents."""

    def enter(find: Find) -> Find:
        assert find.__doc__, "a rule says what it asks for"
        RULES.append(Rule(code, " ".join(find.__doc__.split()), basis, weak, frozenset(forms), find))
        return find

    return enter


def check(
    document: Document,
    context: Context | None = None,
    *,
    without: AbstractSet[str] = frozenset(),
    weak: Weak = Weak.WARN,
) -> tuple[Violation, ...]:
    """Every violation of `document` in `context`, apart from the codes `without`."""
    known = context or Context()
    root = DocumentCode(document.CODE).name.lower()
    found: list[Violation] = []
    for rule in RULES:
        if rule.code in without or (rule.forms and document.CODE not in rule.forms):
            continue
        for path, tag, message_ru, message_en, *unsure in rule.find(document, known):
            doubtful = rule.weak or bool(unsure and unsure[0])
            if doubtful and weak is Weak.IGNORE:
                continue
            found.append(
                Violation(
                    code=rule.code,
                    path=f"{root}/{path}" if path else root,
                    tag=tag,
                    message_ru=message_ru,
                    message_en=message_en,
                    warning=doubtful and weak is Weak.WARN,
                )
            )
    return tuple(found)


def _walk(fields: Fields, path: str = "", code: int = 0) -> Iterator[tuple[Fields, str, int]]:
    """The document and every structure in it, with path and the code or tag whose table applies."""
    yield fields, path, code
    for name in type(fields).tags():
        value = getattr(fields, name)
        if isinstance(value, Fields):
            yield from _walk(value, f"{path}/{name}" if path else name, tag_of(name).number)
        elif value and name in REPEATED and isinstance(value[0], Fields):
            for index, one in enumerate(value):
                place = f"{name}[{index}]"
                yield from _walk(one, f"{path}/{place}" if path else place, tag_of(name).number)


def _set(fields: Fields) -> Iterator[tuple[str, Any]]:
    """The attributes that are present."""
    for name in type(fields).tags():
        value = getattr(fields, name)
        if value is not None and value != ():
            yield name, value


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


# ── sums ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F01", forms=_RECEIPTS)
def _payments(document: Any, context: Context) -> Iterator[Finding]:
    """1031 + 1081 + 1215 + 1216 + 1217 = 1020, exactly."""
    if document.receipt_total is None:
        return
    paid = sum(getattr(document, name) or 0 for name in _SUMS)
    if paid != document.receipt_total:
        yield (
            "receipt_total",
            1020,
            "Сумма оплат не равна итогу чека.",
            f"payments add up to {paid}, the total is {document.receipt_total}",
        )


@_rule("F02", forms=_RECEIPTS)
def _total(document: Any, context: Context) -> Iterator[Finding]:
    """1020 is the sum of 1043, or differs from it in kopecks only: the roubles agree."""
    if document.receipt_total is None or not document.items:
        return
    total = sum(item.item_total or 0 for item in document.items)
    if total // 100 != document.receipt_total // 100:
        yield (
            "receipt_total",
            1020,
            "Итог чека не равен сумме стоимостей позиций.",
            f"items add up to {total}, the total is {document.receipt_total}: not even the roubles agree",
        )


def _counts(quantity: Decimal | None) -> bool:
    """Whether there is a quantity to reckon with; a wrong one is C01."""
    return quantity is not None and is_quantity(quantity)


def _items(document: Any) -> Iterator[tuple[Any, str]]:
    for name in ("items", "marked_items"):
        for index, item in enumerate(getattr(document, name, ())):
            yield item, f"{name}[{index}]"


@_rule("F03")
def _item_total(document: Any, context: Context) -> Iterator[Finding]:
    """1043 = 1079 x 1023, off by one kopeck at most."""
    for item, path in _items(document):
        if None in (item.item_total, item.item_unit_price) or not _counts(item.item_quantity):
            continue
        number, parts = item.item_quantity.as_integer_ratio()
        if abs(item.item_total * parts - item.item_unit_price * number) > parts:
            yield (
                f"{path}/item_total",
                1043,
                "Стоимость позиции не равна цене, умноженной на количество.",
                f"{item.item_total} is more than 1 kopeck away from {item.item_unit_price} x {item.item_quantity}",
            )


@_rule("F04", forms=_RECEIPTS)
def _some_vat(document: Any, context: Context) -> Iterator[Finding]:
    """At least one of 1102 to 1107 and 1115; 1115 when an item has one of its rates."""
    if context.stage is not Supplier.HOST and all(getattr(document, name) is None for name in _VAT_TAGS):
        yield "", 1105, "В чеке нет ни одной суммы НДС.", "none of 1102 to 1107 and 1115 is present"
    yield from _required("F04", document, context)


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F05", forms=_RECEIPTS | {82})
def _operation(document: Any, context: Context) -> Iterator[Finding]:
    """1054 is 1 to 4; in corrections of 1.05 it is 1 or 3."""
    operation = document.operation_type
    if operation is None:
        return
    allowed: tuple[int, ...] = (1, 2, 3, 4)
    if document.CODE in _CORRECTIONS and context.edition(document) == Edition.FFD_1_05:
        allowed = (1, 3)
    if operation not in allowed:
        yield "operation_type", 1054, "Недопустимый признак расчёта.", f"{int(operation)} is not one of {allowed}"


@_rule("F06")
def _one_tax_system(document: Any, context: Context) -> Iterator[Finding]:
    """1055 is exactly one bit, one of 1062, and still in use on that day."""
    applied = getattr(document, "applied_tax_system", None)
    if applied is None:
        return
    if applied not in map(int, TaxSystem):
        yield (
            "applied_tax_system",
            1055,
            "Нужна ровно одна система налогообложения.",
            f"{applied:#x} is not one known bit",
        )
        return
    registered = context.registered("tax_systems")
    if registered is not None and not registered & applied:
        yield (
            "applied_tax_system",
            1055,
            "Касса не зарегистрирована для этой системы налогообложения.",
            f"{TaxSystem(applied).name} is not among the registered ones ({int(registered)})",
        )
    ended = TaxSystem(applied).until
    moment = wall_clock(document, "document_datetime")
    if ended and moment is not None and moment.date().isoformat() > ended:
        yield "applied_tax_system", 1055, "Эта система налогообложения больше не применяется.", f"it ended on {ended}"


@_rule("F07")
def _one_agent(document: Any, context: Context) -> Iterator[Finding]:
    """1057 of a receipt and 1222 are exactly one bit; bit 7 is 0."""
    flags = [(getattr(document, "agent_flags", None), "agent_flags", 1057)] if document.CODE in _RECEIPTS else []
    flags += [(item.item_agent_flags, f"{path}/item_agent_flags", 1222) for item, path in _items(document)]
    for value, path, tag in flags:
        if value is not None and value not in map(int, Agent):
            yield path, tag, "Нужен ровно один признак агента.", f"{int(value):#x} is not one known bit"


@_rule("F11")
def _vat_in_force(document: Any, context: Context) -> Iterator[Finding]:
    """1199 is a rate in force on that day; items taxed by the sums of the receipt carry it."""
    rates = [(item.vat_rate, f"{path}/vat_rate", item) for item, path in _items(document)]
    if rates and all(rate is None for rate, _, _ in rates) and any(getattr(document, name, None) for name in _TAXES):
        message = "В чеке есть НДС, но ни у одной позиции не указана ставка."
        yield rates[0][1], 1199, message, "the receipt has sums of tax, none of its items has a rate"
    moment = context.moment(document)
    if moment is None:
        return
    today = moment.date().isoformat()
    amounts = getattr(document, "receipt_vat_amounts", None)
    for index, entry in enumerate(amounts.receipt_vat_entries if amounts else ()):
        rates.append((entry.vat_rate, f"receipt_vat_amounts/receipt_vat_entries[{index}]/vat_rate", None))
    supply = document.CODE in (3, 4) and document.operation_type in (1, 3)
    for number, path, item in rates:
        rate: Any = VatRate._value2member_map_.get(number)
        if rate is not None and today < rate.since:
            yield path, 1199, "Эта ставка НДС ещё не действовала.", f"{rate.name} is used from {rate.since}"
        elif item is not None and supply and rate in (1, 3) and today >= "2026-01-01":
            yield (
                path,
                1199,
                "С 2026 года ставка 20% остаётся для возвратов, коррекций и окончательных расчётов.",
                "20% stays for returns, corrections and final settlements of earlier supplies only",
                True,
            )


@_rule("V01")
def _known_values(document: Any, context: Context) -> Iterator[Finding]:
    """A number is in the closed set of its tag, for this edition; out of its days it is doubtful."""
    title = Edition(context.edition(document)).title
    moment = context.moment(document)
    today = moment.date().isoformat() if moment else ""
    for fields, path, _ in _walk(document):
        for name, value in _set(fields):
            row = tag_of(name)
            if row.type is Type.STRING and row.enum in _CODES_AS_TEXT and value not in _CODES_AS_TEXT[row.enum]:
                yield _join(path, name), row.number, "Недопустимое значение.", f"{value!r} is not in the set"
            if row.enum not in SETS or row.type is Type.STRING:
                continue
            for one in value if name in REPEATED else (value,):
                meaning = _meaning(row, one)
                place = _join(path, name)
                if meaning is None:
                    yield place, row.number, "Недопустимое значение.", f"{int(one)} is not in the set"
                elif isinstance(meaning, Coded) and title not in meaning.editions:
                    message = f"Значения «{meaning.title}» нет в этой версии формата."
                    yield place, row.number, message, f"{meaning.name} does not exist in {title}"
                elif today and row.enum not in _DATED and not meaning.since <= today <= (meaning.until or today):
                    message = f"Значение «{meaning.title}» на эту дату не применяется."
                    until = f"{meaning.since or '…'} to {meaning.until or '…'}"
                    yield place, row.number, message, f"{int(one)} is used from {until}", True


def _meaning(row: Tag, number: int) -> Coded | Flags | None:
    """The member of the tag's set, or the set of bits; None when some bit or the number is unknown."""
    members = SETS[row.enum]
    if issubclass(members, Flags):
        return members(number) if 0 <= number <= sum(members) and not number & ~sum(members) else None
    found = members._value2member_map_.get(number)
    return found if isinstance(found, Coded) else None


# ── lengths ───────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F09")
def _lengths(document: Any, context: Context) -> Iterator[Finding]:
    """Lengths are exact where fixed, structures and documents have limits; phones, dates, digits look like it."""
    for fields, path, _ in _walk(document):
        names = {row.number: name for name, row in type(fields).tags().items()}
        for one in fields.kept:
            row = TAGS.get(one.tag)
            if row is None or one.tag not in names or not isinstance(one.value, bytes):
                continue
            place = _join(path, names[one.tag])
            if row.type is not Type.STLV and row.length and _wrong(len(one.value), row.length, exact=row.fixed):
                wanted = f"{'exactly' if row.fixed else 'at most'} {row.length}"
                yield place, one.tag, "Недопустимая длина реквизита.", f"{len(one.value)} bytes, {wanted} allowed"
                continue
            try:
                plain_value(one)
            except DecodeError as error:
                yield place, one.tag, "Недопустимое значение реквизита.", error.message
        for name, value in _set(fields):
            row = tag_of(name)
            shape, words_ru, words_en = _SHAPES.get(row.kind, _ANY)
            for one in value if name in REPEATED else (value,):
                if shape and not shape.fullmatch(one):
                    yield _join(path, name), row.number, words_ru, f"{one!r} is not {words_en}"
                elif row.kind == "digits" and row.number != 1037 and not (one.isdecimal() and len(one) == row.length):
                    message = f"Нужно {row.length} цифр."
                    yield _join(path, name), row.number, message, f"{one!r} is not {row.length} digits"
    for fields, path, tag in _walk(document):
        longest = _STRUCTURE_MAX.get(tag, TAGS[tag].length if tag else 0)
        if longest and (size := _size(fields)) > longest:
            doubtful = tag == 1115  # its length is known from one source
            yield path, tag, "Реквизит слишком длинный.", f"{size} bytes, at most {longest} allowed", doubtful
    size = _size(document) + 4
    limit = size_max(document.CODE, context.edition(document))
    if size > limit:
        yield "", None, "Документ слишком велик.", f"{size} bytes, at most {limit} allowed"


def _wrong(size: int, length: int, *, exact: bool) -> bool:
    return size != length if exact else size > length


def _size(fields: Fields) -> int:
    try:
        return len(fields.encode_fields())
    except EncodeError:  # C01 tells
        return 0


_ANY: tuple[re.Pattern[str] | None, str, str] = (None, "", "")
_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_SHAPES: dict[str, tuple[re.Pattern[str] | None, str, str]] = {
    "phone": (re.compile(r"\+[0-9]{1,18}"), "Телефон: плюс и цифры.", "+ and digits"),
    "email": (re.compile(rf"{_EMAIL}|none"), "Нужен адрес электронной почты.", "an e-mail address or none"),
    "phone_or_email": (
        re.compile(rf"\+[0-9]{{1,18}}|{_EMAIL}|none"),
        "Контакт покупателя: телефон вида +79161234567 или адрес электронной почты.",
        "+ and digits, an e-mail address or none",
    ),
    "date_text": (
        re.compile(r"(0[1-9]|[12][0-9]|3[01])\.(0[1-9]|1[0-2])\.[0-9]{4}"),
        "Нужна дата вида 31.12.2026.",
        "a date such as 31.12.2026",
    ),
}


# Bytes that have no place at all are an EncodeError when written; a request built by hand hears of them here.
@_rule("C01")
def _representable(document: Any, context: Context) -> Iterator[Finding]:
    """Every value has bytes: CP866 has its characters, its number fits the tag."""
    try:
        document.encode_fields()
    except EncodeError as error:
        yield error.path, None, "Недопустимое значение реквизита.", error.message


# ── presence ──────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F10")
def _presence(document: Any, context: Context) -> Iterator[Finding]:
    """Every mandatory tag is present, none repeated that may not be."""
    edition = context.edition(document)
    moment = context.moment(document)
    for fields, path, code in _walk(document, code=document.CODE):
        names = {row.number: name for name, row in type(fields).tags().items()}
        for tag, row in presence.rows(code, edition).items():
            if row.electronic != 1 or tag not in names or (code, tag) == (1059, 1030):  # 1030: see F14
                continue
            if not context.added(tag, document.CODE):
                continue
            if row.since and moment is not None and moment.date().isoformat() < row.since:
                continue
            if getattr(fields, names[tag]) in (None, ()):
                yield (
                    _join(path, names[tag]),
                    tag,
                    f"Отсутствует обязательный реквизит «{TAGS[tag].name_ru}».",
                    f"tag {tag} is mandatory here",
                    row.weak or bool(row.since and moment is None),
                )
        for tag in {one.tag for one in fields.kept if one.tag in names}:
            if names[tag] not in REPEATED and tag != 2107 and sum(one.tag == tag for one in fields.kept) > 1:
                yield _join(path, names[tag]), tag, "Реквизит повторяется.", f"tag {tag} stands more than once"
    yield from _required("F10", document, context)


def _required(code: str, document: Document, context: Context) -> Iterator[Finding]:
    """What `ffd.conditions` makes mandatory here."""
    for fields, path, container in _walk(document, code=document.CODE):
        for name, tag, reason, sure in conditions.missing(code, document, fields, container, context):
            message = f"Отсутствует реквизит «{TAGS[tag].name_ru}», обязательный в этом случае."
            yield _join(path, name), tag, message, f"tag {tag} is missing: {reason}", not sure


@_rule("F14", forms=_RECEIPTS)
def _item_basics(document: Any, context: Context) -> Iterator[Finding]:
    """1030, 1023 and 1079 in every item, and an item in every receipt; corrections of 1.05 may have none."""
    if not document.items and not (document.CODE in _CORRECTIONS and context.edition(document) == Edition.FFD_1_05):
        yield "items", 1059, "В чеке нет ни одной позиции.", "at least one item is needed"
    for item, path in _items(document):
        if not item.item_name:
            weak = item.item_payment_method == 3  # the first edition excused advances
            yield f"{path}/item_name", 1030, "Не указано наименование.", "the name is missing", weak


@_rule("F19", forms={1, 11, 2, 3, 4, 31, 41, 5, 6})
def _automatic(document: Any, context: Context) -> Iterator[Finding]:
    """1001 = 1 requires 1036; only then 1021 and 1203 may be missing."""
    own = getattr(document, "automatic_mode_flag", None)
    automatic = context.registered("automatic_mode_flag") if own is None else own
    if automatic and document.CODE in (1, 11) and not document.machine_number:
        yield "machine_number", 1036, "Не указан номер автомата.", "1001 = 1 requires 1036"
    yield from _required("F19", document, context)


# ── order in time ─────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F08")
def _continuous(document: Any, context: Context) -> Iterator[Finding]:
    """1040 grows by one, 1042 from 1 within the shift; 1041, 1037 and 1018 are as registered."""
    for name in ("fiscal_drive_number", "register_registration_number", "user_inn"):
        own, registered = getattr(document, name, None), context.registered(name)
        if None not in (own, registered) and own != registered and document.CODE not in (1, 11):
            tag = tag_of(name).number
            yield name, tag, "Значение не совпадает с регистрационным.", f"{own!r}, registered is {registered!r}"
    before: Any = context.previous
    if before is None:
        return
    number, last = getattr(document, "fiscal_document_number", None), getattr(before, "fiscal_document_number", None)
    if number is not None and last is not None and document.CODE not in (7, 1) and number != last + 1:
        yield "fiscal_document_number", 1040, "Нарушена нумерация документов.", f"{number} after {last}"
    if document.CODE in _RECEIPTS and document.receipt_number_in_shift is not None:
        shift_open = before.CODE == 2
        expected = 1 if shift_open else _after(before)
        if expected is not None and document.receipt_number_in_shift != expected:
            yield (
                "receipt_number_in_shift",
                1042,
                "Нарушена нумерация чеков за смену.",
                f"{document.receipt_number_in_shift}, {expected} expected",
            )


def _after(before: Any) -> int | None:
    number = before.receipt_number_in_shift if before.CODE in _RECEIPTS else None
    return None if number is None else number + 1


@_rule("F29", forms={11})
def _edition_change(document: Any, context: Context) -> Iterator[Finding]:
    """1209 changes only right after a settlements state report with 1097 = 0."""
    old, before = context.registered("ffd_version"), context.previous
    if None in (old, document.ffd_version) or old == document.ffd_version or before is None:
        return
    if document.fiscal_document_number == 1:  # another drive
        return
    if before.CODE != 21 or getattr(before, "unsent_document_count", None) != 0:
        yield (
            "ffd_version",
            1209,
            "Версия ФФД меняется только сразу после отчёта о расчётах без непереданных документов.",
            "the document right before must be a settlements state report with 1097 = 0",
        )


@_rule("F31")
def _clock(document: Any, context: Context) -> Iterator[Finding]:
    """1012 is not before the previous document and within five minutes of the exact time."""
    moment = wall_clock(document, "document_datetime")
    if moment is None or document.CODE in (7, 84):
        return
    earlier = wall_clock(context.previous, "document_datetime")
    if earlier is not None and moment < earlier:
        yield "document_datetime", 1012, "Время документа раньше предыдущего.", f"{moment} after {earlier}"
    if context.now is not None and abs(moment - context.now) > CLOCK_TOLERANCE:
        yield (
            "document_datetime",
            1012,
            "Часы кассы отличаются от точного времени больше чем на пять минут.",
            f"{moment} is more than {CLOCK_TOLERANCE} away from {context.now}",
        )


@_rule("F32", forms={5})
def _unsent_too_long(document: Any, context: Context) -> Iterator[Finding]:
    """1053 is set when the oldest unsent document has waited for more than two days."""
    first, moment = wall_clock(document, "first_unsent_document_date"), wall_clock(document, "document_datetime")
    if first is None or moment is None or not document.unsent_document_count:
        return
    # 1098 is a date: the document may be as young as the end of that day
    if moment - first > UNSENT_TOLERANCE + timedelta(days=1) and not document.ofd_response_timeout_flag:
        yield (
            "ofd_response_timeout_flag",
            1053,
            "Документы не переданы больше двух дней, а признак не установлен.",
            f"the first unsent document is of {first.date()}, 1053 is not set",
        )


# ── agents ────────────────────────────────────────────────────────────────────────────────────────────────────────

_PAYMENT_AGENT = ((1073, "payment_agent_phones"), (1074, "payment_acceptance_operator_phones"))
_BANK_AGENT = (
    (1005, "transfer_operator_address"),
    (1016, "transfer_operator_inn"),
    (1026, "transfer_operator_name"),
    (1044, "payment_agent_operation"),
    (1073, "payment_agent_phones"),
    (1075, "transfer_operator_phones"),
)


@_rule("F12", forms=_RECEIPTS)
def _supplier_inn(document: Any, context: Context) -> Iterator[Finding]:
    """1226 when the receipt or the item names an agent; twelve zeros when there is no INN."""
    for item, path in _items(document):
        if (item.item_agent_flags or document.agent_flags) and not item.supplier_inn:
            yield (
                f"{path}/supplier_inn",
                1226,
                "Для агента нужен ИНН поставщика.",
                "an agent names the supplier's INN, twelve zeros when there is none",
            )


@_rule("F13", forms=_RECEIPTS)
def _agent_data(document: Any, context: Context) -> Iterator[Finding]:
    """A payment agent gives 1073, 1074, 1171; a bank payment agent 1005, 1016, 1026, 1044, 1073, 1075, 1171."""
    sources = [(document.agent_flags, document, document, "")]
    for item, path in _items(document):
        sources.append((item.item_agent_flags, item.agent_data, item.supplier_data, path))
    for flags, data, supplier, path in sources:
        if not flags:
            continue
        wanted: tuple[tuple[int, str], ...] = ()
        if flags & (Agent.BANK_PAYMENT_AGENT | Agent.BANK_PAYMENT_SUBAGENT):
            wanted = _BANK_AGENT
        elif flags & (Agent.PAYMENT_AGENT | Agent.PAYMENT_SUBAGENT):
            wanted = _PAYMENT_AGENT
        place = f"{path}/agent_data" if path else ""
        for tag, name in wanted:
            if not getattr(data, name, None) and not (path and getattr(document, name, None)):
                yield _join(place, name), tag, "Не хватает данных агента.", f"an agent of this kind gives tag {tag}"
        phones = getattr(supplier, "supplier_phones", None) or document.supplier_phones
        if wanted and not phones:
            place = f"{path}/supplier_data/supplier_phones" if path else "supplier_phones"
            yield place, 1171, "Не указан телефон поставщика.", "an agent of this kind gives tag 1171"


# ── what was registered ───────────────────────────────────────────────────────────────────────────────────────────


@_rule("F15", basis="order; 1163 by analogy", weak=True, forms=_RECEIPTS)
def _offline_codes(document: Any, context: Context) -> Iterator[Finding]:
    """A register in offline mode: at most ten items with a product code."""
    codes = sum(bool(item.item_product_code_bytes or item.item_product_code) for item in document.items)
    if context.registered("offline_mode_flag") and codes > OFFLINE_PRODUCT_CODES_MAX:
        yield (
            "items",
            1163,
            "В автономном режиме не больше десяти кодов товара.",
            f"{codes} items carry a product code",
        )


@_rule("F16", forms=_RECEIPTS)
def _registered_goods(document: Any, context: Context) -> Iterator[Finding]:
    """No excise, marked or any goods that the register is not registered for."""
    if context.registration is None:
        return
    usage = context.registered("register_usage_flags")
    if usage is not None:
        excise, marked = usage & Usage.EXCISE_GOODS, usage & Usage.MARKED_GOODS
        services = bool(usage & Usage.BSO_SYSTEM)
    else:
        excise, marked, services = context.registered("excise_goods_flag"), True, False
    for item, path in _items(document):
        place = f"{path}/item_type"
        if item.item_type in _EXCISE and not excise:
            yield place, 1212, "Касса не зарегистрирована для подакцизных товаров.", "excise goods are not registered"
        if item.item_type in _MARKED and not marked:
            yield (
                place,
                1212,
                "Касса не зарегистрирована для маркированных товаров.",
                "marked goods are not registered",
            )
        if services and item.item_type in _GOODS:
            yield place, 1212, "Касса для БСО не продаёт товары.", "a register of forms (BSO) sells no goods"


@_rule("F18")
def _offline(document: Any, context: Context) -> Iterator[Finding]:
    """Offline: 1056 = 0, 1017 zeros, no 1097, 1098, 1116. Otherwise 1017, 1046, 1060, 1117, 1097, 1098 are required."""
    yield from _required("F18", document, context)
    offline = getattr(document, "offline_mode_flag", None)
    if offline is None:
        offline = context.registered("offline_mode_flag")
    if not offline:
        return
    if getattr(document, "encryption_flag", None):
        yield "encryption_flag", 1056, "В автономном режиме шифрования нет.", "offline mode has no encryption"
    inn = getattr(document, "ofd_inn", None)
    if inn not in (None, _ZEROS):
        yield "ofd_inn", 1017, "В автономном режиме ИНН ОФД — нули.", f"twelve zeros expected, {inn!r} given"
    for name in ("unsent_document_count", "first_unsent_document_date", "first_unsent_document_number"):
        if getattr(document, name, None) is not None:
            yield (
                name,
                tag_of(name).number,
                "В автономном режиме этого реквизита нет.",
                "offline registers send nothing",
            )


@_rule("F20", forms=_RECEIPTS)
def _left_out(document: Any, context: Context) -> Iterator[Finding]:
    """A receipt may leave out 1048, 1018, 1009, 1187, 1060, 1117, 1036 only when the registration report has them."""
    yield from _required("F20", document, context)


@_rule("F21", basis="order; delivery trade cannot be seen", weak=True, forms=_RECEIPTS)
def _declared_place(document: Any, context: Context) -> Iterator[Finding]:
    """1009 and 1187 are the declared place, except delivery trade (which no document shows) and automatic devices."""
    if context.registered("automatic_mode_flag") or document.internet_settlement_flag:
        return
    for name in ("settlement_address", "settlement_place"):
        own, declared = getattr(document, name), context.registered(name)
        if own and declared and own.strip() != declared.strip():
            tag = tag_of(name).number
            yield name, tag, "Место расчётов отличается от заявленного.", f"{own!r}, declared is {declared!r}"


# ── corrections, what goes together, check digits ─────────────────────────────────────────────────────────────────


@_rule("F17", forms=_CORRECTIONS)
def _correction(document: Any, context: Context) -> Iterator[Finding]:
    """1178 is a date not later than the correction; 1173 is 0 or 1; 1179 is present when 1173 = 1."""
    basis, kind = document.correction_basis, document.correction_type
    if kind not in (None, 0, 1):
        yield "correction_type", 1173, "Тип коррекции: 0 или 1.", f"{int(kind)} given"
    yield from _required("F17", document, context)
    if basis is None:
        return
    day, moment = wall_clock(basis, "corrected_settlement_date"), wall_clock(document, "document_datetime")
    if day is not None and moment is not None and day > moment:
        yield (
            "correction_basis/corrected_settlement_date",
            1178,
            "Корректируемый расчёт позже самой коррекции.",
            f"{day.date()} is after {moment}",
        )
    if day is not None and day != day.replace(hour=0, minute=0, second=0):
        yield (
            "correction_basis/corrected_settlement_date",
            1178,
            "Нужна дата без времени.",
            f"{day} has a time of day",
        )
    if kind == 1 and not basis.correction_order_number:
        yield (
            "correction_basis/correction_order_number",
            1179,
            "Не указан номер предписания.",
            "a correction by order names it",
        )


@_rule("F22", basis="two sources")
def _attribute_whole(document: Any, context: Context) -> Iterator[Finding]:
    """1085 and 1086 stand together in 1084."""
    attribute = getattr(document, "user_attribute", None)
    if attribute is not None and not (attribute.user_attribute_name and attribute.user_attribute_value):
        yield "user_attribute", 1084, "Нужны и название, и значение реквизита.", "1085 and 1086 stand together"


@_rule("F23", basis="two sources")
def _one_code(document: Any, context: Context) -> Iterator[Finding]:
    """1163 holds exactly one member."""
    for fields, path, code in _walk(document):
        if code == 1163 and (count := sum(1 for _ in _set(fields)) + len(fields.kept)) != 1:
            yield path, 1163, "Нужен ровно один код товара.", f"{count} members, exactly one expected"


@_rule("F24", basis="two sources")
def _fraction(document: Any, context: Context) -> Iterator[Finding]:
    """1291 only with 2108 = 0 and 1023 = 1; 1293 is less than 1294, both natural."""
    for item, path in [*_items(document), (document, "")]:
        fraction = getattr(item, "item_fractional_quantity", None)
        if fraction is None:
            continue
        place = _join(path, "item_fractional_quantity")
        top, bottom = fraction.fraction_numerator, fraction.fraction_denominator
        if None in (top, bottom) or not 0 < top < bottom:
            yield place, 1291, "Числитель должен быть меньше знаменателя.", f"{top}/{bottom} is not a proper fraction"
        several = _counts(item.item_quantity) and item.item_quantity != 1
        if item.item_quantity_measure not in (None, 0) or several:
            yield place, 1291, "Дробное количество только для одной штуки.", "1291 goes with 2108 = 0 and 1023 = 1"


@_rule("F25", basis="two sources")
def _foreign_tags(document: Any, context: Context) -> Iterator[Finding]:
    """No tag that the edition does not have there, or did not have yet on that day."""
    edition, moment = context.edition(document), context.moment(document)
    for fields, path, code in _walk(document, code=document.CODE):
        allowed = presence.rows(code, edition)
        for name, _ in _set(fields):
            tag = tag_of(name).number
            if tag in allowed and moment is not None and moment.date().isoformat() < allowed[tag].since:
                message = f"Реквизита «{TAGS[tag].name_ru}» на эту дату ещё не было."
                yield _join(path, name), tag, message, f"tag {tag} exists from {allowed[tag].since}", True
            if tag not in allowed and not (document.CODE == 7 and tag in (1068, 1022)):  # operators still send them
                yield (
                    _join(path, name),
                    tag,
                    f"Реквизита «{TAGS[tag].name_ru}» нет в этой версии формата.",
                    f"tag {tag} does not belong here in {Edition(edition).title}",
                )


@_rule("F26", basis="two sources", forms=_RECEIPTS)
def _internet(document: Any, context: Context) -> Iterator[Finding]:
    """1125 = 1: 1187 holds the site, 1008 the buyer's contact."""
    if not document.internet_settlement_flag:
        return
    if not document.buyer_contact or document.buyer_contact == "none":
        yield "buyer_contact", 1008, "Расчёт в интернете: нужен контакт покупателя.", "1125 = 1 needs 1008"
    place = document.settlement_place
    if not place and context.added(1187, document.CODE):
        yield "settlement_place", 1187, "Расчёт в интернете: нужен адрес сайта.", "1125 = 1 needs the site in 1187"
    elif place and "." not in place:
        message = "Расчёт в интернете: место расчётов должно содержать адрес сайта."
        yield "settlement_place", 1187, message, f"{place!r} does not look like the address of a site", True


@_rule("F27", basis="inferred", weak=True, forms=_RECEIPTS)
def _cashless(document: Any, context: Context) -> Iterator[Finding]:
    """1234 only when 1081 is not 0; the sum of 1082 is 1081."""
    payments = getattr(document, "cashless_payments", None)
    if payments is None:
        return
    total = sum(one.cashless_payment_amount or 0 for one in payments.cashless_payments_list)
    if not document.cashless_total or total != document.cashless_total:
        yield (
            "cashless_payments",
            1234,
            "Сведения о безналичных оплатах не равны сумме безналичными.",
            f"payments add up to {total}, 1081 is {document.cashless_total or 0}",
        )


@_rule("F28", basis="two sources", forms=_RECEIPTS)
def _vat_entries(document: Any, context: Context) -> Iterator[Finding]:
    """1115 holds one 1119 per rate, rates 7 to 12 only."""
    amounts = document.receipt_vat_amounts
    seen: set[int] = set()
    for index, entry in enumerate(amounts.receipt_vat_entries if amounts else ()):
        place = f"receipt_vat_amounts/receipt_vat_entries[{index}]"
        if entry.vat_rate is not None and not 7 <= entry.vat_rate <= 12:
            yield (
                place,
                1119,
                "Эта ставка НДС указывается в своём реквизите.",
                f"rate {int(entry.vat_rate)} has its own tag",
            )
        if entry.vat_rate is not None and entry.vat_rate in seen:
            yield place, 1119, "Ставка НДС повторяется.", f"rate {int(entry.vat_rate)} occurs twice"
        seen.add(entry.vat_rate)


@_rule("F30", basis="two sources")
def _check_digits(document: Any, context: Context) -> Iterator[Finding]:
    """Check digits of INN and registration number; drives for development skip them."""
    drive = getattr(document, "fiscal_drive_number", None) or context.registered("fiscal_drive_number") or ""
    test = drive.startswith("9999")  # development drives skip the check digits
    for fields, path, _ in _walk(document):
        for name, value in _set(fields):
            row = tag_of(name)
            if row.kind != "inn" or check_inn(value):
                continue
            if value == _ZEROS and row.number in (1017, 1226, 1228):
                continue
            yield _join(path, name), row.number, "Неверный ИНН.", f"{value!r} is not an INN", test
    if document.CODE in (1, 11) and document.user_inn and document.register_registration_number:
        number, serial = document.register_registration_number, document.register_serial_number or ""
        if not check_registration_number(number, document.user_inn, serial):
            yield (
                "register_registration_number",
                1037,
                "Регистрационный номер не подходит к ИНН и заводскому номеру.",
                f"{number!r} was not made for {document.user_inn} and {serial!r}",
                test or not serial.isdigit(),
            )
