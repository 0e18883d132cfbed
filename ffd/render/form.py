"""What stands on paper, row by row, whatever it is printed on: the order's headers, order and print rules.

`rows` gives the printed form of any document. Receipts and corrections have a layout of their own; the others are
printed tag by tag in the order of the presence table, which knows what paper wants of each tag. Rules kept here
(order of the tax service, part "printed form"): flags of value 0, sums of kinds of payment that are zero, the method
"full payment", the contact `none` are not printed; a flag prints its header alone; several tax systems stand with
commas; money has two decimals.

Paper may need what the electronic document leaves out because the operator already has it (name, address, place),
and what never is in it: change, control codes of marked goods, the shop's own lines. `Beside` carries those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from ffd import presence
from ffd.documents import CorrectionDocument, Document, ReceiptDocument
from ffd.enums import ITEM_CHECK_PRINT, OperatorMessage, Usage
from ffd.errors import EncodeError
from ffd.fields import REPEATED, Fields, tag_of
from ffd.qr import qr_line
from ffd.structures import ItemFields, TotalCounters, UnsentCounters
from ffd.tags import TAGS
from ffd.words import date, plain, quantity, roubles, value_in_words, vat_sum_header

__all__ = ["Beside", "Row", "Style", "caption", "rows"]


class Style(StrEnum):
    """How a row is set."""

    PAIR = "pair"  # header on the left, value on the right
    NOTE = "note"  # running text from the left
    ITEM = "item"  # the name of a position: a note with some air above
    CENTRE = "centre"
    TITLE = "title"  # centred and strong
    HEAD = "head"  # a strong line over a group of rows
    TOTAL = "total"  # a pair, large
    RULE = "rule"
    QR = "qr"  # `left` is the line inside the code


class Row(msgspec.Struct, frozen=True):
    """One row of the printed form."""

    style: Style
    left: str = ""
    right: str = ""


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What paper shows and the document does not hold."""

    registration: Document | None = None  # last registration or change report: name, address, place, serial number
    control_codes: tuple[str, ...] = ()  # 2115 of each item, empty where it has none
    tendered: int | None = None  # kopecks the buyer put down in cash
    header: tuple[str, ...] = ()  # the shop's own lines above and below
    footer: tuple[str, ...] = ()


HARD_BLANK = "\N{NO-BREAK SPACE}"
_RULE = Row(Style.RULE)
_ZEROS = "000000000000"  # stands for an INN that does not exist
_SUMS = ("cash_total", "cashless_total", "prepayment_total", "credit_total", "barter_total")
_VAT_SUMS = (
    "receipt_vat_20_amount",
    "receipt_vat_10_amount",
    "receipt_vat_0_turnover",
    "receipt_no_vat_turnover",
    "receipt_vat_20_120_amount",
    "receipt_vat_10_110_amount",
)
_PLACE = ("user_name", "settlement_address", "user_inn", "settlement_place")
_NUMBERS = ("shift_number", "receipt_number_in_shift")
_SIGNED = ("fiscal_drive_number", "fiscal_document_number", "document_fiscal_sign")  # what ends every document
# Words for tags that may be printed and have no header in the order's tables. Ours, easily changed.
_HEADERS = {
    1157: "СЧЕТЧИКИ ИТОГОВ ФН",
    1194: "СЧЕТЧИКИ ИТОГОВ СМЕНЫ",
    1225: "ПОСТАВЩИК",
    2104: "НЕПЕРЕДАННЫХ УВЕДОМЛЕНИЙ",
    2112: "НЕКОРРЕКТНЫЕ КОДЫ МАРКИРОВКИ",
    2113: "НЕКОРРЕКТНЫЕ ЗАПРОСЫ И УВЕДОМЛЕНИЯ",
}
# Bits of 1290 take the header of the flag that said the same before FFD 1.2; the newer ones have words of ours.
_USAGE: dict[Usage, str] = {
    Usage.PRINTER_IN_MACHINE: TAGS[1221].header,
    Usage.BSO_SYSTEM: TAGS[1110].header,
    Usage.INTERNET_ONLY: TAGS[1108].header,
    Usage.EXCISE_GOODS: TAGS[1207].header,
    Usage.MARKED_GOODS: "МАРКИРОВАННЫЕ ТОВАРЫ",
    Usage.SERVICES_ONLY: TAGS[1109].header,
    Usage.GAMBLING: TAGS[1193].header,
    Usage.LOTTERY: TAGS[1126].header,
    Usage.PAWNSHOP: "ЛОМБАРД",
    Usage.INSURANCE: "СТРАХОВАНИЕ",
    Usage.VENDING_MACHINE: "ТОРГОВЫЙ АВТОМАТ",
    Usage.CATERING: "ОБЩЕСТВЕННОЕ ПИТАНИЕ",
    Usage.WHOLESALE_ORGANIZATIONS: "ОПТОВАЯ ТОРГОВЛЯ",
}
_OPERATIONS = {1129: 1, 1130: 2, 1131: 3, 1132: 4, 1145: 1, 1146: 3, 1232: 2, 1233: 4}
_OPERATION_MARK = "<признак расчета>"


def rows(document: Document, beside: Beside | None = None) -> tuple[Row, ...]:
    """The printed form of a document, top to bottom."""
    known = beside or Beside()
    body = _receipt if isinstance(document, ReceiptDocument | CorrectionDocument) else _report
    own = [Row(Style.CENTRE, plain(line)) for line in known.header]
    end = [Row(Style.CENTRE, plain(line)) for line in known.footer]
    return (*own, *body(document, known), *([_RULE] if end else []), *end)


def caption(document: Document) -> str:
    """What a window, a file's properties or a mail may call the document."""
    number = getattr(document, "fiscal_document_number", None)
    return document.title.capitalize() + (f" № {number}" if number is not None else "")


# ── receipts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _receipt(document: Any, known: Beside) -> Iterator[Row]:
    yield from _place(document, known)
    yield Row(Style.TITLE, document.title.upper())
    if document.operation_type is not None:
        yield Row(Style.TITLE, _word("operation_type", document.operation_type))
    yield from _pairs(document, "correction_type")
    yield from _basis(document)
    yield _RULE
    for index, item in enumerate(document.items):
        code = known.control_codes[index] if index < len(known.control_codes) else ""
        yield from _item(item, code, document.document_datetime)
    if document.items:
        yield _RULE
    yield from _money(document, known)
    yield _RULE
    yield from _pairs(document, "applied_tax_system")
    yield from _people(document)
    yield from _agent(document)
    yield from _attributes(document)
    yield from _numbers(document)
    yield from _end(document, known)
    line = _qr(document)
    if line:
        yield Row(Style.QR, line)


def _place(document: Any, known: Beside) -> Iterator[Row]:
    values = {name: _value(document, known, name) for name in _PLACE}
    if values["user_name"]:
        yield Row(Style.CENTRE, plain(values["user_name"]))
    if values["settlement_address"]:
        yield Row(Style.CENTRE, plain(values["settlement_address"]))
    for name in ("settlement_place", "user_inn"):
        if values[name]:
            yield _pair(name, values[name])


def _value(document: Any, known: Beside, name: str) -> Any:
    """An attribute, or what the registration report says when the electronic form leaves it out."""
    found = getattr(document, name, None)
    return found if found is not None else getattr(known.registration, name, None)


def _pair(name: str, value: Any) -> Row:
    row = tag_of(name)
    return Row(Style.PAIR, row.header or _HEADERS.get(row.number, row.name_ru.upper()), value_in_words(row, value))


def _pairs(fields: Any, *names: str) -> Iterator[Row]:
    """Header and value of the attributes that are there."""
    for name in names:
        value = getattr(fields, name, None)
        several = value if name in REPEATED else (value,)
        for one in several or ():
            if one is not None:
                yield _pair(name, one)


def _word(name: str, value: int) -> str:
    return value_in_words(tag_of(name), int(value))


def _basis(document: Any) -> Iterator[Row]:
    basis = getattr(document, "correction_basis", None)
    if basis is None:
        return
    day = "" if basis.corrected_settlement_date is None else date(basis.corrected_settlement_date)
    number = f"№ {plain(basis.correction_order_number)}" if (basis.correction_order_number or "").strip() else ""
    yield Row(Style.PAIR, TAGS[1174].header, f"{day} {number}".strip())


def _item(item: ItemFields, control_code: str, moment: datetime | None) -> Iterator[Row]:
    yield Row(Style.ITEM, f"{plain(item.item_name or '')}{_mark(item, control_code)}")
    if item.item_payment_method is not None and item.item_payment_method != 4:
        yield Row(Style.NOTE, _word("item_payment_method", item.item_payment_method))
    yield Row(Style.PAIR, _reckoning(item), "" if item.item_total is None else f"={roubles(item.item_total)}")
    if item.item_fractional_quantity is not None:
        part = item.item_fractional_quantity
        yield Row(Style.PAIR, TAGS[1292].header, f"{part.fraction_numerator}/{part.fraction_denominator}")
    if item.vat_rate is not None:
        amount = "" if item.item_vat_amount is None else roubles(item.item_vat_amount)
        yield Row(Style.PAIR, _of_its_day(_word("vat_rate", item.vat_rate), moment), amount)
    yield from _item_details(item)


def _of_its_day(words: str, moment: datetime | None) -> str:
    """A rate as it was called: until the end of 2018 the codes of 20% and 20/120 meant 18% and 18/118."""
    if moment is None or moment.year >= 2019:
        return words
    return words.replace("20%", "18%").replace("20/120", "18/118")


def _mark(item: ItemFields, control_code: str) -> str:
    """The sign of a marked position: by 2106, or as 1.05 and 1.1 have it for any recognised code."""
    sign = ""
    if item.item_check_result is not None:
        sign = ITEM_CHECK_PRINT.get(int(item.item_check_result), ("[М]", ""))[0]
    elif (item.item_product_code_bytes or b"")[:2] == b"DM":
        sign = "[М]"
    both = HARD_BLANK.join(filter(None, (sign, plain(control_code))))
    return f" {both}" if both else ""


def _reckoning(item: ItemFields) -> str:
    unit = item.item_unit_text or _word("item_quantity_measure", item.item_quantity_measure or 0)
    number = "" if item.item_quantity is None else quantity(item.item_quantity)
    price = "" if item.item_unit_price is None else roubles(item.item_unit_price)
    return f"{price} х {number} {plain(unit)}".rstrip()


def _item_details(item: ItemFields) -> Iterator[Row]:
    if item.item_type is not None and item.item_type not in (1, 30, 31, 32, 33):
        yield Row(Style.NOTE, _word("item_type", item.item_type))
    yield from _pairs(item, "item_excise_amount", "item_origin_country_code", "item_customs_declaration_number")
    for name in ("product_code_f3", "product_code_f6"):
        yield from _pairs(item.item_product_code, name)
    if item.item_agent_flags:
        yield Row(Style.NOTE, _word("item_agent_flags", item.item_agent_flags))
    yield from _agent(item.agent_data)
    yield from _pairs(item.supplier_data, "supplier_name")
    if item.supplier_inn != _ZEROS:
        yield from _pairs(item, "supplier_inn")
    yield from _pairs(item.supplier_data, "supplier_phones")
    if item.item_extra_attribute:
        yield Row(Style.NOTE, plain(item.item_extra_attribute))


def _money(document: Any, known: Beside) -> Iterator[Row]:
    if document.receipt_total is not None:
        yield Row(Style.TOTAL, TAGS[1020].header, f"={roubles(document.receipt_total)}")
    for name in _SUMS:
        if getattr(document, name):
            yield _pair(name, getattr(document, name))
    if known.tendered is not None and 0 < (document.cash_total or 0) <= known.tendered:
        yield Row(Style.PAIR, "ПОЛУЧЕНО", roubles(known.tendered))
        yield Row(Style.PAIR, "СДАЧА", roubles(known.tendered - document.cash_total))
    for name in _VAT_SUMS:
        if getattr(document, name):
            header = _of_its_day(tag_of(name).header, document.document_datetime)
            yield Row(Style.PAIR, header, roubles(getattr(document, name)))
    amounts = document.receipt_vat_amounts
    for entry in amounts.receipt_vat_entries if amounts else ():
        if entry.vat_rate is not None:
            yield Row(Style.PAIR, vat_sum_header(entry.vat_rate), roubles(entry.vat_amount or 0))


def _people(document: Any) -> Iterator[Row]:
    yield from _pairs(document, "cashier_name")
    contact = document.buyer_contact
    if contact and contact != "none":
        header = "ЭЛ. АДР. ПОКУПАТЕЛЯ" if "@" in contact else TAGS[1008].header
        yield Row(Style.PAIR, header, plain(contact))
    for fields in (document, document.buyer_info):
        yield from _pairs(fields, "buyer_name", "buyer_inn", "buyer_address")


def _agent(fields: Any) -> Iterator[Row]:
    """Agent data of an item (1223), or of a receipt before FFD 1.2."""
    if getattr(fields, "agent_flags", None):
        yield Row(Style.NOTE, _word("agent_flags", fields.agent_flags))
    yield from _pairs(
        fields,
        "transfer_operator_name",
        "transfer_operator_address",
        "transfer_operator_inn",
        "transfer_operator_phones",
        "payment_agent_operation",
        "payment_agent_phones",
        "payment_acceptance_operator_phones",
    )
    if isinstance(fields, Document):
        yield from _pairs(fields, "supplier_phones")


def _attributes(document: Any) -> Iterator[Row]:
    if document.marked_items_check_result == 1:
        yield Row(Style.NOTE, _word("marked_items_check_result", 1))
    own = document.user_attribute
    if own is not None:
        yield Row(Style.PAIR, plain(own.user_attribute_name or ""), plain(own.user_attribute_value or ""))
    if document.receipt_extra_attribute:
        yield Row(Style.NOTE, plain(document.receipt_extra_attribute))
    yield from _mail(document)
    yield from _pairs(document, "tax_authority_website")


def _mail(document: Any) -> Iterator[Row]:
    if document.receipt_sender_email not in (None, "none"):
        yield _pair("receipt_sender_email", document.receipt_sender_email)


def _numbers(document: Any) -> Iterator[Row]:
    yield from _pairs(document, "machine_number")
    both = [f"{tag_of(name).header} {number}" for name in _NUMBERS if (number := getattr(document, name)) is not None]
    if both:
        yield Row(Style.PAIR, both[0], both[-1] if len(both) > 1 else "")


def _end(document: Any, known: Beside) -> Iterator[Row]:
    """Moment, numbers and sign: what a receipt is checked by."""
    if getattr(document, "document_datetime", None) is not None:
        yield Row(Style.PAIR, "ДАТА И ВРЕМЯ", value_in_words(TAGS[1012], document.document_datetime))
    number = _value(document, known, "register_registration_number")
    if number is not None:
        yield _pair("register_registration_number", number)
    yield from _pairs(document, *_SIGNED)


def _qr(document: Any) -> str:
    """The line of the QR code, empty when the document is not yet a fiscal one."""
    parts = (
        document.document_datetime,
        document.receipt_total,
        document.fiscal_drive_number,
        document.fiscal_document_number,
        document.fiscal_sign,
        document.operation_type,
    )
    if None in parts:
        return ""
    try:
        return qr_line(*parts)
    except EncodeError:  # numbers that no real document has
        return ""


# ── all other documents ───────────────────────────────────────────────────────────────────────────────────────────


def _report(document: Any, known: Beside) -> Iterator[Row]:
    yield from _place(document, known)
    yield Row(Style.TITLE, document.title.upper())
    yield _RULE
    printed = presence.rows(document.CODE, presence.edition_of(document.edition))
    done = {*_PLACE, *_SIGNED, "register_registration_number", "document_datetime"}
    if not getattr(document, "unsent_document_count", None):
        done.add("first_unsent_document_date")
    tags = type(document).tags()
    for name in sorted(tags, key=lambda one: tags[one].number in _TOTALS):
        row, value = tags[name], getattr(document, name)
        allowed = printed.get(row.number)
        if name in done or value is None or value == () or (allowed is not None and not allowed.printed):
            continue
        if allowed is not None or row.number not in _NEVER:
            yield from _tag(name, value)
    yield _RULE
    yield from _end(document, known)


_NEVER = frozenset((1209, 1203, *range(1274, 1284)))  # electronic only, whatever the table of an edition says


_TOTALS = frozenset((1157, 1158, 1194))  # long: they stand last


def _tag(name: str, value: Any) -> Iterator[Row]:
    row = tag_of(name)
    special = _SPECIAL.get(row.number)
    if special is not None:
        yield from special(name, value)
    elif row.kind == "bool":
        if value:
            yield Row(Style.NOTE, row.header)
    elif isinstance(value, Fields):
        yield from _structure(name, value)
    elif name in REPEATED:
        for one in value:
            yield from _structure(name, one) if isinstance(one, Fields) else (_pair(name, one),)
    else:
        yield _pair(name, value)


def _structure(name: str, value: Fields) -> Iterator[Row]:
    row = tag_of(name)
    yield Row(Style.HEAD, row.header or _HEADERS.get(row.number, row.name_ru.upper()))
    for inner in type(value).tags():
        one = getattr(value, inner)
        if one is not None and one != ():
            yield from _tag(inner, one)


def _counters(name: str, value: Any) -> Iterator[Row]:
    """Counters of one operation under its name; one that did not happen has one row."""
    operation = _word("operation_type", _OPERATIONS[tag_of(name).number])
    count = value.counter_receipt_count
    if count == 0:
        yield Row(Style.PAIR, TAGS[1135].header.replace(_OPERATION_MARK, operation), "0")
        return
    yield Row(Style.HEAD, operation)
    rows_of = type(value).tags()
    for inner in ("counter_receipt_count", *(one for one in rows_of if one != "counter_receipt_count")):
        if getattr(value, inner):
            words = rows_of[inner].header.replace(_OPERATION_MARK, "").upper().split()
            yield Row(Style.PAIR, " ".join(words), value_in_words(rows_of[inner], getattr(value, inner)))


def _totals(name: str, value: TotalCounters | UnsentCounters) -> Iterator[Row]:
    yield _RULE
    yield from _structure(name, value)


def _usage(name: str, value: int) -> Iterator[Row]:
    for bit, header in _USAGE.items():
        if value & bit:
            yield Row(Style.NOTE, header)


def _messages(name: str, value: int) -> Iterator[Row]:
    for bit in OperatorMessage:
        if value & bit:
            yield Row(Style.NOTE, (bit.printed or bit.title).upper())


def _bits(name: str, value: int) -> Iterator[Row]:
    if value:
        yield _pair(name, value)


def _unless_none(name: str, value: str) -> Iterator[Row]:
    if value != "none":
        yield _pair(name, value)


def _days(name: str, value: int) -> Iterator[Row]:
    yield Row(Style.PAIR, tag_of(name).header, f"{value} ДН.")


_SPECIAL: dict[int, Callable[[str, Any], Iterator[Row]]] = {
    1057: _bits,
    1117: _unless_none,
    **dict.fromkeys(_OPERATIONS, _counters),
    **dict.fromkeys(_TOTALS, _totals),
    1206: _messages,
    1213: _days,
    1290: _usage,
    2112: _bits,
    2113: _bits,
}
