"""What goes to paper beside fiscal documents, and the hardware around it: lines, pictures, codes, cutter, drawer.

`flags` of lines: bit 0 journal, 1 receipt, 2 slip, 3 slip-check, 6 wrap, 7 delayed. Pictures are one bit a dot, a line
of 40 bytes (320 dots) for C0h to C4h and as wide as the model says for 4Eh.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import (
    U1,
    U2,
    U5,
    Authorised,
    Bytes,
    LineText,
    MaybeU1,
    MaybeU2,
    OperatorReply,
    ThroughNumberReply,
)

__all__ = [
    "GRAPHIC_LINE",
    "PrintBold",
    "Beep",
    "PrintLine",
    "PrintHeading",
    "Cut",
    "OpenDrawer",
    "Feed",
    "PrintOperationRegisters",
    "PrintLineInFont",
    "DepartmentReport",
    "TaxReport",
    "PrintGraphics512",
    "LoadGraphics512",
    "PrintScaledGraphics",
    "PrintCliche",
    "EndDocument",
    "PrintAdvertisement",
    "CopyReceipt",
    "ContinuePrinting",
    "LoadGraphics",
    "PrintGraphics",
    "PrintEan13",
    "PrintExtendedGraphics",
    "LoadExtendedGraphics",
    "PrintGraphicLine",
    "PrintBufferedReport",
    "PrintBarcode",
    "LoadData",
    "PrintCodeReply",
    "PrintCode",
    "OpenNonFiscal",
    "CloseNonFiscal",
]

GRAPHIC_LINE = 40
"""Bytes of a graphic line of C0h and C4h."""


class PrintBold(Authorised[OperatorReply], frozen=True, kw_only=True):
    """12h: a line in font 2."""

    flags: U1 = 2
    text: Annotated[str, c.padded_text(20)]


class Beep(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class PrintLine(Authorised[OperatorReply], frozen=True, kw_only=True):
    """17h: flags 0 journal, 1 receipt, 2 slip, 6 wrap, 7 delayed."""

    flags: U1 = 2
    text: LineText


class PrintHeading(Authorised[ThroughNumberReply], frozen=True, kw_only=True):
    """18h: a heading; the through number of documents goes up."""

    title: Annotated[str, c.fixed_text(30)]
    number: U2


class Cut(Authorised[OperatorReply], frozen=True, kw_only=True):
    """25h: 0 full, 1 partial."""

    type: U1


class OpenDrawer(Authorised[OperatorReply], frozen=True, kw_only=True):
    drawer: U1 = 0


class Feed(Authorised[OperatorReply], frozen=True, kw_only=True):
    flags: U1 = 2
    lines: U1


class PrintOperationRegisters(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class PrintLineInFont(Authorised[OperatorReply], frozen=True, kw_only=True):
    flags: U1 = 2
    font: U1 = 1
    text: LineText


class DepartmentReport(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class TaxReport(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class PrintGraphics512(Authorised[OperatorReply], frozen=True, kw_only=True):
    """4Dh: lines `first` to `last` of what 4Eh loaded, scaled."""

    first: U2
    last: U2
    vertical: U1 = 1
    horizontal: U1 = 1
    flags: U1 = 2


class LoadGraphics512(Authorised[OperatorReply], frozen=True, kw_only=True):
    """4Eh: `count` lines of `line_size` bytes each, from line `first` on."""

    line_size: U1
    first: U2
    count: U2
    buffer: U1 = 1
    data: Bytes


class PrintScaledGraphics(Authorised[OperatorReply], frozen=True, kw_only=True):
    first: U1
    last: U1
    vertical: U1 = 1
    horizontal: U1 = 1


class PrintCliche(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class EndDocument(Authorised[OperatorReply], frozen=True, kw_only=True):
    """53h: end a non-fiscal document and cut."""

    mode: U1 = 0


class PrintAdvertisement(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class CopyReceipt(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class ContinuePrinting(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class LoadGraphics(Authorised[OperatorReply], frozen=True, kw_only=True):
    """C0h: one line of 320 dots."""

    line: U1
    data: Annotated[bytes, c.exactly(GRAPHIC_LINE)]


class PrintGraphics(Authorised[OperatorReply], frozen=True, kw_only=True):
    first: U1
    last: U1


class PrintEan13(Authorised[OperatorReply], frozen=True, kw_only=True):
    """C2h: the code's number; the register prints it with its check digit."""

    code: U5


class PrintExtendedGraphics(Authorised[OperatorReply], frozen=True, kw_only=True):
    """C3h: `flags` only for models with bit 37 of F7h."""

    first: U2
    last: U2
    flags: MaybeU1 = None


class LoadExtendedGraphics(Authorised[OperatorReply], frozen=True, kw_only=True):
    """C4h: one line of 320 dots; several at once for models with bit 35 of F7h."""

    line: U2
    data: Bytes


class PrintGraphicLine(Authorised[OperatorReply], frozen=True, kw_only=True):
    """C5h: one line of dots, `repeat` times. Models with bit 37 of F7h take the first byte of `data` as flags."""

    repeat: U2
    data: Bytes


class PrintBufferedReport(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class PrintBarcode(Authorised[OperatorReply], frozen=True, kw_only=True):
    """CBh: a linear barcode by the printer's own means, 1 to 48 characters."""

    height: U1
    width: U1
    text_position: U1
    text_font: U1
    type: U1
    data: Bytes


class LoadData(Authorised[OperatorReply], frozen=True, kw_only=True):
    """DDh: 64 bytes of a buffer, block 0 to 127; `kind` 0 is for 2D codes, 1 holds fields for FF64h."""

    kind: U1 = 0
    block: U1
    data: Annotated[bytes, c.exactly(64)]


class PrintCodeReply(msgspec.Struct, frozen=True, kw_only=True):
    """DEh: with type 131 the parameters that were used and the size in dots follow."""

    operator: U1
    parameters: Annotated[tuple[int, ...] | None, c.maybe(c.array(5, 1))] = None
    width: MaybeU2 = None
    height: MaybeU2 = None


class PrintCode(Authorised[PrintCodeReply], frozen=True, kw_only=True):
    """DEh: a 2D code of `length` bytes loaded with DDh; type 0 PDF417, 1 DataMatrix, 2 Aztec, 3 QR (131: long answer).

    For QR the parameters are version (0: fitting), mask, dot size, unused, correction level 0 to 3; `align` 0 left,
    1 centre, 2 right.
    """

    type: U1 = 3
    length: U2
    block: U1 = 0
    parameters: Annotated[tuple[int, ...], c.array(5, 1)] = (0, 0, 4, 0, 0)
    align: U1 = 1


class OpenNonFiscal(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class CloseNonFiscal(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass
