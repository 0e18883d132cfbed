"""Value added tax contained in gross amounts, in whole kopecks.

The order prescribes no rounding. A real receipt shows the amount of a rate computed from the total of its items,
rounded half up; that is the default, rounding item by item is there for who needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ffd.enums import VatRate

__all__ = ["amount", "amounts", "turnovers", "RATES"]

# Rate: percent and base; amount = gross * percent / base. 0% and "no VAT" carry their turnover and no tax.
RATES: dict[int, tuple[int, int]] = {
    1: (20, 120),
    2: (10, 110),
    3: (20, 120),
    4: (10, 110),
    5: (0, 100),
    6: (0, 100),
    7: (5, 105),
    8: (7, 107),
    9: (5, 105),
    10: (7, 107),
    11: (22, 122),
    12: (22, 122),
}


class Taxed(Protocol):
    """What a position must show: its total in kopecks and its rate."""

    @property
    def total(self) -> int: ...

    @property
    def vat(self) -> VatRate: ...


def amount(gross: int, rate: int) -> int:
    """The tax inside `gross` kopecks, rounded half up; 0 for the rates without tax."""
    percent, base = RATES[rate]
    return (2 * gross * percent + base) // (2 * base)


def turnovers(items: Iterable[Taxed]) -> dict[VatRate, int]:
    """Gross kopecks for each rate that occurs, in the order of the codes."""
    found: dict[VatRate, int] = {}
    for item in items:
        found[item.vat] = found.get(item.vat, 0) + item.total
    return dict(sorted(found.items())) if len(found) > 1 else found


def amounts(items: Iterable[Taxed], *, per_item: bool = False) -> dict[VatRate, int]:
    """For each rate what its tag carries: the tax, or for 0% and "no VAT" the turnover (1104, 1105)."""
    if not per_item:
        return {rate: gross if RATES[rate][0] == 0 else amount(gross, rate) for rate, gross in turnovers(items).items()}
    found: dict[VatRate, int] = {}
    for item in items:
        tax = item.total if RATES[item.vat][0] == 0 else amount(item.total, item.vat)
        found[item.vat] = found.get(item.vat, 0) + tax
    return dict(sorted(found.items()))
