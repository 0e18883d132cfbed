"""What the drive remembers: its state, its documents, its registrations, and what it still has to send.

Most of it is the drive's own answer. FF3Ah and FF3Bh read a document piece by piece, FF0Eh with FFFFh a registration.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fn_emulator.register import forms, paper
from fn_emulator.register.receipt import GROUPS, OPERATIONS, Item, OpenReceipt, split
from fn_emulator.register.refusal import Code, Refusal
from fn_emulator.register.tape import Line, centred
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS", "RECEIPT_FORMS", "moment_s", "printed", "receipt_of", "shift_opening"]

RECEIPT_FORMS = frozenset((3, 4, 31, 41))
_CORRECTIONS = frozenset((31, 41))
_HEAD = 13  # moment, number, sign
_REGISTRATION, _CHANGE, _STATE = 1, 11, 21
_REGISTRATION_TAIL = 34  # INN, registration number, tax systems, work mode; later drives append to it
_OPENING = 2
_EPOCH = datetime(1970, 1, 1)
_NEXT_OF_DOCUMENT, _NEXT_OF_REGISTRATION = 0x46, 0x47
_ALL_TAGS = 0xFFFF
_WITH_REASON = 48
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
    register.reading, register.reading_with = b"", _NEXT_OF_DOCUMENT
    return found


def registration_tag(register: RegisterCore, request: c.RegistrationTag, operator: int) -> bytes:
    """FF0Eh: one field of a registration report; FFFFh opens the whole report for FF3Bh."""
    found = register.ask(0x44, bytes((request.report,)) + request.tag.to_bytes(2, "little"))
    if request.tag == _ALL_TAGS:
        register.reading, register.reading_with = b"", _NEXT_OF_REGISTRATION
    return found


def registration_parameter(register: RegisterCore, request: c.RegistrationParameter, operator: int) -> bytes:
    """FF60h: number 0 is the last registration."""
    number = bytes((request.number,)) if request.number else b""
    if request.tag == _ALL_TAGS:
        raise Refusal(Code.INCORRECT)
    return register.ask(0x44, number + request.tag.to_bytes(2, "little"))


def registration_totals(register: RegisterCore, request: c.RegistrationTotalsV2, operator: int) -> bytes:
    """FF4Ch: under format 1.05 the first registration has no reason."""
    found = register.ask(0x43, bytes((request.number,)))
    return found[:39] + found[40:] if len(found) == _WITH_REASON and request.number == 1 else found


def read(register: RegisterCore, request: c.ReadDocument, operator: int) -> bytes:
    """FF3Bh: the next field, cut when it is longer than an answer; 08h ends the reading and mode 1."""
    left = register.reading
    if not left:
        try:
            left = register.ask(register.reading_with)
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
    for tag, field in split(body_of(register, number)[1]):
        if tag != 1059:
            continue
        values = {inner: one[4:] for inner, one in split(field[4:])}
        rate = values.get(1199, b"\6")[0]
        receipt.items.append(_Kept(field[4:]))
        receipt.count(int.from_bytes(values.get(1043, b""), "little"), _GROUP_OF_RATE.get(rate, 4), 1)
    return receipt


def body_of(register: RegisterCore, number: int) -> tuple[int, bytes]:
    """Form and fields of a document, as the drive reads them out."""
    head = register.ask(0x45, number.to_bytes(4, "little"))
    body = b""
    while True:
        try:
            body += register.ask(_NEXT_OF_DOCUMENT)
        except Refusal:
            return int.from_bytes(head[:2], "little"), body


def printed(register: RegisterCore, number: int, *, title: str = "") -> list[Line]:
    """A document as it goes to paper: never a reason to refuse what the drive has done."""
    width = register.model.characters
    try:
        form, body = body_of(register, number)
    except Refusal:
        return forms.report(f"ДОКУМЕНТ {number}", (), width=width)
    above = centred(title, width) if title else paper.cliche(register)
    below = paper.advertisement(register) if form in RECEIPT_FORMS and register.settings.number(1, 1, 3) else []
    return [*above, *forms.document(form, body, width=width), *below]


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
    c.RegistrationTag: registration_tag,
    c.RegistrationParameter: registration_parameter,
    c.RegistrationTotalsV2: registration_totals,
    c.DocumentSizes: _plain(0xA7),
}
