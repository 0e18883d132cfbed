"""The open receipt of a register and the bytes it becomes.

The register takes money and items in its own commands (FF46h, FF45h) and hands the drive fields: items as 1059,
totals by payment and by rate, and what it knows from its tables. Head and signs are the drive's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct

from ffd import vat
from fn_emulator.register.refusal import Code, Refusal

__all__ = [
    "GROUPS",
    "OPERATIONS",
    "Closing",
    "Item",
    "OpenReceipt",
    "byte",
    "chunks",
    "quantity",
    "split",
    "tlv",
    "vat_group",
    "vln",
]

OPERATIONS = (1, 3, 2, 4)
"""Operation of the document (1054) by kind of receipt: sale, purchase, sale refund, purchase refund."""

GROUPS = {1: 1, 2: 2, 3: 5, 4: 6, 5: 3, 6: 4, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11, 12: 12}
"""Tax group of the register (row of table 6) → rate of the format (tag 1199)."""

OPERATIONS_MAX = 1000
"""Items of one receipt; the document's 30 KiB come first with usual names."""

RECEIPT_BYTES_MAX = 64 * 1024
"""What the register holds of one receipt, twice the largest document: the drive decides what fits, memory ends here."""

CHUNK_MAX = 1024
"""Bytes of fields in one command to the drive."""

TOTAL_MAX = 0xFFFFFFFFFF
"""Money fields of the protocol are five bytes wide."""

_SUM_TAG = {1: 1102, 2: 1103, 3: 1106, 4: 1107, 5: 1104, 6: 1105}
"""Rate → tag of its sum in the receipt; later rates share the structure 1115."""

_HEAD = Struct("<HH")
_RATE_CODES = {0: 4, 0x81: 7, 0x82: 8, 0x84: 9, 0x88: 10, 0x90: 10}
_RATE_CODES.update({1 << group: group + 1 for group in range(6)})
_RATE_CODES.update({0xC0 + group: group for group in (11, 12)})
_MICRO = 1_000_000


def tlv(tag: int, value: bytes) -> bytes:
    """One field."""
    return _HEAD.pack(tag, len(value)) + value


def byte(tag: int, value: int) -> bytes:
    """A field of one byte."""
    return _HEAD.pack(tag, 1) + bytes((value,))


def vln(tag: int, value: int) -> bytes:
    """A number in its shortest form; zero is one byte."""
    size = (value.bit_length() + 7) // 8 or 1
    return _HEAD.pack(tag, size) + value.to_bytes(size, "little")


def quantity(micro: int) -> bytes:
    """Tag 1023 from millionths, with as few decimals as will do."""
    decimals = 6
    while decimals and micro % 10 == 0:
        micro //= 10
        decimals -= 1
    size = (micro.bit_length() + 7) // 8 or 1
    return _HEAD.pack(1023, size + 1) + bytes((decimals,)) + micro.to_bytes(size, "little")


def vat_group(code: int) -> int:
    """The tax group behind the rate byte of FF46h; 33h when no firmware knows it."""
    group = _RATE_CODES.get(code)
    if group is None:
        raise Refusal(Code.INCORRECT)
    return group


def split(data: bytes, *, padded: bool = False) -> Iterator[tuple[int, bytes]]:
    """Whole fields of one level, tag and complete bytes; 33h when the last one is cut. `padded` data ends at zeros."""
    at, end = 0, len(data)
    while at < end:
        if padded and not any(data[at:]):
            return
        if end - at < 4:
            raise Refusal(Code.INCORRECT)
        tag, size = _HEAD.unpack_from(data, at)
        stop = at + 4 + size
        if stop > end:
            raise Refusal(Code.INCORRECT)
        yield tag, data[at:stop]
        at = stop


def chunks(fields: Iterable[bytes]) -> Iterator[bytes]:
    """Whole fields together in pieces that one command to the drive may carry."""
    part: list[bytes] = []
    size = 0
    for one in fields:
        if size + len(one) > CHUNK_MAX and part:
            yield b"".join(part)
            part, size = [], 0
        part.append(one)
        size += len(one)
    if part:
        yield b"".join(part)


class Item:
    """One position; `extra` are the fields that FF4Dh bound to it."""

    __slots__ = ("body", "code", "extra", "extra_tags")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.extra = b""
        self.extra_tags: frozenset[int] = frozenset()
        self.code = b""  # marking code of FF67h

    def bind(self, data: bytes) -> None:
        """FF4Dh: more fields of this position; a field given again replaces what the register made."""
        tags = frozenset(tag for tag, _ in split(data))
        if tags & self.extra_tags:
            self.extra = b"".join(field for tag, field in split(self.extra) if tag not in tags)
        self.extra += data
        self.extra_tags |= tags

    def fields(self) -> dict[int, bytes]:
        """What stands in the position, by tag."""
        return {tag: field[4:] for tag, field in split(self.encode()[4:])}

    def encode(self) -> bytes:
        """Tag 1059; a measure (2108) is always there, pieces unless the host said otherwise."""
        body = self.body
        if self.extra_tags:
            body = b"".join(field for tag, field in split(body) if tag not in self.extra_tags)
        if 2108 not in self.extra_tags:
            body += b"\x3c\x08\x01\x00\x00"
        body += self.extra
        return _HEAD.pack(1059, len(body)) + body


class Closing:
    """How a receipt is settled: 16 payments less change, and sums by tax group."""

    __slots__ = ("cash", "change", "document", "payments", "rounding", "tax_system", "taxes", "total")

    def __init__(
        self,
        *,
        total: int,
        payments: list[int],
        change: int,
        rounding: int,
        taxes: dict[int, int],
        tax_system: int,
    ) -> None:
        self.total = total
        self.payments = payments
        self.change = change
        self.rounding = rounding
        self.taxes = taxes
        self.tax_system = tax_system
        self.cash = 0  # in the drawer afterwards
        self.document = 0  # what it became

    def fields(self) -> list[bytes]:
        """Payments, tax system and sums by rate as the document carries them."""
        paid = self.payments
        fields = [
            byte(1055, self.tax_system),
            vln(1031, paid[0]),
            vln(1081, sum(paid[1:13])),
            vln(1215, paid[13]),
            vln(1216, paid[14]),
            vln(1217, paid[15]),
        ]
        later = []
        for group, sum_ in sorted(self.taxes.items()):
            rate = GROUPS[group]
            if rate in _SUM_TAG:
                fields.append(vln(_SUM_TAG[rate], sum_))
            else:
                later.append(tlv(1119, byte(1199, rate) + vln(1120, sum_)))
        if later:
            fields.append(tlv(1115, b"".join(later)))
        return fields


class OpenReceipt:
    """A receipt from 8Dh (or its first item) to its closing."""

    def __init__(self, *, kind: int, correction: bool, operator: int) -> None:
        self.kind = kind
        self.correction = correction
        self.operator = operator
        self.total = 0
        self.operations = 0
        self.size = 0  # bytes of items and of their fields
        self.items: list[Item] = []
        self.by_group: dict[int, int] = {}
        self.by_department: dict[int, int] = {}
        self.items_by_department: dict[int, int] = {}
        self.for_next_item = b""  # fields of FF4Dh on models where they come before their item
        self.discounts: list[int] = []
        self.markups: list[int] = []
        self.given: list[bytes] = []  # fields of FF0Ch, already with the drive
        self.given_tags: set[int] = set()
        self.begun = False  # the drive has the document open, with `given` and nothing else

    @property
    def operation(self) -> int:
        return OPERATIONS[self.kind]

    def give(self, data: bytes) -> None:
        """FF0Ch: fields that the drive has taken."""
        self.given.append(data)
        self.given_tags.update(tag for tag, _ in split(data))

    def sell(
        self,
        *,
        quantity_micro: int,
        price: int,
        total: int | None,
        tax: int | None,
        group: int,
        department: int,
        method: int,
        subject: int,
        name: str,
    ) -> None:
        """FF46h: one more position."""
        exact = quantity_micro * price
        if total is None:
            total = (2 * exact + _MICRO) // (2 * _MICRO)
        elif abs(total * _MICRO - exact) > _MICRO:
            raise Refusal(Code.INCORRECT)
        if quantity_micro == 0:
            raise Refusal(Code.INCORRECT)
        if self.total + total > TOTAL_MAX:
            raise Refusal(Code.TOTAL_OVERFLOW)
        if self.operations >= OPERATIONS_MAX:
            raise Refusal(Code.TOO_MANY_OPERATIONS)
        rate = GROUPS[group]
        text = name.removeprefix("//").encode("cp866", "replace")
        body = b"".join(
            (
                byte(1214, method),
                byte(1212, subject),
                tlv(1030, text),
                vln(1079, price),
                quantity(quantity_micro),
                vln(1043, total),
                byte(1199, rate),
            )
        )
        if rate not in (5, 6):
            body += vln(1200, vat.amount(total, rate) if tax is None else tax)
        self.take(len(body))
        self.items.append(Item(body))
        self.count(total, group, department)

    def take(self, size: int) -> None:
        """Room for so many bytes more; 4Bh when there is none."""
        if self.size + size > RECEIPT_BYTES_MAX:
            raise Refusal(Code.BUFFER_OVERFLOW)
        self.size += size

    def count(self, total: int, group: int, department: int) -> None:
        """Sums of one more position."""
        self.total += total
        self.operations += 1
        self.by_group[group] = self.by_group.get(group, 0) + total
        self.by_department[department] = self.by_department.get(department, 0) + total
        self.items_by_department[department] = self.items_by_department.get(department, 0) + 1
