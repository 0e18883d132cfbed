"""Scenarios that put lines on paper and make no fiscal document."""

from __future__ import annotations

import pytest

from kkt_driver import commands as c
from tests.conformance.host import Host

pytestmark = pytest.mark.prints


def test_lines_leave_the_drive_alone(host: Host) -> None:
    """A line and a feed answer with the operator, and the drive's counter does not move."""
    before = host.ask(c.DriveStatus()).last_document
    assert host.ask(c.PrintLine(text="Проверка", password=1)).operator == 1
    host.ask(c.Feed(lines=2))
    host.ask(c.Beep())
    assert host.ask(c.DriveStatus()).last_document == before


def test_nothing_waits_for_a_continuation(host: Host) -> None:
    """B0h where nothing was interrupted is refused with 72h."""
    assert host.refused(c.ContinuePrinting()) == 0x72
