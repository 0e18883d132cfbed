"""What the drive remembers: FF01h to FF04h, FF09h, FF0Ah, FF39h to FF3Ch, FF3Fh, FF40h, FF63h.

Most of it is the drive's own answer. FF3Ah and FF3Bh read a document piece by piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fn_emulator.register.receipt import GROUPS, OPERATIONS, Item, OpenReceipt, split
from fn_emulator.register.refusal import Code, Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS", "RECEIPT_FORMS", "moment_s", "receipt_of", "shift_opening"]

RECEIPT_FORMS = frozenset((3, 4, 31, 41))
_CORRECTIONS = frozenset((31, 41))
_HEAD = 13  # moment, number, sign
_REGISTRATION, _CHANGE, _STATE = 1, 11, 21
_REGISTRATION_TAIL = 34  # INN, registration number, tax systems, work mode; later drives append to it
_OPENING = 2
_EPOCH = datetime(1970, 1, 1)
_GROUP_OF_RATE = {rate: group for group, rate in GROUPS.items()}


def _plain(code: int) -> Handler:
    """A command that is one question to the drive."""

    def handler(register: RegisterCore, request: Any, operator: int) -> bytes:
        return register.ask(code)

    return handler


def find(register: RegisterCore, request: c.FindDocument, operator: int) -> bytes:
    """FF0Ah: the drive's record with the tail that registers give."""
    found = register.ask(0x40, request.document.to_bytes(4, "little"))
    tail = found[2 + _HEAD :]
    match found[0]:
        case 1:
            tail = tail[:_REGISTRATION_TAIL]
        case 11:
            tail = tail[:_REGISTRATION_TAIL] + tail[-4:-3] if len(tail) > 47 else tail[: _REGISTRATION_TAIL + 1]
        case 21:
            tail = tail + bytes(2)  # the drive keeps a date, the register answers date and time
    return found[: 2 + _HEAD] + tail


def ticket(register: RegisterCore, request: c.OperatorTicket, operator: int) -> bytes:
    return register.ask(0x41, request.document.to_bytes(4, "little"))


def select(register: RegisterCore, request: c.SelectDocument, operator: int) -> bytes:
    found = register.ask(0x45, request.document.to_bytes(4, "little"))
    register.reading = b""
    return found


def read(register: RegisterCore, request: c.ReadDocument, operator: int) -> bytes:
    """FF3Bh: the next field, cut when it is longer than an answer; 08h ends the reading and mode 1."""
    left = register.reading
    if not left:
        try:
            left = register.ask(0x46)
        except Refusal as refusal:
            if refusal.code == Code.NO_SUCH_DATA:
                register.reading = None
            raise
    piece = register.model.piece
    if register.reading is not None:
        register.reading = left[piece:]
    return left[:piece]


def moment_s(five: bytes) -> float:
    """A moment of the drive as seconds of the wall clock."""
    return (datetime(2000 + five[0], *five[1:5]) - _EPOCH).total_seconds()


def shift_opening(register: RegisterCore, last: int) -> float | None:
    """When the open shift began, by the drive: the newest report of its opening."""
    for number in range(last, 0, -1):
        found = register.ask(0x40, number.to_bytes(4, "little"))
        if found[0] == _OPENING:
            return moment_s(found[2:7])
    return None


def receipt_of(register: RegisterCore, number: int, form: int, tail: bytes) -> OpenReceipt:
    """The receipt whose document the drive has made but the register has not closed: it is still open here."""
    receipt = OpenReceipt(kind=OPERATIONS.index(tail[0]), correction=form in _CORRECTIONS, operator=30)
    register.ask(0x45, number.to_bytes(4, "little"))
    while True:
        try:
            field = register.ask(0x46)
        except Refusal:
            return receipt
        if int.from_bytes(field[:2], "little") != 1059:
            continue
        values = {tag: one[4:] for tag, one in split(field[4:])}
        rate = values.get(1199, b"\6")[0]
        receipt.items.append(_Kept(field[4:]))
        receipt.count(int.from_bytes(values.get(1043, b""), "little"), _GROUP_OF_RATE.get(rate, 4), 1)


class _Kept(Item):
    """A position as it stands in a document: nothing is added to it."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.extra_tags = frozenset()

    def encode(self) -> bytes:
        return (1059).to_bytes(2, "little") + len(self.body).to_bytes(2, "little") + self.body


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.DriveStatus: _plain(0x30),
    c.DriveNumber: _plain(0x31),
    c.DriveExpiry: _plain(0x32),
    c.DriveVersion: _plain(0x33),
    c.RegistrationTotals: _plain(0x43),
    c.FindDocument: find,
    c.ExchangeStatus: _plain(0x20),
    c.SelectDocument: select,
    c.ReadDocument: read,
    c.OperatorTicket: ticket,
    c.Unconfirmed: _plain(0x42),
    c.ShiftParameters: _plain(0x10),
    c.Memory: _plain(0x3D),
}
