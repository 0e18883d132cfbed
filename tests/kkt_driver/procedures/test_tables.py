"""Settings read whole, compared and written back."""

from __future__ import annotations

import msgspec
import pytest

from kkt_driver.errors import Misuse, Refused
from kkt_driver.procedures.tables import Cell, Change, Dump, diff, dump, put, read_table, restore, shapes
from tests.kkt_driver.bench import Bench


def dumped(bench: Bench) -> Dump:
    return bench.run(dump(serial=bench.identity.serial, model=bench.identity.model))


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def test_shapes_are_the_registers_own(bench: Bench) -> None:
    """The scan ends at 5Dh; names, sizes and limits are what the register says of itself."""
    found = {shape.number: shape for shape in bench.run(shapes())}
    assert found[17].name == "Региональные настройки"
    assert found[2].rows == 30
    extended = found[17].fields[35]
    assert (extended.number, extended.kind, extended.size, extended.low, extended.high) == (36, "number", 1, 0, 1)
    assert found[18].fields[0].kind == "text"


def test_one_table_at_a_time(bench: Bench) -> None:
    """A dump of a thousand values shows how far it is: whoever calls reads table by table."""
    (shape,) = [shape for shape in bench.run(shapes()) if shape.number == 18]
    kept = bench.run(read_table(shape))
    values = {cell.field: value for cell, value in kept.cells()}
    assert (values[1], values[5]) == (bench.identity.serial, 0x3F)


def test_a_dump_survives_json_and_tells_what_changed(bench: Bench) -> None:
    """Kept in a file at commissioning, compared a year later; passwords stay out when the file is shown around."""
    before = dumped(bench)
    assert msgspec.json.decode(msgspec.json.encode(before), type=Dump) == before
    bench.run(put(17, 36, 1))
    bench.run(put(2, 1, 4711))
    after = dumped(bench)
    changes = diff(before, after)
    assert [(str(change.cell), change.was, change.now) for change in changes] == [
        ("2.1.1", 1, 4711), ("17.1.36", 0, 1),
    ]  # fmt: skip
    assert [change.cell for change in diff(before, after, secrets=False)] == [Cell(17, 1, 36)]
    assert "Региональные настройки" in after.name_of(Cell(17, 1, 36))
    assert after.name_of(Cell(99, 1, 1)) == "?"
    back = bench.run(restore(diff(after, before)))
    assert all(outcome.written for outcome in back)
    assert diff(before, dumped(bench)) == ()


def test_what_cannot_be_written_is_told_and_left(bench: Bench) -> None:
    """A read-only field, one that is not there, one outside its limits: the rest is written all the same."""
    changes = [
        Change(cell=Cell(18, 1, 1), was=None, now="12345"),
        Change(cell=Cell(77, 1, 1), was=None, now=1),
        Change(cell=Cell(17, 1, 36), was=0, now=9),
        Change(cell=Cell(1, 1, 1), was=None, now=None),
        Change(cell=Cell(7, 1, 1), was=None, now="Отдел 1"),
    ]
    outcomes = bench.run(restore(changes))
    assert [outcome.written for outcome in outcomes] == [False, False, False, False, True]
    assert all(outcome.why for outcome in outcomes[:4])


def test_a_field_that_fits_is_not_written(bench: Bench) -> None:
    """Tables wear out: a value that stands there already costs one read."""
    bench.run(put(17, 36, 0))
    bench.clear()
    assert bench.run(put(17, 36, 0))
    assert bench.sent == ["1F"]
    assert not bench.run(put(77, 1, 1))


def test_values_that_do_not_fit_are_misuse(bench: Bench) -> None:
    """A number wider than its field, a text longer than it or outside of Windows-1251: nothing is sent."""
    for field, value in ((36, 256), (36, -1)):
        with pytest.raises(Misuse):
            bench.run(put(17, field, value))
    for text in ("я" * 129, "漢"):
        with pytest.raises(Misuse):
            bench.run(put(18, 7, text))


def test_a_refusal_other_than_no_such_field_is_trouble(bench: Bench) -> None:
    """A wrong password must not look like a register without settings."""
    with pytest.raises(Refused):
        bench.run(put(17, 36, 1, password=77))
