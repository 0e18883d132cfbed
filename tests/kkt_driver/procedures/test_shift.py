"""Opening and closing a shift, with and without a cashier of one's own."""

from __future__ import annotations

from ffd.documents import ShiftCloseReport, ShiftOpenReport
from kkt_driver.procedures.documents import read
from kkt_driver.procedures.shift import Cashier, close_shift, open_shift, x_report
from tests.kkt_driver.bench import Bench

CASHIER = Cashier(name="Ёлкина Анна", inn="770708389330")


def test_a_cashier_stands_in_both_reports() -> None:
    """FF41h or FF42h, the fields, then E0h or 41h: the reports name who opened and who closed."""
    bench = Bench()
    bench.clear()
    opened = bench.run(open_shift(job="o", identity=bench.identity, state=bench.state, cashier=CASHIER))
    assert bench.sent == ["FF41", "FF0C", "FF01", "FF40", "E0", "FF0A"]
    report = bench.run(read(opened.document))
    assert isinstance(report, ShiftOpenReport)
    assert (report.cashier_name, report.cashier_inn) == ("Ёлкина Анна", "770708389330")
    assert (opened.shift, opened.receipt) == (1, 0)
    bench.clear()
    closed = bench.run(close_shift(job="c", identity=bench.identity, state=bench.state, cashier=CASHIER))
    assert bench.sent == ["FF42", "FF0C", "FF01", "FF40", "41", "FF0A"]
    report = bench.run(read(closed.document))
    assert isinstance(report, ShiftCloseReport)
    assert report.cashier_name == "Ёлкина Анна"


def test_without_one_the_register_names_its_own() -> None:
    """The fewest commands: note, E0h, archive."""
    bench = Bench()
    bench.clear()
    bench.run(open_shift(job="o", identity=bench.identity, state=bench.state))
    assert bench.sent == ["FF01", "FF40", "E0", "FF0A"]


def test_an_x_report_changes_nothing() -> None:
    """It prints; the state before it is the state after it."""
    bench = Bench()
    bench.open_shift()
    before = bench.look()
    bench.run(x_report())
    assert bench.look() == before
