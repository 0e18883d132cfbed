"""The one place where a `NotRegistered` is made. Only recovery imports this, after it has asked the register."""

from __future__ import annotations

from kkt_driver.intents import Intent
from kkt_driver.verdicts import Evidence, NotRegistered, _Seal

__all__ = ["not_registered"]

_SEAL = _Seal()


def not_registered(intent: Intent, reason: str, evidence: Evidence) -> NotRegistered:
    """The proof that the command of `intent` left nothing and can leave nothing any more."""
    return NotRegistered(intent=intent, reason=reason, evidence=evidence, seal=_SEAL)
