"""The archive file of a drive: the report of what was read from it, with every document and its confirmation.

    file      := header container*
    header    := name:21 program:256 1037:20 1041:16 1209:1 shifts:u32 documents:u32 crc:u32     326 bytes
    container := tag:u16 length:u16 field*      65001 offline, 65002 with confirmation (1.05); 65011/12; 65021/22

Inside a container the document has the tag 100 + form code (two-digit codes: 111, 121, 131, 141), its confirmation
107 and the message sign 301. The check code is a CRC-32 over everything but itself; the order does not say whether it
is reflected or inverted, so all four readings are accepted and the one found is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal, TypeVar
from zlib import crc32

import msgspec

from ffd import tlv, values
from ffd.documents import OF_CODE, Document, OperatorConfirmation
from ffd.enums import Edition
from ffd.errors import DecodeError, EncodeError
from ffd.tlv import Tlv

__all__ = ["FIVE_YEARS", "HEADER_SIZE", "Archive", "ArchivedDocument", "CrcKind", "kept"]

NAME = "Отчет о считывании ФД"
HEADER_SIZE = 326
DOCUMENTS_MAX = 1_000_000  # a drive holds about 250 000 documents
CONTAINERS: dict[int, tuple[int, bool]] = {
    65001: (Edition.FFD_1_05, False),
    65002: (Edition.FFD_1_05, True),
    65011: (Edition.FFD_1_1, False),
    65012: (Edition.FFD_1_1, True),
    65021: (Edition.FFD_1_2, False),
    65022: (Edition.FFD_1_2, True),
}
# Tag inside a container and the form it archives.
_ARCHIVED = {
    101: 1,
    111: 11,
    102: 2,
    121: 21,
    103: 3,
    131: 31,
    104: 4,
    141: 41,
    105: 5,
    106: 6,
    304: 1,
    305: 6,
}
_TAG_OF_FORM = {form: tag for tag, form in _ARCHIVED.items() if tag < 300}
_CONFIRMATION, _MESSAGE_SIGN = 107, 301
D = TypeVar("D", bound=Document)
CrcKind = Literal["zlib", "zlib, not inverted", "not reflected", "not reflected, inverted"]


class ArchivedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One container: its tag and the fields inside, bytes as they were."""

    tag: int
    fields: tuple[Tlv, ...]

    @property
    def edition(self) -> int:
        """The edition of the container, a value of 1209."""
        return CONTAINERS[self.tag][0]

    @property
    def document(self) -> Document | None:
        """The archived document, typed; None when the container holds something else."""
        for field in self.fields:
            form = _ARCHIVED.get(field.tag)
            if form is not None:
                cls = OF_CODE[form]
                if form in (1, 11) and tlv.find(self._inside(field), 1205) is not None:
                    cls = OF_CODE[11]
                return cls.decode_fields(self._content(field))
        return None

    @property
    def confirmation(self) -> OperatorConfirmation | None:
        """The operator's confirmation, when there is one."""
        found = tlv.find(self.fields, _CONFIRMATION)
        return None if found is None else OperatorConfirmation.decode_fields(self._content(found))

    @property
    def message_sign(self) -> bytes | None:
        """The sign the message to the operator carried."""
        found = tlv.find(self.fields, _MESSAGE_SIGN)
        return None if found is None else self._content(found)

    @staticmethod
    def _content(field: Tlv) -> bytes:
        return field.value if isinstance(field.value, bytes) else tlv.encode(field.value)

    @staticmethod
    def _inside(field: Tlv) -> tuple[Tlv, ...]:
        return field.value if isinstance(field.value, tuple) else ()

    @classmethod
    def of(
        cls,
        document: Document,
        *,
        confirmation: OperatorConfirmation | None = None,
        message_sign: bytes | None = None,
        edition: int | None = None,
    ) -> ArchivedDocument:
        """The container of a document; its edition is the document's unless given."""
        wanted = (edition or document.edition, confirmation is not None)
        tag = next((number for number, row in CONTAINERS.items() if row == wanted), None)
        inner = _TAG_OF_FORM.get(document.CODE)
        if tag is None or inner is None:
            raise EncodeError(f"form {document.CODE} of edition {wanted[0]} is not archived", path="archive")
        fields = [Tlv(inner, document.tlvs())]
        if confirmation is not None:
            fields.append(Tlv(_CONFIRMATION, confirmation.tlvs()))
        if message_sign is not None:
            fields.append(Tlv(_MESSAGE_SIGN, message_sign))
        return cls(tag=tag, fields=tuple(fields))


# What a drive keeps for five years of documents that it otherwise keeps until the next of their kind; 1.1 and 1.2 are
# taken to keep what 1.05 does.
FIVE_YEARS: dict[int, frozenset[int]] = {
    2: frozenset((1012, 1038, 1040, 1041, 1077)),
    21: frozenset((1002, 1012, 1040, 1041, 1077, 1097, 1098)),
    3: frozenset((1012, 1020, 1040, 1041, 1054, 1077)),
    31: frozenset((1012, 1020, 1040, 1041, 1054, 1077)),
    4: frozenset((1012, 1020, 1040, 1041, 1054, 1077)),
    41: frozenset((1012, 1020, 1040, 1041, 1054, 1077)),
    5: frozenset((1012, 1038, 1040, 1041, 1077)),
}


def kept(document: D) -> D:
    """What is left of `document` in an old archive: of receipts and shift reports little, of the others all."""
    tags = FIVE_YEARS.get(document.CODE)
    if tags is None:
        return document
    return type(document).of(field for field in document.tlvs() if field.tag in tags)


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    drive: str
    registration_number: str
    program: str = ""
    version: int = Edition.FFD_1_2
    shifts: int = 0
    documents: tuple[ArchivedDocument, ...] = ()
    crc_kind: CrcKind = "zlib"

    def encode(self) -> bytes:
        """The file, check code included."""
        if not 0 <= self.version <= 0xFF or not 0 <= self.shifts < 1 << 32:
            raise EncodeError(f"version {self.version} or shifts {self.shifts} do not fit their bytes", path="archive")
        start = (
            values.encode_string(NAME, 21, fixed=True)
            + values.encode_string(self.program, 256, fixed=True)
            + values.encode_string(self.registration_number, 20, fixed=True)
            + values.encode_string(self.drive, 16, fixed=True)
            + struct.pack("<BII", self.version, self.shifts, len(self.documents))
        )
        body = tlv.encode(Tlv(one.tag, one.fields) for one in self.documents)
        return start + struct.pack("<I", _crc(start + body, self.crc_kind)) + body

    @classmethod
    def decode(cls, data: bytes) -> Archive:
        """The file in `data`; count and check code must be right."""
        if len(data) < HEADER_SIZE:
            raise DecodeError(f"{len(data)} bytes, the header alone has {HEADER_SIZE}", path="archive")
        name = values.decode_string(data[:21], 21, fixed=True)
        if name != NAME:
            raise DecodeError(f"starts with {name!r}, {NAME!r} expected", path="archive")
        version, shifts, count, crc = struct.unpack_from("<BIII", data, 313)
        if count > DOCUMENTS_MAX:
            raise DecodeError(f"{count} documents, at most {DOCUMENTS_MAX} allowed", path="archive")
        covered = data[: HEADER_SIZE - 4] + data[HEADER_SIZE:]
        kind = next((kind for kind in CRC_KINDS if _crc(covered, kind) == crc), None)
        if kind is None:
            raise DecodeError(f"check code {crc:08x} is wrong", path="archive")
        documents = tuple(_containers(data))
        if len(documents) != count:
            raise DecodeError(f"{len(documents)} documents, the header says {count}", path="archive")
        return cls(
            drive=values.decode_string(data[297:313], 16, fixed=True),
            registration_number=values.decode_string(data[277:297], 20, fixed=True),
            program=values.decode_string(data[21:277], 256, fixed=True),
            version=version,
            shifts=shifts,
            documents=documents,
            crc_kind=kind,
        )


def _containers(data: bytes) -> Iterator[ArchivedDocument]:
    at, index = HEADER_SIZE, 0
    while at < len(data):
        path = f"archive/documents[{index}]"
        if len(data) - at < 4:
            raise DecodeError(f"{len(data) - at} bytes left over", path=path)
        tag, size = struct.unpack_from("<HH", data, at)
        at += 4
        if tag not in CONTAINERS:
            raise DecodeError(f"tag {tag} is not an archive container", path=path)
        if at + size > len(data):
            raise DecodeError(f"claims {size} bytes, {len(data) - at} left", path=path)
        yield ArchivedDocument(tag=tag, fields=tlv.decode(data[at : at + size], path=path))
        at += size
        index += 1


CRC_KINDS: tuple[CrcKind, ...] = ("zlib", "zlib, not inverted", "not reflected", "not reflected, inverted")
_TABLE = [0] * 256
for _byte in range(256):
    _value = _byte << 24
    for _ in range(8):
        _value = (_value << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if _value >> 31 else _value << 1
    _TABLE[_byte] = _value


def _crc(data: bytes, kind: CrcKind) -> int:
    if kind == "zlib":
        return crc32(data)
    if kind == "zlib, not inverted":
        return crc32(data) ^ 0xFFFFFFFF
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _TABLE[crc >> 24 ^ byte]
    return crc if kind == "not reflected" else crc ^ 0xFFFFFFFF
