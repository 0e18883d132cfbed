"""Money registers (1Ah) and operation registers (1Bh).

Kept: what belongs to the shift and what is never reset. What belongs to a receipt is worked out from the receipt
when somebody asks (`of_receipt`). Kinds of receipt count 0 sale, 1 purchase, 2 sale refund, 3 purchase refund here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fn_emulator.register.receipt import Closing, OpenReceipt

__all__ = [
    "CASH",
    "MONEY_MAX",
    "OPERATIONS_MAX",
    "THROUGH_NUMBER",
    "Counters",
    "money_of_receipt",
    "operations_of_receipt",
]

CASH_AT_CLOSING, CASH, CASH_INS, PAYOUTS = 120, 241, 242, 243
TURNOVER_5 = 4192  # to 4199: groups 5 and 6 in the receipt
CANCELLED_SUM = 249  # to 252 by kind
RECEIPTS_OF_SHIFT, RECEIPT_NUMBER = 144, 148  # four each, by kind
THROUGH_NUMBER, CASH_IN_COUNT, PAYOUT_COUNT = 152, 153, 154
CASH_IN_NUMBER, PAYOUT_NUMBER, CANCELLED_COUNT, X_NUMBER = 155, 156, 157, 158
CANCELLED_BY_KIND = 179  # to 182
RESETS, TEST_RUNS, REGISTER_PRINTS, DEPARTMENT_REPORTS, TAX_REPORTS = 160, 163, 164, 165, 178
NON_FISCAL_COUNT, NON_FISCAL_NUMBER = 183, 184
DISCOUNTS, MARKUPS = 185, 189  # sums of the shift, four each, by kind
DISCOUNT_COUNT, MARKUP_COUNT = 136, 140

MONEY_MAX = 4199
OPERATIONS_MAX = 255

_MONEY_OF_SHIFT = frozenset((*range(121, 241), CASH_INS, PAYOUTS, *range(249, 253), *range(4144, 4192)))
_COUNTS_OF_SHIFT = frozenset((*range(72, 148), CASH_IN_COUNT, PAYOUT_COUNT, CANCELLED_COUNT, *range(179, 184)))

_CASH_SIGN = (1, -1, -1, 1)


class Counters:
    """Registers of one device; `changed_*` collects what has to be written down."""

    def __init__(self) -> None:
        self.money: dict[int, int] = {}
        self.counts: dict[int, int] = {}
        self.changed_money: dict[int, int] = {}
        self.changed_counts: dict[int, int] = {}

    def take_changes(self) -> tuple[dict[int, int], dict[int, int]]:
        """What changed since the last call, as absolute values."""
        changes = self.changed_money, self.changed_counts
        self.changed_money, self.changed_counts = {}, {}
        return changes

    def restore(self, money: Mapping[int, int], counts: Mapping[int, int]) -> None:
        """Put back what was written down; zero is not kept."""
        self.money.update(money)
        self.counts.update(counts)

    def clear(self) -> None:
        """27h: everything at zero."""
        self.money.clear()
        self.counts.clear()

    def add_money(self, number: int, sum_: int) -> None:
        if sum_:
            self.money[number] = self.changed_money[number] = self.money.get(number, 0) + sum_

    def count(self, number: int, by: int = 1) -> int:
        """Count up; registers are two bytes wide and begin again after 65535."""
        value = self.counts[number] = self.changed_counts[number] = self.counts.get(number, 0) + by & 0xFFFF
        return value

    @property
    def cash(self) -> int:
        return self.money.get(CASH, 0)

    @property
    def through_number(self) -> int:
        """Number of printed documents; not the number of fiscal ones."""
        return self.counts.get(THROUGH_NUMBER, 0)

    def closed(self, receipt: OpenReceipt, closing: Closing) -> None:
        """A receipt became a document."""
        kind = receipt.kind
        for department, sum_ in receipt.by_department.items():
            if department:
                self.add_money(121 + 4 * (department - 1) + kind, sum_)
                self.count(72 + 4 * (department - 1) + kind, receipt.items_by_department[department])
        for at, paid in enumerate(closing.payments):
            if paid:
                self.add_money(193 + 4 * at + kind if at < 4 else 4144 + 4 * (at - 4) + kind, paid)
        for group, turnover in receipt.by_group.items():
            if group <= 4:
                self.add_money(209 + 4 * (group - 1) + kind, turnover)
                self.add_money(225 + 4 * (group - 1) + kind, closing.taxes.get(group, 0))
        for first, counted, amounts in (
            (DISCOUNTS, DISCOUNT_COUNT, receipt.discounts),
            (MARKUPS, MARKUP_COUNT, receipt.markups),
        ):
            if amounts:
                self.add_money(first + kind, sum(amounts))
                self.count(counted + kind, len(amounts))
        self.add_money(CASH, _CASH_SIGN[kind] * closing.payments[0])
        self.count(RECEIPTS_OF_SHIFT + kind)
        self.count(RECEIPT_NUMBER + kind)
        self.count(THROUGH_NUMBER)

    def corrected(self, kind: int, closing: Closing) -> None:
        """A correction without items: only its money is known here."""
        for at, paid in enumerate(closing.payments):
            if paid:
                self.add_money(193 + 4 * at + kind if at < 4 else 4144 + 4 * (at - 4) + kind, paid)
        self.add_money(CASH, _CASH_SIGN[kind] * closing.payments[0])
        self.count(RECEIPTS_OF_SHIFT + kind)
        self.count(RECEIPT_NUMBER + kind)

    def cancelled(self, receipt: OpenReceipt) -> None:
        """A receipt was given up: its number is used, its sums are kept apart."""
        self.add_money(CANCELLED_SUM + receipt.kind, receipt.total)
        self.count(CANCELLED_COUNT)
        self.count(CANCELLED_BY_KIND + receipt.kind)
        self.count(THROUGH_NUMBER)

    def cash_in(self, amount: int) -> None:
        self.add_money(CASH, amount)
        self.add_money(CASH_INS, amount)
        self.count(CASH_IN_COUNT)
        self.count(CASH_IN_NUMBER)
        self.count(THROUGH_NUMBER)

    def cash_out(self, amount: int) -> None:
        self.add_money(CASH, -amount)
        self.add_money(PAYOUTS, amount)
        self.count(PAYOUT_COUNT)
        self.count(PAYOUT_NUMBER)
        self.count(THROUGH_NUMBER)

    def new_shift(self, *, zero_cash: bool) -> None:
        """The shift was closed: its registers begin again at zero."""
        for number in _MONEY_OF_SHIFT & self.money.keys() | ({CASH} if zero_cash else set()):
            self.money[number] = self.changed_money[number] = 0
        for number in _COUNTS_OF_SHIFT & self.counts.keys():
            self.counts[number] = self.changed_counts[number] = 0


def money_of_receipt(receipt: OpenReceipt, closing: Closing | None, number: int) -> int:
    """Registers 0 to 120 and from 4096 on: the open receipt, or the last one that was closed."""
    kind, at = number % 4, number // 4
    if number == CASH_AT_CLOSING:
        return closing.cash if closing else 0
    if number >= TURNOVER_5:
        group = 5 + (number - TURNOVER_5) // 4
        return receipt.by_group.get(group, 0) if (number - TURNOVER_5) % 4 == receipt.kind else 0
    if number >= 4096:
        kind, at = (number - 4096) % 4, (number - 4096) // 4 + 4
        return closing.payments[at] if closing and kind == receipt.kind else 0
    if kind != receipt.kind:
        return 0
    if number < 64:
        return receipt.by_department.get(at + 1, 0)
    if number < 72:
        return sum(receipt.discounts if number < 68 else receipt.markups)
    if 72 <= number < 88:
        return closing.payments[at - 18] if closing else 0
    if 88 <= number < 104:
        return receipt.by_group.get(at - 21, 0)
    if 104 <= number < 120:
        return closing.taxes.get(at - 25, 0) if closing else 0
    return 0


def operations_of_receipt(receipt: OpenReceipt, number: int) -> int:
    """Registers 0 to 71: items of the receipt by department, discounts, mark-ups."""
    if number % 4 != receipt.kind:
        return 0
    if number >= 64:
        return len(receipt.discounts if number < 68 else receipt.markups)
    return receipt.items_by_department.get(number // 4 + 1, 0)
