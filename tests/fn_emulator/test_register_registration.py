"""Changes of registration, the close of the drive, the archive of registrations, a debug drive as new."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ffd import tlv
from ffd.enums import ChangeReason
from fn_emulator.drive import Drive
from fn_emulator.emulated import EmulatedRegister, drive_number
from fn_emulator.register import DESKTOP
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver import commands as c
from tests.fn_emulator.desk import START, Desk, deliver_all, sell


def same(desk: Desk, reason: int, **changes: Any) -> c.ChangeRegistration:
    """FF34h with what is registered, changed in one place."""
    totals = desk.ask(c.RegistrationTotals())
    usual: dict[str, Any] = {
        "inn": totals.inn,
        "registration_number": totals.registration_number,
        "tax_systems": totals.tax_systems,
        "work_mode": totals.work_mode,
    }
    return c.ChangeRegistration(reason=reason, **{**usual, **changes})


@pytest.mark.parametrize("ffd", [2, 3, 4])
def test_a_change_of_registration(ffd: int) -> None:
    """The report says why, in the words of its format; the register's tables follow."""
    desk = Desk(ffd=ffd)
    desk.ask(c.BeginRegistration(type=2))
    assert desk.ask(c.DriveStatus()).current_document == 0x13
    made = desk.ask(same(desk, 3, tax_systems=3))
    found = desk.ask(c.FindDocument(document=made.document))
    assert (found.type, found.document) == (11, 2)
    values = desk.values(2)
    if ffd == 2:
        assert values[1101] == 3
        assert found.tail[-1] == 3
    else:
        assert values[1205] == ChangeReason(1 << 2)
    assert desk.ask(c.ReadTable(table=18, row=1, field=5)).number == 3
    assert desk.ask(c.RegistrationTotals()).tax_systems == 3


def test_reasons_of_the_host_and_of_the_table() -> None:
    """From format 1.1 on tag 1205 holds all reasons: those of FF0Ch, else those of table 18 field 22."""
    desk = Desk()
    desk.set(18, 1, 22, (1 << 7 | 1 << 3).to_bytes(4, "little"))
    desk.ask(c.BeginRegistration(type=2))
    desk.ask(same(desk, 4, tax_systems=7))
    assert desk.values(2)[1205] == ChangeReason(1 << 7 | 1 << 3)
    desk.ask(c.BeginRegistration(type=2))
    desk.ask(c.SendTlv(tlv=tlv.encode([tlv.field(1205, 1 << 2)])))
    desk.ask(same(desk, 4))
    assert desk.values(3)[1205] == ChangeReason(1 << 2)


def test_refused_changes() -> None:
    """A change that was not begun, with another owner, with an open shift: no report, and nothing is changed."""
    desk = Desk()
    assert desk.refused(same(desk, 3)) == 0x02
    desk.ask(c.BeginRegistration(type=2))
    assert desk.refused(same(desk, 0)) == 0x33
    assert desk.refused(same(desk, 3, inn="9900000001")) == 0x09
    assert desk.ask(c.DriveStatus()).current_document == 0, "what can't be formed is dropped"
    desk.ask(c.OpenShift())
    assert desk.refused(c.BeginRegistration(type=2)) == 0x73
    assert desk.last_document == 2


def test_another_drive() -> None:
    """A full drive goes, a new one comes: the first report on it is a change of registration, numbers begin at 1."""
    desk = Desk(shift=True)
    sell(desk)
    desk.ask(c.ZReport())
    drive = Drive(MemoryStorage(), number=drive_number(77), keys=DEMO_MASTER_KEY)
    register = EmulatedRegister(drive, desk.storage, serial=desk.register.serial, now=desk.now)
    desk.register = register
    assert desk.mode == 4
    assert desk.ask(c.ReadTable(table=18, row=1, field=4)).text == drive_number(77)
    assert desk.refused(c.OpenShift()) == 0x02
    desk.ask(c.BeginRegistration(type=1))
    settings = register.core.settings
    made = desk.ask(
        c.ChangeRegistration(
            inn=settings.text(18, 1, 2),
            registration_number=settings.text(18, 1, 3),
            tax_systems=0x3F,
            work_mode=0,
            reason=1,
        )
    )
    assert made.document == 1
    assert desk.values(1)[1205] == ChangeReason(1)
    desk.ask(c.OpenShift())
    assert sell(desk).document == 3


def test_the_close_of_the_drive() -> None:
    """FF3Dh, FF3Eh: phase 7, nothing fiscal goes any more; with the last ticket 15, and the archive still answers."""
    desk = Desk(shift=True)
    sell(desk)
    assert desk.refused(c.BeginClosing()) == 0x73
    desk.ask(c.ZReport())
    assert desk.refused(c.CloseDrive()) == 0x02
    desk.ask(c.BeginClosing())
    assert desk.ask(c.DriveStatus()).current_document == 0x10
    made = desk.ask(c.CloseDrive())
    assert (made.document, desk.ask(c.DriveStatus()).phase) == (5, 7)
    assert desk.refused(c.OpenShift()) == 0x02
    deliver_all(desk)
    assert desk.ask(c.DriveStatus()).phase == 15
    assert desk.ask(c.FindDocument(document=5)).type == 6
    assert desk.ask(c.FindDocument(document=3)).total == 17900


def test_careful_firmware_does_not_close_over_a_queue() -> None:
    """Behind a switch: FF3Eh while documents wait for their tickets."""
    desk = Desk(model=replace(DESKTOP, closes_with_queue=False))
    desk.ask(c.BeginClosing())
    assert desk.refused(c.CloseDrive()) == 0x02
    deliver_all(desk)
    desk.ask(c.CloseDrive())
    assert desk.ask(c.DriveStatus()).phase == 7


def test_registrations_are_read_one_by_one() -> None:
    """FF4Ch by number, FF0Eh and FF60h field by field, FFFFh all of them through FF3Bh."""
    desk = Desk()
    desk.ask(c.BeginRegistration(type=2))
    desk.ask(same(desk, 3, tax_systems=3))
    first, last = desk.ask(c.RegistrationTotalsV2(number=1)), desk.ask(c.RegistrationTotalsV2(number=2))
    assert (first.tax_systems, first.document) == (0x3F, 1)
    assert (last.tax_systems, last.document) == (3, 2)
    assert desk.refused(c.RegistrationTotalsV2(number=3)) == 0x08
    assert desk.ask(c.RegistrationTag(report=1, tag=1062)).tlv == bytes.fromhex("260401003f")
    assert desk.ask(c.RegistrationParameter(number=0, tag=1062)).tlv == bytes.fromhex("2604010003")
    assert desk.ask(c.RegistrationParameter(number=1, tag=1062)).tlv == bytes.fromhex("260401003f")
    assert desk.refused(c.RegistrationParameter(number=1, tag=1008)) == 0x08
    assert desk.ask(c.RegistrationTag(report=1, tag=0xFFFF)).tlv == b""
    assert desk.mode == 1
    pieces = []
    while (code := desk.register.core.execute(c.encode_request(c.ReadDocument()), desk.now)[0])[2] == 0:
        pieces.append(code[3:])
    assert code == b"\xff\x3b\x08"
    assert desk.mode == 4
    assert tlv.decode(b"".join(pieces)) == desk.document(1)


@pytest.mark.parametrize(("ffd", "first", "second"), [(2, 47, 48), (4, 64, 64)])
def test_sizes_of_registration_totals(ffd: int, first: int, second: int) -> None:
    """Format 1.05 has a reason from the second registration on; clients take fields by their places."""
    desk = Desk(ffd=ffd)
    desk.ask(c.BeginRegistration(type=2))
    desk.ask(same(desk, 2))
    for number, size in ((1, first), (2, second)):
        answer, _ = desk.register.core.execute(c.encode_request(c.RegistrationTotalsV2(number=number)), desk.now)
        assert len(answer) == 3 + size


def test_a_debug_drive_as_new() -> None:
    """FF07h with 16h: an open receipt and all documents are gone; the register can be registered again."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    assert desk.refused(c.ResetDrive(code=1)) == 0x01
    assert desk.mode == 8
    desk.ask(c.ResetDrive())
    status = desk.ask(c.DriveStatus())
    assert (desk.mode, status.phase, status.last_document) == (4, 1, 0)
    assert desk.ask(c.ReadTable(table=18, row=1, field=2)).text == ""
    desk.ask(c.BeginRegistration(type=0))
    desk.ask(c.Register(inn="9900000000", registration_number="0000000001046261", tax_systems=1, work_mode=0))
    desk.ask(c.OpenShift())
    assert sell(desk).document == 3
    assert desk.now == START
