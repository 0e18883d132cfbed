"""The log: one JSON object a line, and nothing in it that should not be read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import structlog

from fleet import log


@pytest.fixture
def lines() -> Iterator[Any]:
    stream = io.BytesIO()
    log.setup(stream)
    yield lambda: [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


def test_a_line_is_json_with_time_and_level(lines: Any) -> None:
    """Collectors read it without a parser of their own."""
    structlog.get_logger("test").info("receipt registered", station="k1", document=7, odd={1, 2})
    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {"event": "receipt registered", "level": "info", "station": "k1", "document": 7, "odd": [1, 2]}


def test_an_exception_stays_on_its_line(lines: Any) -> None:
    """With its traceback, as text."""
    try:
        raise ValueError("inside")
    except ValueError:
        structlog.get_logger("test").exception("failed")
    (line,) = lines()
    assert "ValueError: inside" in line["exception"]


def test_secrets_and_buyers_are_hidden(lines: Any) -> None:
    """A log is copied into tickets and chats."""
    structlog.get_logger("test").info(
        "call",
        Password="secret",
        AuthToken="secret",
        email="secret",
        raw=b"secret",
        path="/api/kkt/cloud/status?AuthToken=secret&x=1",
        body='{"Password": "secret"}',
        text='got {"Login":"demo","Password" : "secret"}',
    )
    (line,) = lines()
    assert "secret" not in str(line)
    assert line["path"] == "/api/kkt/cloud/status?AuthToken=…&x=1"
    assert "demo" in line["text"]


def test_debug_is_left_out(lines: Any) -> None:
    """It would be most of the log."""
    structlog.get_logger("test").debug("frame")
    assert lines() == []
