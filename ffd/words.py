"""Values of tags in words, as paper and people want them: roubles, dates, the names behind numbers and bits.

Money becomes `562.92`, a moment `03.08.26 16:44`, a code the short word the order gives for paper (or its name where
it gives none), a fiscal sign its ten-digit number. Control characters, which CP866 text from a drive may hold, are
shown as a dot, ends of lines as a blank: what comes out may go to a terminal or a page.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from ffd.documents import sign_number
from ffd.enums import SETS, VatRate
from ffd.tags import Tag

__all__ = ["date", "plain", "quantity", "roubles", "value_in_words", "word"]

# Words of the trade where the order's own are a choice ("шт. или ед.") or missing.
_BETTER = {
    ("correction_type", 0): "САМОСТОЯТЕЛЬНО",
    ("correction_type", 1): "ПО ПРЕДПИСАНИЮ",
    ("quantity_measure", 0): "шт.",
    ("quantity_measure", 255): "",
    ("vat_rate", 6): "БЕЗ НДС",
}
_UNPRINTABLE = dict.fromkeys((*range(32), *range(127, 160)), "·") | dict.fromkeys((9, 10, 13, 0x2028, 0x2029), " ")


def plain(text: str) -> str:
    """`text` without control characters and without blanks around it."""
    return (text if text.isprintable() else text.translate(_UNPRINTABLE)).strip()


def roubles(kopecks: int) -> str:
    """Roubles with two decimals."""
    sign, kopecks = ("-", -kopecks) if kopecks < 0 else ("", kopecks)
    return f"{sign}{kopecks // 100}.{kopecks % 100:02d}"


def quantity(number: Decimal) -> str:
    """A quantity without superfluous zeros and without an exponent."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def date(moment: datetime) -> str:
    """The day alone."""
    return f"{moment:%d.%m.%Y}"


def word(enum: str, value: int) -> str:
    """The printed word for a value of a set, its name when paper has none, the number when it is not in the set."""
    better = _BETTER.get((enum, int(value)))
    if better is not None:
        return better
    members = SETS.get(enum)
    try:
        member: Any = members(value) if members is not None else None
        # alternatives are separated by "|", the first is the longest
        return str(member.printed.split("|")[0] or member.title) or str(int(value))
    except (ValueError, AttributeError):
        return str(int(value))


def value_in_words(row: Tag, value: Any) -> str:
    """A value of a plain tag; structures have no words of their own."""
    match value:
        case bool():
            return "да" if value else "нет"
        case datetime():
            return date(value) if row.kind == "date_midnight" else f"{value:%d.%m.%y %H:%M}"
        case Decimal():
            return quantity(value)
        case bytes():
            return str(sign_number(value)) if row.number == 1077 and len(value) == 6 else value.hex().upper()
        case str():
            return plain(value)
        case int() if row.kind == "money_kopecks":
            return roubles(value)
        case int() if row.enum:
            return word(row.enum, value)
        case _:
            return plain(str(value))


def vat_sum_header(rate: int) -> str:
    """The printed header of an amount in 1119, formed as those of 1102 to 1107 are."""
    return f"СУММА {word('vat_rate', rate)}" if rate in VatRate._value2member_map_ else f"СУММА НДС ({int(rate)})"
