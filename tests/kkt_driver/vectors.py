"""Frames that other programs and real registers wrote, and sessions from the protocol text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["VECTORS", "splits"]

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "register_frames.json").read_text("utf-8")
)


def splits(data: bytes) -> Iterator[list[bytes]]:
    """The bytes whole, one at a time, and cut in two at every place."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]
