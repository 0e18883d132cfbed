"""Russian fiscal data formats 1.05, 1.1 and 1.2: what a fiscal document is, as values and as bytes.

Pure: no I/O, no clock, no randomness. A table of contents; every name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_CONTENTS = {
    # errors
    "FfdError": "errors",
    "DecodeError": "errors",
    "EncodeError": "errors",
    "Invalid": "errors",
    "Violation": "errors",
    # the receipt a shop asks for
    "Item": "receipts",
    "Payments": "receipts",
    "Receipt": "receipts",
    "UserAttribute": "receipts",
    "Totals": "reckoning",
    # sets of values
    "Edition": "enums",
    "Measure": "enums",
    "Operation": "enums",
    "PaymentMethod": "enums",
    "Subject": "enums",
    "TaxSystem": "enums",
    "VatRate": "enums",
    # documents
    "Document": "documents",
    "RegistrationReport": "documents",
    "RegistrationChangeReport": "documents",
    "ShiftOpenReport": "documents",
    "SettlementsStateReport": "documents",
    "ReceiptDocument": "documents",
    "CorrectionDocument": "documents",
    "BsoDocument": "documents",
    "BsoCorrectionDocument": "documents",
    "ShiftCloseReport": "documents",
    "DriveCloseReport": "documents",
    "OperatorConfirmation": "documents",
    "MarkingRequest": "documents",
    "MarkingNotification": "documents",
    "MarkingAnswer": "documents",
    "MarkingTicket": "documents",
    "decode": "documents",
    # control
    "Context": "context",
    "Supplier": "presence",
    "Weak": "control",
    "check": "control",
    # tables and bytes
    "TAGS": "tags",
    "Tag": "tags",
    "Tlv": "tlv",
    "Cursor": "cursor",
    "crc16": "crc",
    # around a document
    "Archive": "archive",
    "Container": "container",
    "SessionHeader": "container",
}

__all__ = list(_CONTENTS)

if TYPE_CHECKING:
    from ffd.archive import Archive as Archive
    from ffd.container import Container as Container
    from ffd.container import SessionHeader as SessionHeader
    from ffd.context import Context as Context
    from ffd.control import Weak as Weak
    from ffd.control import check as check
    from ffd.crc import crc16 as crc16
    from ffd.cursor import Cursor as Cursor
    from ffd.documents import BsoCorrectionDocument as BsoCorrectionDocument
    from ffd.documents import BsoDocument as BsoDocument
    from ffd.documents import CorrectionDocument as CorrectionDocument
    from ffd.documents import Document as Document
    from ffd.documents import DriveCloseReport as DriveCloseReport
    from ffd.documents import MarkingAnswer as MarkingAnswer
    from ffd.documents import MarkingNotification as MarkingNotification
    from ffd.documents import MarkingRequest as MarkingRequest
    from ffd.documents import MarkingTicket as MarkingTicket
    from ffd.documents import OperatorConfirmation as OperatorConfirmation
    from ffd.documents import ReceiptDocument as ReceiptDocument
    from ffd.documents import RegistrationChangeReport as RegistrationChangeReport
    from ffd.documents import RegistrationReport as RegistrationReport
    from ffd.documents import SettlementsStateReport as SettlementsStateReport
    from ffd.documents import ShiftCloseReport as ShiftCloseReport
    from ffd.documents import ShiftOpenReport as ShiftOpenReport
    from ffd.documents import decode as decode
    from ffd.enums import Edition as Edition
    from ffd.enums import Measure as Measure
    from ffd.enums import Operation as Operation
    from ffd.enums import PaymentMethod as PaymentMethod
    from ffd.enums import Subject as Subject
    from ffd.enums import TaxSystem as TaxSystem
    from ffd.enums import VatRate as VatRate
    from ffd.errors import DecodeError as DecodeError
    from ffd.errors import EncodeError as EncodeError
    from ffd.errors import FfdError as FfdError
    from ffd.errors import Invalid as Invalid
    from ffd.errors import Violation as Violation
    from ffd.presence import Supplier as Supplier
    from ffd.receipts import Item as Item
    from ffd.receipts import Payments as Payments
    from ffd.receipts import Receipt as Receipt
    from ffd.receipts import UserAttribute as UserAttribute
    from ffd.reckoning import Totals as Totals
    from ffd.tags import TAGS as TAGS
    from ffd.tags import Tag as Tag
    from ffd.tlv import Tlv as Tlv


def __getattr__(name: str) -> Any:
    if name not in _CONTENTS:
        raise AttributeError(f"module 'ffd' has no attribute {name!r}")
    value = getattr(import_module(f"ffd.{_CONTENTS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_CONTENTS})
