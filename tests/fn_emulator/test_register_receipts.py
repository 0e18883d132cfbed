"""Receipts: what becomes of the commands between 8Dh and FF45h, and what is refused on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ffd import tlv
from kkt_driver import commands as c
from tests.fn_emulator.desk import START, Desk, closing, item, payments, sell


def test_a_sale_becomes_a_document() -> None:
    """The document holds what the host sent, what the register knows and what the drive adds, and nothing twice."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    desk.ask(c.SendTlv(tlv=tlv.encode([tlv.field(1008, "+79161234567")])))
    before = desk.ask(c.DriveStatus())
    assert (before.current_document, before.document_data, before.last_document) == (0x04, 1, 2)
    reply = desk.ask(closing(20000))
    assert (reply.change, reply.document) == (2100, 3)
    fields = desk.document(3)
    numbers = [field.tag for field in fields]
    assert len(numbers) == len(set(numbers))
    values = desk.values(3)
    assert values[1008] == "+79161234567"
    assert values[1020] == 17900
    assert (values[1031], values[1081], values[1215], values[1216], values[1217]) == (17900, 0, 0, 0, 0)
    assert values[1105] == 17900, "without VAT the turnover stands in 1105"
    assert values[1021] == "СИСТ. АДМИНИСТРАТОР"
    assert (values[1209], values[1055], values[1054]) == (4, 1, 1)
    position = {field.tag: tlv.value(field) for field in values[1059]}
    assert position == {
        1214: 4,
        1212: 1,
        1030: "Молоко 3,2% 1л",
        1079: 8950,
        1023: Decimal(2),
        1043: 17900,
        1199: 6,
        2108: 0,
    }
    assert int.from_bytes(values[1077][2:], "big") == reply.sign
    found = desk.ask(c.FindDocument(document=3))
    assert (found.type, found.operation, found.total, found.sign) == (3, 1, 17900, reply.sign)


def test_what_the_host_gives_is_not_added_again() -> None:
    """A cashier, a place or an address sent by FF0Ch stands in the document instead of the register's own."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    given = {1021: "Кассир Ёлкина", 1187: "https://other.example", 1009: "Тверь", 1117: "none"}
    for tag, value in given.items():
        desk.ask(c.SendTlv(tlv=tlv.encode([tlv.field(tag, value)])))
    desk.ask(item())
    number = desk.ask(closing()).document
    numbers = [field.tag for field in desk.document(number)]
    assert len(numbers) == len(set(numbers))
    assert {tag: desk.values(number)[tag] for tag in given} == given


def test_item_fields_replace_those_of_the_register() -> None:
    """FF4Dh binds fields to the position before it: new ones are added, a measure replaces the default pieces."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    desk.ask(c.SendItemTlv(tlv=tlv.encode([tlv.field(2108, 11), tlv.field(1191, "доп. реквизит")])))
    desk.ask(item(name="Второй"))
    number = desk.ask(closing(35800)).document
    first, second = (field.value for field in desk.document(number) if field.tag == 1059)
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert [tlv.value(field) for field in first if field.tag in (2108, 1191)] == [11, "доп. реквизит"]
    assert [tlv.value(field) for field in second if field.tag == 2108] == [0]


@pytest.mark.parametrize(
    ("code", "rate", "tag", "amount"),
    [
        (0x01, 1, 1102, 2000),
        (0x02, 2, 1103, 1091),
        (0x04, 5, 1104, 12000),
        (0x08, 6, 1105, 12000),
        (0x00, 6, 1105, 12000),
        (0x10, 3, 1106, 2000),
        (0x20, 4, 1107, 1091),
        (0x81, 7, 1115, 571),
        (0x82, 8, 1115, 785),
        (0x84, 9, 1115, 571),
        (0x90, 10, 1115, 785),
        (0x88, 10, 1115, 785),
        (0xCB, 11, 1115, 2164),
        (0xCC, 12, 1115, 2164),
    ],
)
def test_rates(code: int, rate: int, tag: int, amount: int) -> None:
    """Every rate byte of FF46h gives the rate of the format, and its sum goes where the format wants it."""
    desk = Desk(shift=True)
    number = sell(desk, item(quantity=1_000_000, price=12000, rate=code), cash=12000).document
    values = desk.values(number)
    position = {field.tag: tlv.value(field) for field in values[1059]}
    assert position[1199] == rate
    if tag == 1115:
        (entry,) = values[1115]
        assert {field.tag: tlv.value(field) for field in entry.value} == {1199: rate, 1120: amount}
    else:
        assert values[tag] == amount


def test_vat_is_counted_over_the_group() -> None:
    """Two positions of one rate are summed before the tax is taken: that is what real receipts show."""
    desk = Desk(shift=True)
    lines = [item(quantity=1_000_000, price=price, rate=2) for price in (15_797, 15_798)]
    number = sell(desk, *lines, cash=31_595).document
    assert desk.values(number)[1103] == 2872


def test_a_sale_of_2026_gets_22_percent_when_the_table_says_so() -> None:
    """Factory setting of table 17 field 71: registers write 22 % over 20 %, in sales only."""
    desk = Desk(shift=True)
    desk.set(17, 1, 71, b"\1")
    desk.ask(c.CashIn(amount=100_000))
    for kind, operation, rate in ((0, 1, 11), (2, 2, 1)):
        line = item(rate=1, operation=operation)
        number = sell(desk, line, kind=kind).document
        assert {field.tag: tlv.value(field) for field in desk.values(number)[1059]}[1199] == rate


@pytest.mark.parametrize(
    ("kind", "operation", "form"), [(0, 1, 3), (1, 3, 3), (2, 2, 3), (3, 4, 3), (0x80, 1, 31), (0x82, 2, 31)]
)
def test_kinds_of_receipt(kind: int, operation: int, form: int) -> None:
    """8Dh and the document count kinds differently: sale 0/1, purchase 1/3, sale refund 2/2, purchase refund 3/4."""
    desk = Desk(shift=True)
    desk.ask(c.CashIn(amount=100_000))
    desk.ask(c.OpenReceipt(type=kind))
    status = desk.ask(c.ShortStatus())
    assert (status.mode, status.mode_status) == (8, kind & 0x7F)
    assert desk.ask(c.DriveStatus()).current_document == (0x14 if kind & 0x80 else 0x04)
    wrong = operation % 4 + 1
    assert desk.refused(item(operation=wrong)) == 0x49
    if kind & 0x80:
        reason = [tlv.field(1173, 0), tlv.field(1174, (tlv.Tlv(1178, bytes(4)),))]
        desk.ask(c.SendTlv(tlv=tlv.encode(reason)))
    desk.ask(item(operation=operation))
    number = desk.ask(closing()).document
    found = desk.ask(c.FindDocument(document=number))
    assert (found.type, found.operation, found.total) == (form, operation, 17900)


def test_first_item_opens_a_receipt() -> None:
    """Some clients begin with FF46h: it opens a receipt of its kind."""
    desk = Desk(shift=True)
    desk.ask(item())
    assert desk.ask(c.ShortStatus()).operations == 1
    assert desk.ask(c.Subtotal()).total == 17900
    desk.ask(closing())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payments": payments(17899)}, 0x45),
        ({"payments": payments(0, 17901)}, 0x4D),
        ({"payments": payments(100, 17901)}, 0x4D),
        ({"tax_system": 3}, 0x33),
        ({"tax_system": 0x40}, 0x33),
        ({"tax_system": 0}, 0x33),
        ({"rounding": 1}, 0x33),
        ({"rounding": 100}, 0x33),
    ],
)
def test_refused_closings_leave_the_receipt_open(changes: dict[str, Any], code: int) -> None:
    """Whatever is wrong with a closing, nothing is registered and the receipt can still be closed or cancelled."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    assert desk.refused(closing(**changes)) == code
    assert desk.mode == 8
    assert desk.last_document == 2
    assert desk.ask(closing()).document == 3


def test_tax_system_that_is_not_registered() -> None:
    """Only registered tax systems may be named; with a single one 0 stands for it."""
    desk = Desk(shift=True)
    desk.register.core.settings.put(18, 1, 5, 2)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    assert desk.refused(closing(tax_system=1)) == 0x35
    number = desk.ask(closing(tax_system=0)).document
    assert desk.values(number)[1055] == 2


def test_a_refusal_of_the_drive_leaves_the_receipt_open() -> None:
    """A drive that says no in the middle of a closing (here: to a tag of its own) does not lose the receipt."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    desk.ask(c.SendItemTlv(tlv=tlv.encode([tlv.Tlv(1214, b"\1\2\3")])))
    assert desk.refused(closing()) == 0x18
    assert desk.mode == 8
    assert desk.ask(c.DriveStatus()).current_document == 0x04
    desk.ask(c.SendItemTlv(tlv=tlv.encode([tlv.Tlv(1214, b"\4")])))
    assert desk.ask(closing()).document == 3
    assert [field.tag for field in desk.document(3)].count(1059) == 1


def test_zero_receipts() -> None:
    """A receipt of nothing is allowed until table 1 field 23 forbids it."""
    desk = Desk(shift=True)
    free = item(price=0)
    assert sell(desk, free, cash=0).document == 3
    desk.set(1, 1, 23, b"\1")
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(free)
    assert desk.refused(closing(0)) == 0x8E


def test_rounding_takes_kopecks_off_the_total() -> None:
    """The buyer pays whole roubles; the positions keep their kopecks."""
    desk = Desk(shift=True)
    number = sell(desk, item(price=8977), cash=17900, rounding=54).document
    values = desk.values(number)
    assert (values[1020], values[1031]) == (17900, 17900)
    assert {field.tag: tlv.value(field) for field in values[1059]}[1043] == 17954


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total": 17902}, 0x33),
        ({"total": 17898}, 0x33),
        ({"quantity": 0}, 0x33),
        ({"rate": 0x03}, 0x33),
        ({"department": 17}, 0x63),
        ({"method": 0}, 0x33),
        ({"method": 8}, 0x33),
        ({"operation": 5}, 0x33),
    ],
)
def test_refused_items(changes: dict[str, Any], code: int) -> None:
    """A position that makes no sense is refused and not counted."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    assert desk.refused(item(**changes)) == code
    assert desk.ask(c.ShortStatus()).operations == 0


def test_a_given_sum_may_differ_by_one_kopeck() -> None:
    """Shops round as they like: one kopeck either way is accepted and stands in the document."""
    desk = Desk(shift=True)
    for total in (17899, 17901):
        number = sell(desk, item(total=total), cash=total).document
        assert desk.values(number)[1020] == total


def test_quantities() -> None:
    """Millionths become the shortest fraction of the format, and the sum is rounded half up."""
    desk = Desk(shift=True)
    number = sell(desk, item(quantity=1_234_000, price=75000), cash=92550).document
    position = {field.tag: field.value for field in desk.values(number)[1059]}
    assert position[1023] == bytes.fromhex("03d204")
    number = sell(desk, item(quantity=500_000, price=1), cash=1).document
    assert desk.values(number)[1020] == 1


def test_cancelling() -> None:
    """88h undoes a receipt here and in the drive: no document, the through number used, the registers say so."""
    desk = Desk(shift=True)
    through = desk.ask(c.FullStatus()).through_number
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    desk.ask(c.CancelReceipt())
    assert desk.mode == 2
    status = desk.ask(c.DriveStatus())
    assert (status.current_document, status.last_document) == (0, 2)
    assert desk.ask(c.FullStatus()).through_number == through + 1
    assert desk.ask(c.OperationRegister(number=157)).value == 1
    assert desk.ask(c.OperationRegister(number=179)).value == 1
    assert desk.ask(c.MoneyRegister(low=249)).value == 17900
    assert desk.refused(c.CancelReceipt()) == 0x73


def test_ff08_cancels_too() -> None:
    """FF08h drops what the drive has begun, the receipt with it; with nothing begun it is harmless."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(c.CancelDocument())
    assert desk.mode == 2
    desk.ask(c.CancelDocument())


def test_a_receipt_belongs_to_its_operator() -> None:
    """Another cashier may look but not sell or close; the system administrator may close and cancel."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(password=1, type=0))
    assert desk.refused(item(password=2)) == 0x59
    desk.ask(item(password=1))
    assert desk.refused(closing(password=2)) == 0x59
    assert desk.refused(c.CancelReceipt(password=2)) == 0x59
    assert desk.ask(c.Subtotal(password=2)).total == 17900
    assert desk.values(desk.ask(closing(password=1)).document)[1021] == "КАССИР 1"
    desk.ask(c.OpenReceipt(password=1, type=0))
    desk.ask(c.CancelReceipt(password=30))
    assert desk.mode == 2


def test_passwords() -> None:
    """An unknown password and an operator of too low a class are refused alike; a changed password counts at once."""
    desk = Desk(shift=True)
    assert desk.refused(c.ShortStatus(password=77)) == 0x4F
    assert desk.refused(c.DriveStatus(password=1)) == 0x4F
    assert desk.refused(c.ZReport(password=28)) == 0x4F
    desk.set(2, 1, 1, (77).to_bytes(4, "little"))
    assert desk.ask(c.ShortStatus(password=77)).operator == 1
    assert desk.refused(c.ShortStatus(password=1)) == 0x4F


def test_cash_of_the_drawer() -> None:
    """Money registers follow cash less change, and a refund in cash needs the cash to be there."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=2))
    desk.ask(item(operation=2))
    assert desk.refused(closing()) == 0x46
    assert desk.ask(closing(payments=payments(0, 17900))).document == 3
    sell(desk, cash=20000)
    assert desk.ask(c.MoneyRegister(low=241)).value == 17900
    sell(desk, item(operation=2), kind=2)
    assert desk.ask(c.MoneyRegister(low=241)).value == 0
    assert desk.ask(c.MoneyRegister(low=193)).value == 17900
    assert desk.ask(c.MoneyRegister(low=195)).value == 17900
    assert desk.ask(c.MoneyRegister(low=199)).value == 17900
    assert [desk.ask(c.OperationRegister(number=number)).value for number in (144, 146)] == [1, 2]


def test_legacy_commands_make_the_same_document() -> None:
    """80h and 85h are how older drivers sell: thousandths, tax groups, four payments."""
    desk = Desk(shift=True)
    desk.ask(c.Sale(password=1, quantity=1500, price=12345, tax_1=2, text="Молоко 3,2%"))
    desk.ask(c.Sale(password=1, quantity=1000, price=5, text="Пакет"))
    reply = desk.ask(c.CloseLegacy(password=1, payments=(20000, 0, 0, 0)))
    assert reply.change == 20000 - 18523
    values = desk.values(3)
    assert (values[1020], values[1103], values[1105]) == (18523, 1683, 5)
    assert desk.refused(c.CopyReceipt(password=77)) == 0x4F
    desk.ask(c.CopyReceipt(password=1))


def test_extended_answers() -> None:
    """With table 17 field 36 the answers on documents carry their moment, the one that stands in the document."""
    desk = Desk(now=START)
    desk.set(17, 1, 36, b"\1")
    opened = desk.ask(c.OpenShiftInDrive())
    assert opened.moment == desk.ask(c.DriveStatus()).moment
    reply = sell(desk)
    assert reply.moment == desk.ask(c.FindDocument(document=reply.document)).moment


def test_a_long_receipt() -> None:
    """Two hundred positions go to the drive in pieces and come back whole."""
    desk = Desk(shift=True)
    lines = [item(quantity=1_000_000, price=100 + at, name=f"Товар {at} " + "х" * 90) for at in range(200)]
    total = sum(line.price for line in lines)
    number = sell(desk, *lines, cash=total).document
    fields = desk.document(number)
    assert [field.tag for field in fields].count(1059) == 200
    assert desk.values(number)[1020] == total


def test_fields_without_a_document() -> None:
    """FF0Ch without anything begun is refused by the drive; broken or too long fields never reach it."""
    desk = Desk(shift=True)
    contact = tlv.encode([tlv.field(1008, "none")])
    assert desk.refused(c.SendTlv(tlv=contact)) == 0x02
    desk.ask(c.OpenReceipt(type=0))
    assert desk.refused(c.SendTlv(tlv=contact[:-1])) != 0
    assert desk.refused(c.SendTlv(tlv=tlv.encode([tlv.Tlv(1008, bytes(247))]))) == 0x33
    assert desk.refused(c.SendTlv(tlv=tlv.encode([tlv.field(1042, 7)]))) == 0x0B
    assert desk.refused(c.SendItemTlv(tlv=contact)) == 0x33
    desk.ask(c.SendTlv(tlv=contact))
    assert desk.refused(c.SendTlv(tlv=contact)) == 0x0C


def test_a_receipt_without_end_is_bounded() -> None:
    """A host that never closes fills no memory: 4Bh, and the receipt can still be cancelled."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    sent = 0
    while True:
        fields = b"".join(
            (60_000 + number).to_bytes(2, "little") + b"\x0a\0" + bytes(10) for number in range(sent, sent + 17)
        )
        body, _ = desk.register.core.execute(c.encode_request(c.SendItemTlv(tlv=fields)), desk.now)
        if body[2]:
            break
        sent += 17
    assert body == b"\xff\x4d\x4b"
    assert sent * 14 < 64 * 1024
    desk.ask(c.CancelReceipt())
    assert sell(desk).document == 3
