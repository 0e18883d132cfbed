"""What may go wrong with one command: the seam between an emulated register and whoever plans trouble for it.

A register asks its plan about every command it hears. `FaultPlan` is the plain one: troubles listed by command, each
used once; it may be filled while the register works. `SeededFaults` draws them from a source of chance, so a seed is a
world that can be played again. `Plans` puts plans one behind the other. What a trouble does to the register stands in
`fn_emulator.trouble`, what happens to bytes under way in `fn_emulator.noise`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from random import Random
from typing import Protocol

import msgspec

from fn_emulator.errors import Misuse

__all__ = ["ANY_COMMAND", "FOREIGN", "Fault", "FaultPlan", "Faults", "Plans", "SeededFaults", "Trouble"]


class Fault(Enum):
    """One kind of trouble. The comment names what `Trouble.seconds` means where it means anything."""

    # the line
    COMMAND_LOST = "the command never arrives"
    ACK_LOST = "executed and answered; the byte that confirms the command is lost"
    ANSWER_LOST = "executed; the answer is stored but lost on the line"
    ANSWER_DAMAGED = "executed; one bit of the answer is turned on the line"
    ANSWER_CUT_SHORT = "executed; the second half of the answer is lost on the line"
    ANSWER_TWICE = "executed; the answer comes twice"
    ANSWER_LATE = "executed; the answer comes late"  # by so much
    ANSWER_AFTER_RECONNECT = "executed; the connection breaks and the next host gets the answer unasked"
    STRAY_FF = "executed; a byte FFh stands before the answer"
    CUT_BEFORE = "the connection breaks, the command was not executed"
    CUT_AFTER = "executed; the connection breaks before the answer"
    # the power
    POWER_BEFORE = "the power goes before anything is executed"
    POWER_BEFORE_COMMIT = "the power goes before the drive forms the document"
    POWER_AFTER_COMMIT = "the power goes when the drive has formed the document and the register has not noticed"
    POWER_AFTER = "the power goes when all is done and the answer is not sent"
    # the drive
    DRIVE_SILENT = "2Fh: the drive was not reached, nothing was formed"
    DRIVE_SILENT_AFTER_COMMIT = "2Fh: the drive formed the document, the register did not hear it"
    DRIVE_BUSY = "30h: the drive does not answer the first thing that the command asks of it"
    DRIVE_FAILED = "03h: the drive fails at the first thing that the command asks of it"
    # the register itself
    PAPER_OUT = "the paper is out before the command begins"
    PAPER_RUNS_OUT = "executed; the paper ends after it"
    SUBMODE_STUCK = "executed; the register goes on printing"  # for so long
    CLOCK_JUMP = "the register's clock jumps before the command begins"  # by so much, backwards when negative
    AUTO_Z = "the register closes its shift by itself before the command begins"
    SECOND_HOST = "another host sells something before the command begins; an open receipt it cancels"

    @property
    def label(self) -> str:
        """How people and the control port call it: "answer-lost"."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def labelled(cls, label: str) -> Fault:
        """The fault of a label; Misuse lists them."""
        for fault in cls:
            if fault.label == label:
                return fault
        raise Misuse(f"no fault {label!r}; there are {', '.join(fault.label for fault in cls)}")


FOREIGN = frozenset({Fault.AUTO_Z, Fault.SECOND_HOST})
"""Troubles in which a document appears that the host did not ask for."""


class Trouble(msgspec.Struct, frozen=True):
    """A fault and how much of it."""

    fault: Fault
    seconds: float = 5.0


class Faults(Protocol):
    def on_command(self, body: bytes, now: float) -> Trouble | Fault | None:
        """The trouble that this command meets, if any."""
        ...


ANY_COMMAND = "*"
"""In a `FaultPlan`: whichever command comes next."""


class FaultPlan:
    """Troubles by command code ("FF45", "8D", "*"): the first command of the kind meets the first, and so on."""

    def __init__(self, plan: Mapping[str, Iterable[Trouble | Fault | None]] | None = None) -> None:
        self._plan: dict[bytes, list[Trouble | Fault | None]] = {}
        for command, troubles in (plan or {}).items():
            self.add(command, *troubles)

    def add(self, command: str, *troubles: Trouble | Fault | None) -> None:
        """More trouble for a command, after what already waits for it. None lets one command pass."""
        self._plan.setdefault(_code(command), []).extend(troubles)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._plan.clear()

    def on_command(self, body: bytes, now: float) -> Trouble | Fault | None:
        for size in (1, 2, 0):
            waiting = self._plan.get(body[:size])
            if waiting:
                return waiting.pop(0)
        return None

    @property
    def left(self) -> int:
        """Faults that nobody has met yet."""
        return sum(len(troubles) for troubles in self._plan.values())

    @property
    def waiting(self) -> dict[str, list[Trouble | Fault | None]]:
        """What is left, by command."""
        return {code.hex().upper() or ANY_COMMAND: list(troubles) for code, troubles in self._plan.items() if troubles}


def _code(command: str) -> bytes:
    try:
        return b"" if command == ANY_COMMAND else bytes.fromhex(command)
    except ValueError:
        raise Misuse(f"{command!r} is no command: write its code like FF45, 8D, or {ANY_COMMAND} for any") from None


class SeededFaults:
    """Each command meets at most one trouble, drawn from `chance`.

    `rates` are probabilities per command and add up to one at most. `commands` (codes like "FF45") limits the trouble
    to some commands; others draw nothing, so the fate of a command depends on how many of its kin came before it.
    `faults_max` ends the trouble after so many.
    """

    def __init__(
        self,
        chance: Random,
        rates: Mapping[Fault, float],
        *,
        commands: Iterable[str] | None = None,
        seconds: float = 5.0,
        faults_max: int | None = None,
    ) -> None:
        if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
            raise Misuse(f"rates of faults are shares that add up to one at most, not {sum(rates.values()):g}")
        self._chance = chance
        self._rates = [(Trouble(fault, seconds), rate) for fault, rate in rates.items()]
        self._commands = None if commands is None else frozenset(_code(command) for command in commands)
        self._faults_left = faults_max

    def on_command(self, body: bytes, now: float) -> Trouble | None:
        commands = self._commands
        if commands is not None and body[:1] not in commands and body[:2] not in commands:
            return None
        if self._faults_left == 0:
            return None
        drawn = self._chance.random()
        for trouble, rate in self._rates:
            drawn -= rate
            if drawn < 0:
                if self._faults_left is not None:
                    self._faults_left -= 1
                return trouble
        return None


class Plans:
    """Several plans: the first that has trouble for a command decides."""

    def __init__(self, *plans: Faults) -> None:
        self.plans = plans

    def on_command(self, body: bytes, now: float) -> Trouble | Fault | None:
        for plan in self.plans:
            trouble = plan.on_command(body, now)
            if trouble is not None:
                return trouble
        return None
