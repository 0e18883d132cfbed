"""The durable note made before a committing command is sent, and what a document is compared by afterwards."""

from __future__ import annotations

from typing import Protocol

import msgspec

from ffd import tlv
from ffd.receipts import Receipt
from ffd.values import normalise

__all__ = ["Fingerprint", "Intent", "IntentStore", "fingerprint", "fingerprint_of_document"]


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """What stays of a receipt when registers rewrite VAT and add tags. Money in kopecks."""

    operation: int
    total: int
    payments: tuple[int, int, int, int, int]
    items: tuple[tuple[str, str, int, int, int, int], ...]


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A committing command that is about to be sent.

    `last_document` is F0, the last FD number read immediately before; `shift` and `receipt` are the counters then.
    `link` and `frame` say on which layer, and with which frame number, it goes out.
    """

    job: str
    action: str
    command: str
    serial: str
    drive: str
    last_document: int
    shift: int
    receipt: int
    link: str = ""
    frame: int | None = None
    fingerprint: Fingerprint | None = None
    own_key: str | None = None


class IntentStore(Protocol):
    async def record(self, intent: Intent) -> None: ...

    async def clear(self, intent: Intent, verdict: object) -> None: ...


def fingerprint(receipt: Receipt) -> Fingerprint:
    paid = receipt.payments
    return Fingerprint(
        operation=int(receipt.operation),
        total=receipt.total,
        payments=(paid.cash, paid.cashless, paid.prepaid, paid.credit, paid.barter),
        items=tuple(
            (normalise(one.name), format(one.quantity.normalize(), "f"), one.price, one.total, one.method, one.subject)
            for one in receipt.items
        ),
    )


def fingerprint_of_document(data: bytes) -> Fingerprint:
    fields = tlv.decode(data)

    def one(tags: tuple[tlv.Tlv, ...], tag: int) -> int:
        found = tlv.find(tags, tag)
        return int(tlv.value(found)) if found is not None else 0

    items = []
    for item in tlv.find_all(fields, 1059):
        parts = item.value if isinstance(item.value, tuple) else ()
        name, quantity = tlv.find(parts, 1030), tlv.find(parts, 1023)
        items.append(
            (
                normalise(str(tlv.value(name))) if name is not None else "",
                format(tlv.value(quantity).normalize(), "f") if quantity is not None else "",
                one(parts, 1079),
                one(parts, 1043),
                one(parts, 1214),
                one(parts, 1212),
            )
        )
    return Fingerprint(
        operation=one(fields, 1054),
        total=one(fields, 1020),
        payments=(one(fields, 1031), one(fields, 1081), one(fields, 1215), one(fields, 1216), one(fields, 1217)),
        items=tuple(items),
    )
