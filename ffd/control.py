"""Format-logic control of whole documents: rules F01 to F32 of the order, presence and sets of values.

`check` names every violation with its code, path (`receipt/items[2]/item_total`), tag, a Russian text for a cashier
and an English one for a developer. A document can be checked as a request, before register and drive have added
their tags, or whole. What rests on a weak source is a warning; `without` switches any code off.

    F04 F10 F14 F19   what must be there          F01 F02 F03 F27 F28   sums
    F05 F06 F07 F11 V01   values                  F08 F29 F31 F32       order in time
    F09   lengths                                 F12 F13               agents
    F15 F16 F18 F20 F21   what was registered     F17                   corrections
    F22 F23 F24 F25 F26   what goes together      F30                   check digits
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from ffd import presence
from ffd.documents import Document, size_max
from ffd.enums import SETS, Agent, DocumentCode, Edition, Subject, TaxSystem, Usage
from ffd.errors import DecodeError, EncodeError, Violation
from ffd.fields import REPEATED, Fields, tag_of
from ffd.ids import check_inn, check_registration_number
from ffd.presence import Supplier
from ffd.tags import TAGS, Type
from ffd.tlv import value as plain_value

__all__ = ["WEAK", "Context", "check"]

# Rules whose source is not the order itself; their violations are warnings.
WEAK = frozenset(("F15", "F21", "F27"))
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
_VAT_TAGS = (
    "receipt_vat_20_amount",
    "receipt_vat_10_amount",
    "receipt_vat_0_turnover",
    "receipt_no_vat_turnover",
    "receipt_vat_20_120_amount",
    "receipt_vat_10_110_amount",
    "receipt_vat_amounts",
)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside the document. Rules that need what is absent keep silent."""

    registration: Document | None = None  # the last registration or change report of the drive
    previous: Document | None = None  # the document before this one on the drive
    now: datetime | None = None  # the exact time of the settlement place, naive
    whole: bool = True  # False: a request, without what register and drive add

    def registered(self, attribute: str) -> Any:
        """An attribute of the registration report, None when unknown."""
        return getattr(self.registration, attribute, None)


def check(
    document: Document, context: Context | None = None, *, without: AbstractSet[str] = frozenset()
) -> tuple[Violation, ...]:
    """Every violation of `document` in `context`, apart from the codes `without`."""
    known = context or Context()
    root = DocumentCode(document.CODE).name.lower()
    found: list[Violation] = []
    for code, rule in RULES:
        if code in without:
            continue
        for path, tag, message_ru, message_en, *weak in rule(document, known):
            found.append(
                Violation(
                    code=code,
                    path=f"{root}/{path}" if path else root,
                    tag=tag,
                    message_ru=message_ru,
                    message_en=message_en,
                    warning=code in WEAK or bool(weak and weak[0]),
                )
            )
    return tuple(found)


# A finding: path, tag, Russian, English and, when it is only a warning, True.
Finding = tuple[Any, ...]
Rule = Callable[[Any, Context], Iterator[Finding]]
RULES: list[tuple[str, Rule]] = []


def _rule(code: str, *, forms: AbstractSet[int] = frozenset()) -> Callable[[Rule], Rule]:
    """Enters a rule into the table; with `forms` it only sees documents of those codes."""

    def enter(rule: Rule) -> Rule:
        def only(document: Document, context: Context) -> Iterator[Finding]:
            return rule(document, context) if not forms or document.CODE in forms else iter(())

        RULES.append((code, only))
        return rule

    return enter


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


def _edition(document: Document, context: Context) -> int:
    version = document.edition
    return presence.edition_of(context.registered("ffd_version") if version is None else version)


# ── sums ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F01", forms=_RECEIPTS)
def _payments(document: Any, context: Context) -> Iterator[Finding]:
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


def _items(document: Any) -> Iterator[tuple[Any, str]]:
    for name in ("items", "marked_items"):
        for index, item in enumerate(getattr(document, name, ())):
            yield item, f"{name}[{index}]"


@_rule("F03")
def _item_total(document: Any, context: Context) -> Iterator[Finding]:
    for item, path in _items(document):
        if None in (item.item_total, item.item_unit_price, item.item_quantity):
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
    if context.whole and all(getattr(document, name) is None for name in _VAT_TAGS):
        yield "", 1105, "В чеке нет ни одной суммы НДС.", "none of 1102 to 1107 and 1115 is present"


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F05", forms=_RECEIPTS | {82})
def _operation(document: Any, context: Context) -> Iterator[Finding]:
    operation = document.operation_type
    if operation is None:
        return
    allowed: tuple[int, ...] = (1, 2, 3, 4)
    if document.CODE in _CORRECTIONS and _edition(document, context) == Edition.FFD_1_05:
        allowed = (1, 3)
    if operation not in allowed:
        yield "operation_type", 1054, "Недопустимый признак расчёта.", f"{int(operation)} is not one of {allowed}"


@_rule("F06")
def _one_tax_system(document: Any, context: Context) -> Iterator[Finding]:
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
    moment = getattr(document, "document_datetime", None)
    if ended and moment is not None and moment.date().isoformat() > ended:
        yield "applied_tax_system", 1055, "Эта система налогообложения больше не применяется.", f"it ended on {ended}"


@_rule("F07")
def _one_agent(document: Any, context: Context) -> Iterator[Finding]:
    flags = [(getattr(document, "agent_flags", None), "agent_flags", 1057)] if document.CODE in _RECEIPTS else []
    flags += [(item.item_agent_flags, f"{path}/item_agent_flags", 1222) for item, path in _items(document)]
    for value, path, tag in flags:
        if value is not None and value not in map(int, Agent):
            yield path, tag, "Нужен ровно один признак агента.", f"{int(value):#x} is not one known bit"


@_rule("F11")
def _vat_in_force(document: Any, context: Context) -> Iterator[Finding]:
    moment = getattr(document, "document_datetime", None) or context.now
    if moment is None:
        return
    today = moment.date().isoformat()
    rates = [(item.vat_rate, f"{path}/vat_rate", item) for item, path in _items(document)]
    amounts = getattr(document, "receipt_vat_amounts", None)
    for index, entry in enumerate(amounts.receipt_vat_entries if amounts else ()):
        rates.append((entry.vat_rate, f"receipt_vat_amounts/receipt_vat_entries[{index}]/vat_rate", None))
    supply = document.CODE in (3, 4) and document.operation_type in (1, 3)
    for rate, path, item in rates:
        since = getattr(rate, "since", "")
        if since and today < since:
            yield path, 1199, "Эта ставка НДС ещё не действовала.", f"{rate.name} is used from {since}"
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
    for fields, path, _ in _walk(document):
        for name, value in _set(fields):
            row = tag_of(name)
            if row.enum not in SETS or row.type is Type.STRING:
                continue
            members = SETS[row.enum]
            for one in value if name in REPEATED else (value,):
                bits = row.type is Type.BITS or row.kind.startswith("bitmask")
                known = sum(members) if bits else None
                good = not one & ~known if known is not None else one in members._value2member_map_
                if not good:
                    yield _join(path, name), row.number, "Недопустимое значение.", f"{int(one)} is not in the set"


# ── lengths ───────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F09")
def _lengths(document: Any, context: Context) -> Iterator[Finding]:
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
            if row.kind == "digits" and row.number != 1037 and not (value.isdigit() and len(value) == row.length):
                yield (
                    _join(path, name),
                    row.number,
                    f"Нужно {row.length} цифр.",
                    f"{value!r} is not {row.length} digits",
                )
    size = len(document.encode_fields()) + 4 if _encodes(document) else 0
    limit = size_max(document.CODE, _edition(document, context))
    if size > limit:
        yield "", None, "Документ слишком велик.", f"{size} bytes, at most {limit} allowed"


def _wrong(size: int, length: int, *, exact: bool) -> bool:
    return size != length if exact else size > length


def _encodes(document: Document) -> bool:
    try:
        document.encode_fields()
    except EncodeError:
        return False
    return True


# Bytes that have no place at all are an EncodeError when written; a request built by hand hears of them here.
@_rule("C01")
def _representable(document: Any, context: Context) -> Iterator[Finding]:
    try:
        document.encode_fields()
    except EncodeError as error:
        yield error.path, None, "Недопустимое значение реквизита.", error.message


# ── presence ──────────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F10")
def _presence(document: Any, context: Context) -> Iterator[Finding]:
    edition = _edition(document, context)
    moment = getattr(document, "document_datetime", None) or context.now
    for fields, path, code in _walk(document, code=document.CODE):
        names = {row.number: name for name, row in type(fields).tags().items()}
        for tag, row in presence.rows(code, edition).items():
            if row.electronic != 1 or tag not in names or tag in (1199, 1030):
                continue
            if not context.whole and presence.supplier(tag) is not Supplier.HOST:
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


@_rule("F14", forms=_RECEIPTS)
def _item_basics(document: Any, context: Context) -> Iterator[Finding]:
    if not document.items and not (document.CODE in _CORRECTIONS and _edition(document, context) == Edition.FFD_1_05):
        yield "items", 1059, "В чеке нет ни одной позиции.", "at least one item is needed"
    for item, path in _items(document):
        if not item.item_name:
            weak = item.item_payment_method == 3  # the first edition excused advances
            yield f"{path}/item_name", 1030, "Не указано наименование.", "the name is missing", weak


@_rule("F19", forms=_RECEIPTS | {1, 11, 2, 5, 6})
def _automatic(document: Any, context: Context) -> Iterator[Finding]:
    own = getattr(document, "automatic_mode_flag", None)
    automatic = context.registered("automatic_mode_flag") if own is None else own
    if automatic and document.CODE in (1, 11) and not document.machine_number:
        yield "machine_number", 1036, "Не указан номер автомата.", "1001 = 1 requires 1036"
    if automatic is False and document.CODE in _RECEIPTS and not document.cashier_name:
        yield "cashier_name", 1021, "Не указан кассир.", "only automatic devices work without a cashier"


# ── order in time ─────────────────────────────────────────────────────────────────────────────────────────────────


@_rule("F08")
def _continuous(document: Any, context: Context) -> Iterator[Finding]:
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
    moment = getattr(document, "document_datetime", None)
    if moment is None or document.CODE in (7, 84):
        return
    earlier = getattr(context.previous, "document_datetime", None)
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
    first, moment = document.first_unsent_document_date, document.document_datetime
    if None in (first, moment) or not document.unsent_document_count:
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


@_rule("F15", forms=_RECEIPTS)
def _offline_codes(document: Any, context: Context) -> Iterator[Finding]:
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
    """What a receipt may leave out only because the registration report has it."""
    if context.registration is None or not context.whole:
        return
    for name in ("user_name", "user_inn"):
        if not getattr(document, name) and not context.registered(name):
            tag = tag_of(name).number
            yield (
                name,
                tag,
                f"Отсутствует реквизит «{TAGS[tag].name_ru}».",
                "neither here nor in the registration report",
            )


@_rule("F21", forms=_RECEIPTS)
def _declared_place(document: Any, context: Context) -> Iterator[Finding]:
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
    basis, kind = document.correction_basis, document.correction_type
    if kind not in (None, 0, 1):
        yield "correction_type", 1173, "Тип коррекции: 0 или 1.", f"{int(kind)} given"
    if basis is None:
        return
    day, moment = basis.corrected_settlement_date, document.document_datetime
    if None not in (day, moment) and day > moment:
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


@_rule("F22")
def _attribute_whole(document: Any, context: Context) -> Iterator[Finding]:
    attribute = getattr(document, "user_attribute", None)
    if attribute is not None and not (attribute.user_attribute_name and attribute.user_attribute_value):
        yield "user_attribute", 1084, "Нужны и название, и значение реквизита.", "1085 and 1086 stand together"


@_rule("F23")
def _one_code(document: Any, context: Context) -> Iterator[Finding]:
    for fields, path, code in _walk(document):
        if code == 1163 and (count := sum(1 for _ in _set(fields)) + len(fields.kept)) != 1:
            yield path, 1163, "Нужен ровно один код товара.", f"{count} members, exactly one expected"


@_rule("F24")
def _fraction(document: Any, context: Context) -> Iterator[Finding]:
    for item, path in [*_items(document), (document, "")]:
        fraction = getattr(item, "item_fractional_quantity", None)
        if fraction is None:
            continue
        place = _join(path, "item_fractional_quantity")
        top, bottom = fraction.fraction_numerator, fraction.fraction_denominator
        if None in (top, bottom) or not 0 < top < bottom:
            yield place, 1291, "Числитель должен быть меньше знаменателя.", f"{top}/{bottom} is not a proper fraction"
        if item.item_quantity_measure not in (None, 0) or item.item_quantity not in (None, Decimal(1)):
            yield place, 1291, "Дробное количество только для одной штуки.", "1291 goes with 2108 = 0 and 1023 = 1"


@_rule("F25")
def _foreign_tags(document: Any, context: Context) -> Iterator[Finding]:
    edition = _edition(document, context)
    for fields, path, code in _walk(document, code=document.CODE):
        allowed = presence.rows(code, edition)
        for name, _ in _set(fields):
            tag = tag_of(name).number
            if tag not in allowed and not (document.CODE == 7 and tag in (1068, 1022)):  # operators still send them
                yield (
                    _join(path, name),
                    tag,
                    f"Реквизита «{TAGS[tag].name_ru}» нет в этой версии формата.",
                    f"tag {tag} does not belong here in {Edition(edition).title}",
                )


@_rule("F26", forms=_RECEIPTS)
def _internet(document: Any, context: Context) -> Iterator[Finding]:
    if not document.internet_settlement_flag:
        return
    if not document.buyer_contact or document.buyer_contact == "none":
        yield "buyer_contact", 1008, "Расчёт в интернете: нужен контакт покупателя.", "1125 = 1 needs 1008"
    if not document.settlement_place and context.whole:
        yield "settlement_place", 1187, "Расчёт в интернете: нужен адрес сайта.", "1125 = 1 needs the site in 1187"


@_rule("F27", forms=_RECEIPTS)
def _cashless(document: Any, context: Context) -> Iterator[Finding]:
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


@_rule("F28", forms=_RECEIPTS)
def _vat_entries(document: Any, context: Context) -> Iterator[Finding]:
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


@_rule("F30")
def _check_digits(document: Any, context: Context) -> Iterator[Finding]:
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
