"""Processor time of the front door for one receipt: from the socket to `journal.accept` and back, over real TCP.

    python -m benchmarks.door [--posts 4000] [--clients 4] [--log] [--profile FILE]

The shops are another process; the journal answers at once and keeps nothing, no station is there, so what is counted
is HTTP, the token, reading and checking the receipt, and the answer. --log writes the log lines of a daemon as well.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import socket
import statistics
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import structlog
import trio

from benchmarks.shops import order
from fleet import config as settings
from fleet import http, log
from fleet.desk import Desk
from fleet.jobs import Job, Order, State
from fleet.journal.base import Accepted, Journal
from fleet.rack import Rack
from fleet.usecases import UseCases
from fleet.web import Tokens, build_app

INN = "9900000000"
TENANT = settings.Tenant(name="bench", login="bench", password_hash=settings.hash_password("bench"), inn=INN)
BATCH = 250


class JournalDouble:
    """Accepts at once and forgets."""

    reconciling = False

    def __init__(self) -> None:
        self._count = 0
        self.moments: list[float] = []
        """Processor time of this thread at every BATCH-th receipt."""

    async def accept(self, order: Order) -> Accepted:
        await trio.lowlevel.checkpoint()
        self._count += 1
        if self._count % BATCH == 0:
            self.moments.append(time.thread_time())
        job = Job(
            id=str(UUID(int=self._count, version=4)),
            inn=order.inn,
            key=order.key,
            tenant=order.tenant,
            facade=order.facade,
            state=State.ACCEPTED,
            accepted_at=1.0,
            changed_at=1.0,
            receipt=order.receipt,
        )
        return Accepted(job=job)


class StationDouble:
    """May make anything."""

    name = "k1"

    def __init__(self, config: settings.Station) -> None:
        self.config = config

    def obstacles(self, need: object) -> list[Any]:
        return []


class RackDouble:
    def __init__(self, config: settings.Station) -> None:
        self.stations = [StationDouble(config)]


class DeskDouble(Desk):
    """Gives nobody anything to do."""

    def submit(self, job: Job) -> None:
        pass


def post(port: int, token: str, posts: int, clients: int) -> None:
    """The shops: each with a connection of its own, one request under way at a time; turn by turn."""
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(clients)]
    for line in lines:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for number in range(posts):
        body = json.dumps(order(INN, f"run-{number}", number), ensure_ascii=False).encode()
        head = f"POST /api/kkt/cloud/receipt?AuthToken={token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        line = lines[number % clients]
        line.sendall(head.encode() + body)
        answer = line.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200") and b"ReceiptId" in answer, answer


async def run(arguments: argparse.Namespace) -> None:
    config = settings.Config(
        name="bench",
        state_dir=Path("unused"),
        tenants=(TENANT,),
        stations=(settings.Station(name="k1", address="tcp://127.0.0.1:1", inn=INN),),
    )
    journal = JournalDouble()
    usecases = UseCases(
        config=config,
        journal=cast(Journal, journal),
        desk=DeskDouble(),
        rack=cast(Rack, RackDouble(config.stations[0])),
    )
    tokens = Tokens(bytes(32), config.tenants, ttl_s=3600)
    token = tokens.issue(TENANT, now=time.time()).text
    app = build_app(usecases, config, tokens)
    profile = cProfile.Profile(time.thread_time) if arguments.profile else None
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        url: str = await nursery.start(partial(http.serve, app, "127.0.0.1:0", stop=stop))
        command = [sys.executable, "-m", "benchmarks.door", "--post", url.rpartition(":")[2], token]
        command += ["--clients", str(arguments.clients), "--posts"]
        await trio.run_process([*command, str(BATCH)])  # nothing is counted before everything was used once
        if profile:
            profile.enable()
        await trio.run_process([*command, str(arguments.posts)])
        if profile:
            profile.disable()
            profile.dump_stats(arguments.profile)
        stop.set()
    batches = [(after - before) / BATCH * 1e6 for before, after in pairwise(journal.moments[1:])]
    for name, value in (("least", min(batches)), ("median", statistics.median(batches))):
        print(f"{f'CPU for a POST, us, {name} of batches':40} {value:6.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=4000)
    parser.add_argument("--clients", type=int, default=4, help="HTTP connections, used turn by turn")
    parser.add_argument("--log", action="store_true", help="write log lines, to nowhere")
    parser.add_argument("--profile", help="write a profile for pstats into this file")
    parser.add_argument("--post", nargs=2, metavar=("PORT", "TOKEN"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.post:
        post(int(arguments.post[0]), arguments.post[1], arguments.posts, arguments.clients)
        return
    if arguments.log:
        log.setup(open("/dev/null", "ab", buffering=0))  # noqa: SIM115 (until the end)
    else:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30), cache_logger_on_first_use=True)
    trio.run(run, arguments)


if __name__ == "__main__":
    main()
