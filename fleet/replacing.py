"""The plan by which a drive is replaced: what comes next is a pure function of the plan and of what the register says.

::

    close shift → deliver → close drive → deliver closing → swap → change report → card → done

Nothing is remembered beside the plan itself: a crash at any point finds the register in a state that names the step.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from fleet.journal.base import StationRecord
from kkt_driver.procedures import Registration

__all__ = ["REPLACEMENT", "Plan", "Seen", "Step", "WORDS", "next_step", "plan_of"]

REPLACEMENT = "drive_replacement"
"""The event under which a replacement stands in the station's history, step by step."""

PREPARED, AT_WORK = 1, 3
"""Life phases of a drive (FF01h): waits for its registration, makes documents. Later ones only deliver and are read."""


class Step(StrEnum):
    """What has to be done next."""

    CLOSE_SHIFT = "close_shift"
    DELIVER = "deliver"
    CLOSE_DRIVE = "close_drive"
    DELIVER_CLOSING = "deliver_closing"
    SWAP = "swap"
    CHANGE_REPORT = "change_report"
    CARD = "card"
    DONE = "done"


WORDS = {
    Step.CLOSE_SHIFT: "closing the shift",
    Step.DELIVER: "delivering what the drive holds to the operator",
    Step.CLOSE_DRIVE: "closing the drive: its last document (form 6)",
    Step.DELIVER_CLOSING: "delivering the closing report to the operator",
    Step.SWAP: "YOUR TURN: switch the register off, put the new drive in, switch it on",
    Step.CHANGE_REPORT: "making the change report, the new drive's first document",
    Step.CARD: "YOUR TURN: enter the change report into the owner's cabinet, then say --card-entered",
    Step.DONE: "done: the register is back in its pool",
}
"""What a person is told at each step."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A replacement under way: which register, which drive leaves, and with what the next one is registered.

    `card`: the owner's cabinet has the change report.
    """

    who: str
    why: str
    serial: str
    old: str
    registration: Registration
    card: bool = False


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says: the drive in it, its life phase, its shift, and what waits for the operator."""

    drive: str
    phase: int
    shift_open: bool
    unsent: int


def next_step(plan: Plan, seen: Seen) -> Step:
    """What has to be done next."""
    if seen.drive != plan.old:
        if seen.phase == PREPARED:
            return Step.CHANGE_REPORT
        return Step.DONE if plan.card else Step.CARD
    if seen.phase != AT_WORK:
        return Step.DELIVER_CLOSING if seen.unsent else Step.SWAP
    if seen.shift_open:
        return Step.CLOSE_SHIFT
    return Step.DELIVER if seen.unsent else Step.CLOSE_DRIVE


def plan_of(records: Iterable[StationRecord]) -> Plan | None:
    """The replacement that a station's history (newest first) leaves open; None when there is none."""
    card = False
    for record in records:
        match record.detail["step"]:
            case Step.DONE | "abandoned":
                return None
            case "card_entered":
                card = True
            case "begun":
                return msgspec.convert({**record.detail["plan"], "card": card}, Plan)
    return None
