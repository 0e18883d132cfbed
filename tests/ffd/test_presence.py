"""Which tag belongs where: the tables and the classes agree."""

from __future__ import annotations

import pytest

from ffd.documents import OF_CODE
from ffd.enums import Edition
from ffd.presence import BUYER_REFERENCE, Basis, Presence, Supplier, clause, edition_of, rows, supplier
from ffd.structures import OF_TAG
from ffd.tags import TAGS

EDITIONS = (Edition.FFD_1_05, Edition.FFD_1_1, Edition.FFD_1_2)


@pytest.mark.parametrize("edition", EDITIONS)
def test_classes_have_every_electronic_tag(edition: Edition) -> None:
    """Whatever an edition puts into bytes has an attribute; nothing would be lost as an unknown tag."""
    for container, cls in {**OF_CODE, **OF_TAG}.items():
        known = {row.number for row in cls.tags().values()}
        wanted = {tag for tag, row in rows(container, edition).items() if row.electronic}
        assert wanted <= known, (container, wanted - known)


@pytest.mark.parametrize("edition", EDITIONS)
def test_tags_live_in_their_editions(edition: Edition) -> None:
    """A tag the tag table gives to other editions only does not stand in this one's documents."""
    for container in (*OF_CODE, *OF_TAG):
        for tag in rows(container, edition):
            assert edition.title in TAGS[tag].editions or tag in (1022, 1068, 1227, 1228, 1125), (container, tag)


def test_editions_are_differences() -> None:
    """1.2 takes 1057 out of receipts and makes the measure mandatory; 1.05 has neither counters nor 1163."""
    assert 1057 in rows(3, 2)
    assert 1057 not in rows(3, 4)
    assert rows(1059, 4)[2108] == Presence(1, 3, weak=True, basis=Basis.SECONDARY)
    assert 1163 in rows(1059, 4)
    assert 1163 not in rows(1059, 2)
    assert rows(5, 3)[1194].electronic == 1
    assert 1194 not in rows(5, 2)
    assert rows(3, 4)[1125].since == "2025-09-01"


def test_suppliers() -> None:
    """The drive numbers and signs, the register knows its settings, the host says what is sold."""
    assert supplier(1077) is supplier(1040) is Supplier.DRIVE
    assert supplier(1187) is supplier(1209) is Supplier.REGISTER
    assert supplier(1030) is supplier(1054) is Supplier.HOST
    assert supplier(1187, 1) is supplier(1018, 11) is Supplier.HOST
    assert supplier(1018, 3) is supplier(2000, 82) is supplier(2100, 81) is Supplier.DRIVE
    assert supplier(2000, 81) is Supplier.HOST
    assert (supplier(1041, 7), supplier(2109, 83)) == (Supplier.OPERATOR, Supplier.MARKING_SYSTEM)


def test_what_a_condition_rests_on() -> None:
    """A condition of the order binds; one known from vendors or an inference only warns."""
    assert not rows(3, 2)[1060].condition_is_weak
    assert rows(1059, 4)[2106].condition_is_weak
    assert rows(82, 4)[1018].basis is Basis.INFERRED


def test_buyer_reference() -> None:
    """What a buyer may be told instead of a receipt: five tags, the site optional."""
    assert {tag: row.electronic for tag, row in rows(BUYER_REFERENCE, 4).items()} == {
        1037: 1, 1020: 1, 1012: 1, 1077: 1, 1208: 2,
    }  # fmt: skip


def test_edition_of() -> None:
    """1209 names the edition; without it, or with something unknown, the newest counts."""
    assert [edition_of(version) for version in (2, 3, 4, None, 9)] == [2, 3, 4, 4, 4]


@pytest.mark.parametrize("edition", EDITIONS)
def test_clauses(edition: Edition) -> None:
    """What has rows in an edition has a table of the order behind it, and nothing else has."""
    for container in (*OF_CODE, *OF_TAG, BUYER_REFERENCE):
        assert bool(clause(container, edition)) == bool(rows(container, edition)), container
    assert (clause(3, 4), clause(11, 2), clause(81, 2)) == ("table 96", "table 15, 16", "")
