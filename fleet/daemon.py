"""The daemon: opens the journal, finishes what an earlier life left open, and runs one task per register.

`open_daemon` is the whole life between "the journal is ours" and "every station has stopped"; what happens around it
(HTTP, signals) belongs to the callers.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import trio

from fleet import config as settings
from fleet.desk import Desk
from fleet.dispatch import Dispatcher
from fleet.journal.base import Journal
from fleet.journal.sqlite import SqliteJournal
from fleet.operator_line import Dial, OperatorLines
from fleet.rack import STOP_S, Rack
from fleet.retention import DAY_S, forget_buyers
from fleet.shift_turns import ShiftTurns
from fleet.station import Connect, Intents, Station
from fleet.usecases import UseCases
from kkt_driver.client import Register
from kkt_driver.transport import open_tcp, parse_address

__all__ = ["local_time", "open_daemon"]


def local_time(now: float, timezone: str) -> datetime:
    """The wall clock of a place, without a zone, as documents carry it."""
    return datetime.fromtimestamp(now, ZoneInfo(timezone)).replace(tzinfo=None)


def connect_register(station: settings.Station, *, store: Intents) -> AbstractAsyncContextManager[Register]:
    """The real line to a register."""
    return Register.open(station.address, link=station.link, store=store, deadlines=station.deadlines)


def dial_operator(address: str) -> Dial:
    """A function that opens a TCP connection to the operator at `tcp://host:port`."""
    where = parse_address(address)
    return partial(open_tcp, where.host, where.port)


@asynccontextmanager
async def open_daemon(
    config: settings.Config,
    *,
    journal: Journal | None = None,
    clock: Callable[[], float] = time.time,
    connect: Connect = connect_register,
    dial: Callable[[str], Dial] = dial_operator,
    jitter: Callable[[], float] = random.random,
    source: Callable[[], settings.Config] | None = None,
) -> AsyncIterator[UseCases]:
    """The fleet at work, as the use cases of its doors.

    `source` reads the configuration anew, for whoever asks to reload it.

    On the way out stations get `STOP_S` to finish the receipt in hand; then they are cut off, and what they leave
    `sent` in the journal is resolved by the next start.
    """
    if journal is None:
        config.state_dir.mkdir(parents=True, exist_ok=True)
        journal = SqliteJournal.open(config.journal_path, clock=clock)
    try:
        dispatcher = Dispatcher(
            weights={tenant.name: tenant.weight for tenant in config.tenants},
            reserve_wait_s=config.queue.reserve_wait_s,
        )
        desk = Desk(dispatcher, clock)
        turns = ShiftTurns(config.shift.share)
        lines = OperatorLines(config.operator, dial, clock)

        def build(station: settings.Station) -> Station:
            return Station(
                station,
                config=config,
                journal=journal,
                desk=desk,
                clock=clock,
                local_time=local_time,
                connect=connect,
                lines={} if station.relay == "register" else lines.of(station.name),
                turns=turns,
                jitter=jitter,
            )

        rack = Rack(config, journal=journal, desk=desk, build=build, source=source)
        await rack.open()
        usecases = UseCases(config=config, journal=journal, desk=desk, rack=rack)
        stop = trio.Event()
        async with trio.open_nursery() as nursery:
            rack.start(nursery)
            if config.retention.buyer_days:
                nursery.start_soon(forget_buyers, journal, config.retention.buyer_days * DAY_S, clock, stop)
            try:
                yield usecases
            finally:
                usecases.stopping = True
                stop.set()
                rack.stop()
                nursery.cancel_scope.deadline = trio.current_time() + STOP_S
    finally:
        journal.close()
