"""Marking codes: examples of the order, real shapes, damaged scans."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.marking import GS, Kind, control_code, parse
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


@given(st.text())
def test_any_text(scanned: str) -> None:
    """Any text is a code of some kind, with a type and a member for 1163."""
    code = parse(scanned)
    assert code.good or code.problems
    assert code.code_type in range(6)
    assert code.product_code()
