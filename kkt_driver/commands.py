"""The commands of a register: typed requests and replies, and one table of what each command is.

Requests and replies carry no command code and no error byte; `encode_request`, `decode_reply` and their mirror pair
for an emulated register (`decode_request`, `encode_reply`, `refuse`) add and check them. Layouts follow the vendor's
description of protocol 1.17 with the amendments of older editions and published clients; `pw4` is `password` here.

A command's *kind* decides what may be done when its answer is lost:

* ``READ`` changes nothing; ``IDEMPOTENT`` may be sent again (same value, same result);
* ``STATEFUL`` changes the open document or the mode: it is never sent twice, the document is begun again instead;
* ``COMMITTING`` forms a fiscal document or moves money: it needs a durable intent before it is sent.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from kkt_driver import codec as c
from kkt_driver.errors import Malformed, Misuse, Refused

__all__ = [
    "COMMANDS",
    "Command",
    "Kind",
    "Request",
    "command_of",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "refuse",
]

R = TypeVar("R", bound=msgspec.Struct)

SYSTEM_ADMINISTRATOR = 30
"""Default password and operator row of the system administrator (section "Operators")."""

Password = Annotated[int, c.Int4]
U1 = Annotated[int, c.Int1]
U2 = Annotated[int, c.Int2]
U4 = Annotated[int, c.Int4]
U5 = Annotated[int, c.Int5]
U6 = Annotated[int, c.Int6]
U8 = Annotated[int, c.Int8]
GivenOrNot = Annotated[int | None, c.unless_all_ones(5)]
Moment = Annotated[datetime | None, c.moment5]
MaybeMoment = Annotated[datetime | None, c.maybe(c.moment5)]
MaybeU1 = Annotated[int | None, c.maybe(c.Int1)]
Text = Annotated[str, c.tail_text]
LineText = Annotated[str, c.padded_text(40)]
Bytes = Annotated[bytes, c.rest]
Drive = Annotated[str, c.ascii_text(16)]
Inn = Annotated[str, c.ascii_text(12)]
RegistrationNumber = Annotated[str, c.ascii_text(20)]


class Kind(Enum):
    READ = "read"
    IDEMPOTENT = "idempotent"
    STATEFUL = "stateful"
    COMMITTING = "committing"


class Request(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A request whose answer is an `R`."""


class Authorised(Request[R], Generic[R], frozen=True, kw_only=True):
    """A request that begins with an operator's password (4 bytes)."""

    password: Password = SYSTEM_ADMINISTRATOR


# --- replies that several commands share ---------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Success without data."""


class OperatorReply(msgspec.Struct, frozen=True, kw_only=True):
    """Success and the row of the operator whose password was sent; some firmware appends document data."""

    operator: U1


class DocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    """A fiscal document was formed: its number, its sign and, with extended answers on, its moment."""

    document: U4
    sign: U4
    moment: MaybeMoment = None


class ShiftDocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    shift: U2
    document: U4
    sign: U4
    moment: MaybeMoment = None


class CashReply(msgspec.Struct, frozen=True, kw_only=True):
    operator: U1
    through_number: U2


class SizeAndBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Size of what waits, bytes (0: nothing), and the largest block one command may carry."""

    size: U2
    block: U1


class Block(msgspec.Struct, frozen=True, kw_only=True):
    data: Bytes


# --- status --------------------------------------------------------------------------------------------------------


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
    type: U1 = 1


class ErrorTextReply(msgspec.Struct, frozen=True, kw_only=True):
    text: Text


class ErrorText(Request[ErrorTextReply], frozen=True, kw_only=True):
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


# --- tables and clock ----------------------------------------------------------------------------------------------


class WriteTable(Authorised[Done], frozen=True, kw_only=True):
    table: U1
    row: U2
    field: U1
    value: Bytes


class ReadTableReply(msgspec.Struct, frozen=True, kw_only=True):
    value: Bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.value, "little")

    @property
    def text(self) -> str:
        return self.value.split(b"\0", 1)[0].decode("cp1251", "replace").rstrip()


class ReadTable(Authorised[ReadTableReply], frozen=True, kw_only=True):
    table: U1
    row: U2
    field: U1


class TableStructureReply(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, c.fixed_text(40)]
    rows: U2
    fields: U1


class TableStructure(Authorised[TableStructureReply], frozen=True, kw_only=True):
    table: U1


class FieldStructureReply(msgspec.Struct, frozen=True, kw_only=True):
    """2Eh: type 0 is a number (then `limits` holds minimum and maximum, `size` bytes each), 1 is text."""

    name: Annotated[str, c.fixed_text(40)]
    type: U1
    size: U1
    limits: Bytes = b""


class FieldStructure(Authorised[FieldStructureReply], frozen=True, kw_only=True):
    table: U1
    field: U1


class SetTime(Authorised[Done], frozen=True, kw_only=True):
    time: Annotated[time | None, c.time_hms]


class SetDate(Authorised[Done], frozen=True, kw_only=True):
    date: Annotated[date | None, c.date_dmy]


class ConfirmDate(Authorised[Done], frozen=True, kw_only=True):
    date: Annotated[date | None, c.date_dmy]


class TechnologicalReset(Request[Done], frozen=True, kw_only=True):
    pass


class StopTest(Authorised[OperatorReply], frozen=True, kw_only=True):
    """2Bh: end a test run (mode 10)."""


# --- lines and hardware --------------------------------------------------------------------------------------------


class Beep(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class PrintLine(Authorised[OperatorReply], frozen=True, kw_only=True):
    """17h: flags 0 journal, 1 receipt, 2 slip, 6 wrap, 7 delayed."""

    flags: U1 = 2
    text: LineText


class PrintLineInFont(Authorised[OperatorReply], frozen=True, kw_only=True):
    flags: U1 = 2
    font: U1 = 1
    text: LineText


class Cut(Authorised[OperatorReply], frozen=True, kw_only=True):
    """25h: 0 full, 1 partial."""

    type: U1


class OpenDrawer(Authorised[OperatorReply], frozen=True, kw_only=True):
    drawer: U1 = 0


class Feed(Authorised[OperatorReply], frozen=True, kw_only=True):
    flags: U1 = 2
    lines: U1


# --- shift, cash, receipt ------------------------------------------------------------------------------------------


class XReport(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class ZReport(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class OpenShift(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class CashIn(Authorised[CashReply], frozen=True, kw_only=True):
    amount: U5


class CashOut(Authorised[CashReply], frozen=True, kw_only=True):
    amount: U5


class OpenReceipt(Authorised[OperatorReply], frozen=True, kw_only=True):
    """8Dh: 0 sale, 1 purchase, 2 sale refund, 3 purchase refund; +80h opens a correction (FFD 1.2)."""

    type: U1


class CancelReceipt(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class SubtotalReply(msgspec.Struct, frozen=True, kw_only=True):
    operator: U1
    total: U5


class Subtotal(Authorised[SubtotalReply], frozen=True, kw_only=True):
    pass


class CopyReceipt(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class ContinuePrinting(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class Operation(Authorised[Done], frozen=True, kw_only=True):
    """FF46h: quantity in millionths, money in kopecks; a sum of None lets the register compute price × quantity."""

    operation: U1
    quantity: U6
    price: U5
    total: GivenOrNot = None
    tax: GivenOrNot = None
    rate: U1
    department: U1 = 1
    method: U1
    subject: U1
    name: Text = ""


class LegacyItem(Authorised[OperatorReply], frozen=True, kw_only=True):
    """80h to 83h: quantity in thousandths; only the first tax group counts, 0 is "none given"."""

    quantity: U5
    price: U5
    department: U1 = 1
    tax_1: U1 = 0
    tax_2: U1 = 0
    tax_3: U1 = 0
    tax_4: U1 = 0
    text: Annotated[str, c.fixed_text(40)] = ""


class Sale(LegacyItem, frozen=True, kw_only=True):
    pass


class Purchase(LegacyItem, frozen=True, kw_only=True):
    pass


class SaleRefund(LegacyItem, frozen=True, kw_only=True):
    pass


class PurchaseRefund(LegacyItem, frozen=True, kw_only=True):
    pass


class ChangeReply(msgspec.Struct, frozen=True, kw_only=True):
    operator: U1
    change: U5


class CloseLegacy(Authorised[ChangeReply], frozen=True, kw_only=True):
    """85h: four payments; discount in hundredths of a percent, two's complement, negative is a mark-up."""

    payments: Annotated[tuple[int, ...], c.array(4, 5)]
    discount: U2 = 0
    tax_1: U1 = 0
    tax_2: U1 = 0
    tax_3: U1 = 0
    tax_4: U1 = 0
    text: Annotated[str, c.fixed_text(40)] = ""


class CloseReceiptReply(msgspec.Struct, frozen=True, kw_only=True):
    change: U5
    document: U4
    sign: U4
    moment: MaybeMoment = None


class CloseReceipt(Authorised[CloseReceiptReply], frozen=True, kw_only=True):
    """FF45h: 16 payments (1 cash, 2–13 cashless, 14 prepaid, 15 credit, 16 barter), kopecks."""

    payments: Annotated[tuple[int, ...], c.array(16, 5)]
    rounding: U1 = 0
    taxes: Annotated[tuple[int, ...], c.array(6, 5)] = (0, 0, 0, 0, 0, 0)
    tax_system: U1
    text: Text = ""


# --- drive ---------------------------------------------------------------------------------------------------------


class DriveStatusReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF01h. `last_document` grows only when a document was formed, never while one is open."""

    phase: U1
    current_document: U1
    document_data: U1
    shift_open: U1
    warnings: U1
    moment: Moment
    drive: Drive
    last_document: U4


class DriveStatus(Authorised[DriveStatusReply], frozen=True, kw_only=True):
    pass


class DriveNumberReply(msgspec.Struct, frozen=True, kw_only=True):
    drive: Drive


class DriveNumber(Authorised[DriveNumberReply], frozen=True, kw_only=True):
    pass


class DriveExpiryReply(msgspec.Struct, frozen=True, kw_only=True):
    date: Annotated[date | None, c.date_ymd]
    registrations_left: MaybeU1 = None
    registrations_done: MaybeU1 = None


class DriveExpiry(Authorised[DriveExpiryReply], frozen=True, kw_only=True):
    pass


class DriveVersionReply(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[str, c.ascii_text(16)]
    serial: U1


class DriveVersion(Authorised[DriveVersionReply], frozen=True, kw_only=True):
    pass


class BeginRegistration(Authorised[Done], frozen=True, kw_only=True):
    type: U1


class Register(Authorised[DocumentReply], frozen=True, kw_only=True):
    """FF06h: form the registration report."""

    inn: Inn
    registration_number: RegistrationNumber
    tax_systems: U1
    work_mode: U1


class CancelDocument(Authorised[Done], frozen=True, kw_only=True):
    pass


class RegistrationTotalsReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF09h: `more` is document and sign (FFD 1.05), or extended mode, operator INN, reasons, document and sign."""

    moment: Moment
    inn: Inn
    registration_number: RegistrationNumber
    tax_systems: U1
    work_mode: U1
    more: Bytes


class RegistrationTotals(Authorised[RegistrationTotalsReply], frozen=True, kw_only=True):
    pass


class FindDocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF0Ah: form code (1, 2, 3, 5, 11, 21, 31 …), whether a ticket came, and a tail by form."""

    type: U1
    ticket: U1
    moment: Moment
    document: U4
    sign: U4
    tail: Bytes

    @property
    def operation(self) -> int | None:
        """1054 of a receipt or correction."""
        return self.tail[0] if self.type in RECEIPT_FORMS and len(self.tail) >= 6 else None

    @property
    def total(self) -> int | None:
        """1020 of a receipt or correction, kopecks."""
        if self.type in RECEIPT_FORMS and len(self.tail) >= 6:
            return int.from_bytes(self.tail[1:6], "little")
        return None

    @property
    def shift(self) -> int | None:
        """Number of the shift that this document opened or closed."""
        return int.from_bytes(self.tail[:2], "little") if self.type in (2, 5) and len(self.tail) >= 2 else None


RECEIPT_FORMS = frozenset((3, 4, 31, 41))
"""Forms of receipts, strict-reporting forms and their corrections."""


class FindDocument(Authorised[FindDocumentReply], frozen=True, kw_only=True):
    document: U4


class OpenShiftInDrive(Authorised[ShiftDocumentReply], frozen=True, kw_only=True):
    pass


class SendTlv(Authorised[Done], frozen=True, kw_only=True):
    """FF0Ch: whole TLV objects for the document being formed, at most 250 bytes."""

    tlv: Bytes


class SendItemTlv(Authorised[Done], frozen=True, kw_only=True):
    """FF4Dh: whole TLV objects for the item before it, at most 249 bytes."""

    tlv: Bytes


class OutgoingMessage(Authorised[SizeAndBlock], frozen=True, kw_only=True):
    """FF30h: is there a message for the operator."""


class ReadMessage(Authorised[Block], frozen=True, kw_only=True):
    offset: U2
    count: U1


class BeginAnswerReply(msgspec.Struct, frozen=True, kw_only=True):
    block: U1


class BeginAnswer(Authorised[BeginAnswerReply], frozen=True, kw_only=True):
    """FF32h: the operator's answer follows in blocks."""

    size: U2


class WriteAnswer(Authorised[Done], frozen=True, kw_only=True):
    """FF33h: the last block hands the answer to the drive."""

    offset: U2
    count: U1
    data: Bytes


class BeginSettlementReport(Authorised[Done], frozen=True, kw_only=True):
    pass


class SettlementReportReply(msgspec.Struct, frozen=True, kw_only=True):
    document: U4
    sign: U4
    unconfirmed: U4
    first_unconfirmed: Annotated[date | None, c.date_ymd]
    moment: MaybeMoment = None


class SettlementReport(Authorised[SettlementReportReply], frozen=True, kw_only=True):
    pass


class ExchangeStatusReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF39h. Bits of `status`: 0 link up, 1 message waiting, 2 waiting for the ticket."""

    status: U1
    reading: U1
    queue: U2
    first_document: U4
    first_moment: Moment


class ExchangeStatus(Authorised[ExchangeStatusReply], frozen=True, kw_only=True):
    pass


class SelectDocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    type: U2
    length: U2


class SelectDocument(Authorised[SelectDocumentReply], frozen=True, kw_only=True):
    """FF3Ah: choose a document; FF3Bh then reads its TLV piece by piece."""

    document: U4


class ReadDocument(Authorised[Block], frozen=True, kw_only=True):
    """FF3Bh: the next piece; 08h or an empty answer ends the reading. It moves on: never sent twice blindly."""


class OperatorTicketReply(msgspec.Struct, frozen=True, kw_only=True):
    moment: Moment
    sign: Annotated[bytes, c.Packed(18, bytes, bytes)]
    document: U4


class OperatorTicket(Authorised[OperatorTicketReply], frozen=True, kw_only=True):
    document: U4


class UnconfirmedReply(msgspec.Struct, frozen=True, kw_only=True):
    count: U2


class Unconfirmed(Authorised[UnconfirmedReply], frozen=True, kw_only=True):
    pass


class ShiftParametersReply(msgspec.Struct, frozen=True, kw_only=True):
    open: U1
    shift: U2
    receipt: U2


class ShiftParameters(Authorised[ShiftParametersReply], frozen=True, kw_only=True):
    pass


class BeginOpenShift(Authorised[Done], frozen=True, kw_only=True):
    pass


class BeginCloseShift(Authorised[Done], frozen=True, kw_only=True):
    pass


class CloseShiftInDrive(Authorised[ShiftDocumentReply], frozen=True, kw_only=True):
    pass


class MemoryReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF63h: documents that still fit the five-year archive, free KiB of the 30-day store."""

    documents: U4
    kib: U4
    notifications_percent: MaybeU1 = None


class Memory(Authorised[MemoryReply], frozen=True, kw_only=True):
    pass


# --- the table -----------------------------------------------------------------------------------------------------


class Command(msgspec.Struct, frozen=True):
    """What one command is. `deadline_s` is how long a host waits for the answer frame (vendor drivers' limits)."""

    code: bytes
    name: str
    request: type[Request[Any]]
    reply: type[msgspec.Struct]
    kind: Kind = Kind.READ
    deadline_s: float = 30.0
    prints: bool = False

    @property
    def hex(self) -> str:
        """The code as manuals write it: 8D, FF45."""
        return self.code.hex().upper()


_READ, _IDEM, _STATE, _COMMIT = Kind.READ, Kind.IDEMPOTENT, Kind.STATEFUL, Kind.COMMITTING


def _row(
    code: int,
    name: str,
    request: type[Request[Any]],
    reply: type[msgspec.Struct],
    kind: Kind = _READ,
    deadline_s: float = 30.0,
    prints: bool = False,
) -> Command:
    return Command(code.to_bytes(1 + (code > 0xFF), "big"), name, request, reply, kind, deadline_s, prints)


_TABLE = (
    _row(0x10, "short status", ShortStatus, ShortStatusReply, _READ, 3),
    _row(0x11, "full status", FullStatus, FullStatusReply, _READ, 3),
    _row(0x13, "beep", Beep, OperatorReply, _IDEM, 3),
    _row(0x16, "technological reset", TechnologicalReset, Done, _IDEM, 60),
    _row(0x17, "print line", PrintLine, OperatorReply, _STATE, 10, True),
    _row(0x1A, "money register", MoneyRegister, MoneyRegisterReply, _READ, 3),
    _row(0x1B, "operation register", OperationRegister, OperationRegisterReply, _READ, 3),
    _row(0x1E, "write table", WriteTable, Done, _IDEM, 10),
    _row(0x1F, "read table", ReadTable, ReadTableReply, _READ, 3),
    _row(0x21, "set time", SetTime, Done, _IDEM, 10),
    _row(0x22, "set date", SetDate, Done, _STATE, 10),
    _row(0x23, "confirm date", ConfirmDate, Done, _IDEM, 10),
    _row(0x25, "cut", Cut, OperatorReply, _STATE, 10, True),
    _row(0x28, "open cash drawer", OpenDrawer, OperatorReply, _IDEM, 3),
    _row(0x29, "feed", Feed, OperatorReply, _STATE, 10, True),
    _row(0x2B, "stop test run", StopTest, OperatorReply, _STATE, 10),
    _row(0x2D, "table structure", TableStructure, TableStructureReply, _READ, 3),
    _row(0x2E, "field structure", FieldStructure, FieldStructureReply, _READ, 3),
    _row(0x2F, "print line in a font", PrintLineInFont, OperatorReply, _STATE, 10, True),
    _row(0x40, "X report", XReport, OperatorReply, _STATE, 30, True),
    _row(0x41, "Z report", ZReport, OperatorReply, _COMMIT, 65, True),
    _row(0x50, "cash in", CashIn, CashReply, _COMMIT, 30, True),
    _row(0x51, "cash out", CashOut, CashReply, _COMMIT, 30, True),
    _row(0x6B, "error text", ErrorText, ErrorTextReply, _READ, 3),
    _row(0x80, "sale (legacy)", Sale, OperatorReply, _STATE, 30, True),
    _row(0x81, "purchase (legacy)", Purchase, OperatorReply, _STATE, 30, True),
    _row(0x82, "sale refund (legacy)", SaleRefund, OperatorReply, _STATE, 30, True),
    _row(0x83, "purchase refund (legacy)", PurchaseRefund, OperatorReply, _STATE, 30, True),
    _row(0x85, "close receipt (legacy)", CloseLegacy, ChangeReply, _COMMIT, 30, True),
    _row(0x88, "cancel receipt", CancelReceipt, OperatorReply, _STATE, 30, True),
    _row(0x89, "subtotal", Subtotal, SubtotalReply, _READ, 10),
    _row(0x8C, "copy of the last receipt", CopyReceipt, OperatorReply, _STATE, 30, True),
    _row(0x8D, "open receipt", OpenReceipt, OperatorReply, _STATE, 30, True),
    _row(0xB0, "continue printing", ContinuePrinting, OperatorReply, _IDEM, 30, True),
    _row(0xE0, "open shift", OpenShift, OperatorReply, _COMMIT, 120, True),
    _row(0xF7, "model parameters", ModelParameters, ModelParametersReply, _READ, 3),
    _row(0xFC, "device type", DeviceType, DeviceTypeReply, _READ, 3),
    _row(0xFF01, "drive status", DriveStatus, DriveStatusReply, _READ, 5),
    _row(0xFF02, "drive number", DriveNumber, DriveNumberReply, _READ, 5),
    _row(0xFF03, "drive expiry", DriveExpiry, DriveExpiryReply, _READ, 5),
    _row(0xFF04, "drive version", DriveVersion, DriveVersionReply, _READ, 5),
    _row(0xFF05, "begin registration report", BeginRegistration, Done, _STATE, 30),
    _row(0xFF06, "form registration report", Register, DocumentReply, _COMMIT, 60, True),
    _row(0xFF08, "cancel drive document", CancelDocument, Done, _IDEM, 30),
    _row(0xFF09, "registration totals", RegistrationTotals, RegistrationTotalsReply, _READ, 5),
    _row(0xFF0A, "find document", FindDocument, FindDocumentReply, _READ, 5),
    _row(0xFF0B, "open shift in the drive", OpenShiftInDrive, ShiftDocumentReply, _COMMIT, 120, True),
    _row(0xFF0C, "send TLV", SendTlv, Done, _STATE, 30),
    _row(0xFF30, "message for the operator", OutgoingMessage, SizeAndBlock, _READ, 5),
    _row(0xFF31, "read message block", ReadMessage, Block, _READ, 5),
    _row(0xFF32, "begin operator's answer", BeginAnswer, BeginAnswerReply, _IDEM, 5),
    _row(0xFF33, "write answer block", WriteAnswer, Done, _STATE, 30),
    _row(0xFF37, "begin settlement report", BeginSettlementReport, Done, _STATE, 30),
    _row(0xFF38, "form settlement report", SettlementReport, SettlementReportReply, _COMMIT, 60, True),
    _row(0xFF39, "exchange status", ExchangeStatus, ExchangeStatusReply, _READ, 5),
    _row(0xFF3A, "select document", SelectDocument, SelectDocumentReply, _IDEM, 5),
    _row(0xFF3B, "read document", ReadDocument, Block, _STATE, 5),
    _row(0xFF3C, "operator's ticket", OperatorTicket, OperatorTicketReply, _READ, 5),
    _row(0xFF3F, "unconfirmed documents", Unconfirmed, UnconfirmedReply, _READ, 5),
    _row(0xFF40, "shift parameters", ShiftParameters, ShiftParametersReply, _READ, 5),
    _row(0xFF41, "begin opening the shift", BeginOpenShift, Done, _STATE, 30),
    _row(0xFF42, "begin closing the shift", BeginCloseShift, Done, _STATE, 30),
    _row(0xFF43, "close shift in the drive", CloseShiftInDrive, ShiftDocumentReply, _COMMIT, 65, True),
    _row(0xFF45, "close receipt", CloseReceipt, CloseReceiptReply, _COMMIT, 30, True),
    _row(0xFF46, "operation", Operation, Done, _STATE, 30, True),
    _row(0xFF4D, "send item TLV", SendItemTlv, Done, _STATE, 30),
    _row(0xFF63, "drive memory", Memory, MemoryReply, _READ, 5),
)

COMMANDS: dict[bytes, Command] = {row.code: row for row in _TABLE}
_BY_REQUEST: dict[type[Request[Any]], Command] = {row.request: row for row in _TABLE}


def command_of(request: Request[Any] | type[Request[Any]]) -> Command:
    """The table row of a request."""
    return _BY_REQUEST[request if isinstance(request, type) else type(request)]


def code_of(body: bytes) -> bytes:
    """The command code at the head of a frame body: one byte, or FFh (FEh) and the sub-code."""
    return body[:2] if body[:1] in (b"\xff", b"\xfe") else body[:1]


def encode_request(request: Request[Any]) -> bytes:
    """Frame body of a request: code and parameters. Misuse when a value does not fit its field."""
    row = _BY_REQUEST[type(request)]
    return row.code + c.codec(row.request).encode(request)


def decode_request(body: bytes) -> Request[Any]:
    """The typed request of a frame body; Misuse for a code that is not in the table, Malformed for short data."""
    code = code_of(body)
    row = COMMANDS.get(code)
    if row is None:
        raise Misuse(f"command {code.hex().upper()} is not in the table")
    return c.codec(row.request).decode(body[len(code) :])


def encode_reply(request: Request[Any] | type[Request[Any]], reply: msgspec.Struct) -> bytes:
    """Frame body of a successful answer: code, 00, data."""
    row = command_of(request)
    return row.code + b"\0" + c.codec(type(reply)).encode(reply)


def refuse(code: bytes, error: int, data: bytes = b"") -> bytes:
    """Frame body of a refusal: the whole code (the long form), the error byte and what follows it."""
    return code + bytes((error,)) + data


def decode_reply(request: Request[R], body: bytes) -> R:
    """The typed answer to `request`.

    Raises Refused with the raw code when the register refused, Malformed when the body is not an answer to this
    command. The short refusal `FF err` of some firmware is understood.
    """
    row = _BY_REQUEST[type(request)]
    code = row.code
    size = len(code)
    if body[:size] != code:
        if size == 2 and len(body) == 2 and body[0] == 0xFF:
            raise Refused(body[1], command=row.hex)
        raise Malformed(f"an answer to {row.hex} was awaited, {code_of(body).hex().upper() or 'nothing'} came")
    if len(body) == size:
        raise Malformed(f"the answer to {row.hex} has no error byte")
    if body[size]:
        raise Refused(body[size], command=row.hex, data=body[size + 1 :])
    return c.codec(row.reply).decode(body[size + 1 :])  # type: ignore[return-value]  # the table pairs R with its row
