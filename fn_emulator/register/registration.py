"""Registration of the register with its drive, changes of it, and the close of the drive: FF05h to FF07h, FF34h,
FF3Dh, FF3Eh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fn_emulator.register import fields, reports
from fn_emulator.register.refusal import Code, Refusal
from fn_emulator.register.reports import u4
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS"]

_FFD_1_05 = 2
_REGISTRATION, _TYPES = 0, 3
_AUTOMATIC = 0b100
_REASONS = 1205
_OWN = (2, 3, 5, 6)  # fields of table 18 that a registration fills


def _format(register: RegisterCore) -> int:
    return register.settings.number(17, 1, 17)


def begin(register: RegisterCore, request: c.BeginRegistration, operator: int) -> c.Done:
    """FF05h: 0 registration, 1 with another drive, 2 change of what is registered."""
    if request.type >= _TYPES:
        raise Refusal(Code.INCORRECT)
    old = _format(register) <= _FFD_1_05
    code, data = (0x02, bytes((request.type,))) if old else (0xA2, bytes((request.type, _format(register))))
    reports.begin(register, code, data)
    return c.Done()


def form(register: RegisterCore, request: c.Register, operator: int) -> c.DocumentReply:
    """FF06h: everything that the host did not give comes from tables 18 and 25."""
    return _form(register, request, operator, reason=0)


def change(register: RegisterCore, request: c.ChangeRegistration, operator: int) -> c.DocumentReply:
    """FF34h: format 1.05 has one reason; later ones a mask: the host's 1205, table 18 field 22, or the reason's bit."""
    if not 1 <= request.reason <= 4:
        raise Refusal(Code.INCORRECT)
    return _form(register, request, operator, reason=request.reason)


def _form(register: RegisterCore, request: Any, operator: int, *, reason: int) -> c.DocumentReply:
    given = register.document_tags
    if given is None:
        raise Refusal(Code.DRIVE_STATE)
    settings = register.settings
    code, tail = _rest(register, reason, given)
    if not request.work_mode & _AUTOMATIC:
        given.add(1036)
    head = b"".join(
        (
            register.five,
            request.inn.ljust(12).encode("ascii", "replace"),
            request.registration_number.ljust(20).encode("ascii", "replace"),
            bytes((request.tax_systems, request.work_mode)),
            tail,
        )
    )
    made = reports.form(register, operator, code, tags=fields.OF_REGISTRATION, head=head)
    written = request.inn, request.registration_number, request.tax_systems, request.work_mode
    for at, value in zip(_OWN, written, strict=True):
        settings.put(18, 1, at, value)
    return _reply(register, made)


def _rest(register: RegisterCore, reason: int, given: set[int]) -> tuple[int, bytes]:
    """The drive's command, and what follows the common part of its data."""
    settings = register.settings
    if _format(register) <= _FFD_1_05:
        return 0x03, bytes((reason,)) if reason else b""
    operator_inn = settings.text(18, 1, 12) or settings.text(25, 1, 23)
    extended = bytes((settings.number(18, 1, 21),)) + operator_inn.ljust(12).encode("ascii", "replace")
    mask = 0 if not reason or _REASONS in given else settings.number(18, 1, 22) or 1 << (reason - 1)
    return 0xA3, extended + mask.to_bytes(4, "little")


def begin_close(register: RegisterCore, request: c.BeginClosing, operator: int) -> c.Done:
    reports.begin(register, 0x04, b"")
    return c.Done()


def close(register: RegisterCore, request: c.CloseDrive, operator: int) -> c.DocumentReply:
    """FF3Eh. The drive does not look at its queue, so the register does, as far as its firmware is careful."""
    if register.document_tags is None:
        raise Refusal(Code.DRIVE_STATE)
    if not register.model.closes_with_queue and any(register.ask(0x42)):
        raise Refusal(Code.DRIVE_STATE)
    number = register.settings.text(18, 1, 3).ljust(20).encode("ascii", "replace")
    head = register.five + number
    return _reply(register, reports.form(register, operator, 0x05, tags=fields.OF_CLOSE, head=head))


def _reply(register: RegisterCore, made: bytes) -> c.DocumentReply:
    number = u4(made, 0)
    reports.done(register, number, whole=True)
    return c.DocumentReply(document=number, sign=u4(made, 4), moment=reports.moment(register))


def reset(register: RegisterCore, request: c.ResetDrive, operator: int) -> c.Done:
    """FF07h: a debug drive is as new; what the register knew of it goes too."""
    register.ask(0x60, bytes((request.code,)))
    register.receipt = register.document_tags = register.reading = register.last_receipt = None
    register.shift_open, register.shift_opened, register.last_document = False, None, 0
    for at in _OWN:
        register.settings.put(18, 1, at, "" if at in (2, 3) else 1 if at == 5 else 0)
    register.save_picture()
    return c.Done()


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.BeginRegistration: begin,
    c.Register: form,
    c.ChangeRegistration: change,
    c.BeginClosing: begin_close,
    c.CloseDrive: close,
    c.ResetDrive: reset,
}
