"""Layouts are declared once, as construct annotations of typed classes; fast codecs are generated from them.

A field reads ``price: Annotated[int, Int5]``. From the annotations of a class this module derives two things: the
construct ``Struct`` (the reference, `reference`) and, on first use, a pair of plain functions around one `struct`
call (`codec`). A construct the generator does not know makes the whole class fall back to construct itself, so a
new kind of field is at worst slow, never wrong; a hypothesis test holds both equal.

What belongs elsewhere: command codes and their meaning (`commands`), the link layer (`frames`, `link`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Generic, TypeVar, cast, get_type_hints

import construct
import msgspec

from kkt_driver.errors import Malformed, Misuse

__all__ = [
    "Int1",
    "Int2",
    "Int4",
    "Int5",
    "Int6",
    "Int7",
    "Int8",
    "Packed",
    "Tail",
    "array",
    "ascii_text",
    "asciiz",
    "blobs",
    "codec",
    "date_dmy",
    "date_ymd",
    "exactly",
    "fixed_text",
    "maybe",
    "moment5",
    "numbers",
    "padded_text",
    "reference",
    "rest",
    "time_hms",
    "unless_all_ones",
]

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

Int1 = construct.Int8ul
Int2 = construct.Int16ul
Int4 = construct.Int32ul
Int8 = construct.Int64ul
Int5 = construct.BytesInteger(5, swapped=True)
Int6 = construct.BytesInteger(6, swapped=True)
Int7 = construct.BytesInteger(7, swapped=True)


class Packed(construct.Adapter, Generic[T]):  # type: ignore[misc]  # construct has no types
    """A value of exactly `size` bytes with its own pair of conversions."""

    def __init__(self, size: int, unpack: Callable[[bytes], T], pack: Callable[[T], bytes]) -> None:
        super().__init__(construct.Bytes(size))
        self.size, self.unpack, self.pack = size, unpack, pack

    def _decode(self, obj: bytes, context: Any, path: Any) -> T:
        return self.unpack(obj)

    def _encode(self, obj: T, context: Any, path: Any) -> bytes:
        return self.pack(obj)


class Tail(construct.Adapter, Generic[T]):  # type: ignore[misc]  # construct has no types
    """A value that takes everything up to the end of the frame."""

    def __init__(self, unpack: Callable[[bytes], T], pack: Callable[[T], bytes]) -> None:
        super().__init__(construct.GreedyBytes)
        self.unpack, self.pack = unpack, pack

    def _decode(self, obj: bytes, context: Any, path: Any) -> T:
        return self.unpack(obj)

    def _encode(self, obj: T, context: Any, path: Any) -> bytes:
        return self.pack(obj)


class Maybe(construct.Adapter):  # type: ignore[misc]  # construct has no types
    """A trailing field that older firmware leaves out; None when absent."""

    def __init__(self, inner: Any) -> None:
        super().__init__(construct.Optional(inner))
        self.inner = inner

    def _decode(self, obj: Any, context: Any, path: Any) -> Any:
        return obj

    def _encode(self, obj: Any, context: Any, path: Any) -> Any:
        return obj


def maybe(inner: Any) -> Maybe:
    """A trailing field that may be absent (protocol text: `[…]`)."""
    return Maybe(inner)


# --- values of the register protocol, section "Values on the wire" ----------------------------------------------


def _pack_cp1251(text: str) -> bytes:
    return text.encode("cp1251")


def _unpack_cp1251(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("cp1251", "replace")


def fixed_text(size: int) -> Packed[str]:
    """Windows-1251 text in a field of `size` bytes, NUL-padded; NUL ends it early."""

    def pack(text: str) -> bytes:
        data = text.encode("cp1251")
        if len(data) > size:
            raise ValueError(f"longer than {size} bytes")
        return data.ljust(size, b"\0")

    return Packed(size, _unpack_cp1251, pack)


def ascii_text(size: int) -> Packed[str]:
    """ASCII padded on the right with blanks (drive number 16, INN 12, registration number 20)."""

    def pack(text: str) -> bytes:
        data = text.encode("ascii")
        if len(data) > size:
            raise ValueError(f"longer than {size} bytes")
        return data.ljust(size)

    return Packed(size, lambda data: data.rstrip(b" \0").decode("ascii", "replace"), pack)


def array(count: int, size: int) -> Packed[tuple[int, ...]]:
    """`count` little-endian integers of `size` bytes each (payments and taxes of FF45h)."""

    def unpack(data: bytes) -> tuple[int, ...]:
        return tuple(int.from_bytes(data[i : i + size], "little") for i in range(0, count * size, size))

    def pack(values: tuple[int, ...]) -> bytes:
        if len(values) != count:
            raise ValueError(f"{count} values are needed")
        return b"".join([value.to_bytes(size, "little") for value in values])

    return Packed(count * size, unpack, pack)


def exactly(size: int) -> Packed[bytes]:
    """Bytes of one length."""

    def pack(data: bytes) -> bytes:
        if len(data) != size:
            raise ValueError(f"{size} bytes are needed")
        return data

    return Packed(size, bytes, pack)


def unless_all_ones(size: int) -> Packed[int | None]:
    """An integer of `size` bytes where FF…FF means "not given"."""
    absent = b"\xff" * size

    def unpack(data: bytes) -> int | None:
        return None if data == absent else int.from_bytes(data, "little")

    def pack(value: int | None) -> bytes:
        return absent if value is None else value.to_bytes(size, "little")

    return Packed(size, unpack, pack)


def _unpack_moment(data: bytes) -> datetime | None:
    try:
        return datetime(2000 + data[0], *data[1:5])
    except ValueError:
        return None


def _pack_moment(moment: datetime | None) -> bytes:
    if moment is None:
        return bytes(5)
    return bytes((moment.year - 2000, moment.month, moment.day, moment.hour, moment.minute))


def _unpack_ymd(data: bytes) -> date | None:
    try:
        return date(2000 + data[0], data[1], data[2])
    except ValueError:
        return None


def _unpack_dmy(data: bytes) -> date | None:
    return _unpack_ymd(data[::-1])


def _pack_ymd(day: date | None) -> bytes:
    return bytes(3) if day is None else bytes((day.year - 2000, day.month, day.day))


def _pack_dmy(day: date | None) -> bytes:
    return _pack_ymd(day)[::-1]


def _unpack_hms(data: bytes) -> time | None:
    try:
        return time(*data)
    except ValueError:
        return None


def _pack_hms(moment: time | None) -> bytes:
    return bytes(3) if moment is None else bytes((moment.hour, moment.minute, moment.second))


moment5: Packed[datetime | None] = Packed(5, _unpack_moment, _pack_moment)
date_ymd: Packed[date | None] = Packed(3, _unpack_ymd, _pack_ymd)
date_dmy: Packed[date | None] = Packed(3, _unpack_dmy, _pack_dmy)
time_hms: Packed[time | None] = Packed(3, _unpack_hms, _pack_hms)
tail_text: Tail[str] = Tail(_unpack_cp1251, _pack_cp1251)
rest: Tail[bytes] = Tail(bytes, bytes)


def padded_text(size: int) -> Tail[str]:
    """Windows-1251 text up to the end of the frame, padded with NUL to `size` bytes when it is shorter."""
    return Tail(_unpack_cp1251, lambda text: _pack_cp1251(text).ljust(size, b"\0"))


def _unpack_asciiz(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("ascii", "replace")


asciiz: Tail[str] = Tail(_unpack_asciiz, lambda text: text.encode("ascii") + b"\0")
"""ASCII text up to a NUL, which ends the frame."""


def numbers(size: int) -> Tail[tuple[int, ...]]:
    """Little-endian integers of `size` bytes each, as many as the frame holds."""

    def unpack(data: bytes) -> tuple[int, ...]:
        return tuple(int.from_bytes(data[at : at + size], "little") for at in range(0, len(data) - size + 1, size))

    return Tail(unpack, lambda values: b"".join(value.to_bytes(size, "little") for value in values))


def blobs(count: int, *, more: bool = False) -> Tail[tuple[bytes, ...]]:
    """`count` strings of bytes, their lengths (a byte each) first; with `more` one that takes what is left."""

    def unpack(data: bytes) -> tuple[bytes, ...]:
        sizes, at = data[:count], count
        if len(sizes) < count or len(data) < count + sum(sizes):
            raise Malformed(f"lengths promise {count + sum(sizes)} bytes, {len(data)} came")
        parts = []
        for size in sizes:
            parts.append(data[at : at + size])
            at += size
        return (*parts, data[at:]) if more else tuple(parts)

    def pack(parts: tuple[bytes, ...]) -> bytes:
        if len(parts) != count + more:
            raise ValueError(f"{count + more} parts are needed")
        return bytes(len(part) for part in parts[:count]) + b"".join(parts)

    return Tail(unpack, pack)


# --- the generator ------------------------------------------------------------------------------------------------


class Codec(msgspec.Struct, Generic[S], frozen=True):
    """Encoder and decoder of one class; `generated` is False when construct itself does the work."""

    encode: Callable[[S], bytes]
    decode: Callable[[bytes], S]
    generated: bool


def _layout(cls: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    hints = get_type_hints(cls, include_extras=True)
    return [(name, hints[name].__metadata__[0]) for name in cls.__struct_fields__]


def reference(cls: type[S]) -> construct.Struct:
    """The construct declaration of a class: the reference that the generated codec must equal."""
    return construct.Struct(*(name / field for name, field in _layout(cls)))


class _Field(msgspec.Struct):
    """How one field is generated: `struct` format, and expressions around the raw value."""

    format: str
    size: int
    load: str  # expression from the raw value `{0}` to the python value
    dump: str  # expression from the python value `{0}` to the raw value


def _field(name: str, field: Any, scope: dict[str, Any]) -> _Field | None:
    match field:
        case construct.FormatField():
            return _Field(field.fmtstr.lstrip("<"), field.length, "{0}", "{0}")
        case construct.BytesInteger(length=int() as size, signed=False):
            load, dump = "_int({0}, 'little')", f"{{0}}.to_bytes({size}, 'little')"
            return _Field(f"{size}s", size, load, dump)
        case Packed():
            scope[f"_load_{name}"], scope[f"_dump_{name}"] = field.unpack, field.pack
            return _Field(f"{field.size}s", field.size, f"_load_{name}({{0}})", f"_dump_{name}({{0}})")
        case _:
            return None


def _generate(cls: type[S]) -> Codec[S] | None:
    scope: dict[str, Any] = {"_cls": cls, "_int": int.from_bytes, "_Malformed": Malformed}
    formats, loads, dumps, raws = ["<"], [], [], []
    size = 0
    tail: tuple[str, Tail[Any]] | None = None
    optional: list[tuple[str, _Field]] = []
    for name, field in _layout(cls):
        if tail is not None:
            return None
        if isinstance(field, Tail):
            tail = (name, field)
            continue
        made = _field(name, field.inner if isinstance(field, Maybe) else field, scope)
        if made is None or (optional and not isinstance(field, Maybe)):
            return None
        if isinstance(field, Maybe):
            optional.append((name, made))
            continue
        formats.append(made.format)
        raws.append(f"r_{name}")
        loads.append(f"{name}={made.load.format(f'r_{name}')}")
        dumps.append(made.dump.format(f"v.{name}"))
        size += made.size
    layout = struct.Struct("".join(formats))
    scope["_pack"], scope["_unpack"] = layout.pack, layout.unpack_from
    decode = [
        "def decode(data):",
        f"    if len(data) < {size}:",
        f"        raise _Malformed('{cls.__name__}: {size} bytes are needed, ' + str(len(data)) + ' came')",
    ]
    encode = ["def encode(v):", f"    out = _pack({', '.join(dumps)})"]
    if raws:
        decode.append(f"    {', '.join(raws)}, = _unpack(data)")
    at = size
    for name, made in optional:
        scope[f"_opt_{name}"] = struct.Struct("<" + made.format)
        load, dump = made.load.format("raw"), made.dump.format(f"v.{name}")
        decode += [
            f"    o_{name} = None",
            f"    if len(data) >= {at + made.size}:",
            f"        raw, = _opt_{name}.unpack_from(data, {at})",
            f"        o_{name} = {load}",
        ]
        encode += [f"    if v.{name} is not None:", f"        out += _opt_{name}.pack({dump})"]
        loads.append(f"{name}=o_{name}")
        at += made.size
    if tail is not None:
        name, field = tail
        scope["_load_tail"], scope["_dump_tail"] = field.unpack, field.pack
        loads.append(f"{name}=_load_tail(data[{at}:])")
        encode.append(f"    out += _dump_tail(v.{name})")
    decode.append(f"    return _cls({', '.join(loads)})")
    encode.append("    return out")
    exec("\n".join(decode + encode), scope)
    return Codec(encode=scope["encode"], decode=scope["decode"], generated=True)


def _by_construct(cls: type[S]) -> Codec[S]:
    layout = reference(cls)

    def decode(data: bytes) -> S:
        try:
            parsed = layout.parse(data)
        except construct.ConstructError as error:
            raise Malformed(f"{cls.__name__}: {error}") from error
        return cls(**{name: parsed[name] for name in cls.__struct_fields__})

    def encode(value: S) -> bytes:
        return cast(bytes, layout.build({name: getattr(value, name) for name in cls.__struct_fields__}))

    return Codec(encode=encode, decode=decode, generated=False)


def _named(cls: type[S], made: Codec[S]) -> Codec[S]:
    """The same codec, whose encoder names the field that does not fit instead of leaking a struct.error."""
    plain = made.encode

    def encode(value: S) -> bytes:
        try:
            return plain(value)
        except (struct.error, construct.ConstructError, ValueError, OverflowError, TypeError, AttributeError):
            raise _misfit(cls, value) from None

    return Codec(encode=encode, decode=made.decode, generated=made.generated)


def _misfit(cls: type[S], value: S) -> Misuse:
    for name, field in _layout(cls):
        given = isinstance(field, Maybe) and getattr(value, name) is not None
        try:
            (field.inner if given else field).build(getattr(value, name))
        except Exception as error:
            return Misuse(f"{cls.__name__}.{name}: {getattr(value, name)!r} does not fit the field ({error})")
    return Misuse(f"{cls.__name__}: the values do not fit the layout")


_made: dict[type[msgspec.Struct], Codec[Any]] = {}


def codec(cls: type[S]) -> Codec[S]:
    """The codec of a class, made on first use and kept.

    `decode` raises Malformed when bytes are missing (longer data is accepted: newer firmware appends fields);
    `encode` raises Misuse and names the field that does not fit.
    """
    made = _made.get(cls)
    if made is None:
        made = _made[cls] = _named(cls, _generate(cls) or _by_construct(cls))
    return made
