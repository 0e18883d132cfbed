"""What can go wrong between a host and a register, by whose doing it was.

DriverError                anything below
├── Misuse                 ours: a value without a place in its field, a second exchange before the first has ended
├── Malformed              bytes that are not what the protocol says
├── Refused                the register's: raw code, what it means, whose business it is (`kkt_driver.refusals`)
├── WrongDevice            another register or drive answers than the one that was identified
├── LineLost               the wire's
│   ├── NotSent            it is proved that the register did not execute the command
│   └── AnswerLost         the register may have executed it: a question, never a failure
├── Undecided              the register's answers do not tell whose a document is: a person decides, with `verdict`
├── OutcomeUnknown         a committing command without an answer; `kkt_driver.recovery` finds out
└── StoreDamaged           the durable note of an intent cannot be read: a person looks before anything is sent
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kkt_driver.refusals import Refusal, refusal_of

if TYPE_CHECKING:
    from kkt_driver.intents import Intent
    from kkt_driver.verdicts import Ambiguous, NotRegistered

__all__ = [
    "AnswerLost",
    "DriverError",
    "LineLost",
    "Malformed",
    "Misuse",
    "NotSent",
    "OutcomeUnknown",
    "Refused",
    "StoreDamaged",
    "Undecided",
    "WrongDevice",
]


class DriverError(Exception):
    """The base of everything this package raises on purpose."""


class Misuse(DriverError):
    """Ours: the caller asked for what cannot be."""


class Malformed(DriverError):
    """Bytes that are not what the protocol says."""


class Refused(DriverError):
    """The register's: `code` is the raw error byte, `command` the command's code in hex, `data` what followed.

    A refusal of a committing command is no proof by itself (a drive may have committed before the register failed);
    whoever proved that no document exists says so in `proof`.
    """

    proof: NotRegistered | None = None
    incomplete = False
    """The register may have lost a part of the receipt before: what it refused may not be what the shop sent."""

    def __init__(self, code: int, *, command: str, data: bytes = b"") -> None:
        self.code, self.command, self.data = code, command, data
        super().__init__(f"{command} was refused with {code:02X}h: {self.meaning.name} ({self.meaning.message_ru})")

    @property
    def meaning(self) -> Refusal:
        """The row of the error table: names, disposition, source. An unknown code is the station's business, and so is
        what a register says of a receipt that it lost a part of."""
        found = refusal_of(self.code, self.command)
        return found._replace(disposition="station") if self.incomplete else found


class WrongDevice(DriverError):
    """Another register or drive answers than the one that was identified: a swapped cable, a swapped drive."""


class LineLost(DriverError):
    """The wire's: the exchange has no answer. `why` says what happened on the line, `command` which it was."""

    def __init__(self, why: str, *, command: str = "") -> None:
        self.why, self.command = why, command
        super().__init__(f"{command}: {why}" if command else why)


class NotSent(LineLost):
    """It is proved that the register did not execute the command; it may be sent again."""


class AnswerLost(LineLost):
    """The register may have executed the command. Ask it before anything else is sent."""


class OutcomeUnknown(DriverError):
    """A committing command went out and its answer is lost. Neither success nor failure: resolve `intent` first."""

    def __init__(self, intent: Intent, why: str = "") -> None:
        self.intent, self.why = intent, why
        super().__init__(
            f"{intent.command} of job {intent.job} may have been executed after document {intent.last_document} of "
            f"drive {intent.drive}{f' ({why})' if why else ''}: resolve the intent before anything else is sent"
        )


class Undecided(DriverError):
    """Whether the receipt was registered cannot be told from the register's answers: `verdict` has the evidence, and
    the intent stays open until a person decides."""

    def __init__(self, verdict: Ambiguous) -> None:
        self.verdict = verdict
        super().__init__(
            f"{verdict.intent.action} of job {verdict.intent.job} on drive {verdict.intent.drive} needs a person: "
            f"{verdict.reason}"
        )


class StoreDamaged(DriverError):
    """The durable note of an intent cannot be read or written; it must never be taken for an empty one."""
