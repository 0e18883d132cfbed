"""Registration of the register with a fresh drive: FF05h, FF06h."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fn_emulator.register import fields
from fn_emulator.register.counters import THROUGH_NUMBER
from fn_emulator.register.refusal import Code, Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS"]

_FFD_1_05 = 2
_TYPES = 3
_AUTOMATIC = 0b100


def _format(register: RegisterCore) -> int:
    return register.settings.number(17, 1, 17)


def begin(register: RegisterCore, request: c.BeginRegistration, operator: int) -> c.Done:
    if request.type >= _TYPES:
        raise Refusal(Code.INCORRECT)
    if _format(register) <= _FFD_1_05:
        register.ask(0x02, bytes((request.type,)))
    else:
        register.ask(0xA2, bytes((request.type, _format(register))))
    register.document_tags = set()
    return c.Done()


def form(register: RegisterCore, request: c.Register, operator: int) -> c.DocumentReply:
    """FF06h: everything that the host did not give comes from tables 18 and 25."""
    if register.document_tags is None:
        raise Refusal(Code.DRIVE_STATE)
    settings = register.settings
    skipped = set(register.document_tags) | (set() if request.work_mode & _AUTOMATIC else {1036})
    register.feed(fields.known(register, fields.OF_REGISTRATION, operator, skipped))
    head = b"".join(
        (
            register.five,
            request.inn.ljust(12).encode("ascii", "replace"),
            request.registration_number.ljust(20).encode("ascii", "replace"),
            bytes((request.tax_systems, request.work_mode)),
        )
    )
    if _format(register) <= _FFD_1_05:
        made = register.form(0x03, head)
    else:
        operator_inn = settings.text(18, 1, 12) or settings.text(25, 1, 23)
        extended = bytes((settings.number(18, 1, 21),)) + operator_inn.ljust(12).encode("ascii", "replace")
        made = register.form(0xA3, head + extended + bytes(4))
    register.document_tags = None
    for at, value in (
        (2, request.inn),
        (3, request.registration_number),
        (5, request.tax_systems),
        (6, request.work_mode),
    ):
        settings.put(18, 1, at, value)
    register.last_document = int.from_bytes(made[:4], "little")
    register.counters.count(THROUGH_NUMBER)
    register.save_picture()
    register.printed()
    return c.DocumentReply(
        document=register.last_document,
        sign=int.from_bytes(made[4:8], "little"),
        moment=register.clock.at(register.now) if register.extended else None,
    )


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.BeginRegistration: begin,
    c.Register: form,
}
