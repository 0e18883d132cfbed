"""The register's tables: read whole, compared, written back.

A dump takes about a thousand exchanges, so it is read table by table: `shapes` tells what there is, `read_table` reads
one, and whoever calls shows how far it is. `dump` does all of it. Values are plain: numbers as int, texts as str.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from kkt_driver.commands import (
    FieldStructure,
    FieldStructureReply,
    ReadTable,
    ReadTableReply,
    TableStructure,
    WriteTable,
)
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Misuse, Refused
from kkt_driver.procedures.patience import patiently

__all__ = [
    "Cell",
    "Change",
    "Dump",
    "FieldShape",
    "Kept",
    "Outcome",
    "Value",
    "diff",
    "dump",
    "put",
    "read_table",
    "restore",
    "shapes",
]

Value: TypeAlias = int | str

TABLES_MAX = 60
"""Registers have about 25 tables; one that never says "no more" is not scanned for ever."""

NO_TABLE = 0x5D
UNKNOWN_HERE = frozenset((0x33, 0x34, 0x35, 0x36, 0x37, 0x5D))
"""Refusals of a model that does not have the table, row or field."""
NOT_NOW = frozenset((0x7A, 0xC7))
"""Refusals of a field that is read-only, always or in this mode."""

SECRET_FIELDS = frozenset(((2, 1), (21, 8)))
"""Operators' passwords and the key of the wireless network: not for files that are shown around."""


class FieldShape(msgspec.Struct, frozen=True, kw_only=True):
    """One column: `low` and `high` limit a number."""

    number: int
    name: str
    kind: Literal["number", "text"]
    size: int
    low: int | None = None
    high: int | None = None


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One table: its name, how many rows, which columns."""

    number: int
    name: str
    rows: int
    fields: tuple[FieldShape, ...]


class Cell(NamedTuple):
    """Where a value stands."""

    table: int
    row: int
    field: int

    def __str__(self) -> str:
        return f"{self.table}.{self.row}.{self.field}"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One table with its values by row; a value that the register does not give is None."""

    shape: Shape
    rows: tuple[tuple[Value | None, ...], ...]

    def cells(self) -> Iterator[tuple[Cell, Value | None]]:
        for row, values in enumerate(self.rows, 1):
            for field, value in zip(self.shape.fields, values, strict=True):
                yield Cell(self.shape.number, row, field.number), value


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """All tables of one register."""

    serial: str
    model: str
    tables: tuple[Kept, ...]

    def cells(self, *, secrets: bool = True) -> dict[Cell, Value | None]:
        return {
            cell: value
            for table in self.tables
            for cell, value in table.cells()
            if secrets or (cell.table, cell.field) not in SECRET_FIELDS
        }

    def name_of(self, cell: Cell) -> str:
        """The register's own words for a field."""
        for table in self.tables:
            if table.shape.number == cell.table:
                names = {field.number: field.name for field in table.shape.fields}
                return f"{table.shape.name}: {names.get(cell.field, '?')}"
        return "?"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One field that differs: what it holds and what it should hold (None: it is not there)."""

    cell: Cell
    was: Value | None
    now: Value | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one change: written and read back, or why not."""

    change: Change
    written: bool
    why: str = ""


# --- reading -------------------------------------------------------------------------------------------------------


def shapes(*, password: int = 30) -> Procedure[tuple[Shape, ...]]:
    """What tables there are: 2Dh 1, 2, 3 … until 5Dh, and 2Eh for each column."""
    found: list[Shape] = []
    for number in range(1, TABLES_MAX + 1):
        try:
            table = yield from ask(TableStructure(password=password, table=number))
        except Refused as refusal:
            if refusal.code == NO_TABLE:
                break
            raise
        columns = []
        for field in range(1, table.fields + 1):
            reply = yield from ask(FieldStructure(password=password, table=number, field=field))
            columns.append(_column(field, reply))
        found.append(Shape(number=number, name=table.name, rows=table.rows, fields=tuple(columns)))
    return tuple(found)


def _column(number: int, reply: FieldStructureReply) -> FieldShape:
    if reply.type != 0:
        return FieldShape(number=number, name=reply.name, kind="text", size=reply.size)
    low, high = reply.limits[: reply.size], reply.limits[reply.size : 2 * reply.size]
    return FieldShape(
        number=number,
        name=reply.name,
        kind="number",
        size=reply.size,
        low=int.from_bytes(low, "little") if len(low) == reply.size else None,
        high=int.from_bytes(high, "little") if len(high) == reply.size else None,
    )


def read_table(shape: Shape, *, password: int = 30) -> Procedure[Kept]:
    """The values of one table."""
    rows = []
    for row in range(1, shape.rows + 1):
        values: list[Value | None] = []
        for field in shape.fields:
            value = yield from _read(Cell(shape.number, row, field.number), field.kind, password)
            values.append(value)
        rows.append(tuple(values))
    return Kept(shape=shape, rows=tuple(rows))


def _read(cell: Cell, kind: str, password: int) -> Procedure[Value | None]:
    reply = yield from _raw(cell, password)
    return None if reply is None else reply.text if kind == "text" else reply.number


def _raw(cell: Cell, password: int) -> Procedure[ReadTableReply | None]:
    try:
        return (yield from ask(ReadTable(password=password, table=cell.table, row=cell.row, field=cell.field)))
    except Refused as refusal:
        if refusal.code not in UNKNOWN_HERE:
            raise
        return None


def dump(*, serial: str, model: str = "", password: int = 30) -> Procedure[Dump]:
    """Every table of the register that `serial` was read from."""
    tables = []
    for shape in (yield from shapes(password=password)):
        table = yield from read_table(shape, password=password)
        tables.append(table)
    return Dump(serial=serial, model=model, tables=tuple(tables))


# --- comparing and writing -----------------------------------------------------------------------------------------


def diff(was: Dump, now: Dump, *, secrets: bool = True) -> tuple[Change, ...]:
    """What differs between two dumps, in the order of the tables."""
    before, after = was.cells(secrets=secrets), now.cells(secrets=secrets)
    return tuple(
        Change(cell=cell, was=before.get(cell), now=after.get(cell))
        for cell in sorted({*before, *after})
        if before.get(cell) != after.get(cell)
    )


def restore(changes: Iterable[Change], *, password: int = 30) -> Procedure[tuple[Outcome, ...]]:
    """Write what each change says the field should hold, and read it back. What cannot be written is told and left."""
    outcomes = []
    for change in changes:
        if change.now is None:
            outcomes.append(Outcome(change=change, written=False, why="this register has no such field"))
            continue
        try:
            there = yield from put(
                change.cell.table, change.cell.field, change.now, row=change.cell.row, password=password
            )
        except Refused as refusal:
            outcomes.append(Outcome(change=change, written=False, why=refusal.meaning.message_ru))
            continue
        kind = "text" if isinstance(change.now, str) else "number"
        kept = yield from _read(change.cell, kind, password)
        same = there and kept == change.now
        why = "" if same else "this register has no such field" if not there else f"the register keeps {kept!r}"
        outcomes.append(Outcome(change=change, written=same, why=why))
    return tuple(outcomes)


def put(table: int, field: int, value: Value, *, row: int = 1, password: int = 30) -> Procedure[bool]:
    """Make one field hold `value`: written only when it holds something else. False: there is no such field here.

    Refused: read-only (7Ah, C7h), or outside its limits (33h, 35h).
    """
    cell = Cell(table, row, field)
    now = yield from _raw(cell, password)
    if now is None or not now.value:
        return False
    if (now.text if isinstance(value, str) else now.number) == value:
        return True
    data = _bytes(cell, value, len(now.value))
    yield from patiently(WriteTable(password=password, table=table, row=row, field=field, value=data))
    return True


def _bytes(cell: Cell, value: Value, size: int) -> bytes:
    """A number as wide as its field; a text ends with NUL when it is shorter."""
    try:
        data = value.encode("cp1251") if isinstance(value, str) else value.to_bytes(size, "little")
    except (UnicodeEncodeError, OverflowError):
        raise Misuse(f"table {cell}: {value!r} does not fit the field of {size} bytes") from None
    if len(data) > size:
        raise Misuse(f"table {cell}: {len(data)} characters, the field has {size}")
    return data if len(data) == size else data + b"\0"
