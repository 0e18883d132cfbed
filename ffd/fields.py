"""From tag tables to typed values: the base of documents and structures, and the codec each of their classes gets.

An attribute is called like its tag (a repeatable one in the plural, `REPEATED`), so a class body is the whole
declaration. The codec is derived once, when a class first meets bytes; after that a field costs one table look-up.

Reading is forgiving where a real drive may be odd and exact all the same: an unknown tag, a number longer than
needed or a text longer than allowed is kept whole in `kept` and comes back byte for byte; `ffd.rules` reports it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Self, TypeVar

import msgspec

from ffd import tlv, values
from ffd.enums import SETS
from ffd.errors import DecodeError, EncodeError
from ffd.presence import Supplier, supplier
from ffd.tags import TAGS, Tag, Type, by_name
from ffd.tlv import Tlv
from ffd.values import from_cp866, to_cp866

__all__ = ["REPEATED", "About", "Attribute", "Fields", "Moment", "read_fields", "tag_of"]

# Attributes that hold several fields of one tag.
REPEATED: dict[str, int] = {
    "items": 1059,
    "payment_agent_phones": 1073,
    "payment_acceptance_operator_phones": 1074,
    "transfer_operator_phones": 1075,
    "reregistration_reason_codes": 1101,
    "receipt_vat_entries": 1119,
    "supplier_phones": 1171,
    "cashless_payments_list": 1235,
    "item_industry_attributes": 1260,
    "receipt_industry_attributes": 1261,
    "marked_items": 2007,
}

_HEAD = struct.Struct("<HH")
_EPOCH = datetime(1970, 1, 1)
_LATER = 1 << 16  # place of unknown tags in the canonical order: behind all known ones
_NUMBER_BYTES_MAX = 8
_TEXT, _VLN, _NUMBER, _MEANING, _OTHER, _STRUCTURE, _MAYBE = range(7)

F = TypeVar("F", bound="Fields")

# A wall clock in whole seconds, without a zone: what a document says is the time of the settlement place.
Moment = Annotated[datetime, msgspec.Meta(tz=False, description="a wall clock, such as 2026-08-03T16:44:00")]

# How to read a tag: attribute, place in the order, mode, what the mode needs, longest or exact size, several?
_Row = tuple[str, int, int, Any, int, bool]


class Fields(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
):
    """A set of named fields; a subclass is a structure or a document. None means the tag is absent."""

    kept: tuple[Tlv, ...] = ()
    order: tuple[int, ...] = ()

    @classmethod
    def decode_fields(cls, data: bytes) -> Self:
        """The value of bare fields, without a head before them."""
        if len(data) > tlv.SIZE_MAX:
            raise DecodeError(f"{len(data)} bytes, at most {tlv.SIZE_MAX} allowed")
        return read_fields(cls, data, 0, len(data))

    @classmethod
    def of(cls, fields: Iterable[Tlv]) -> Self:
        """The value of fields already taken apart."""
        return cls.decode_fields(tlv.encode(fields))

    def encode_fields(self) -> bytes:
        """The bytes of the fields, without a head before them."""
        return _write(self)

    def tlvs(self) -> tuple[Tlv, ...]:
        """The fields one by one, nested as on the wire."""
        return tlv.decode(self.encode_fields())

    @classmethod
    def tags(cls) -> dict[str, Tag]:
        """Each attribute's row of the tag table, in canonical order: Russian name, printed header, number."""
        return {name: tag_of(name) for name in _names(cls)}

    about: ClassVar[_AboutClass]  # ReceiptDocument.about.receipt_total.header == "ИТОГ"


class Attribute(msgspec.Struct, frozen=True):
    """What is known of one attribute of a document or structure."""

    name: str
    tag: Tag
    supplier: Supplier

    @property
    def number(self) -> int:
        """Of the tag."""
        return self.tag.number

    @property
    def name_ru(self) -> str:
        """The name of the requisite in the order."""
        return self.tag.name_ru

    @property
    def header(self) -> str:
        """What paper prints before the value; empty when nothing."""
        return self.tag.header


class About:
    """The attributes of a class by their names; iterating gives all of them, in canonical order."""

    def __init__(self, cls: type[Fields]) -> None:
        # structures are filled like those of a receipt, a marked item (2007) like its notification
        form = getattr(cls, "CODE", 0) or (82 if getattr(cls, "TAG", 0) == 2007 else 3)
        self._attributes = {name: Attribute(name, row, supplier(row.number, form)) for name, row in cls.tags().items()}

    def __getattr__(self, name: str) -> Attribute:
        try:
            return self._attributes[name]
        except KeyError:
            raise AttributeError(f"no tag is called {name!r} here") from None

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self._attributes.values())


class _AboutClass:
    """Reading `about` of a class or of one of its values gives the `About` of the class."""

    def __get__(self, value: Fields | None, cls: type[Fields]) -> About:
        return _about(cls)


@cache
def _about(cls: type[Fields]) -> About:
    return About(cls)


Fields.about = _AboutClass()


def tag_of(attribute: str) -> Tag:
    """The tag behind an attribute; KeyError when there is none."""
    number = REPEATED.get(attribute)
    return by_name(attribute) if number is None else TAGS[number]


def _names(cls: type[Fields]) -> tuple[str, ...]:
    return tuple(name for name in cls.__struct_fields__ if name not in ("kept", "order"))


class _Plan:
    """The codec of one class."""

    def __init__(self, cls: type[Fields]) -> None:
        from ffd.structures import OF_TAG

        self.names = _names(cls)
        self.readers: dict[int, _Row] = {}
        self.writers: list[Callable[[Any], bytes]] = []
        for index, name in enumerate(self.names):
            row = tag_of(name)
            many = name in REPEATED
            self.readers[row.number] = (name, index, *_reading(row, OF_TAG.get(row.number)), many)
            write = _writing(row, OF_TAG.get(row.number))
            self.writers.append(_each(write) if many else write)
        self.tags = tuple(tag_of(name).number for name in self.names)
        self.values_of: Callable[[Fields], tuple[Any, ...]] = (
            attrgetter(*self.names) if len(self.names) > 1 else lambda fields: (getattr(fields, self.names[0]),)
        )


_plans: dict[type[Fields], _Plan] = {}


def _plan(cls: type[Fields]) -> _Plan:
    plan = _plans.get(cls)
    if plan is None:
        plan = _plans[cls] = _Plan(cls)
    return plan


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def read_fields(cls: type[F], data: bytes, at: int, end: int, strangers: frozenset[int] = frozenset()) -> F:
    """The fields of `cls` in data[at:end]; `strangers` are structures that may turn out to be something else."""
    find = _plan(cls).readers.get
    head, number = _HEAD.unpack_from, int.from_bytes
    found: dict[str, Any] = {}
    order: list[int] = []
    odd: set[int] = set()  # tags whose bytes the attributes alone would not give back
    last, straight, start = -1, True, at
    while at < end:
        if end - at < 4:
            raise DecodeError(f"{end - at} bytes left over where a field needs 4 for tag and length")
        tag, size = head(data, at)
        at += 4
        stop = at + size
        if stop > end:
            raise DecodeError(f"claims {size} bytes, {end - at} left", path=_place(tag, order))
        order.append(tag)
        row = find(tag)
        if row is None:
            odd.add(tag)
            last = _LATER
            at = stop
            continue
        name, index, mode, how, limit, many = row
        if index < last:
            straight = False
        last = index
        value: Any
        if mode == _TEXT:
            value = from_cp866(data[at:stop])
            if size > limit:
                odd.add(tag)
        elif mode == _VLN:
            value = number(data[at:stop], "little")
            if size != 1 and (size > limit or not size or not data[stop - 1]):
                odd.add(tag)
                _number_size(size, tag, order)
        elif mode <= _MEANING:
            value = number(data[at:stop], "little")
            if size != limit:
                odd.add(tag)
                _number_size(size, tag, order)
            if mode == _MEANING:
                value = how.get(value, value)
        elif mode == _OTHER:
            try:
                value = how(data[at:stop])
            except DecodeError as error:
                raise DecodeError(error.message, path=_place(tag, order[:-1])) from None
            if size > limit:
                odd.add(tag)
            elif value is None:
                odd.add(tag)
                value = _unusual(tag, data[at:stop])
        else:
            try:
                value = read_fields(how, data, at, stop)
            except DecodeError as error:
                if mode != _MAYBE and tag not in strangers:
                    place = "/".join(filter(None, (_place(tag, order[:-1]), error.path)))
                    raise DecodeError(error.message, path=place) from None
                odd.add(tag)
                value = None
        if many:
            if name in found:
                found[name].append(value)
            else:
                found[name] = [value]
        elif name in found:
            odd.add(tag)
        else:
            found[name] = value
        at = stop
    for name, value in found.items():
        if type(value) is list:
            found[name] = tuple(value)
    if odd:
        found["kept"] = _keep(data, start, end, odd)
        straight = straight and _together([tag for tag in order if find(tag) is None])
    if not straight:
        found["order"] = tuple(order)
    return cls(**found)


def _together(tags: list[int]) -> bool:
    """Whether equal tags stand side by side."""
    return len(set(tags)) == len([tag for index, tag in enumerate(tags) if not index or tags[index - 1] != tag])


def _keep(data: bytes, at: int, end: int, odd: set[int]) -> tuple[Tlv, ...]:
    kept: list[Tlv] = []
    while at < end:
        tag, size = _HEAD.unpack_from(data, at)
        if tag in odd:
            kept.append(Tlv(tag, data[at + 4 : at + 4 + size]))
        at += 4 + size
    return tuple(kept)


def _number_size(size: int, tag: int, order: list[int]) -> None:
    if not 1 <= size <= _NUMBER_BYTES_MAX:
        raise DecodeError(f"a number of {size} bytes, 1 to {_NUMBER_BYTES_MAX} expected", path=_place(tag, order[:-1]))


def _place(tag: int, before: list[int]) -> str:
    row = TAGS.get(tag)
    name = row.name if row else str(tag)
    index = before.count(tag)
    return f"{name}[{index}]" if index or (row and row.repeatable) else name


def _reading(row: Tag, structure: type[Fields] | None) -> tuple[int, Any, int]:
    """Mode, what the mode needs and the size for a tag."""
    if structure is not None:
        return (_MAYBE if row.number == 1068 else _STRUCTURE), structure, row.length
    length = row.length or tlv.SIZE_MAX
    match row.type:
        case Type.STRING if not row.fixed:
            return _TEXT, None, length
        case Type.STRING:
            return _OTHER, _fixed_text(row.length, padded=row.padded), length
        case Type.VLN:
            return _VLN, None, length
        case Type.FVLN:
            return _OTHER, _quantity, length
        case Type.UNIXTIME:
            return _OTHER, _moment, length
        case Type.BYTES:
            return _OTHER, _exact_bytes(row.length if row.fixed else 0), length
        case _ if row.kind == "bool":
            return _OTHER, _boolean, length
        case _ if row.enum in SETS:
            return _MEANING, SETS[row.enum]._value2member_map_, length
        case _:
            return _NUMBER, None, length


# Readers of the other modes answer None for bytes whose value does not say them exactly; `_unusual` reads those.


def _fixed_text(length: int, *, padded: bool) -> Callable[[bytes], str | None]:
    def read(data: bytes) -> str | None:
        if len(data) != length or (data[-1] == 32 and not padded):
            return None
        return from_cp866(data).rstrip(" ") if padded else from_cp866(data)

    return read


def _exact_bytes(length: int) -> Callable[[bytes], bytes | None]:
    return lambda data: data if not length or len(data) == length else None


def _boolean(data: bytes) -> bool | None:
    return {b"\0": False, b"\1": True}.get(data)


def _moment(data: bytes) -> datetime:
    if len(data) != 4:
        raise DecodeError(f"a moment of {len(data)} bytes, 4 expected")
    return _EPOCH + timedelta(seconds=int.from_bytes(data, "little"))


def _quantity(data: bytes) -> Decimal | None:
    if not 2 <= len(data) <= values.FVLN_MAX:
        raise DecodeError(f"a quantity of {len(data)} bytes, 2 to {values.FVLN_MAX} expected")
    if len(data) > 2 and not data[-1]:
        return None
    number = Decimal(int.from_bytes(data[1:], "little"))
    return number.scaleb(-data[0]) if data[0] else number


def _unusual(tag: int, data: bytes) -> Any:
    """What unusual bytes mean, as far as they mean anything."""
    row = TAGS[tag]
    match row.type:
        case Type.STRING:
            return from_cp866(data).rstrip(" ")
        case Type.FVLN:
            return values.decode_fvln(data)
        case Type.BYTES:
            return data
        case _:
            return any(data)


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(fields: Fields) -> bytes:
    plan = _plan(type(fields))
    if fields.kept or fields.order:
        return _write_as_read(fields, plan)
    parts: list[bytes] = []
    name, value = "", None
    try:
        for name, value, write in zip(plan.names, plan.values_of(fields), plan.writers, strict=True):  # noqa: B007 (told in errors)
            if value is not None and value is not _NONE_OF_THEM:
                parts.append(write(value))
    except EncodeError as error:
        place = "/".join(filter(None, (name, error.path)))
        raise EncodeError(error.message, path=place) from None
    except _MISTAKES as error:
        raise _mistake(error, name, value) from None
    return b"".join(parts)


_NONE_OF_THEM: tuple[Any, ...] = ()
_MISTAKES = (TypeError, AttributeError, ValueError, ArithmeticError, struct.error)


def _mistake(error: Exception, name: str, value: Any) -> EncodeError:
    if isinstance(error, UnicodeEncodeError):
        return EncodeError(f"CP866 has no {values.misfits(error.object)!r}", path=name)
    row = tag_of(name)
    limit = f" of up to {row.length} bytes" if row.length else ""
    return EncodeError(f"{value!r:.80} is not a {row.type.value} value{limit}", path=name)


def _write_as_read(fields: Fields, plan: _Plan) -> bytes:
    """The bytes of a value that came with an unusual order or unusual forms."""
    raw: dict[int, list[bytes]] = {}
    for one in fields.kept:
        raw.setdefault(one.tag, []).append(tlv.encode((one,)))
    stock: dict[int, list[bytes]] = {}
    for tag, name, write in zip(plan.tags, plan.names, plan.writers, strict=True):
        value = getattr(fields, name)
        given = raw.pop(tag, None)
        if given is not None and _says(type(fields), given, name, value):
            stock[tag] = given
            continue
        try:
            if value is not None and value != ():
                many = name in REPEATED
                stock[tag] = [write((one,)) for one in value] if many else [write(value)]
        except EncodeError as error:
            raise EncodeError(error.message, path="/".join(filter(None, (name, error.path)))) from None
        except _MISTAKES as error:
            raise _mistake(error, name, value) from None
    stock.update(raw)
    parts: list[bytes] = []
    for tag in fields.order:
        if stock.get(tag):
            parts.append(stock[tag].pop(0))  # noqa: PERF401 (a side effect has no place in a comprehension)
    for pieces in stock.values():
        parts.extend(pieces)
    return b"".join(parts)


def _says(cls: type[Fields], given: list[bytes], name: str, value: Any) -> bool:
    """Whether the bytes as read still mean `value`."""
    whole = b"".join(given)
    try:
        return bool(getattr(read_fields(cls, whole, 0, len(whole)), name) == value)
    except DecodeError:  # not what this edition means by the number; nothing can be said instead
        return value is None


def _each(write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    return lambda several: b"".join([write(one) for one in several])


def _writing(row: Tag, structure: type[Fields] | None) -> Callable[[Any], bytes]:
    """How a plain value becomes a complete field."""
    tag, length = row.number, row.length
    pack = _HEAD.pack
    if structure is not None:

        def write_structure(value: Fields) -> bytes:
            content = _write(value)
            return pack(tag, len(content)) + content

        return write_structure
    match row.type:
        case Type.VLN:
            heads = [pack(tag, size) for size in range(length + 1)]

            def write_vln(value: int) -> bytes:
                size = (value.bit_length() + 7) >> 3 or 1
                if size > length:
                    raise EncodeError(f"{value} does not fit {length} unsigned bytes")
                return heads[size] + value.to_bytes(size, "little")

            return write_vln
        case Type.STRING:
            padded, limit = row.padded, length or 0xFFFF
            least = limit if row.fixed and not padded else 0

            def write_text(value: str) -> bytes:
                content = to_cp866(value)
                if not least <= len(content) <= limit:
                    wanted = f"exactly {limit} expected" if least else f"at most {limit} allowed"
                    raise EncodeError(f"{len(content)} characters, {wanted}")
                if padded:
                    content = content.ljust(limit)
                return pack(tag, len(content)) + content

            return write_text
        case Type.BYTES:

            def write_bytes(value: bytes) -> bytes:
                content = values.encode_bytes(value, length or None, fixed=row.fixed)
                return pack(tag, len(content)) + content

            return write_bytes
        case Type.FVLN:

            def write_quantity(value: Decimal) -> bytes:
                content = values.encode_fvln(value, length)
                return pack(tag, len(content)) + content

            return write_quantity
        case Type.UNIXTIME:
            head = pack(tag, 4)
            return lambda value: head + values.encode_unixtime(value)
        case _ if row.kind == "bool":
            flags = {False: pack(tag, 1) + b"\0", True: pack(tag, 1) + b"\1"}

            def write_flag(value: bool) -> bytes:
                if value not in flags:
                    raise EncodeError(f"{value!r:.80} is neither true nor false")
                return flags[value]

            return write_flag
        case _:
            head = pack(tag, length)
            return lambda value: head + value.to_bytes(length, "little")
