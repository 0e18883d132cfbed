"""The printer: every cell of its table, and what a host sees of it."""

from __future__ import annotations

from typing import Any

import pytest

from fn_emulator.register.printer import TRANSITIONS, Event, Printer, Submode
from fn_emulator.register.tape import Text
from kkt_driver import commands as c
from kkt_driver.commands import COMMANDS
from tests.fn_emulator.desk import Desk, closing, item

DOCUMENT = [Text(f"строка {number}") for number in range(10)]
INVALID = "*** ДОКУМЕНТ НЕДЕЙСТВИТЕЛЕН ***"


def printer_in(submode: Submode) -> Printer:
    """A printer that got into a submode as hands and documents bring it there; the time is 5."""
    printer = Printer()
    if submode is Submode.NO_PAPER:
        printer.take_paper(5.0)
    elif submode is not Submode.READY:
        printer.print(DOCUMENT, 0.0, 10.0)
    if submode in (Submode.RAN_OUT, Submode.PAPER_IS_BACK):
        printer.take_paper(5.0)
    if submode is Submode.PAPER_IS_BACK:
        printer.load_paper(5.0)
    return printer


def happen(printer: Printer, event: Event) -> Submode:
    """The submode after something has happened."""
    now = 5.0
    match event:
        case Event.PRINT:
            printer.print(DOCUMENT, now, 10.0)
        case Event.DONE:
            now = 100.0
        case Event.PAPER_GONE:
            printer.take_paper(now)
        case Event.PAPER_BACK:
            printer.load_paper(now)
        case Event.CONTINUE:
            printer.proceed(now)
    return printer.submode(now)


@pytest.mark.parametrize("submode", Submode, ids=lambda submode: submode.name)
@pytest.mark.parametrize("event", Event, ids=lambda event: event.name)
def test_every_cell(submode: Submode, event: Event) -> None:
    """What the table shows happens; what it does not show changes nothing."""
    printer = printer_in(submode)
    assert printer.submode(5.0) is submode
    assert happen(printer, event) is TRANSITIONS[submode].get(event, submode)


def test_an_interrupted_document_is_printed_again_from_its_start() -> None:
    """Half a document, the word that it counts for nothing, and after B0h the whole of it."""
    printer = printer_in(Submode.PAPER_IS_BACK)
    assert printer.tape.text().splitlines() == [*(line.text for line in DOCUMENT[:5]), INVALID]
    assert printer.proceed(6.0)
    assert printer.submode(16.0) is Submode.READY
    assert list(printer.tape.lines[6:]) == DOCUMENT


def test_a_short_roll() -> None:
    """Paper that is at its end in the middle of a document stops it there, whatever the printing time."""
    printer = Printer()
    printer.load_paper(0.0, lines=14)
    printer.print(DOCUMENT, 0.0)
    printer.print(DOCUMENT, 1.0)
    assert printer.submode(1.0) is Submode.RAN_OUT
    assert [line.read() for line in printer.tape.lines[10:]] == [*(line.text for line in DOCUMENT[:4]), INVALID]


def test_the_cover() -> None:
    """An open cover is no paper: in the middle of a document it tears it, and closing it does not continue it."""
    printer = printer_in(Submode.PRINTING)
    printer.open_cover(5.0)
    assert printer.submode(5.0) is Submode.RAN_OUT
    printer.take_paper(5.0)
    printer.close_cover(5.0)
    assert printer.submode(5.0) is Submode.RAN_OUT, "there is still no paper"
    printer.load_paper(5.0)
    assert printer.submode(5.0) is Submode.PAPER_IS_BACK


def test_power_lost_while_printing() -> None:
    """After power-up the document is printed from its start again; registers and drive have nothing to do with it."""
    desk = Desk(durations={"B0": 10.0})
    desk.set(17, 1, 7, b"\0")
    desk.ask(c.OpenShift())
    document = desk.last_document
    desk.now += 5
    desk.register.power_cycle(desk.now)
    assert desk.ask(c.ShortStatus()).submode == 5
    desk.now += 10
    assert desk.ask(c.ShortStatus()).submode == 0
    assert desk.register.core.printer.tape.text().count("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ") == 2
    assert desk.last_document == document


def printing_desk(**options: Any) -> Desk:
    desk = Desk(**options)
    desk.set(17, 1, 7, b"\0")
    desk.ask(c.OpenShift())
    return desk


def test_closing_without_paper() -> None:
    """6Bh, nothing is registered, the receipt stays open; statuses and drive are asked as ever, 88h works."""
    desk = printing_desk()
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    desk.register.core.printer.take_paper(desk.now)
    status = desk.ask(c.ShortStatus())
    assert (status.submode, status.flags & 0x82) == (1, 0)
    assert desk.refused(closing()) == 0x6B
    assert desk.ask(c.DriveStatus()).last_document == 2
    assert desk.mode == 8
    desk.ask(c.CancelReceipt())
    assert desk.mode == 2


def test_paper_that_ends_in_a_receipt() -> None:
    """The document is registered; 58h until B0h, then the whole receipt is on the paper; a second B0h is 72h."""
    desk = printing_desk(durations={"B0": 4.0})
    desk.now += 4
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    document = desk.ask(closing()).document
    desk.now += 2
    printer = desk.register.core.printer
    printer.take_paper(desk.now)
    assert desk.ask(c.ShortStatus()).submode == 2
    assert desk.refused(c.ContinuePrinting()) == 0x72
    printer.load_paper(desk.now)
    status = desk.ask(c.ShortStatus())
    assert (status.submode, status.last_print) == (3, 1)
    assert desk.refused(c.OpenReceipt(type=0)) == 0x58
    assert desk.ask(c.FindDocument(document=document)).total == 17900
    again = c.encode_request(c.ContinuePrinting())
    assert desk.register.core.execute(again, desk.now) == (b"\xb0\0\x1e", 0.0), "answered at once, then it prints"
    assert desk.refused(c.ContinuePrinting()) == 0x72
    desk.now += 4
    assert desk.ask(c.ShortStatus()).submode == 0
    assert printer.tape.text().count("ИТОГ") >= 1
    desk.ask(c.OpenReceipt(type=0))


@pytest.mark.parametrize("code", [row.code for row in COMMANDS.values() if row.name.endswith("status")])
def test_statuses_answer_in_every_submode(code: bytes) -> None:
    """Recovery rests on commands that work whatever the paper does."""
    desk = printing_desk()
    desk.register.core.printer.take_paper(desk.now)
    request = COMMANDS[code].request()
    answer = desk.register.core.execute(c.encode_request(request), desk.now)[0]
    assert answer[len(code)] not in (0x50, 0x58, 0x6B, 0x72, 0x73)


def test_printing_switched_off() -> None:
    """Table 17 field 7: 2 prints nothing and knows no paper, 1 leaves out the next document only."""
    desk = Desk()
    desk.register.core.printer.take_paper(desk.now)
    desk.ask(c.OpenShift())
    assert desk.ask(c.ShortStatus()).submode == 0
    assert desk.register.core.printer.tape.lines == ()
    desk.register.core.printer.load_paper(desk.now)
    desk.set(17, 1, 7, b"\1")
    desk.ask(c.XReport())
    assert desk.register.core.printer.tape.lines == ()
    assert desk.ask(c.ReadTable(table=17, row=1, field=7)).number == 0
    desk.ask(c.XReport())
    assert "СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ" in desk.register.core.printer.tape.text()
