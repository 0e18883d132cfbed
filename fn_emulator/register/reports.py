"""Forming a document of the drive that is no receipt: begin, fields, form; and what the register does about it.

A document that can't be formed is dropped, and the drive is asked whether it had formed it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from fn_emulator.register import archive, fields
from fn_emulator.register.counters import THROUGH_NUMBER
from fn_emulator.register.refusal import Code, Refusal

if TYPE_CHECKING:
    from fn_emulator.register.core import RegisterCore

__all__ = ["begin", "done", "form", "moment", "u4"]


def u4(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def moment(register: RegisterCore) -> datetime | None:
    """The moment that answers on documents carry when extended answers are on."""
    return register.clock.at(register.now) if register.extended else None


def begin(register: RegisterCore, code: int, data: bytes | None = None) -> None:
    """A document of the drive begins; fields of FF0Ch go into it from here on."""
    register.ask(code, register.five if data is None else data)
    register.document_tags = set()


def form(
    register: RegisterCore,
    operator: int,
    code: int,
    *,
    tags: tuple[int, ...],
    begin_with: int | None = None,
    own: Iterable[bytes] = (),
    head: bytes = b"",
) -> bytes:
    """Form what was begun; `begin_with` begins it now if nobody has. `own` are fields beside those of the tables."""
    if register.document_tags is None:
        if begin_with is None:
            raise Refusal(Code.DRIVE_STATE)
        begin(register, begin_with)
    given = register.document_tags or set()
    try:
        register.feed([*fields.known(register, tags, operator, given), *own])
        made = register.form(code, head)
    except Refusal:
        register.drop_document()
        register.catch_up()  # a drive that was not heard may have done it
        raise
    register.document_tags = None
    return made


def done(register: RegisterCore, number: int, *, whole: bool = False, quiet: bool = False) -> None:
    """The drive has made document `number`: count it, write it down, print it."""
    register.last_document = number
    register.counters.count(THROUGH_NUMBER)
    if whole:
        register.save_picture()
    else:
        register.save()
    if not quiet:
        register.print(lambda: archive.printed(register, number), report=True)
