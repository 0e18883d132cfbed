"""Keys with which a drive checks marking codes itself: the check, the age of the keys, their update (D0h, D1h, D7h).

The real exchange with the key server is not public. EMU-1 has its own, in the container of everything else:

    request 208 := 1041 1012 VERSION PLACE             PLACE: keys of a newer table that the drive already got
    answer  209 := 1041 VERSION RESULT PLACE COUNT KEY*    COUNT: keys in the whole table, KEY: id[4] secret[32]

A table that needs several answers is put together over repeated requests (30h) and becomes valid with the last.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fn_emulator.drive.codes import Code, Refused, TicketReason
from fn_emulator.drive.containers import fields_of, open_container, rejected, signed
from fn_emulator.drive.moments import DAY, minute_of, unix_bytes
from fn_emulator.drive.tlv import field, structure, u16, u32, walk
from fn_emulator.signs import KEY_ID_SIZE, check_part

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["ANSWER", "COUNT", "KEY", "KeyUpdate", "PLACE", "REQUEST", "RESULT", "VERSION", "local_check"]

REQUEST, ANSWER = 208, 209
VERSION, PLACE, RESULT, COUNT, KEY = 65001, 65002, 65003, 65004, 65005

_ENTRY = KEY_ID_SIZE + 32
_ANSWER_MAX = 1024  # data of one command
_DUE_DAYS, _OVERDUE_DAYS, _TOO_OLD_DAYS = 15, 60, 90
_CHECKED_TYPES = {2: 88, 4: 44}  # tag 2100 → characters of the check part
_CHECKED, _NOT_SUBJECT, _NO_KEY, _NO_GROUPS = 0, 1, 2, 3  # reasons of B1h
_ANSWER_SIZES = {1041: 16, VERSION: 4, RESULT: 1, PLACE: 2, COUNT: 2}


class KeyUpdate:
    """An update in progress; gone with the power."""

    __slots__ = ("asked", "table", "version")

    def __init__(self) -> None:
        self.asked = False
        self.version = 0
        self.table = b""

    @property
    def place(self) -> int:
        """Keys that have come."""
        return len(self.table) // _ENTRY


# The check


def local_check(drive: Drive, kind: int, code: bytes) -> tuple[int, int]:
    """Tag 2004 and the reason: 0 checked, 1 this type is not, 2 no key, 3 groups 91 and 92 are missing or malformed."""
    size = _CHECKED_TYPES.get(kind)
    if size is None:
        return 0, _NOT_SUBJECT
    key_id, told = _group(code, b"91"), _group(code, b"92")
    if len(key_id) != KEY_ID_SIZE or len(told) != size:
        return 0, _NO_GROUPS
    secret = drive.code_keys().get(key_id)
    if secret is None:
        return 0, _NO_KEY
    good = hmac.compare_digest(check_part(secret, code, size), told)
    return 1 | good << 1, _CHECKED


def _group(code: bytes, identifier: bytes) -> bytes:
    """Value of a GS1 group that stands behind a separator; empty when it is not there."""
    return next((group[2:] for group in code.split(b"\x1d")[1:] if group[:2] == identifier), b"")


def read_table(table: bytes) -> dict[bytes, bytes]:
    """Key id → secret."""
    entries = (table[at : at + _ENTRY] for at in range(0, len(table), _ENTRY))
    return {entry[:KEY_ID_SIZE]: entry[KEY_ID_SIZE:] for entry in entries}


def _age_days(drive: Drive, timer: float) -> int:
    """Since the last update; before the first one, since registration."""
    state = drive.state
    return (drive.present(timer) - (state.keys_moment or state.registered)) // DAY


def demand_fresh(drive: Drive, timer: float) -> None:
    """36h: nobody has updated the keys for more than 90 days."""
    if _age_days(drive, timer) > _TOO_OLD_DAYS:
        raise Refused(Code.KEYS_TOO_OLD)


# The update


def ask(drive: Drive, data: bytes, timer: float) -> bytes:
    """D0h: DATE_TIME → request for the key server."""
    moment = minute_of(data)
    update = drive.key_update
    update.asked = True
    document = structure(
        REQUEST,
        field(1041, drive.number.encode("ascii"))
        + field(1012, unix_bytes(moment))
        + u32(VERSION, drive.state.keys_version)
        + u16(PLACE, update.place),
    )
    return signed(drive, document, kind=REQUEST, number=update.place)


def accept(drive: Drive, data: bytes, timer: float) -> bytes:
    """D1h: a part of the table, the last one makes it valid. 23h refused, 24h not understood, 30h ask again."""
    update = drive.key_update
    if not update.asked:
        raise Refused(Code.WRONG_STATE)
    if len(data) > 5 and data[5] != ANSWER:
        raise Refused(Code.KEY_SERVICE_UNKNOWN)
    document, sign = open_container(drive, data, kind=ANSWER, number=update.place, size_max=_ANSWER_MAX)
    fields = fields_of(document)
    if any(len(fields.get(tag, b"")) != size for tag, size in _ANSWER_SIZES.items()):
        raise Refused(Code.KEY_SERVICE_UNKNOWN)
    if drive.ticket_level == "strict" and sign != drive.keys.fpk(document) + b"\0\0":
        raise rejected(TicketReason.SIGN)
    if fields[1041] != drive.number.encode("ascii"):
        raise rejected(TicketReason.DRIVE_NUMBER)
    update.asked = False
    if fields[RESULT] != b"\0":
        raise Refused(Code.KEY_SERVICE_REFUSED)
    keys = [document[start:end] for tag, start, end in walk(document, 4) if tag == KEY]
    if any(len(key) != _ENTRY for key in keys):
        raise Refused(Code.KEY_SERVICE_UNKNOWN)
    _take(drive, fields, b"".join(keys), timer)
    return b""


def _take(drive: Drive, fields: dict[int, bytes], keys: bytes, timer: float) -> None:
    version, place, count = (int.from_bytes(fields[tag], "little") for tag in (VERSION, PLACE, COUNT))
    update = drive.key_update
    if place and version != update.version:  # the server has a newer table in the middle of ours: from the start
        drive.key_update = KeyUpdate()
        raise Refused(Code.KEY_UPDATE_REPEAT)
    update.version, update.table = version, update.table + keys
    if update.place < count:
        raise Refused(Code.KEY_UPDATE_REPEAT)
    state = replace(drive.state)
    state.keys_version, state.keys_moment = version, drive.present(timer)
    drive.keys_renewed(state, update.table, timer)
    drive.key_update = KeyUpdate()


def need(drive: Drive, data: bytes, timer: float) -> bytes:
    """D7h: 0 asks whether an update is due (1: 15 days, 2: 60 days or never), 1 for the server's address."""
    if data[0] > 1:
        raise Refused(Code.UNKNOWN_COMMAND)
    if data[0]:
        return drive.model.key_server.encode("ascii")
    if not drive.state.keys_moment:
        return b"\2"
    age = _age_days(drive, timer)
    return bytes(((age >= _DUE_DAYS) + (age > _OVERDUE_DAYS),))
