"""A test operator (ОФД): messages of registers in, tickets out. Sans-I/O; whoever serves it gives the bytes and the
time.

It believes nothing: session header, container, agreement of the drive's and the document's number in every place,
document structure, the drive's EMU-1 signs. What does not hold is answered as real operators do, by a ticket with
code 11 or 14 where the document can be named, by silence where it can't. It keeps what it confirmed: the same
document again gets a fresh ticket, another document under the same number gets code 14.

    operator = TestOperator(master=DEMO_MASTER_KEY)
    ticket_message = operator.respond(message, now=1763906700.0)
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from struct import pack
from typing import Protocol

import msgspec

from ffd.container import FROM_OPERATOR, FROM_REGISTER, SESSION_OPERATOR, Container, SessionHeader
from fn_emulator.drive.tlv import field, u8, u32
from fn_emulator.errors import StorageError
from fn_emulator.messages import (
    SESSION_HEADER,
    Derive,
    Fault,
    Peer,
    Problem,
    Silent,
    Statistics,
    fields_of,
    flipped,
    other_drive,
    spoiled,
)
from fn_emulator.signs import Keys
from fn_emulator.storage import MemoryStorage, Storage

__all__ = [
    "SESSION_HEADER",
    "Confirmed",
    "DocumentStore",
    "Fault",
    "LogStore",
    "Problem",
    "Statistics",
    "TestOperator",
    "Verdict",
    "document_digest",
]

_VERSIONS = frozenset({b"\x00\x01", b"\x00\x02", b"\x01\x00", b"\x01\x05", b"\x01\x10", b"\x01\x20"})
_FORMS = frozenset({1, 11, 2, 21, 3, 31, 4, 41, 5, 6})
_FFD_1_1 = b"\x01\x10"

ACCEPTED, NOT_RECOGNISED, FORMAT_ERROR = 0, 11, 14


class Confirmed(msgspec.Struct, frozen=True, array_like=True):
    """A document the operator has: its container as sent, and when it first came."""

    drive: str
    document: int
    form: int
    received: float
    code: int
    container: bytes


class Verdict(msgspec.Struct, frozen=True):
    """What was thought of one message: ticket code and why."""

    code: int
    problem: str = ""


class DocumentStore(Protocol):
    """Where the operator keeps documents, found by drive and number."""

    def digest(self, drive: str, document: int) -> bytes | None: ...

    def add(self, confirmed: Confirmed) -> None: ...

    def get(self, drive: str, document: int) -> Confirmed | None: ...

    def documents(self, drive: str) -> Iterator[Confirmed]: ...

    def drives(self) -> list[str]: ...


class LogStore:
    """Documents in an append-only log; in memory are only the places and digests."""

    def __init__(self, storage: Storage | None = None) -> None:
        self._storage = MemoryStorage() if storage is None else storage
        self._index: dict[str, dict[int, tuple[int, bytes]]] = {}
        for offset, record in self._storage.scan():
            self._place(_decode(record), offset)

    def _place(self, confirmed: Confirmed, offset: int) -> None:
        self._index.setdefault(confirmed.drive, {})[confirmed.document] = offset, _digest(confirmed.container)

    def digest(self, drive: str, document: int) -> bytes | None:
        """Digest of the document that was confirmed under this number."""
        place = self._index.get(drive, {}).get(document)
        return place[1] if place else None

    def add(self, confirmed: Confirmed) -> None:
        offset = self._storage.append(msgspec.msgpack.encode(confirmed))
        self._storage.sync()
        self._place(confirmed, offset)

    def get(self, drive: str, document: int) -> Confirmed | None:
        place = self._index.get(drive, {}).get(document)
        return _decode(self._storage.read(place[0])) if place else None

    def documents(self, drive: str) -> Iterator[Confirmed]:
        """All documents of a drive in the order of arrival."""
        for offset, _ in list(self._index.get(drive, {}).values()):
            yield _decode(self._storage.read(offset))

    def drives(self) -> list[str]:
        return sorted(self._index)


def _decode(record: bytes) -> Confirmed:
    try:
        return msgspec.msgpack.decode(record, type=Confirmed)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StorageError(f"a record of {len(record)} bytes is not an operator's: {error}") from error


def _digest(container: bytes) -> bytes:
    """Of the document alone: a repeat may carry another nonce and another sign of the message."""
    size = int.from_bytes(container[30:32], "big")
    return document_digest(container[32 : 32 + size])


def document_digest(document: bytes) -> bytes:
    return sha256(document).digest()[:16]


class TestOperator(Peer):
    """One operator for any number of drives."""

    __test__ = False  # not a test of pytest
    sessions = (SESSION_OPERATOR,)

    def __init__(
        self,
        *,
        master: bytes,
        store: DocumentStore | None = None,
        inn: str = "7704211201",
        check_signs: bool = True,
        keys: Derive = Keys.derive,
    ) -> None:
        super().__init__(master=master, keys=keys)
        self._inn = inn.encode("ascii").ljust(12)
        self._check_signs = check_signs
        self.message_bits = 0
        """Tag 1206 of every ticket: bit 6 the register's settings must change, bit 7 the operator is annulled."""
        self.store: DocumentStore = LogStore() if store is None else store

    def answer(self, header: SessionHeader, body: bytes, fault: Fault | None, now: float) -> bytes:
        """The ticket for one document."""
        container = Container.decode(body)
        number = self._number(header, container)
        verdict = self._examine(header, container, number)
        if verdict.problem:
            self.note(now, header.drive, number, verdict.problem)
        code = {Fault.CODE_11: NOT_RECOGNISED, Fault.CODE_14: FORMAT_ERROR}.get(fault or Fault.SILENCE, verdict.code)
        if verdict.code == ACCEPTED:
            self._keep(header, container, number, body, code, now)
        if fault is not Fault.HEADER_ONLY:
            self.count(code)
        return self._ticket(header, container, number, code, fault, now)

    def _number(self, header: SessionHeader, container: Container) -> int:
        """FD number from the document; without an agreed one there is nothing to put into a ticket."""
        if container.drive != header.drive or len(header.drive) != 16 or not header.drive.isdigit():
            raise Silent(f"session header of {header.drive}, container of {container.drive}")
        try:
            fields = fields_of(container.document)
        except ValueError:
            raise Silent("the document is no sequence of tags") from None
        number = fields.get(1040, b"")
        if len(number) != 4 or int.from_bytes(number[:3], "little") != container.number:
            raise Silent(f"container of document {container.number}, tag 1040 is {number.hex()}")
        if fields.get(1041, b"").rstrip(b" ") != header.drive.encode("ascii"):
            raise Silent("tag 1041 is of another drive")
        return int.from_bytes(number, "little")

    def _examine(self, header: SessionHeader, container: Container, number: int) -> Verdict:
        if header.version not in _VERSIONS:
            return Verdict(NOT_RECOGNISED, f"application version {header.version.hex()}")
        form = int.from_bytes(container.document[:2], "little")
        if container.type != FROM_REGISTER or container.version != 1 or container.kind != form or form not in _FORMS:
            return Verdict(NOT_RECOGNISED, f"container type {container.type:#x}, kind {container.kind}, form {form}")
        if int.from_bytes(container.document[2:4], "little") != len(container.document) - 4:
            return Verdict(NOT_RECOGNISED, "the document's length is wrong")
        if self._check_signs and (problem := self._sign_problem(header.drive, container, form)):
            return Verdict(FORMAT_ERROR, problem)
        before = self.store.digest(header.drive, number)
        if before is not None and before != document_digest(container.document):
            return Verdict(FORMAT_ERROR, f"another document {number} of this drive was confirmed before")
        return Verdict(ACCEPTED)

    def _sign_problem(self, drive: str, container: Container, form: int) -> str:
        keys, fields = self.keys_of(drive), fields_of(container.document)
        if fields.get(1077) != keys.fpd(form, fields):
            return "the document's sign (1077) is wrong"
        if container.sign != keys.fps(container.document) + b"\0\0":
            return "the message's sign is wrong"
        return ""

    def _keep(
        self, header: SessionHeader, container: Container, number: int, body: bytes, code: int, now: float
    ) -> None:
        if self.store.digest(header.drive, number) is not None:
            self.statistics.repeats += 1
        else:
            self.store.add(Confirmed(header.drive, number, container.kind, now, code, body))

    def _ticket(
        self, header: SessionHeader, container: Container, number: int, code: int, fault: Fault | None, now: float
    ) -> bytes:
        drive = header.drive
        if fault is Fault.WRONG_DRIVE:
            drive = other_drive(drive)
        if fault is Fault.WRONG_DOCUMENT:
            number += 1
        keys = self.keys_of(header.drive)
        fields = {
            1017: self._inn,
            1041: drive.encode("ascii"),
            1040: number.to_bytes(4, "little"),
            1012: int(now).to_bytes(4, "little"),
        }
        sign = keys.ticket_1078(7, fields)
        if fault is Fault.WRONG_SIGN:
            sign = flipped(sign)
        answer = b"" if header.version == _FFD_1_1 else field(1068, u8(1022, code))
        bits = self.message_bits | (header.version == _FFD_1_1 and code == FORMAT_ERROR) << 1
        answer += u8(1206, bits) if bits else b""
        document = field(
            7,
            field(1017, self._inn)
            + field(1078, sign)
            + field(1041, fields[1041])
            + u32(1040, number)
            + field(1012, fields[1012])
            + answer,
        )
        message_sign = keys.fpp(document)
        if fault is Fault.WRONG_MESSAGE_SIGN:
            message_sign = flipped(message_sign)
        ticket = Container(
            document=document,
            kind=7,
            drive=drive,
            number=number,
            type=FROM_OPERATOR,
            sign=message_sign + b"\0\0",
            service_1=container.service_1,
            nonce=pack("<d", now),
        ).encode()
        return spoiled(ticket, fault)
