"""What a test operator shows of the documents it keeps: one decoded, and what there is of a drive.

The same for the notifications that a marking system keeps.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ffd import documents, jsons
from ffd.container import Container
from ffd.errors import FfdError
from fn_emulator.operator import Confirmed, DocumentStore

__all__ = ["DriveSummary", "as_json", "show", "summary"]

GAPS_SHOWN = 100
"""Missing numbers that are named; a drive that began in the middle would fill pages."""


class DriveSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of one drive. `missing` are numbers below the last that never came."""

    drive: str
    documents: int
    last_document: int
    missing: tuple[int, ...]
    forms: dict[int, int]
    codes: dict[int, int]
    first_received: float
    last_received: float


def show(confirmed: Confirmed) -> dict[str, Any]:
    """A document in words: where it came from, its fields, its signs. What cannot be decoded is shown as bytes."""
    container = Container.decode(confirmed.container)
    shown: dict[str, Any] = {
        "drive": confirmed.drive,
        "document": confirmed.document,
        "form": confirmed.form,
        "received": confirmed.received,
        "code": confirmed.code,
        "message_sign": container.sign.hex(),
    }
    try:
        shown["fields"] = msgspec.json.decode(jsons.write(documents.decode(container.document)))
    except FfdError as error:
        shown["problem"] = str(error)
        shown["bytes"] = container.document.hex()
    return shown


def as_json(shown: object) -> str:
    """What `show` or `summary` gave, as one line."""
    return msgspec.json.encode(shown).decode("utf-8")


def summary(store: DocumentStore, drive: str) -> DriveSummary | None:
    """What there is of a drive, None when nothing is."""
    numbers: set[int] = set()
    forms: dict[int, int] = {}
    codes: dict[int, int] = {}
    moments: list[float] = []
    for confirmed in store.documents(drive):
        numbers.add(confirmed.document)
        forms[confirmed.form] = forms.get(confirmed.form, 0) + 1
        codes[confirmed.code] = codes.get(confirmed.code, 0) + 1
        moments.append(confirmed.received)
    if not numbers:
        return None
    last = max(numbers)
    missing = (number for number in range(1, last) if number not in numbers)
    return DriveSummary(
        drive=drive,
        documents=len(numbers),
        last_document=last,
        missing=tuple(number for number, _ in zip(missing, range(GAPS_SHOWN), strict=False)),
        forms=forms,
        codes=codes,
        first_received=min(moments),
        last_received=max(moments),
    )
