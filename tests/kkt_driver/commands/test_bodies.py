"""Frame bodies against frames that other programs and real registers wrote."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kkt_driver import commands as k
from kkt_driver.commands import COMMANDS, Request
from kkt_driver.errors import DriverError, Malformed, Misuse, Refused
from kkt_driver.frames import AlternativeReader, StandardReader
from tests.kkt_driver.vectors import VECTORS

PAYLOADS: dict[str, bytes] = {row["name"]: bytes.fromhex(row["payload"]) for row in VECTORS["commands_and_answers"]}
FIELDS: dict[str, Any] = {row["name"]: row["fields"] for row in VECTORS["commands_and_answers"]}

PAYMENTS_200_00 = (20000, *[0] * 15)
MOMENT = datetime(2026, 3, 5, 14, 5)
DRIVE = "9999078900001234"
MARKING_CODE = bytes.fromhex("3031303436303632303330393839313232311d4a67584a352e54")

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
    "read_port_params": k.ReadExchange(port=0),
    "fn_registration_tag": k.RegistrationTag(report=1, tag=0xFFFF),
    "fn_reregister": k.ChangeRegistration(
        inn="7707083893", registration_number="0000000001058253", tax_systems=3, work_mode=4, reason=3
    ),
    "begin_correction": k.BeginCorrection(),
    "correction_v1": k.Correction(total=50000, operation=1),
    "correction_v2": k.CorrectionV2(
        kind=0, operation=1, total=44400, electronic=44400, taxes=(0, 0, 0, 44400, 0, 0), tax_system=1
    ),
    "begin_close_fiscal_mode": k.BeginClosing(),
    "close_fiscal_mode": k.CloseDrive(),
    "registration_totals_v2": k.RegistrationTotalsV2(number=1),
    "check_marking_code": k.CheckMarking.of(MARKING_CODE),
    "check_marking_code_partial": k.CheckMarking.of(
        MARKING_CODE, bytes.fromhex("3c080100 0b ff030400 03d20400"), planned=2
    ),
    "bind_marking_code": k.BindMarking.of(MARKING_CODE),
    "accept_marking_code": k.DecideMarking(decision=1),
    "marking_notification_status": k.MarkingNotifications(),
    "marking_status": k.MarkingStatus(),
    "begin_notification_unload": k.BeginUnloading(),
    "read_notification_block": k.NotificationBlock(),
    "confirm_notification": k.ConfirmNotification(number=5, crc=41394),
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
    "correction": (k.Correction, k.CorrectionReply(receipt=8, document=20, sign=305419896)),
}  # fmt: skip

REFUSALS: dict[str, tuple[Request[Any], int]] = {
    "error_wrong_mode": (k.OpenReceipt(type=0), 0x73),
    "error_fn_no_data": (k.FindDocument(document=5), 0x08),
    "error_fn_short_form": (k.DriveStatus(), 0x37),
}


def _vectors(direction: str) -> set[str]:
    return {row["name"] for row in VECTORS["commands_and_answers"] if row["direction"] == direction}


def test_every_vector_is_accounted_for() -> None:
    """A vector that nobody reads proves nothing: each is expected above."""
    assert _vectors("host_to_register") == set(REQUESTS)
    assert _vectors("register_to_host") == set(REPLIES) | set(REFUSALS)


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
    (row["direction"], row["layer"], bytes.fromhex(row["frame"]), row["fields"]) for row in VECTORS["real_traces"]
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


def test_the_tail_of_a_found_document_reads_by_its_form() -> None:
    """A shift number must never be read as an operation: the tail means something only with its form."""
    receipt, shift = REPLIES["find_document_receipt"][1], REPLIES["find_document_shift_close"][1]
    assert isinstance(receipt, k.FindDocumentReply)
    assert isinstance(shift, k.FindDocumentReply)
    assert (receipt.operation, receipt.total, receipt.shift) == (1, 110450, None)
    assert (shift.operation, shift.total, shift.shift) == (None, None, 42)


# Layouts that no published frame shows: worked out by hand from the vendor's description.
BY_HAND = [
    (k.SetExchange(port=0, speed=6, timeout=50), "141e000000 00 06 32"),
    (k.PrintBold(text="АБ"), "121e000000 02 c0c1" + "00" * 18),
    (k.LoadGraphics(line=3, data=bytes(range(40))), "c01e000000 03" + bytes(range(40)).hex()),
    (k.PrintExtendedGraphics(first=1, last=300), "c31e000000 0100 2c01"),
    (k.PrintExtendedGraphics(first=1, last=300, flags=2), "c31e000000 0100 2c01 02"),
    (k.LoadData(block=2, data=bytes(64)), "dd1e000000 00 02" + "00" * 64),
    (k.PrintCode(length=300), "de1e000000 03 2c01 00 0000040000 01"),
    (k.CloseExtended(payments=PAYMENTS_200_00), "8e1e000000 204e000000" + "00" * 75 + "0000 00000000" + "00" * 40),
    (k.BindMarking.of(b"AB", by_volume=True), "ff671e000000 02 4142 ff"),
    (k.Authorise(data=bytes(16)), "ff661e000000" + "00" * 16),
    (k.PayOnline(type=1, input=2, amount=100, id="A1"), "ff50 01 02 6400000000 413100"),
    (k.LoaderVersion(), "feec 00000000"),
    (k.ConfirmNotification(number=5, crc=0xA1B2, crc_high=1), "ff731e000000 05000000 b2a1 0100"),
]


@pytest.mark.parametrize(("request_", "body"), BY_HAND, ids=lambda value: str(value)[:24])
def test_layouts_that_only_the_text_tells(request_: Request[Any], body: str) -> None:
    """No client sends these often enough to have been recorded: byte by byte from the description."""
    assert k.encode_request(request_) == bytes.fromhex(body)
    assert k.decode_request(bytes.fromhex(body)) == request_


def test_service_commands_are_answered_with_feh_alone() -> None:
    """FEEC and its kin repeat one byte of their two: a strict reader would call each answer malformed."""
    answer = k.encode_reply(k.LoaderVersion, k.LoaderVersionReply(version=7))
    assert answer == bytes.fromhex("fe 00 07000000")
    assert k.decode_reply(k.LoaderVersion(), answer).version == 7
    assert k.decode_reply(k.Totals(kind=0), b"\xfe\0" + bytes(31) + b"\x01").totals == (0, 0, 0, 1 << 56)
    assert k.refuse(b"\xfe\xec", 0x37) == b"\xfe\x37"
    with pytest.raises(Refused):
        k.decode_reply(k.LoaderVersion(), b"\xfe\x37")


def test_a_check_of_a_marking_code_reads_with_and_without_the_server() -> None:
    """The answer is four bytes when only the drive looked, longer when a server did; FF67h may carry the same."""
    alone = k.decode_reply(k.CheckMarking.of(b"A"), bytes.fromhex("ff61 00 01 00 01 00"))
    assert (alone.local, alone.reason, alone.drive_answer, alone.tlv) == (1, 0, None, b"")
    online = k.decode_reply(k.CheckMarking.of(b"A"), bytes.fromhex("ff61 00 03 00 01 07 00 0f 3c08010000"))
    assert (online.drive_answer, online.result, online.tlv) == (0, 15, bytes.fromhex("3c08010000"))
    assert k.CheckMarkingReply(local=0, reason=0, code_kind=0, drive_answer=0xFF).server_silent
    bound = k.decode_reply(k.BindMarking.of(b"A"), bytes.fromhex("ff67 00 444d 01 0300010700 0f"))
    assert bound.prefix == b"DM"
    assert bound.checked is not None
    assert (bound.checked.local, bound.checked.result) == (3, 15)
    assert k.decode_reply(k.BindMarking.of(b"A"), bytes.fromhex("ff67 00 444d 01")).checked is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("01000000 02000000", (1, 2, None, None, None)),
        ("03 01000000 02000000", (1, 2, None, None, None)),
        ("01000000 02000000 1a03050e05", (1, 2, None, None, None)),
        ("10" + b"7704211201  ".hex() + "04000000 01000000 02000000", (1, 2, 16, "7704211201", 4)),
        ("01", (None, None, None, None, None)),
    ],
)
def test_totals_of_a_registration_read_in_every_edition(more: str, expected: tuple[Any, ...]) -> None:
    """Editions put different things before the number and the sign: whoever proves a registration reads these two."""
    reply = k.RegistrationTotalsReply(
        moment=MOMENT, inn="", registration_number="", tax_systems=1, work_mode=0, more=bytes.fromhex(more)
    )
    assert (reply.document, reply.sign, reply.extended_mode, reply.operator_inn, reply.reasons) == expected
