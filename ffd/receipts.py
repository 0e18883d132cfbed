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

from ffd import rules, vat
from ffd.enums import Operation, TaxSystem, VatRate
from ffd.errors import Invalid, Violation
from ffd.tlv import Tlv, field
from ffd.values import normalise

__all__ = ["Item", "Payments", "Receipt", "Totals", "UserAttribute", "change", "item_tags", "read", "tags", "write"]

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


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt adds up to and why: `str()` shows the sums line by line."""

    total: int
    items: tuple[tuple[str, int], ...]
    payments: Payments
    turnover: dict[VatRate, int]
    vat: dict[VatRate, int]

    @property
    def difference(self) -> int:
        """Paid less owed, 0 in a right receipt."""
        return self.payments.total - self.total

    def lines(self) -> tuple[str, ...]:
        """The reckoning in words, one sum a line."""
        paid = [
            f"paid {name} {_roubles(getattr(self.payments, name))}"
            for name in Payments.__struct_fields__
            if getattr(self.payments, name)
        ]
        taxes = [
            f"{rate.name}: {_roubles(self.vat[rate])} of {_roubles(gross)}" for rate, gross in self.turnover.items()
        ]
        verdict = [] if not self.difference else [f"paid less owed {_roubles(self.difference)}"]
        items = [f"{name}: {_roubles(total)}" for name, total in self.items]
        return (*items, f"total {_roubles(self.total)}", *paid, *verdict, *taxes)

    def __str__(self) -> str:
        return "\n".join(self.lines())


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

    def totals(self, *, per_item: bool = False) -> Totals:
        """The sums of the receipt; `per_item` rounds the tax item by item rather than by rate."""
        return Totals(
            total=self.total,
            items=tuple((f"{item.name} {item.price / 100:.2f} x {item.quantity}", item.total) for item in self.items),
            payments=self.payments,
            turnover=vat.turnovers(self.items),
            vat=vat.amounts(self.items, per_item=per_item),
        )


def _roubles(kopecks: int) -> str:
    sign, kopecks = ("-", -kopecks) if kopecks < 0 else ("", kopecks)
    return f"{sign}{kopecks // 100}.{kopecks % 100:02d}"


def change(receipt: Receipt, tendered: int) -> int:
    """Kopecks to give back to a buyer who puts down `tendered` in cash; negative when it does not suffice."""
    return tendered - receipt.payments.cash


_DECODER = msgspec.json.Decoder(Receipt)
_LOOSE = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder()


def read(data: bytes | bytearray | str | Mapping[str, Any]) -> Receipt:
    """A Receipt from our own JSON, or Invalid with every violation and its path, such as `items[2]/total`.

    Violations that are only warnings do not stop it.
    """
    text = isinstance(data, bytes | bytearray | str)
    try:
        receipt = _DECODER.decode(data) if text else msgspec.convert(data, Receipt)  # type: ignore[arg-type]  # `text` says which
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        raise Invalid(_every_violation(data)) from None
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


# ── the careful path: everything that is wrong, not only the first ────────────────────────────────────────────────


def _not_json(error: Exception) -> Violation:
    return Violation(
        code="J01",
        path="",
        message_ru="Тело запроса не является корректным JSON.",
        message_en=f"not JSON: {error}",
    )


def _every_violation(data: bytes | bytearray | str | Mapping[str, Any]) -> tuple[Violation, ...]:
    """All violations of a body that is no Receipt, or not even JSON."""
    try:
        raw = _LOOSE.decode(data) if isinstance(data, bytes | bytearray | str) else data
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ArithmeticError, ValueError) as error:
        return (_not_json(error),)
    found: list[Violation] = []
    if not isinstance(raw, Mapping):
        return (_shape("J02", "", "Ожидается объект.", f"an object expected, {_kind(raw)} given"),)
    parts = _parts(raw, Receipt, "", found, skip=("items", "payments", "user_attribute"))
    items = raw.get("items")
    good: list[Item] = []
    if isinstance(items, list | tuple):
        for index, item in enumerate(items):
            value = _struct(item, Item, f"items[{index}]", found)
            if value is not None:
                good.append(value)
                found.extend(rules.check_item(value, f"items[{index}]"))
    elif "items" in raw:
        found.append(_shape("J02", "items", "Ожидается список позиций.", f"an array expected, {_kind(items)} given"))
    payments = _struct(raw["payments"], Payments, "payments", found) if "payments" in raw else None
    if payments is not None:
        found.extend(rules.check_payments(payments))
    if raw.get("user_attribute") is not None:
        parts["user_attribute"] = _struct(raw["user_attribute"], UserAttribute, "user_attribute", found)
    found.extend(rules.check_texts(parts.get))
    if isinstance(items, list | tuple) and payments is not None and len(good) == len(items):
        found.extend(rules.check_sums(good, payments))
    assert found, "a body that is not a Receipt has a reason"
    return tuple(found)


def _struct(raw: Any, kind: type[Any], path: str, found: list[Violation]) -> Any:
    """The value of a part, or None when something in it was reported."""
    if not isinstance(raw, Mapping):
        found.append(_shape("J02", path, "Ожидается объект.", f"an object expected, {_kind(raw)} given"))
        return None
    before = len(found)
    parts = _parts(raw, kind, path, found)
    return kind(**parts) if len(found) == before else None


def _parts(
    raw: Mapping[str, Any], kind: type[Any], path: str, found: list[Violation], *, skip: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The fields of `raw` that are right for `kind`; the others are reported."""
    parts: dict[str, Any] = {}
    for name in raw:
        if name not in kind.__struct_fields__:
            place = f"{path}/{name}" if path else str(name)
            found.append(_shape("J03", place, "Неизвестное поле.", "an unknown field"))
    for field_info in msgspec.structs.fields(kind):
        name = field_info.encode_name
        place = f"{path}/{name}" if path else name
        if name not in raw:
            if field_info.required:
                found.append(_shape("J04", place, "Обязательное поле отсутствует.", "a required field is missing"))
            continue
        if name in skip:
            continue
        value = raw[name]
        if isinstance(value, Decimal) and field_info.type is not _QUANTITY:
            value = float(value)
        try:
            parts[name] = msgspec.convert(value, field_info.type)
        except (msgspec.ValidationError, ValueError, OverflowError) as error:
            found.append(_shape("J02", place, "Недопустимое значение поля.", _plain(str(error))))
    return parts


_QUANTITY = next(info.type for info in msgspec.structs.fields(Item) if info.name == "quantity")


def _shape(code: str, path: str, message_ru: str, message_en: str) -> Violation:
    return Violation(code=code, path=path, message_ru=message_ru, message_en=message_en)


def _plain(message: str) -> str:
    return message.replace("`", "").replace(" - at $", "")


def _kind(raw: Any) -> str:
    return {dict: "an object", list: "an array", str: "a text", bool: "a boolean", type(None): "null"}.get(
        type(raw), "a number"
    )
