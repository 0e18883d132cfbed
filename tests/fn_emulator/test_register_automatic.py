"""What a register does by itself, which a fleet has to switch off: table 24."""

from __future__ import annotations

from kkt_driver import commands as c
from tests.fn_emulator.desk import DAY, START, Desk, item, sell


def automatic(*fields: tuple[int, int], shift: bool = True) -> Desk:
    desk = Desk(shift=shift)
    for field, value in fields:
        desk.set(24, 1, field, bytes((value,)))
    return desk


def test_the_shift_closes_at_its_time() -> None:
    """Fields 9 to 11: a Z that nobody asked for, at hour and minute, whether a host is there or not."""
    desk = automatic((9, 1), (10, 23), (11, 50))
    at = desk.register.deadline
    assert at is not None
    assert desk.register.core.clock.at(at).strftime("%H:%M:%S") == "23:50:00"
    desk.register.handle_timeout(at - 1)
    desk.now = at - 1
    assert desk.mode == 2
    desk.register.handle_timeout(at)
    desk.now = at
    assert desk.mode == 4
    assert desk.ask(c.FindDocument(document=3)).type == 5
    assert desk.register.deadline is None, "a closed shift has nothing to be closed"
    desk.ask(c.OpenShift())
    assert desk.register.deadline == at + DAY


def test_a_host_that_comes_late_finds_it_done() -> None:
    """The document is there before the answer to whatever the host asks first: its count was wrong."""
    desk = automatic((9, 1), (10, 23), (11, 50))
    desk.now += 3600
    assert desk.ask(c.DriveStatus()).last_document == 3
    assert desk.refused(c.OpenReceipt(type=0)) == 0x73


def test_an_open_receipt_is_not_disturbed() -> None:
    """The report waits until the receipt is closed."""
    desk = automatic((9, 1), (10, 23), (11, 50))
    desk.ask(c.OpenReceipt(type=0))
    desk.now += 3600
    desk.register.handle_timeout(desk.now)
    assert desk.register.deadline is None, "nothing to be called for as long as the receipt is open"
    desk.ask(item())
    document = desk.ask(c.CloseReceipt(payments=(17900, *[0] * 15), tax_system=1)).document
    assert document == 3
    assert desk.mode == 4
    assert desk.last_document == 4


def test_an_x_report_at_its_time() -> None:
    """Field 14 alone prints and counts, the shift stays open; once a day."""
    desk = automatic((14, 1), (10, 23), (11, 50))
    desk.now += 3600
    assert desk.mode == 2
    assert desk.ask(c.OperationRegister(number=158)).value == 1
    desk.now += 3600
    assert desk.ask(c.OperationRegister(number=158)).value == 1


def test_a_shift_opens_for_a_receipt() -> None:
    """Field 13: 8Dh and the first item open the shift, which is a document of its own; otherwise 73h."""
    desk = Desk()
    assert desk.refused(c.OpenReceipt(type=0)) == 0x73
    assert desk.refused(item()) == 0x73
    assert desk.last_document == 1
    desk.set(24, 1, 13, b"\1")
    assert sell(desk).document == 3
    desk.ask(c.ZReport())
    desk.ask(item())
    assert desk.mode == 8
    assert desk.ask(c.FindDocument(document=5)).type == 2


def test_only_what_the_operator_may() -> None:
    """A wrong password opens no shift."""
    desk = automatic((13, 1), shift=False)
    assert desk.refused(c.OpenReceipt(type=0, password=999)) == 0x4F
    assert desk.last_document == 1


def test_a_report_at_switching_on() -> None:
    """Field 12: a shift that was open is closed when the power comes."""
    desk = automatic((12, 1))
    desk.register.power_cycle(desk.now)
    assert desk.mode == 4
    assert desk.last_document == 3
    assert desk.now == START


def test_a_drive_that_refuses() -> None:
    """An automatic report that can't be made leaves the shift open and the reason in 6Bh."""
    desk = automatic((9, 1), (10, 23), (11, 50))
    desk.register.core.clock.skew_s += 600
    desk.now += 3600
    assert desk.mode == 2
    assert desk.last_document == 2
