"""07h: what a register may put into a document, by generation."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.drive import Code
from fn_emulator.drive.content import forbidden_tags
from fn_emulator.drive.documents import KINDS
from tests.fn_emulator.drives import Hands, item, registered, sums, tags, with_shift


def raw(tag: int, value: bytes) -> bytes:
    return pack("<HH", tag, len(value)) + value


def receipt(**options: Any) -> Hands:
    hands = with_shift(**options)
    hands.ok(0x15, hands.dt)
    return hands


@pytest.mark.parametrize(
    ("data", "code", "tag"),
    [
        (raw(1041, b"9999078900005488"), Code.FORBIDDEN_TAG, 1041),
        (raw(1038, bytes(4)), Code.FORBIDDEN_TAG, 1038),
        (raw(1020, b"\x01"), Code.FORBIDDEN_TAG, 1020),
        (raw(1021, b"A") * 2, Code.DUPLICATE_TAG, 1021),
        (raw(1059, raw(1030, b"A") * 2), Code.DUPLICATE_TAG, 1030),
        (raw(1055, b"\x01\x00"), Code.BAD_TAG_VALUE, 1055),
        (raw(1031, b""), Code.BAD_TAG_VALUE, 1031),
        (raw(1031, bytes(7)), Code.BAD_TAG_VALUE, 1031),
        (raw(1021, b"A" * 65), Code.BAD_TAG_VALUE, 1021),
        (raw(1108, b"\x02"), Code.BAD_TAG_VALUE, 1108),
        (raw(1203, b"12345"), Code.BAD_TAG_VALUE, 1203),
        (raw(1203, b"77022032760X"), Code.BAD_TAG_VALUE, 1203),
        (raw(1059, b"\x06\x04\xff"), Code.BAD_TAG_VALUE, 1059),
        (raw(1059, raw(1023, b"\x02")), Code.BAD_TAG_VALUE, 1023),
        (raw(1059, raw(1212, b"\x02")), Code.TAG_AGAINST_REGISTRATION, 1212),
        (raw(1059, raw(1212, b"\x21")), Code.TAG_AGAINST_REGISTRATION, 1212),
        (raw(1209, b"\x02"), Code.TAG_AGAINST_REGISTRATION, 1209),
    ],
)
def test_refused_tag(data: bytes, code: Code, tag: int) -> None:
    """Each check names the tag, and a refused 07h leaves nothing in the document."""
    hands = receipt()
    answer = hands.send(0x07, raw(1036, b"7") + data)
    assert (answer.error, answer.data) == (code, pack("<H", tag))
    assert hands.ok(0xA7)[:4] == bytes(4)
    assert hands.code(0x07, raw(1036, b"7")) is Code.OK


def test_duplicate_over_two_commands() -> None:
    """A tag given by an earlier 07h is a duplicate too; items may repeat."""
    hands = receipt()
    hands.ok(0x07, tags((1021, "Кассир")))
    assert hands.send(0x07, tags((1021, "Другой"))).data == pack("<H", 1021)
    hands.ok(0x07, item())
    hands.ok(0x07, item())


def test_tax_system_must_be_registered() -> None:
    """1055 outside of 1062 contradicts the registration."""
    hands = Hands()
    hands.register(tax=1)
    hands.open_shift()
    hands.ok(0x15, hands.dt)
    assert hands.code(0x07, tags((1055, 2))) is Code.TAG_AGAINST_REGISTRATION
    assert hands.code(0x07, tags((1055, 1))) is Code.OK


def test_excise_registered() -> None:
    """Excise goods pass when the drive is registered for them."""
    hands = Hands()
    hands.register(extended=1)
    hands.open_shift()
    hands.ok(0x15, hands.dt)
    assert hands.code(0x07, raw(1059, raw(1212, b"\x02"))) is Code.OK


def test_first_generation_looks_at_structure_only() -> None:
    """FFD 1.05: content is not inspected, but lengths must add up."""
    hands = receipt(ffd=2)
    assert hands.code(0x07, raw(1041, b"anything") * 2 + raw(1209, b"\x04")) is Code.OK
    assert hands.code(0x07, b"\x11\x04\x05\x00abc") is Code.UNKNOWN_COMMAND
    assert hands.code(0x07, b"\x11\x04") is Code.UNKNOWN_COMMAND


def test_unknown_tag_is_kept() -> None:
    """A tag that nobody has described cannot be judged: it passes and is in the document."""
    hands = receipt()
    hands.ok(0x07, raw(9999, b"?"))
    hands.ok(0x07, sums(100))
    hands.ok(*hands.receipt_form(100))
    hands.ok(0x45, pack("<I", 3))
    contents = []
    while (answer := hands.send(0x46)).error == 0:
        contents.append(answer.data)
    assert raw(9999, b"?") in contents


def test_too_many_items() -> None:
    """The model's limit of items: 0Eh without a tag."""
    hands = receipt()
    hands.drive.open_document.items = hands.drive.model.items_max  # type: ignore[union-attr]  # a thousand 07h saved
    answer = hands.send(0x07, item())
    assert (answer.error, answer.data) == (Code.TOO_MANY_ITEMS, b"")


def test_receipt_overflow() -> None:
    """30 KB by 07h and not a byte more; 06h is the way out."""
    hands = receipt()
    filler = raw(1059, raw(1030, b"A" * 100))
    room = 30720
    while room >= len(filler):
        hands.ok(0x07, filler)
        room -= len(filler)
    assert room >= 4
    hands.ok(0x07, raw(9999, bytes(room - 4)))
    assert hands.code(0x07, raw(9998, b"")) is Code.TLV_OVERFLOW
    hands.ok(0x06)


@pytest.mark.parametrize(("model", "ffd", "limit"), [("fn-1-36", 2, 1024), ("fn-1.2-36", 4, 3840)])
def test_shift_report_overflow(model: str, ffd: int, limit: int) -> None:
    """Shift reports: 1 KB on the first generation, 4 KB less the drive's part later."""
    hands = registered(model=model, ffd=ffd)
    hands.ok(0x11, hands.dt)
    sent = 0
    while hands.code(0x07, raw(9999, bytes(60))) is Code.OK:
        sent += 64
    assert limit - 64 < sent <= limit


def test_missing_sums() -> None:
    """16h on 1.1 and 1.2 wants all five payment sums and says which are missing; the receipt stays open."""
    hands = receipt()
    hands.ok(0x07, tags((1031, 100), (1215, 0)))
    answer = hands.send(*hands.receipt_form(100))
    assert (answer.error, answer.data) == (Code.MISSING_DATA, bytes((0b11010,)))
    hands.ok(0x07, tags((1081, 0), (1216, 0), (1217, 0)))
    hands.ok(*hands.receipt_form(100))


def test_sums_are_not_wanted_on_1_05() -> None:
    """The first format keeps no counters, so it needs no sums."""
    hands = receipt(ffd=2)
    hands.ok(0x07, tags((1021, "К")))
    hands.ok(*hands.receipt_form(100))


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_kind_forbids_the_head(kind: Any) -> None:
    """The six tags of the head are the drive's in every document."""
    assert {1041, 1037, 1018, 1040, 1012, 1077} <= forbidden_tags(kind.form, 4)


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Whatever 07h brings, the answer is a code, and the document stays what it was or grows by it."""
    hands = HANDS
    hands.ok(0x06)
    hands.ok(0x15, hands.dt)
    answer = hands.send(0x07, data)
    assert hands.ok(0xA7)[:4] == pack("<I", 0 if answer.error else len(data))


HANDS = with_shift()
