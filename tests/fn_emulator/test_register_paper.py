"""Lines, pictures, codes, small reports, cutter, drawer, test run: what a host sends is what stands on the paper."""

from __future__ import annotations

from typing import Any

import pytest
import segno

from fn_emulator.register.model import MODELS
from fn_emulator.register.paper import _QR_BYTES
from fn_emulator.register.tape import BarCode, Cut, Dots, Line, Text
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk, item, sell


def printing(**options: Any) -> Desk:
    desk = Desk(shift=True, **options)
    desk.set(17, 1, 7, b"\0")
    return desk


def paper(desk: Desk, *requests: c.Request[Any]) -> list[Line]:
    """What these commands put on paper."""
    printer = desk.register.core.printer
    printer.tape.tear_off()
    for request in requests:
        desk.ask(request)
    return list(printer.tape.lines)


@pytest.mark.parametrize(
    ("request_", "lines"),
    [
        (c.PrintLine(text="Проверка"), [Text("Проверка")]),
        (c.PrintLine(text="в журнал", flags=1), []),
        (c.PrintBold(text="Жирно"), [Text("Жирно", 2)]),
        (c.PrintLineInFont(text="Мелко", font=3), [Text("Мелко", 3)]),
        (c.Feed(lines=2), [Text(""), Text("")]),
        (c.Cut(type=1), [Cut(partial=True)]),
        (c.Cut(type=0), [Cut(partial=False)]),
        (c.PrintEan13(code=460123456789), [BarCode("EAN13", b"4601234567893")]),
        (c.PrintEan13(code=9), [BarCode("EAN13", b"0000000000093")]),
        (c.PrintGraphicLine(repeat=3, data=b"\xf0\x0f"), [Dots((b"\xf0\x0f",), (3, 1))]),
        (c.EndDocument(mode=0), [Cut()]),
    ],
)
def test_one_command(request_: c.Request[Any], lines: list[Line]) -> None:
    """One command, its lines: text in CP1251 comes out as it was meant."""
    assert paper(printing(), request_) == lines


def test_long_lines() -> None:
    """Without the flag for it a line ends at the edge; with it, it goes on."""
    desk = printing(model=MODELS["shtrih-light-01f"])
    words = "слово " * 8
    assert len(paper(desk, c.PrintLine(text=words[:40]))) == 1
    assert [line.read() for line in paper(desk, c.PrintLine(text=words[:40], flags=2 | 1 << 6))] == [
        "слово слово слово слово слово",
        "слово слов",
    ]


def test_pictures() -> None:
    """C0h, C4h and 4Eh load, C1h, C3h, 4Fh and 4Dh print; a line that nobody loaded is white."""
    desk = printing()
    black = bytes([0xFF]) * 40
    desk.ask(c.LoadGraphics(line=1, data=black))
    desk.ask(c.LoadExtendedGraphics(line=300, data=black))
    desk.ask(c.LoadGraphics512(line_size=2, first=1, count=2, data=b"\x01\x02\x03\x04"))
    assert paper(desk, c.PrintGraphics(first=1, last=2)) == [Dots((black, bytes(40)))]
    assert paper(desk, c.PrintExtendedGraphics(first=300, last=300)) == [Dots((black,))]
    assert paper(desk, c.PrintScaledGraphics(first=1, last=1, vertical=3, horizontal=2)) == [Dots((black,), (3, 2))]
    rows = b"\x01\x02".ljust(64, b"\0"), b"\x03\x04".ljust(64, b"\0")
    assert paper(desk, c.PrintGraphics512(first=1, last=2, vertical=2, horizontal=2)) == [Dots(rows, (2, 2))]
    desk.register.power_cycle(desk.now)
    assert paper(desk, c.PrintGraphics(first=1, last=1)) == [Dots((bytes(40),))], "the power took the picture"


@pytest.mark.parametrize(
    "request_",
    [
        c.PrintGraphics(first=0, last=1),
        c.PrintGraphics(first=2, last=1),
        c.PrintExtendedGraphics(first=1, last=1201),
        c.PrintScaledGraphics(first=1, last=1, vertical=0),
        c.LoadGraphics(line=0, data=bytes(40)),
        c.LoadExtendedGraphics(line=1, data=bytes(80)),
        c.LoadExtendedGraphics(line=1201, data=bytes(40)),
        c.LoadGraphics512(line_size=65, first=1, count=1, data=bytes(65)),
        c.LoadGraphics512(line_size=2, first=1, count=2, data=bytes(3)),
        c.LoadGraphics512(line_size=2, first=600, count=2, data=bytes(4)),
        c.PrintGraphicLine(repeat=0, data=b"\1"),
        c.PrintGraphicLine(repeat=1, data=b""),
        c.LoadData(kind=2, block=0, data=bytes(64)),
        c.LoadData(kind=0, block=128, data=bytes(64)),
        c.PrintCode(type=7, length=1),
        c.PrintCode(length=0),
        c.PrintBarcode(height=1, width=1, text_position=0, text_font=0, type=2, data=b""),
        c.PrintEan13(code=1_000_000_000_000),
        c.PrintLineInFont(text="", font=8),
        c.Cut(type=2),
    ],
)
def test_out_of_bounds(request_: c.Request[Any]) -> None:
    """33h, nothing on the paper, and nothing that could make memory grow."""
    desk = printing()
    assert desk.refused(request_) == 0x33


def load(desk: Desk, data: bytes, kind: int = 0) -> None:
    for block in range(-(-len(data) // 64)):
        desk.ask(c.LoadData(kind=kind, block=block, data=data[block * 64 : (block + 1) * 64].ljust(64, b"\0")))


def test_a_qr_code() -> None:
    """DDh loads, DEh prints; type 131 answers what was used and how many dots it takes."""
    desk = printing()
    text = b"t=20260305T1405&s=200.00&fn=9999078900001234&i=70000&fp=4203366341&n=1" * 2
    load(desk, text)
    assert paper(desk, c.PrintCode(type=3, length=len(text), align=0)) == [BarCode("QR", text, 0)]
    reply = desk.ask(c.PrintCode(type=131, length=len(text), parameters=(0, 0, 4, 0, 1)))
    version = segno.make(text, error="m", boost_error=False, micro=False, mode="byte").version
    assert isinstance(version, int)
    assert reply.parameters == (version, 0, 4, 0, 1)
    assert reply.width == reply.height == (17 + 4 * version) * 4
    assert desk.ask(c.PrintCode(type=0, length=10)).parameters is None
    assert desk.refused(c.PrintCode(type=3, length=64 * 4)) == 0x34, "fewer blocks were loaded"


@pytest.mark.slow
@pytest.mark.parametrize(("level", "error"), [(0, "l"), (1, "m"), (2, "q"), (3, "h")])
def test_what_qr_codes_hold(level: int, error: str) -> None:
    """The table of the standard: one byte more wants the next version."""
    for version, size in enumerate(_QR_BYTES[level], start=1):
        made = segno.make("x" * size, error=error, boost_error=False, micro=False, mode="byte")
        assert made.version == version


def test_fields_from_the_buffer() -> None:
    """FF64h: a field longer than FF0Ch can carry goes through DDh blocks; what fills up the last block is no field."""
    desk = printing()
    value = "реквизит " * 28
    field = (1085).to_bytes(2, "little") + (3).to_bytes(2, "little") + b"abc"
    text = value.encode("cp866")[:250]
    long_ = field + (1086).to_bytes(2, "little") + len(text).to_bytes(2, "little") + text
    data = (1084).to_bytes(2, "little") + len(long_).to_bytes(2, "little") + long_
    assert len(data) > 250
    desk.ask(c.OpenReceipt(type=0))
    load(desk, data, kind=1)
    desk.ask(c.SendTlvFromBuffer())
    assert desk.refused(c.SendTlvFromBuffer()) == 0x34, "the buffer is empty now"
    desk.ask(item())
    document = desk.ask(c.CloseReceipt(payments=(17900, *[0] * 15), tax_system=1)).document
    assert {inner.tag for inner in desk.values(document)[1084]} == {1085, 1086}


def test_cliche_and_advertisement() -> None:
    """Table 4 stands above documents, and below receipts when table 1 field 3 says so."""
    desk = printing()
    desk.set(4, 11, 1, "Добро пожаловать".encode("cp1251"))
    desk.set(4, 1, 1, "Ждём вас снова".encode("cp1251"))
    assert [line.read().strip() for line in paper(desk, c.PrintCliche(), c.PrintAdvertisement())] == [
        "Добро пожаловать",
        "Ждём вас снова",
    ]
    desk.set(1, 1, 3, b"\1")
    sell(desk)
    text = desk.register.core.printer.tape.text()
    assert text.index("Добро пожаловать") < text.index("КАССОВЫЙ ЧЕК") < text.rindex("Ждём вас снова")
    heading = paper(desk, c.PrintHeading(title="СПРАВКА", number=7))
    assert [line.read().strip() for line in heading] == ["Добро пожаловать", "СПРАВКА №7"]


def test_a_non_fiscal_document() -> None:
    """E2h to E3h: mode 8 with status 4, lines go in, receipts do not; counted apart."""
    desk = printing()
    desk.ask(c.OpenNonFiscal())
    status = desk.ask(c.ShortStatus())
    assert (status.mode, status.mode_status) == (8, 4)
    assert desk.refused(item()) == 0x73
    assert desk.refused(c.OpenReceipt(type=0)) == 0x73
    desk.ask(c.PrintLine(text="Купон"))
    desk.ask(c.CloseNonFiscal())
    assert desk.mode == 2
    assert [desk.ask(c.OperationRegister(number=number)).value for number in (183, 184)] == [1, 1]
    assert "Купон" in desk.register.core.printer.tape.text()


def test_reports_of_registers() -> None:
    """X, departments, taxes, operation registers: on paper with what the registers hold, each counted."""
    desk = printing()
    sell(desk, item(rate=1, price=12000, quantity=1_000_000), cash=12000)
    text = "".join(line.read() + "\n" for line in paper(desk, c.XReport(), c.DepartmentReport(), c.TaxReport()))
    for words in ("СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ", "ОТЧЕТ ПО ОТДЕЛАМ", "НДС 20% ПРИХОД", "120.00 / 20.00"):
        assert words in text
    printed = paper(desk, c.PrintOperationRegisters())
    assert any(line.read().startswith("152") for line in printed)
    counted = {number: desk.ask(c.OperationRegister(number=number)).value for number in (158, 164, 165, 178)}
    assert counted == {158: 1, 164: 1, 165: 1, 178: 1}


def test_reports_may_stay_off_paper() -> None:
    """Table 17 field 53: reports are made but not printed, receipts are."""
    desk = printing()
    desk.set(17, 1, 53, b"\1")
    assert paper(desk, c.XReport()) == []
    sell(desk)
    assert "КАССОВЫЙ ЧЕК" in desk.register.core.printer.tape.text()


def test_z_in_the_buffer() -> None:
    """C6h closes the shift without paper, C7h prints it once; then D1h."""
    desk = printing()
    assert desk.refused(c.PrintBufferedReport()) == 0xD1
    assert paper(desk, c.ZReportToBuffer()) == []
    assert (desk.mode, desk.ask(c.FindDocument(document=3)).type) == (4, 5)
    assert "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ" in "".join(line.read() for line in paper(desk, c.PrintBufferedReport()))
    assert desk.refused(c.PrintBufferedReport()) == 0xD1


def test_the_drawer() -> None:
    """28h opens it, a hand shuts it; the flag in 10h follows on models that have the sensor."""
    desk = printing()
    desk.ask(c.OpenDrawer())
    assert desk.ask(c.ShortStatus()).flags & 1 << 11
    desk.register.core.printer.drawer_open = False
    assert not desk.ask(c.ShortStatus()).flags & 1 << 11
    blind = printing(model=MODELS["shtrih-on-line"])
    blind.ask(c.OpenDrawer())
    assert not blind.ask(c.ShortStatus()).flags & 1 << 11


def test_copy_of_the_last_receipt() -> None:
    """8Ch prints it again with the word; after a restart there is none (56h)."""
    desk = printing()
    assert desk.refused(c.CopyReceipt()) == 0x56
    sell(desk)
    copy = "".join(line.read() + "\n" for line in paper(desk, c.CopyReceipt()))
    assert "КОПИЯ" in copy
    assert "Молоко 3,2% 1л" in copy
    desk.register.power_cycle(desk.now)
    assert desk.refused(c.CopyReceipt()) == 0x56


def test_a_test_run() -> None:
    """19h prints a page now and then every so many minutes until 2Bh; a register left alone does not flood its tape."""
    desk = printing()
    assert desk.refused(c.TestRun(minutes=0)) == 0x33
    page = paper(desk, c.TestRun(minutes=5))
    assert desk.mode == 10
    assert desk.register.deadline == desk.now + 300
    desk.now += 299
    desk.register.handle_timeout(desk.now)
    assert desk.register.core.printer.tape.lines == tuple(page)
    desk.now += 1
    desk.register.handle_timeout(desk.now)
    assert desk.register.core.printer.tape.lines == tuple(page * 2)
    desk.now += 86_400
    desk.ask(c.ShortStatus())
    assert len(desk.register.core.printer.tape.lines) <= len(page) * 13
    desk.ask(c.StopTest())
    assert desk.mode == 3
    assert desk.register.deadline is None
