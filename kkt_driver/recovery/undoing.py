"""Clearing away what an unfinished document left: what came of it is evidence, the next look decides."""

from __future__ import annotations

from kkt_driver.commands import CancelDocument, CancelReceipt
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Refused
from kkt_driver.procedures.patience import patiently

__all__ = ["cancel_receipt", "drop_document"]


def cancel_receipt() -> Procedure[str]:
    """88h by the system administrator, who may always cancel."""
    try:
        yield from patiently(CancelReceipt())
    except Refused as refusal:
        return f"88h: refused with {refusal.code:02X}h"
    return "88h: done"


def drop_document() -> Procedure[str]:
    """FF08h: a document begun in the drive and never formed."""
    try:
        yield from ask(CancelDocument())
    except Refused as refusal:
        return f"FF08h: refused with {refusal.code:02X}h"
    return "FF08h: done"
