"""Who answers on a line, in what state it is, and whether it is set up for a host that lives elsewhere."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kkt_driver.commands import (
    DeviceType,
    DriveNumber,
    DriveStatus,
    FullStatus,
    FullStatusReply,
    ModelParameters,
    ModelParametersReply,
    ReadTable,
    ReadTableReply,
    RegistrationTotals,
    ShiftParameters,
    ShiftParametersReply,
    ShortStatus,
    WriteTable,
)
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Refused, WrongDevice
from kkt_driver.verdicts import Registered

__all__ = [
    "Expected",
    "Identity",
    "Setting",
    "State",
    "expect_drive",
    "identify",
    "prepare",
    "read_number",
    "read_serial",
    "read_shift",
    "read_state",
    "recognise",
]


NO_SERIAL = 0xFFFFFFFF
"""11h of a register whose number was not entered."""

UNKNOWN_HERE = frozenset((0x33, 0x34, 0x35, 0x36, 0x37, 0x5D))
"""Refusals of a model that does not have the command, table or field. Any other one is trouble, not an answer."""

NOT_REGISTERED_YET = frozenset((0x01, 0x02, 0x08, 0x37, 0x8F))
"""Refusals of FF09h by a drive without a registration, and by registers that do not know the command."""


WITHOUT_SHIFTS = frozenset((0x01, 0x02, 0x08, 0x37))
"""Refusals of FF40h by a drive that is not registered yet, or not any more."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What does not change while a register works: read it at every connect, a swapped cable is found by it.

    `ffd` is the edition as tag 1209 gives it (2 is 1.05, 3 is 1.1, 4 is 1.2); `tax_systems` and `work_mode` are bit
    masks of the registration. Before registration the fields that come from it are empty.
    """

    model: str
    model_code: int
    serial: str
    drive: str
    phase: int
    inn: str = ""
    rnm: str = ""
    ffd: int = 0
    tax_systems: int = 0
    work_mode: int = 0
    user: str = ""
    address: str = ""
    place: str = ""
    sender: str = ""
    operator_name: str = ""
    operator_inn: str = ""
    operator_host: str = ""
    operator_port: int = 0
    flags: int = 0
    clock: datetime | None = None
    drive_table: int = 18
    operator_table: int = 19
    device_table: int = 24


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What changes with every document: mode (10h), drive (FF01h) and shift (FF40h) in one look.

    `shift` and `receipt` are the open shift and its last receipt; with the shift closed, those of the last one.
    """

    mode: int
    mode_status: int
    submode: int
    operations: int
    phase: int
    current_document: int
    shift_open: bool
    shift: int
    receipt: int
    last_document: int
    drive: str
    warnings: int
    moment: datetime | None = None

    def after(self, done: Registered) -> State:
        """The state once `done` is a document, so that nothing has to be asked again between receipts."""
        return msgspec.structs.replace(
            self,
            mode=MODE_AFTER.get(done.action, self.mode),
            mode_status=0,
            operations=0,
            phase=PHASE_AFTER.get(done.action, self.phase),
            current_document=0,
            shift_open=done.action == "shift_open" or (self.shift_open and done.action != "shift_close"),
            shift=done.shift,
            receipt=done.receipt,
            last_document=done.document,
            moment=done.moment,
        )


MODE_AFTER = {"receipt": 2, "shift_open": 2, "shift_close": 4}
"""Mode after a document; the others leave it as it is."""

PHASE_AFTER = {"registration": 3, "change": 3, "closing": 7}
"""Life phase of the drive after a document (FF01h): 3 at work, 7 closed with documents to deliver."""


def identify(*, password: int = 30) -> Procedure[Identity]:
    """Read who answers: device, drive, registration, and the tables that the registration was made from."""
    device = yield from ask(DeviceType())
    parameters = yield from _parameters()
    full = yield from ask(FullStatus(password=password))
    drive = yield from ask(DriveStatus(password=password))
    table = _table(parameters, 0, 18)
    operators = _table(parameters, 1, 19)
    text: dict[int, str] = {}
    for field in (1, 2, 3, 7, 9, 10, 12, 14, 15):
        text[field] = yield from _text(table, field, password)
    tax_systems = yield from _number(table, 5, password)
    work_mode = yield from _number(table, 6, password)
    edition = yield from _number(_table(parameters, 3, 17), _table(parameters, 4, 17), password)
    host = yield from _text(operators, 1, password)
    port = yield from _number(operators, 2, password)
    inn, rnm = text[2], text[3]
    try:
        registration = yield from ask(RegistrationTotals(password=password))
    except Refused as refusal:
        if refusal.code not in NOT_REGISTERED_YET:
            raise
    else:
        inn, rnm = registration.inn or inn, registration.registration_number or rnm
        tax_systems, work_mode = registration.tax_systems, registration.work_mode
    return Identity(
        model=device.name,
        model_code=device.model,
        serial=text[1] or _short_serial(full),
        drive=drive.drive,
        phase=drive.phase,
        inn=inn,
        rnm=rnm,
        ffd=edition,
        tax_systems=tax_systems,
        work_mode=work_mode,
        user=text[7],
        address=text[9],
        place=text[14],
        sender=text[15],
        operator_name=text[10],
        operator_inn=text[12],
        operator_host=host,
        operator_port=port,
        flags=parameters.flags if parameters else 0,
        clock=full.clock,
        drive_table=table,
        operator_table=operators,
        device_table=_table(parameters, 2, 24),
    )


def read_state(*, password: int = 30) -> Procedure[State]:
    """Mode, drive and shift: three reads that work in any mode."""
    short = yield from ask(ShortStatus(password=password))
    drive = yield from ask(DriveStatus(password=password))
    shift = yield from read_shift(password=password)
    return State(
        mode=short.mode,
        mode_status=short.mode_status,
        submode=short.submode,
        operations=short.operations,
        phase=drive.phase,
        current_document=drive.current_document,
        shift_open=bool(drive.shift_open),
        shift=shift.shift,
        receipt=shift.receipt,
        last_document=drive.last_document,
        drive=drive.drive,
        warnings=drive.warnings,
        moment=drive.moment,
    )


def read_shift(*, password: int = 30) -> Procedure[ShiftParametersReply]:
    """FF40h; closed, with number 0, of a drive that knows no shifts because it is not registered, or closed."""
    try:
        return (yield from ask(ShiftParameters(password=password)))
    except Refused as refusal:
        if refusal.code not in WITHOUT_SHIFTS:
            raise
        return ShiftParametersReply(open=0, shift=0, receipt=0)


def expect_drive(found: str, identity: Identity) -> None:
    """A drive that was swapped under us must not get a document that was meant for another."""
    if found != identity.drive:
        raise WrongDevice(
            f"drive {found or 'without a number'} answers where {identity.drive} was identified: "
            "identify the register again before anything is sent to it"
        )


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Which register, with which drive in it, is meant to be at the end of a line; None: whichever there is."""

    serial: str | None = None
    drive: str | None = None

    @classmethod
    def of(cls, identity: Identity) -> Expected:
        return cls(serial=identity.serial, drive=identity.drive)


def recognise(expected: Expected, *, password: int = 30) -> Procedure[None]:
    """Ask for serial number and drive; WrongDevice when either is another one: a swapped cable, a swapped drive."""
    if expected.serial is not None:
        serial = yield from read_serial(password=password)
        if serial != expected.serial:
            raise WrongDevice(f"register {serial or 'without a number'} answers where {expected.serial} should")
    if expected.drive is not None:
        drive = (yield from ask(DriveNumber(password=password))).drive
        if drive != expected.drive:
            raise WrongDevice(
                f"drive {drive or 'without a number'} answers where {expected.drive} should: "
                "identify the register again before anything is sent to it"
            )


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the register's tables, what it should hold and why; `was` is what it held."""

    table: int
    field: int
    value: int
    why: str
    row: int = 1
    was: int | None = None


EXTENDED_ANSWERS = Setting(table=17, field=36, value=1, why="answers carry the moment of the document")
NO_PRINTING = Setting(table=17, field=7, value=2, why="nothing is printed in a rack")
HOST_RELAYS = Setting(table=21, field=2, value=0, why="the host carries messages to the operator")


def prepare(
    identity: Identity, *, printing: bool | None = None, host_relays: bool = True, password: int = 30
) -> Procedure[tuple[Setting, ...]]:
    """Set the register up for this host and give back what was changed; fields that already fit are not written.

    `printing` None leaves paper as it is, False switches it off. A field that this model does not have is skipped.
    """
    wanted = [EXTENDED_ANSWERS]
    if printing is not None:
        wanted.append(NO_PRINTING if not printing else msgspec.structs.replace(NO_PRINTING, value=0, why="paper"))
    if host_relays:
        wanted.append(HOST_RELAYS)
    changed: list[Setting] = []
    for setting in wanted:
        now = yield from _read(setting.table, setting.field, password)
        if now is None or not now.value or now.number == setting.value:
            continue
        value = setting.value.to_bytes(len(now.value), "little")
        yield from ask(
            WriteTable(password=password, table=setting.table, row=setting.row, field=setting.field, value=value)
        )
        changed.append(msgspec.structs.replace(setting, was=now.number))
    return tuple(changed)


def read_serial(*, password: int = 30) -> Procedure[str]:
    """The serial number as `identify` gives it: from the drive's table, else the short one of 11h."""
    table = _table((yield from _parameters()), 0, 18)
    text = yield from _text(table, 1, password)
    return text or _short_serial((yield from ask(FullStatus(password=password))))


def _short_serial(full: FullStatusReply) -> str:
    return f"{full.serial_low:08d}" if full.serial_low != NO_SERIAL else ""


def _parameters() -> Procedure[ModelParametersReply | None]:
    try:
        return (yield from ask(ModelParameters()))
    except Refused as refusal:
        if refusal.code not in UNKNOWN_HERE:
            raise
        return None  # an old model does not know the command


def _table(parameters: ModelParametersReply | None, offset: int, default: int) -> int:
    """Bytes 31… of the model parameters, absent on old firmware; 0 means "unknown". The drive's table is 18 on
    desktops, 14 on mobile models, 13 on cashcore."""
    more = parameters.more if parameters is not None else b""
    return more[offset] if len(more) > offset and more[offset] else default


def _read(table: int, field: int, password: int) -> Procedure[ReadTableReply | None]:
    try:
        return (yield from ask(ReadTable(password=password, table=table, row=1, field=field)))
    except Refused as refusal:
        if refusal.code not in UNKNOWN_HERE:
            raise
        return None  # this model has no such field


def _text(table: int, field: int, password: int) -> Procedure[str]:
    found = yield from _read(table, field, password)
    return found.text if found is not None else ""


def _number(table: int, field: int, password: int) -> Procedure[int]:
    return (yield from read_number(table, field, password=password)) or 0


def read_number(table: int, field: int, *, password: int = 30) -> Procedure[int | None]:
    """A numeric setting; None when this model has no such field."""
    found = yield from _read(table, field, password)
    return found.number if found is not None and found.value else None
