"""How long a drive will last: documents, days and memory that are left, what is used up each day, and the day it ends.

Pure arithmetic over readings. The register tells how many documents still fit the archive and how much of the store
for undelivered ones is free (FF63h), until when the drive may be used (FF03h), and the number of its shift (FF40h).
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import IntEnum
from math import floor

import msgspec

__all__ = ["DAY_S", "LIMITS", "WINDOW_S", "Concern", "DriveLife", "Limit", "Reading", "forecast"]

DAY_S = 86_400.0

WINDOW_S = 30 * DAY_S
"""The use of a drive is measured over its last thirty days."""

MEASURED_S = 3600.0
"""Two readings that are closer together tell nothing about a day."""

AT_ONCE = 100
"""Documents that are kept back: closing the shift and the drive need two, a queue that is under way the rest."""


class Concern(IntEnum):
    """How much a drive needs attention: the higher, the sooner."""

    NONE = 0
    ORDER = 1
    """Get a new drive."""
    REPLACE = 2
    """Replace it this week."""
    NOW = 3
    """Replace it today: tomorrow it may take nothing more."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """The concern that begins at or below so many days, documents, or KiB (None: says nothing)."""

    concern: Concern
    days: int
    documents: int
    kib: int


LIMITS = (
    Limit(concern=Concern.NOW, days=3, documents=500, kib=1024),
    Limit(concern=Concern.REPLACE, days=14, documents=5_000, kib=2048),
    Limit(concern=Concern.ORDER, days=45, documents=25_000, kib=4096),
)
"""The worst first. Delivery of a drive to a data centre takes weeks, its replacement minutes."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a drive said at a moment (unix seconds). `expires` is None where the register does not tell."""

    at: float
    drive: str
    documents_left: int
    kib_free: int
    last_document: int
    shift: int
    expires: date | None = None


class DriveLife(msgspec.Struct, frozen=True, kw_only=True):
    """A drive's end as it looks now. Rates are per day over the last thirty; None until there is something to
    measure. `full_on` is the day on which the archive is full at that rate, `ends_on` the earlier one of it and the
    expiry date, `ends_by` which of them it is (documents, date, or nothing yet)."""

    drive: str
    read_at: float
    documents_left: int
    documents_used: int
    kib_free: int
    shifts: int
    expires: date | None
    documents_per_day: float | None
    shifts_per_day: float | None
    full_on: date | None
    ends_on: date | None
    ends_by: str
    days_left: int | None
    concern: Concern

    @property
    def fill(self) -> float:
        """The part of the archive that is used, from 0 to 1."""
        whole = self.documents_used + self.documents_left
        return self.documents_used / whole if whole else 0.0


def forecast(now: Reading, earlier: Reading | None, today: date) -> DriveLife:
    """The life of a drive by what it says now and what it said at the beginning of the window, where it is known."""
    days = None if earlier is None or earlier.drive != now.drive else (now.at - earlier.at) / DAY_S
    documents_per_day = shifts_per_day = None
    if earlier is not None and days is not None and days * DAY_S >= MEASURED_S:
        documents_per_day = max(0, now.last_document - earlier.last_document) / days
        shifts_per_day = max(0, now.shift - earlier.shift) / days
    full_on = _full_on(now.documents_left, documents_per_day, today)
    ends = [(day, by) for day, by in ((full_on, "documents"), (now.expires, "date")) if day is not None]
    ends_on, ends_by = min(ends) if ends else (None, "")
    days_left = None if ends_on is None else (ends_on - today).days
    return DriveLife(
        drive=now.drive,
        read_at=now.at,
        documents_left=now.documents_left,
        documents_used=now.last_document,
        kib_free=now.kib_free,
        shifts=now.shift,
        expires=now.expires,
        documents_per_day=documents_per_day,
        shifts_per_day=shifts_per_day,
        full_on=full_on,
        ends_on=ends_on,
        ends_by=ends_by,
        days_left=days_left,
        concern=_concern(now, days_left),
    )


def _full_on(left: int, per_day: float | None, today: date) -> date | None:
    if not per_day:
        return None
    days = floor(max(0, left - AT_ONCE) / per_day)
    return today + timedelta(days=days) if days < 100 * 365 else None


def _concern(now: Reading, days_left: int | None) -> Concern:
    for limit in LIMITS:
        soon = days_left is not None and days_left <= limit.days
        if soon or now.documents_left <= limit.documents or now.kib_free <= limit.kib:
            return limit.concern
    return Concern.NONE
