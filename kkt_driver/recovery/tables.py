"""The decision tables of recovery: what a register's answers mean, for every kind of committing command.

`ACTIONS` says what each command leaves behind when it was executed; `rows_of(action)` is its decision table, read from
top to bottom. Source: sections "Decision table: receipt closing" and "Other commands" of the protocol reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from kkt_driver.errors import Misuse

__all__ = [
    "ACTIONS",
    "NEEDS_NO_QUIET",
    "Action",
    "Advance",
    "Facts",
    "Found",
    "Row",
    "Step",
    "action_of",
    "decide",
    "rows_of",
]


class Advance(Enum):
    """How far the drive's last number moved since the intent was recorded."""

    BACK = "went back"
    NONE = "did not move"
    MOVED = "moved"


class Found(Enum):
    """Whether the command's trace (a document after F0, a counter that moved) is there and is ours."""

    NONE = "whatever happened since is proved to be of others"
    OURS = "exactly one is ours"
    SEVERAL = "more than one is ours"
    DOUBT = "one may be ours and nothing proves it"


class Step(Enum):
    """What a row of the tables leads to."""

    REGISTERED = "registered"
    REGISTERED_CANCEL = "registered; then 88h, for the register never noticed"
    NOT_REGISTERED = "not registered"
    AMBIGUOUS = "a person decides"
    CURE = "cure the mode, look again"
    CANCEL = "88h, look again"
    DROP = "FF08h, look again"
    WAIT = "look again later"


NEEDS_NO_QUIET = frozenset((Step.REGISTERED, Step.REGISTERED_CANCEL, Step.CURE))
"""What was executed stays so, whatever is still on its way; every other step waits until nothing is."""


# --- what each command leaves behind -------------------------------------------------------------------------------


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of committing work: its commands (hex), the forms its document may have (FF0Ah), the modes in which the
    command is given. `once` forms exist once in the life of a drive."""

    name: str
    commands: tuple[str, ...]
    forms: tuple[int, ...]
    before: tuple[int, ...]
    once: bool = False


_TABLE = (
    Action(name="receipt", commands=("FF45", "85", "8E"), forms=(3, 4, 31, 41), before=(8,)),
    Action(name="correction", commands=("FF36", "FF4A"), forms=(31, 41), before=(2, 3, 4)),
    Action(name="shift_open", commands=("E0", "FF0B"), forms=(2,), before=(4,)),
    Action(name="shift_close", commands=("41", "FF43", "C6"), forms=(5,), before=(2, 3)),
    Action(name="settlement", commands=("FF38",), forms=(21,), before=(2, 3, 4)),
    Action(name="registration", commands=("FF06",), forms=(1,), before=(4,), once=True),
    Action(name="change", commands=("FF34",), forms=(11,), before=(4,)),
    Action(name="closing", commands=("FF3E",), forms=(6,), before=(4,), once=True),
    Action(name="cash_in", commands=("50",), forms=(), before=(2, 3, 4, 9)),
    Action(name="cash_out", commands=("51",), forms=(), before=(2, 3, 4, 9)),
)

ACTIONS: dict[str, Action] = {row.name: row for row in _TABLE}


def action_of(name: str) -> Action:
    """The row of an intent's action; Misuse for one whose recovery nobody thought through."""
    found = ACTIONS.get(name)
    if found is None:
        raise Misuse(f"no decision table for {name!r}: {', '.join(ACTIONS)} are known")
    return found


# --- what the answers mean -----------------------------------------------------------------------------------------


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The register's answers, reduced to what a verdict depends on."""

    same_device: bool
    mode: int
    advance: Advance
    found: Found
    left_open: bool = False
    own_receipt_open: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a decision table: it applies when every condition that it names holds."""

    name: str
    step: Step
    same_device: bool | None = None
    modes: frozenset[int] | None = None
    advance: Advance | None = None
    found: Found | None = None
    left_open: bool | None = None
    own_receipt_open: bool | None = None

    def applies(self, facts: Facts) -> bool:
        return (
            (self.modes is None or facts.mode in self.modes)
            and self.same_device in (None, facts.same_device)
            and self.advance in (None, facts.advance)
            and self.found in (None, facts.found)
            and self.left_open in (None, facts.left_open)
            and self.own_receipt_open in (None, facts.own_receipt_open)
        )


def _modes(*modes: int) -> frozenset[int]:
    return frozenset(modes)


_SAME_DRIVE = (
    Row(name="another drive or register answers", same_device=False, step=Step.AMBIGUOUS),
    Row(name="the drive's numbers went back", advance=Advance.BACK, step=Step.AMBIGUOUS),
)
_FIRST = (
    *_SAME_DRIVE,
    Row(name="a document is being read out", modes=_modes(1), step=Step.CURE),
    Row(name="more than one document is ours", found=Found.SEVERAL, step=Step.AMBIGUOUS),
)
_DOUBT = Row(name="a document that may be ours", found=Found.DOUBT, step=Step.AMBIGUOUS)
_STUCK = (
    Row(name="the register was reset", modes=_modes(6, 9, 10), step=Step.CURE),
    Row(name="the register is at work", modes=_modes(0, 11, 12), step=Step.WAIT),
)
_LAST = (Row(name="nothing else fits", step=Step.AMBIGUOUS),)

RECEIPT_ROWS: tuple[Row, ...] = (
    *_FIRST,
    Row(
        name="committed, and the register never noticed",
        modes=_modes(8),
        found=Found.OURS,
        own_receipt_open=True,
        step=Step.REGISTERED_CANCEL,
    ),
    Row(name="registered, and another receipt is open", modes=_modes(8), found=Found.OURS, step=Step.REGISTERED),
    Row(name="registered", found=Found.OURS, step=Step.REGISTERED),
    _DOUBT,
    *_STUCK,
    Row(name="still open", modes=_modes(8), advance=Advance.NONE, step=Step.CANCEL),
    Row(name="somebody else's receipt is open", modes=_modes(8), advance=Advance.MOVED, step=Step.AMBIGUOUS),
    Row(name="left open in the drive", modes=_modes(2, 3, 4), left_open=True, step=Step.DROP),
    Row(name="the receipt is gone", modes=_modes(2, 3, 4), advance=Advance.NONE, step=Step.NOT_REGISTERED),
    Row(name="only others' documents", modes=_modes(2, 3, 4), found=Found.NONE, step=Step.NOT_REGISTERED),
    *_LAST,
)
"""Receipts: after F0 only a receipt, a strict-reporting form or a correction of one can be ours."""


def _report_rows(action: Action, *also: Row) -> tuple[Row, ...]:
    """Documents that are not receipts: their form tells what they are, so others' documents never stand in the way."""
    before = _modes(*action.before)
    return (
        *_FIRST,
        Row(name="registered", found=Found.OURS, step=Step.REGISTERED),
        _DOUBT,
        *_STUCK,
        Row(name="left open in the drive", modes=before, left_open=True, step=Step.DROP),
        Row(name="nothing happened", modes=before, advance=Advance.NONE, step=Step.NOT_REGISTERED),
        Row(name="only others' documents", modes=before, found=Found.NONE, step=Step.NOT_REGISTERED),
        *also,
        *_LAST,
    )


_RECEIPT_IN_THE_WAY = Row(
    name="a receipt is open, so nothing else was formed",
    modes=_modes(8),
    advance=Advance.NONE,
    step=Step.NOT_REGISTERED,
)
_FORMED_IN_THE_SHIFT = ("shift_close", "correction", "settlement")
"""What is asked for with the shift open, when somebody's receipt may have come first."""

CASH_ROWS: tuple[Row, ...] = (
    *_SAME_DRIVE,
    Row(name="the register lost its counters", modes=_modes(9), step=Step.AMBIGUOUS),
    Row(name="a document is being read out", modes=_modes(1), step=Step.CURE),
    Row(name="the money moved", found=Found.OURS, step=Step.REGISTERED),
    Row(name="the counters do not tell whose money moved", found=Found.DOUBT, step=Step.AMBIGUOUS),
    *_STUCK,
    Row(name="the money did not move", modes=_modes(2, 3, 4, 8), found=Found.NONE, step=Step.NOT_REGISTERED),
    *_LAST,
)
"""Cash in and out make no document: the drawer (241) and the numbers of cash-ins and payouts (155, 156) tell."""

_ROWS: dict[str, tuple[Row, ...]] = {
    name: _report_rows(action, *((_RECEIPT_IN_THE_WAY,) if name in _FORMED_IN_THE_SHIFT else ()))
    for name, action in ACTIONS.items()
} | {"receipt": RECEIPT_ROWS, "cash_in": CASH_ROWS, "cash_out": CASH_ROWS}


def rows_of(action: str) -> tuple[Row, ...]:
    """The decision table of an intent's action."""
    return _ROWS[action_of(action).name]


def decide(rows: Sequence[Row], facts: Facts) -> Row:
    """The first row that applies; the last one always does."""
    return next(row for row in rows if row.applies(facts))
