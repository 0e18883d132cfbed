"""What is known of a committing command when all is said: a document exists, none exists, or a person must look.

`NotRegistered` is a proof, and the only thing that lets a committing command be issued again. It is made in
`kkt_driver.recovery.proofs` alone: its constructor asks for a seal that nothing else holds.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, final

import msgspec

from kkt_driver.errors import Misuse
from kkt_driver.intents import Intent

__all__ = ["Ambiguous", "CashDone", "Evidence", "NotRegistered", "Registered", "ShiftDone", "Verdict"]

Evidence: TypeAlias = dict[str, Any]
"""What was seen and why it was judged so, in plain JSON values: it is kept with the job for good."""


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A document exists: its number, its sign and the moment the register's clock gave it.

    `paper_pending` means that the document is registered and its paper is not out: finish printing, never repeat it.
    """

    document: int
    sign: int
    moment: datetime
    shift: int
    receipt: int
    serial: str
    drive: str
    evidence: Evidence
    action: str = "receipt"
    paper_pending: bool = False


class ShiftDone(Registered, frozen=True, kw_only=True):
    """A shift was opened or closed (`action`); `receipt` is 0 at opening and the last receipt's number at closing."""


class CashDone(msgspec.Struct, frozen=True, kw_only=True):
    """Money was put in or taken out (`action`), once: what the drawer holds now and the operation's own number."""

    action: str
    amount: int
    drawer: int
    number: int
    serial: str
    drive: str
    evidence: Evidence
    paper_pending: bool = False


class Ambiguous(msgspec.Struct, frozen=True, kw_only=True):
    """The register's answers do not decide it. A person does, with `evidence`; nothing is issued again."""

    intent: Intent
    reason: str
    evidence: Evidence


class _Seal:
    """Held by `kkt_driver.recovery.proofs` and by nobody else."""


@final
@dataclass(frozen=True, kw_only=True)
class NotRegistered:
    """Proof that the command of `intent` made no document and cannot make one any more."""

    intent: Intent
    reason: str
    evidence: Evidence = field(hash=False)
    seal: InitVar[_Seal]

    def __post_init__(self, seal: _Seal) -> None:
        if not isinstance(seal, _Seal):
            raise Misuse("NotRegistered is a proof: only kkt_driver.recovery makes one, out of a register's answers")


Verdict: TypeAlias = Registered | CashDone | NotRegistered | Ambiguous
