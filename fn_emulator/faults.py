"""What may go wrong with one command: the seam between an emulated register and whoever plans trouble for it.

A register asks its plan about every command it hears. `FaultPlan` is the plain one: faults listed by command, each
used once; a seeded plan only has to have the same method.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Protocol

__all__ = ["Fault", "FaultPlan", "Faults"]


class Fault(Enum):
    """One kind of trouble."""

    COMMAND_LOST = "the command never arrives"
    ANSWER_LOST = "executed; the answer is stored but lost on the line"
    CUT_BEFORE = "the connection breaks, the command was not executed"
    CUT_AFTER = "executed; the connection breaks before the answer"
    POWER_BEFORE = "the power goes before anything is executed"
    POWER_BEFORE_COMMIT = "the power goes before the drive forms the document"
    POWER_AFTER_COMMIT = "the power goes when the drive has formed the document and the register has not noticed"
    POWER_AFTER = "the power goes when all is done and the answer is not sent"
    DRIVE_SILENT = "2Fh: the drive was not reached, nothing was formed"
    DRIVE_SILENT_AFTER_COMMIT = "2Fh: the drive formed the document, the register did not hear it"


class Faults(Protocol):
    def on_command(self, body: bytes, now: float) -> Fault | None:
        """The trouble that this command meets, if any."""
        ...


class FaultPlan:
    """Faults by command code ("FF45", "8D"): the first command of the kind meets the first fault, and so on."""

    def __init__(self, plan: Mapping[str, Iterable[Fault | None]]) -> None:
        self._plan = {bytes.fromhex(code): list(faults) for code, faults in plan.items()}

    def on_command(self, body: bytes, now: float) -> Fault | None:
        for size in (1, 2):
            waiting = self._plan.get(body[:size])
            if waiting:
                return waiting.pop(0)
        return None

    @property
    def left(self) -> int:
        """Faults that nobody has met yet."""
        return sum(len(faults) for faults in self._plan.values())
