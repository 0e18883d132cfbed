"""Registration of a register with a fresh drive, changes of it, and the closing of a drive's fiscal mode.

What the documents hold stands in the register's tables (the drive's table, 18 on desktops): the procedures write there
what differs, then form the document. All three cost a document and cannot be undone; the last one ends the drive.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ffd import tlv
from ffd.enums import ChangeReason
from ffd.values import normalise
from kkt_driver.commands import BeginClosing, BeginRegistration, ChangeRegistration, CloseDrive, Register
from kkt_driver.effects import Procedure
from kkt_driver.errors import Misuse
from kkt_driver.procedures.forming import form
from kkt_driver.procedures.identity import Identity
from kkt_driver.procedures.shift import Cashier, cashier_fields
from kkt_driver.procedures.tables import put
from kkt_driver.verdicts import NotRegistered, Registered

__all__ = ["REASON_BYTES", "Registration", "change_registration", "close_drive", "reason_byte", "register"]

FFD_1_1 = 3
"""1209 of the first edition that tells its reasons in 1205."""

PREPARED = 1
"""Life phase of a drive that waits for its registration."""

LINE_MAX = 128
"""Characters of one line of the drive's table; the second line of a long text has a field of its own."""

_OWN_BYTE = {
    ChangeReason.FISCAL_DRIVE_REPLACEMENT: 1,
    ChangeReason.OFD_REPLACEMENT: 2,
    ChangeReason.USER_NAME_CHANGE: 3,
    ChangeReason.ADDRESS_OR_PLACE_CHANGE: 3,
}
REASON_BYTES: dict[ChangeReason, int] = {reason: _OWN_BYTE.get(reason, 4) for reason in ChangeReason}
"""Reason of 1205 → byte of FF34h: 1 drive replaced, 2 operator, 3 owner's data, 4 the register's settings."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a register is registered with.

    Masks as in the drive: `tax_systems` 1062, `work_mode` (0 encryption, 1 without an operator, 2 automatic,
    3 services, 4 strict-reporting forms, 5 internet), `extended_mode` (0 excise, 1 gambling, 2 lottery, 3 printer in
    a machine, 4 marked goods, 5 pawnshop, 6 insurance, 7 vending).
    """

    inn: str
    rnm: str
    tax_systems: int
    work_mode: int
    user: str
    address: str
    place: str
    operator_name: str
    operator_inn: str
    extended_mode: int = 0
    tax_site: str = "www.nalog.gov.ru"
    sender: str = ""
    agent: int = 0
    machine: str | None = None
    cashier: Cashier | None = None


def register(
    what: Registration, *, job: str, identity: Identity, again: NotRegistered | None = None, password: int = 30
) -> Procedure[Registered]:
    """FF05h, FF06h: the first document of a drive. The same errors as `receipt`; set the clock before."""
    _check(what, identity)
    if identity.phase != PREPARED:
        raise Misuse(f"drive {identity.drive} is in phase {identity.phase}: only a fresh one (1) can be registered")
    yield from _write(what, identity, password)
    made = yield from form(
        Register(
            password=password,
            inn=what.inn,
            registration_number=what.rnm,
            tax_systems=what.tax_systems,
            work_mode=what.work_mode,
        ),
        action="registration",
        job=job,
        identity=identity,
        again=again,
        begin=BeginRegistration(password=password, type=0),
        fields=_fields(what),
        password=password,
    )
    return made.registered()


def change_registration(
    what: Registration,
    reasons: ChangeReason,
    *,
    job: str,
    identity: Identity,
    again: NotRegistered | None = None,
    password: int = 30,
) -> Procedure[Registered]:
    """FF05h, FF34h: a report on why the registration changed, with the shift closed and everything delivered.

    Replacing the drive is a reason of its own: the report is then the new drive's first document.
    """
    _check(what, identity)
    if not reasons:
        raise Misuse("a change of registration has a reason")
    replaced = ChangeReason.FISCAL_DRIVE_REPLACEMENT in reasons
    if replaced != (identity.phase == PREPARED):
        raise Misuse(
            f"drive {identity.drive} is in phase {identity.phase}: a replaced drive is a fresh one, and only it"
        )
    yield from _write(what, identity, password)
    yield from put(identity.drive_table, 22, int(reasons), password=password)
    fields = list(_fields(what))
    if identity.ffd >= FFD_1_1:
        fields.append(tlv.field(1205, int(reasons)))
    made = yield from form(
        ChangeRegistration(
            password=password,
            inn=what.inn,
            registration_number=what.rnm,
            tax_systems=what.tax_systems,
            work_mode=what.work_mode,
            reason=reason_byte(reasons),
        ),
        action="change",
        job=job,
        identity=identity,
        again=again,
        begin=BeginRegistration(password=password, type=1 if replaced else 2),
        fields=fields,
        password=password,
    )
    return made.registered()


def close_drive(
    *,
    job: str,
    identity: Identity,
    again: NotRegistered | None = None,
    cashier: Cashier | None = None,
    password: int = 30,
) -> Procedure[Registered]:
    """FF3Dh, FF3Eh: the last document of a drive. Irreversible: afterwards it only delivers and is read."""
    made = yield from form(
        CloseDrive(password=password),
        action="closing",
        job=job,
        identity=identity,
        again=again,
        begin=BeginClosing(password=password),
        fields=cashier_fields(cashier),
        password=password,
    )
    return made.registered()


def reason_byte(reasons: ChangeReason) -> int:
    """The byte of FF34h: it has room for one reason, so the weightiest goes there."""
    return min(REASON_BYTES[reason] for reason in ChangeReason if reason in reasons)


def _check(what: Registration, identity: Identity) -> None:
    for name, value, size in (("inn", what.inn, 12), ("rnm", what.rnm, 20), ("operator_inn", what.operator_inn, 12)):
        if not value.isascii() or len(value) > size:
            raise Misuse(f"{name}: {value!r} does not fit {size} digits")
    for name in ("user", "address", "place", "operator_name"):
        if len(getattr(what, name)) > 2 * LINE_MAX:
            raise Misuse(f"{name}: the register keeps {2 * LINE_MAX} characters")


def _write(what: Registration, identity: Identity, password: int) -> Procedure[None]:
    """The drive's table, as far as it differs; a field that this model does not have is left out."""
    table = identity.drive_table
    for first, second, text in (
        (7, 17, what.user),
        (9, 18, what.address),
        (10, 19, what.operator_name),
        (14, 20, what.place),
    ):
        yield from put(table, first, text[:LINE_MAX], password=password)
        yield from put(table, second, text[LINE_MAX:], password=password)
    for field, value in (
        (12, what.operator_inn),
        (13, what.tax_site),
        (15, what.sender),
        (16, what.agent),
        (21, what.extended_mode),
    ):
        yield from put(table, field, value, password=password)


def _fields(what: Registration) -> Iterator[tlv.Tlv]:
    yield from cashier_fields(what.cashier)
    if what.machine is not None:
        yield tlv.field(1036, normalise(what.machine))
