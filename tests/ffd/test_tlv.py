"""Fields on the wire: byte-exact both ways, bounded, errors with a path."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffd import tlv
from ffd.errors import DecodeError, EncodeError
from ffd.tags import TAGS, Type
from ffd.tlv import Tlv, decode, encode, field, find, find_all, value
from tests import strategies
from tests.ffd.vectors import vectors


@pytest.mark.parametrize("vector", vectors("ffd_packing"))
def test_packing(vector: dict[str, Any]) -> None:
    """Published packings: repeated tags, nested structures, unknown tags, document heads."""
    data = bytes.fromhex(vector["hex"])
    assert encode(decode(data)) == data
    match vector["id"]:
        case "repeated-tag":
            assert encode((Tlv(11, tuple(field(tag, number) for tag, number in vector["content"])),)) == data
        case "byte-tag":
            assert encode(field(tag, number) for tag, number in vector["content"]) == data
        case "nested-structures":
            inner = Tlv(1047, encode((Tlv(1015, (42).to_bytes(4, "little")),)))
            assert decode(data) == (Tlv(7, (Tlv(1068, (inner,)),)),)
        case "repeated-structures":
            assert [one.tag for one in decode(data, structures={1047})] == [1047, 1047]
            assert decode(data, structures={1047})[1].value == (Tlv(1015, (315).to_bytes(4, "little")),)
        case "cp866-phrase":
            assert decode(data) == (Tlv(666, vector["content"][0][1].encode("cp866")),)


@pytest.mark.parametrize("vector", vectors("ffd_structures_1_2"))
def test_structures(vector: dict[str, Any]) -> None:
    """Nested structures of FFD 1.2 come apart into plain values and go together again byte for byte."""
    data = bytes.fromhex(vector["hex"])
    (structure,) = decode(data)
    assert structure.tag == int(vector["id"].split("-")[0])
    assert encode((_again(structure),)) == data


def _again(one: Tlv) -> Tlv:
    if isinstance(one.value, bytes):
        return field(one.tag, value(one))
    return field(one.tag, [_again(inner) for inner in one.value])


@pytest.mark.parametrize("number", [number for number, row in TAGS.items() if row.type is not Type.STLV])
@settings(max_examples=5)
@given(data=st.data())
def test_every_tag(number: int, data: st.DataObject) -> None:
    """value(field(x)) == x and back for every tag of the table, through bytes."""
    plain = data.draw(strategies.values_of(TAGS[number]))
    written = field(number, plain)
    (read,) = decode(encode((written,)))
    assert read == written
    assert value(read) == plain
    assert field(number, value(read)) == written


@given(strategies.tlvs())
def test_round_trip(fields: tuple[Tlv, ...]) -> None:
    """decode(encode(x)) == x, nested and unknown tags included."""
    assert decode(encode(fields)) == fields


@given(st.binary(max_size=64))
def test_any_bytes(data: bytes) -> None:
    """A value or our error; and what was read writes the same bytes."""
    try:
        fields = decode(data)
    except DecodeError:
        return
    assert encode(fields) == data


def test_error_names_the_place() -> None:
    """The path leads into structures and counts repeated ones."""
    item = Tlv(1059, (field(1030, "x"),))
    data = encode((Tlv(3, (item, item, Tlv(1059, b"\x06\x04\xff\x00"))),))
    with pytest.raises(DecodeError, match=r"^receipt/3/item\[2\]/item_name: claims 255 bytes, 0 left$"):
        decode(data, path="receipt")


def test_bounded() -> None:
    """Neither size nor depth can be abused."""
    with pytest.raises(DecodeError, match="at most"):
        decode(bytes(tlv.SIZE_MAX + 1))
    data = b""
    for _ in range(tlv.DEPTH_MAX + 1):
        data = encode((Tlv(1115, data),))
    with pytest.raises(DecodeError, match="nested more than 8 deep"):
        decode(data)


def test_superfluous_zeros_survive() -> None:
    """A VLN longer than needed comes back byte for byte."""
    data = bytes.fromhex("fc03040084000000")
    (total,) = decode(data)
    assert value(total) == 132
    assert encode((total,)) == data


def test_message_with_a_text_tail() -> None:
    """1068 may end with a text without tag and length; it stays bytes rather than an error."""
    data = encode((Tlv(1068, bytes.fromhex("fe0301000e") + b"text"),))
    assert decode(data)[0].value == bytes.fromhex("fe0301000e") + b"text"
    assert encode(decode(data)) == data


def test_plain_values() -> None:
    """Fields from plain values by number or name, and back."""
    assert value(field("user_inn", "7702203276")) == "7702203276"
    assert value(field(1023, "2.5")) == Decimal("2.5")
    assert value(field(1125, True)) is True
    assert value(Tlv(60000, b"\1")) == b"\1"
    fields = (field(1021, "a"), field(1192, "b"), field(1192, "c"))
    assert find(fields, 1192) == fields[1]
    assert find(fields, 1) is None
    assert find_all(fields, 1192) == fields[1:]


@pytest.mark.parametrize(
    ("tag", "wrong"),
    [(1020, -1), (1020, 2**48), (1054, 256), (1030, "x" * 129), (1030, "€"), (1018, 7), (1077, b"12"), (1012, "now")],
)
def test_values_without_bytes(tag: int, wrong: object) -> None:
    """A value that does not fit its tag is an EncodeError with the tag's name as path."""
    with pytest.raises(EncodeError) as caught:
        field(tag, wrong)
    assert caught.value.path == TAGS[tag].name


def test_wrong_length_of_a_value() -> None:
    """Reading a number of the wrong size says so."""
    with pytest.raises(DecodeError, match="fiscal_document_number: 4 bytes expected, 2 given"):
        value(Tlv(1040, b"\1\0"))
