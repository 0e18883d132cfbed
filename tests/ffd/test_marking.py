"""Marking codes: examples of the order, real shapes, damaged scans."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.errors import FfdError
from ffd.marking import GS, Kind, control_code, parse
from ffd.marking import SHAPES as TABLE
from ffd.structures import ProductCode
from ffd.tlv import Tlv, encode
from tests.ffd.vectors import one, vectors

# An example code of each known shape: kind, type (2100), scanned.
SHAPES = [
    (Kind.SHORT, 1, "00000046210654NKZaYPiAAModGVz"),
    (Kind.GS1_MARKED, 5, f"0104670540176099215'W9Um{GS}93dGVz"),
    (Kind.GS1_MARKED, 5, f"010460043993125621JgXJ5.T{GS}8005112000{GS}93AbC1"),
    (Kind.GS1_MARKED, 4, f"010460406000600021N4N57RSCBUZTQ{GS}91ffd0{GS}92{'A' * 44}"),
    (Kind.GS1_MARKED, 3, f"0106271582692226215MN0;&{GS}91FFD0{GS}92dGVzdGZ0qoAfuqWzQQtSl6UFbZYOGHWp98+wqPE9tM4="),
    (Kind.GS1_MARKED, 2, f"010460406000600021N4N57RSCBUZTQ{GS}91ffd0{GS}92{'A' * 88}"),
    (Kind.GS1_MARKED, 5, f"010460406000600021N4N57RSCBUZTQ{GS}17261231{GS}93AbC1"),
    (Kind.GS1, 0, "010460406000600021N4N57"),
    (Kind.EAN8, 0, "46198488"),
    (Kind.EAN13, 0, "4606203090785"),
    (Kind.ITF14, 0, "14601234567890"),
    (Kind.FUR, 0, "RU-401301-AAA0277031"),
]


@pytest.mark.parametrize("vector", vectors("ffd_product_code_1162"))
def test_examples_of_the_order(vector: dict[str, Any]) -> None:
    """Tag 1162 of every example of the order, byte for byte."""
    code = parse(vector["scanned"])
    assert code.product_code_bytes().hex() == vector["hex"]
    assert code.kind is not Kind.UNKNOWN


@pytest.mark.parametrize("vector", vectors("ffd_control_code_2115"))
def test_control_code(vector: dict[str, Any]) -> None:
    """Tag 2115 of known codes, separators included."""
    assert control_code(vector["marking_code"]) == vector["control_code"]


@pytest.mark.parametrize(
    ("key", "scanned"),
    [
        ("1163-ean13", "4606203090785"),
        ("1163-gs1m", one("ffd_product_code_1162", "gs1")["scanned"]),
        ("1163-short", "00000046198488X?io+qCABm8wAYa"),
        ("1163-egais3", one("ffd_product_code_1162", "egais3")["scanned"]),
    ],
)
def test_product_code(key: str, scanned: str) -> None:
    """Tag 1163 has one member with the right part of the code."""
    data = encode((Tlv(1163, parse(scanned).product_code().encode_fields()),))
    assert data.hex() == one("ffd_structures_1_2", key)["hex"]


@pytest.mark.parametrize(("kind", "code_type", "scanned"), SHAPES)
def test_shapes(kind: Kind, code_type: int, scanned: str) -> None:
    """Every known shape is told apart without problems, and typed."""
    code = parse(scanned)
    assert (code.kind, int(code.code_type), code.problems) == (kind, code_type, ())
    assert code.text == scanned
    assert len(code.identifier) <= 38


@pytest.mark.parametrize("prefix", ["]d2", GS, "]d2" + GS])
@pytest.mark.parametrize("separator", [GS, "\\u001d", "<GS>", "|"])
def test_scanner_habits(prefix: str, separator: str) -> None:
    """Symbology prefixes and escaped separators are undone; the code is what stands on the package."""
    plain = SHAPES[2][2]
    code = parse(prefix + plain.replace(GS, separator))
    assert (code.text, code.kind, code.good) == (plain, Kind.GS1_MARKED, True)


@pytest.mark.parametrize("scanned", [SHAPES[1][2], SHAPES[2][2], SHAPES[5][2]])
def test_lost_separators(scanned: str) -> None:
    """A code of a known shape gets its separators back; the loss is told: the marking system wants the true code."""
    code = parse(scanned.replace(GS, ""))
    assert (code.text, code.reconstructed) == (scanned, True)
    assert [one.code for one in code.problems] == ["separator"]
    assert code.product_code() == parse(scanned).product_code()


@pytest.mark.parametrize(
    ("scanned", "problem"),
    [
        ("46198489", "check_digit"),
        ("4606203090786", "check_digit"),
        (f"010460406000600121N4N57{GS}93AbC1", "check_digit"),
        (f"010460406000600021N4N57{GS}93AbC12", "length"),
        (f"010460406000600021N4N57RSCBUZTQN4N57RSCBUZTQ{GS}93AbC1", "length"),
        (f"010460406000600021N4N57{GS}92{'A' * 44}", "key"),
        ("0104604060006000ZZ", "identifier"),
        (f"21N4N57{GS}93AbC1", "gtin"),
        ("hello", "unknown"),
        ("", "length"),
        ("x" * 300, "length"),
        ("漢字", "character"),
        (f"010460406000600021фыв.а{GS}93AbC1", "layout"),
    ],
)
def test_what_is_wrong(scanned: str, problem: str) -> None:
    """A bad code says what is wrong with it, in both languages, and where."""
    code = parse(scanned)
    assert problem in [one.code for one in code.problems]
    assert all(one.message_ru and one.message_en for one in code.problems)


def test_russian_layout() -> None:
    """A scanner that types in the Russian layout is understood as long as it is unambiguous."""
    code = parse(f"010460406000600021ТЫЩ{GS}93ФбС1".replace("б", "a"))
    assert code.serial == "NSO"
    assert code.element("93") == "AaC1"


def test_prefix_in_russian_layout() -> None:
    """The symbology prefix is typed in the same layout as the code and still is no part of it."""
    code = parse(f"ъв2010460406000600021ТЫЩ{GS}93ФaС1")
    assert (code.serial, code.good) == ("NSO", True)


@pytest.mark.parametrize(
    ("scanned", "at"),
    [
        (f"010460406000600021N4N57RSCBUZTQ91ffd0{GS}92{'A' * 88}", 31),
        (f"010460406000600021N4N57RSCBUZTQ{GS}91ffd092{'A' * 88}", 38),
        (f"010460043993125621JgXJ5.T8005112000{GS}93AbC1", 25),
        ("010460406000600021N4N57RSCBUZTQ93AbC1", 31),
    ],
)
def test_one_separator_lost(scanned: str, at: int) -> None:
    """Some separators lost is told like all lost: where the first is missing, and the code repaired."""
    code = parse(scanned)
    assert [(one.code, one.position) for one in code.problems] == [("separator", at)]
    assert (code.reconstructed, code.kind) == (True, Kind.GS1_MARKED)
    assert code.text[at] == GS
    assert parse(code.text).good


@pytest.mark.parametrize(
    ("scanned", "problem", "word"),
    [
        ("46061", "length", "5 digits"),
        ("RU-401301-AAA027703", "length", "19 characters"),
        ("ru-401301-aaa0277031", "case", "lower case"),
        ("00000046210654NKZaYPiAAModGV", "length", "28 characters"),
        ("00000046210654NKZaYPiAAMod#Vz", "character", "'#'"),
        ("A" * 67, "length", "67 characters"),
        (f"010460406000600021N4N#7{GS}93AbC1", "character", "'#'"),
        (f"0104604060006000210{GS}93", "length", "93 holds 0 characters"),
        ("x" * 5000, "length", "more than 1024"),
    ],
)
def test_what_it_nearly_is(scanned: str, problem: str, word: str) -> None:
    """A code of no kind is told what it lacks, not only that it is unknown."""
    found = [one for one in parse(scanned).problems if one.code == problem]
    assert found
    assert word in found[0].message_en


def test_a_broken_gtin_or_serial_is_no_gs1_code() -> None:
    """What cannot be a member 1304 or 1305 goes to 1300 as it was read, and has no number to compute with."""
    for scanned in (f"01046040{GS}21N4N57{GS}93AbC1", f"010460406000600021{'N' * 21}{GS}93AbC1"):
        code = parse(scanned)
        assert (code.kind, code.gtin, code.serial) == (Kind.UNKNOWN, "", "")
        assert code.product_code().product_code_unrecognized == code.text[:32]
        assert code.product_code_bytes()[:2] == b"\0\0"


def test_a_tail_that_is_no_base64() -> None:
    """A tail of the right length with foreign characters is no reason to fail: it is one the drive is given."""
    code = parse(f"010460406000600021N4N57RSCBUZTQ{GS}91ffd0{GS}92{'A' * 43}\x80")
    assert code.code_type == 4
    assert [one.code for one in code.problems] == ["character"]


def test_price_and_group() -> None:
    """A tobacco pack tells its maximum price in base 80 (register firmware: ABm8 is 95.00), a block in 8005."""
    assert parse("00000046198488X?io+qCABm8wAYa").maximum_price == 9500
    assert parse(SHAPES[2][2]).maximum_price == 112000
    assert parse(SHAPES[1][2]).maximum_price is None
    assert parse(SHAPES[5][2]).group == "обувь"
    assert parse(SHAPES[2][2]).group == "табак, блок"
    assert parse("46198488").group == ""


def test_describe() -> None:
    """All that is known by name, as JSON can carry it."""
    described = parse(SHAPES[2][2]).describe()
    assert json.loads(json.dumps(described)) == described
    assert described["member"] == "product_code_gs1_marked"
    assert described["identifier"] == "010460043993125621JgXJ5.T"
    assert described["elements"]["93"] == "AbC1"
    assert described["code_type"] == 5


def test_shapes_table() -> None:
    """Every shape of the table is read back from a code made after it, with and without separators."""
    values = {"91": "ffd0", "8005": "112000", "17": "261231", "7003": "2612312359", "3103": "001250"}
    for shape in TABLE:
        for size in shape.serials:
            serial = "NQWRSTUVXYZabcdefghk"[:size]
            code = f"010460406000600021{serial}{GS}"
            for identifier, length in shape.tail:
                code += identifier + values.get(identifier, "w" * length)
                code += GS if identifier in ("91", "8005", "7003") else ""
            found = parse(code)
            assert (found.good, found.serial, shape.group in found.group) == (True, serial, True), code
            again = parse(code.replace(GS, ""))
            assert (again.text, again.reconstructed) == (code, True)


def _all_of(scanned: str) -> None:
    """A value, or our error; never another exception."""
    code = parse(scanned)
    assert code.good or all(one.message_ru and one.message_en for one in code.problems)
    assert all(0 <= one.position <= len(scanned) for one in code.problems)
    assert code.code_type in range(6)
    assert len(code.text) <= 256
    assert code.describe()
    for make in (code.product_code, code.product_code_bytes, lambda: code.control_code):
        try:
            made = make()
        except FfdError:
            assert not code.good
            continue
        assert made
        if isinstance(made, ProductCode):
            assert ProductCode.decode_fields(made.encode_fields()) == made


@given(st.text())
def test_any_text(scanned: str) -> None:
    """Any text is a code of some kind, with a type and a member for 1163, or our error."""
    _all_of(scanned)


PIECES = [
    GS,
    "01",
    "21",
    "91",
    "92",
    "93",
    "8005",
    "ffd0",
    "\xe8",
    "]d2",
    "ы",
    "é",
    "04604060006000",
    "A" * 44,
    "9" * 14,
]


@given(st.sampled_from([scanned for _, _, scanned in SHAPES]), st.data())
def test_damaged_codes(scanned: str, data: st.DataObject) -> None:
    """Real codes with parts cut out, doubled or mixed up."""
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(scanned)))
        end = data.draw(st.integers(at, min(len(scanned), at + 20)))
        scanned = scanned[:at] + data.draw(st.sampled_from(["", *PIECES])) + scanned[end:]
    _all_of(scanned)


@pytest.mark.slow
def test_many_damaged_codes() -> None:
    """The same for long, without looking for the smallest: a shop's scanner meets every kind of damage."""
    dice = random.Random(os.urandom(8) if os.environ.get("SOAK") else 1163)
    strange = ["", *PIECES, "\x80", "я", "\n", "#", "漢", "|"]
    for _ in range(30_000):
        scanned = dice.choice(SHAPES)[2]
        for _ in range(dice.randint(1, 6)):
            at = dice.randint(0, len(scanned))
            scanned = scanned[:at] + dice.choice(strange) + scanned[at + dice.choice((0, 0, 1, 5, 30)) :]
        try:
            _all_of(scanned)
        except Exception as error:
            raise AssertionError(scanned) from error


@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
def test_pieces(scanned: str) -> None:
    """Parts of codes in any order."""
    _all_of(scanned)


@given(st.sampled_from([scanned for _, _, scanned in SHAPES]))
def test_a_good_code_stays(scanned: str) -> None:
    """What was read without a problem is read the same again from its own text."""
    code = parse(scanned)
    assert parse(code.text) == code
