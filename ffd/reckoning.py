"""What a receipt adds up to, and why: sums, tax by rate, what was paid, change, each line with the way it came about.

All in whole kopecks and exact decimals. Serves the business receipt and the typed document alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

import msgspec

from ffd import vat
from ffd.enums import VatRate
from ffd.errors import FfdError
from ffd.values import is_quantity

__all__ = ["Line", "Paid", "Totals", "line_total", "reckon"]

Paid = dict[str, int]  # kind of payment and kopecks, in the order of the receipt


class Line(NamedTuple):
    """One position; `total` is what it says it costs (1043)."""

    name: str
    price: int
    quantity: Decimal
    total: int
    vat: VatRate


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of a receipt. `str()` shows the reckoning line by line.

    `vat` holds for each rate what its tag carries: the tax, for 0% and "no VAT" the turnover (1104, 1105).
    """

    items: tuple[Line, ...]
    total: int
    paid: Paid
    turnover: dict[VatRate, int]
    vat: dict[VatRate, int]
    per_item: bool = False
    tendered: int | None = None

    @property
    def difference(self) -> int:
        """Paid less owed, 0 in a right receipt."""
        return sum(self.paid.values()) - self.total

    @property
    def change(self) -> int | None:
        """To give back of the cash put down, negative when it does not suffice; None when nobody told of cash."""
        return None if self.tendered is None else self.tendered - self.paid.get("cash", 0)

    def lines(self) -> tuple[str, ...]:
        """The reckoning in words, one sum a line."""
        paid = [f"paid {kind} {roubles(kopecks)}" for kind, kopecks in self.paid.items() if kopecks]
        verdict = [f"paid less owed {roubles(self.difference)}"] if self.difference else []
        change = []
        if self.change is not None:
            cash = roubles(self.paid.get("cash", 0))
            change = [f"change {roubles(self.change)} = {roubles(self.tendered or 0)} put down - {cash} cash"]
        return (
            *map(_item, self.items),
            f"total {roubles(self.total)}{_sum([line.total for line in self.items])}",
            *paid,
            *verdict,
            *change,
            *map(self._tax, self.turnover),
        )

    def _tax(self, rate: VatRate) -> str:
        gross = roubles(self.turnover[rate])
        percent, base = vat.RATES[rate]
        if not percent:
            return f"{rate.name}: {gross}, no tax in it"
        if self.per_item:
            parts = [vat.amount(line.total, rate) for line in self.items if line.vat == rate]
            return f"{rate.name}: {roubles(self.vat[rate])}{_sum(parts)}, item by item, of {gross}"
        return f"{rate.name}: {roubles(self.vat[rate])} = {gross} x {percent}/{base}"

    def __str__(self) -> str:
        return "\n".join(self.lines())


def reckon(lines: Iterable[Line], paid: Paid, *, per_item: bool = False, tendered: int | None = None) -> Totals:
    """The sums of `lines`; `per_item` rounds the tax of each line instead of the tax of each rate's turnover."""
    items = tuple(lines)
    return Totals(
        items=items,
        total=sum(line.total for line in items),
        paid=paid,
        turnover=vat.turnovers(items),
        vat=vat.amounts(items, per_item=per_item),
        per_item=per_item,
        tendered=tendered,
    )


def line_total(price: int, quantity: Decimal) -> int:
    """Price times quantity in kopecks, exact, rounded half up: what 1043 should be when nobody says otherwise."""
    if not is_quantity(quantity):
        raise FfdError(f"{quantity} is not a quantity, nothing can be reckoned with it", path="quantity")
    number, parts = quantity.as_integer_ratio()
    return (2 * price * number + parts) // (2 * parts)


def roubles(kopecks: int) -> str:
    """12345 is 123.45."""
    sign, kopecks = ("-", -kopecks) if kopecks < 0 else ("", kopecks)
    return f"{sign}{kopecks // 100}.{kopecks % 100:02d}"


def _item(line: Line) -> str:
    product = line_total(line.price, line.quantity)
    text = f"{line.name}: {roubles(line.total)} = {roubles(line.price)} x {line.quantity}"
    return text if product == line.total else f"{text}, {roubles(line.total - product)} off"


def _sum(parts: list[int]) -> str:
    return f" = {' + '.join(map(roubles, parts))}" if 1 < len(parts) <= 20 else ""
