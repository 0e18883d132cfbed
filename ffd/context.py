"""What is known beside a document that is checked: the registration, the document before it, the time, its stage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ffd import presence
from ffd.documents import Document
from ffd.presence import Supplier

__all__ = ["Context", "wall_clock"]

_STAGES = (Supplier.HOST, Supplier.REGISTER, Supplier.DRIVE)


def wall_clock(document: Any, attribute: str) -> datetime | None:
    """A moment of a document to compare with others; None when absent or with a zone, which has no place there."""
    moment: datetime | None = getattr(document, attribute, None)
    return None if moment is None or moment.tzinfo is not None else moment


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that need what is absent keep silent.

    `stage` is who added its tags last. HOST: a request, what a shop or a host gave. REGISTER: what a register hands
    to its drive. DRIVE, the default: a whole document.
    """

    registration: Document | None = None  # the last registration or change report of the drive
    previous: Document | None = None  # the document before this one on the drive
    now: datetime | None = None  # the exact time of the settlement place, naive
    stage: Supplier = Supplier.DRIVE

    def registered(self, attribute: str) -> Any:
        """An attribute of the registration report, None when unknown."""
        return getattr(self.registration, attribute, None)

    def added(self, tag: int, form: int) -> bool:
        """Whether the one who supplies `tag` in a document of that form has had its turn."""
        supplier = presence.supplier(tag, form)
        if supplier not in _STAGES:
            return self.stage is Supplier.DRIVE
        return _STAGES.index(supplier) <= _STAGES.index(self.stage)

    def edition(self, document: Document) -> int:
        """The edition whose tables hold: the document's own, the registered one, the newest."""
        version = document.edition
        return presence.edition_of(self.registered("ffd_version") if version is None else version)

    def moment(self, document: Document) -> datetime | None:
        """When the document was made, as far as it or the context says."""
        return wall_clock(document, "document_datetime") or self.now
