"""Corrections: of a settlement that should have had a receipt, or had a wrong one.

In format 1.2 a correction is an ordinary receipt with a basis: `receipt(…, basis=Basis(…))`. Formats 1.0 to 1.1 know a
sum instead of items: `correction`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

import msgspec

from ffd import tlv
from ffd.receipts import Payments
from ffd.values import normalise
from kkt_driver.commands import BeginCorrection, Correction, CorrectionReply, CorrectionV2, Request
from kkt_driver.effects import Procedure
from kkt_driver.errors import Misuse
from kkt_driver.intents import Fingerprint
from kkt_driver.procedures.forming import form
from kkt_driver.procedures.identity import Identity
from kkt_driver.verdicts import NotRegistered, Registered

__all__ = ["Basis", "CorrectedSum", "basis_tags", "correction"]


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """Why a correction is made: `kind` (1173) 0 on one's own, 1 by order; the day of the settlement that is corrected
    (1178); number (1179) and, before format 1.2, a description (1177) of the order or the memo."""

    day: date
    kind: int = 0
    number: str | None = None
    description: str | None = None


class CorrectedSum(msgspec.Struct, frozen=True, kw_only=True):
    """What a correction of formats 1.0 to 1.1 holds; kopecks. `operation` 1 income, 3 expense (from 1.1 on also 2, 4);
    `taxes` by the rows of FF45h: VAT 20 %, 10 %, turnover at 0 % and without VAT, 20/120, 10/110."""

    operation: int
    payments: Payments
    tax_system: int
    taxes: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)

    @property
    def total(self) -> int:
        return self.payments.total


def correction(
    what: CorrectedSum,
    basis: Basis,
    *,
    job: str,
    identity: Identity,
    again: NotRegistered | None = None,
    plain: bool = False,
    password: int = 30,
) -> Procedure[Registered]:
    """FF35h, the basis, FF4Ah (`plain`: FF36h of format 1.0, which knows neither payments nor taxes).

    The same errors as `receipt`; Refused with 37h: this firmware makes corrections as receipts (format 1.2).
    """
    paid = what.payments
    if plain and what.operation not in (1, 3):
        raise Misuse(f"operation {what.operation} has no correction in format 1.0: income (1) and expense (3) have")
    request: Request[CorrectionReply] = (
        Correction(password=password, total=what.total, operation=what.operation)
        if plain
        else CorrectionV2(
            password=password,
            kind=basis.kind,
            operation=what.operation,
            total=what.total,
            cash=paid.cash,
            electronic=paid.cashless,
            prepaid=paid.prepaid,
            credit=paid.credit,
            barter=paid.barter,
            taxes=what.taxes,
            tax_system=what.tax_system,
        )
    )
    made = yield from form(
        request,
        action="correction",
        job=job,
        identity=identity,
        again=again,
        begin=BeginCorrection(password=password),
        fields=basis_tags(basis),
        fingerprint=Fingerprint(
            operation=what.operation,
            total=what.total,
            payments=(paid.cash, paid.cashless, paid.prepaid, paid.credit, paid.barter),
            items=(),
        ),
        password=password,
    )
    return made.registered(receipt=made.answer.receipt)


def basis_tags(basis: Basis) -> Iterator[tlv.Tlv]:
    """1173 and 1174 of a correction, in the order of the format."""
    yield tlv.field(1173, basis.kind)
    inside = [tlv.field(1178, datetime.combine(basis.day, time()))]
    if basis.description is not None:
        inside.insert(0, tlv.field(1177, normalise(basis.description)))
    if basis.number is not None:
        inside.append(tlv.field(1179, normalise(basis.number)))
    yield tlv.Tlv(1174, tuple(inside))
