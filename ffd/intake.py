"""Whatever a person has at hand — a dump, hex from a log, JSON, a drive's archive — as what it is.

    bytes    document (with or without signs behind it), container, message to an operator, archive of a drive
    text     the same in hex or base64; a QR line; JSON: our own form, the tax service's (bare or in its envelope),
             a business receipt

The form is found from the content alone. What looks like one thing and is broken is an error of that thing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from ffd import archive as archives
from ffd import jsons, qr, receipts
from ffd.archive import Archive
from ffd.container import (
    CONTAINER_HEADER_SIZE,
    FROM_OPERATOR,
    FROM_REGISTER,
    SIGNATURE_MARKING,
    SIGNATURE_OPERATOR,
    Container,
    SessionHeader,
    read_message,
)
from ffd.documents import OF_CODE, Document, split
from ffd.errors import DecodeError
from ffd.qr import QrLine
from ffd.receipts import Receipt

__all__ = ["Found", "Kind", "Written", "read"]

_HEX_SIZE_MAX = 1 << 20  # characters of text that may be one document: containers end at 32 KiB
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{2}(?:[\s:,-]*(?:0x)?[0-9a-fA-F]{2})*", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{4,}={0,2}\s*", re.ASCII)
_HEX_MARKS = re.compile(r"0x|[\s:,-]", re.ASCII)
_ARCHIVE_START = archives.NAME.encode("cp866")
# Where the tax service's applications put a document inside what they export.
_ENVELOPES = (("ticket", "document"), ("document",), ("data", "json"), ("content",))
_FORMS = frozenset(("receipt", "bso", "openShift", "closeShift", "receiptCorrection", "bsoCorrection", "fiscalReport"))


class Kind(StrEnum):
    """What was found."""

    DOCUMENT = "document"
    CONTAINER = "container"
    MESSAGE = "message"
    ARCHIVE = "archive"
    RECEIPT = "receipt request"
    QR = "qr line"


class Written(StrEnum):
    """How it was written."""

    BINARY = "binary"
    HEX = "hex"
    BASE64 = "base64"
    JSON = "json"
    TAX_JSON = "tax service json"
    TEXT = "text"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One thing, taken out of what is around it: the parts it has are set, the others are None."""

    kind: Kind
    written: Written = Written.BINARY
    document: Document | None = None
    signs: bytes = b""  # behind the document
    header: SessionHeader | None = None
    container: Container | None = None
    archive: Archive | None = None
    request: Receipt | None = None
    qr: QrLine | None = None


def read(data: bytes) -> Found:
    """What `data` is. DecodeError or Invalid, with a path, when it is nothing known or broken."""
    text = _text(data)
    if text is None:
        return _bytes(data)
    if text.startswith(("{", "[")):
        return _json(text)
    if text.startswith("t="):
        return Found(kind=Kind.QR, written=Written.TEXT, qr=qr.parse(text))
    if len(text) <= _HEX_SIZE_MAX:
        if _HEX.fullmatch(text):
            return msgspec.structs.replace(_bytes(bytes.fromhex(_HEX_MARKS.sub("", text))), written=Written.HEX)
        if _BASE64.fullmatch(text):
            return _base64(text, data)
    return _bytes(data)


def _text(data: bytes) -> str | None:
    """The text that `data` is, None when it has control characters as binary data do."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    plain = text.strip()
    return plain if plain and not re.search(r"[\x00-\x08\x0e-\x1f]", plain) else None


def _base64(text: str, data: bytes) -> Found:
    try:
        inside = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return _bytes(data)
    return msgspec.structs.replace(_bytes(inside), written=Written.BASE64)


def _bytes(data: bytes) -> Found:
    if data[:4] in (SIGNATURE_OPERATOR, SIGNATURE_MARKING):
        header, container = read_message(data)
        inside = None if container is None else _document(container.document)
        return Found(kind=Kind.MESSAGE, header=header, container=container, document=inside)
    if data.startswith(_ARCHIVE_START):
        return Found(kind=Kind.ARCHIVE, archive=Archive.decode(data))
    if _is_container(data):
        container = Container.decode(data)
        return Found(kind=Kind.CONTAINER, container=container, document=_document(container.document))
    if int.from_bytes(data[:2], "little") in OF_CODE:
        document, signs = split(data)
        return Found(kind=Kind.DOCUMENT, document=document, signs=signs)
    raise DecodeError(
        f"{len(data)} bytes that start with {data[:8].hex()}: no document, container, message or archive", path="input"
    )


def _is_container(data: bytes) -> bool:
    return (
        len(data) >= CONTAINER_HEADER_SIZE
        and int.from_bytes(data[:2], "little") == len(data)
        and data[4] in (FROM_REGISTER, FROM_OPERATOR)
    )


def _document(data: bytes) -> Document | None:
    """The document in a container; None when it is of a form not known here (key updates, for one)."""
    return split(data)[0] if int.from_bytes(data[:2], "little") in OF_CODE else None


# ── JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _json(text: str) -> Found:
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise DecodeError(f"not JSON: {error}", path="input") from None
    inside = _unwrapped(raw)
    if "form" in inside:
        return Found(kind=Kind.DOCUMENT, written=Written.JSON, document=jsons.read(inside))
    if "code" in inside:
        return Found(kind=Kind.DOCUMENT, written=Written.TAX_JSON, document=jsons.from_tax_service(inside))
    if "items" in inside and "operation" in inside:
        # the text, not the value: numbers with a decimal point must not pass through binary floating point
        return Found(kind=Kind.RECEIPT, written=Written.JSON, request=receipts.read(text if inside is raw else inside))
    raise DecodeError("JSON without `form`, `code` or `operation`: of no known document", path="input")


def _unwrapped(raw: Any) -> Mapping[str, Any]:
    """The object of the document, taken out of a list of one and the tax service's envelopes."""
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    for path in _ENVELOPES:
        inside = raw
        for step in path:
            inside = inside.get(step) if isinstance(inside, Mapping) else None
        if isinstance(inside, Mapping):
            raw = next((inside[form] for form in _FORMS if isinstance(inside.get(form), Mapping)), inside)
            break
    if not isinstance(raw, Mapping):
        raise DecodeError("an object, or a list of one object, expected", path="input")
    return raw
