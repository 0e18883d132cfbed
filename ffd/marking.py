"""Marking and product codes: from what a scanner sent to tags 1163, 1162, 2100, 2101 and 2115.

`parse` always answers: a code it cannot place is of kind UNKNOWN, and `problems` say exactly what is wrong with a
bad one: a lost separator, a check digit, a length its identifier does not allow. Texts are never trimmed and never
change case, because serial numbers use every character.
"""

from __future__ import annotations

import binascii
import re
from enum import StrEnum
from typing import Any
from zlib import crc32

import msgspec

from ffd.enums import PRODUCT_CODE_PREFIXES, MarkingCodeType
from ffd.errors import EncodeError
from ffd.ids import check_gtin
from ffd.structures import ProductCode

__all__ = ["Element", "Kind", "MarkingCode", "Problem", "control_code", "parse"]

GS = "\x1d"
CODE_MAX = 256  # tag 2000
_MEMBER_MAX = 38


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
        """Tag 1163 with its one member."""
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
                return PRODUCT_CODE_PREFIXES["unrecognized"] + self.text.encode("cp866", "strict")[:30]


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
    try:
        data = code.encode("cp866")
    except UnicodeEncodeError:
        raise EncodeError("a character that CP866 does not have", path="marking_code") from None
    return f"{crc32(data) % 10_000:04d}"


def _ascii(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise EncodeError(f"{text!r} is not ASCII", path="item_product_code_bytes") from None


def _sums_itself(tail: str) -> bool:
    """A check part of 44 characters that ends with the CRC-32 of the rest is not for the drive to verify."""
    try:
        data = binascii.a2b_base64(tail, strict_mode=True)
    except binascii.Error:
        return False
    return len(data) == 32 and crc32(data[:28]) == int.from_bytes(data[28:], "little")


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

# Application identifiers: digits of the identifier, form of the value, and whether its length is fixed by GS1, so
# that no separator follows it. Anything else of a variable length ends with a separator.
_IDENTIFIERS: dict[str, tuple[str, bool]] = {
    "00": (r"[0-9]{18}", True),
    "01": (r"[0-9]{14}", True),
    "02": (r"[0-9]{14}", True),
    "11": (r"[0-9]{6}", True),
    "12": (r"[0-9]{6}", True),
    "13": (r"[0-9]{6}", True),
    "15": (r"[0-9]{6}", True),
    "16": (r"[0-9]{6}", True),
    "17": (r"[0-9]{6}", True),
    "20": (r"[0-9]{2}", True),
    "10": (r".{1,20}", False),
    "21": (r".{1,20}", False),
    "91": (r".{4}", False),
    "92": (r".{44}|.{88}", False),
    "93": (r".{4}", False),
    "240": (r".{1,30}", False),
    "7003": (r"[0-9]{10}", False),
    "8005": (r"[0-9]{6}", False),
}
_FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
_MEASURES = re.compile(r"3[1-6][0-9]{2}")  # weights and the like: six digits, fixed
# Shapes of codes whose separators were lost: serial numbers of known lengths, then a known tail.
_SERIALS = (13, 20, 7, 6)
_TAILS = (
    ("91", 4, "92", 88),
    ("91", 4, "92", 44),
    ("8005", 6, "93", 4),
    ("7003", 10, "93", 4),
    ("17", 6, "93", 4),
    ("3103", 6, "93", 4),
    ("93", 4),
)
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_ESCAPED = re.compile(r"\\u001d|\\x1d|<GS>|\{GS\}|\|", re.IGNORECASE)
_FUR = re.compile(r"[A-Z]{2}-[0-9]{6}-[A-Z0-9]{10}")
_SHORT = re.compile(r"[0-9]{14}[!-~]{15}")
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
    text = _clean(scanned, problems)
    if not text or len(text) > CODE_MAX:
        problems.append(
            _problem("length", 0, "Недопустимая длина кода.", f"{len(text)} characters, 1 to {CODE_MAX} allowed")
        )
        return MarkingCode(text=text[:CODE_MAX], kind=Kind.UNKNOWN, problems=tuple(problems))
    found = _plain(text, problems) or _gs1(text, problems)
    if found is not None:
        return found
    if not problems:
        problems.append(_problem("unknown", 0, "Код не распознан.", "not a code of any known kind"))
    return MarkingCode(text=text, kind=Kind.UNKNOWN, problems=tuple(problems))


def _clean(scanned: str, problems: list[Problem]) -> str:
    """Without symbology prefix and leading separators, escapes undone, a Russian keyboard layout undone."""
    text = _ESCAPED.sub(GS, scanned.replace("\xe8", GS) if scanned.isascii() or "\xe8" in scanned else scanned)
    if _SYMBOLOGY.match(text):
        text = text[3:]
    text = text.lstrip(GS)
    if any(ord(character) in _LETTERS for character in text):
        doubtful = [index for index, character in enumerate(text) if character in _AMBIGUOUS]
        if doubtful:
            problems.append(
                _problem(
                    "layout",
                    doubtful[0],
                    "Сканер работает в русской раскладке: код прочитан неоднозначно.",
                    f"Russian layout: {text[doubtful[0]]!r} may stand for another character",
                )
            )
        text = text.translate(_LETTERS)
    bad = next((index for index, one in enumerate(text) if not _ALLOWED.fullmatch(one)), None)
    if bad is not None:
        problems.append(
            _problem("character", bad, "Недопустимый символ в коде.", f"{text[bad]!r} cannot be part of a code")
        )
    return text


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
    if size in (68, 150) and re.fullmatch(r"[0-9A-Z]+", text):
        kind = Kind.EGAIS2 if size == 68 else Kind.EGAIS3
        return MarkingCode(text=text, kind=kind, problems=tuple(problems))
    return None


def _gs1(text: str, problems: list[Problem]) -> MarkingCode | None:
    if not text.startswith(("01", "02", "00")) and GS not in text:
        return None
    if GS not in text and (shape := _without_separators(text)) is not None:
        elements, whole = shape
        at = 18 + len(elements[1].value)
        problems.append(
            _problem(
                "separator",
                at,
                "Сканер потерял разделители кода.",
                f"a separator is missing at {at}; put back by the known shape",
            )
        )
        return _marked(whole, elements, problems, reconstructed=True)
    before = len(problems)
    elements = _walk(text, problems)
    if not any(one.identifier == "01" for one in elements):
        if len(problems) == before:
            problems.append(_problem("gtin", 0, "В коде нет GTIN.", "identifier 01 is missing"))
        return None
    return _marked(text, elements, problems)


def _marked(
    text: str, elements: tuple[Element, ...], problems: list[Problem], *, reconstructed: bool = False
) -> MarkingCode:
    values = {one.identifier: one.value for one in elements}
    _check_gtin(values["01"], text.index(values["01"]), problems)
    marked = "21" in values and any(tail in values for tail in ("91", "92", "93"))
    if "92" in values and "91" not in values:
        problems.append(_problem("key", 0, "В коде нет номера ключа.", "identifier 92 without 91"))
    return MarkingCode(
        text=text,
        kind=Kind.GS1_MARKED if marked else Kind.GS1,
        gtin=values["01"],
        serial=values.get("21", ""),
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
        known = next((size for size in (4, 3, 2) if _known(text[at : at + size])), None)
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
        found.append(Element(identifier, value))
        at = end
    return tuple(found)


def _ends_marked(found: list[Element]) -> bool:
    return found[-1].identifier in ("92", "93")


def _known(identifier: str) -> bool:
    return identifier in _IDENTIFIERS or bool(_MEASURES.fullmatch(identifier))


def _fits(identifier: str, value: str) -> bool:
    form = r"[0-9]{6}" if _MEASURES.fullmatch(identifier) else _IDENTIFIERS[identifier][0]
    return bool(re.fullmatch(form, value))


def _without_separators(text: str) -> tuple[tuple[Element, ...], str] | None:
    """The elements and the whole text of a code of a known shape that lost its separators."""
    if not re.match(r"01[0-9]{14}21", text):
        return None
    fits: list[tuple[tuple[Element, ...], str]] = []
    for serial in _SERIALS:
        for tail in _TAILS:
            elements = [Element("01", text[2:16]), Element("21", text[18 : 18 + serial])]
            at = 18 + serial
            for identifier, size in zip(tail[::2], tail[1::2], strict=True):
                start = at + len(str(identifier))
                if text[at:start] != identifier:
                    break
                elements.append(Element(str(identifier), text[start : start + int(size)]))
                at = start + int(size)
            else:
                if at == len(text) and all(_fits(one.identifier, one.value) for one in elements):
                    fits.append((tuple(elements), _joined(elements)))
    return fits[0] if len(fits) == 1 else None


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
