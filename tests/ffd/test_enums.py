"""Sets of values: numbers on the wire with Russian words."""

from __future__ import annotations

import pytest

from ffd.enums import SETS, DocumentCode, Measure, Operation, TaxSystem, VatRate


@pytest.mark.parametrize("members", SETS.values(), ids=SETS)
def test_every_value_has_a_name(members: type[VatRate]) -> None:
    """A value without a Russian name could not be shown to anybody."""
    assert all(member.title for member in members)


def test_words() -> None:
    """Numbers stay numbers; titles, printed forms and days come from the tables."""
    assert int(Operation.INCOME) == 1
    assert Operation.INCOME.printed == "ПРИХОД"
    assert (VatRate.VAT_22.since, TaxSystem.IMPUTED_INCOME.until) == ("2026-01-01", "2020-12-31")
    assert Measure.LITRE.title == "литр"
    assert DocumentCode(31).title == "кассовый чек коррекции"


def test_bits_are_named_together() -> None:
    """Several tax systems print separated by commas, as the order asks."""
    assert (TaxSystem.GENERAL | TaxSystem.PATENT).printed == "ОСН, Патент"
