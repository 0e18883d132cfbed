"""The report on the state of settlements (document 21): what the operator has not confirmed yet."""

from __future__ import annotations

from datetime import date

import msgspec

from kkt_driver.commands import SettlementReport
from kkt_driver.effects import Procedure
from kkt_driver.procedures.forming import form
from kkt_driver.procedures.identity import Identity
from kkt_driver.verdicts import NotRegistered, Registered

__all__ = ["Settlements", "settlements"]


class Settlements(msgspec.Struct, frozen=True, kw_only=True):
    """The document, how many others wait for the operator, and since when the oldest does."""

    document: Registered
    unconfirmed: int
    since: date | None


def settlements(
    *, job: str, identity: Identity, again: NotRegistered | None = None, password: int = 30
) -> Procedure[Settlements]:
    """FF38h, which begins the report by itself; the same errors as `receipt`. It costs the drive a document: make one
    when the law asks for it (before a change of registration), read FF3Fh and FF39h otherwise."""
    made = yield from form(
        SettlementReport(password=password),
        action="settlement",
        job=job,
        identity=identity,
        again=again,
        password=password,
    )
    return Settlements(
        document=made.registered(), unconfirmed=made.answer.unconfirmed, since=made.answer.first_unconfirmed
    )
