"""Damaged documents, containers, archives and JSON: a value or our error, whatever the bytes.

Unlike hypothesis this starts from real documents and damages them a little, again and again, so that most of it goes
deep before it fails. A bounded run belongs to `make ci`; with SOAK=1 it goes on for ten minutes with a new seed, which
is printed when something is found.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest

from ffd import control, documents, jsons, qr, receipts, tlv
from ffd.archive import HEADER_SIZE, Archive, ArchivedDocument
from ffd.container import Container, SessionHeader, message, read_message, unwrap, wrap
from ffd.context import Context
from ffd.crc import crc16
from ffd.documents import Document, OperatorConfirmation, ReceiptDocument, RegistrationReport
from ffd.errors import DecodeError, FfdError
from ffd.tags import TAGS
from ffd.tlv import Tlv
from tests.ffd.vectors import HERE, one

SOAK = bool(os.environ.get("SOAK"))
SOAK_S = 600
ROUNDS = 4000

DRIVE = "9999078902013267"
REAL = bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"])
REGISTRATION = RegistrationReport(ffd_version=4, offline_mode_flag=False, automatic_mode_flag=True, tax_systems=3)
CONTEXT = Context(registration=REGISTRATION, previous=ReceiptDocument.decode(REAL))


def _documents() -> list[bytes]:
    """Whole documents of published files."""
    real, sent = (
        json.loads((HERE / f"{name}.json").read_text("utf-8"))["vectors"] for name in ("ffd_documents", "ofd_session")
    )
    return [
        REAL,
        *(bytes.fromhex(vector["hex"]) for vector in real if "hex" in vector),
        *(Container.decode(bytes.fromhex(one["hex"])).document for one in sent if one["kind"] == "container"),
    ]


DOCUMENTS = _documents()


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, lost, doubled or moved."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        end = min(len(found), at + chance.choice((1, 1, 2, 4, 16)))
        match chance.randrange(6):
            case 0:
                found[at:end] = chance.randbytes(end - at)
            case 1:
                del found[at:end]
            case 2:
                found[at:at] = found[at:end] * chance.randint(1, 3)
            case 3:
                found[at:at] = chance.choice((b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff"))
            case 4:
                del found[at:]
            case _:
                if at < len(found):
                    found[at] ^= 1 << chance.randrange(8)
    return bytes(found)


def _rearranged(fields: tuple[Tlv, ...], chance: random.Random, depth: int = 0) -> tuple[Tlv, ...]:
    """Fields with other tags, values, order or nesting, lengths being right: what reaches the value decoders."""
    found = list(fields)
    if not found:
        return ()
    at = chance.randrange(len(found))
    one = found[at]
    match chance.randrange(7):
        case 0:
            found[at] = Tlv(chance.choice(list(TAGS)), one.value)
        case 1 if isinstance(one.value, bytes):
            found[at] = Tlv(one.tag, _damaged(one.value, chance))
        case 1 | 2 if isinstance(one.value, tuple) and depth < 4:
            found[at] = Tlv(one.tag, _rearranged(one.value, chance, depth + 1))
        case 2:
            found.insert(chance.randrange(len(found)), one)
        case 3:
            chance.shuffle(found)
        case 4 if isinstance(one.value, bytes):
            found[at] = Tlv(one.tag, one.value + bytes(chance.randint(1, 3)))
        case 5 if depth < 4:
            found[at] = Tlv(chance.choice((1059, 1115, 1163, 1256, 1068, 2007)), (one,))
        case _:
            del found[at]
    return tuple(found)


def _document(chance: random.Random) -> None:
    """A document, damaged as bytes or as fields: everything we do with one."""
    data = chance.choice(DOCUMENTS)
    if chance.random() < 0.5:
        data = _damaged(data, chance)
    else:
        (tree,) = tlv.decode(data)
        assert isinstance(tree.value, tuple)
        inside = tree.value
        for _ in range(chance.randint(1, 3)):
            inside = _rearranged(inside, chance)
        code = chance.choice(sorted(documents.OF_CODE)) if chance.random() < 0.2 else tree.tag
        data = tlv.encode((Tlv(code, inside),))
    try:
        document, rest = documents.split(data)
    except DecodeError:
        return
    assert document.encode() + rest == data
    _use(document)


def _use(document: Document) -> None:
    assert jsons.read(jsons.write(document)).encode() == document.encode()
    shown = jsons.to_tax_service(document)
    with contextlib.suppress(FfdError):
        jsons.from_tax_service(json.loads(json.dumps(shown)))
    for violation in control.check(document, CONTEXT):
        assert violation.message_ru
        assert violation.message_en
        assert violation.path
    if isinstance(document, ReceiptDocument):
        with contextlib.suppress(FfdError):
            str(document.totals())


def _fields(chance: random.Random) -> None:
    """Bare fields."""
    data = _damaged(chance.choice(DOCUMENTS), chance)
    try:
        fields = tlv.decode(data)
    except DecodeError:
        return
    assert tlv.encode(fields) == data
    for field in fields:
        with contextlib.suppress(DecodeError):
            tlv.value(field)


def _container(chance: random.Random) -> None:
    """A container and a message, half of them with their check codes made right again."""
    whole = message(wrap(chance.choice(DOCUMENTS), drive=DRIVE, document=7, sign=bytes(10)), drive=DRIVE)
    data = bytearray(_damaged(whole, chance))
    if chance.random() < 0.5 and len(data) > 36:
        data[30:32] = (len(data) - 30).to_bytes(2, "little")
        data[24:26] = (len(data) - 30).to_bytes(2, "little")
        data[32:34] = crc16(bytes(data[30:32] + data[34:])).to_bytes(2, "little")
    for decode in (read_message, unwrap, lambda data: Container.decode(data[30:])):
        try:
            found = decode(bytes(data))
        except DecodeError:
            continue
        if isinstance(found, Container):
            assert found.encode() in (bytes(data), bytes(data[30:]))
    with contextlib.suppress(DecodeError):
        assert SessionHeader.decode(bytes(data[:30])).encode() == data[:30]


def _archive(chance: random.Random) -> None:
    """An archive file, its check code made right again."""
    receipt = ReceiptDocument.decode(REAL)
    ticket = OperatorConfirmation(fiscal_document_number=1, operator_fiscal_sign=bytes(8))
    whole = Archive(
        drive=DRIVE,
        registration_number="0000000000024136",
        documents=(ArchivedDocument.of(receipt, confirmation=ticket, message_sign=bytes(8)),) * 2,
    ).encode()
    data = bytearray(whole[:HEADER_SIZE] + _damaged(whole[HEADER_SIZE:], chance))
    data[HEADER_SIZE - 4 : HEADER_SIZE] = crc32(data[: HEADER_SIZE - 4] + data[HEADER_SIZE:]).to_bytes(4, "little")
    try:
        archive = Archive.decode(bytes(data))
    except DecodeError:
        return
    assert archive.encode() == data
    for one_of_them in archive.documents:
        for name in ("document", "confirmation", "message_sign"):
            with contextlib.suppress(DecodeError):
                getattr(one_of_them, name)


_ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1 << 70,
    0.1,
    "",
    "x",
    "é",
    "1e999999999",
    "sNaN",
    [],
    {},
    [[]],
    {"": 0},
    "2026-01-01T00:00:00Z",
)


def _changed(value: Any, chance: random.Random) -> Any:
    """JSON with something odd somewhere inside."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        return {**value, key: _changed(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
    return chance.choice(_ODD)


PUBLISHED = one("ffd_receipt_2026", "tax-service-json")["json"]
ORDERED: dict[str, Any] = {
    "operation": 1,
    "tax_system": 1,
    "items": [{"name": "Чай", "price": 10000, "quantity": "2.5", "total": 25000, "vat": 11}] * 2,
    "payments": {"cash": 5000, "cashless": 45000},
    "user_attribute": {"name": "a", "value": "b"},
}


def _json(chance: random.Random) -> None:
    """JSON of all three shapes with odd values, and as damaged text."""
    own = json.loads(jsons.write(documents.decode(chance.choice(DOCUMENTS[:3]))))
    for read, body in ((jsons.read, own), (jsons.from_tax_service, PUBLISHED), (receipts.read, ORDERED)):
        body = _changed(body, chance)
        try:
            found = read(body)
        except FfdError:
            continue
        if isinstance(found, Document):
            assert control.check(found, CONTEXT)
            with contextlib.suppress(FfdError):
                jsons.to_tax_service(found)
            with contextlib.suppress(FfdError):
                _use(documents.decode(found.encode()))
    text = _damaged(json.dumps(ORDERED).encode(), chance)
    for read in (jsons.read, receipts.read):
        with contextlib.suppress(FfdError):
            read(text)
    with contextlib.suppress(FfdError):
        qr.parse(
            _damaged(b"t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2", chance).decode("cp866")
        )


def _seeds() -> Iterator[int]:
    """One seed a round: the same ones in a bounded run, new ones for ten minutes in a long one."""
    if not SOAK:
        yield from range(ROUNDS)
        return
    end = time.monotonic() + SOAK_S / len(SUBJECTS)
    while time.monotonic() < end:
        yield int.from_bytes(os.urandom(6), "big")


SUBJECTS: tuple[Callable[[random.Random], None], ...] = (_document, _fields, _container, _archive, _json)


@pytest.mark.slow
@pytest.mark.timeout(SOAK_S + 120)
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__.lstrip("_"))
def test_damaged(subject: Callable[[random.Random], None]) -> None:
    """A value that gives its bytes back, or our error; never another exception. The seed repeats what is found."""
    for seed in _seeds():
        try:
            subject(random.Random(seed))
        except Exception as error:
            raise AssertionError(f"{subject.__name__} fails with seed {seed}") from error


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty unknown fields", b"\x60\xea\0\0" * 8000),
        ("empty items", b"\x23\4\0\0" * 8000),
        ("repeated single tags", b"\x1e\4\1\0\1" * 6500),
        ("one long text", b"\x18\4" + (32000).to_bytes(2, "little") + b"x" * 32000),
        ("messages in messages", b"\x2c\4\4\0\x2c\4\0\0" * 4000),
    ],
)
def test_memory(name: str, content: bytes) -> None:
    """The worst 32 KiB cost a few megabytes: no bomb among documents."""
    data = b"\3\0" + len(content).to_bytes(2, "little") + content
    documents.decode(DOCUMENTS[0])  # codecs are made when first used; that is not what is measured
    tracemalloc.start()
    try:
        document = documents.decode(data)
        assert document.encode() == data
        tlv.decode(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20, name
