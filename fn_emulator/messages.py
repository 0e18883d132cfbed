"""The far end of a drive's messages: what an operator, a marking system and a key server have in common.

    message := session header (30 bytes) container?

Sans-I/O: one whole message and the time go in, an answer or silence comes out. Probes are echoed, headers that are not
ours and damaged messages are met with silence; what a container means is the business of those who inherit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection
from enum import StrEnum

import msgspec

from ffd.container import FROM_OPERATOR, FROM_REGISTER, Container, SessionHeader
from ffd.errors import FfdError
from fn_emulator.drive.tlv import walk
from fn_emulator.signs import Keys

__all__ = [
    "SESSION_HEADER",
    "Derive",
    "Fault",
    "Peer",
    "Problem",
    "Silent",
    "Statistics",
    "fields_of",
    "flipped",
    "other_drive",
    "spoiled",
]

SESSION_HEADER = 30
_PROBLEMS_KEPT = 200  # the newest are what a tester looks at
_KEYS_KEPT = 4096  # drives whose derived keys stay in memory; a rack has hundreds


class Fault(StrEnum):
    """What the far end can do wrong on purpose, one answer at a time or until told otherwise."""

    WRONG_DOCUMENT = "wrong document number"
    WRONG_DRIVE = "wrong drive number"
    WRONG_CRC = "wrong check code"
    WRONG_LENGTH = "wrong length"
    WRONG_SIGN = "wrong operator's sign"
    WRONG_MESSAGE_SIGN = "wrong sign of the answer"
    HEADER_ONLY = "session header without a container"
    SILENCE = "no answer"
    CODE_11 = "code 11, not recognised"
    CODE_14 = "code 14, format check failed"


class Problem(msgspec.Struct, frozen=True):
    at: float
    drive: str
    document: int
    text: str


class Statistics(msgspec.Struct):
    """Counts since the start. `codes` are ticket or receipt codes."""

    messages: int = 0
    probes: int = 0
    tickets: int = 0
    repeats: int = 0
    unanswered: int = 0
    codes: dict[int, int] = msgspec.field(default_factory=dict)


class Silent(Exception):
    """There is nothing that could be answered; the text says why."""


Derive = Callable[[bytes, str], Keys]
"""Keys of one drive from the master key and the drive's number."""


class Peer(ABC):
    """One far end for any number of drives."""

    sessions: Collection[bytes] = ()
    """Session protocol versions that are its own."""

    def __init__(self, *, master: bytes, keys: Derive = Keys.derive) -> None:
        self._master = master
        self._derive = keys
        self._keys: dict[str, Keys] = {}
        self._faults: deque[Fault] = deque()
        self.standing_fault: Fault | None = None
        self.late_s = 0.0
        """How late every answer is to be sent, until told otherwise."""
        self.delay_s = 0.0
        """How late the answer that `respond` just gave is to be sent: for whoever serves it."""
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
        self.delay_s = self.late_s
        fault = self._faults.popleft() if self._faults else self.standing_fault
        drive = ""
        try:
            header = SessionHeader.decode(data[:SESSION_HEADER])
            drive = header.drive
            if fault is Fault.SILENCE:
                raise Silent("silent on purpose")
            return self._respond(header, data[SESSION_HEADER:], fault, now)
        except (FfdError, Silent) as error:
            self.statistics.unanswered += 1
            self.note(now, drive, 0, str(error))
            return None

    def _respond(self, header: SessionHeader, body: bytes, fault: Fault | None, now: float) -> bytes:
        if header.size == 0 and not body:
            self.statistics.probes += 1
            return _echo(header, flags=0)
        if header.session not in self.sessions:
            raise Silent(f"session protocol {header.session.hex()} is not spoken here")
        if header.size != len(body) or not header.check(body):
            raise Silent("size or check code of the session header is wrong")
        answer = self.answer(header, body, fault, now)
        if fault is Fault.HEADER_ONLY:
            return _echo(header, flags=0)
        return _echo(header, size=len(answer)) + answer

    @abstractmethod
    def answer(self, header: SessionHeader, body: bytes, fault: Fault | None, now: float) -> bytes:
        """The container that answers `body`; Silent or an error of the format when there is none."""

    def asked(self, header: SessionHeader, body: bytes, forms: Collection[int]) -> Container:
        """The request of a drive of one of these forms, checked with everything about it that can be checked."""
        container = Container.decode(body)
        form = int.from_bytes(container.document[:2], "little")
        if container.drive != header.drive or container.type != FROM_REGISTER:
            raise Silent(f"session header of {header.drive}, container of {container.drive}, type {container.type:#x}")
        if form != container.kind or form not in forms:
            raise Silent(f"document {form} in a container of kind {container.kind}")
        if container.sign != self.keys_of(container.drive).fpu(container.document) + b"\0\0":
            raise Silent("the drive's sign is wrong")
        return container

    def sealed(self, asked: Container, kind: int, document: bytes, fault: Fault | None, *, number: int) -> bytes:
        """The container of an answer under ФПК."""
        sign = self.keys_of(asked.drive).fpk(document)
        answer = Container(
            document=document,
            kind=kind,
            drive=other_drive(asked.drive) if fault is Fault.WRONG_DRIVE else asked.drive,
            number=number + (fault is Fault.WRONG_DOCUMENT),
            type=FROM_OPERATOR,
            sign=(flipped(sign) if fault in (Fault.WRONG_SIGN, Fault.WRONG_MESSAGE_SIGN) else sign) + b"\0\0",
            service_1=asked.service_1,
        )
        return spoiled(answer.encode(), fault)

    def note(self, now: float, drive: str, document: int, problem: str) -> None:
        self.problems.append(Problem(now, drive, document, problem))

    def count(self, code: int) -> None:
        """An answer with this code was made."""
        self.statistics.tickets += 1
        self.statistics.codes[code] = self.statistics.codes.get(code, 0) + 1

    def keys_of(self, drive: str) -> Keys:
        keys = self._keys.get(drive)
        if keys is None:
            if len(self._keys) >= _KEYS_KEPT:
                self._keys.clear()
            keys = self._keys[drive] = self._derive(self._master, drive)
        return keys


def _echo(header: SessionHeader, *, size: int = 0, flags: int = SessionHeader(drive="").flags) -> bytes:
    return SessionHeader(
        drive=header.drive,
        size=size,
        flags=flags,
        version=header.version,
        signature=header.signature,
        session=header.session,
    ).encode()


def fields_of(document: bytes) -> dict[int, bytes]:
    """Tag → value of a document; ValueError when it is no sequence of tags."""
    return {tag: document[start:end] for tag, start, end in walk(document, 4)}


def spoiled(container: bytes, fault: Fault | None) -> bytes:
    """The container with a wrong check code or length when that was asked for."""
    if fault is Fault.WRONG_CRC:
        return container[:2] + bytes(byte ^ 0xFF for byte in container[2:4]) + container[4:]
    return container[:-1] if fault is Fault.WRONG_LENGTH else container


def flipped(sign: bytes) -> bytes:
    """A sign of the right shape that is wrong."""
    return sign[:2] + bytes(byte ^ 0xFF for byte in sign[2:])


def other_drive(drive: str) -> str:
    """A drive number that is not this one."""
    return f"{(int(drive) + 1) % 10**16:016}"
