"""The report on the state of settlements."""

from __future__ import annotations

from kkt_driver.procedures.settling import settlements
from tests.kkt_driver.bench import Bench


def test_the_report_counts_what_the_operator_has_not_confirmed() -> None:
    """Document 21 with the queue in it; the state after it is what a look shows."""
    bench = Bench()
    bench.clear()
    done = bench.run(settlements(job="s", identity=bench.identity))
    assert bench.sent == ["FF01", "FF40", "FF38", "FF0A"]
    assert (done.unconfirmed, done.document.action) == (1, "settlement")
    assert done.since is not None
    assert [one.document for one in bench.documents(21)] == [done.document.document]
    after, look = bench.state.after(done.document), bench.look()
    assert (after.last_document, after.mode, after.shift_open) == (look.last_document, look.mode, look.shift_open)
