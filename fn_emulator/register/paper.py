"""What goes to paper beside fiscal documents: lines, pictures, codes, small reports; cutter, drawer, test run.

Lines 11 to 14 of table 4 are the cliche above a document, the lines before them the advertisement below it. Pictures
and data blocks live in working memory: the power takes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fn_emulator.register import forms
from fn_emulator.register.counters import (
    DEPARTMENT_REPORTS,
    NON_FISCAL_COUNT,
    NON_FISCAL_NUMBER,
    REGISTER_PRINTS,
    TAX_REPORTS,
    TEST_RUNS,
    THROUGH_NUMBER,
)
from fn_emulator.register.refusal import Code, Refusal
from fn_emulator.register.tape import BarCode, Cut, Dots, Line, Text, centred, wrapped
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["GRAPHIC_LINES_MAX", "HANDLERS", "Loaded", "advertisement", "cliche"]

GRAPHIC_LINES_MAX = 1200
"""Lines of 320 dots that C4h may load; C0h reaches the first 255."""
GRAPHIC_512_LINES_MAX = 600
GRAPHIC_512_BYTES = 64
BLOCKS_MAX, BLOCK_SIZE = 128, 64
_KINDS = (0, 1)  # of DDh: data for a 2D code, fields for FF64h
_SCALE_MAX = 8
_LINE_BYTES = 40
_CLICHE, _ADVERTISEMENT = range(11, 15), range(1, 11)
_REPORTS_OF = 16  # departments

_RECEIPT_ROLL, _WRAP = 1 << 1, 1 << 6
_FEATURE_BLOCKS, _FEATURE_FLAGS = 1 << 35, 1 << 37

_BAR_CODES = ("UPCA", "UPCE", "EAN13", "EAN8", "CODE39", "ITF", "CODABAR", "CODE93", "CODE128")
_CODES = {0: "PDF417", 1: "DataMatrix", 2: "Aztec", 3: "QR", 131: "QR"}
_QR_LONG = 131
_QR_BYTES = (
    (17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520, 586, 644, 718, 792, 858, 929, 1003, 1091,
     1171, 1273, 1367, 1465, 1528, 1628, 1732, 1840, 1952, 2068, 2188, 2303, 2431, 2563, 2699, 2809, 2953),
    (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666, 711, 779, 857,
     911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989, 2099, 2213, 2331),
    (11, 20, 32, 46, 60, 74, 86, 108, 130, 151, 177, 203, 241, 258, 292, 322, 364, 394, 442, 482, 509, 565, 611, 661,
     715, 751, 805, 868, 908, 982, 1030, 1112, 1168, 1228, 1283, 1351, 1423, 1499, 1579, 1663),
    (7, 14, 24, 34, 44, 58, 64, 84, 98, 119, 137, 155, 177, 194, 220, 250, 280, 310, 338, 382, 403, 439, 461, 511,
     535, 593, 625, 658, 698, 742, 790, 842, 898, 958, 983, 1051, 1093, 1139, 1219, 1273),
)  # fmt: skip
"""Bytes that a QR code of version 1 to 40 holds, by level of correction L, M, Q, H (ISO/IEC 18004, byte mode)."""


class Loaded:
    """What a host has put into working memory for later printing or for FF64h."""

    def __init__(self) -> None:
        self.lines: dict[int, bytes] = {}
        self.lines_512: dict[int, bytes] = {}
        self.blocks: dict[int, dict[int, bytes]] = {kind: {} for kind in _KINDS}

    def data(self, kind: int, first: int = 0, size: int | None = None) -> bytes:
        """Blocks on end from `first`; 34h when fewer were loaded than `size` asks for."""
        blocks, data = self.blocks[kind], b""
        while first in blocks and (size is None or len(data) < size):
            data += blocks[first]
            first += 1
        if not data or (size is not None and len(data) < size):
            raise Refusal(Code.NO_DATA)
        return data[:size]


def _done(operator: int) -> c.OperatorReply:
    return c.OperatorReply(operator=operator)


# --- lines ------------------------------------------------------------------------------------------------------------


def _line(register: RegisterCore, flags: int, text: str, font: int) -> None:
    """Only the receipt roll is there; a line for the journal alone goes nowhere. Without bit 6 it ends at the edge."""
    if flags and not flags & _RECEIPT_ROLL:
        return
    lines = wrapped(text.rstrip(), register.model.characters, font)
    register.print_lines(*(lines if flags & _WRAP else lines[:1]))


def line(register: RegisterCore, request: c.PrintLine, operator: int) -> c.OperatorReply:
    _line(register, request.flags, request.text, 1)
    return _done(operator)


def bold_line(register: RegisterCore, request: c.PrintBold, operator: int) -> c.OperatorReply:
    _line(register, request.flags, request.text, 2)
    return _done(operator)


def line_in_font(register: RegisterCore, request: c.PrintLineInFont, operator: int) -> c.OperatorReply:
    if not 1 <= request.font <= register.model.fonts:
        raise Refusal(Code.INCORRECT)
    _line(register, request.flags, request.text, request.font)
    return _done(operator)


def heading(register: RegisterCore, request: c.PrintHeading, operator: int) -> c.ThroughNumberReply:
    """18h: cliche, title and number; counts as a printed document."""
    through = register.counters.count(THROUGH_NUMBER)
    register.save()
    width = register.model.characters
    register.print_lines(*cliche(register), *centred(f"{request.title.rstrip()} №{request.number}", width))
    return c.ThroughNumberReply(operator=operator, through_number=through)


def _table_4(register: RegisterCore, rows: range) -> list[Line]:
    texts = (register.settings.text(4, row, 1) for row in rows)
    return [line for text in texts if text for line in centred(text, register.model.characters)]


def cliche(register: RegisterCore) -> list[Line]:
    return _table_4(register, _CLICHE)


def advertisement(register: RegisterCore) -> list[Line]:
    return _table_4(register, _ADVERTISEMENT)


def print_cliche(register: RegisterCore, request: c.PrintCliche, operator: int) -> c.OperatorReply:
    register.print_lines(*cliche(register))
    return _done(operator)


def print_advertisement(register: RegisterCore, request: c.PrintAdvertisement, operator: int) -> c.OperatorReply:
    register.print_lines(*advertisement(register))
    return _done(operator)


def end_document(register: RegisterCore, request: c.EndDocument, operator: int) -> c.OperatorReply:
    """53h: what 52h and lines began ends here; bit 0 of the mode asks for the advertisement."""
    register.print_lines(*(advertisement(register) if request.mode & 1 else []), Cut())
    return _done(operator)


def feed(register: RegisterCore, request: c.Feed, operator: int) -> c.OperatorReply:
    register.print_lines(*[Text("")] * request.lines)
    return _done(operator)


def cut(register: RegisterCore, request: c.Cut, operator: int) -> c.OperatorReply:
    if request.type > 1:
        raise Refusal(Code.INCORRECT)
    register.print_lines(Cut(partial=request.type == 1))
    return _done(operator)


# --- hardware ---------------------------------------------------------------------------------------------------------


def beep(register: RegisterCore, request: c.Beep, operator: int) -> c.OperatorReply:
    return _done(operator)


def open_drawer(register: RegisterCore, request: c.OpenDrawer, operator: int) -> c.OperatorReply:
    """28h: it stays open until a hand shuts it (`printer.drawer_open`)."""
    register.printer.drawer_open = True
    return _done(operator)


def proceed(register: RegisterCore, request: c.ContinuePrinting, operator: int) -> c.OperatorReply:
    """B0h: 72h when nothing waits, which also tells a host that it was done already."""
    if not register.prints or not register.printer.proceed(register.now):
        raise Refusal(Code.WRONG_SUBMODE)
    return _done(operator)


def test_page(register: RegisterCore) -> list[Line]:
    width = register.model.characters
    return [*centred("ТЕСТОВЫЙ ПРОГОН", width), *centred(register.model.name, width), Text("#" * width)]


def test_run(register: RegisterCore, request: c.TestRun, operator: int) -> c.OperatorReply:
    """19h: a page now and one every so many minutes until 2Bh."""
    if not 1 <= request.minutes <= 99:
        raise Refusal(Code.INCORRECT)
    register.counters.count(TEST_RUNS)
    register.save()
    register.test_run = register.now, 60.0 * request.minutes
    register.print_lines(*test_page(register))
    return _done(operator)


def stop_test(register: RegisterCore, request: c.StopTest, operator: int) -> c.OperatorReply:
    register.test_run = None
    return _done(operator)


# --- pictures ---------------------------------------------------------------------------------------------------------


def load_graphics(register: RegisterCore, request: c.LoadGraphics, operator: int) -> c.OperatorReply:
    _load(register, request.line, request.data)
    return _done(operator)


def load_extended(register: RegisterCore, request: c.LoadExtendedGraphics, operator: int) -> c.OperatorReply:
    """C4h: one line; more of them in one command only where F7h says so."""
    several = bool(register.model.features & _FEATURE_BLOCKS)
    if not request.data or len(request.data) % _LINE_BYTES or (len(request.data) > _LINE_BYTES and not several):
        raise Refusal(Code.INCORRECT)
    _load(register, request.line, request.data)
    return _done(operator)


def _load(register: RegisterCore, first: int, data: bytes) -> None:
    count = len(data) // _LINE_BYTES
    if not 1 <= first <= GRAPHIC_LINES_MAX - count + 1:
        raise Refusal(Code.INCORRECT)
    for at in range(count):
        register.loaded.lines[first + at] = data[at * _LINE_BYTES : (at + 1) * _LINE_BYTES]


def load_512(register: RegisterCore, request: c.LoadGraphics512, operator: int) -> c.OperatorReply:
    size, count = request.line_size, request.count
    last = request.first + count - 1
    if (
        not 1 <= size <= GRAPHIC_512_BYTES
        or not 1 <= request.first <= last <= GRAPHIC_512_LINES_MAX
        or len(request.data) != size * count
    ):
        raise Refusal(Code.INCORRECT)
    for at in range(count):
        line = request.data[at * size : (at + 1) * size]
        register.loaded.lines_512[request.first + at] = line.ljust(GRAPHIC_512_BYTES, b"\0")
    return _done(operator)


def _picture(
    register: RegisterCore, lines: Mapping[int, bytes], first: int, last: int, most: int, *scale: int
) -> c.OperatorReply | None:
    """Lines that nobody loaded are white."""
    if not 1 <= first <= last <= most or not all(1 <= one <= _SCALE_MAX for one in scale):
        raise Refusal(Code.INCORRECT)
    empty = bytes(_LINE_BYTES if lines is register.loaded.lines else GRAPHIC_512_BYTES)
    rows = tuple(lines.get(at, empty) for at in range(first, last + 1))
    register.print_lines(Dots(rows, (scale[0], scale[1]) if scale else (1, 1)))
    return None


def print_graphics(register: RegisterCore, request: Any, operator: int) -> c.OperatorReply:
    """C1h and C3h."""
    _picture(register, register.loaded.lines, request.first, request.last, GRAPHIC_LINES_MAX)
    return _done(operator)


def print_scaled(register: RegisterCore, request: c.PrintScaledGraphics, operator: int) -> c.OperatorReply:
    scale = request.vertical, request.horizontal
    _picture(register, register.loaded.lines, request.first, request.last, GRAPHIC_LINES_MAX, *scale)
    return _done(operator)


def print_512(register: RegisterCore, request: c.PrintGraphics512, operator: int) -> c.OperatorReply:
    scale = request.vertical, request.horizontal
    _picture(register, register.loaded.lines_512, request.first, request.last, GRAPHIC_512_LINES_MAX, *scale)
    return _done(operator)


def print_graphic_line(register: RegisterCore, request: c.PrintGraphicLine, operator: int) -> c.OperatorReply:
    data = request.data[1:] if register.model.features & _FEATURE_FLAGS else request.data
    if not 1 <= len(data) <= GRAPHIC_512_BYTES or not request.repeat:
        raise Refusal(Code.INCORRECT)
    register.print_lines(Dots((data,), (request.repeat, 1)))
    return _done(operator)


# --- codes ------------------------------------------------------------------------------------------------------------


def print_ean13(register: RegisterCore, request: c.PrintEan13, operator: int) -> c.OperatorReply:
    """C2h: twelve digits; the thirteenth is the register's."""
    digits = f"{request.code:012d}"
    if len(digits) > 12:
        raise Refusal(Code.INCORRECT)
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    register.print_lines(BarCode("EAN13", f"{digits}{check}".encode("ascii")))
    return _done(operator)


def print_barcode(register: RegisterCore, request: c.PrintBarcode, operator: int) -> c.OperatorReply:
    kinds = dict(enumerate(_BAR_CODES)) | {65 + at: kind for at, kind in enumerate(_BAR_CODES)}
    if request.type not in kinds or not 1 <= len(request.data) <= 48:
        raise Refusal(Code.INCORRECT)
    register.print_lines(BarCode(kinds[request.type], request.data))
    return _done(operator)


def load_data(register: RegisterCore, request: c.LoadData, operator: int) -> c.OperatorReply:
    """DDh: block 0 begins anew, so that nothing of an older text is left behind a shorter one."""
    blocks = register.loaded.blocks.get(request.kind)
    if blocks is None or request.block >= BLOCKS_MAX:
        raise Refusal(Code.INCORRECT)
    if request.block == 0:
        blocks.clear()
    blocks[request.block] = request.data
    return _done(operator)


def print_code(register: RegisterCore, request: c.PrintCode, operator: int) -> c.PrintCodeReply:
    kind = _CODES.get(request.type)
    if kind is None or request.align > 2 or not request.length:
        raise Refusal(Code.INCORRECT)
    data = register.loaded.data(0, request.block, request.length)
    if kind != "QR":
        register.print_lines(BarCode(kind, data, request.align))
        return c.PrintCodeReply(operator=operator)
    version = _qr_version(len(data), request.parameters)
    register.print_lines(BarCode(kind, data, request.align))
    if request.type != _QR_LONG:
        return c.PrintCodeReply(operator=operator)
    used = (version, *request.parameters[1:])
    dots = (17 + 4 * version) * max(1, request.parameters[2])
    return c.PrintCodeReply(operator=operator, parameters=used, width=dots, height=dots)


def _qr_version(size: int, parameters: tuple[int, ...]) -> int:
    """The version asked for, or the smallest that holds so many bytes."""
    wanted, level = parameters[0], parameters[4]
    if wanted > 40 or level >= len(_QR_BYTES):
        raise Refusal(Code.INCORRECT)
    for version, room in enumerate(_QR_BYTES[level], start=1):
        if size <= room and version >= wanted:
            return version
    raise Refusal(Code.INCORRECT)


# --- documents without the drive, and small reports ------------------------------------------------------------------


def open_non_fiscal(register: RegisterCore, request: c.OpenNonFiscal, operator: int) -> c.OperatorReply:
    register.non_fiscal = True
    register.print_lines(*cliche(register))
    return _done(operator)


def close_non_fiscal(register: RegisterCore, request: c.CloseNonFiscal, operator: int) -> c.OperatorReply:
    register.non_fiscal = False
    for number in (NON_FISCAL_COUNT, NON_FISCAL_NUMBER, THROUGH_NUMBER):
        register.counters.count(number)
    register.save()
    register.print_lines(*advertisement(register), Cut())
    return _done(operator)


def _report(register: RegisterCore, title: str, rows: Iterator[tuple[str, str]], counter: int) -> None:
    register.counters.count(counter)
    register.counters.count(THROUGH_NUMBER)
    register.save()
    register.print(lambda: forms.report(title, rows, width=register.model.characters), report=True)


def registers(register: RegisterCore, request: c.PrintOperationRegisters, operator: int) -> c.OperatorReply:
    rows = ((f"{number:03d}", str(value)) for number, value in sorted(register.counters.counts.items()) if value)
    _report(register, "ОПЕРАЦИОННЫЕ РЕГИСТРЫ", rows, REGISTER_PRINTS)
    return _done(operator)


def departments(register: RegisterCore, request: c.DepartmentReport, operator: int) -> c.OperatorReply:
    def rows() -> Iterator[tuple[str, str]]:
        for place in range(_REPORTS_OF):
            for kind, word in enumerate(_KIND_WORDS):
                sum_ = register.counters.money.get(121 + 4 * place + kind, 0)
                if sum_:
                    yield f"{register.settings.text(7, place + 1, 1)} {word}", forms.money(sum_)

    _report(register, "ОТЧЕТ ПО ОТДЕЛАМ", rows(), DEPARTMENT_REPORTS)
    return _done(operator)


_KIND_WORDS = ("ПРИХОД", "РАСХОД", "ВОЗВРАТ ПРИХОДА", "ВОЗВРАТ РАСХОДА")


def taxes(register: RegisterCore, request: c.TaxReport, operator: int) -> c.OperatorReply:
    def rows() -> Iterator[tuple[str, str]]:
        money = register.counters.money
        for place in range(4):
            name = register.settings.text(6, place + 1, 2)
            for kind, word in enumerate(_KIND_WORDS):
                turnover, tax = money.get(209 + 4 * place + kind, 0), money.get(225 + 4 * place + kind, 0)
                if turnover or tax:
                    yield f"{name} {word}", f"{forms.money(turnover)} / {forms.money(tax)}"

    _report(register, "ОТЧЕТ ПО НАЛОГАМ", rows(), TAX_REPORTS)
    return _done(operator)


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.PrintBold: bold_line,
    c.Beep: beep,
    c.PrintLine: line,
    c.PrintHeading: heading,
    c.TestRun: test_run,
    c.StopTest: stop_test,
    c.Cut: cut,
    c.OpenDrawer: open_drawer,
    c.Feed: feed,
    c.PrintOperationRegisters: registers,
    c.PrintLineInFont: line_in_font,
    c.DepartmentReport: departments,
    c.TaxReport: taxes,
    c.PrintGraphics512: print_512,
    c.LoadGraphics512: load_512,
    c.PrintScaledGraphics: print_scaled,
    c.PrintCliche: print_cliche,
    c.EndDocument: end_document,
    c.PrintAdvertisement: print_advertisement,
    c.ContinuePrinting: proceed,
    c.LoadGraphics: load_graphics,
    c.PrintGraphics: print_graphics,
    c.PrintEan13: print_ean13,
    c.PrintExtendedGraphics: print_graphics,
    c.LoadExtendedGraphics: load_extended,
    c.PrintGraphicLine: print_graphic_line,
    c.PrintBarcode: print_barcode,
    c.LoadData: load_data,
    c.PrintCode: print_code,
    c.OpenNonFiscal: open_non_fiscal,
    c.CloseNonFiscal: close_non_fiscal,
}
