"""How a document travels to the operator and its confirmation comes back.

    message   := SessionHeader (30 bytes) container?
    container := header (32 bytes) document sign?

Numbers are little endian, except the document's number and size in the container header, which are big endian in
every recording. Both check codes are CRC-16 over everything but the check field itself, which is left out, not
filled with zeros.
"""

from __future__ import annotations

import struct

import msgspec

from ffd.crc import crc16
from ffd.errors import DecodeError, EncodeError

__all__ = [
    "APPLICATION_VERSIONS",
    "Container",
    "SessionHeader",
    "fix_version",
    "message",
    "read_message",
    "unwrap",
    "wrap",
]

SIGNATURE_OPERATOR = bytes.fromhex("2a08410a")
SIGNATURE_MARKING = bytes.fromhex("dd80caa1")  # marking system and key server
SESSION_OPERATOR = bytes.fromhex("81a2")
SESSION_MARKING = bytes.fromhex("82a2")
SESSION_MARKING_PROBE = bytes.fromhex("82fb")  # answered where the operator runs the marking system's point
SESSION_KEYS = bytes.fromhex("82a1")
# Tag 1209 and the application version that goes with it in the session header.
APPLICATION_VERSIONS: dict[int, bytes] = {
    0: bytes.fromhex("0100"),
    1: bytes.fromhex("0100"),
    2: bytes.fromhex("0105"),
    3: bytes.fromhex("0110"),
    4: bytes.fromhex("0120"),
}
HEADER_SIZE = 30
CONTAINER_HEADER_SIZE = 32
BODY_MAX = 32768 + CONTAINER_HEADER_SIZE + 42  # the largest document, its heads and the longest sign
FROM_REGISTER = 0xA5
FROM_OPERATOR = 0x5A
FLAGS_DOCUMENT = 0x0014  # a container, an answer expected, no check code
FLAGS_PROBE = 0x0010
_SESSION = struct.Struct("<4s2s2s16sHHH")
_CONTAINER = struct.Struct("<HHBBB2s8s3s8s2s2s")
_SERVICE_1 = bytes.fromhex("1009")
_SERVICE_2B = bytes.fromhex("0002")


class SessionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The 30 bytes in front of a container on the way to an operator, or alone as a probe."""

    drive: str
    size: int = 0
    flags: int = FLAGS_DOCUMENT
    version: bytes = APPLICATION_VERSIONS[4]
    crc: int = 0
    signature: bytes = SIGNATURE_OPERATOR
    session: bytes = SESSION_OPERATOR

    @property
    def crc_mode(self) -> int:
        """0 no check code, 1 over the header, 2 over header and body."""
        return self.flags & 3

    @property
    def has_container(self) -> bool:
        """Whether a container follows."""
        return bool(self.flags & 4)

    @property
    def answer_expected(self) -> bool:
        """Whether the client waits for an answer."""
        return bool(self.flags & 0x10)

    @property
    def priority(self) -> int:
        """0 normal to 3 most urgent."""
        return self.flags >> 6 & 3

    def encode(self) -> bytes:
        """The 30 bytes, the check code as it is; `sealed` computes it."""
        return self._start() + struct.pack("<H", self.crc)

    def sealed(self, body: bytes = b"") -> SessionHeader:
        """The same header with the check code its flags ask for over `body`."""
        covered = {0: None, 1: b"", 2: body}.get(self.crc_mode)
        crc = 0 if covered is None else crc16(self._start() + covered)
        return msgspec.structs.replace(self, crc=crc)

    def check(self, body: bytes = b"") -> bool:
        """Whether the check code, if there is one, is right."""
        return self.crc_mode == 0 or self.sealed(body).crc == self.crc

    def _start(self) -> bytes:
        if len(self.drive) > 16 or not self.drive.isascii():
            raise EncodeError(f"{self.drive!r:.80} is not a drive number of up to 16 characters", path="drive")
        if not all(0 <= number <= 0xFFFF for number in (self.size, self.flags, self.crc)):
            message = f"size {self.size}, flags {self.flags} or check code {self.crc} do not fit 16 bits"
            raise EncodeError(message, path="session")
        if (len(self.signature), len(self.session), len(self.version)) != (4, 2, 2):
            raise EncodeError("signature takes 4 bytes, session and version 2 each", path="session")
        start = self.signature + self.session + self.version + self.drive.encode("ascii").ljust(16)
        return start + struct.pack("<HH", self.size, self.flags)

    @classmethod
    def decode(cls, data: bytes) -> SessionHeader:
        """The header in exactly 30 bytes. The check code is read, not verified: see `check`."""
        if len(data) != HEADER_SIZE:
            raise DecodeError(f"{HEADER_SIZE} bytes expected, {len(data)} given", path="session")
        signature, session, version, drive, size, flags, crc = _SESSION.unpack(data)
        if signature not in (SIGNATURE_OPERATOR, SIGNATURE_MARKING):
            raise DecodeError(f"unknown signature {signature.hex()}", path="session")
        if not drive.isascii():
            raise DecodeError(f"drive number is not text: {drive.hex()}", path="session")
        if flags & 3 == 3:
            raise DecodeError(f"forbidden check mode in flags {flags:#06x}", path="session")
        if size > BODY_MAX:
            raise DecodeError(f"body of {size} bytes, at most {BODY_MAX} allowed", path="session")
        return cls(
            signature=signature,
            session=session,
            version=version,
            drive=drive.decode("ascii").rstrip(" "),
            size=size,
            flags=flags,
            crc=crc,
        )


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A document with the header a drive or an operator puts before it and the sign after it.

    `document_size` is None when the header tells the document's size rightly, else what it tells: one public mock of an
    operator puts blanks there, and the document then ends where its own head says.
    """

    document: bytes
    kind: int
    drive: str
    number: int
    type: int = FROM_REGISTER
    sign: bytes = b""
    version: int = 1
    service_1: bytes = _SERVICE_1
    nonce: bytes = bytes(8)
    service_2b: bytes = _SERVICE_2B
    document_size: int | None = None

    def encode(self) -> bytes:
        """The container with length and check code."""
        size = CONTAINER_HEADER_SIZE + len(self.document) + len(self.sign)
        if size > BODY_MAX:
            raise EncodeError(f"{size} bytes, at most {BODY_MAX} allowed", path="container")
        if (len(self.service_1), len(self.nonce), len(self.service_2b)) != (2, 8, 2):
            raise EncodeError("service data take 2, 8 and 2 bytes", path="container")
        if not 0 <= self.number <= 0xFFFFFF or max(self.type, self.kind, self.version) > 0xFF:
            message = f"number {self.number} takes three bytes, type, kind and version one each"
            raise EncodeError(message, path="container")
        if self.document_size is not None and not 0 <= self.document_size <= 0xFFFF:
            raise EncodeError(f"{self.document_size} does not fit 16 bits", path="container")
        start = struct.pack("<H", size)
        tail = (
            bytes((self.type, self.kind, self.version))
            + self.service_1
            + _bcd(self.drive)
            + self.number.to_bytes(3, "big")
            + self.nonce
            + self.service_2b
            + struct.pack(">H", len(self.document) if self.document_size is None else self.document_size)
            + self.document
            + self.sign
        )
        return start + struct.pack("<H", crc16(start + tail)) + tail

    @classmethod
    def decode(cls, data: bytes) -> Container:
        """The container in exactly `data`: length, check code and document size must be right."""
        if len(data) > BODY_MAX:
            raise DecodeError(f"{len(data)} bytes, at most {BODY_MAX} allowed", path="container")
        if len(data) < CONTAINER_HEADER_SIZE:
            raise DecodeError(f"{CONTAINER_HEADER_SIZE} bytes expected, {len(data)} given", path="container")
        size, crc, type_, kind, version, service_1, drive, number, nonce, service_2b, told = _CONTAINER.unpack_from(
            data
        )
        if size != len(data):
            raise DecodeError(f"length says {size} bytes, {len(data)} given", path="container")
        if (expected := crc16(data[:2] + data[4:])) != crc:
            raise DecodeError(f"check code {crc:04x}, computed {expected:04x}", path="container")
        if version >> 4:
            message = f"format version {version:#04x} does not have a {CONTAINER_HEADER_SIZE}-byte header"
            raise DecodeError(message, path="container")
        body = data[CONTAINER_HEADER_SIZE:]
        document_size = int.from_bytes(told, "big")
        plausible = 4 <= document_size <= len(body)
        end = document_size if plausible else 4 + int.from_bytes(body[2:4], "little")
        if end > len(body):
            raise DecodeError(f"the document claims {end} bytes, {len(body)} left", path="container")
        return cls(
            document=body[:end],
            kind=kind,
            drive=_drive(drive),
            number=int.from_bytes(number, "big"),
            type=type_,
            sign=body[end:],
            version=version,
            service_1=service_1,
            nonce=nonce,
            service_2b=service_2b,
            document_size=None if plausible else document_size,
        )


def _bcd(drive: str) -> bytes:
    if not (drive.isascii() and drive.isdigit() and len(drive) <= 16):
        raise EncodeError(f"{drive!r} is not a drive number of up to 16 digits", path="drive")
    return bytes.fromhex(drive.ljust(16, "f"))


def _drive(digits: bytes) -> str:
    text = digits.hex().rstrip("f")
    if not text.isdigit():
        raise DecodeError(f"drive number is not decimal digits: {text}", path="container")
    return text


def wrap(
    document_bytes: bytes,
    *,
    drive: str,
    document: int,
    kind: int | None = None,
    container_type: int = FROM_REGISTER,
    sign: bytes = b"",
    nonce: bytes | None = None,
) -> bytes:
    """A container around `document_bytes`; `document` is 1040, `kind` defaults to the document's own code."""
    if kind is None:
        kind = int.from_bytes(document_bytes[:2], "little")
    if not 0 <= document <= 0xFFFFFF:
        raise EncodeError(f"document number {document} takes more than three bytes", path="container")
    if nonce is None:  # recordings end it with the document's number; what comes before is random there
        nonce = bytes(5) + document.to_bytes(3, "big")
    return Container(
        document=document_bytes,
        kind=kind,
        drive=drive,
        number=document,
        type=container_type,
        sign=sign,
        nonce=nonce,
    ).encode()


def unwrap(data: bytes) -> Container:
    """The container in `data`, with or without the session header before it."""
    if data[:4] in (SIGNATURE_OPERATOR, SIGNATURE_MARKING):
        _, container = read_message(data)
        if container is None:
            raise DecodeError("a session header alone, no container", path="message")
        return container
    return Container.decode(data)


def message(
    container: bytes, *, drive: str, version: bytes = APPLICATION_VERSIONS[4], flags: int = FLAGS_DOCUMENT
) -> bytes:
    """A whole message: session header and container."""
    header = SessionHeader(drive=drive, size=len(container), flags=flags, version=version)
    return header.sealed(container).encode() + container


def read_message(data: bytes) -> tuple[SessionHeader, Container | None]:
    """The header and the container of a whole message; the session check code is verified."""
    header = SessionHeader.decode(data[:HEADER_SIZE])
    body = data[HEADER_SIZE:]
    if len(body) != header.size:
        raise DecodeError(f"header says {header.size} bytes, {len(body)} given", path="message")
    if not header.check(body):
        raise DecodeError(f"check code {header.crc:04x} is wrong", path="message")
    return header, Container.decode(body) if body else None


def fix_version(data: bytes) -> bytes:
    """A message with the application version 0101 or 0102 of some firmware turned into 0110 or 0120.

    Only when the check code is zero, as the vendor's own driver does; anything else is returned unchanged.
    """
    if len(data) >= HEADER_SIZE and data[:4] == SIGNATURE_OPERATOR and data[28:30] == b"\0\0":
        fixed = {b"\x01\x01": b"\x01\x10", b"\x01\x02": b"\x01\x20"}.get(data[6:8])
        if fixed is not None:
            return data[:6] + fixed + data[8:]
    return data
