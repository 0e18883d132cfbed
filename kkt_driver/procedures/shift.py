"""Opening and closing a shift, and what is printed in between.

E0h and 41h answer without a document number, so the archive gives the evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ffd import tlv
from ffd.values import normalise
from kkt_driver.commands import BeginCloseShift, BeginOpenShift, OpenShift, XReport, ZReport
from kkt_driver.effects import Procedure
from kkt_driver.procedures.forming import form
from kkt_driver.procedures.identity import Identity, State
from kkt_driver.procedures.patience import patiently
from kkt_driver.verdicts import NotRegistered, ShiftDone

__all__ = ["Cashier", "cashier_fields", "close_shift", "open_shift", "x_report"]


class Cashier(msgspec.Struct, frozen=True, kw_only=True):
    """Who opens or closes the shift (1021, 1203), when it is not whom the register's table 2 names."""

    name: str
    inn: str | None = None


def open_shift(
    *,
    job: str,
    identity: Identity,
    state: State,
    again: NotRegistered | None = None,
    cashier: Cashier | None = None,
    password: int = 30,
) -> Procedure[ShiftDone]:
    """E0h. It may take two minutes while the drive fetches marking keys; the same errors as `receipt`."""
    del state  # FF40h is asked: a shift is opened once a day, and its number must be sure
    made = yield from form(
        OpenShift(password=password),
        action="shift_open",
        job=job,
        identity=identity,
        again=again,
        begin=BeginOpenShift(password=password) if cashier else None,
        fields=cashier_fields(cashier),
        shift_moves=1,
        password=password,
    )
    return ShiftDone(**made.parts(shift=made.intent.shift + 1, receipt=0))


def close_shift(
    *,
    job: str,
    identity: Identity,
    state: State,
    again: NotRegistered | None = None,
    cashier: Cashier | None = None,
    password: int = 30,
) -> Procedure[ShiftDone]:
    """41h, the only way out of mode 3; the same errors as `receipt`."""
    del state
    made = yield from form(
        ZReport(password=password),
        action="shift_close",
        job=job,
        identity=identity,
        again=again,
        begin=BeginCloseShift(password=password) if cashier else None,
        fields=cashier_fields(cashier),
        password=password,
    )
    return ShiftDone(**made.parts())


def cashier_fields(cashier: Cashier | None) -> Iterator[tlv.Tlv]:
    """1021 and 1203 for a document; none when the register's own table is to name the cashier."""
    if cashier is not None:
        yield tlv.field(1021, normalise(cashier.name))
        if cashier.inn is not None:
            yield tlv.field(1203, cashier.inn)


def x_report(*, password: int = 30) -> Procedure[None]:
    """40h: prints what the shift has so far. No document, and nothing changes."""
    yield from patiently(XReport(password=password))
