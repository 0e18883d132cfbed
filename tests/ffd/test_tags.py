"""The tag table is whole and consistent."""

from __future__ import annotations

from ffd.enums import AUTHORITIES, SETS
from ffd.tags import TAGS, Type, by_json_name, by_name, tag


def test_whole() -> None:
    """All 228 tags, in number order, each name once: an attribute of a document is a name."""
    assert len(TAGS) == 228
    assert list(TAGS) == sorted(TAGS)
    assert len({row.name for row in TAGS.values()}) == 228


def test_lengths_fit_types() -> None:
    """Numbers have the size of their type and are fixed; VLN is never fixed."""
    sizes = {Type.BYTE: {1}, Type.UINT16: {2}, Type.UINT32: {4}, Type.UNIXTIME: {4}, Type.VLN: {6, 8}}
    for row in TAGS.values():
        if row.type in sizes:
            assert row.length in sizes[row.type], row
            assert row.fixed == (row.type is not Type.VLN), row


def test_sets_exist() -> None:
    """Every set of values a tag names is in the tables."""
    others = {"federal_authority", "product_code_1162_prefix"}
    assert {row.enum for row in TAGS.values() if row.enum} - others <= set(SETS)
    assert AUTHORITIES["030"]


def test_parents_are_structures() -> None:
    """A tag stands in the document or in a structure."""
    for row in TAGS.values():
        for parent in row.parents:
            assert parent == 0 or TAGS[parent].type is Type.STLV, row


def test_look_up() -> None:
    """By number, English name and the tax service's name, which depends on the place."""
    assert tag(1018) is by_name("user_inn") is tag("user_inn")
    assert by_json_name("ndsSum", 1119) is TAGS[1120]
    assert by_json_name("ndsSum", 1059) is TAGS[1200]
    assert by_json_name("retailAddress") is TAGS[1009]
    assert by_json_name("nonsense") is None
