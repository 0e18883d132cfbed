"""A committing command goes out once by its intent, and again only by a proof."""

from __future__ import annotations

import msgspec
import pytest

from kkt_driver import commands as k
from kkt_driver.errors import LineLost, Misuse, OutcomeUnknown
from kkt_driver.recovery import commit
from tests.kkt_driver.recovery.test_resolving import INTENT


def test_commit_asks_with_the_intent_as_it_was_stored() -> None:
    """The runner adds layer and frame number: what an OutcomeUnknown carries is what the journal holds."""
    stored = msgspec.structs.replace(INTENT, link="alternative", frame=17)
    procedure = commit(k.CloseReceipt(payments=(0,) * 16, tax_system=1), INTENT)
    procedure.send(None)
    procedure.send(stored)
    with pytest.raises(OutcomeUnknown) as caught:
        procedure.throw(LineLost("gone"))
    assert caught.value.intent == stored


def test_what_nobody_could_resolve_is_not_sent() -> None:
    """An action without a decision table stops before its intent is recorded."""
    with pytest.raises(Misuse):
        commit(k.OpenShift(), msgspec.structs.replace(INTENT, action="refill")).send(None)
