"""A test key server (ОКП): gives drives the keys with which they check marking codes. Sans-I/O.

The real exchange is not public; this one is described in `fn_emulator.drive.code_keys`. The keys follow from the
master key and their ids, so the marking system and `make_code` have the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from ffd.container import SESSION_KEYS, SessionHeader
from fn_emulator.drive import code_keys
from fn_emulator.drive.tlv import field, u8, u16, u32
from fn_emulator.errors import Misuse
from fn_emulator.messages import Fault, Peer, fields_of
from fn_emulator.signs import KEY_ID_SIZE, code_secret

__all__ = ["KEY_IDS", "KeyServer"]

KEY_IDS = ("EE05", "EE06", "EE07", "EE08", "FFD0", "ffd0")
"""Ids as they are seen in published sample codes."""

PART_MAX = 20
"""Keys of one answer: with their heads they fill the 1024 bytes of a drive command."""


class KeyServer(Peer):
    """One key server for any number of drives. A new table is a new version; `refuses` makes it answer "refused"."""

    sessions = (SESSION_KEYS,)

    def __init__(self, *, master: bytes, key_ids: Sequence[str] = KEY_IDS, version: int = 1) -> None:
        super().__init__(master=master)
        self.refuses = False
        self.renew(key_ids, version)

    def renew(self, key_ids: Sequence[str], version: int) -> None:
        """Another table from now on."""
        wrong = [key_id for key_id in key_ids if len(key_id) != KEY_ID_SIZE or not key_id.isascii()]
        if wrong:
            raise Misuse(f"key ids are {KEY_ID_SIZE} characters long, these are not: {', '.join(wrong)}")
        self.key_ids = tuple(key_ids)
        self.version = version

    def answer(self, header: SessionHeader, body: bytes, fault: Fault | None, now: float) -> bytes:
        """The next part of the table."""
        asked = self.asked(header, body, (code_keys.REQUEST,))
        place = int.from_bytes(fields_of(asked.document).get(code_keys.PLACE, b""), "little")
        self.count(self.refuses)
        return self.sealed(asked, code_keys.ANSWER, self._part(asked.drive, place), fault, number=place)

    def _part(self, drive: str, place: int) -> bytes:
        part = () if self.refuses else self.key_ids[place : place + PART_MAX]
        return field(
            code_keys.ANSWER,
            field(1041, drive.encode("ascii"))
            + u32(code_keys.VERSION, self.version)
            + u8(code_keys.RESULT, self.refuses)
            + u16(code_keys.PLACE, place)
            + u16(code_keys.COUNT, len(self.key_ids))
            + b"".join(field(code_keys.KEY, self._entry(key_id)) for key_id in part),
        )

    def _entry(self, key_id: str) -> bytes:
        return key_id.encode("ascii") + code_secret(self._master, key_id)
