"""The tables of settings and the clock."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import U1, U2, Authorised, Bytes, Done

__all__ = [
    "WriteTable",
    "ReadTableReply",
    "ReadTable",
    "TableStructureReply",
    "TableStructure",
    "FieldStructureReply",
    "FieldStructure",
    "SetTime",
    "SetDate",
    "ConfirmDate",
]


class WriteTable(Authorised[Done], frozen=True, kw_only=True):
    table: U1
    row: U2
    field: U1
    value: Bytes


class ReadTableReply(msgspec.Struct, frozen=True, kw_only=True):
    value: Bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.value, "little")

    @property
    def text(self) -> str:
        return self.value.split(b"\0", 1)[0].decode("cp1251", "replace").rstrip()


class ReadTable(Authorised[ReadTableReply], frozen=True, kw_only=True):
    table: U1
    row: U2
    field: U1


class TableStructureReply(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, c.fixed_text(40)]
    rows: U2
    fields: U1


class TableStructure(Authorised[TableStructureReply], frozen=True, kw_only=True):
    table: U1


class FieldStructureReply(msgspec.Struct, frozen=True, kw_only=True):
    """2Eh: type 0 is a number (then `limits` holds minimum and maximum, `size` bytes each), 1 is text."""

    name: Annotated[str, c.fixed_text(40)]
    type: U1
    size: U1
    limits: Bytes = b""


class FieldStructure(Authorised[FieldStructureReply], frozen=True, kw_only=True):
    table: U1
    field: U1


class SetTime(Authorised[Done], frozen=True, kw_only=True):
    time: Annotated[time | None, c.time_hms]


class SetDate(Authorised[Done], frozen=True, kw_only=True):
    date: Annotated[date | None, c.date_dmy]


class ConfirmDate(Authorised[Done], frozen=True, kw_only=True):
    date: Annotated[date | None, c.date_dmy]
