"""Fiscal signs of the emulator, scheme EMU-1: a real GOST MAC (Magma) under test keys.

The keys and the exact method of real drives are secret. A sign made here has the size, the header bytes and the
input of a real one and can never be taken for it: no operator but our own knows the keys. Input tags follow the
tables of the fiscal data formats (attribute 1 for the document's sign, 4 for the message's).

====  ===================================  ========  ==================================
sign  over                                 kept      where
====  ===================================  ========  ==================================
ФПД   form code and `DOCUMENT_SIGN_TAGS`   4 bytes   tag 1077, after `21 04` or `31 04`
ФПС   the document with its header         6 bytes   after the document, `81 06`
ФПО   form code, 1012, 1017, 1040, 1041    16 bytes  tag 1078, first six after `88 06`
ФПП   the ticket with its header           6 bytes   after the ticket, `82 06`
ФПУ   request or notification, with header 6 bytes   after it, `81 06`
ФПК   answer, receipt or key table         6 bytes   after it, `82 06`
====  ===================================  ========  ==================================
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cached_property, lru_cache
from struct import pack
from typing import Protocol

from fn_emulator.errors import Misuse
from fn_emulator.magma import Magma

__all__ = [
    "DEMO_MASTER_KEY",
    "DOCUMENT_SIGN_TAGS",
    "KEY_ID_SIZE",
    "OPERATOR_SIGN_TAGS",
    "Keys",
    "check_part",
    "code_secret",
    "document_sign_number",
    "fiscal_sign_input",
]

DEMO_MASTER_KEY = bytes(range(32))
"""The master key of demonstrations and tests. An installation that wants its own passes its own."""

# Tags under ФПД by form code, ascending; a tag that the document does not hold is left out.
DOCUMENT_SIGN_TAGS: Mapping[int, tuple[int, ...]] = {
    1: (1012, 1017, 1018, 1037, 1040, 1041),
    11: (1012, 1017, 1018, 1037, 1040, 1041),
    2: (1012, 1037, 1038, 1040, 1041),
    5: (1012, 1037, 1038, 1040, 1041),
    21: (1012, 1037, 1040, 1041, 1097, 1098),
    3: (1012, 1020, 1040, 1041, 1054),
    4: (1012, 1020, 1040, 1041, 1054),
    31: (1012, 1020, 1040, 1041, 1054),
    41: (1012, 1020, 1040, 1041, 1054),
    6: (1012, 1037, 1040, 1041),
}
OPERATOR_SIGN_TAGS = (1012, 1017, 1040, 1041)

# 31 04 was seen in receipts, 21 04 in registrations; for shift reports and the drive's close nobody has published one.
_RECEIPT_FORMS = frozenset({3, 4, 31, 41})


def fiscal_sign_input(form: int, fields: Mapping[int, bytes], tags: tuple[int, ...]) -> bytes:
    """Form code, then the complete TLVs of `tags`. `fields` maps a tag to its value as it stands in the document."""
    parts = [pack("<HH", tag, len(fields[tag])) + fields[tag] for tag in tags if tag in fields]
    return pack("<H", form) + b"".join(parts)


def document_sign_number(tag_1077: bytes) -> int:
    """The number that is printed and goes into the QR line: the last four bytes, big endian."""
    return int.from_bytes(tag_1077[-4:], "big")


class Mac(Protocol):
    """What signs under one key: eight bytes over the data."""

    def mac(self, data: bytes) -> bytes: ...


KEY_ID_SIZE = 4
"""Group 91 of a marking code: which key its check part was made with."""


def check_part(secret: bytes, code: bytes, size: int) -> bytes:
    """Group 92 of a marking code, `size` characters (44 or 88), over the code without that group.

    Four or eight chained MACs in base64: `MAC(i, all before, code)`.
    """
    cipher, value = Magma(secret), b""
    bare = _without_group_92(code)
    for part in range(1, size * 3 // 32 + 1):
        value += cipher.mac(bytes((part,)) + value + bare)
    return b64encode(value)


def code_secret(master: bytes, key_id: str) -> bytes:
    """The secret that key `key_id` of marking codes has in an installation with this master key."""
    return _derived(master, b"KP\0" + key_id.encode("cp866"))


@lru_cache(maxsize=4096)  # a drive and its far ends derive the same keys, in one process more often than not
def _derived(master: bytes, label: bytes) -> bytes:
    """Key derivation of EMU-1: four MACs under the master key, one for each eight bytes."""
    cipher = Magma(master)
    return b"".join(cipher.mac(bytes([part]) + label + b"\x01\x00") for part in (1, 2, 3, 4))


def _without_group_92(code: bytes) -> bytes:
    before, group, rest = code.partition(b"\x1d92")
    _, separator, after = rest.partition(b"\x1d")
    return before + separator + after if group else code


class Keys:
    """The keys of one drive, derived from a master key and the drive's number; the operator derives the same."""

    def __init__(self, master: bytes, drive: str) -> None:
        if len(master) != 32:
            raise Misuse(f"a master key has 32 bytes, not {len(master)}")
        if len(drive) != 16 or not drive.isascii() or not drive.isdigit():
            raise Misuse(f"a drive number is 16 digits, not {drive!r}")
        self._master = master
        self.drive = drive

    @classmethod
    def derive(cls, master: bytes, drive: str) -> Keys:
        return cls(master, drive)

    def key(self, purpose: str) -> bytes:
        """The key of this drive for one purpose."""
        return _derived(self._master, purpose.encode("ascii") + b"\0" + self.drive.encode("ascii"))

    def cipher(self, purpose: str) -> Mac:
        """What signs for one purpose."""
        return Magma(self.key(purpose))

    @cached_property
    def _document(self) -> Mac:
        return self.cipher("FPD")

    @cached_property
    def _message(self) -> Mac:
        return self.cipher("FPS")

    @cached_property
    def _operator(self) -> Mac:
        return self.cipher("FPO")

    @cached_property
    def _ticket(self) -> Mac:
        return self.cipher("FPP")

    @cached_property
    def _marking_request(self) -> Mac:
        return self.cipher("FPU")

    @cached_property
    def _marking_answer(self) -> Mac:
        return self.cipher("FPK")

    def fpd(self, form: int, fields: Mapping[int, bytes]) -> bytes:
        """Value of tag 1077: two header bytes and four of the MAC."""
        header = b"\x31\x04" if form in _RECEIPT_FORMS else b"\x21\x04"
        return header + self._document.mac(fiscal_sign_input(form, fields, DOCUMENT_SIGN_TAGS[form]))[:4]

    def fps(self, document: bytes) -> bytes:
        """Sign of a message: over the whole document (form code, length, fields) with 1077 in place."""
        return b"\x81\x06" + self._message.mac(document)[:6]

    def fpo(self, form: int, fields: Mapping[int, bytes]) -> bytes:
        """Operator's sign, all sixteen bytes. A ticket carries `ticket_1078` of it."""
        data = fiscal_sign_input(form, fields, OPERATOR_SIGN_TAGS)
        return self._operator.mac(b"\x01" + data) + self._operator.mac(b"\x02" + data)

    def ticket_1078(self, form: int, fields: Mapping[int, bytes]) -> bytes:
        """Value of tag 1078 in the shape of recorded tickets."""
        return b"\x88\x06" + self.fpo(form, fields)[:6]

    def fpp(self, ticket: bytes) -> bytes:
        """Sign of a ticket: over the whole document 7 (form code, length, fields)."""
        return b"\x82\x06" + self._ticket.mac(ticket)[:6]

    def fpu(self, document: bytes) -> bytes:
        """Drive's sign of a request to the marking system or of a notification."""
        return b"\x81\x06" + self._marking_request.mac(document)[:6]

    def fpk(self, document: bytes) -> bytes:
        """Marking system's sign of an answer or of a receipt for a notification."""
        return b"\x82\x06" + self._marking_answer.mac(document)[:6]
