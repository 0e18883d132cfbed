"""The HTML page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffd.render import html
from ffd.render.form import Style, rows
from ffd.render.heavy import qr_grid
from ffd.render.page import fragment
from tests import strategies
from tests.ffd.render.samples import BESIDE, RECEIPT, SAMPLES


class _Reader(HTMLParser):
    """Texts and open elements of a page; complains about a wrong end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "hr", "rect", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("p", "span", "title"):
            self.texts.append(data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", SAMPLES)
def test_every_row_is_there(name: str) -> None:
    """All words of the printed form stand on the page, well formed, nothing loaded from elsewhere."""
    page = html(SAMPLES[name], beside=BESIDE.get(name))
    texts = _read(page).texts
    for row in rows(SAMPLES[name], BESIDE.get(name)):
        if row.style is not Style.QR:
            assert {row.left, row.right} - {""} <= set(texts)
    assert not re.search(r"src=|href=|@import|url\(|<script", page)


def test_qr_code() -> None:
    """The drawing has exactly the dark modules of the receipt's code."""
    line = next(row.left for row in rows(RECEIPT) if row.style is Style.QR)
    grid = qr_grid(line)
    drawn = set()
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", html(RECEIPT)):
        drawn |= {(int(y) - 4, int(x) - 4 + step) for step in range(int(length))}
    assert drawn == {(row, column) for row, line in enumerate(grid) for column, dark in enumerate(line) if dark}


def test_hostile_names() -> None:
    """A name cannot become part of the page."""
    hostile = msgspec.structs.replace(RECEIPT, user_name='<script>alert("1")</script>&', buyer_contact="a@b<c>")
    page = fragment(hostile)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_document(data: st.DataObject) -> None:
    """Any document makes a well-formed page of known elements."""
    page = html(data.draw(strategies.documents_of(data.draw(st.sampled_from((1, 3, 5, 31, 82))))))
    known = {"html", "head", "meta", "title", "style", "body", "article", "p", "span", "hr", "svg", "rect", "path"}
    assert _read(page).seen <= known
