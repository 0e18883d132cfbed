"""The durable note made before a committing command is sent, and what a document is compared by afterwards.

An intent says: from now on bytes may be on the wire that make document `last_document` + 1. It stays open until a
verdict is known; whoever finds an open one at start-up resolves it (`kkt_driver.recovery`) before anything else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ffd import tlv
from ffd.errors import FfdError
from ffd.receipts import Receipt
from ffd.values import normalise
from kkt_driver.errors import Malformed, Misuse, StoreDamaged

__all__ = [
    "CashCounters",
    "FileIntentStore",
    "Fingerprint",
    "Intent",
    "IntentStore",
    "Settled",
    "fingerprint",
    "fingerprint_of_document",
]


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """What stays of a receipt when registers rewrite VAT and add tags. Money in kopecks."""

    operation: int
    """1054"""
    total: int
    """1020"""
    payments: tuple[int, int, int, int, int]
    """1031, 1081, 1215, 1216, 1217"""
    items: tuple[tuple[str, str, int, int, int, int], ...]
    """1030 normalised, 1023 in its shortest form, 1079, 1043, 1214, 1212 of each"""


class CashCounters(msgspec.Struct, frozen=True, kw_only=True):
    """What tells whether money was put in or taken out: the drawer (money register 241, kopecks) and the number of
    cash-ins (operation register 155) or payouts (156)."""

    drawer: int
    number: int


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A committing command that is about to be sent. `last_document` is F0: the last FD number, read just before.

    `shift` and `receipt` are the numbers before the command; `link` and `frame` (the alternative layer's number) are
    filled in by the runner; `own_key` is what the document carries in 1084 when the shop does not use it. Cash in and
    out make no document: they have an `amount` (kopecks) and the counters before it instead.
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
    amount: int = 0
    cash: CashCounters | None = None


class IntentStore(Protocol):
    """Where a runner keeps intents. `record` returns when the intent survives a power cut, not before."""

    async def record(self, intent: Intent) -> None: ...

    async def clear(self, intent: Intent, verdict: object) -> None: ...


# --- fingerprints --------------------------------------------------------------------------------------------------


def fingerprint(receipt: Receipt) -> Fingerprint:
    """Of the receipt that the shop asked for."""
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
    """Of a receipt as the drive keeps it: its fields, one TLV after the other. Malformed when they are no receipt's."""
    try:
        return _of_fields(tlv.decode(data))
    except (FfdError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"the drive's document cannot be compared: {error}") from error


def _of_fields(fields: Sequence[tlv.Tlv]) -> Fingerprint:

    def one(tags: Sequence[tlv.Tlv], tag: int) -> int:
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


# --- a store in a file ---------------------------------------------------------------------------------------------


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """An intent whose outcome is known, and the outcome in plain values."""

    intent: Intent
    verdict: Any


class _Contents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int = 1
    open: tuple[Intent, ...] = ()
    settled: tuple[Settled, ...] = ()


class FileIntentStore:
    """Intents of one host in a JSON file that is always whole: written beside, synced, renamed, directory synced.

    Writing takes some milliseconds and happens in place: nothing else of the caller's task may run meanwhile anyway.
    A file that is there and cannot be read raises StoreDamaged; it is never taken for an empty one. The last
    `SETTLED_MAX` outcomes stay in the file for whoever was killed between the outcome and its use.
    """

    SETTLED_MAX = 100

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._contents = self._read()

    @property
    def open(self) -> tuple[Intent, ...]:
        """The intents whose outcome is not known, oldest first: resolve them before anything else is sent."""
        return self._contents.open

    def outcome(self, job: str, action: str = "receipt") -> Settled | None:
        """The latest outcome of a job that is still kept."""
        found = (one for one in reversed(self.settled) if (one.intent.job, one.intent.action) == (job, action))
        return next(found, None)

    @property
    def settled(self) -> tuple[Settled, ...]:
        """The latest outcomes, oldest first."""
        return self._contents.settled

    async def record(self, intent: Intent) -> None:
        """Keep `intent`. Misuse when the drive has an unresolved one: its receipt may be the one that is open now."""
        for one in self._contents.open:
            if one.drive == intent.drive:
                raise Misuse(f"{one.action} of job {one.job} on drive {one.drive} is unresolved: resolve it first")
        self._write(_Contents(open=(*self._contents.open, intent), settled=self._contents.settled))

    async def clear(self, intent: Intent, verdict: object) -> None:
        """The outcome is known, by the register or by a person: the intent is open no more."""
        plain = msgspec.to_builtins(verdict, enc_hook=str)
        settled = (*self._contents.settled, Settled(intent=intent, verdict=plain))[-self.SETTLED_MAX :]
        still_open = tuple(one for one in self._contents.open if one != intent)
        self._write(_Contents(open=still_open, settled=settled))

    def _read(self) -> _Contents:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            if self.path.parent.is_dir():
                return _Contents()
            raise StoreDamaged(f"{self.path.parent} is not a directory: create it, or name another file") from None
        except OSError as error:
            raise StoreDamaged(f"{self.path} cannot be read: {error}") from error
        try:
            contents = msgspec.json.decode(data, type=_Contents)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise StoreDamaged(
                f"{self.path} does not hold intents ({error}): a receipt may be unresolved. Compare the drive's last "
                "document with your records, then move the file away"
            ) from error
        if contents.format != 1:
            raise StoreDamaged(f"{self.path} has format {contents.format}; this version reads format 1")
        return contents

    def _write(self, contents: _Contents) -> None:
        beside = self.path.with_name(f".{self.path.name}.new")  # what a killed process left there is written over
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(contents))
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.path)
            _sync_directory(self.path.parent)
        except OSError as error:
            raise StoreDamaged(f"{self.path} cannot be written: {error}") from error
        self._contents = contents


def _sync_directory(path: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return  # Windows: renames are durable with the file system's own journal
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
