"""Receipts per second through everything: HTTP, journal on disk, TCP, emulated registers, operator.

    python -m benchmarks.one_rack [--registers 4] [--rounds 5] [--receipts 1000] [--shops 16] [--alternative]

Three processes: the daemon here, emulated registers with a service time of zero and their operator, and the shops. The
journal is SQLite on disk (WAL, FULL), the relay's pause is zero; with --no-relay documents stay in the drives. A
latency is the time from the shop's POST to the moment when `registered` is durable. Machines differ, and one machine
from minute to minute when others share its processor: the best of the rounds is what the program costs, and the
daemon's processor time is also given in bare exchanges (`benchmarks.yardstick`) made just before. --profile adds where
the daemon's processor time goes, by parts of the program; a profile slows everything down, so its figures are shares
and not milliseconds.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
import trio

from benchmarks.yardstick import bare_exchange_s, own_cpu_s
from fleet import config as settings
from fleet import http
from fleet.daemon import open_daemon
from fleet.jobs import State
from fleet.journal.sqlite import SqliteJournal
from fleet.usecases import UseCases
from fleet.web import Tokens, build_app, load_secret

INN = "9900000000"
PASSWORD = "bench"
WARM_UP = 40  # receipts for each register before anything is counted

PARTS = (
    ("kkt_driver/link", "link layer"),
    ("kkt_driver/frames", "frames"),
    ("kkt_driver/co", "commands, codec"),
    ("kkt_driver/procedures", "procedures"),
    ("kkt_driver", "runner, relay"),
    ("ffd", "ffd"),
    ("fleet/journal", "journal"),
    ("apsw", "SQLite"),
    ("fleet/web", "front door"),
    ("fleet/http", "HTTP"),
    ("fleet", "station, desk"),
    ("h11", "HTTP"),
    ("structlog", "structlog"),
    ("_socket.socket", "socket calls"),
    ("select.epoll", "epoll calls"),
    ("trio", "trio"),
    ("outcome", "trio"),
    ("benchmarks", "the benchmark itself"),
)
"""What a place in a profile belongs to; the first that its file or name contains."""


def process_cpu_s(pid: int) -> float:
    """User and system seconds of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def configuration(arguments: argparse.Namespace, state: Path, ready: dict[str, Any]) -> settings.Config:
    return settings.Config(
        name="bench",
        state_dir=state,
        http=settings.Http(listen="127.0.0.1:0"),
        operator=settings.Operator(addresses=(f"tcp://{ready['operator']}",), pause_s=0.0) if arguments.relay else None,
        queue=settings.Queue(max_jobs=1_000_000),
        tenants=(
            settings.Tenant(name="bench", login="bench", password_hash=settings.hash_password(PASSWORD), inn=INN),
        ),
        stations=tuple(
            settings.Station(
                name=f"k{place}",
                address=one["address"],
                inn=INN,
                link="alternative" if arguments.alternative else "standard",
            )
            for place, one in enumerate(ready["registers"], start=1)
        ),
    )


def exchanges_so_far(fleet: UseCases) -> Counter[str]:
    """Exchanges with registers by command code, as the daemon itself counts them."""
    counted: Counter[str] = Counter()
    for view in fleet.rack():
        counted.update({code: timed.count for code, timed in fleet.figures.commands(view.name).items()})
    return counted


async def all_confirmed(fleet: UseCases, *, relay: bool) -> None:
    """Until the operator has everything, if there is one: what is measured next bears nothing of what was before."""
    while relay and fleet.counts()[State.REGISTERED]:
        await fleet.changed(fleet.change_count)


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one round took; latencies from POST to registered, sorted."""

    receipts: int
    registered_s: float
    confirmed_s: float
    cpu_s: float
    emulator_s: float
    bare_s: float
    latencies: list[float]


FIGURES: dict[str, Callable[[Round], float]] = {
    "receipts/s, POST to registered": lambda one: one.receipts / one.registered_s,
    "receipts/s, POST to confirmed": lambda one: one.receipts / one.confirmed_s,
    "daemon CPU per receipt, ms": lambda one: 1000 * one.cpu_s / one.receipts,
    "  in bare exchanges of its round": lambda one: one.cpu_s / one.receipts / one.bare_s,
    "emulator CPU per receipt, ms": lambda one: 1000 * one.emulator_s / one.receipts,
    "POST to registered p50, ms": lambda one: 1000 * statistics.median(one.latencies),
    "POST to registered p99, ms": lambda one: 1000 * one.latencies[int(0.99 * one.receipts)],
}


class Shops:
    """The process that posts, told of every receipt that is registered."""

    def __init__(self, fleet: UseCases, url: str) -> None:
        self._fleet = fleet
        self._url = url
        self._registered: dict[str, float] = {}
        self._pipe: int | None = None
        desk = fleet._desk
        decided = desk.decided

        def noted(job_id: str) -> None:
            self._registered[job_id] = time.monotonic()
            if self._pipe is not None:  # a pipe holds far more than shops have under way
                os.write(self._pipe, f"{job_id}\n".encode())
            decided(job_id)

        desk.decided = noted  # type: ignore[method-assign]  # the benchmark looks over the desk's shoulder

    async def post(self, receipts: int, shops: int, name: str) -> list[float]:
        """Have `receipts` posted and wait until all are registered; seconds from POST to registered, sorted."""
        command = [sys.executable, "-m", "benchmarks.shops", self._url, "bench", PASSWORD, INN]
        command += [str(receipts), str(shops), name]
        reading, self._pipe = os.pipe()
        done = await trio.run_process(command, stdin=reading, capture_stdout=True)
        os.close(reading)
        os.close(self._pipe)
        self._pipe = None
        rows = [line.split() for line in done.stdout.decode().splitlines()]
        assert len(rows) == receipts
        return sorted(self._registered[key] - float(posted) for key, posted, _ in rows)


async def run(arguments: argparse.Namespace, state: Path, ready: dict[str, Any], emulator: int) -> None:
    config = configuration(arguments, state, ready)
    journal = SqliteJournal.open(config.journal_path, clock=time.time)
    stop = trio.Event()
    profile = cProfile.Profile(time.process_time) if arguments.profile else None
    async with open_daemon(config, journal=journal) as fleet, trio.open_nursery() as nursery:
        app = build_app(fleet, config, Tokens(load_secret(state), config.tenants, ttl_s=3600))
        url = await nursery.start(
            lambda task_status: http.serve(app, config.http.listen, stop=stop, task_status=task_status)
        )
        shops = Shops(fleet, url)
        await shops.post(WARM_UP * len(config.stations), arguments.shops, "warm")
        await all_confirmed(fleet, relay=arguments.relay)
        exchanges, commits = exchanges_so_far(fleet), journal.commits
        rounds = []
        for number in range(1, arguments.rounds + 1):
            bare_s = await bare_exchange_s()
            cpu, emulator_cpu, started = own_cpu_s(), process_cpu_s(emulator), time.monotonic()
            if profile:
                profile.enable()
            latencies = await shops.post(arguments.receipts, arguments.shops, f"round-{number}")
            registered_s = time.monotonic() - started
            await all_confirmed(fleet, relay=arguments.relay)
            confirmed_s = time.monotonic() - started
            if profile:
                profile.disable()
            rounds.append(
                Round(
                    receipts=arguments.receipts,
                    registered_s=registered_s,
                    confirmed_s=confirmed_s,
                    cpu_s=own_cpu_s() - cpu,
                    emulator_s=process_cpu_s(emulator) - emulator_cpu,
                    bare_s=bare_s,
                    latencies=latencies,
                )
            )
        exchanges, commits = exchanges_so_far(fleet) - exchanges, journal.commits - commits
        stop.set()
    count = arguments.receipts * arguments.rounds
    print(f"{'':32} {'best':>10} {'median':>10}")
    for name, figure in FIGURES.items():
        values = sorted(map(figure, rounds), reverse=name.startswith("receipts/s"))
        print(f"{name:32} {values[0]:10.3g} {statistics.median(values):10.3g}")
    print(f"{'exchanges per receipt':32} {exchanges.total() / count:10.2f}")
    print(f"{'commits per receipt':32} {commits / count:10.2f}")
    print("exchanges per receipt by command:", {code: round(n / count, 2) for code, n in exchanges.most_common()})
    if profile:
        show(profile, count)


def show(profile: cProfile.Profile, count: int) -> None:
    """Where the processor time goes, by parts of the program."""
    shares: defaultdict[str, float] = defaultdict(float)
    calls: defaultdict[str, int] = defaultdict(int)
    for (file, _, name), (_, ncalls, own_s, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]  # not in typeshed
        place = name if file == "~" else file.rpartition("site-packages/")[2] if "site-packages" in file else file
        part = next((title for key, title in PARTS if key in place), "the rest of Python")
        shares[part] += own_s
        calls[part] += ncalls
    whole = sum(shares.values())
    print(f"\n{'part':24} {'share':>6} {'calls per receipt':>18}")
    for part, own_s in sorted(shares.items(), key=lambda row: -row[1]):
        print(f"{part:24} {own_s / whole:6.1%} {calls[part] / count:18.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--receipts", type=int, default=1000, help="of a round")
    parser.add_argument("--shops", type=int, default=16, help="HTTP connections, one receipt under way on each")
    parser.add_argument("--alternative", action="store_true", help="use the alternative link layer")
    parser.add_argument("--no-relay", dest="relay", action="store_false", help="documents stay in the drives")
    parser.add_argument("--profile", action="store_true", help="show where the daemon's time goes")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30), cache_logger_on_first_use=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fn_emulator", "rack", "--count", str(arguments.registers)]
        command += ["--base-port", "0", "--operator-port", "0", "--state", f"{folder}/rack"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as emulator:
            assert emulator.stdout is not None
            ready = json.loads(emulator.stdout.readline())
            try:
                trio.run(run, arguments, Path(folder), ready, emulator.pid)
            finally:
                emulator.terminate()


if __name__ == "__main__":
    main()
