"""Items and closings of registers from before the drive; they still form the same documents."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import U1, U2, U5, Authorised, Bytes, OperatorReply, Payments16, Text40

__all__ = [
    "LegacyItem",
    "Sale",
    "Purchase",
    "SaleRefund",
    "PurchaseRefund",
    "Storno",
    "LegacyAmount",
    "Discount",
    "Markup",
    "StornoDiscount",
    "StornoMarkup",
    "ChangeReply",
    "CloseLegacy",
    "CloseExtended",
]


class LegacyItem(Authorised[OperatorReply], frozen=True, kw_only=True):
    """80h to 83h: quantity in thousandths; only the first tax group counts, 0 is "none given"."""

    quantity: U5
    price: U5
    department: U1 = 1
    tax_1: U1 = 0
    tax_2: U1 = 0
    tax_3: U1 = 0
    tax_4: U1 = 0
    text: Annotated[str, c.fixed_text(40)] = ""


class Sale(LegacyItem, frozen=True, kw_only=True):
    pass


class Purchase(LegacyItem, frozen=True, kw_only=True):
    pass


class SaleRefund(LegacyItem, frozen=True, kw_only=True):
    pass


class PurchaseRefund(LegacyItem, frozen=True, kw_only=True):
    pass


class Storno(LegacyItem, frozen=True, kw_only=True):
    pass


class LegacyAmount(Authorised[OperatorReply], frozen=True, kw_only=True):
    """86h, 87h, 8Ah, 8Bh: an amount in kopecks and the tax groups it belongs to."""

    amount: U5
    tax_1: U1 = 0
    tax_2: U1 = 0
    tax_3: U1 = 0
    tax_4: U1 = 0
    text: Text40 = ""


class Discount(LegacyAmount, frozen=True, kw_only=True):
    pass


class Markup(LegacyAmount, frozen=True, kw_only=True):
    pass


class StornoDiscount(LegacyAmount, frozen=True, kw_only=True):
    pass


class StornoMarkup(LegacyAmount, frozen=True, kw_only=True):
    pass


class ChangeReply(msgspec.Struct, frozen=True, kw_only=True):
    """`link`: some firmware appends the document's address for a QR code."""

    operator: U1
    change: U5
    link: Bytes = b""


class CloseLegacy(Authorised[ChangeReply], frozen=True, kw_only=True):
    """85h: four payments; discount in hundredths of a percent, two's complement, negative is a mark-up."""

    payments: Annotated[tuple[int, ...], c.array(4, 5)]
    discount: U2 = 0
    tax_1: U1 = 0
    tax_2: U1 = 0
    tax_3: U1 = 0
    tax_4: U1 = 0
    text: Annotated[str, c.fixed_text(40)] = ""


class CloseExtended(Authorised[ChangeReply], frozen=True, kw_only=True):
    """8Eh: 85h with 16 payments."""

    payments: Payments16
    discount: U2 = 0
    tax_1: U1 = 0
    tax_2: U1 = 0
    tax_3: U1 = 0
    tax_4: U1 = 0
    text: Text40 = ""
