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

from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from hashlib import sha256
from struct import pack
from typing import Protocol

import msgspec

from ffd.container import FROM_OPERATOR, FROM_REGISTER, Container, SessionHeader, message
from ffd.crc import crc16
from ffd.errors import FfdError
from fn_emulator.drive.tlv import field, u8, u32, walk
from fn_emulator.errors import StorageError
from fn_emulator.signs import Keys
from fn_emulator.storage import MemoryStorage, Storage

__all__ = ["Confirmed", "DocumentStore", "Fault", "LogStore", "Statistics", "TestOperator", "Verdict"]

SESSION_HEADER = 30
_VERSIONS = frozenset({b"\x00\x01", b"\x00\x02", b"\x01\x00", b"\x01\x05", b"\x01\x10", b"\x01\x20"})
_FORMS = frozenset({1, 11, 2, 21, 3, 31, 4, 41, 5, 6})
_FFD_1_1 = b"\x01\x10"
_PROBLEMS_KEPT = 200  # the newest are what a tester looks at
_KEYS_KEPT = 4096  # drives whose derived keys stay in memory; a rack has hundreds

ACCEPTED, NOT_RECOGNISED, FORMAT_ERROR = 0, 11, 14


class Fault(StrEnum):
    """What a test operator can do wrong on purpose, one answer at a time or until told otherwise."""

    WRONG_DOCUMENT = "wrong document number"
    WRONG_DRIVE = "wrong drive number"
    WRONG_CRC = "wrong check code"
    WRONG_SIGN = "wrong operator's sign"
    WRONG_MESSAGE_SIGN = "wrong sign of the ticket"
    HEADER_ONLY = "session header without a ticket"
    SILENCE = "no answer"
    CODE_11 = "code 11, not recognised"
    CODE_14 = "code 14, format check failed"


class Confirmed(msgspec.Struct, frozen=True, array_like=True):
    """A document the operator has: its container as sent, and when it first came."""

    drive: str
    document: int
    form: int
    received: float
    code: int
    container: bytes


class Verdict(msgspec.Struct, frozen=True):
    """What was thought of one message: ticket code (None: no ticket could be made) and why."""

    code: int | None
    problem: str = ""


class Problem(msgspec.Struct, frozen=True):
    at: float
    drive: str
    document: int
    text: str


class Statistics(msgspec.Struct):
    messages: int = 0
    probes: int = 0
    tickets: int = 0
    repeats: int = 0
    unanswered: int = 0
    codes: dict[int, int] = msgspec.field(default_factory=dict)


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
    return sha256(container[32 : 32 + size]).digest()[:16]


class TestOperator:
    """One operator for any number of drives."""

    __test__ = False  # not a test of pytest

    def __init__(
        self,
        *,
        master: bytes,
        store: DocumentStore | None = None,
        inn: str = "7704211201",
        check_signs: bool = True,
    ) -> None:
        self._master = master
        self._inn = inn.encode("ascii").ljust(12)
        self._check_signs = check_signs
        self._keys: dict[str, Keys] = {}
        self._faults: deque[Fault] = deque()
        self.standing_fault: Fault | None = None
        self.store: DocumentStore = LogStore() if store is None else store
        self.statistics = Statistics()
        self.problems: deque[Problem] = deque(maxlen=_PROBLEMS_KEPT)

    def fail(self, *faults: Fault) -> None:
        """The next answers go wrong in these ways, in this order; `standing_fault` spoils all of them."""
        self._faults.extend(faults)

    @staticmethod
    def size_of(head: bytes) -> int:
        """Whole size of the message whose first 30 bytes are `head`: what a server reads before it asks."""
        return SESSION_HEADER + int.from_bytes(head[24:26], "little")

    def respond(self, data: bytes, *, now: float) -> bytes | None:
        """The answer to one whole message, or None for silence."""
        self.statistics.messages += 1
        fault = self._faults.popleft() if self._faults else self.standing_fault
        try:
            header = SessionHeader.decode(data[:SESSION_HEADER])
        except FfdError as error:
            self._silent(now, "", 0, str(error))
            return None
        body = data[SESSION_HEADER:]
        if fault is Fault.SILENCE:
            self._silent(now, header.drive, 0, "silent on purpose")
            return None
        if header.size == 0 and not body:
            self.statistics.probes += 1
            return SessionHeader(
                drive=header.drive,
                flags=0,
                version=header.version,
                signature=header.signature,
                session=header.session,
            ).encode()
        if header.size != len(body) or not header.check(body):
            self._silent(now, header.drive, 0, "size or check code of the session header is wrong")
            return None
        return self._answer(header, body, fault, now)

    def _answer(self, header: SessionHeader, body: bytes, fault: Fault | None, now: float) -> bytes | None:
        try:
            container = Container.decode(body)
            number = self._number(header, container)
        except FfdError as error:
            self._silent(now, header.drive, 0, str(error))
            return None
        except _NoTicket as error:
            self._silent(now, header.drive, 0, str(error))
            return None
        verdict = self._examine(header, container, number)
        if verdict.problem:
            self.problems.append(Problem(now, header.drive, number, verdict.problem))
        code = {Fault.CODE_11: NOT_RECOGNISED, Fault.CODE_14: FORMAT_ERROR}.get(fault or Fault.SILENCE, verdict.code)
        assert code is not None
        if verdict.code == ACCEPTED:
            self._keep(header, container, number, body, code, now)
        if fault is Fault.HEADER_ONLY:
            return SessionHeader(drive=header.drive, flags=0, version=header.version).encode()
        ticket = self._ticket(header, container, number, code, fault, now)
        self.statistics.tickets += 1
        self.statistics.codes[code] = self.statistics.codes.get(code, 0) + 1
        return message(ticket, drive=header.drive, version=header.version)

    def _number(self, header: SessionHeader, container: Container) -> int:
        """FD number from the document; without an agreed one there is nothing to put into a ticket."""
        if container.drive != header.drive or len(header.drive) != 16 or not header.drive.isdigit():
            raise _NoTicket(f"session header of {header.drive}, container of {container.drive}")
        try:
            fields = _fields(container.document)
        except ValueError:
            raise _NoTicket("the document is no sequence of tags") from None
        number = fields.get(1040, b"")
        if len(number) != 4 or int.from_bytes(number[:3], "little") != container.number:
            raise _NoTicket(f"container of document {container.number}, tag 1040 is {number.hex()}")
        if fields.get(1041, b"").rstrip(b" ") != header.drive.encode("ascii"):
            raise _NoTicket("tag 1041 is of another drive")
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
        if before is not None and before != sha256(container.document).digest()[:16]:
            return Verdict(FORMAT_ERROR, f"another document {number} of this drive was confirmed before")
        return Verdict(ACCEPTED)

    def _sign_problem(self, drive: str, container: Container, form: int) -> str:
        keys, fields = self._keys_of(drive), _fields(container.document)
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
            drive = f"{(int(drive) + 1) % 10**16:016}"
        if fault is Fault.WRONG_DOCUMENT:
            number += 1
        keys = self._keys_of(header.drive)
        fields = {
            1017: self._inn,
            1041: drive.encode("ascii"),
            1040: number.to_bytes(4, "little"),
            1012: int(now).to_bytes(4, "little"),
        }
        sign = keys.ticket_1078(7, fields)
        if fault is Fault.WRONG_SIGN:
            sign = sign[:2] + bytes(byte ^ 0xFF for byte in sign[2:])
        if header.version == _FFD_1_1:
            answer = u8(1206, 1 << 1) if code == FORMAT_ERROR else b""
        else:
            answer = field(1068, u8(1022, code))
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
            message_sign = message_sign[:2] + bytes(byte ^ 0xFF for byte in message_sign[2:])
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
        if fault is Fault.WRONG_CRC:
            return ticket[:2] + pack("<H", crc16(ticket[:2] + ticket[4:]) ^ 0xFFFF) + ticket[4:]
        return ticket

    def _keys_of(self, drive: str) -> Keys:
        keys = self._keys.get(drive)
        if keys is None:
            if len(self._keys) >= _KEYS_KEPT:
                self._keys.clear()
            keys = self._keys[drive] = Keys.derive(self._master, drive)
        return keys

    def _silent(self, now: float, drive: str, document: int, problem: str) -> None:
        self.statistics.unanswered += 1
        self.problems.append(Problem(now, drive, document, problem))


class _NoTicket(Exception):
    pass


def _fields(document: bytes) -> dict[int, bytes]:
    return {tag: document[start:end] for tag, start, end in walk(document, 4)}
