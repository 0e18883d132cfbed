"""What the drive keeps: documents found by their number, and the open receipt's subtotal."""

from __future__ import annotations

import struct

from kkt_driver.commands import FindDocument, FindDocumentReply, SelectDocument, Subtotal
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Refused
from kkt_driver.procedures.patience import pieces

__all__ = ["document", "find", "subtotal"]

NO_DATA = 0x08


def find(number: int, *, password: int = 30) -> Procedure[FindDocumentReply | None]:
    """The short archive record of a document (FF0Ah); None when the drive has no such number."""
    try:
        return (yield from ask(FindDocument(password=password, document=number)))
    except Refused as refusal:
        if refusal.code == NO_DATA:
            return None
        raise


def document(number: int, *, password: int = 30) -> Procedure[bytes]:
    """The fields of a document, one TLV after the other, without the head that some firmware puts before them.

    Always reads to the end: a desktop register stays in mode 1 until then. When an answer is lost on the way, begin
    again: FF3Bh moves on with each call.
    """
    chosen = yield from ask(SelectDocument(password=password, document=number))
    body = b"".join((yield from pieces(password=password)))
    if body[:4] == struct.pack("<HH", chosen.type, len(body) - 4 & 0xFFFF):
        return body[4:]
    return body


def subtotal(*, password: int = 30) -> Procedure[int]:
    """Total of the open receipt, kopecks."""
    return (yield from ask(Subtotal(password=password))).total
