"""The drive: its state, registration, documents other than receipts, the archive."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import (
    U1,
    U2,
    U4,
    Authorised,
    Block,
    Bytes,
    DocumentReply,
    Done,
    Drive,
    Inn,
    MaybeMoment,
    MaybeU1,
    Moment,
    RegistrationNumber,
    TlvReply,
)

__all__ = [
    "DriveStatusReply",
    "DriveStatus",
    "DriveNumberReply",
    "DriveNumber",
    "DriveExpiryReply",
    "DriveExpiry",
    "DriveVersionReply",
    "DriveVersion",
    "BeginRegistration",
    "Register",
    "ChangeRegistration",
    "ResetDrive",
    "CancelDocument",
    "RegistrationTotalsReply",
    "RegistrationTotals",
    "RegistrationTotalsV2",
    "RECEIPT_FORMS",
    "FindDocumentReply",
    "FindDocument",
    "RegistrationTag",
    "RegistrationParameter",
    "BeginSettlementReport",
    "SettlementReportReply",
    "SettlementReport",
    "SelectDocumentReply",
    "SelectDocument",
    "ReadDocument",
    "BeginClosing",
    "CloseDrive",
    "UnconfirmedReply",
    "Unconfirmed",
    "ShiftParametersReply",
    "ShiftParameters",
    "SynchroniseRegisters",
    "MemoryReply",
    "Memory",
    "DocumentSizesReply",
    "DocumentSizes",
]


class DriveStatusReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF01h. `last_document` grows only when a document was formed, never while one is open."""

    phase: U1
    current_document: U1
    document_data: U1
    shift_open: U1
    warnings: U1
    moment: Moment
    drive: Drive
    last_document: U4


class DriveStatus(Authorised[DriveStatusReply], frozen=True, kw_only=True):
    pass


class DriveNumberReply(msgspec.Struct, frozen=True, kw_only=True):
    drive: Drive


class DriveNumber(Authorised[DriveNumberReply], frozen=True, kw_only=True):
    pass


class DriveExpiryReply(msgspec.Struct, frozen=True, kw_only=True):
    date: Annotated[date | None, c.date_ymd]
    registrations_left: MaybeU1 = None
    registrations_done: MaybeU1 = None


class DriveExpiry(Authorised[DriveExpiryReply], frozen=True, kw_only=True):
    pass


class DriveVersionReply(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[str, c.ascii_text(16)]
    serial: U1


class DriveVersion(Authorised[DriveVersionReply], frozen=True, kw_only=True):
    pass


class BeginRegistration(Authorised[Done], frozen=True, kw_only=True):
    type: U1


class Register(Authorised[DocumentReply], frozen=True, kw_only=True):
    """FF06h: form the registration report."""

    inn: Inn
    registration_number: RegistrationNumber
    tax_systems: U1
    work_mode: U1


class ChangeRegistration(Authorised[DocumentReply], frozen=True, kw_only=True):
    """FF34h: form the report on a change of registration; `reason` 1 drive replaced, 2 operator, 3 owner's data,
    4 register's settings (from format 1.1 on tag 1205 holds them all)."""

    inn: Inn
    registration_number: RegistrationNumber
    tax_systems: U1
    work_mode: U1
    reason: U1


class ResetDrive(Authorised[Done], frozen=True, kw_only=True):
    """FF07h: a debug drive as it left the factory."""

    code: U1 = 0x16


class CancelDocument(Authorised[Done], frozen=True, kw_only=True):
    pass


class RegistrationTotalsReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF09h, FF4Ch: `more` is [reason,] document and sign (format 1.05), or extended mode, operator INN, reasons,
    document and sign (from 1.1 on: 25 bytes)."""

    moment: Moment
    inn: Inn
    registration_number: RegistrationNumber
    tax_systems: U1
    work_mode: U1
    more: Bytes

    @property
    def document(self) -> int | None:
        """Number of the report, which stands before the sign in every edition."""
        return int.from_bytes(self._tail[:4], "little") if len(self.more) >= 8 else None

    @property
    def sign(self) -> int | None:
        return int.from_bytes(self._tail[4:8], "little") if len(self.more) >= 8 else None

    @property
    def extended_mode(self) -> int | None:
        return self.more[0] if len(self.more) >= _TOTALS_1_1 else None

    @property
    def operator_inn(self) -> str | None:
        return self.more[1:13].decode("ascii", "replace").strip(" \0") if len(self.more) >= _TOTALS_1_1 else None

    @property
    def reasons(self) -> int | None:
        """Mask 1205 of why the registration was changed."""
        return int.from_bytes(self.more[13:17], "little") if len(self.more) >= _TOTALS_1_1 else None

    @property
    def _tail(self) -> bytes:
        if len(self.more) >= _TOTALS_1_1:
            return self.more[17:25]
        return self.more[1:9] if len(self.more) in (9, 14) else self.more[:8]


_TOTALS_1_1 = 25
"""Bytes of `more` from format 1.1 on: extended mode 1, operator INN 12, reasons 4, document 4, sign 4."""


class RegistrationTotals(Authorised[RegistrationTotalsReply], frozen=True, kw_only=True):
    pass


class RegistrationTotalsV2(Authorised[RegistrationTotalsReply], frozen=True, kw_only=True):
    """FF4Ch: of registration `number` (1 is the first)."""

    number: U1


RECEIPT_FORMS = frozenset((3, 4, 31, 41))
"""Forms of receipts, strict-reporting forms and their corrections."""


class FindDocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF0Ah: form code (1, 2, 3, 5, 11, 21, 31 …), whether a ticket came, and a tail by form."""

    type: U1
    ticket: U1
    moment: Moment
    document: U4
    sign: U4
    tail: Bytes

    @property
    def operation(self) -> int | None:
        """1054 of a receipt or correction."""
        return self.tail[0] if self.type in RECEIPT_FORMS and len(self.tail) >= 6 else None

    @property
    def total(self) -> int | None:
        """1020 of a receipt or correction, kopecks."""
        if self.type in RECEIPT_FORMS and len(self.tail) >= 6:
            return int.from_bytes(self.tail[1:6], "little")
        return None

    @property
    def shift(self) -> int | None:
        """Number of the shift that this document opened or closed."""
        return int.from_bytes(self.tail[:2], "little") if self.type in (2, 5) and len(self.tail) >= 2 else None


class FindDocument(Authorised[FindDocumentReply], frozen=True, kw_only=True):
    document: U4


class RegistrationTag(Authorised[TlvReply], frozen=True, kw_only=True):
    """FF0Eh: one field of registration `report`; tag FFFFh gives nothing and FF3Bh then reads all of them."""

    report: U1 = 1
    tag: U2


class RegistrationParameter(Authorised[TlvReply], frozen=True, kw_only=True):
    """FF60h: one field of registration `number`, 0 the last."""

    number: U1 = 0
    tag: U2


class BeginSettlementReport(Authorised[Done], frozen=True, kw_only=True):
    pass


class SettlementReportReply(msgspec.Struct, frozen=True, kw_only=True):
    document: U4
    sign: U4
    unconfirmed: U4
    first_unconfirmed: Annotated[date | None, c.date_ymd]
    moment: MaybeMoment = None


class SettlementReport(Authorised[SettlementReportReply], frozen=True, kw_only=True):
    pass


class SelectDocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    type: U2
    length: U2


class SelectDocument(Authorised[SelectDocumentReply], frozen=True, kw_only=True):
    """FF3Ah: choose a document; FF3Bh then reads its TLV piece by piece."""

    document: U4


class ReadDocument(Authorised[Block], frozen=True, kw_only=True):
    """FF3Bh: the next piece; 08h or an empty answer ends the reading. It moves on: never sent twice blindly."""


class BeginClosing(Authorised[Done], frozen=True, kw_only=True):
    """FF3Dh: begin to close the drive's fiscal mode."""


class CloseDrive(Authorised[DocumentReply], frozen=True, kw_only=True):
    """FF3Eh: close the drive's fiscal mode. Irreversible."""


class UnconfirmedReply(msgspec.Struct, frozen=True, kw_only=True):
    count: U2


class Unconfirmed(Authorised[UnconfirmedReply], frozen=True, kw_only=True):
    pass


class ShiftParametersReply(msgspec.Struct, frozen=True, kw_only=True):
    open: U1
    shift: U2
    receipt: U2


class ShiftParameters(Authorised[ShiftParametersReply], frozen=True, kw_only=True):
    pass


class SynchroniseRegisters(Authorised[Done], frozen=True, kw_only=True):
    """FF62h: the register's counters after the drive's."""


class MemoryReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF63h: documents that still fit the five-year archive, free KiB of the 30-day store."""

    documents: U4
    kib: U4
    notifications_percent: MaybeU1 = None


class Memory(Authorised[MemoryReply], frozen=True, kw_only=True):
    pass


class DocumentSizesReply(msgspec.Struct, frozen=True, kw_only=True):
    documents: U4
    notifications: U4


class DocumentSizes(Authorised[DocumentSizesReply], frozen=True, kw_only=True):
    pass
