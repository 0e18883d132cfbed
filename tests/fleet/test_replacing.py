"""Twin of `fleet.replacing`: what comes next in the replacement of a drive, for everything a register may say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fleet.journal.base import StationRecord
from fleet.replacing import REPLACEMENT, WORDS, Plan, Seen, Step, next_step, plan_of
from kkt_driver.procedures import Registration

PLAN = Plan(
    who="olga",
    why="full",
    serial="17",
    old="1",
    registration=Registration(
        inn="9900000000",
        rnm="0000000001",
        tax_systems=1,
        work_mode=32,
        user="ООО «Ромашка»",
        address="Москва",
        place="shop.example",
        operator_name="ОФД",
        operator_inn="7704211201",
    ),
)


@pytest.mark.parametrize(
    ("drive", "phase", "shift_open", "unsent", "card", "step"),
    [
        ("1", 3, True, 0, False, Step.CLOSE_SHIFT),
        ("1", 3, True, 4, False, Step.CLOSE_SHIFT),
        ("1", 3, False, 4, False, Step.DELIVER),
        ("1", 3, False, 0, False, Step.CLOSE_DRIVE),
        ("1", 7, False, 1, False, Step.DELIVER_CLOSING),
        ("1", 7, False, 0, False, Step.SWAP),
        ("1", 15, False, 0, False, Step.SWAP),
        ("2", 1, False, 0, False, Step.CHANGE_REPORT),
        ("2", 1, False, 0, True, Step.CHANGE_REPORT),
        ("2", 3, False, 1, False, Step.CARD),
        ("2", 3, False, 1, True, Step.DONE),
        ("2", 3, False, 0, True, Step.DONE),
    ],
)
def test_every_row(drive: str, phase: int, shift_open: bool, unsent: int, card: bool, step: Step) -> None:
    """Nothing is closed before it is delivered, nothing is swapped before it is an archive, and a register is back only
    when its card is in the cabinet."""
    plan = msgspec.structs.replace(PLAN, card=card)
    seen = Seen(drive=drive, phase=phase, shift_open=shift_open, unsent=unsent)
    assert next_step(plan, seen) is step


def test_every_step_has_words() -> None:
    """A person is told what is going on, and when it is their turn."""
    assert set(WORDS) == set(Step)
    assert [step for step in Step if WORDS[step].startswith("YOUR TURN")] == [Step.SWAP, Step.CARD]


def history(*details: dict[str, Any]) -> list[StationRecord]:
    """Records newest first, as the journal gives them."""
    return [
        StationRecord(seq=seq, at=0.0, station="k1", event=REPLACEMENT, detail=detail)
        for seq, detail in enumerate(details)
    ][::-1]


BEGUN = {"step": "begun", "plan": msgspec.to_builtins(PLAN)}


@pytest.mark.parametrize(
    ("details", "plan"),
    [
        ([], None),
        ([BEGUN], PLAN),
        ([BEGUN, {"step": "swap"}], PLAN),
        ([BEGUN, {"step": "card"}, {"step": "card_entered"}], msgspec.structs.replace(PLAN, card=True)),
        ([BEGUN, {"step": "done"}], None),
        ([BEGUN, {"step": "abandoned"}], None),
        ([BEGUN, {"step": "card_entered"}, {"step": "done"}, BEGUN, {"step": "deliver"}], PLAN),
    ],
)
def test_the_plan_is_in_the_journal(details: list[dict[str, Any]], plan: Plan | None) -> None:
    """A start takes up exactly what was left open; the card of an earlier replacement says nothing of this one."""
    assert plan_of(history(*details)) == plan
