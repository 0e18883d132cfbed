"""What a register says about itself: state, type, parameters, counters."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import (
    SYSTEM_ADMINISTRATOR,
    U1,
    U2,
    U4,
    U6,
    U7,
    U8,
    Authorised,
    Block,
    Bytes,
    MaybeU1,
    Request,
    Text,
)

__all__ = [
    "LongSerialReply",
    "LongSerial",
    "ShortStatusReply",
    "ShortStatus",
    "FullStatusReply",
    "FullStatus",
    "DeviceTypeReply",
    "DeviceType",
    "ModelParametersReply",
    "ModelParameters",
    "ErrorTextReply",
    "ErrorText",
    "MoneyRegisterReply",
    "MoneyRegister",
    "OperationRegisterReply",
    "OperationRegister",
    "FontReply",
    "Font",
    "LongPrinterStatus",
    "ShortPrinterStatus",
]


class LongSerialReply(msgspec.Struct, frozen=True, kw_only=True):
    serial: U7
    registration_number: U7


class LongSerial(Authorised[LongSerialReply], frozen=True, kw_only=True):
    """0Fh, optional: a register with a drive gives its serial number in table 18 field 1."""


class ShortStatusReply(msgspec.Struct, frozen=True, kw_only=True):
    """10h. `mode_byte` holds the mode (low nibble) and its status (high nibble)."""

    operator: U1
    flags: U2
    mode_byte: U1
    submode: U1
    operations_low: U1
    battery: U1
    power: U1
    memory_error: U1 = 0
    journal_error: U1 = 0
    operations_high: U1 = 0
    reserved: Annotated[bytes, c.Packed(3, bytes, bytes)] = bytes(3)
    last_print: MaybeU1 = None

    @property
    def mode(self) -> int:
        return self.mode_byte & 0x0F

    @property
    def mode_status(self) -> int:
        return self.mode_byte >> 4

    @property
    def operations(self) -> int:
        """Operations in the open receipt."""
        return self.operations_high << 8 | self.operations_low


class ShortStatus(Authorised[ShortStatusReply], frozen=True, kw_only=True):
    pass


class FullStatusReply(msgspec.Struct, frozen=True, kw_only=True):
    """11h, 48 bytes on the wire; fiscal-memory fields are dummies on a register with a drive."""

    operator: U1
    version: Annotated[str, c.ascii_text(2)]
    build: U2
    software_date: Annotated[date | None, c.date_dmy]
    hall_number: U1
    through_number: U2
    flags: U2
    mode_byte: U1
    submode: U1
    port: U1
    memory_version: Annotated[str, c.ascii_text(2)] = "NA"
    memory_build: U2 = 0
    memory_date: Annotated[date | None, c.date_dmy] = date(2010, 1, 1)
    date: Annotated[date | None, c.date_dmy]
    time: Annotated[time | None, c.time_hms]
    memory_flags: U1 = 0
    serial_low: U4
    last_closed_shift: U2
    free_records: U2 = 0
    registrations_done: U1
    registrations_left: U1
    inn: U6
    serial_high: Annotated[int | None, c.maybe(c.Int2)] = None

    @property
    def mode(self) -> int:
        return self.mode_byte & 0x0F

    @property
    def clock(self) -> datetime | None:
        """The register's clock, or None when its date or time makes no sense."""
        return None if self.date is None or self.time is None else datetime.combine(self.date, self.time)


class FullStatus(Authorised[FullStatusReply], frozen=True, kw_only=True):
    pass


class DeviceTypeReply(msgspec.Struct, frozen=True, kw_only=True):
    type: U1 = 0
    subtype: U1 = 0
    protocol: U1 = 1
    subprotocol: U1 = 14
    model: U1
    language: U1 = 0
    name: Text


class DeviceType(Request[DeviceTypeReply], frozen=True, kw_only=True):
    pass


class ModelParametersReply(msgspec.Struct, frozen=True, kw_only=True):
    """F7h 01. `more` holds the bytes that later firmware appends (drive and operator table numbers)."""

    flags: U8
    width_font_1: U1
    width_font_2: U1
    first_graphic_line: U1
    inn_digits: U1
    registration_digits: U1
    long_registration_digits: U1
    long_serial_digits: U1
    tax_password: U4
    administrator_password: U4
    bluetooth_table: U1
    tax_calculation_field: U1
    command_length_max: U2
    graphic_line_width: U1
    graphic_512_width: U1
    graphic_512_lines: U2
    more: Bytes = b""


class ModelParameters(Request[ModelParametersReply], frozen=True, kw_only=True):
    """F7h; only type 1, the model's parameters, is described."""

    type: U1 = 1
    data: Bytes = b""


class ErrorTextReply(msgspec.Struct, frozen=True, kw_only=True):
    text: Text


class ErrorText(Request[ErrorTextReply], frozen=True, kw_only=True):
    """6Bh: the text of `code`, or of the last error."""

    code: MaybeU1 = None


class MoneyRegisterReply(msgspec.Struct, frozen=True, kw_only=True):
    operator: U1
    value: U6


class MoneyRegister(Authorised[MoneyRegisterReply], frozen=True, kw_only=True):
    """1Ah: kopecks; registers above 255 take a two-byte number."""

    low: U1
    high: MaybeU1 = None

    @classmethod
    def numbered(cls, number: int, *, password: int = SYSTEM_ADMINISTRATOR) -> MoneyRegister:
        return cls(password=password, low=number & 0xFF, high=number >> 8 if number > 0xFF else None)

    @property
    def number(self) -> int:
        return (self.high or 0) << 8 | self.low


class OperationRegisterReply(msgspec.Struct, frozen=True, kw_only=True):
    operator: U1
    value: U2


class OperationRegister(Authorised[OperationRegisterReply], frozen=True, kw_only=True):
    number: U1


class FontReply(msgspec.Struct, frozen=True, kw_only=True):
    """26h: the width of the line and the size of a character, dots."""

    line_dots: U2
    character_width: U1
    character_height: U1
    fonts: U1


class Font(Authorised[FontReply], frozen=True, kw_only=True):
    font: U1 = 1


class LongPrinterStatus(Authorised[Block], frozen=True, kw_only=True):
    """D0h: no source tells the layout of its answer."""


class ShortPrinterStatus(Authorised[Block], frozen=True, kw_only=True):
    """D1h: as D0h."""
