"""The QR line."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.errors import DecodeError, EncodeError
from ffd.qr import parse, qr_line
from tests.ffd.vectors import vectors


@pytest.mark.parametrize("vector", vectors("ffd_qr"))
def test_published_lines(vector: dict[str, Any]) -> None:
    """A published line reads, prints back, and comes out of the tags beside it (of the order, of a real receipt)."""
    line = parse(vector["text"])
    assert str(line) == vector["text"]
    told = vector["fields"]
    if "1012" in told:
        moment = datetime.fromisoformat(told["1012"])
        assert qr_line(moment, *(told[tag] for tag in ("1020", "1041", "1040", "1077", "1054"))) == vector["text"]
        assert line.total == told["1020"]
    else:
        assert line.moment == datetime.strptime(told["t"], "%Y%m%dT%H%M")
        assert line.total == int(told["s"].replace(".", ""))
        assert [line.drive, str(line.document), str(line.sign)] == [told["fn"], told["i"], told["fp"]]
        assert str(line.operation) == told["n"]


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
