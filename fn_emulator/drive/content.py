"""What 07h may put into a document, checked the way each generation does.

FFD 1.05: lengths must add up, nothing else is looked at. FFD 1.1 and 1.2, in this order for every tag: formed by
the drive itself (0Bh), not repeatable and already there (0Ch), wrong length or type (18h), against the registration
(19h), too many items (0Eh). A refused 07h leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ffd.tags import TAGS, Tag, Type
from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.counters import COUNTED_TAGS
from fn_emulator.drive.life import Extended
from fn_emulator.drive.models import FFD_1_1, FFD_1_2
from fn_emulator.drive.tlv import walk

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive
    from fn_emulator.drive.documents import OpenDocument

__all__ = ["append", "demand_tags", "forbidden_tags", "well_formed"]

ITEM = 1059
_DEPTH_MAX = 8

# Tags the drive forms itself: in every document, then by form code.
_HEAD = frozenset({1041, 1037, 1018, 1040, 1012, 1077})
_FLAGS = frozenset({1050, 1051, 1052, 1053, 1206})
_REGISTRATION = frozenset({1056, 1002, 1001, 1062, 1213, 1190, 1157})
_MODES_1_1 = frozenset({1109, 1110, 1108, 1221, 1193, 1126, 1207})
_RECEIPT = frozenset({1038, 1042, 1054, 1020, 2107})
_FORMED_BY_DRIVE: dict[int, frozenset[int]] = {
    1: _REGISTRATION,
    11: _REGISTRATION,
    2: _FLAGS | {1038},
    5: _FLAGS | {1038, 1111, 1118, 1097, 1098, 1116, 1157, 1158, 1194, 1213, 2104, 2112, 2113},
    21: frozenset({1038, 1002, 1097, 1098, 1116, 1157, 1158, 1213, 2104}),
    6: frozenset({1038, 1157}),
    3: _RECEIPT,
    4: _RECEIPT,
    31: _RECEIPT,
    41: _RECEIPT,
}


def forbidden_tags(form: int, ffd: int) -> frozenset[int]:
    """Tags of this document that a register may not send on FFD 1.1 and 1.2."""
    own = _HEAD | _FORMED_BY_DRIVE[form]
    if form in (1, 11):
        own |= _MODES_1_1 if ffd == FFD_1_1 else frozenset({1290})
    return own


def append(drive: Drive, document: OpenDocument, data: bytes) -> None:
    """Adds the TLVs of one 07h to the open document, or refuses and changes nothing."""
    try:
        fields = list(walk(data))
    except ValueError:
        raise Refused(Code.UNKNOWN_COMMAND) from None
    if not fields:
        raise Refused(Code.UNKNOWN_COMMAND)
    if len(document.data) + len(data) > document.size_max:
        raise Refused(Code.TLV_OVERFLOW)
    seen = document.seen
    if document.ffd >= FFD_1_1:
        seen = seen.copy()
        items = document.items
        for tag, start, end in fields:
            if tag in document.forbidden:
                raise Refused(Code.FORBIDDEN_TAG, _tag(tag))
            _check_field(tag, data, start, end, seen)
            _check_registration(drive, document, tag, data, start, end)
            items += tag == ITEM
        if items > drive.model.items_max:
            raise Refused(Code.TOO_MANY_ITEMS)
        document.items = items
        document.seen = seen
    for tag, start, end in fields:
        if tag in COUNTED_TAGS:
            document.money[tag] = int.from_bytes(data[start:end], "little")
        elif tag in document.kept:
            document.kept[tag] = data[start:end]
    document.data += data


def well_formed(data: bytes, allowed: frozenset[int]) -> dict[int, bytes]:
    """TLVs of a marking command, tag → value. Wrong lengths, repeats, types and tags that are not `allowed` are 01h,
    the only code these commands have for it.
    """
    seen: set[int] = set()
    try:
        fields = list(walk(data))
        for tag, start, end in fields:
            _check_field(tag, data, start, end, seen)
    except (ValueError, Refused):
        raise Refused(Code.UNKNOWN_COMMAND) from None
    if any(tag not in allowed for tag, _, _ in fields):
        raise Refused(Code.UNKNOWN_COMMAND)
    return {tag: data[start:end] for tag, start, end in fields}


def demand_tags(fields: Mapping[int, bytes], *tags: int) -> None:
    """3Ch and the first tag that is missing."""
    for tag in tags:
        if tag not in fields:
            raise Refused(Code.MISSING_TAGS, _tag(tag))


def _tag(tag: int) -> bytes:
    return tag.to_bytes(2, "little")


def _check_field(tag: int, data: bytes, start: int, end: int, seen: set[int], depth: int = 0) -> None:
    """0Ch and 18h for one tag and for everything inside it. A tag nobody has described passes."""
    row = TAGS.get(tag)
    if row is None:
        return
    if not row.repeatable:
        if tag in seen:
            raise Refused(Code.DUPLICATE_TAG, _tag(tag))
        seen.add(tag)
    check = _CHECKS.get(tag)
    if check is not None and not check(data, start, end):
        raise Refused(Code.BAD_TAG_VALUE, _tag(tag))
    if row.type is Type.STLV:
        if depth == _DEPTH_MAX:
            raise Refused(Code.BAD_TAG_VALUE, _tag(tag))
        inside: set[int] = set()
        try:
            fields = list(walk(data, start, end))
        except ValueError:
            raise Refused(Code.BAD_TAG_VALUE, _tag(tag)) from None
        for inner, inner_start, inner_end in fields:
            _check_field(inner, data, inner_start, inner_end, inside, depth + 1)


Check = Callable[[bytes, int, int], bool]

_LEAST = {Type.VLN: 1, Type.FVLN: 2}
# The sums of these members do not fit the printed limits of the order; any length that parses is taken.
_LOOSE = frozenset({1068, 1084, 1129, 1130, 1131, 1132, 1145, 1146, 1191, 1232, 1233, 2007})


def _length_check(row: Tag) -> Check | None:
    size = row.length
    if not size or row.number in _LOOSE:
        return None
    least = size if row.fixed else _LEAST.get(row.type, 0)
    if row.kind == "bool":
        return lambda data, start, end: end - start == 1 and data[start] < 2
    if row.kind in ("digits", "inn") and row.fixed:
        return lambda data, start, end: end - start == size and data[start:end].rstrip(b" ").isdigit()
    if row.type is Type.FVLN:
        return lambda data, start, end: least <= end - start <= size and data[start] < 20
    return lambda data, start, end: least <= end - start <= size


_CHECKS: dict[int, Check] = {number: check for number, row in TAGS.items() if (check := _length_check(row)) is not None}

_EXCISE_SUBJECTS = frozenset({2, 30, 31})  # tag 1212: excise goods, without and with a code
_MARKED_SUBJECTS = frozenset({30, 31, 32, 33})


def _check_registration(drive: Drive, document: OpenDocument, tag: int, data: bytes, start: int, end: int) -> None:
    """19h: the format version, tax systems, excise and marked goods must be what the drive was registered for."""
    if tag == ITEM:
        for inner, inner_start, inner_end in walk(data, start, end):
            if inner == 1212:
                subject = int.from_bytes(data[inner_start:inner_end], "little")
                extended = Extended(drive.state.extended)
                excise = subject in _EXCISE_SUBJECTS and Extended.EXCISE not in extended
                marked = document.ffd == FFD_1_2 and subject in _MARKED_SUBJECTS and Extended.MARKING not in extended
                if excise or marked:
                    raise Refused(Code.TAG_AGAINST_REGISTRATION, _tag(1212))
    elif (tag == 1209 and data[start] != document.ffd) or (tag == 1055 and data[start] & ~drive.state.tax):
        raise Refused(Code.TAG_AGAINST_REGISTRATION, _tag(tag))
