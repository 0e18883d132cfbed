"""The command table against frames that other programs and real registers wrote."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kkt_driver import commands as k
from kkt_driver.commands import COMMANDS, Kind, Request
from kkt_driver.errors import DriverError, Malformed, Misuse, Refused
from kkt_driver.frames import AlternativeReader, StandardReader
from tests.kkt_driver.vectors import VECTORS

PAYLOADS: dict[str, bytes] = {row["name"]: bytes.fromhex(row["payload"]) for row in VECTORS["commands_and_answers"]}
FIELDS: dict[str, Any] = {row["name"]: row["fields"] for row in VECTORS["commands_and_answers"]}

PAYMENTS_200_00 = (20000, *[0] * 15)
MOMENT = datetime(2026, 3, 5, 14, 5)
DRIVE = "9999078900001234"

REQUESTS: dict[str, Request[Any]] = {
    "short_status": k.ShortStatus(password=30),
    "short_status_operator1": k.ShortStatus(password=1),
    "full_status": k.FullStatus(password=1),
    "beep": k.Beep(password=1),
    "technological_reset": k.TechnologicalReset(),
    "print_line_font1": k.PrintLine(password=1, flags=2, text="Проверка"),
    "cut_partial": k.Cut(password=1, type=1),
    "open_drawer": k.OpenDrawer(password=1, drawer=0),
    "feed_3_lines": k.Feed(password=1, flags=2, lines=3),
    "sale_legacy": k.Sale(password=1, quantity=1500, price=12345, tax_1=1, text="Молоко 3,2%"),
    "close_legacy": k.CloseLegacy(password=1, payments=(20000, 0, 0, 0)),
    "close_legacy_markup": k.CloseLegacy(password=1, payments=(20000, 0, 0, 0), discount=-150 & 0xFFFF),
    "money_register_241": k.MoneyRegister.numbered(241, password=1),
    "money_register_4144_wide": k.MoneyRegister.numbered(4144),
    "operation_register_152": k.OperationRegister(password=1, number=152),
    "write_table_text": k.WriteTable(table=2, row=5, field=2, value="ИВАНОВА А.П.".encode("cp1251")),
    "write_table_number": k.WriteTable(table=17, row=1, field=7, value=b"\x02"),
    "read_table": k.ReadTable(table=18, row=1, field=4),
    "program_time": k.SetTime(time=time(14, 5, 30)),
    "program_date": k.SetDate(date=date(2025, 12, 31)),
    "confirm_date": k.ConfirmDate(date=date(2025, 12, 31)),
    "table_structure": k.TableStructure(table=18),
    "field_structure": k.FieldStructure(table=17, field=7),
    "x_report": k.XReport(),
    "z_report": k.ZReport(),
    "cash_in": k.CashIn(password=1, amount=123456),
    "cash_out": k.CashOut(password=1, amount=1099511627774),
    "cancel_receipt": k.CancelReceipt(),
    "subtotal": k.Subtotal(password=1),
    "copy": k.CopyReceipt(password=1),
    "open_receipt_sale": k.OpenReceipt(password=1, type=0),
    "open_receipt_refund": k.OpenReceipt(password=1, type=2),
    "open_receipt_correction_of_sale": k.OpenReceipt(password=1, type=128),
    "continue_print": k.ContinuePrinting(),
    "open_shift": k.OpenShift(),
    "last_error_text": k.ErrorText(),
    "error_text_by_code": k.ErrorText(code=0x73),
    "model_parameters": k.ModelParameters(),
    "device_type": k.DeviceType(),
    "fn_status": k.DriveStatus(),
    "fn_number": k.DriveNumber(),
    "fn_expiry": k.DriveExpiry(),
    "fn_version": k.DriveVersion(),
    "fn_begin_registration": k.BeginRegistration(type=0),
    "fn_register": k.Register(inn="7707083893", registration_number="0000000001058253", tax_systems=1, work_mode=0),
    "fn_cancel_document": k.CancelDocument(),
    "fn_registration_totals": k.RegistrationTotals(),
    "fn_find_document": k.FindDocument(document=70000),
    "fn_open_shift": k.OpenShiftInDrive(),
    "send_tlv_1008": k.SendTlv(tlv=b"\xf0\x03\x0c\x00+79161234567"),
    "send_tlv_1021_cyrillic": k.SendTlv(tlv=b"\xfd\x03\x0d\x00" + "Кассир Ёлкина".encode("cp866")),
    "send_tlv_1174_nested": k.SendTlv(tlv=bytes.fromhex("96040f00 9a040400 80857467 9b040300") + "б/н".encode("cp866")),
    "ofd_buffer_status": k.OutgoingMessage(),
    "ofd_buffer_read": k.ReadMessage(offset=512, count=128),
    "ofd_buffer_start_write": k.BeginAnswer(size=93),
    "ofd_buffer_write": k.WriteAnswer(offset=0, count=4, data=bytes.fromhex("2a08410a")),
    "begin_state_report": k.BeginSettlementReport(),
    "state_report": k.SettlementReport(),
    "ofd_exchange_status": k.ExchangeStatus(),
    "request_document_tlv": k.SelectDocument(document=17),
    "read_document_tlv": k.ReadDocument(),
    "request_ofd_ticket": k.OperatorTicket(document=17),
    "unconfirmed_count": k.Unconfirmed(),
    "shift_parameters": k.ShiftParameters(),
    "begin_open_shift": k.BeginOpenShift(),
    "begin_close_shift": k.BeginCloseShift(),
    "close_shift_fn": k.CloseShiftInDrive(),
    "close_receipt_v2": k.CloseReceipt(
        payments=(20000, 5000, *[0] * 14), rounding=50, taxes=(3333, 0, 0, 0, 0, 0), tax_system=1, text="Спасибо"
    ),
    "close_receipt_v2_no_text": k.CloseReceipt(payments=PAYMENTS_200_00, tax_system=1),
    "operation_v2_auto_sum": k.Operation(
        password=1, operation=1, quantity=2_000_000, price=8950, rate=2, method=4, subject=1, name="Молоко 3,2% 1л"
    ),
    "operation_v2_fixed_sum": k.Operation(
        password=1,
        operation=2,
        quantity=1_234_000,
        price=75000,
        total=92550,
        rate=1,
        method=4,
        subject=1,
        name="Сыр весовой",
    ),
    "operation_v2_vat_7": k.Operation(
        password=1,
        operation=1,
        quantity=1_000_000,
        price=10500,
        tax=500,
        rate=0x81,
        department=0,
        method=4,
        subject=1,
        name="//Без печати",
    ),
    "send_item_tlv": k.SendItemTlv(tlv=b"\xa7\x04\x0d\x00" + "доп. реквизит".encode("cp866")),
    "fn_memory_resource": k.Memory(),
}

REPLIES: dict[str, tuple[type[Request[Any]], msgspec.Struct]] = {
    "short_status_17": (
        k.ShortStatus,
        k.ShortStatusReply(
            operator=1, flags=656, mode_byte=0x28, submode=0, operations_low=2, battery=192, power=216, last_print=0
        ),
    ),
    "short_status_16": (
        k.ShortStatus,
        k.ShortStatusReply(
            operator=30, flags=656, mode_byte=4, submode=0, operations_low=1, battery=192, power=216, operations_high=1
        ),
    ),
    "full_status_48": (
        k.FullStatus,
        k.FullStatusReply(
            operator=1, version="C3", build=664, software_date=date(2026, 1, 21), hall_number=1, through_number=1234,
            flags=656, mode_byte=2, submode=0, port=128, date=date(2026, 3, 5), time=time(14, 5, 30),
            serial_low=48485, last_closed_shift=41, registrations_done=1, registrations_left=29, inn=7707083893,
        ),
    ),
    "device_type": (k.DeviceType, k.DeviceTypeReply(model=250, name="ШТРИХ-М-01Ф")),
    "operator_only": (k.OpenShift, k.OperatorReply(operator=30)),
    "cash_in": (k.CashIn, k.CashReply(operator=1, through_number=77)),
    "money_register": (k.MoneyRegister, k.MoneyRegisterReply(operator=1, value=123456789)),
    "operation_register": (k.OperationRegister, k.OperationRegisterReply(operator=1, value=513)),
    "read_table_number": (k.ReadTable, k.ReadTableReply(value=b"\x62\x1e")),
    "read_table_text": (k.ReadTable, k.ReadTableReply(value="КАССИР 1".encode("cp1251").ljust(64, b"\0"))),
    "table_structure": (k.TableStructure, k.TableStructureReply(name="Региональные настройки", rows=1, fields=71)),
    "field_structure_number": (
        k.FieldStructure, k.FieldStructureReply(name="Порт", type=0, size=2, limits=bytes.fromhex("0100ffff")),
    ),
    "field_structure_text": (k.FieldStructure, k.FieldStructureReply(name="Сервер", type=1, size=64)),
    "subtotal": (k.Subtotal, k.SubtotalReply(operator=1, total=110450)),
    "fn_status": (
        k.DriveStatus,
        k.DriveStatusReply(
            phase=3, current_document=0, document_data=0, shift_open=1, warnings=0, moment=MOMENT, drive=DRIVE,
            last_document=70000,
        ),
    ),
    "fn_status_receipt_open": (
        k.DriveStatus,
        k.DriveStatusReply(
            phase=3, current_document=4, document_data=1, shift_open=1, warnings=8, moment=MOMENT, drive=DRIVE,
            last_document=70000,
        ),
    ),
    "fn_expiry": (
        k.DriveExpiry, k.DriveExpiryReply(date=date(2027, 1, 31), registrations_left=29, registrations_done=1),
    ),
    "shift_parameters": (k.ShiftParameters, k.ShiftParametersReply(open=1, shift=42, receipt=7)),
    "find_document_receipt": (
        k.FindDocument,
        k.FindDocumentReply(
            type=3, ticket=0, moment=MOMENT, document=17, sign=3905411258, tail=bytes.fromhex("0172af010000")
        ),
    ),
    "find_document_shift_close": (
        k.FindDocument,
        k.FindDocumentReply(type=5, ticket=1, moment=MOMENT, document=18, sign=1, tail=bytes.fromhex("2a00")),
    ),
    "close_legacy": (k.CloseLegacy, k.ChangeReply(operator=1, change=7655)),
    "close_receipt_v2": (k.CloseReceipt, k.CloseReceiptReply(change=5000, document=17, sign=3905411258)),
    "close_receipt_v2_extended": (
        k.CloseReceipt, k.CloseReceiptReply(change=5000, document=17, sign=3905411258, moment=MOMENT),
    ),
    "open_shift_fn": (k.OpenShiftInDrive, k.ShiftDocumentReply(shift=43, document=19, sign=305419896)),
    "state_report": (
        k.SettlementReport,
        k.SettlementReportReply(
            document=21, sign=305419896, unconfirmed=3, first_unconfirmed=date(2026, 3, 4)
        ),
    ),
    "ofd_exchange_status": (
        k.ExchangeStatus,
        k.ExchangeStatusReply(status=2, reading=0, queue=3, first_document=19, first_moment=MOMENT),
    ),
    "request_document_tlv": (k.SelectDocument, k.SelectDocumentReply(type=3, length=412)),
    "unconfirmed_count": (k.Unconfirmed, k.UnconfirmedReply(count=3)),
}  # fmt: skip

REFUSALS: dict[str, tuple[Request[Any], int]] = {
    "error_wrong_mode": (k.OpenReceipt(type=0), 0x73),
    "error_fn_no_data": (k.FindDocument(document=5), 0x08),
    "error_fn_short_form": (k.DriveStatus(), 0x37),
}

NOT_IN_THE_TABLE = {
    "read_port_params", "fn_registration_tag", "fn_reregister", "begin_correction",
    "correction_v1", "begin_close_fiscal_mode", "close_fiscal_mode", "correction_v2", "registration_totals_v2",
    "check_marking_code", "check_marking_code_partial", "bind_marking_code", "accept_marking_code",
    "marking_notification_status", "marking_status", "begin_notification_unload", "read_notification_block",
    "confirm_notification", "correction",
}  # fmt: skip
"""Vectors of commands that this driver does not know yet."""


def _vectors(direction: str) -> set[str]:
    return {row["name"] for row in VECTORS["commands_and_answers"] if row["direction"] == direction}


def test_every_vector_is_accounted_for() -> None:
    """A vector that nobody reads proves nothing: each is expected above or named as not known yet."""
    assert _vectors("host_to_register") - NOT_IN_THE_TABLE == set(REQUESTS)
    assert _vectors("register_to_host") - NOT_IN_THE_TABLE == set(REPLIES) | set(REFUSALS)
    for name in NOT_IN_THE_TABLE:
        assert k.code_of(PAYLOADS[name]) not in COMMANDS, f"{name} is in the table now: expect its bytes"


def _payload(name: str, direction: str) -> bytes:
    (row,) = (row for row in VECTORS["commands_and_answers"] if row["name"] == name and row["direction"] == direction)
    return bytes.fromhex(row["payload"])


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_are_byte_exact(name: str) -> None:
    """Two published clients made the same bytes: the driver writes them, the emulated register reads them."""
    payload = _payload(name, "host_to_register")
    assert k.encode_request(REQUESTS[name]) == payload
    assert k.decode_request(payload) == REQUESTS[name]


@pytest.mark.parametrize("name", REPLIES)
def test_replies_are_byte_exact(name: str) -> None:
    """The emulated register writes, and the driver reads, what published clients read."""
    payload = _payload(name, "register_to_host")
    cls, reply = REPLIES[name]
    request = _some(cls)
    assert k.encode_reply(cls, reply) == payload
    assert k.decode_reply(request, payload) == reply


def _some(cls: type[Request[Any]]) -> Request[Any]:
    """Any request of a class: `decode_reply` looks at the class alone."""
    return next(request for request in REQUESTS.values() if type(request) is cls)


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_carry_the_raw_code(name: str) -> None:
    """Failure is the code and the error byte; FFxx commands of some firmware leave their sub-code out."""
    request, code = REFUSALS[name]
    with pytest.raises(Refused) as caught:
        k.decode_reply(request, _payload(name, "register_to_host"))
    assert caught.value.code == code
    assert caught.value.command == k.command_of(request).hex


def test_a_refusal_keeps_what_follows_its_error_byte() -> None:
    """Firmware with extended errors appends four bytes, and a ticket's refusal its reason (20h): evidence, not junk."""
    body = k.refuse(b"\x50", 0x37, bytes.fromhex("06003700"))
    assert body == bytes.fromhex("503706003700")
    with pytest.raises(Refused) as caught:
        k.decode_reply(k.CashIn(amount=1), body)
    assert (caught.value.code, caught.value.data) == (0x37, bytes.fromhex("06003700"))


TRACES = [
    (row["direction"], row["layer"], bytes.fromhex(row["frame"]), row["fields"])
    for row in VECTORS["real_traces"]
    if row["fields"]["command"] != "26"  # font parameters: nothing here needs them
]
OURS = {"fd": "document", "sum": "total", "tlv": "data"}
NOT_COMPARED = {"command", "error", "note", "num"}


def _names(fields: dict[str, Any], value: msgspec.Struct) -> dict[str, Any]:
    """The vector's fields in our names, each with what the typed value says."""
    found = {name: getattr(value, OURS.get(name, name)) for name in fields if name not in NOT_COMPARED}
    return {name: one.hex() if isinstance(one, bytes) else one for name, one in found.items()}


def _body(layer: str, frame: bytes) -> bytes:
    """What the frame carries, read as a link reads it."""
    (event,) = StandardReader().feed(frame) if layer == "standard" else AlternativeReader().feed(frame)
    return event.body  # type: ignore[union-attr]  # a trace holds one sound frame


@pytest.mark.parametrize(("direction", "layer", "frame", "fields"), TRACES, ids=lambda value: str(value)[:24])
def test_frames_of_real_registers(direction: str, layer: str, frame: bytes, fields: dict[str, Any]) -> None:
    """Bytes that real registers and hosts exchanged, from public logs: both directions decode to the logged values."""
    body = _body(layer, frame)
    code = bytes.fromhex(fields["command"])
    row = COMMANDS.get(code)
    assert row is not None, f"{code.hex()} is not in the table"
    if direction == "host_to_register":
        request = k.decode_request(body)
        assert _names(fields, request) == {name: fields[name] for name in _names(fields, request)}
        assert k.encode_request(request) == body
        return
    request = _some(row.request)
    if fields["error"]:
        with pytest.raises(Refused) as caught:
            k.decode_reply(request, body)
        assert caught.value.code == fields["error"]
        return
    reply = k.decode_reply(request, body)
    assert _names(fields, reply) == {name: fields[name] for name in _names(fields, reply)}
    assert k.encode_reply(row.request, reply) == body


@given(data=st.binary(max_size=260))
def test_any_body_is_a_request_or_our_error(data: bytes) -> None:
    """The emulated register reads frames of strangers: a value or our error, never another exception."""
    try:
        request = k.decode_request(data)
    except DriverError:
        return
    assert isinstance(request, Request)


@given(data=st.binary(max_size=260), code=st.sampled_from(sorted(COMMANDS)))
def test_any_body_is_a_reply_or_our_error(data: bytes, code: bytes) -> None:
    """The driver reads what a damaged line brings: a value or our error, never another exception."""
    request = k.decode_request(code + bytes(250))
    for body in (data, code + data, code + b"\0" + data):
        try:
            reply = k.decode_reply(request, body)
        except DriverError:
            continue
        assert isinstance(reply, COMMANDS[code].reply)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", Malformed),
        (b"\xff\x01", Malformed),
        (b"\xff\x02\x00" + b" " * 16, Malformed),
        (b"\x10\x00", Malformed),
        (b"\xff\x01\x00\x03", Malformed),
    ],
)
def test_what_is_not_an_answer_to_our_command_is_malformed(body: bytes, error: type[DriverError]) -> None:
    """An answer counts only when it repeats the code of the request and is long enough."""
    with pytest.raises(error):
        k.decode_reply(k.DriveStatus(), body)


def test_an_unknown_command_is_misuse() -> None:
    """A code outside the table is never sent and never guessed."""
    with pytest.raises(Misuse):
        k.decode_request(b"\xff\xee\x1e\0\0\0")


def test_committing_commands_are_exactly_those_that_form_documents_or_move_money() -> None:
    """Only these need a durable intent; forgetting one would let a document be made twice."""
    committing = {row.hex for row in COMMANDS.values() if row.kind is Kind.COMMITTING}
    assert committing == {"41", "50", "51", "85", "E0", "FF06", "FF0B", "FF38", "FF43", "FF45"}


# The protocol text's list of commands that are safe to send again, and the one of those that never are.
SAFE = """10 11 15 1A 1B 1F 26 2D 2E 6B 89 F7 FC FF01 FF02 FF03 FF04 FF09 FF0A FF0E FF30 FF31 FF39 FF3C FF3F FF40 FF4C
FF60 FF63 FF68 FF70 1E 21 23 B0"""
NEVER = """41 C6 50 51 80 81 82 83 84 85 86 87 88 8D 8E E0 FF06 FF0B FF0C FF0D FF34 FF36 FF38 FF3E FF43 FF45 FF46 FF4A
FF4B FF4D FF67 FF3B"""
ALSO_SAFE = {
    "13": "a beep",
    "28": "opens a drawer that is open",
    "16": "mode 9 stays until date and time are set",
    "FF08": "drops a document that is dropped; nothing of ours stands between the two",
    "FF32": "begins to take the operator's answer anew",
    "FF3A": "begins to read the document anew",
}


def test_only_commands_of_the_safe_list_are_ever_repeated() -> None:
    """A link repeats reads and idempotent commands by itself: a command that slips into these kinds by mistake would be
    executed twice after a lost answer, or its refusal the second time would hide that it was done."""
    repeatable = {row.hex for row in COMMANDS.values() if row.kind in (Kind.READ, Kind.IDEMPOTENT)}
    assert repeatable - set(SAFE.split()) == set(ALSO_SAFE)
    assert repeatable & set(NEVER.split()) == set()
    assert {row.hex for row in COMMANDS.values()} & set(SAFE.split()) <= repeatable


def test_the_tail_of_a_found_document_reads_by_its_form() -> None:
    """A shift number must never be read as an operation: the tail means something only with its form."""
    receipt, shift = REPLIES["find_document_receipt"][1], REPLIES["find_document_shift_close"][1]
    assert isinstance(receipt, k.FindDocumentReply)
    assert isinstance(shift, k.FindDocumentReply)
    assert (receipt.operation, receipt.total, receipt.shift) == (1, 110450, None)
    assert (shift.operation, shift.total, shift.shift) == (None, None, 42)
