"""Published frames against the whole register: every command is executed, every answer has the published shape.

`tests/vectors/register_frames.json` says where each frame comes from: the protocol's text, other people's drivers, logs
of real registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fn_emulator.drive import Drive
from fn_emulator.emulated import EmulatedRegister
from fn_emulator.register.model import MODELS
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver import commands as c
from kkt_driver.codec import codec
from kkt_driver.frames import encode_alt, encode_frame
from tests.fn_emulator.desk import START, Desk, item
from tests.fn_emulator.test_line import VECTORS, body_of
from tests.fn_emulator.test_register_marking import Goods

COMMANDS = [row for row in VECTORS["commands_and_answers"] if row["direction"] == "host_to_register"]
ANSWERS = {
    row["name"]: bytes.fromhex(row["payload"])
    for row in VECTORS["commands_and_answers"]
    if row["direction"] == "register_to_host"
}
ACK = b"\x06"


# --- states in which a command has its place --------------------------------------------------------------------------


def closed() -> Desk:
    return Desk()


def open_() -> Desk:
    return Desk(shift=True)


def old() -> Desk:
    """Firmware whose 10h has no result of the last printing."""
    return Desk(model=MODELS["shtrih-m-01f-2018"])


def receipt(kind: int = 0, operation: int = 1, password: int = 1, price: int = 10000) -> Desk:
    desk = Desk(shift=True)
    desk.ask(c.CashIn(amount=100_000))
    desk.ask(c.OpenReceipt(type=kind, password=password))
    desk.ask(item(password=password, operation=operation, price=price, quantity=1_000_000))
    return desk


def own_receipt() -> Desk:
    """Of the system administrator, who closes it in the vectors."""
    return receipt(password=30, price=25050)


def fresh() -> Desk:
    """A register whose drive is not registered."""
    desk = Desk()
    drive = Drive(MemoryStorage(), number="9999078900001234", keys=DEMO_MASTER_KEY)
    desk.register = EmulatedRegister(drive, MemoryStorage(), serial="0000000001234567", now=START)
    desk.set(18, 1, 12, b"9900000001")  # the operator of fiscal data
    return desk


def registering() -> Desk:
    desk = fresh()
    desk.ask(c.BeginRegistration(type=0))
    return desk


def changing() -> Desk:
    desk = registering()
    desk.ask(c.Register(inn="7707083893", registration_number="0000000001058253", tax_systems=1, work_mode=0))
    desk.ask(c.BeginRegistration(type=2))
    return desk


def correcting() -> Desk:
    desk = Desk(shift=True, ffd=2)
    desk.ask(c.BeginCorrection())
    desk.ask(c.SendTlv(tlv=bytes.fromhex("96040f009a040400808574679b040300a12fad")))
    return desk


def closing_drive() -> Desk:
    desk = Desk()
    desk.ask(c.BeginClosing())
    return desk


def reset_awaited() -> Desk:
    desk = Desk()
    desk.register.core.reset_allowed = True
    return desk


def date_awaited() -> Desk:
    desk = Desk()
    desk.register.core.execute(bytes.fromhex("221e0000001f0c19"), desk.now)
    return desk


def torn() -> Desk:
    """Paper went out in the middle of a report and is back."""
    desk = Desk(durations={"B0": 10.0})
    desk.set(17, 1, 7, b"\0")
    desk.ask(c.OpenShift())
    desk.register.core.printer.take_paper(desk.now)
    desk.register.core.printer.load_paper(desk.now)
    return desk


def sold() -> Desk:
    desk = receipt()
    desk.ask(c.CloseReceipt(password=1, payments=(10000, *[0] * 15), tax_system=1))
    return desk


def reading() -> Desk:
    desk = open_()
    desk.ask(c.SelectDocument(document=1))
    return desk


def seventeen() -> Desk:
    """A register with seventeen documents, some delivered."""
    desk = sold()
    while desk.last_document < 17:
        desk.ask(c.OpenReceipt(type=0))
        desk.ask(item(price=1, quantity=1_000_000))
        desk.ask(c.CloseReceipt(payments=(1, *[0] * 15), tax_system=1))
    return desk


def message_read() -> Desk:
    desk = open_()
    while desk.ask(c.OutgoingMessage()).size < 640:
        desk.register.core.exchange.message += bytes(100)
    return desk


def answering() -> Desk:
    desk = open_()
    desk.ask(c.OutgoingMessage())
    desk.ask(c.BeginAnswer(size=93))
    return desk


def checked() -> Desk:
    desk = Goods()
    desk.register.core.execute(bytes.fromhex(_payload("check_marking_code")), desk.now)
    return desk


def marked_receipt() -> Desk:
    desk = Goods()
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item(quantity=1_000_000, price=10000, subject=33))
    return desk


def autonomous() -> Desk:
    desk = marked_autonomous()
    desk.ask(c.ZReport())
    return desk


def marked_autonomous() -> Goods:
    desk = Goods(online=False, work_mode=2)
    desk.sold(b"0104600439931256215Qbag!\x1d93Zjqw")
    return desk


def unloading() -> Desk:
    desk = autonomous()
    desk.ask(c.BeginUnloading())
    return desk


def _payload(name: str) -> str:
    return next(str(row["payload"]) for row in COMMANDS if row["name"] == name)


Setup = Callable[[], Desk]
PLACES: dict[str, Setup] = {
    "technological_reset": reset_awaited,
    "program_time": closed,
    "program_date": closed,
    "confirm_date": date_awaited,
    "close_legacy": lambda: receipt(price=20000),
    "close_legacy_markup": lambda: receipt(price=20000),
    "cancel_receipt": receipt,
    "subtotal": receipt,
    "copy": sold,
    "continue_print": torn,
    "open_shift": closed,
    "fn_begin_registration": fresh,
    "fn_register": registering,
    "fn_cancel_document": receipt,
    "fn_find_document": open_,
    "fn_open_shift": closed,
    "send_tlv_1008": receipt,
    "send_tlv_1021_cyrillic": receipt,
    "send_tlv_1174_nested": lambda: receipt(kind=0x80),
    "ofd_buffer_read": message_read,
    "ofd_buffer_write": answering,
    "fn_reregister": changing,
    "begin_correction": open_,
    "correction_v1": correcting,
    "correction_v2": correcting,
    "begin_state_report": closed,
    "state_report": closed,
    "request_document_tlv": seventeen,
    "request_ofd_ticket": seventeen,
    "read_document_tlv": reading,
    "begin_close_fiscal_mode": closed,
    "close_fiscal_mode": closing_drive,
    "begin_open_shift": closed,
    "close_receipt_v2": own_receipt,
    "close_receipt_v2_no_text": lambda: receipt(password=30, price=20000),
    "operation_v2_fixed_sum": lambda: receipt(kind=2, operation=2),
    "send_item_tlv": own_receipt,
    "check_marking_code": Goods,
    "check_marking_code_partial": Goods,
    "bind_marking_code": marked_receipt,
    "accept_marking_code": checked,
    "marking_notification_status": Goods,
    "marking_status": Goods,
    "begin_notification_unload": autonomous,
    "read_notification_block": unloading,
    "confirm_notification": unloading,
}
"""Where a command's place is not simply an open shift."""

REFUSED = {
    "cash_out": 0x46,  # nearly 11 thousand million roubles
    "close_legacy_markup": 0x35,  # the format has no place for a mark-up on the whole receipt
    "confirm_date": 0xC0,  # before the last document
    "fn_find_document": 0x08,  # document 70000
    "request_ofd_ticket": 0x08,  # no ticket yet
    "confirm_notification": 0x09,  # number 5 of one, another check code
}
"""What a register in that place rightly says no to."""


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row["name"])
@pytest.mark.parametrize("layer", ["standard", "alternative"])
def test_every_published_command(row: dict[str, Any], layer: str) -> None:
    """In its place every published command is executed, as a whole frame of either layer, and answered in its form."""
    name, payload = row["name"], bytes.fromhex(row["payload"])
    desk = PLACES.get(name, open_)()
    desk.register.connected(desk.now)
    frame = bytes.fromhex(row["standard"] if layer == "standard" else row["alternative"]["frame"])
    assert frame == (
        encode_frame(payload) if layer == "standard" else encode_alt(row["alternative"].get("num", 1), payload)
    )
    said = desk.register.receive(frame, desk.now)
    while not said.strip(ACK) and (at := desk.register.line.deadline) is not None:
        said += desk.register.handle_timeout(at)
    assert said.startswith(ACK) is (layer == "standard")
    body = body_of(said.removeprefix(ACK))
    command = c.COMMANDS[c.code_of(payload)]
    assert body.startswith(command.head)
    error = body[len(command.head)]
    assert error == REFUSED.get(name, 0)
    if not error:
        request = c.decode_request(payload)
        reply = c.decode_reply(request, body)
        assert c.encode_reply(request, reply) == body


def forty_two() -> Desk:
    """Shift 42 with seven receipts."""
    desk = Desk()
    for _ in range(41):
        desk.ask(c.OpenShift())
        desk.ask(c.ZReport())
    desk.ask(c.OpenShift())
    for _ in range(7):
        desk.ask(item(price=1, quantity=1_000_000))
        desk.ask(c.CloseReceipt(payments=(1, *[0] * 15), tax_system=1))
    return desk


def change_of_76_55() -> Desk:
    return receipt(price=12345)


EXACT: dict[str, tuple[Setup, c.Request[Any]]] = {
    "error_wrong_mode": (closed, c.OpenReceipt(type=0)),
    "error_fn_no_data": (open_, c.FindDocument(document=70000)),
    "device_type": (closed, c.DeviceType()),
    "operator_only": (closed, c.OpenShift()),
    "read_table_text": (closed, c.ReadTable(table=2, row=1, field=2)),
    "read_table_number": (closed, c.ReadTable(table=21, row=1, field=4)),
    "table_structure": (closed, c.TableStructure(table=17)),
    "field_structure_number": (closed, c.FieldStructure(table=19, field=2)),
    "field_structure_text": (closed, c.FieldStructure(table=19, field=1)),
    "subtotal": (lambda: receipt(price=110450), c.Subtotal(password=1)),
    "close_legacy": (change_of_76_55, c.CloseLegacy(password=1, payments=(20000, 0, 0, 0))),
    "shift_parameters": (forty_two, c.ShiftParameters()),
    "unconfirmed_count": (sold, c.Unconfirmed()),
}
"""Answers that a register in the right state gives byte for byte."""


@pytest.mark.parametrize("name", EXACT)
def test_answers_byte_for_byte(name: str) -> None:
    """Other people's drivers were written for these bytes."""
    setup, request = EXACT[name]
    desk = setup()
    assert desk.register.core.execute(c.encode_request(request), desk.now)[0] == ANSWERS[name]


SHAPES: dict[str, tuple[Setup, c.Request[Any]]] = {
    "short_status_17": (receipt, c.ShortStatus(password=1)),
    "short_status_16": (old, c.ShortStatus()),
    "full_status_48": (open_, c.FullStatus()),
    "cash_in": (open_, c.CashIn(password=1, amount=123456)),
    "money_register": (open_, c.MoneyRegister(low=241)),
    "operation_register": (open_, c.OperationRegister(number=152)),
    "fn_status": (open_, c.DriveStatus()),
    "fn_status_receipt_open": (receipt, c.DriveStatus()),
    "fn_expiry": (open_, c.DriveExpiry()),
    "find_document_receipt": (sold, c.FindDocument(document=3)),
    "find_document_shift_close": (lambda: _closed_shift(), c.FindDocument(document=3)),
    "close_receipt_v2": (own_receipt, c.CloseReceipt(payments=(30000, *[0] * 15), tax_system=1)),
    "close_receipt_v2_extended": (lambda: _extended(), c.CloseReceipt(payments=(30000, *[0] * 15), tax_system=1)),
    "open_shift_fn": (closed, c.OpenShiftInDrive()),
    "correction": (correcting, c.Correction(total=50000, operation=1)),
    "state_report": (closed, c.SettlementReport()),
    "ofd_exchange_status": (open_, c.ExchangeStatus()),
    "request_document_tlv": (sold, c.SelectDocument(document=3)),
}
"""Answers that depend on signs, numbers and the clock: as long as the published ones, with the same fields."""


def _closed_shift() -> Desk:
    desk = open_()
    desk.ask(c.ZReport())
    return desk


def _extended() -> Desk:
    desk = own_receipt()
    desk.register.core.settings.put(17, 1, 36, 1)
    return desk


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_of_answers(name: str) -> None:
    """A client that takes fields by their places finds them."""
    setup, request = SHAPES[name]
    desk = setup()
    body = desk.register.core.execute(c.encode_request(request), desk.now)[0]
    assert len(body) == len(ANSWERS[name])
    head = len(c.command_of(request).head)
    assert body[: head + 1] == ANSWERS[name][: head + 1]


def test_every_published_answer_is_looked_at() -> None:
    """Left out is only the short refusal, which two clients can't read."""
    assert set(ANSWERS) - set(EXACT) - set(SHAPES) == {"error_fn_short_form"}


TRACES = VECTORS["real_traces"]


@pytest.mark.parametrize("trace", [t for t in TRACES if t["direction"] == "host_to_register"], ids=lambda t: t["frame"])
def test_commands_of_real_hosts(trace: dict[str, Any]) -> None:
    """Frames out of logs of real drivers are taken as they came, whatever their packet number."""
    desk = open_()
    desk.register.connected(desk.now)
    frame = bytes.fromhex(trace["frame"])
    said = desk.register.receive(frame, desk.now)
    if trace["layer"] == "standard":
        assert said[:1] == ACK
        said = said[1:]
    body = body_of(said)
    command = c.COMMANDS[bytes.fromhex(trace["fields"]["command"])]
    expected = {"E0": 0x73, "88": 0x73}.get(command.hex, 0)  # an open shift and no receipt, as in the logs
    assert body.startswith(command.head + bytes((expected,)))


@pytest.mark.parametrize("trace", [t for t in TRACES if t["direction"] == "register_to_host"], ids=lambda t: t["frame"])
def test_answers_of_real_registers(trace: dict[str, Any]) -> None:
    """What real registers said has the layout of what this one says: the same typed reply, the same bytes again."""
    body = body_of(bytes.fromhex(trace["frame"]))
    command = c.COMMANDS[bytes.fromhex(trace["fields"]["command"])]
    assert body.startswith(command.head)
    if body[len(command.head)]:
        assert len(body) == len(command.head) + 1
        return
    data = body[len(command.head) + 1 :]
    reply = codec(command.reply).decode(data)
    assert codec(command.reply).encode(reply) == data
