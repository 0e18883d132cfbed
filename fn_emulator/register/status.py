"""Who and how the register is, its tables, registers and clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fn_emulator.register.counters import MONEY_MAX, TURNOVER_5, money_of_receipt, operations_of_receipt
from fn_emulator.register.printer import BUSY, Submode
from fn_emulator.register.refusal import Code, Refusal
from fn_emulator.tables import TABLES
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS"]

_BATTERY, _POWER = 0xC0, 0xD8  # 3.8 V and 24 V
_DRIVE_TABLE, _OPERATOR_TABLE, _DEVICES_TABLE, _FORMAT_FIELD = 18, 19, 24, (17, 17)
_MODEL_PARAMETERS = 1
_PAPER, _LEVER, _COVER_OPEN, _DRAWER_OPEN = 1 << 1 | 1 << 7, 1 << 9, 1 << 10, 1 << 11  # of the flags in 10h and 11h
_DRAWER_SENSOR, _LAST_PRINT = 1 << 15, 1 << 34  # of the features in F7h
_OPERATIONS_OF_RECEIPT, _MONEY_OF_RECEIPT = 72, 121
_DATE_OF_DRIVE = slice(5, 8)


def short(register: RegisterCore, request: c.ShortStatus, operator: int) -> c.ShortStatusReply:
    operations = register.receipt.operations if register.receipt else 0
    return c.ShortStatusReply(
        operator=operator,
        flags=_flags(register),
        mode_byte=register.mode_byte,
        submode=register.submode,
        operations_low=operations & 0xFF,
        operations_high=operations >> 8,
        battery=_BATTERY,
        power=_POWER,
        last_print=_last_print(register),
    )


def _flags(register: RegisterCore) -> int:
    """What the sensors say, over the model's healthy flags."""
    printer, flags = register.printer, register.model.flags
    if not printer.paper:
        flags &= ~_PAPER
    if printer.cover_open:
        flags = flags & ~_LEVER | _COVER_OPEN
    if printer.drawer_open and register.model.features & _DRAWER_SENSOR:
        flags |= _DRAWER_OPEN
    return flags


def _last_print(register: RegisterCore) -> int | None:
    if not register.model.features & _LAST_PRINT:
        return None
    return BUSY if register.submode is Submode.PRINTING else register.printer.last_print


def full(register: RegisterCore, request: c.FullStatus, operator: int) -> c.FullStatusReply:
    model, clock = register.model, register.clock.at(register.now)
    inn = register.settings.text(18, 1, 2)
    left, done, last_shift = _drive_counts(register)
    return c.FullStatusReply(
        operator=operator,
        version=model.version,
        build=model.build,
        software_date=model.software_date,
        hall_number=register.settings.number(1, 1, 1),
        through_number=register.counters.through_number,
        flags=_flags(register),
        mode_byte=register.mode_byte,
        submode=register.submode,
        port=register.port,
        date=clock.date(),
        time=clock.time(),
        serial_low=int(register.serial) & 0xFFFFFFFF,
        last_closed_shift=last_shift,
        registrations_done=done,
        registrations_left=left,
        inn=int(inn) if inn.isdigit() else 0xFFFFFFFFFFFF,
    )


def _drive_counts(register: RegisterCore) -> tuple[int, int, int]:
    """Registrations left and done, last closed shift; zeros where the drive has nothing to say yet."""
    try:
        expiry = register.ask(0x32)
        shift = register.ask(0x10)
    except Refusal:
        return 0, 0, 0
    number = int.from_bytes(shift[1:3], "little") - shift[0]
    return (*expiry[3:5], number) if len(expiry) >= 5 else (0, 0, number)


def device_type(register: RegisterCore, request: c.DeviceType, operator: int) -> c.DeviceTypeReply:
    return c.DeviceTypeReply(model=register.model.number, name=register.model.name)


def model_parameters(register: RegisterCore, request: c.ModelParameters, operator: int) -> c.ModelParametersReply:
    if request.type != _MODEL_PARAMETERS:
        raise Refusal(Code.INCORRECT)
    model = register.model
    return c.ModelParametersReply(
        flags=model.features,
        width_font_1=model.characters,
        width_font_2=model.characters // 2,
        first_graphic_line=1,
        inn_digits=12,
        registration_digits=8,
        long_registration_digits=14,
        long_serial_digits=14,
        tax_password=0,
        administrator_password=30,
        bluetooth_table=0,
        tax_calculation_field=14,
        command_length_max=255,
        graphic_line_width=64,
        graphic_512_width=64,
        graphic_512_lines=600,
        more=bytes(
            (model.on_the_wire(_DRIVE_TABLE), model.on_the_wire(_OPERATOR_TABLE), _DEVICES_TABLE, *_FORMAT_FIELD)
        ),
    )


def error_text(register: RegisterCore, request: c.ErrorText, operator: int) -> c.ErrorTextReply:
    from kkt_driver.refusals import REFUSALS

    code = register.last_error if request.code is None else request.code
    found = REFUSALS.get(code)
    return c.ErrorTextReply(text=found.message_ru if found else "Неизвестная ошибка")


def money_register(register: RegisterCore, request: c.MoneyRegister, operator: int) -> c.MoneyRegisterReply:
    number = request.number
    if number > MONEY_MAX or 252 < number < 4096:
        raise Refusal(Code.INCORRECT)
    if number < _MONEY_OF_RECEIPT or 4096 <= number < 4144 or number >= TURNOVER_5:
        receipt, closing = (register.receipt, None) if register.receipt else register.last_receipt or (None, None)
        value = money_of_receipt(receipt, closing, number) if receipt else 0
    else:
        value = register.counters.money.get(number, 0)
    return c.MoneyRegisterReply(operator=operator, value=value)


def operation_register(register: RegisterCore, request: c.OperationRegister, operator: int) -> c.OperationRegisterReply:
    value = register.counters.counts.get(request.number, 0)
    if request.number < _OPERATIONS_OF_RECEIPT:
        receipt = register.receipt or (register.last_receipt or (None,))[0]
        value = operations_of_receipt(receipt, request.number) if receipt else 0
    return c.OperationRegisterReply(operator=operator, value=value)


# --- tables ---------------------------------------------------------------------------------------------------------


def write_table(register: RegisterCore, request: c.WriteTable, operator: int) -> c.Done:
    at = register.model.table(request.table), request.row, request.field
    register.set(*at, register.settings.parse(*at, request.value, shift_open=register.shift_open))
    return c.Done()


def read_table(register: RegisterCore, request: c.ReadTable, operator: int) -> c.ReadTableReply:
    table = register.model.table(request.table)
    if table == 20:
        _mirror(register)
    return c.ReadTableReply(value=register.settings.read(table, request.row, request.field))


def _mirror(register: RegisterCore) -> None:
    """Table 20 shows what FF39h says; nothing of it is written down."""
    try:
        found = register.ask(0x20)
    except Refusal:
        return
    for field, value in ((1, found[0]), (2, found[1]), (3, found[2:4]), (4, found[4:8])):
        number = value if isinstance(value, int) else int.from_bytes(value, "little")
        register.settings.put(20, 1, field, number)


def table_structure(register: RegisterCore, request: c.TableStructure, operator: int) -> c.TableStructureReply:
    number = register.model.table(request.table)
    rows, fields = register.settings.size(number)
    return c.TableStructureReply(name=TABLES[number].name, rows=rows, fields=fields)


def field_structure(register: RegisterCore, request: c.FieldStructure, operator: int) -> c.FieldStructureReply:
    field = register.settings.field(register.model.table(request.table), request.field)
    return c.FieldStructureReply(name=field.name[:40], type=int(field.text), size=field.size, limits=field.limits())


# --- clock ----------------------------------------------------------------------------------------------------------


def set_time(register: RegisterCore, request: c.SetTime, operator: int) -> c.Done:
    if request.time is None:
        raise Refusal(Code.WRONG_DATE)
    register.clock.set_time(register.now, request.time)
    register.save_clock()
    return c.Done()


def set_date(register: RegisterCore, request: c.SetDate, operator: int) -> c.Done:
    if request.date is None:
        raise Refusal(Code.WRONG_DATE)
    register.clock.set_date(register.now, request.date)
    register.date_awaited = True
    register.save_clock()
    return c.Done()


def confirm_date(register: RegisterCore, request: c.ConfirmDate, operator: int) -> c.Done:
    """23h: the date of 22h once more, and not before the last document."""
    if request.date is None:
        raise Refusal(Code.WRONG_DATE)
    if request.date != register.clock.at(register.now).date():
        raise Refusal(Code.OTHER_DATE)
    last = register.ask(0x30)[_DATE_OF_DRIVE]
    if bytes((request.date.year - 2000, request.date.month, request.date.day)) < last:
        raise Refusal(Code.CHECK_CLOCK)
    register.date_awaited = False
    register.reset_allowed = False
    register.save_clock()
    return c.Done()


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.ShortStatus: short,
    c.FullStatus: full,
    c.DeviceType: device_type,
    c.ModelParameters: model_parameters,
    c.ErrorText: error_text,
    c.MoneyRegister: money_register,
    c.OperationRegister: operation_register,
    c.WriteTable: write_table,
    c.ReadTable: read_table,
    c.TableStructure: table_structure,
    c.FieldStructure: field_structure,
    c.SetTime: set_time,
    c.SetDate: set_date,
    c.ConfirmDate: confirm_date,
}
