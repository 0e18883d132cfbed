"""The daemon: opens the journal, finishes what an earlier life left open, and runs one task per register.

`open_daemon` is the whole life between "the journal is ours" and "every station has stopped"; what happens around it
(HTTP, signals) belongs to the callers.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog
import trio

from fleet import config as settings
from fleet.desk import Desk, Order
from fleet.dispatch import Dispatcher
from fleet.journal.base import Journal
from fleet.journal.sqlite import SqliteJournal
from fleet.operator_line import Dial, OperatorLine
from fleet.recovery import Todo, plan
from fleet.retention import DAY_S, forget_buyers
from fleet.station import Connect, Intents, Station
from fleet.usecases import UseCases
from kkt_driver.client import Register
from kkt_driver.transport import open_tcp, parse_address

__all__ = ["local_time", "open_daemon"]

STOP_S = 8.0
"""How long stations may finish the receipt in hand when the daemon stops; the rest is left to recovery."""

log = structlog.get_logger("fleet.daemon")


def local_time(now: float, timezone: str) -> datetime:
    """The wall clock of a place, without a zone, as documents carry it."""
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


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
) -> AsyncIterator[UseCases]:
    """The fleet at work, as the use cases of its doors.

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
        stations = [
            Station(
                station,
                index=index,
                config=config,
                journal=journal,
                desk=desk,
                clock=clock,
                local_time=local_time,
                connect=connect,
                operator=None
                if config.operator is None
                else OperatorLine(
                    dial(config.operator.address),
                    station=station.name,
                    answer_timeout_s=config.operator.answer_timeout_s,
                ),
                jitter=jitter,
            )
            for index, station in enumerate(config.stations)
        ]
        await _recover(journal, desk, stations)
        usecases = UseCases(config=config, journal=journal, desk=desk, stations=stations)
        stop = trio.Event()
        async with trio.open_nursery() as nursery:
            for station in stations:
                nursery.start_soon(station.run, stop)
            if config.retention.buyer_days:
                nursery.start_soon(forget_buyers, journal, config.retention.buyer_days * DAY_S, clock, stop)
            try:
                yield usecases
            finally:
                usecases.stopping = True
                stop.set()
                for station in stations:
                    desk.send(station.name, Order.WAKE)
                nursery.cancel_scope.deadline = trio.current_time() + STOP_S
    finally:
        journal.close()


async def _recover(journal: Journal, desk: Desk, stations: list[Station]) -> None:
    """Give every unfinished job of an earlier life to whoever must act, before any station runs."""
    backlog = await journal.load()
    by_name = {station.name: station for station in stations}
    for step in plan(backlog.jobs, by_name, restored=journal.reconciling):
        job = step.job
        match step.todo:
            case Todo.QUEUE:
                desk.submit(job)
            case Todo.RELEASE:
                desk.submit(await journal.release(job.id, "the daemon stopped before anything was sent"))
            case Todo.RESOLVE:
                pass  # its station finds the open intent below
            case Todo.QUARANTINE:
                await journal.quarantine(job.id, step.why, {"state": job.state.value, "station": job.station})
    for name, opened in (await journal.load()).intents.items():  # quarantine has closed some
        if name in by_name:
            by_name[name].resolve_first(opened.intent, opened.job)
    if backlog.jobs:
        log.info("unfinished jobs taken up", jobs=len(backlog.jobs), to_resolve=len(backlog.intents))
