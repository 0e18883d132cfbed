"""How documents look on paper: text lines from the fields of a document of the drive, and the reports without one.

The words are those of the format's tables (`ffd.tags`, `ffd.enums`); the order is that of the document, with the
title, the owner and the items first. Real firmware has prettier layouts; what a tester looks for is all here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from ffd import tlv
from ffd.documents import sign_number
from ffd.enums import DocumentCode, VatRate
from ffd.errors import FfdError
from ffd.qr import qr_line
from ffd.tags import TAGS
from ffd.tlv import Tlv
from fn_emulator.register.tape import BarCode, Line, Text, centred, columns, wrapped

__all__ = ["document", "money", "report"]

_OWNER = (1048, 1018, 1009, 1187)
_HEAD = frozenset((1041, 1037, 1018, 1048, 1009, 1187, 1012, 1040, 1077, 1054, 1059, 1020))
_FOOT = ((1037, "РН ККТ"), (1041, "ФН"), (1040, "ФД"))
_ITEM_LINE = frozenset((1030, 1023, 1079, 1043))
_PLACEHOLDER = " <признак расчета>"  # of the order's headers; the structure around the field says which it is
_RECEIPTS = frozenset((3, 4, 31, 41))


def money(kopecks: int) -> str:
    """As paper shows it: roubles, a point, two digits."""
    sign, whole = ("-", -kopecks) if kopecks < 0 else ("", kopecks)
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def document(form: int, body: bytes, *, width: int) -> list[Line]:
    """A document of the drive: `body` are its fields. What can't be read as fields stands there as hex."""
    lines: list[Line] = [*centred(DocumentCode(form).title.upper(), width)]
    try:
        fields = tlv.decode(body)
    except FfdError:
        return [*lines, *wrapped(body.hex(), width)]
    first = {field.tag: field for field in reversed(fields)}
    for tag in _OWNER:
        if tag in first:
            text = _value(first[tag])
            lines += centred(f"ИНН {text}" if tag == 1018 else text, width)
    if 1054 in first:
        lines += centred(_value(first[1054]), width)
    for field in fields:
        if field.tag == 1059:
            lines += _item(field, width)
    if 1020 in first:
        lines += columns("ИТОГ", f"={_value(first[1020])}", width, font=2)
    for field in fields:
        if field.tag not in _HEAD:
            lines += _field(field, width, "")
    for tag, name in _FOOT:
        if tag in first:
            lines += columns(name, _value(first[tag]), width)
    lines += _sign(form, first, width)
    return lines


def _sign(form: int, first: dict[int, Tlv], width: int) -> list[Line]:
    """Sign, moment and, on receipts, the code that buyers check."""
    try:
        sign = sign_number(_bytes(first[1077]))
        moment = tlv.value(first[1012])
        lines: list[Line] = [*columns("ФП", str(sign), width), *columns("", f"{moment:%d.%m.%y %H:%M}", width)]
        if form in _RECEIPTS:
            total, number, operation = (tlv.value(first[tag]) for tag in (1020, 1040, 1054))
            drive = _bytes(first[1041]).decode("ascii")
            lines.append(BarCode("QR", qr_line(moment, total, drive, number, sign, operation).encode("ascii")))
        return lines
    except (FfdError, KeyError, ValueError):
        return []


def _item(field: Tlv, width: int) -> list[Text]:
    inside = {one.tag: one for one in _inside(field)}
    name = _value(inside[1030]) if 1030 in inside else ""
    lines = wrapped(name, width) if name else []
    if inside.keys() >= {1023, 1079, 1043}:
        amount = f"{_value(inside[1023])} × {_value(inside[1079])}"
        lines += columns(amount, f"={_value(inside[1043])}", width)
    for one in _inside(field):
        if one.tag not in _ITEM_LINE:
            lines += _field(one, width, "  ")
    return lines


def _field(field: Tlv, width: int, indent: str) -> list[Text]:
    row = TAGS.get(field.tag)
    name = indent + ((row.header or row.name_ru).replace(_PLACEHOLDER, "") if row else str(field.tag))
    if isinstance(field.value, tuple):
        lines = wrapped(name, width)
        for one in field.value:
            lines += _field(one, width, indent + "  ")
        return lines
    return columns(name, _value(field), width)


def _value(field: Tlv) -> str:
    row = TAGS.get(field.tag)
    try:
        value = tlv.value(field)
    except FfdError:
        value = field.value
    match value:
        case bytes():
            return value.hex().upper()
        case VatRate.NO_VAT:
            return "БЕЗ НДС"
        case bool():
            return "ДА" if value else "НЕТ"
        case Enum():
            return _printed(value)
        case datetime():
            return f"{value:%d.%m.%y %H:%M}"
        case Decimal():
            return f"{value.normalize():f}"
        case int() if row is not None and row.kind == "money_kopecks":
            return money(value)
    return str(value)


def _printed(value: Any) -> str:
    return str(value.printed.split("|")[0] or value.title)


def _inside(field: Tlv) -> Iterable[Tlv]:
    return field.value if isinstance(field.value, tuple) else ()


def _bytes(field: Tlv) -> bytes:
    return field.value if isinstance(field.value, bytes) else b""


def report(title: str, rows: Iterable[tuple[str, str]], *, width: int) -> list[Line]:
    """A report that is no document of the drive: a title and names with their values."""
    lines: list[Line] = [*centred(title, width)]
    for name, value in rows:
        lines += columns(name, value, width)
    return lines
