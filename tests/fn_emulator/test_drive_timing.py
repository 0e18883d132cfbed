"""How long a drive's commands take."""

from __future__ import annotations

import pytest

from fn_emulator.drive_timing import duration
from fn_emulator.errors import Misuse


def test_typical_durations() -> None:
    """Forming takes longer than asking, data of a document by their size, and instant means at once."""
    typical, instant = duration("typical"), duration("instant")
    assert typical(0x16, b"") > typical(0x15, b"") > typical(0x30, b"") > 0
    assert typical(0x07, bytes(1024)) > typical(0x07, b"x")
    assert typical(0xB1, b"\2\1x") > typical(0xB1, b"\4\1x")
    assert instant(0x16, b"") == 0
    with pytest.raises(Misuse, match="typical"):
        duration("quick")
