"""Plans of trouble: what they say when, and that a seed says it again."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from fn_emulator.errors import Misuse
from fn_emulator.faults import ANY_COMMAND, Fault, FaultPlan, Plans, SeededFaults, Trouble
from kkt_driver import commands as c

CLOSE, STATUS = c.encode_request(c.ZReport()), c.encode_request(c.DriveStatus())


def test_faults_wait_for_their_command() -> None:
    """Each is met once, in the order given; the command's own come before those for any command."""
    plan = FaultPlan({"41": [Fault.CUT_AFTER, None, Fault.POWER_AFTER], ANY_COMMAND: [Fault.STRAY_FF]})
    plan.add("FF01", Trouble(Fault.ANSWER_LATE, 2.0))
    assert plan.left == 5
    assert plan.waiting["FF01"] == [Trouble(Fault.ANSWER_LATE, 2.0)]
    assert plan.on_command(STATUS, 0) == Trouble(Fault.ANSWER_LATE, 2.0)
    assert [plan.on_command(CLOSE, 0) for _ in range(5)] == [
        Fault.CUT_AFTER, None, Fault.POWER_AFTER, Fault.STRAY_FF, None,
    ]  # fmt: skip
    plan.add("41", Fault.CUT_AFTER)
    plan.clear()
    assert (plan.left, plan.waiting, plan.on_command(CLOSE, 0)) == (0, {}, None)
    with pytest.raises(Misuse, match="FF45"):
        plan.add("close", Fault.CUT_AFTER)


def test_a_seed_is_a_world() -> None:
    """The same seed gives the same trouble at the same commands; commands that cannot meet it draw nothing."""
    rates = {Fault.ANSWER_LOST: 0.2, Fault.CUT_BEFORE: 0.1}

    def played(between: int) -> list[Trouble | None]:
        plan = SeededFaults(Random(7), rates, commands=["41"])
        troubles = []
        for _ in range(200):
            troubles.append(plan.on_command(CLOSE, 0))
            assert [plan.on_command(STATUS, 0) for _ in range(between)] == [None] * between
        return troubles

    first = played(0)
    assert first == played(3)
    met = [trouble.fault for trouble in first if trouble is not None]
    assert 20 < met.count(Fault.ANSWER_LOST) < 70
    assert 5 < met.count(Fault.CUT_BEFORE) < 40


def test_trouble_ends() -> None:
    """A bound on the number of faults lets a simulated world come to rest."""
    plan = SeededFaults(Random(1), {Fault.ANSWER_LOST: 1.0}, faults_max=2)
    assert [plan.on_command(CLOSE, 0) is None for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("rates", [{Fault.CUT_AFTER: 0.6, Fault.CUT_BEFORE: 0.6}, {Fault.CUT_AFTER: -0.1}])
def test_rates_are_shares(rates: dict[Fault, float]) -> None:
    """More than one fault for each command cannot be."""
    with pytest.raises(Misuse, match="shares"):
        SeededFaults(Random(1), rates)


def test_plans_one_behind_the_other() -> None:
    """By hand first, by chance where the hand has nothing."""
    by_hand = FaultPlan({"41": [Fault.PAPER_OUT]})
    plans = Plans(by_hand, SeededFaults(Random(1), {Fault.ANSWER_LOST: 1.0}))
    assert plans.on_command(CLOSE, 0) is Fault.PAPER_OUT
    assert plans.on_command(CLOSE, 0) == Trouble(Fault.ANSWER_LOST)


def test_the_page_for_testers_lists_them_all() -> None:
    """What a tester may order stands in the documents, in the words of the program."""
    page = (Path(__file__).parents[2] / "docs" / "testing-with-the-emulator.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 3]
    assert [row for row in rows if "`--" not in row] == [f"| `{fault.label}` | {fault.value} |" for fault in Fault]


def test_labels() -> None:
    """What people type is found again; what they mistype is answered with the list."""
    assert {Fault.labelled(fault.label) for fault in Fault} == set(Fault)
    assert Fault.ANSWER_AFTER_RECONNECT.label == "answer-after-reconnect"
    with pytest.raises(Misuse, match="cut-after"):
        Fault.labelled("cut-afterwards")
