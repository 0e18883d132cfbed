"""What the drive keeps: documents found by their number, and the open receipt's subtotal."""

from __future__ import annotations

import struct

from ffd import documents
from ffd.errors import FfdError
from kkt_driver.commands import FindDocument, FindDocumentReply, SelectDocument, Subtotal
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Malformed, Refused
from kkt_driver.procedures.patience import pieces

__all__ = ["decode", "document", "find", "read", "subtotal"]

NO_DATA = 0x08

READINGS_MAX = 4
"""Of one document whose end does not come."""


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
    again: FF3Bh moves on with each call. A register that is restarted meanwhile ends the reading as if the document
    ended there, so one that is shorter than FF3Ah told counts when it is read twice; Malformed when it never is.
    """
    before: bytes | None = None
    for _ in range(READINGS_MAX):
        chosen = yield from ask(SelectDocument(password=password, document=number))
        body = b"".join((yield from pieces(password=password)))
        if len(body) >= chosen.length or body == before:
            headed = body[:4] == struct.pack("<HH", chosen.type, len(body) - 4 & 0xFFFF)
            return body[4:] if headed else body
        before = body
    raise Malformed(f"document {number} was read {READINGS_MAX} times, each time another part of it")


def read(number: int, *, password: int = 30) -> Procedure[documents.Document | None]:
    """A document of the archive, typed (`ffd.documents`); None when the drive has no such number, or keeps only its
    short form (`find`). Malformed when its content is not what its form promises."""
    record = yield from find(number, password=password)
    if record is None:
        return None
    try:
        content = yield from document(number, password=password)
    except Refused as refusal:
        if refusal.code != NO_DATA:
            raise
        return None
    return decode(record.type, content)


def decode(form: int, content: bytes) -> documents.Document:
    """The document in the fields that `document` gave."""
    try:
        return documents.decode(struct.pack("<HH", form, len(content)) + content)
    except (FfdError, struct.error) as error:
        raise Malformed(f"the archive's document of form {form} cannot be read: {error}") from error


def subtotal(*, password: int = 30) -> Procedure[int]:
    """Total of the open receipt, kopecks."""
    return (yield from ask(Subtotal(password=password))).total
