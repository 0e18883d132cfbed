"""The decision tables, row by row and in every situation there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kkt_driver.commands import COMMANDS, Kind
from kkt_driver.errors import Misuse
from kkt_driver.recovery import ACTIONS, Advance, Facts, Found, Step, decide, rows_of

NONE, MOVED, BACK = Advance.NONE, Advance.MOVED, Advance.BACK
Cases = dict[str, list[tuple[Facts, Step]]]


def facts(mode: int, advance: Advance, found: Found = Found.NONE, **more: Any) -> Facts:
    return Facts(**{"same_device": True, "mode": mode, "advance": advance, "found": found, **more})


RECEIPTS: Cases = {
    "another drive or register answers": [
        (facts(8, NONE, same_device=False), Step.AMBIGUOUS),
        (facts(2, MOVED, Found.OURS, same_device=False), Step.AMBIGUOUS),
    ],
    "the drive's numbers went back": [(facts(2, BACK), Step.AMBIGUOUS), (facts(8, BACK), Step.AMBIGUOUS)],
    "a document is being read out": [(facts(1, NONE), Step.CURE), (facts(1, MOVED), Step.CURE)],
    "more than one document is ours": [(facts(2, MOVED, Found.SEVERAL), Step.AMBIGUOUS)],
    "committed, and the register never noticed": [
        (facts(8, MOVED, Found.OURS, own_receipt_open=True, left_open=False), Step.REGISTERED_CANCEL)
    ],
    "registered, and another receipt is open": [(facts(8, MOVED, Found.OURS, left_open=True), Step.REGISTERED)],
    "registered": [(facts(mode, MOVED, Found.OURS), Step.REGISTERED) for mode in (0, 2, 3, 4, 6, 9, 10, 11, 12)],
    "a document that may be ours": [
        (facts(2, MOVED, Found.DOUBT), Step.AMBIGUOUS),
        (facts(8, MOVED, Found.DOUBT, own_receipt_open=True), Step.AMBIGUOUS),
    ],
    "the register was reset": [(facts(mode, NONE), Step.CURE) for mode in (6, 9, 10)],
    "the register is at work": [(facts(mode, NONE), Step.WAIT) for mode in (0, 11, 12)],
    "still open": [
        (facts(8, NONE, own_receipt_open=True, left_open=True), Step.CANCEL),
        (facts(8, NONE), Step.CANCEL),
    ],
    "somebody else's receipt is open": [(facts(8, MOVED), Step.AMBIGUOUS)],
    "left open in the drive": [(facts(mode, NONE, left_open=True), Step.DROP) for mode in (2, 3, 4)],
    "the receipt is gone": [(facts(mode, NONE), Step.NOT_REGISTERED) for mode in (2, 3, 4)],
    "only others' documents": [(facts(mode, MOVED), Step.NOT_REGISTERED) for mode in (2, 3, 4)],
    "nothing else fits": [(facts(13, NONE), Step.AMBIGUOUS), (facts(7, MOVED), Step.AMBIGUOUS)],
}


def reports(*before: int) -> Cases:
    """What the tables of documents that are not receipts share; `before`: modes the command is given in."""
    return {
        "another drive or register answers": [(facts(4, NONE, same_device=False), Step.AMBIGUOUS)],
        "the drive's numbers went back": [(facts(4, BACK), Step.AMBIGUOUS)],
        "a document is being read out": [(facts(1, MOVED), Step.CURE)],
        "more than one document is ours": [(facts(2, MOVED, Found.SEVERAL), Step.AMBIGUOUS)],
        "registered": [(facts(mode, MOVED, Found.OURS), Step.REGISTERED) for mode in (2, 4, 8)],
        "a document that may be ours": [(facts(4, MOVED, Found.DOUBT), Step.AMBIGUOUS)],
        "the register was reset": [(facts(9, NONE), Step.CURE)],
        "the register is at work": [(facts(12, NONE), Step.WAIT)],
        "left open in the drive": [(facts(mode, NONE, left_open=True), Step.DROP) for mode in before],
        "nothing happened": [(facts(mode, NONE), Step.NOT_REGISTERED) for mode in before],
        "only others' documents": [(facts(mode, MOVED), Step.NOT_REGISTERED) for mode in before],
    }


IN_THE_WAY: Cases = {"a receipt is open, so nothing else was formed": [(facts(8, NONE), Step.NOT_REGISTERED)]}
CLOSED: Cases = {"nothing else fits": [(facts(2, NONE), Step.AMBIGUOUS), (facts(8, NONE), Step.AMBIGUOUS)]}
ANY: Cases = {"nothing else fits": [(facts(13, NONE), Step.AMBIGUOUS), (facts(8, MOVED), Step.AMBIGUOUS)]}
CASH: Cases = {
    "another drive or register answers": [(facts(4, NONE, same_device=False), Step.AMBIGUOUS)],
    "the drive's numbers went back": [(facts(4, BACK), Step.AMBIGUOUS)],
    "the register lost its counters": [(facts(9, NONE, Found.OURS), Step.AMBIGUOUS), (facts(9, NONE), Step.AMBIGUOUS)],
    "a document is being read out": [(facts(1, NONE), Step.CURE)],
    "the money moved": [(facts(mode, NONE, Found.OURS), Step.REGISTERED) for mode in (2, 3, 4, 8)],
    "the counters do not tell whose money moved": [(facts(2, MOVED, Found.DOUBT), Step.AMBIGUOUS)],
    "the register was reset": [(facts(mode, NONE), Step.CURE) for mode in (6, 10)],
    "the register is at work": [(facts(11, NONE), Step.WAIT)],
    "the money did not move": [
        (facts(mode, advance), Step.NOT_REGISTERED) for mode in (2, 3, 4, 8) for advance in (NONE, MOVED)
    ],
    "nothing else fits": [(facts(13, NONE), Step.AMBIGUOUS)],
}

TABLES: dict[str, Cases] = {
    "receipt": RECEIPTS,
    "correction": {**reports(2, 3, 4), **IN_THE_WAY, **ANY},
    "shift_open": {**reports(4), **CLOSED},
    "shift_close": {**reports(2, 3), **IN_THE_WAY, "nothing else fits": [(facts(4, NONE), Step.AMBIGUOUS)]},
    "settlement": {**reports(2, 3, 4), **IN_THE_WAY, **ANY},
    "registration": {**reports(4), **CLOSED},
    "change": {**reports(4), **CLOSED},
    "closing": {**reports(4), **CLOSED},
    "cash_in": CASH,
    "cash_out": CASH,
}
CASES = [
    pytest.param(action, name, seen, step, id=f"{action}: {name}")
    for action, known in TABLES.items()
    for name, cases in known.items()
    for seen, step in cases
]


@pytest.mark.parametrize(("action", "name", "seen", "step"), CASES)
def test_each_row_of_the_decision_tables(action: str, name: str, seen: Facts, step: Step) -> None:
    """What the register shows leads to one row and one step, and nothing before it in the table takes the case away."""
    row = decide(rows_of(action), seen)
    assert (row.name, row.step) == (name, step)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_row_has_its_case(action: str) -> None:
    """A row that no case reaches would be a rule that nobody checked."""
    names = [row.name for row in rows_of(action)]
    assert names == list(dict.fromkeys(names))
    assert set(TABLES[action]) == set(names)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_situation_has_a_verdict_and_nothing_that_was_executed_is_overlooked(action: str) -> None:
    """All combinations: some row applies; "not registered" never stands beside a trace that is or may be ours, a mode
    that hides something, or another device."""
    before = set(ACTIONS[action].before) - {9}
    allowed = {"receipt": {2, 3, 4}}.get(action, before | {8})
    for seen in _every_situation(moves=not ACTIONS[action].forms):
        row = decide(rows_of(action), seen)
        if row.step is Step.NOT_REGISTERED:
            assert seen.found is Found.NONE
            assert seen.same_device
            assert seen.advance is not BACK
            assert seen.mode in allowed
        if row.step in (Step.REGISTERED, Step.REGISTERED_CANCEL):
            assert seen.found is Found.OURS
            assert seen.same_device
        if row.step is Step.CANCEL:
            assert (seen.mode, seen.advance, seen.found) == (8, NONE, Found.NONE)


def _every_situation(*, moves: bool) -> Iterator[Facts]:
    """`moves`: counters may have moved without a document."""
    for same_device in (True, False):
        for mode in range(16):
            for advance in Advance:
                for found in Found:
                    if advance is not MOVED and found is not Found.NONE and not moves:
                        continue  # without new documents none can be ours
                    for left_open in (True, False):
                        for own in (True, False):
                            yield facts(
                                mode, advance, found, same_device=same_device, left_open=left_open, own_receipt_open=own
                            )


def test_every_committing_command_has_an_action() -> None:
    """A command whose recovery nobody thought through must not be sent at all."""
    known = {command for action in ACTIONS.values() for command in action.commands}
    assert {row.hex for row in COMMANDS.values() if row.kind is Kind.COMMITTING} <= known


def test_an_unknown_action_has_no_table() -> None:
    """It must not be resolved by another one's table."""
    with pytest.raises(Misuse):
        rows_of("refill")
