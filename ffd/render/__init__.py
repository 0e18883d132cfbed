"""Printed forms of fiscal documents: text for a printer's columns, HTML for a phone, a picture, a PDF.

A leaf: nothing in the house imports it but commands. Text needs only `ffd`; HTML with its QR code, pictures and PDF
need the extra `render` (segno, Pillow, reportlab), loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_CONTENTS = {
    "Beside": "form",
    "Row": "form",
    "Style": "form",
    "rows": "form",
    "text": "layout",
    "html": "page",
    "png": "picture",
    "pdf": "paper",
}

__all__ = list(_CONTENTS)

if TYPE_CHECKING:
    from ffd.render.form import Beside as Beside
    from ffd.render.form import Row as Row
    from ffd.render.form import Style as Style
    from ffd.render.form import rows as rows
    from ffd.render.layout import text as text
    from ffd.render.page import html as html
    from ffd.render.paper import pdf as pdf
    from ffd.render.picture import png as png


def __getattr__(name: str) -> Any:
    if name not in _CONTENTS:
        raise AttributeError(f"module 'ffd.render' has no attribute {name!r}")
    value = getattr(import_module(f"ffd.render.{_CONTENTS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_CONTENTS})
