"""Value encodings against published bytes and against themselves."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd import tlv, values
from ffd.documents import sign_number
from ffd.enums import ChangeReason, Usage
from ffd.errors import DecodeError, EncodeError
from tests.ffd.vectors import vectors


@pytest.mark.parametrize("vector", vectors("ffd_primitives"))
def test_published_values(vector: dict[str, Any]) -> None:
    """Bytes of every kind read as published, and are written back alike: other registers read ours."""
    data, expected = bytes.fromhex(vector["hex"]), vector["value"]
    match vector["kind"]:
        case "vln" | "vln_decode":
            assert values.decode_vln(data) == expected
            if vector["kind"] == "vln":
                assert values.encode_vln(expected) == data
        case "fvln" | "fvln_decode":
            assert values.decode_fvln(data) == Decimal(expected)
            if vector["kind"] == "fvln":
                assert values.encode_fvln(Decimal(expected)) == data
        case "string":
            assert values.decode_string(data) == expected
            assert values.encode_string(expected) == data
        case "unixtime":
            moment = (
                datetime.fromtimestamp(expected, UTC).replace(tzinfo=None)
                if isinstance(expected, int)
                else datetime.fromisoformat(expected)
            )
            assert values.decode_unixtime(data) == moment
            assert values.encode_unixtime(moment) == data
        case "byte" | "uint32":
            assert values.decode_uint(data, len(data)) == expected
            assert values.encode_uint(expected, len(data)) == data
        case _:
            (field,) = tlv.decode(data)
            assert field.tag == vector["tag"]
            assert _plain(field) == expected
            assert tlv.encode((field,)) == data
            assert tlv.encode((tlv.field(field.tag, tlv.value(field)),)) == data


def _plain(field: tlv.Tlv) -> object:
    """The value in the words of the vector file."""
    found = tlv.value(field)
    match field.tag:
        case 1077:
            return sign_number(found)
        case 1023:
            return str(found)
        case 1209:
            return str(found.title)
        case 1290:
            return [bit.name.lower() for bit in Usage(found) if bit.name]
        case 1205:
            return [bit.name.lower() for bit in ChangeReason(found) if bit.name]
        case _:
            return found


@given(st.integers(0, 2**64 - 1))
def test_vln_is_shortest(number: int) -> None:
    """A number is written in as few bytes as it takes, zero in one, and reads back."""
    data = values.encode_vln(number)
    assert values.decode_vln(data) == number
    assert len(data) == 1 or data[-1]


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=6))
def test_fvln_keeps_places(quantity: Decimal) -> None:
    """A quantity comes back equal and with the places it was written with."""
    again = values.decode_fvln(values.encode_fvln(quantity))
    assert again == quantity
    assert again.as_tuple().exponent == quantity.as_tuple().exponent


@pytest.mark.parametrize("quantity", ["-1", "NaN", "Infinity", "1e999999999", "1e-999999999", "12345678901234567890"])
def test_fvln_refuses(quantity: str) -> None:
    """A quantity without bytes is refused at once, a huge exponent without computing it."""
    with pytest.raises(EncodeError):
        values.encode_fvln(Decimal(quantity))


@given(st.binary(max_size=12))
def test_decoders_answer_or_refuse(data: bytes) -> None:
    """Any bytes: a value or our error."""
    for decode in (values.decode_vln, values.decode_fvln, values.decode_unixtime, values.decode_string):
        with contextlib.suppress(DecodeError):
            decode(data)


def test_text_is_never_replaced() -> None:
    """What CP866 lacks is an error that names it; typographic characters have plain equivalents first."""
    with pytest.raises(EncodeError, match="₽"):
        values.encode_string("100 ₽")
    assert values.normalise("«Ёлка» – 5 ₽…") == '"Ёлка" - 5 руб....'
    assert values.misfits("№ 1 ° · € 漢漢") == "€漢"
    with pytest.raises(EncodeError, match="3 characters, at most 2"):
        values.encode_string("abc", 2)


def test_fixed_text() -> None:
    """A fixed text is filled with blanks on the right; blanks on the left mean something and stay."""
    assert values.encode_string("12", 4, fixed=True) == b"12  "
    assert values.decode_string(b" 12 ", 4, fixed=True) == " 12"
    with pytest.raises(DecodeError):
        values.decode_string(b"12", 4, fixed=True)


def test_moments_are_wall_clocks() -> None:
    """A naive moment is written as it stands; a zone or parts of a second would be lost, so they are refused."""
    assert values.encode_unixtime(datetime(1970, 1, 1, 0, 1)) == b"\x3c\0\0\0"
    for wrong in ("1970-01-01T03:01:00+03:00", "1970-01-01T00:01:00+00:00", "1970-01-01T00:01:00.5"):
        with pytest.raises(EncodeError, match="wall clock"):
            values.encode_unixtime(datetime.fromisoformat(wrong))


def test_characters() -> None:
    """Our short way through CP866 is the codec's, for every byte and for characters it lacks."""
    every = bytes(range(256))
    assert values.from_cp866(every) == every.decode("cp866")
    assert values.to_cp866(every.decode("cp866")) == every
    for stranger in ("€", "«", "\u0301", "\ud800"):
        with pytest.raises(UnicodeEncodeError):
            stranger.encode("cp866")
        with pytest.raises(UnicodeEncodeError):
            values.to_cp866(stranger)


def test_exact_texts() -> None:
    """Only a text that the order fills with blanks may be shorter than its length."""
    assert tlv.field("user_inn", "7704849611").value == b"7704849611  "
    for tag, text in ((1041, "738444090084467"), (1301, "4619848"), (2115, "123")):
        with pytest.raises(EncodeError, match="exactly"):
            tlv.field(tag, text)
