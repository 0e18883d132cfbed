"""The printed form as a PDF: one page as wide as the paper of a receipt printer and as long as the receipt.

Text is text (it can be searched and copied), the font is inside the file, the QR code is drawn as shapes. The same
document gives the same bytes: no clock and no random identifier goes in.
"""

from __future__ import annotations

import io
from typing import Any

from ffd.documents import Document
from ffd.errors import EncodeError
from ffd.render.form import Beside, Style, caption, rows
from ffd.render.heavy import ADVANCE, BOLD, REGULAR, needed, qr_grid, qr_runs
from ffd.render.layout import Line, lines, total_columns

__all__ = ["pdf"]

_MM = 72 / 25.4
_COLUMN = 72 / 48 * _MM  # 48 columns on the 72 mm a printer can reach on 80 mm paper
_MARGIN = 4 * _MM
_ROW = 1.25 * _COLUMN / ADVANCE
_AIR = 0.3 * _ROW
_LARGE = 1.5
_MODULE = 0.75 * _MM
_QUIET = 4 * _MODULE
_LENGTH_MAX = 14_400.0  # points: the longest page a PDF reader must show
_BOLD = frozenset((Style.TITLE, Style.HEAD, Style.TOTAL))


def pdf(document: Document, *, width: int = 48, beside: Beside | None = None) -> bytes:
    """The PDF of a document, `width` columns wide. One longer than a page may be is an EncodeError."""
    canvas_module = needed("reportlab.pdfgen.canvas")
    found = list(lines(rows(document, beside), width=width, large=True))
    length = sum(map(_height, found)) + 2 * _MARGIN
    if length > _LENGTH_MAX:
        raise EncodeError(f"{length:.0f} points long, at most {_LENGTH_MAX:.0f} allowed", path="pdf")
    out = io.BytesIO()
    size = (width * _COLUMN + 2 * _MARGIN, length)
    canvas = canvas_module.Canvas(out, pagesize=size, invariant=1, pageCompression=1, lang="ru")
    canvas.setTitle(caption(document))
    regular, bold = _fonts()
    bottom = length - _MARGIN
    for line in found:
        bottom -= _height(line)
        large = width / total_columns(width) if line.style is Style.TOTAL else 1
        _draw(canvas, line, bottom, size[0], bold if line.style in _BOLD else regular, large)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _fonts() -> tuple[str, str]:
    """The names of the two fonts, known to reportlab."""
    metrics, fonts = needed("reportlab.pdfbase.pdfmetrics"), needed("reportlab.pdfbase.ttfonts")
    names = ("FfdMono", "FfdMono-Bold")
    for name, path in zip(names, (REGULAR, BOLD), strict=True):
        if name not in metrics.getRegisteredFontNames():
            metrics.registerFont(fonts.TTFont(name, str(path)))
    return names


def _height(line: Line) -> float:
    match line.style:
        case Style.QR:
            return len(qr_grid(line.text)) * _MODULE + 2 * _QUIET
        case Style.TOTAL:
            return _ROW * _LARGE
        case Style.ITEM | Style.TITLE | Style.HEAD:
            return _ROW + _AIR
        case _:
            return _ROW


def _draw(canvas: Any, line: Line, bottom: float, width: float, font: str, large: float) -> None:
    match line.style:
        case Style.QR:
            _qr(canvas, line.text, bottom, width)
        case Style.RULE:
            canvas.setLineWidth(0.6)
            canvas.setDash(4, 2)
            canvas.line(_MARGIN, bottom + _ROW / 2, width - _MARGIN, bottom + _ROW / 2)
        case _:
            size = _COLUMN / ADVANCE * large
            canvas.setFont(font, size)
            canvas.drawString(_MARGIN, bottom + 0.3 * size, line.text)


def _qr(canvas: Any, line: str, bottom: float, width: float) -> None:
    size = len(qr_grid(line))
    left, top = (width - size * _MODULE) / 2, bottom + _QUIET + size * _MODULE
    path = canvas.beginPath()
    for row, column, length in qr_runs(line):
        path.rect(left + column * _MODULE, top - (row + 1) * _MODULE, length * _MODULE, _MODULE)
    canvas.drawPath(path, stroke=0, fill=1)
