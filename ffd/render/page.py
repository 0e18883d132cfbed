"""The printed form as an HTML page for a phone: no script, nothing loaded from elsewhere, the QR code inside as SVG.

`html` is a whole page; `fragment` its inside, to be put into another page, with `STYLE` as its style sheet.
"""

from __future__ import annotations

from html import escape

from ffd.documents import Document
from ffd.render.form import Beside, Row, Style, caption, rows
from ffd.render.heavy import qr_grid, qr_runs

__all__ = ["STYLE", "fragment", "html"]

_MODULE = 5  # pixels of a module of the QR code: a whole number keeps them even
_AROUND = "body { margin: 0; padding: .5rem; background: #ececec; }\n"
STYLE = """\
.receipt { box-sizing: border-box; max-width: 26rem; margin: 1rem auto; padding: 1.5rem 1.25rem; background: #fff;
  color: #111; font: 15px/1.4 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; border-radius: 4px;
  box-shadow: 0 1px 4px rgb(0 0 0 / 25%); font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.receipt p { margin: .15rem 0; }
.receipt .pair, .receipt .total { display: flex; gap: 1rem; justify-content: space-between; }
.receipt .pair span:first-child { color: #555; }
.receipt .pair span:last-child, .receipt .total span:last-child { text-align: right; max-width: 75%; }
.receipt .centre, .receipt .title { text-align: center; }
.receipt .title { font-weight: 700; font-size: 1.1em; }
.receipt .head { font-weight: 700; margin-top: .6rem; }
.receipt .item { margin-top: .6rem; font-weight: 500; }
.receipt .total { font-size: 1.5em; font-weight: 700; }
.receipt hr { border: 0; border-top: 1px dashed #999; margin: .7rem 0; }
.receipt svg { display: block; max-width: 100%; margin: .5rem auto 0; }
@media print { .receipt { box-shadow: none; margin: 0 auto; } }
"""


def html(document: Document, *, beside: Beside | None = None) -> str:
    """A whole page."""
    return (
        '<!doctype html>\n<html lang="ru">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(caption(document))}</title>\n<style>\n{_AROUND}{STYLE}</style>\n</head>\n"
        f"<body>\n{fragment(document, beside=beside)}</body>\n</html>\n"
    )


def fragment(document: Document, *, beside: Beside | None = None) -> str:
    """The form alone, one element of class `receipt`."""
    inside = "".join(map(_row, rows(document, beside)))
    return f'<article class="receipt">\n{inside}</article>\n'


def _row(row: Row) -> str:
    match row.style:
        case Style.RULE:
            return "<hr>\n"
        case Style.QR:
            return _svg(row.left)
        case Style.PAIR | Style.TOTAL:
            left, right = escape(row.left), escape(row.right)
            return f'<p class="{row.style}"><span>{left}</span><span>{right}</span></p>\n'
        case _:
            return f'<p class="{row.style}">{escape(row.left)}</p>\n'


def _svg(line: str) -> str:
    """The QR code with its quiet zone."""
    size = len(qr_grid(line)) + 8
    runs = "".join(f"M{column + 4} {row + 4}h{length}v1h-{length}z" for row, column, length in qr_runs(line))
    return (
        f'<svg width="{size * _MODULE}" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" role="img"'
        f' aria-label="QR: {escape(line)}">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{runs}"/></svg>\n'
    )
