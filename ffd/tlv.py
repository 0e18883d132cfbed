"""Fields as they travel: tag, length, value, and structures of such fields.

This level carries any well-formed bytes. It keeps tags it does not know, the order and every superfluous zero, so
`encode(decode(b)) == b`. Which fields make sense together is the business of `ffd.documents` and `ffd.rules`.

    field := tag:u16le length:u16le value[length]        length counts the value only
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from ffd import values
from ffd.enums import SETS
from ffd.errors import DecodeError, EncodeError
from ffd.tags import TAGS, Type
from ffd.tags import tag as find_tag

__all__ = ["Tlv", "decode", "encode", "field", "value", "find", "find_all", "DEPTH_MAX", "SIZE_MAX", "STRUCTURES"]

SIZE_MAX = 32768 + 2048  # the largest document, its confirmation (512) and all signs and heads around them
DEPTH_MAX = 8  # the deepest of the format is five: archive container, document, item, product code, its member

DOCUMENT_CODES = frozenset((1, 2, 3, 4, 5, 6, 7, 11, 21, 31, 41, 81, 82, 83, 84))
ARCHIVE_CONTAINERS = frozenset((65001, 65002, 65011, 65012, 65021, 65022))
ARCHIVE_DOCUMENTS = frozenset((101, 102, 103, 104, 105, 106, 107, 111, 121, 131, 141, 304, 305))
STRUCTURES: frozenset[int] = (
    frozenset(number for number, row in TAGS.items() if row.type is Type.STLV)
    | DOCUMENT_CODES
    | ARCHIVE_CONTAINERS
    | ARCHIVE_DOCUMENTS
)
# 1068 may end with a text that has neither tag nor length; then it stays bytes.
_MAY_BE_BYTES = frozenset((1068,))

_HEAD = struct.Struct("<HH")


class Tlv(msgspec.Struct, frozen=True, gc=False):
    """One field: a number and bytes, or a number and the fields inside."""

    tag: int
    value: bytes | tuple[Tlv, ...]

    def __repr__(self) -> str:
        inside = self.value.hex() if isinstance(self.value, bytes) else repr(self.value)
        return f"Tlv({self.tag}, {inside})"


def decode(data: bytes, *, path: str = "", structures: AbstractSet[int] = STRUCTURES) -> tuple[Tlv, ...]:
    """The fields in `data`, whole and nested; `structures` are the tags whose value is fields again."""
    if len(data) > SIZE_MAX:
        raise DecodeError(f"{len(data)} bytes, at most {SIZE_MAX} allowed", path=path)
    try:
        return _decode(data, 0, len(data), 1, structures)
    except DecodeError as error:
        if path:
            raise DecodeError(error.message, path="/".join(filter(None, (path, error.path)))) from None
        raise


def _decode(data: bytes, at: int, end: int, depth: int, structures: AbstractSet[int]) -> tuple[Tlv, ...]:
    if depth > DEPTH_MAX:
        raise DecodeError(f"structures nested more than {DEPTH_MAX} deep")
    found: list[Tlv] = []
    head = _HEAD.unpack_from
    while at < end:
        if end - at < 4:
            raise DecodeError(f"{end - at} bytes left over where a field needs 4 for tag and length")
        tag, size = head(data, at)
        at += 4
        stop = at + size
        if stop > end:
            raise DecodeError(f"claims {size} bytes, {end - at} left", path=_name(tag, found))
        if tag in structures:
            try:
                found.append(Tlv(tag, _decode(data, at, stop, depth + 1, structures)))
            except DecodeError as error:
                if tag not in _MAY_BE_BYTES:
                    place = "/".join(filter(None, (_name(tag, found), error.path)))
                    raise DecodeError(error.message, path=place) from None
                found.append(Tlv(tag, data[at:stop]))
        else:
            found.append(Tlv(tag, data[at:stop]))
        at = stop
    return tuple(found)


def _name(tag: int, before: list[Tlv]) -> str:
    index = sum(one.tag == tag for one in before)
    row = TAGS.get(tag)
    name = row.name if row else str(tag)
    return f"{name}[{index}]" if index or (row and row.repeatable) else name


def encode(tlvs: Iterable[Tlv]) -> bytes:
    """The bytes of `tlvs`, one after the other."""
    parts: list[bytes] = []
    head = _HEAD.pack
    for one in tlvs:
        content = one.value
        if not isinstance(content, bytes):
            content = encode(content)
        try:
            parts.append(head(one.tag, len(content)))
        except struct.error:
            raise EncodeError(f"{len(content)} bytes, a field holds at most 65535", path=str(one.tag)) from None
        parts.append(content)
    return b"".join(parts)


def field(tag: int | str, python_value: Any) -> Tlv:
    """A field from a plain value: number, text, Decimal, datetime, bool, bytes, or fields for a structure."""
    if type(tag) is not int:
        tag = find_tag(tag).number
    try:
        return Tlv(tag, _WRITERS[tag](python_value))
    except EncodeError as error:
        raise EncodeError(error.message, path=TAGS[tag].name) from None
    except (TypeError, AttributeError, ValueError):
        raise EncodeError(f"{python_value!r} is not a {TAGS[tag].type.value} value", path=TAGS[tag].name) from None


def value(tlv: Tlv) -> Any:
    """The plain value of a field by the tag table; of an unknown tag or a structure what it holds."""
    try:
        return _READERS[tlv.tag](tlv.value)
    except DecodeError as error:
        raise DecodeError(error.message, path=TAGS[tlv.tag].name) from None


def find(tlvs: Iterable[Tlv], tag: int) -> Tlv | None:
    """The first field of `tag`, or None."""
    for one in tlvs:
        if one.tag == tag:
            return one
    return None


def find_all(tlvs: Iterable[Tlv], tag: int) -> tuple[Tlv, ...]:
    """Every field of `tag`, in order."""
    return tuple(one for one in tlvs if one.tag == tag)


def writer(tag: int) -> Callable[[Any], bytes | tuple[Tlv, ...]]:
    """How a plain value of `tag` becomes content of a field."""
    row = TAGS[tag]
    size, fixed = row.length, row.fixed
    match row.type:
        case Type.BYTE | Type.UINT16 | Type.UINT32 | Type.BITS:
            return lambda number: values.encode_uint(number, size)
        case Type.VLN:
            return lambda number: values.encode_vln(number, size)
        case Type.FVLN:
            return lambda number: values.encode_fvln(number if isinstance(number, Decimal) else Decimal(number), size)
        case Type.UNIXTIME:
            return values.encode_unixtime
        case Type.STRING:
            exact = fixed and not row.padded
            return lambda text: values.encode_string(text, size or None, fixed=fixed, exact=exact)
        case Type.BYTES:
            return lambda data: values.encode_bytes(data, size or None, fixed=fixed)
        case Type.STLV:
            return tuple


def reader(tag: int) -> Callable[[Any], Any]:
    """How the content of a field of `tag` becomes a plain value. Longer text than allowed is read all the same."""
    row = TAGS.get(tag)
    if row is None:
        return _as_is
    size, fixed = row.length, row.fixed
    match row.type:
        case Type.BYTE | Type.UINT16 | Type.UINT32 | Type.BITS:
            meanings = SETS[row.enum]._value2member_map_ if row.enum in SETS else {}
            if row.kind == "bool":
                meanings = {0: False, 1: True}  # type: ignore[dict-item]  # a boolean is the set of these two

            def number(data: bytes) -> Any:
                found = values.decode_uint(data, size)
                return meanings.get(found, found)

            return number
        case Type.VLN:
            return lambda data: values.decode_vln(data, size)
        case Type.FVLN:
            return lambda data: values.decode_fvln(data, size)
        case Type.UNIXTIME:
            return _moment
        case Type.STRING:
            return lambda data: values.decode_string(data).rstrip(" ") if fixed else values.decode_string(data)
        case _:
            return _as_is


def _as_is(content: Any) -> Any:
    return content


def _moment(data: bytes) -> datetime:
    return values.decode_unixtime(data)


class _Lazy(dict[int, Callable[[Any], Any]]):
    """Functions by tag, each made when first asked for."""

    def __init__(self, make: Callable[[int], Callable[[Any], Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, tag: int) -> Callable[[Any], Any]:
        self[tag] = self._make(tag)
        return self[tag]


_WRITERS = _Lazy(writer)
_READERS = _Lazy(reader)
