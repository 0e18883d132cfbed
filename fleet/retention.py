"""Buyers are forgotten when their time is over: contacts and requests go, receipts and the journal's chains stay."""

from __future__ import annotations

from collections.abc import Callable

import structlog
import trio

from fleet.journal.base import Journal

__all__ = ["DAY_S", "PAUSE_S", "forget_buyers"]

DAY_S = 86_400.0

PAUSE_S = 0.05
"""Between two pages: a tenth of the writer's time at most, and a million requests are looked at within minutes."""

log = structlog.get_logger("fleet.retention")


async def forget_buyers(journal: Journal, keep_s: float, clock: Callable[[], float], stop: trio.Event) -> None:
    """At the start and once a day, until `stop`."""
    while not stop.is_set():
        erased = await _once(journal, clock() - keep_s, stop)
        if erased:
            log.info("buyers were forgotten", requests=erased)
        with trio.move_on_after(DAY_S):
            await stop.wait()


async def _once(journal: Journal, before: float, stop: trio.Event) -> int:
    erased, after = 0, 0
    while not stop.is_set():
        page, following = await journal.retain(before, after)
        erased += page
        if following is None:
            break
        after = following
        with trio.move_on_after(PAUSE_S):
            await stop.wait()
    return erased
