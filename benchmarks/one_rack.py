"""Receipts per second through everything: HTTP-shaped orders, journal on disk, TCP, emulated registers, operator.

    python -m benchmarks.one_rack [--registers 4] [--receipts 2000] [--in-flight 64] [--profile FILE] [--http]

Four emulated registers run in another process with a service time of zero; the daemon runs here with its SQLite journal
on disk (WAL, FULL) and a relay pause of zero. Printed: receipts/s from order to registered and to confirmed, CPU per
receipt of the daemon and of the emulator apart, latency p50/p99, frames per receipt, commits per receipt.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog
import trio

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fleet import config as settings
from fleet.daemon import open_daemon
from fleet.jobs import Order
from fleet.journal.base import Accepted
from fleet.journal.sqlite import SqliteJournal
from fleet.usecases import UseCases
from kkt_driver import client
from kkt_driver.commands import Request, command_of

INN = "9900000000"


def receipt(number: int) -> Receipt:
    total = 10000 + number % 5000
    item = Item(name="Чай чёрный, 100 г", price=total, quantity=Decimal(1), total=total, vat=VatRate.VAT_22)
    return Receipt(
        operation=Operation.INCOME,
        tax_system=TaxSystem.GENERAL,
        items=(item,),
        payments=Payments(cashless=total),
        buyer_contact="+79161234567",
    )


def process_cpu_s(pid: int) -> float:
    """User and system seconds of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def run(arguments: argparse.Namespace, state: Path, ready: dict[str, object], emulator: int) -> None:
    registers = ready["registers"]
    assert isinstance(registers, list)
    config = settings.Config(
        name="bench",
        state_dir=state,
        operator=settings.Operator(address=f"tcp://{ready['operator']}", pause_s=0.0),
        queue=settings.Queue(max_jobs=1_000_000),
        stations=tuple(
            settings.Station(
                name=f"k{place + 1}",
                address=one["address"],
                inn=INN,
                link="alternative" if arguments.alternative else "standard",
            )
            for place, one in enumerate(registers)
        ),
    )
    journal = SqliteJournal.open(config.journal_path, clock=time.time)
    frames: Counter[str] = Counter()
    driver: Any = client  # its name for the encoder is replaced by one that counts
    encode: Callable[[Request[Any]], bytes] = driver.encode_request

    def counted(request: Request[Any]) -> bytes:
        frames[command_of(request).hex] += 1
        return encode(request)

    driver.encode_request = counted
    async with open_daemon(config, journal=journal) as fleet:
        while sum(view.state == "idle" for view in fleet.rack()) < len(registers):
            await fleet.changed(fleet.change_count)
        await load(fleet, 40 * len(registers), arguments.in_flight, "warm")
        frames.clear()
        commits = journal.commits
        profile = cProfile.Profile() if arguments.profile else None
        cpu, other, started = own_cpu_s(), process_cpu_s(emulator), time.perf_counter()
        if profile:
            profile.enable()
        latencies = await load(fleet, arguments.receipts, arguments.in_flight, "run")
        registered_s = time.perf_counter() - started
        while any(view.unsent for view in fleet.rack()):
            await fleet.changed(fleet.change_count)
        confirmed_s = time.perf_counter() - started
        if profile:
            profile.disable()
            with open(arguments.profile, "w") as out:  # noqa: ASYNC230 - the measurement is over
                pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(60)
        cpu, other = own_cpu_s() - cpu, process_cpu_s(emulator) - other
        count = arguments.receipts
        latencies.sort()
        rows = {
            "receipts/s to registered": f"{count / registered_s:.0f}",
            "receipts/s to confirmed": f"{count / confirmed_s:.0f}",
            "daemon CPU per receipt, ms": f"{cpu / count * 1000:.2f}",
            "emulator CPU per receipt, ms": f"{other / count * 1000:.2f}",
            "order to registered p50, ms": f"{statistics.median(latencies) * 1000:.1f}",
            "order to registered p99, ms": f"{latencies[int(count * 0.99)] * 1000:.1f}",
            "exchanges per receipt": f"{sum(frames.values()) / count:.2f}",
            "commits per receipt": f"{(journal.commits - commits) / count:.2f}",
        }
        for name, value in rows.items():
            print(f"{name:32} {value:>10}")
        print("exchanges by command:", {code: round(n / count, 2) for code, n in frames.most_common()})


async def load(fleet: UseCases, count: int, in_flight: int, name: str) -> list[float]:
    """`in_flight` shops post one receipt after the other; seconds from order to registered."""
    numbers = iter(range(count))
    latencies: list[float] = []

    async def shop() -> None:
        for number in numbers:
            started = time.perf_counter()
            order = Order(
                inn=INN, key=f"{name}-{number}", tenant="bench", facade="bench", raw=b"{}", receipt=receipt(number)
            )
            outcome = await fleet.accept(order)
            assert isinstance(outcome, Accepted)
            await fleet.finished(outcome.job.id)
            latencies.append(time.perf_counter() - started)

    async with trio.open_nursery() as nursery:
        for _ in range(in_flight):
            nursery.start_soon(shop)
    return latencies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registers", type=int, default=4)
    parser.add_argument("--receipts", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=16)
    parser.add_argument("--alternative", action="store_true", help="use the alternative link layer")
    parser.add_argument("--profile", help="write a profile of the daemon to this file")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
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
