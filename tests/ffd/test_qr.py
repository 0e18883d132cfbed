"""The QR line."""

from __future__ import annotations

import contextlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.errors import DecodeError, EncodeError
from ffd.qr import QrLine, parse, qr_line
from tests.ffd.vectors import one


def test_example_of_the_order() -> None:
    """The order's own example reads and prints back (order ED-7-20/662@, annex 2, point 15)."""
    vector = one("ffd_qr", "official-example")
    line = parse(vector["text"])
    assert line == QrLine(
        moment=datetime(2015, 7, 20, 16, 38),
        total=999999900,
        drive="000110000105",
        document=12345678,
        sign=123456,
        operation=2,
    )
    assert str(line) == vector["text"]


def test_real_receipt() -> None:
    """The line of the receipt of 2026 from its tags."""
    vector = one("ffd_qr", "real-receipt")
    fields = vector["fields"]
    text = qr_line(
        datetime.fromisoformat(fields["1012"]),
        fields["1020"],
        fields["1041"],
        fields["1040"],
        fields["1077"],
        fields["1054"],
    )
    assert text == vector["text"]


@pytest.mark.parametrize(
    "line",
    ["", "t=20151320T1638&s=1.00&fn=1&i=1&fp=1&n=1", "t=20150720T1638&s=1.0&fn=1&i=1&fp=1&n=1", "https://x/?t=1"],
)
def test_refuses(line: str) -> None:
    """What is not such a line is refused with a reason, an impossible date too."""
    with pytest.raises(DecodeError):
        parse(line)


@given(st.text())
def test_any_text(text: str) -> None:
    """A value or our error."""
    with contextlib.suppress(DecodeError):
        assert str(parse(text))


def test_values_without_a_line() -> None:
    """A negative total or an operation that does not exist has no line."""
    with pytest.raises(EncodeError):
        qr_line(datetime(2026, 1, 1), 100, "1" * 16, 1, 1, 5)
