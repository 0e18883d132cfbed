"""Receipts and corrections, item by item, and the fields that go with them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import (
    U1,
    U2,
    U4,
    U5,
    U6,
    Authorised,
    Bytes,
    Done,
    GivenOrNot,
    MaybeMoment,
    OperatorReply,
    Taxes6,
    Text,
)

__all__ = [
    "OpenReceipt",
    "CancelReceipt",
    "SubtotalReply",
    "Subtotal",
    "Operation",
    "CloseReceiptReply",
    "CloseReceipt",
    "SendTlv",
    "SendItemTlv",
    "SendTlvFromBuffer",
    "DiscountedOperation",
    "TaxedOperation",
    "ReceiptDiscount",
    "BeginCorrection",
    "CorrectionReply",
    "Correction",
    "CorrectionV2",
]


class OpenReceipt(Authorised[OperatorReply], frozen=True, kw_only=True):
    """8Dh: 0 sale, 1 purchase, 2 sale refund, 3 purchase refund; +80h opens a correction (FFD 1.2)."""

    type: U1


class CancelReceipt(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class SubtotalReply(msgspec.Struct, frozen=True, kw_only=True):
    operator: U1
    total: U5


class Subtotal(Authorised[SubtotalReply], frozen=True, kw_only=True):
    pass


class Operation(Authorised[Done], frozen=True, kw_only=True):
    """FF46h: quantity in millionths, money in kopecks; a sum of None lets the register compute price × quantity."""

    operation: U1
    quantity: U6
    price: U5
    total: GivenOrNot = None
    tax: GivenOrNot = None
    rate: U1
    department: U1 = 1
    method: U1
    subject: U1
    name: Text = ""


class CloseReceiptReply(msgspec.Struct, frozen=True, kw_only=True):
    change: U5
    document: U4
    sign: U4
    moment: MaybeMoment = None


class CloseReceipt(Authorised[CloseReceiptReply], frozen=True, kw_only=True):
    """FF45h: 16 payments (1 cash, 2–13 cashless, 14 prepaid, 15 credit, 16 barter), kopecks."""

    payments: Annotated[tuple[int, ...], c.array(16, 5)]
    rounding: U1 = 0
    taxes: Annotated[tuple[int, ...], c.array(6, 5)] = (0, 0, 0, 0, 0, 0)
    tax_system: U1
    text: Text = ""


class SendTlv(Authorised[Done], frozen=True, kw_only=True):
    """FF0Ch: whole TLV objects for the document being formed, at most 250 bytes."""

    tlv: Bytes


class SendItemTlv(Authorised[Done], frozen=True, kw_only=True):
    """FF4Dh: whole TLV objects for the item before it, at most 249 bytes."""

    tlv: Bytes


class SendTlvFromBuffer(Authorised[Done], frozen=True, kw_only=True):
    """FF64h: the fields that DDh kind 1 loaded, for those longer than FF0Ch can carry."""


class DiscountedOperation(Authorised[Done], frozen=True, kw_only=True):
    """FF0Dh, the old item: quantity in thousandths, discount and mark-up in kopecks."""

    operation: U1
    quantity: U5
    price: U5
    discount: U5 = 0
    markup: U5 = 0
    department: U1 = 1
    tax: U1 = 0
    barcode: U5 = 0
    text: Annotated[str, c.fixed_text(220)] = ""


class TaxedOperation(Authorised[Done], frozen=True, kw_only=True):
    """FF44h: FF0Dh with the tax sum; not in the text of 1.17."""

    operation: U1
    quantity: U5
    price: U5
    discount: U5 = 0
    markup: U5 = 0
    tax_sum: GivenOrNot = None
    department: U1 = 1
    tax: U1 = 0
    barcode: U5 = 0
    text: Text = ""


class ReceiptDiscount(Authorised[Done], frozen=True, kw_only=True):
    """FF4Bh: kopecks off or on the whole receipt. The text is 128 bytes or 40, by source: any length is taken."""

    discount: U5 = 0
    markup: U5 = 0
    tax: U1 = 0
    text: Text = ""


# --- corrections of formats 1.0 to 1.1 (in 1.2 a correction is an ordinary receipt, opened with 80h + type) ---------


class BeginCorrection(Authorised[Done], frozen=True, kw_only=True):
    pass


class CorrectionReply(msgspec.Struct, frozen=True, kw_only=True):
    receipt: U2
    document: U4
    sign: U4
    moment: MaybeMoment = None


class Correction(Authorised[CorrectionReply], frozen=True, kw_only=True):
    """FF36h: operation 1 is income, 3 expense."""

    total: U5
    operation: U1


class CorrectionV2(Authorised[CorrectionReply], frozen=True, kw_only=True):
    """FF4Ah: `kind` 0 is one's own, 1 by order; sums in kopecks by payment, taxes as in FF45h."""

    kind: U1
    operation: U1
    total: U5
    cash: U5 = 0
    electronic: U5 = 0
    prepaid: U5 = 0
    credit: U5 = 0
    barter: U5 = 0
    taxes: Taxes6 = (0, 0, 0, 0, 0, 0)
    tax_system: U1
