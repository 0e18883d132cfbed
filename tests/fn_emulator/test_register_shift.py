"""Shift, reports, cash, settlement state, registration, clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from ffd import tlv
from fn_emulator.drive import Drive
from fn_emulator.emulated import EmulatedRegister
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver import commands as c
from kkt_driver.errors import Refused
from tests.fn_emulator.desk import DAY, START, Desk, sell


def test_a_working_day() -> None:
    """Open, sell, X, Z: numbers go on, shift registers begin again, the through number counts what X adds."""
    desk = Desk()
    desk.ask(c.OpenShift(password=1))
    assert desk.ask(c.ShiftParameters()) == c.ShiftParametersReply(open=1, shift=1, receipt=0)
    sell(desk)
    desk.now += 3600
    desk.ask(c.XReport())
    assert desk.ask(c.OperationRegister(number=158)).value == 1
    assert desk.ask(c.MoneyRegister(low=193)).value == 17900
    closed = desk.ask(c.CloseShiftInDrive())
    assert (closed.shift, closed.document) == (1, 4)
    assert desk.ask(c.MoneyRegister(low=193)).value == 0
    assert desk.ask(c.MoneyRegister(low=241)).value == 17900, "the drawer is not emptied by Z"
    assert desk.ask(c.OperationRegister(number=152)).value == 5
    assert desk.ask(c.FullStatus()).last_closed_shift == 1
    again = desk.ask(c.OpenShiftInDrive())
    assert (again.shift, again.document) == (2, 5)


def test_z_empties_the_drawer_when_told_to() -> None:
    """Table 1 field 2: the cash register begins the next shift at zero."""
    desk = Desk(shift=True)
    desk.set(1, 1, 2, b"\1")
    desk.ask(c.CashIn(amount=500))
    desk.ask(c.ZReport())
    assert desk.ask(c.MoneyRegister(low=241)).value == 0


def test_fields_for_the_reports_of_a_shift() -> None:
    """FF41h and FF42h begin a report so that the host can add a cashier; E0h and 41h then form that very one."""
    desk = Desk()
    cashier = tlv.encode([tlv.field(1021, "Ёлкина"), tlv.field(1203, "9900000000")])
    desk.ask(c.BeginOpenShift())
    assert desk.ask(c.DriveStatus()).current_document == 0x02
    desk.ask(c.SendTlv(tlv=cashier))
    desk.ask(c.OpenShift())
    assert desk.values(2)[1021] == "Ёлкина"
    desk.ask(c.BeginCloseShift())
    assert desk.ask(c.DriveStatus()).current_document == 0x08
    desk.ask(c.SendTlv(tlv=cashier))
    desk.ask(c.ZReport())
    assert desk.values(3)[1021] == "Ёлкина"
    assert desk.last_document == 3


def test_an_abandoned_begin_is_dropped_by_ff08() -> None:
    """A report begun and left stands in the drive until FF08h; afterwards all is as before."""
    desk = Desk()
    desk.ask(c.BeginOpenShift())
    assert desk.refused(c.BeginOpenShift()) == 0x02
    desk.ask(c.CancelDocument())
    assert desk.ask(c.DriveStatus()).current_document == 0
    desk.ask(c.OpenShift())
    assert [field.tag for field in desk.document(2)].count(1021) == 1


def test_twenty_four_hours() -> None:
    """A minute before 24 hours the mode says that only Z is left; the limit is a setting."""
    desk = Desk(shift=True)
    desk.now += DAY - 61
    assert desk.mode == 2
    desk.now += 1
    assert desk.mode == 3
    desk.ask(c.ZReport())
    assert desk.mode == 4


def test_cash_in_and_out() -> None:
    """Cash moves registers and the through number, needs no shift, and cannot be taken when it is not there."""
    desk = Desk()
    first = desk.ask(c.CashIn(password=1, amount=123456))
    assert first.through_number == desk.ask(c.FullStatus()).through_number
    assert desk.refused(c.CashOut(amount=123457)) == 0x46
    assert desk.ask(c.CashOut(amount=23456)).through_number == first.through_number + 1
    numbers = [desk.ask(c.MoneyRegister(low=number)).value for number in (241, 242, 243)]
    assert numbers == [100000, 123456, 23456]
    assert [desk.ask(c.OperationRegister(number=number)).value for number in (153, 154, 155, 156)] == [1, 1, 1, 1]


def test_settlement_state() -> None:
    """FF38h counts what the operator has not confirmed; FF37h before it lets the host add fields."""
    desk = Desk(shift=True)
    desk.ask(c.ZReport())
    report = desk.ask(c.SettlementReport())
    assert (report.document, report.unconfirmed, report.first_unconfirmed) == (4, 3, date(2026, 5, 28))
    found = desk.ask(c.FindDocument(document=4))
    assert found.type == 21
    assert found.tail == bytes((3, 0, 0, 0, 26, 5, 28, 0, 0))
    desk.ask(c.BeginSettlementReport())
    assert desk.ask(c.SettlementReport()).document == 5


def test_tails_of_found_documents() -> None:
    """FF0Ah gives each kind of document the tail that clients read."""
    desk = Desk(shift=True)
    sell(desk)
    desk.ask(c.ZReport())
    registration = desk.ask(c.FindDocument(document=1))
    assert (registration.type, len(registration.tail)) == (1, 34)
    assert registration.tail[:12] == b"9900000000  "
    assert [desk.ask(c.FindDocument(document=number)).shift for number in (2, 4)] == [1, 1]
    assert desk.refused(c.FindDocument(document=5)) == 0x08


def test_reading_a_document_holds_mode_1() -> None:
    """A desktop register stays in mode 1 until FF3Bh came to its end: a host that stops half way meets it again."""
    desk = Desk(shift=True)
    sell(desk)
    desk.ask(c.SelectDocument(document=3))
    desk.ask(c.ReadDocument())
    assert desk.mode == 1
    assert desk.refused(c.OpenReceipt(type=0)) == 0x73
    desk.document(3)
    assert desk.mode == 2


def fresh(**tables: str) -> tuple[EmulatedRegister, list[float]]:
    """A register as it leaves the factory."""
    drive = Drive(MemoryStorage(), number="9999078900000042", keys=DEMO_MASTER_KEY)
    return EmulatedRegister(drive, MemoryStorage(), serial="0099078900000042", now=START), [START]


def test_registration_takes_fields_from_the_host_and_from_tables() -> None:
    """FF06h: what came by FF0Ch wins, the rest is taken from tables 18 and 25; table 18 then shows the result."""
    register, (now,) = fresh()
    for table, field, text in (
        (18, 7, 'ООО "Ромашка"'),
        (18, 9, "Тверь"),
        (18, 12, "7704211201"),
        (25, 24, "ОФД"),
        (25, 20, "Офис"),
        (18, 13, "nalog.gov.ru"),
        (18, 15, "a@b.ru"),
    ):
        register.ask(c.WriteTable(table=table, row=1, field=field, value=text.encode("cp1251")), now)
    with pytest.raises(Refused) as not_begun:
        register.ask(
            c.Register(inn="9900000000", registration_number="0000000001012345", tax_systems=1, work_mode=0), now
        )
    assert not_begun.value.code == 0x02
    register.ask(c.BeginRegistration(type=0), now)
    register.ask(c.SendTlv(tlv=tlv.encode([tlv.field(1009, "Москва")])), now)
    reply = register.ask(
        c.Register(inn="9900000000", registration_number="0000000001012345", tax_systems=0b100001, work_mode=0x20), now
    )
    assert reply.document == 1
    assert register.ask(c.DriveStatus(), now).phase == 3
    texts = {field: register.ask(c.ReadTable(table=18, row=1, field=field), now).text for field in (1, 2, 3, 4)}
    assert texts == {1: "0099078900000042", 2: "9900000000", 3: "0000000001012345", 4: "9999078900000042"}
    assert register.ask(c.ReadTable(table=18, row=1, field=5), now).number == 0b100001
    totals = register.ask(c.RegistrationTotals(), now)
    assert (totals.inn, totals.tax_systems, totals.work_mode, len(totals.more)) == ("9900000000", 0b100001, 0x20, 25)
    found = register.ask(c.FindDocument(document=1), now)
    assert found.sign == reply.sign


def test_clock() -> None:
    """21h moves the time; 22h asks for the same date once more (mode 6), and only 23h with it lets work go on."""
    desk = Desk()
    moment = datetime(2026, 5, 29, 10, 30, 5)
    desk.ask(c.SetTime(time=moment.time()))
    desk.ask(c.SetDate(date=moment.date()))
    assert desk.mode == 6
    assert desk.refused(c.OpenShift()) == 0x73
    assert desk.refused(c.ConfirmDate(date=moment.date() + timedelta(days=1))) == 0x7C
    desk.restart()
    assert desk.mode == 6
    desk.ask(c.ConfirmDate(date=moment.date()))
    assert desk.mode == 4
    assert desk.ask(c.FullStatus()).clock == moment
    desk.now += 60
    assert desk.ask(c.FullStatus()).clock == moment + timedelta(seconds=60)


def test_a_clock_before_the_last_document() -> None:
    """A date before the drive's last document is not confirmed."""
    desk = Desk()
    desk.ask(c.SetDate(date=date(2026, 5, 27)))
    assert desk.refused(c.ConfirmDate(date=date(2026, 5, 27))) == 0xC0
    assert desk.mode == 6


@pytest.mark.parametrize("body", ["211e000000181000", "221e0000001e0219", "231e000000000119"])
def test_impossible_dates_and_times(body: str) -> None:
    """25 o'clock, 30 February and day 0 are refused as dates, not taken somehow."""
    desk = Desk()
    if body.startswith("23"):
        desk.ask(c.SetDate(date=date(2026, 5, 28)))
    assert desk.register.core.execute(bytes.fromhex(body), desk.now)[0][1] == 0x7D


def test_clock_moved_during_a_shift_blocks_receipts() -> None:
    """The drive compares the register's clock with its own timer: skewed by more than five minutes it refuses."""
    desk = Desk(shift=True)
    desk.now += 60
    desk.register.core.clock.skew_s += 600
    assert desk.refused(c.OpenReceipt(type=0)) == 0x17
    desk.register.core.clock.skew_s -= 600
    desk.ask(c.OpenReceipt(type=0))


def test_times_of_a_day() -> None:
    """Midnight is a time."""
    desk = Desk()
    desk.now += 3600
    desk.ask(c.SetTime(time=time(0, 0, 0)))
    clock = desk.ask(c.FullStatus()).clock
    assert clock is not None
    assert clock.time() == time(0, 0, 0)
