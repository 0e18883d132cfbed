"""Marked goods: FF61h, FF67h to FF73h. The drive checks and remembers; the register knows the types of codes, asks the
marking system in between, and ties codes to items.

    FF61h: B1h, then B5h → marking system → B6h        FF69h: B2h or B3h
    FF67h: the same for a code that was not accepted before; at the closing B7h for every item that has a code
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ffd.enums import MarkingCodeType
from ffd.errors import FfdError
from ffd.marking import Kind, MarkingCode, parse
from fn_emulator.register import network
from fn_emulator.register.receipt import Item, OpenReceipt, byte, tlv
from fn_emulator.register.refusal import Code, Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS", "Accepted", "Marking", "notify"]

_REJECT, _ACCEPT, _CLEAR = range(3)
_AUTONOMOUS = 1 << 1
_SILENT, _REJECTED = 0xFF, 0x20
_SELLING_PIECE, _SELLING_PART, _RETURNED_PIECE, _RETURNED_PART = 1, 2, 3, 4  # tag 2003
_QUANTITY_TAGS = (1023, 2108, 1291)
_OF_NOTICE = (1214, 1030, 1226, 1222, 1223, 1224, 1079, 1043, 1199, 1200, 1260, *_QUANTITY_TAGS)  # of an item in 2007
_RECEIPT, _CORRECTION = 1, 2  # tag 2116
_NOTICE_BLOCK = 128
_KINDS = {
    MarkingCodeType.CHECK_88_VERIFIED_BY_DRIVE: 0,
    MarkingCodeType.CHECK_44_NOT_VERIFIED_BY_DRIVE: 1,
    MarkingCodeType.SHORT_CODE: 2,
    MarkingCodeType.CHECK_44_VERIFIED_BY_DRIVE: 3,
}
"""Tag 2100 → the kind that FF67h names; anything else is FFh."""
_NO_KIND = 0xFF


class Accepted(msgspec.Struct, frozen=True):
    """A code whose check was accepted: planned status and result (2106)."""

    planned: int
    result: int


class Marking:
    """What the register keeps of codes between their check and their receipt; gone with the power."""

    def __init__(self) -> None:
        self.checked: tuple[bytes, int] | None = None  # code and planned status, awaiting FF69h
        self.accepted: dict[bytes, Accepted] = {}
        self.unloading: int | None = None  # offset in the notification that FF72h reads


# --- checking ---------------------------------------------------------------------------------------------------------


def _parsed(code: bytes) -> MarkingCode:
    return parse(code.decode("cp866"))


def check(register: RegisterCore, request: c.CheckMarking, operator: int) -> c.CheckMarkingReply:
    if request.mode or not request.code:
        raise Refusal(Code.INCORRECT)
    return _check(register, request.code, request.planned, request.tlv)


def _check(register: RegisterCore, code: bytes, planned: int, fields: bytes) -> c.CheckMarkingReply:
    kind = int(_parsed(code).code_type)
    if len(code) > 0xFF:
        raise Refusal(Code.INCORRECT)
    local, reason = register.ask(0xB1, bytes((kind, len(code))) + code)
    register.marking.checked = code, planned
    if register.settings.number(18, 1, 6) & _AUTONOMOUS:
        return c.CheckMarkingReply(local=local, reason=reason, code_kind=kind)
    try:
        told = _online(register, planned, fields)
    except Refusal:
        register.ask(0xB2, b"\0")
        register.marking.checked = None
        raise
    return c.CheckMarkingReply(
        local=local,
        reason=reason,
        code_kind=kind,
        extra=len(told),
        drive_answer=told[0],
        result=told[1] if len(told) > 1 else None,
        tlv=told[2:],
    )


def _online(register: RegisterCore, planned: int, fields: bytes) -> bytes:
    """What the marking system says as FF61h tells it: 00h, 2106 and fields; 20h and a reason; or FFh."""
    asked = register.five + byte(2003, planned) + byte(2102, 0) + fields
    answer = network.ask_marking(register, register.ask(0xB5, asked))
    if answer is None:
        return bytes((_SILENT,))
    try:
        return b"\0" + register.ask(0xB6, answer)
    except Refusal as refusal:
        if refusal.code != _REJECTED:
            raise
        return bytes((_REJECTED,)) + refusal.data[:1]


def decide(register: RegisterCore, request: c.DecideMarking, operator: int) -> c.DecideMarkingReply:
    """FF69h: 0 rejects, 1 accepts, 2 forgets all checks."""
    marking = register.marking
    match request.decision:
        case 0:
            register.ask(0xB2, b"\0")
            marking.checked = None
            return c.DecideMarkingReply(result=0)
        case 1:
            return c.DecideMarkingReply(result=_accept(register))
        case 2:
            register.ask(0xB3)
            marking.checked = None
            marking.accepted.clear()
            return c.DecideMarkingReply(result=0)
    raise Refusal(Code.INCORRECT)


def _accept(register: RegisterCore) -> int:
    """B2h with 1: tag 2106, which the register keeps beside the code."""
    marking = register.marking
    result = register.ask(0xB2, b"\1")[0]
    assert marking.checked is not None, "the drive has a code under check only after B1h"
    code, planned = marking.checked
    marking.checked = None
    marking.accepted[code] = Accepted(planned, result)
    return result


# --- binding ----------------------------------------------------------------------------------------------------------


def bind(register: RegisterCore, request: c.BindMarking, operator: int) -> c.BindMarkingReply:
    """FF67h: the code belongs to the last item from here on."""
    receipt = register.receipt
    assert receipt is not None, "modes allow FF67h in mode 8 only"
    code = request.code
    if not receipt.items or not code or receipt.items[-1].code:
        raise Refusal(Code.INCORRECT)
    item = receipt.items[-1]
    checked = b""
    if code not in register.marking.accepted:
        reply = _check(register, code, _planned(receipt, item), _quantity(item))
        _accept(register)
        checked = _encoded(reply)
    parsed = _parsed(code)
    item.code = code
    item.bind(_of_item(parsed, register.marking.accepted[code]))
    return c.BindMarkingReply(prefix=_prefix(parsed), code_kind=_KINDS.get(parsed.code_type, _NO_KIND), check=checked)


def _encoded(reply: c.CheckMarkingReply) -> bytes:
    from kkt_driver.codec import codec

    return bytes(codec(c.CheckMarkingReply).encode(reply))


def _quantity(item: Item) -> bytes:
    """What the marking system wants to know of a measured or partial item: nothing of a piece."""
    fields = item.fields()
    if fields.get(2108, b"\0") == b"\0" and 1291 not in fields:
        return b""
    return b"".join(tlv(tag, fields[tag]) for tag in _QUANTITY_TAGS if tag in fields)


def _planned(receipt: OpenReceipt, item: Item) -> int:
    """Tag 2003 as the register works it out: what is sold or comes back, a piece or a part."""
    part, returned = bool(_quantity(item)), receipt.operation in (2, 3)
    if returned:
        return _RETURNED_PART if part else _RETURNED_PIECE
    return _SELLING_PART if part else _SELLING_PIECE


def _of_item(parsed: MarkingCode, accepted: Accepted) -> bytes:
    """The code's part of tag 1059: 1163, 2102, 2106, 2115."""
    return (
        tlv(1163, parsed.product_code().encode_fields())
        + byte(2102, 0)
        + byte(2106, accepted.result)
        + tlv(2115, parsed.control_code.encode("cp866"))
    )


def _prefix(parsed: MarkingCode) -> bytes:
    """The first two bytes of the goods code, 4F xx for what has no prefix of its own there."""
    if parsed.kind is Kind.UNKNOWN:
        return b"\0\0"
    try:
        return parsed.product_code_bytes()[:2]
    except (FfdError, ValueError):
        return b"\0\0"


def notify(register: RegisterCore, receipt: OpenReceipt, tax_system: int) -> None:
    """B7h for the receipt that is about to be formed: the notification goes with it."""
    items = [item for item in receipt.items if item.code]
    if not items:
        return
    register.ask(0xB7, b"\1" + byte(1055, tax_system) + byte(2116, _CORRECTION if receipt.correction else _RECEIPT))
    for item in items:
        fields = item.fields()
        status = byte(2110, register.marking.accepted[item.code].planned)
        own = b"".join(tlv(tag, fields[tag]) for tag in _OF_NOTICE if tag in fields and _tells(tag, fields))
        register.ask(0xB7, b"\2" + tlv(2007, tlv(2000, item.code) + status + own))
    register.ask(0xB7, b"\3")


def _tells(tag: int, fields: Mapping[int, bytes]) -> bool:
    """Quantity and measure belong there for measured goods only."""
    return tag not in _QUANTITY_TAGS or fields.get(2108, b"\0") != b"\0" or 1291 in fields


# --- state and unloading ----------------------------------------------------------------------------------------------


def status(register: RegisterCore, request: c.MarkingStatus, operator: int) -> bytes:
    return register.ask(0xB0)


def notifications(register: RegisterCore, request: c.MarkingNotifications, operator: int) -> bytes:
    return register.ask(0xBA)


def begin_unloading(register: RegisterCore, request: c.BeginUnloading, operator: int) -> c.BeginUnloadingReply:
    """FF71h: how many notifications wait, number and size of the first."""
    session = register.ask(0xD3, b"\0")
    current = register.ask(0xD4, b"\0")
    register.marking.unloading = 0
    return c.BeginUnloadingReply(
        count=int.from_bytes(session[:2], "little"),
        first=int.from_bytes(session[2:6], "little"),
        size=int.from_bytes(current[4:6], "little"),
    )


def notification_block(register: RegisterCore, request: c.NotificationBlock, operator: int) -> c.NotificationBlockReply:
    """FF72h: block after block, notification after notification; 08h at the end of the last."""
    marking = register.marking
    if marking.unloading is None:
        raise Refusal(Code.DRIVE_STATE)
    current = register.ask(0xD4, b"\0")
    if marking.unloading >= int.from_bytes(current[4:6], "little"):
        current = register.ask(0xD4, b"\1")
        marking.unloading = 0
    offset = marking.unloading
    data = register.ask(0xD5, offset.to_bytes(2, "little") + _NOTICE_BLOCK.to_bytes(2, "little"))
    marking.unloading = offset + len(data)
    return c.NotificationBlockReply(
        number=int.from_bytes(current[:4], "little"),
        size=int.from_bytes(current[4:6], "little"),
        offset=offset,
        length=len(data),
        data=data,
    )


def confirm(register: RegisterCore, request: c.ConfirmNotification, operator: int) -> c.Done:
    register.ask(0xD6, b"\1" + request.number.to_bytes(4, "little") + request.crc.to_bytes(2, "little"))
    return c.Done()


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.CheckMarking: check,
    c.BindMarking: bind,
    c.MarkingNotifications: notifications,
    c.DecideMarking: decide,
    c.MarkingStatus: status,
    c.BeginUnloading: begin_unloading,
    c.NotificationBlock: notification_block,
    c.ConfirmNotification: confirm,
}
