"""Settings tables: what clients find, limits, and what survives."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from fn_emulator.tables import TABLES, Settings
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk

ANSWERS = {
    vector["name"]: bytes.fromhex(vector["payload"])
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "register_frames.json").read_text("utf-8"))[
        "commands_and_answers"
    ]
    if vector["direction"] == "register_to_host"
}


@pytest.mark.parametrize(
    ("vector", "request_"),
    [
        ("table_structure", c.TableStructure(table=17)),
        ("field_structure_number", c.FieldStructure(table=19, field=2)),
        ("field_structure_text", c.FieldStructure(table=19, field=1)),
        ("read_table_number", c.ReadTable(table=21, row=1, field=4)),
        ("read_table_text", c.ReadTable(table=2, row=1, field=2)),
    ],
)
def test_published_answers(vector: str, request_: c.Request[Any]) -> None:
    """Names, structures and values come out byte for byte as published: clients find tables by their names."""
    desk = Desk()
    answer, _ = desk.register.core.execute(c.encode_request(request_), desk.now)
    assert answer == ANSWERS[vector]


def test_a_scan_by_number_finds_every_table() -> None:
    """Clients ask 1, 2, 3 … until 5Dh: no gap may stop them before the last table."""
    desk = Desk()
    for number in range(1, max(TABLES) + 1):
        structure = desk.ask(c.TableStructure(table=number))
        assert structure.fields == len(TABLES[number].fields)
        for field in range(1, structure.fields + 1):
            assert desk.ask(c.FieldStructure(table=number, field=field)).size > 0
            for row in (1, structure.rows):
                desk.ask(c.ReadTable(table=number, row=row, field=field))
    assert desk.refused(c.TableStructure(table=max(TABLES) + 1)) == 0x5D
    assert desk.refused(c.ReadTable(table=200, row=1, field=1)) == 0x5D


def test_every_default_is_within_its_limits() -> None:
    """A table of facts with a slip in it would refuse its own default; three fields of real dumps do, and are known."""
    known = {(21, 5), (25, 25), (25, 26)}
    settings = Settings()
    for table in TABLES.values():
        for field in table.fields:
            for row in range(1, table.rows + 1):
                assert len(settings.read(table.number, row, field.number)) == field.size
                if not field.text and (table.number, field.number) not in known:
                    assert field.low <= settings.number(table.number, row, field.number) <= field.high


@pytest.mark.parametrize(
    ("table", "row", "field", "value", "code"),
    [
        (99, 1, 1, b"\0", 0x5D),
        (17, 2, 7, b"\0", 0x33),
        (17, 1, 99, b"\0", 0x33),
        (17, 1, 7, b"\4", 0x33),
        (17, 1, 7, b"\1\0", 0x33),
        (2, 1, 2, b"x" * 65, 0x33),
        (5, 1, 1, b"CASH", 0x7A),
        (18, 1, 4, b"1", 0x7A),
        (20, 1, 1, b"\0", 0x7A),
        (6, 1, 1, b"\0\0", 0xC7),
    ],
)
def test_refused_writes(table: int, row: int, field: int, value: bytes, code: int) -> None:
    """Outside the limits, not there, read-only, not with an open shift: each has its code, and nothing changes."""
    desk = Desk(shift=True)
    before = dict(desk.register.core.settings.written())
    assert desk.refused(c.WriteTable(table=table, row=row, field=field, value=value)) == code
    assert dict(desk.register.core.settings.written()) == before


def test_what_was_written_survives() -> None:
    """Settings are there after the process was killed; a text may be shorter than its field."""
    desk = Desk()
    desk.set(2, 5, 2, "ИВАНОВА А.П.".encode("cp1251"))
    desk.set(19, 1, 2, (7779).to_bytes(2, "little"))
    desk.set(19, 1, 2, (7780).to_bytes(2, "little"))
    desk.restart()
    assert desk.ask(c.ReadTable(table=2, row=5, field=2)).text == "ИВАНОВА А.П."
    assert desk.ask(c.ReadTable(table=19, row=1, field=2)).number == 7780


def test_table_20_mirrors_the_exchange() -> None:
    """Clients that watch the operator's queue through table 20 see what FF39h says."""
    desk = Desk(shift=True)
    status = desk.ask(c.ExchangeStatus())
    assert desk.ask(c.ReadTable(table=20, row=1, field=3)).number == status.queue == 2
    assert desk.ask(c.ReadTable(table=20, row=1, field=4)).number == status.first_document == 1


DUMPED = list(
    csv.DictReader((Path(__file__).parents[1] / "vectors" / "register_tables.csv").read_text("utf-8").splitlines())
)


@pytest.mark.parametrize("row", DUMPED, ids=lambda row: f"{row['table']}.{row['row']}.{row['field']}")
def test_fields_of_real_registers(row: dict[str, str]) -> None:
    """Type, size, limits, default and name of every field in dumps of real registers (firmware of 2021 and 2026)."""
    desk = Desk()
    table, line, field = int(row["table"]), int(row["row"]), int(row["field"])
    structure = desk.ask(c.FieldStructure(table=table, field=field))
    text = row["type"] == "CHAR"
    assert (structure.type, structure.size) == (int(text), int(row["size"]))
    if not text:
        size = structure.size
        limits = int.from_bytes(structure.limits[:size], "little"), int.from_bytes(structure.limits[size:], "little")
        assert limits == (int(row["min"]), int(row["max"]))
    assert structure.name == row["name_ru"][:40]
    default = Settings().read(table, line, field)
    if text:
        assert default.rstrip(b"\0").decode("cp1251") == row["default"]
    elif row["default"]:
        assert int.from_bytes(default, "little") == int(row["default"])
