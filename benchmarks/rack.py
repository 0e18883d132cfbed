"""A rack as a data centre has it: hundreds of registers, each a receipt a second, and what the daemon adds to that.

    python -m benchmarks.rack [--registers 200] [--service 0.5] [--rate 1.0] [--seconds 120]
    python -m benchmarks.rack --flat [10 50 200 500] [--rounds 3]

Three processes on this machine: the daemon here, emulated registers and their operator with stubbed signs, and the
shops. The journal is SQLite on disk. The first form offers `rate` receipts a second and register, at random moments,
and tells what was achieved and how much latency the daemon added: from the moment a POST was due to `registered`
durable, less the wait for a station when none was free and less the register's service time. What the emulator's
processor takes for a receipt is told beside it: it is in the figure, though no daemon can help it. The second form
makes as many receipts as the registers can with a service time of zero, more shops than registers waiting all the
while, and tells the daemon's processor time for each, until the operator has it or (--no-relay) until it is
registered: it should not grow with the rack.

Figures depend on the machine: the yardstick (see `benchmarks.yardstick`) is printed beside them.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import structlog
import trio

from benchmarks.one_rack import INN, PASSWORD, Shops, all_confirmed, configuration, process_cpu_s
from benchmarks.yardstick import bare_exchange_s, own_cpu_s
from fleet import http
from fleet.daemon import open_daemon
from fleet.journal.sqlite import SqliteJournal
from fleet.usecases import UseCases
from fleet.web import Tokens, build_app, load_secret

WARM_UP = 3  # receipts for each register before anything is counted: shifts open, code warm
EACH = 20  # receipts for each register with --flat: what a shop's connection costs once is little beside them
CONNECTIONS = 64


class Watch:
    """Looks over the dispatcher's and the journal's shoulders: which jobs waited for a station, and for how long."""

    def __init__(self, fleet: UseCases, journal: SqliteJournal) -> None:
        self.waited_s: dict[str, float] = {}
        offer, claim = fleet._desk.dispatcher.offer, journal.claim
        since: dict[str, float] = {}

        def noted_offer(job: Any, now: float = 0.0) -> Any:
            pairing = offer(job, now)
            if pairing is None or pairing.job.id != job.id:
                since[job.id] = time.monotonic()
            return pairing

        async def noted_claim(job_id: str, station: str) -> Any:
            if job_id in since:
                self.waited_s[job_id] = time.monotonic() - since.pop(job_id)
            return await claim(job_id, station)

        fleet._desk.dispatcher.offer = noted_offer  # type: ignore[method-assign]  # a benchmark may
        journal.claim = noted_claim  # type: ignore[method-assign]  # a benchmark may


class Load(Shops):
    """Open load instead of shops that wait for their receipts."""

    async def offer(self, rate: float, seconds: float, name: str, patience_s: float) -> list[tuple[str, float, float]]:
        """(job, due, registered or infinity) for each receipt offered."""
        command = [sys.executable, "-m", "benchmarks.rack_shops", self._url, "bench", PASSWORD, INN]
        command += [str(rate), str(seconds), str(CONNECTIONS), name]
        process = await trio.run_process(command, capture_stdout=True)
        rows = [line.split() for line in process.stdout.decode().splitlines()]
        with trio.move_on_after(patience_s):
            for job, _, _ in rows:
                while job not in self._registered:
                    await self._fleet.changed(self._fleet.change_count)
        return [(job, float(due), self._registered.get(job, float("inf"))) for job, due, _ in rows]


def memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell(rows: list[tuple[str, str]]) -> None:
    for name, value in rows:
        print(f"{name:44} {value:>12}", flush=True)


async def offered_load(
    options: argparse.Namespace, fleet: UseCases, journal: SqliteJournal, url: str, pid: int
) -> None:
    load = Load(fleet, url)
    await load.post(WARM_UP * options.registers, CONNECTIONS * 4, "warm")
    await all_confirmed(fleet, relay=options.relay)
    watch = Watch(fleet, journal)
    bare_s = await bare_exchange_s()
    commits, rate = journal.commits, options.rate * options.registers
    cpu, emulator_cpu, started = own_cpu_s(), process_cpu_s(pid), time.monotonic()
    made = await load.offer(rate, options.seconds, "run", patience_s=10.0)
    cpu, emulator_cpu = own_cpu_s() - cpu, process_cpu_s(pid) - emulator_cpu
    in_time = sum(registered <= started + options.seconds + options.service + 1.0 for _, _, registered in made)
    added = sorted(
        registered - due - watch.waited_s.get(job, 0.0) - options.service
        for job, due, registered in made
        if registered < float("inf")
    )
    count, own = len(made), emulator_cpu / len(made)
    tell(
        [
            ("offered, receipts/s", f"{count / options.seconds:.1f}"),
            ("achieved / offered", f"{in_time / count:.4f}"),
            ("added latency p50, ms", f"{1000 * statistics.median(added):.1f}"),
            ("added latency p99, ms", f"{1000 * added[int(len(added) * 0.99)]:.1f}"),
            ("  of these the emulator's processor, ms", f"{1000 * own:.1f}"),
            ("waited for a station, share", f"{len(watch.waited_s) / count:.3f}"),
            ("daemon CPU per receipt, ms", f"{1000 * cpu / count:.2f}"),
            ("  in bare exchanges of this run", f"{cpu / count / bare_s:.0f}"),
            ("daemon CPU, cores", f"{cpu / options.seconds:.2f}"),
            ("emulator CPU, cores", f"{emulator_cpu / options.seconds:.2f}"),
            ("daemon memory, MiB", f"{memory_mib():.0f}"),
            ("commits per receipt", f"{(journal.commits - commits) / count:.2f}"),
        ]
    )


async def flat_out(options: argparse.Namespace, fleet: UseCases, journal: SqliteJournal, url: str, pid: int) -> None:
    load = Load(fleet, url)
    await load.post(WARM_UP * options.registers, CONNECTIONS, "warm")
    await all_confirmed(fleet, relay=options.relay)
    bare_s = await bare_exchange_s()
    cpu, started = own_cpu_s(), time.monotonic()
    receipts = max(options.receipts, EACH * options.registers)
    await load.post(receipts, max(CONNECTIONS, options.registers * 3 // 2), "run")
    took = time.monotonic() - started
    await all_confirmed(fleet, relay=options.relay)
    cpu = own_cpu_s() - cpu
    each = cpu / receipts
    print(json.dumps([receipts / took, 1000 * each, each / bare_s, memory_mib()]))


async def run(options: argparse.Namespace, measure: Any, state: Path, ready: dict[str, Any], pid: int) -> None:
    config = configuration(options, state, ready)
    journal = SqliteJournal.open(config.journal_path, clock=time.time)
    stop = trio.Event()
    async with open_daemon(config, journal=journal) as fleet, trio.open_nursery() as nursery:
        app = build_app(fleet, config, Tokens(load_secret(state), config.tenants, ttl_s=3600))
        url = await nursery.start(
            lambda task_status: http.serve(app, config.http.listen, stop=stop, task_status=task_status)
        )
        while fleet.queue().stations_up < options.registers:
            await fleet.changed(fleet.change_count)
        await measure(options, fleet, journal, url, pid)
        stop.set()


def one(options: argparse.Namespace, measure: Any) -> None:
    """One rack, one daemon, one measurement."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fn_emulator", "rack", "--count", str(options.registers)]
        command += [
            "--base-port",
            "0",
            "--operator-port",
            "0",
            "--service-time",
            str(options.service),
            "--signs",
            "stub",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as emulator:
            assert emulator.stdout is not None
            ready = json.loads(emulator.stdout.readline())
            try:
                trio.run(run, options, measure, Path(folder), ready, emulator.pid)
            finally:
                emulator.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registers", type=int, default=200)
    parser.add_argument("--service", type=float, default=0.5, help="seconds to close a receipt")
    parser.add_argument("--rate", type=float, default=1.0, help="receipts a second for each register")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--alternative", action="store_true", help="use the alternative link layer")
    parser.add_argument("--no-relay", dest="relay", action="store_false", help="documents stay in the drives")
    parser.add_argument("--receipts", type=int, default=2000, help="of a measurement with --flat, or 20 a register")
    parser.add_argument(
        "--flat", type=int, nargs="*", metavar="REGISTERS", help="processor time with a service time of 0"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of --flat, all sizes in turn")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30), cache_logger_on_first_use=True)
    if options.one is not None:
        options.registers, options.service = options.one, 0.0
        one(options, flat_out)
        return
    if options.flat is None:
        one(options, offered_load)
        return
    flat(options)


def flat(options: argparse.Namespace) -> None:
    """Racks of several sizes, each in a process of its own (memory is a process's), in turn and several times: what
    else the machine does comes and goes, so the least of a size's rounds is its cost."""
    sizes = options.flat or (10, 50, 200, 500)
    least: dict[int, float] = {}
    print(f"{'registers':>9} {'receipts/s':>10} {'CPU ms each':>12} {'bare exchanges':>15} {'MiB':>8}", flush=True)
    for registers in [size for _ in range(options.rounds) for size in sizes]:
        again = [
            "--one",
            str(registers),
            "--receipts",
            str(options.receipts),
            *([] if options.relay else ["--no-relay"]),
        ]
        said = subprocess.run([sys.executable, "-m", "benchmarks.rack", *again], check=True, capture_output=True)
        *logged, figures = said.stdout.decode().splitlines()
        rate, each_ms, exchanges, mib = json.loads(figures)
        least[registers] = min(each_ms, least.get(registers, each_ms))
        print(f"{registers:9} {rate:10.0f} {each_ms:12.2f} {exchanges:15.0f} {mib:8.0f}", flush=True)
        print("".join(f"  {line}\n" for line in logged), end="")
    print("least of the rounds, and as a multiple of the first:")
    for registers, each_ms in least.items():
        print(f"{registers:9} {'':10} {each_ms:12.2f} {each_ms / least[sizes[0]]:15.2f}")


if __name__ == "__main__":
    main()
