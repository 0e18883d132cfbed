"""The generated codecs against construct, which is the reference for every layout."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, get_type_hints

import construct
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkt_driver import codec as c
from kkt_driver.commands import COMMANDS
from kkt_driver.errors import DriverError, Malformed, Misuse

CLASSES: list[type[msgspec.Struct]] = sorted(
    {row.request for row in COMMANDS.values()} | {row.reply for row in COMMANDS.values()},
    key=lambda cls: cls.__name__,
)

EXAMPLES = 6
"""For each of some 230 classes, which share a dozen kinds of fields: a hundred examples and more of each kind."""

CP1251 = st.text(alphabet="АБВабвЁё№ 1-9QWE«»—", max_size=40)
ASCII = st.text(alphabet="0123456789ABC", max_size=12)
YEARS = {"min_value": date(2000, 1, 1), "max_value": date(2255, 12, 31)}


def values_of(field: Any) -> st.SearchStrategy[Any]:
    """Values that a field can carry without loss; a trailing `maybe` field is always given here."""
    match field:
        case c.Maybe():
            return values_of(field.inner)
        case construct.FormatField() | construct.BytesInteger():
            return st.integers(0, 256 ** field.sizeof() - 1)
        case c.Tail():
            return tail_values(field)
        case c.Packed():
            return packed_values(field)
        case _:
            raise AssertionError(f"no strategy for {field!r}")


def tail_values(field: c.Tail[Any]) -> st.SearchStrategy[Any]:
    """Tell the kinds of Tail apart by what they make of bytes that are all 1."""
    sample = field.unpack(b"\x01" * 16)
    if isinstance(sample, str):
        return ASCII if field is c.asciiz else CP1251
    if isinstance(sample, bytes):
        return st.binary(max_size=200)
    if isinstance(sample[0], bytes):
        return st.tuples(*[st.binary(max_size=60)] * len(sample))
    return st.lists(st.integers(0, 2**64 - 1), max_size=16).map(tuple)


def packed_values(field: c.Packed[Any]) -> st.SearchStrategy[Any]:
    """Tell the kinds of Packed apart by what they make of bytes that are all 1."""
    sample = field.unpack(b"\x01" * field.size)
    if isinstance(sample, datetime):
        moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2255, 12, 31))
        return moments.map(lambda moment: moment.replace(second=0, microsecond=0))
    if isinstance(sample, date):
        return st.dates(**YEARS)
    if isinstance(sample, time):
        return st.times().map(lambda moment: moment.replace(microsecond=0))
    if isinstance(sample, bytes):
        return st.binary(min_size=field.size, max_size=field.size)
    if isinstance(sample, tuple):
        top = 256 ** (field.size // len(sample)) - 1
        return st.tuples(*[st.integers(0, top)] * len(sample))
    if isinstance(sample, str):
        return ASCII.map(lambda text: text[: field.size].rstrip())
    return st.none() | st.integers(0, 256**field.size - 2)


@st.composite
def instances(draw: st.DrawFn, cls: type[msgspec.Struct]) -> msgspec.Struct:
    hints = get_type_hints(cls, include_extras=True)
    return cls(**{name: draw(values_of(hints[name].__metadata__[0])) for name in cls.__struct_fields__})


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_generated_codec_equals_the_reference(cls: type[msgspec.Struct], data: st.DataObject) -> None:
    """A layout is declared once: what the generator makes of it and what construct makes of it are the same bytes
    and the same values, for every class of the command table."""
    value = data.draw(instances(cls))
    made, layout = c.codec(cls), c.reference(cls)
    body = made.encode(value)
    assert body == layout.build({name: getattr(value, name) for name in cls.__struct_fields__})
    assert made.decode(body) == value
    parsed = layout.parse(body)
    assert cls(**{name: parsed[name] for name in cls.__struct_fields__}) == value


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_layout_of_the_table_is_generated(cls: type[msgspec.Struct]) -> None:
    """The hot path must not fall back to construct unnoticed: that is ten times slower."""
    assert c.codec(cls).generated


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(max_examples=EXAMPLES)
@given(data=st.binary(max_size=300))
def test_any_bytes_give_a_value_or_our_error(cls: type[msgspec.Struct], data: bytes) -> None:
    """Bytes come from a line that may damage them: a value or our own error, never another exception."""
    try:
        value = c.codec(cls).decode(data)
    except DriverError:
        return
    assert isinstance(value, cls)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_truncated_body_is_malformed_or_loses_only_its_tail(cls: type[msgspec.Struct], data: st.DataObject) -> None:
    """Mandatory fields are never guessed: cutting into them is Malformed, whatever the values are."""
    body = c.codec(cls).encode(data.draw(instances(cls)))
    hints = get_type_hints(cls, include_extras=True)
    fields = [hints[name].__metadata__[0] for name in cls.__struct_fields__]
    mandatory = sum(field.sizeof() for field in fields if not isinstance(field, c.Tail | c.Maybe))
    for size in range(mandatory):
        with pytest.raises(Malformed):
            c.codec(cls).decode(body[:size])


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """A tail after a field that older firmware leaves out."""

    count: Annotated[int, c.Int1]
    result: Annotated[int | None, c.maybe(c.Int1)] = None
    more: Annotated[bytes, c.rest] = b""


@pytest.mark.parametrize(
    ("body", "value"),
    [("01", Late(count=1)), ("0102", Late(count=1, result=2)), ("010203", Late(count=1, result=2, more=b"\x03"))],
)
def test_a_tail_may_follow_a_field_that_may_be_absent(body: str, value: Late) -> None:
    """A check of a marking code is four bytes, or those and the server's answer with its fields."""
    made = c.codec(Late)
    assert made.generated
    assert made.decode(bytes.fromhex(body)) == value
    assert made.encode(value) == bytes.fromhex(body)


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    price: Annotated[int, c.Int5]
    count: Annotated[int, c.Int1]
    extra: Annotated[int | None, c.maybe(c.Int2)] = None


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """A field kind the generator does not know."""

    count: Annotated[int, c.Int1]
    items: Annotated[list[int], construct.Array(2, construct.Int16ul)]


def test_a_field_that_is_absent_is_none_and_longer_data_is_accepted() -> None:
    """Older firmware leaves trailing fields out, newer firmware appends some: both are read."""
    made = c.codec(Sample)
    assert made.decode(bytes.fromhex("0100000000 02")) == Sample(price=1, count=2)
    assert made.decode(bytes.fromhex("0100000000 02 0300")) == Sample(price=1, count=2, extra=3)
    assert made.decode(bytes.fromhex("0100000000 02 0300 ffff")) == Sample(price=1, count=2, extra=3)
    assert made.encode(Sample(price=1, count=2)) == bytes.fromhex("0100000000 02")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (Sample(price=-1, count=0), "price"),
        (Sample(price=1 << 40, count=0), "price"),
        (Sample(price=0, count=256), "count"),
        (Sample(price=0, count=0, extra=1 << 16), "extra"),
    ],
)
def test_a_value_that_does_not_fit_names_its_field(value: Sample, field: str) -> None:
    """A wrong value is our own mistake: Misuse that names the class and the field, nothing is sent."""
    with pytest.raises(Misuse, match=f"Sample.{field}"):
        c.codec(Sample).encode(value)


def test_an_unknown_kind_of_field_is_slow_and_right() -> None:
    """A layout that the generator cannot make falls back to construct, with the same errors."""
    made = c.codec(Odd)
    assert not made.generated
    assert made.decode(made.encode(Odd(count=1, items=[2, 3]))) == Odd(count=1, items=[2, 3])
    with pytest.raises(Malformed):
        made.decode(b"\x01")


def test_lengths_that_promise_more_than_came_are_malformed() -> None:
    """Lengths come from the line: a damaged one must neither read beyond the frame nor cut a code short unseen."""
    assert c.blobs(2).unpack(b"\x01\x02ABC") == (b"A", b"BC")
    assert c.blobs(1, more=True).unpack(b"\x01AB") == (b"A", b"B")
    for data in (b"", b"\x01", b"\x01\x02AB"):
        with pytest.raises(Malformed):
            c.blobs(2).unpack(data)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (c.exactly(2), b"AB", "4142"),
        (c.fixed_text(6), "Каса", "cae0f1e00000"),
        (c.ascii_text(6), "1234", "313233342020"),
        (c.array(2, 5), (1, 2), "01000000000200000000"),
        (c.unless_all_ones(5), None, "ffffffffff"),
        (c.unless_all_ones(5), 1, "0100000000"),
        (c.moment5, datetime(2026, 3, 5, 14, 5), "1a03050e05"),
        (c.moment5, None, "0000000000"),
        (c.date_ymd, date(2026, 3, 5), "1a0305"),
        (c.date_dmy, date(2026, 3, 5), "05031a"),
        (c.time_hms, time(14, 5, 30), "0e051e"),
    ],
)
def test_values_on_the_wire(field: c.Packed[Any], value: Any, expected: str) -> None:
    """Section "Values on the wire": plain binary everywhere, nothing is BCD, texts are CP1251 or ASCII."""
    assert field.pack(value) == bytes.fromhex(expected)
    assert field.unpack(bytes.fromhex(expected)) == value


def test_text_ends_at_nul() -> None:
    """A NUL ends a text early: what follows in the field is garbage of an earlier value."""
    assert c.fixed_text(4).unpack(b"A\0BC") == "A"
