"""Cash in and out: money moves once, whatever happens to the answer."""

from __future__ import annotations

import pytest

from fn_emulator.faults import Fault
from kkt_driver.effects import Procedure
from kkt_driver.errors import Misuse, OutcomeUnknown, Refused
from kkt_driver.procedures.cash import cash_in, cash_out
from kkt_driver.recovery import resolve
from kkt_driver.recovery.cash import read_cash
from kkt_driver.verdicts import CashDone, NotRegistered
from tests.kkt_driver.bench import Bench


def put_in(bench: Bench, amount: int, job: str = "in-1", again: NotRegistered | None = None) -> Procedure[CashDone]:
    return cash_in(amount, job=job, identity=bench.identity, again=again)


def drawer(bench: Bench) -> int:
    return bench.run(read_cash("cash_in")).drawer


def test_cash_in_and_out_move_the_drawer() -> None:
    """What the verdict says of the drawer and the numbers is what the register's own counters say."""
    bench = Bench()
    bench.clear()
    done = bench.run(put_in(bench, 50_000))
    assert bench.sent == ["FF01", "FF40", "1A", "1B", "50", "1A", "1B"]
    assert (done.action, done.amount, done.drawer, done.number) == ("cash_in", 50_000, 50_000, 1)
    assert (done.drawer, done.number) == (drawer(bench), bench.run(read_cash("cash_in")).number)
    out = bench.run(cash_out(20_000, job="out-1", identity=bench.identity))
    assert (out.drawer, out.number) == (30_000, 1)
    assert drawer(bench) == 30_000


def test_more_than_the_drawer_holds_is_refused_with_a_proof() -> None:
    """46h: the money is still there, and the counters prove it."""
    bench = Bench()
    with pytest.raises(Refused) as caught:
        bench.run(cash_out(1, job="out-1", identity=bench.identity))
    assert caught.value.code == 0x46
    assert caught.value.proof is not None
    assert "ящике" in caught.value.meaning.message_ru


@pytest.mark.parametrize(
    ("fault", "moved"), [(Fault.ANSWER_LOST, True), (Fault.CUT_AFTER, True), (Fault.CUT_BEFORE, False)]
)
def test_a_lost_answer_is_decided_by_the_counters(fault: Fault, moved: bool) -> None:
    """No document tells of it, the drawer and the number of cash-ins do: never twice, never not at all."""
    bench = Bench(("50", fault), keeps_answer=False)
    try:
        done = bench.run(put_in(bench, 700))
    except OutcomeUnknown:
        verdict = bench.run(resolve(bench.intents[-1]))
        assert isinstance(verdict, CashDone if moved else NotRegistered)
        if isinstance(verdict, NotRegistered):
            bench.run(put_in(bench, 700, again=verdict))
    else:
        assert done.amount == 700
    assert drawer(bench) == 700


def test_a_proof_about_something_else_lets_nothing_through() -> None:
    """Cash of one job is not the cash of another."""
    bench = Bench(("50", Fault.CUT_BEFORE))
    with pytest.raises(OutcomeUnknown):
        bench.run(put_in(bench, 700))
    proof = bench.run(resolve(bench.intents[-1]))
    assert isinstance(proof, NotRegistered)
    with pytest.raises(Misuse):
        bench.run(put_in(bench, 700, "in-2", proof))
    with pytest.raises(Misuse):
        bench.run(cash_out(700, job="in-1", identity=bench.identity, again=proof))


def test_an_amount_is_above_zero() -> None:
    """Nothing moved is nothing done, and a negative sum is the other direction."""
    bench = Bench()
    bench.clear()
    for amount in (0, -1):
        with pytest.raises(Misuse):
            bench.run(put_in(bench, amount))
    assert bench.sent == []
