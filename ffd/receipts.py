"""The business receipt: what a shop asks for, before a register and a drive have added their parts.

Money is whole kopecks, quantity an exact decimal. `read` takes our own JSON and answers with a Receipt or with every
violation at once; `tags` and `item_tags` are the fields the host adds to a receipt on the register.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ffd import rules, shapes
from ffd.documents import ReceiptDocument
from ffd.enums import Edition, Operation, TaxSystem, VatRate
from ffd.errors import Invalid, Violation
from ffd.reckoning import Line, Totals, reckon
from ffd.structures import ItemFields, UserAttributeFields, VatAmounts, VatEntry
from ffd.tlv import Tlv, field
from ffd.values import normalise

__all__ = ["Item", "Payments", "Receipt", "UserAttribute", "document", "item_tags", "read", "schema", "tags", "write"]

_MONEY = {"minimum": 0, "maximum": 2**48 - 1}
# Limits stand in the schema for readers; `ffd.rules` enforces them, so that every violation is told, not the first.
Money = Annotated[int, Meta(description="kopecks", extra_json_schema=_MONEY)]


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One position (tag 1059). `total` is 1043, `price` 1079, `quantity` 1023."""

    name: Annotated[str, Meta(description="1030", extra_json_schema={"minLength": 1, "maxLength": 128})]
    price: Annotated[int, Meta(description="1079, kopecks for one unit", extra_json_schema=_MONEY)]
    quantity: Annotated[Decimal, Meta(description="1023, up to six decimal places; a number or a text")]
    total: Annotated[
        int, Meta(description="1043, kopecks: price x quantity, off by one at most", extra_json_schema=_MONEY)
    ]
    vat: Annotated[VatRate, Meta(description="1199")]
    method: Annotated[int, Meta(description="1214")] = 4
    subject: Annotated[int, Meta(description="1212")] = 1
    measure: Annotated[int, Meta(description="2108, 0 is pieces")] = 0


class Payments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How it was paid: 1031, 1081, 1215, 1216, 1217, in kopecks."""

    cash: Annotated[int, Meta(description="1031", extra_json_schema=_MONEY)] = 0
    cashless: Annotated[int, Meta(description="1081", extra_json_schema=_MONEY)] = 0
    prepaid: Annotated[int, Meta(description="1215", extra_json_schema=_MONEY)] = 0
    credit: Annotated[int, Meta(description="1216", extra_json_schema=_MONEY)] = 0
    barter: Annotated[int, Meta(description="1217", extra_json_schema=_MONEY)] = 0

    @property
    def total(self) -> int:
        """All five together."""
        return self.cash + self.cashless + self.prepaid + self.credit + self.barter


class UserAttribute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The user's own attribute (1084): its name (1085) and value (1086), always both."""

    name: Annotated[str, Meta(description="1085", extra_json_schema={"minLength": 1, "maxLength": 64})]
    value: Annotated[str, Meta(description="1086", extra_json_schema={"minLength": 1, "maxLength": 256})]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A receipt as the shop means it. What the register and the drive add (numbers, moment, signs) is not here."""

    operation: Annotated[Operation, Meta(description="1054")]
    tax_system: Annotated[TaxSystem, Meta(description="1055, exactly one bit")]
    items: Annotated[tuple[Item, ...], Meta(description="1059", extra_json_schema={"minItems": 1})]
    payments: Payments
    buyer_contact: Annotated[str | None, Meta(description="1008: +digits, an e-mail address or none")] = None
    settlement_place: Annotated[str | None, Meta(description="1187", extra_json_schema={"maxLength": 256})] = None
    settlement_address: Annotated[str | None, Meta(description="1009", extra_json_schema={"maxLength": 256})] = None
    cashier_name: Annotated[str | None, Meta(description="1021", extra_json_schema={"maxLength": 64})] = None
    cashier_inn: Annotated[str | None, Meta(description="1203, twelve digits")] = None
    user_attribute: Annotated[UserAttribute | None, Meta(description="1084")] = None
    extra_attribute: Annotated[str | None, Meta(description="1192", extra_json_schema={"maxLength": 16})] = None
    internet: Annotated[bool, Meta(description="1125: settled over the internet")] = False

    @property
    def total(self) -> int:
        """1020: the sum of the items."""
        return sum(item.total for item in self.items)

    def totals(self, *, per_item: bool = False, tendered: int | None = None) -> Totals:
        """The sums, explained; `per_item` rounds the tax item by item, `tendered` is the cash put down, for change."""
        lines = (Line(item.name, item.price, item.quantity, item.total, item.vat) for item in self.items)
        paid = {name: getattr(self.payments, name) for name in Payments.__struct_fields__}
        return reckon(lines, paid, per_item=per_item, tendered=tendered)


_DECODER = msgspec.json.Decoder(Receipt)
_ENCODER = msgspec.json.Encoder()


def read(data: bytes | bytearray | str | Mapping[str, Any]) -> Receipt:
    """A Receipt from our own JSON, or Invalid with every violation and its path, such as `items[2]/total`.

    Violations that are only warnings do not stop it.
    """
    text = isinstance(data, bytes | bytearray | str)
    try:
        receipt = _DECODER.decode(data) if text else msgspec.convert(data, Receipt)  # type: ignore[arg-type]  # `text` says which
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise Invalid(_every_violation(data) or (shapes.twice(error),)) from None
    violations = rules.check(receipt)
    if any(not violation.warning for violation in violations):
        raise Invalid(violations)
    return receipt


def write(receipt: Receipt) -> bytes:
    """Our own JSON; `read(write(receipt)) == receipt`."""
    return _ENCODER.encode(receipt)


def schema() -> dict[str, Any]:
    """The JSON Schema of `read`."""
    return msgspec.json.schema(Receipt)


def tags(receipt: Receipt) -> tuple[Tlv, ...]:
    """The receipt-level fields the host gives the register: never sums, items or anything the register knows."""
    found: list[Tlv] = []
    if receipt.cashier_name is not None:
        found.append(field(1021, normalise(receipt.cashier_name)))
    if receipt.cashier_inn is not None:
        found.append(field(1203, receipt.cashier_inn))
    if receipt.buyer_contact is not None:
        found.append(field(1008, receipt.buyer_contact))
    if receipt.settlement_address is not None:
        found.append(field(1009, normalise(receipt.settlement_address)))
    if receipt.settlement_place is not None:
        found.append(field(1187, normalise(receipt.settlement_place)))
    if receipt.internet:
        found.append(field(1125, True))
    if receipt.user_attribute is not None:
        name, value = receipt.user_attribute.name, receipt.user_attribute.value
        found.append(Tlv(1084, (field(1085, normalise(name)), field(1086, normalise(value)))))
    if receipt.extra_attribute is not None:
        found.append(field(1192, normalise(receipt.extra_attribute)))
    return tuple(found)


def item_tags(item: Item) -> tuple[Tlv, ...]:
    """The fields of one position the register cannot know; empty when its defaults (pieces) are right."""
    return (field(2108, item.measure),) if item.measure else ()


def document(receipt: Receipt, *, edition: Edition = Edition.FFD_1_2, per_item: bool = False) -> ReceiptDocument:
    """The receipt as a typed document, with the sums a register adds: what `ffd.control` checks at stage REGISTER.

    `per_item` rounds the tax item by item. What a register knows of itself and what the drive adds is still absent.
    """
    taxes = receipt.totals(per_item=per_item).vat
    entries = tuple(VatEntry(vat_rate=rate, vat_amount=tax) for rate, tax in taxes.items() if rate not in _VAT_TAGS)
    own: dict[str, Any] = {_VAT_TAGS[rate]: tax for rate, tax in taxes.items() if rate in _VAT_TAGS}
    attribute, measured = receipt.user_attribute, edition is Edition.FFD_1_2
    return ReceiptDocument(
        ffd_version=edition,
        operation_type=receipt.operation,
        applied_tax_system=receipt.tax_system,
        items=tuple(
            ItemFields(
                item_payment_method=item.method,
                item_type=item.subject,
                item_name=normalise(item.name),
                item_quantity_measure=item.measure if measured else None,
                item_unit_price=item.price,
                item_quantity=item.quantity,
                vat_rate=item.vat,
                item_total=item.total,
            )
            for item in receipt.items
        ),
        receipt_total=receipt.total,
        cash_total=receipt.payments.cash,
        cashless_total=receipt.payments.cashless,
        prepayment_total=receipt.payments.prepaid,
        credit_total=receipt.payments.credit,
        barter_total=receipt.payments.barter,
        receipt_vat_amounts=VatAmounts(receipt_vat_entries=entries) if entries else None,
        cashier_name=_plain_text(receipt.cashier_name),
        cashier_inn=receipt.cashier_inn,
        buyer_contact=receipt.buyer_contact,
        settlement_address=_plain_text(receipt.settlement_address),
        settlement_place=_plain_text(receipt.settlement_place),
        internet_settlement_flag=True if receipt.internet else None,
        user_attribute=None
        if attribute is None
        else UserAttributeFields(
            user_attribute_name=normalise(attribute.name), user_attribute_value=normalise(attribute.value)
        ),
        receipt_extra_attribute=_plain_text(receipt.extra_attribute),
        **own,
    )


def _plain_text(text: str | None) -> str | None:
    return None if text is None else normalise(text)


# Rates with a tag of their own in the receipt; the others share 1115.
_VAT_TAGS: dict[int, str] = {
    1: "receipt_vat_20_amount",
    2: "receipt_vat_10_amount",
    3: "receipt_vat_20_120_amount",
    4: "receipt_vat_10_110_amount",
    5: "receipt_vat_0_turnover",
    6: "receipt_no_vat_turnover",
}


# ── the careful path: everything that is wrong, not only the first ────────────────────────────────────────────────


def _every_violation(data: bytes | bytearray | str | Mapping[str, Any]) -> tuple[Violation, ...]:
    """All violations found in a body that is no Receipt, or not even JSON."""
    raw = shapes.loose(data) if isinstance(data, bytes | bytearray | str) else data
    if isinstance(raw, Violation):
        return (raw,)
    found: list[Violation] = []
    parts = shapes.parts(raw, Receipt, "", found)
    items: tuple[Item | None, ...] = parts.get("items", ())
    for index, item in enumerate(items):
        if item is not None:
            found.extend(rules.check_item(item, f"items[{index}]"))
    payments = parts.get("payments")
    if payments is not None:
        found.extend(rules.check_payments(payments))
    found.extend(rules.check_texts(parts.get))
    good = [item for item in items if item is not None]
    if "items" in parts and payments is not None and len(good) == len(items):
        found.extend(rules.check_sums(good, payments))
    return tuple(found)
