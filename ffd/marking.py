"""Marking and product codes: from what a scanner sent to tags 1163, 1162, 2100, 2101 and 2115.

`parse` always answers: a code it cannot place is of kind UNKNOWN, and `problems` say exactly what is wrong with a
bad one: a lost separator, a check digit, a length its identifier does not allow, a keyboard layout. Texts are never
trimmed and never change case, because serial numbers use every character. Positions count in `text`, the code without
a scanner's additions.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any
from zlib import crc32

import msgspec

from ffd.enums import PRODUCT_CODE_PREFIXES, MarkingCodeType
from ffd.errors import EncodeError
from ffd.ids import check_gtin
from ffd.structures import ProductCode
from ffd.values import encode_string, misfits

__all__ = ["SHAPES", "Element", "Kind", "MarkingCode", "Problem", "Shape", "control_code", "parse"]

GS = "\x1d"
CODE_MAX = 256  # tag 2000
_SCANNED_MAX = 4 * CODE_MAX  # what a scanner may wrap around it: separators written out in six characters
# Maximum retail price of a tobacco pack: four digits of base 80, highest first.
_PRICE_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + "!\"%&'*+-./_,:;=<>?"


class Kind(StrEnum):
    """What a code is; each kind has its member of 1163."""

    EAN8 = "ean8"
    EAN13 = "ean13"
    ITF14 = "itf14"
    GS1 = "gs1"
    GS1_MARKED = "gs1_marked"
    SHORT = "short"
    FUR = "fur"
    EGAIS2 = "egais2"
    EGAIS3 = "egais3"
    UNKNOWN = "unknown"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a code, and where."""

    code: str
    position: int
    message_ru: str
    message_en: str


class Element(msgspec.Struct, frozen=True):
    """One GS1 application identifier and its value."""

    identifier: str
    value: str


class MarkingCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code taken apart. `text` is the whole code with its separators, as tag 2000 wants it."""

    text: str
    kind: Kind
    gtin: str = ""
    serial: str = ""
    elements: tuple[Element, ...] = ()
    reconstructed: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems

    def element(self, identifier: str) -> str | None:
        """The value of an application identifier, None when absent."""
        return next((one.value for one in self.elements if one.identifier == identifier), None)

    @property
    def group(self) -> str:
        """Groups of goods (Russian) whose codes have this shape, empty when the table does not know it."""
        if self.kind is Kind.SHORT:
            return "табак, пачка; никотинсодержащая продукция"
        return _group(self.elements)

    @property
    def maximum_price(self) -> int | None:
        """Maximum retail price in kopecks: inside a short code, or identifier 8005 of a block."""
        if self.kind is Kind.SHORT:
            price = 0
            for character in self.text[21:25]:
                price = price * len(_PRICE_DIGITS) + _PRICE_DIGITS.index(character)
            return price
        written = self.element("8005")
        return int(written) if written is not None and _fits("8005", written) else None

    @property
    def identifier(self) -> str:
        """Tag 2101, and the text of the member of 1163."""
        match self.kind:
            case Kind.EAN8 | Kind.EAN13 | Kind.ITF14 | Kind.FUR:
                return self.text if len(self.text) != 12 else f"0{self.text}"
            case Kind.GS1 | Kind.GS1_MARKED:
                return f"01{self.gtin}" + (f"21{self.serial}" if self.serial else "")
            case Kind.SHORT:
                return f"01{self.text[:14]}21{self.text[14:21]}"
            case Kind.EGAIS2:
                return self.text[8:31]
            case Kind.EGAIS3:
                return self.text[:14]
            case Kind.UNKNOWN:
                return self.text[:32]

    def product_code(self) -> ProductCode:
        """Tag 1163 with its one member; EncodeError when what was read has no place in CP866."""
        if misfits(self.identifier):
            raise EncodeError(f"CP866 has no {misfits(self.identifier)!r}", path="item_product_code")
        member: dict[str, Any] = {_MEMBERS[self.kind]: self.identifier}
        return ProductCode(**member)

    @property
    def code_type(self) -> MarkingCodeType:
        """Tag 2100, from the kind and the length of the check part."""
        tail = self.element("92") or ""
        if self.kind is Kind.SHORT:
            return MarkingCodeType.SHORT_CODE
        if len(tail) == 88:
            return MarkingCodeType.CHECK_88_VERIFIED_BY_DRIVE
        if len(tail) == 44:
            own = _sums_itself(tail)
            return MarkingCodeType(3 if own else 4)
        if len(self.element("93") or "") == 4:
            return MarkingCodeType.CHECK_4_NOT_VERIFIED_BY_DRIVE
        return MarkingCodeType.NOT_IDENTIFIED

    @property
    def control_code(self) -> str:
        """Tag 2115."""
        return control_code(self.text)

    def product_code_bytes(self) -> bytes:
        """Tag 1162 of FFD 1.05 and 1.1."""
        match self.kind:
            case Kind.EAN8 | Kind.EAN13 | Kind.ITF14:
                return PRODUCT_CODE_PREFIXES[self.kind] + int(self.identifier).to_bytes(6, "big")
            case Kind.GS1 | Kind.GS1_MARKED:
                content = self.serial + (self.element("8005") or "")
                return PRODUCT_CODE_PREFIXES["gs1_marked"] + int(self.gtin).to_bytes(6, "big") + _ascii(content)
            case Kind.SHORT:
                serial = self.text[14:25].ljust(13)
                return PRODUCT_CODE_PREFIXES["gs1_marked"] + int(self.gtin).to_bytes(6, "big") + _ascii(serial)
            case Kind.FUR | Kind.EGAIS2 | Kind.EGAIS3:
                return PRODUCT_CODE_PREFIXES[self.kind] + _ascii(self.identifier)
            case Kind.UNKNOWN:
                return PRODUCT_CODE_PREFIXES["unrecognized"] + encode_string(self.text[:30])

    def describe(self) -> dict[str, Any]:
        """All of it by name, for a page or a log: texts and numbers only."""
        encodes = not misfits(self.text)
        return {
            "kind": self.kind,
            "group": self.group,
            "gtin": self.gtin,
            "serial": self.serial,
            "elements": {one.identifier: one.value for one in self.elements},
            "maximum_price": self.maximum_price,
            "identifier": self.identifier,
            "member": _MEMBERS[self.kind],
            "code_type": int(self.code_type),
            "code_type_ru": self.code_type.title,
            "control_code": self.control_code if encodes else None,
            "reconstructed": self.reconstructed,
            "text": self.text.replace(GS, "<GS>"),
            "problems": [msgspec.structs.asdict(one) for one in self.problems],
        }


_MEMBERS = {
    Kind.EAN8: "product_code_ean8",
    Kind.EAN13: "product_code_ean13",
    Kind.ITF14: "product_code_itf14",
    Kind.GS1: "product_code_gs1",
    Kind.GS1_MARKED: "product_code_gs1_marked",
    Kind.SHORT: "product_code_short_marking",
    Kind.FUR: "product_code_fur",
    Kind.EGAIS2: "product_code_egais2",
    Kind.EGAIS3: "product_code_egais3",
    Kind.UNKNOWN: "product_code_unrecognized",
}


def control_code(code: str) -> str:
    """Tag 2115: the last four decimal digits of the CRC-32 of tag 2000's bytes."""
    return f"{crc32(encode_string(code)) % 10_000:04d}"


def _ascii(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise EncodeError(f"{text!r} is not ASCII", path="item_product_code_bytes") from None


def _sums_itself(tail: str) -> bool:
    """A check part of 44 characters that ends with the CRC-32 of the rest is not for the drive to verify."""
    try:
        data = binascii.a2b_base64(tail, strict_mode=True)
    except ValueError:  # also of characters that are not ASCII
        return False
    return len(data) == 32 and crc32(data[:28]) == int.from_bytes(data[28:], "little")


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

# Application identifiers and the form of their values. Those whose length GS1 fixes need no separator behind them.
_IDENTIFIERS: dict[str, str] = {
    "00": r"[0-9]{18}",
    "01": r"[0-9]{14}",
    "02": r"[0-9]{14}",
    "11": r"[0-9]{6}",
    "12": r"[0-9]{6}",
    "13": r"[0-9]{6}",
    "15": r"[0-9]{6}",
    "16": r"[0-9]{6}",
    "17": r"[0-9]{6}",
    "20": r"[0-9]{2}",
    "10": r".{1,20}",
    "21": r".{1,20}",
    "91": r".{4}",
    "92": r".{44}|.{88}",
    "93": r".{4}",
    "240": r".{1,30}",
    "7003": r"[0-9]{10}",
    "8005": r"[0-9]{6}",
}
_FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
_MEASURES = re.compile(r"3[1-6][0-9]{2}")  # weights and the like: six digits, fixed


class Shape(msgspec.Struct, frozen=True):
    """How the codes of some groups of goods look behind the GTIN: lengths of the serial number, then the tail."""

    group: str
    serials: tuple[int, ...]
    tail: tuple[tuple[str, int], ...]


# Groups change several times a year; a shape that is missing costs only the name and the repair of lost separators.
SHAPES = (
    Shape("табак, блок", (7,), (("8005", 6), ("93", 4))),
    Shape("обувь", (13,), (("91", 4), ("92", 88))),
    Shape("лекарства, одежда, духи и другие", (13, 6), (("91", 4), ("92", 44))),
    Shape("шины, фотокамеры, велосипеды, кресла-коляски", (20,), (("91", 4), ("92", 44))),
    Shape("вода, напитки, пиво", (13, 7, 6), (("93", 4),)),
    Shape("молоко", (13, 6), (("17", 6), ("93", 4))),
    Shape("молоко", (13, 6), (("7003", 10), ("93", 4))),
    Shape("молоко весовое", (13, 6), (("3103", 6), ("93", 4))),
)
_FNC1 = "\xe8"  # character 232, which a symbol may begin with and separate by
_STAMP = re.compile(r"[0-9A-Z]+")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_ESCAPED = re.compile(r"\\u001d|\\x1d|<GS>|\{GS\}|\|", re.IGNORECASE)
_FUR = re.compile(r"[A-Z]{2}-[0-9]{6}-[A-Z0-9]{10}")
# Characters of GS1 serial numbers and tails; short codes have the few that count as digits of their price.
_GS1_TEXT = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*")
_SHORT = re.compile(rf"[0-9]{{14}}[{re.escape(_PRICE_DIGITS)}]{{15}}")
_ALLOWED = re.compile(r"[!-~\x1d ]*")
_LETTERS = dict(
    zip(
        map(ord, "йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ"),
        "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~",
        strict=True,
    )
)
_AMBIGUOUS = '.,"№;:?/'  # keys that give another character in the Russian layout: which one was meant is not known


def parse(scanned: str) -> MarkingCode:
    """A scanned code of any kind: EAN, ITF, GS1 with or without separators, short, fur, alcohol, unknown."""
    problems: list[Problem] = []
    text = _clean(scanned[:_SCANNED_MAX], problems)
    if not text or len(text) > CODE_MAX or len(scanned) > _SCANNED_MAX:
        size = f"{len(text)} characters" if len(scanned) <= _SCANNED_MAX else f"more than {_SCANNED_MAX} characters"
        problems.append(_problem("length", 0, "Недопустимая длина кода.", f"{size}, 1 to {CODE_MAX} allowed"))
        return MarkingCode(text=text[:CODE_MAX], kind=Kind.UNKNOWN, problems=tuple(problems))
    found = _plain(text, problems) or _gs1(text, problems)
    if found is not None:
        return found
    if not problems:
        problems.append(next(_nearly(text)))
    return MarkingCode(text=text, kind=Kind.UNKNOWN, problems=tuple(problems))


def _clean(scanned: str, problems: list[Problem]) -> str:
    """Without symbology prefix and leading separators, escapes undone, a Russian keyboard layout undone."""
    text = scanned
    doubtful: list[int] = []
    if any(ord(character) in _LETTERS for character in text):
        doubtful = [index for index, character in enumerate(text) if character in _AMBIGUOUS]
        text = text.translate(_LETTERS)
    before = len(text)
    text = _ESCAPED.sub(GS, text.replace(_FNC1, GS))
    if _SYMBOLOGY.match(text):
        text = text[3:]
    text = text.lstrip(GS)
    if doubtful:
        at = max(0, doubtful[0] - (before - len(text)))
        problems.append(
            _problem(
                "layout",
                at,
                "Сканер работает в русской раскладке: код прочитан неоднозначно.",
                f"Russian layout: {scanned[doubtful[0]]!r} may stand for another character",
            )
        )
    bad = next((index for index, one in enumerate(text) if not _ALLOWED.fullmatch(one)), None)
    if bad is not None:
        problems.append(_character(bad, text[bad]))
    return text


def _character(at: int, character: str) -> Problem:
    return _problem("character", at, "Недопустимый символ в коде.", f"{character!r} cannot be part of a code")


def _nearly(text: str) -> Iterator[Problem]:
    """What a code that is of no kind comes nearest to, and what it lacks."""
    size = len(text)
    wrong = "Недопустимая длина кода."
    if _FUR.fullmatch(text.upper()) or (size in (68, 150) and _STAMP.fullmatch(text.upper())):
        yield _problem(
            "case", 0, "Строчные буквы вместо заглавных: проверьте Caps Lock.", "lower case where capitals belong"
        )
    if text.isascii() and text.isdigit():
        yield _problem("length", 0, wrong, f"{size} digits; EAN-8 has 8, EAN-13 13, UPC-A 12, ITF-14 14")
    if re.match(r"[A-Z]{2}-[0-9]", text):
        yield _problem("length", 0, wrong, f"looks like a mark of fur of {size} characters; two letters, six digits "
                       "and ten characters with hyphens between them make 20")  # fmt: skip
    if check_gtin(text[:14]) and 22 <= size <= 36:
        bad = next((at for at, one in enumerate(text) if one not in _PRICE_DIGITS), None)
        if bad is not None:
            yield _character(bad, text[bad])
        yield _problem("length", 0, wrong, f"looks like a short code of {size} characters, 29 needed")
    if size > 40 and _STAMP.fullmatch(text):
        yield _problem("length", 0, wrong, f"looks like an alcohol stamp of {size} characters; they have 68 or 150")
    yield _problem("unknown", 0, "Код не распознан.", "not a code of any known kind")


def _plain(text: str, problems: list[Problem]) -> MarkingCode | None:
    """Codes that are not GS1 element strings, told by length and form."""
    size = len(text)
    if text.isascii() and text.isdigit() and size in (8, 12, 13, 14):
        code = f"0{text}" if size == 12 else text
        if check_gtin(code):
            kind = {8: Kind.EAN8, 13: Kind.EAN13, 14: Kind.ITF14}[len(code)]
            return MarkingCode(text=text, kind=kind, gtin=code.rjust(14, "0"), problems=tuple(problems))
        problems.append(
            _problem("check_digit", size - 1, "Неверная контрольная цифра.", f"the last digit of {code} does not check")
        )
        return MarkingCode(text=text, kind=Kind.UNKNOWN, problems=tuple(problems))
    if _FUR.fullmatch(text):
        return MarkingCode(text=text, kind=Kind.FUR, serial=text, problems=tuple(problems))
    if size == 29 and _SHORT.fullmatch(text):
        _check_gtin(text[:14], 0, problems)
        return MarkingCode(text=text, kind=Kind.SHORT, gtin=text[:14], serial=text[14:21], problems=tuple(problems))
    if size in (68, 150) and _STAMP.fullmatch(text):
        kind = Kind.EGAIS2 if size == 68 else Kind.EGAIS3
        return MarkingCode(text=text, kind=kind, problems=tuple(problems))
    return None


def _gs1(text: str, problems: list[Problem]) -> MarkingCode | None:
    if not text.startswith("01") and GS not in text:
        return None
    before = len(problems)
    elements = _walk(text, problems)
    if not _group(elements):
        shape = _without_separators(text)
        if shape is not None:
            del problems[before:]
            return _repaired(text, *shape, problems)
    if not any(one.identifier == "01" for one in elements):
        if len(problems) == before:
            problems.append(_problem("gtin", 0, "В коде нет GTIN.", "identifier 01 is missing"))
        return None
    return _marked(text, elements, problems)


def _group(elements: tuple[Element, ...]) -> str:
    """The groups of the table's shape that these elements have."""
    if [one.identifier for one in elements[:2]] != ["01", "21"]:
        return ""
    tail = tuple((one.identifier, len(one.value)) for one in elements[2:])
    return next((one.group for one in SHAPES if one.tail == tail and len(elements[1].value) in one.serials), "")


def _repaired(text: str, elements: tuple[Element, ...], whole: str, problems: list[Problem]) -> MarkingCode:
    at = next((at for at, (one, other) in enumerate(zip(text, whole, strict=False)) if one != other), len(text))
    problems.append(
        _problem(
            "separator",
            at,
            "Сканер потерял разделители кода.",
            f"a separator is missing at {at}; put back by the known shape",
        )
    )
    return _marked(whole, elements, problems, reconstructed=True)


def _marked(
    text: str, elements: tuple[Element, ...], problems: list[Problem], *, reconstructed: bool = False
) -> MarkingCode:
    values = {one.identifier: one.value for one in reversed(elements)}  # the first of a repeated one counts
    sound = _fits("01", values["01"]) and ("21" not in values or _fits("21", values["21"]))
    if _fits("01", values["01"]):
        _check_gtin(values["01"], text.index(values["01"]), problems)
    marked = "21" in values and any(tail in values for tail in ("91", "92", "93"))
    if "92" in values and "91" not in values:
        problems.append(_problem("key", 0, "В коде нет номера ключа.", "identifier 92 without 91"))
    kind = Kind.UNKNOWN if not sound else Kind.GS1_MARKED if marked else Kind.GS1
    return MarkingCode(
        text=text,
        kind=kind,
        gtin=values["01"] if sound else "",
        serial=values.get("21", "") if sound else "",
        elements=elements,
        reconstructed=reconstructed,
        problems=tuple(problems),
    )


def _walk(text: str, problems: list[Problem]) -> tuple[Element, ...]:
    """The elements from left to right, up to the first that makes no sense."""
    found: list[Element] = []
    at = 0
    while at < len(text):
        if text[at] == GS:
            at += 1
            continue
        known = next((size for size in (4, 3, 2) if at + size <= len(text) and _known(text[at : at + size])), None)
        if known is None:
            if GS in text[at:] and found:  # an identifier we do not need: skip it whole
                at = text.index(GS, at) + 1
                continue
            if not found or not _ends_marked(found):
                problems.append(
                    _problem(
                        "identifier",
                        at,
                        "Неизвестный идентификатор в коде.",
                        f"no identifier at {at}: {text[at : at + 4]!r}",
                    )
                )
            break
        identifier = text[at : at + known]
        at += known
        fixed = 6 if _MEASURES.fullmatch(identifier) else _FIXED.get(identifier)
        end = at + fixed if fixed else (text.index(GS, at) if GS in text[at:] else len(text))
        value = text[at:end]
        if not _fits(identifier, value):
            problems.append(
                _problem(
                    "length",
                    at,
                    f"Недопустимая длина или содержание поля {identifier}.",
                    f"{identifier} holds {len(value)} characters {value[:24]!r}; a separator may be lost",
                )
            )
        elif not _GS1_TEXT.fullmatch(value):
            bad = next(index for index, one in enumerate(value) if not _GS1_TEXT.fullmatch(one))
            if all(one.code != "character" for one in problems):  # the first is enough
                problems.append(_character(at + bad, value[bad]))
        found.append(Element(identifier, value))
        at = end
    return tuple(found)


def _ends_marked(found: list[Element]) -> bool:
    return found[-1].identifier in ("92", "93")


def _known(identifier: str) -> bool:
    return identifier in _IDENTIFIERS or bool(_MEASURES.fullmatch(identifier))


def _fits(identifier: str, value: str) -> bool:
    form = r"[0-9]{6}" if _MEASURES.fullmatch(identifier) else _IDENTIFIERS[identifier]
    return bool(re.fullmatch(form, value))


def _without_separators(text: str) -> tuple[tuple[Element, ...], str] | None:
    """The elements and the whole text of a code of a known shape that lost some or all of its separators.

    None when no shape fits, or several, or when a separator that is there stands where the shape has none.
    """
    bare = text.replace(GS, "")
    if not re.match(r"01[0-9]{14}21", bare):
        return None
    tried = (_fitted(bare, serial, shape.tail) for shape in SHAPES for serial in shape.serials)
    fits = [found for found in tried if found is not None]
    if len(fits) != 1 or not _separators(text) <= _boundaries(fits[0]):
        return None
    return tuple(fits[0]), _joined(fits[0])


def _fitted(bare: str, serial: int, tail: tuple[tuple[str, int], ...]) -> list[Element] | None:
    """The elements when the code has exactly this shape."""
    elements = [Element("01", bare[2:16])]
    at = 16
    for identifier, size in (("21", serial), *tail):
        start = at + len(identifier)
        value = bare[start : start + size]
        if bare[at:start] != identifier or len(value) != size or not _fits(identifier, value):
            return None
        elements.append(Element(identifier, value))
        at = start + size
    return elements if at == len(bare) else None


def _separators(text: str) -> set[int]:
    """Where separators stand, counted without them."""
    found = [at for at, one in enumerate(text) if one == GS]
    return {at - index for index, at in enumerate(found)}


def _boundaries(elements: list[Element]) -> set[int]:
    ends, at = set(), 0
    for one in elements:
        at += len(one.identifier) + len(one.value)
        ends.add(at)
    return ends


def _joined(elements: list[Element]) -> str:
    parts = ""
    for index, one in enumerate(elements):
        fixed = one.identifier in _FIXED or _MEASURES.fullmatch(one.identifier)
        parts += one.identifier + one.value + ("" if fixed or index == len(elements) - 1 else GS)
    return parts


def _check_gtin(gtin: str, position: int, problems: list[Problem]) -> None:
    if not check_gtin(gtin):
        problems.append(
            _problem(
                "check_digit",
                position + 13,
                "Неверная контрольная цифра GTIN.",
                f"the last digit of {gtin} does not check",
            )
        )


def _problem(code: str, position: int, message_ru: str, message_en: str) -> Problem:
    return Problem(code=code, position=position, message_ru=message_ru, message_en=message_en)
