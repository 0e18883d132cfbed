"""How many receipts a second the journal makes durable, and what a million old ones cost.

    python benchmarks/journal.py [--rows 1000000] [--rounds 5] [--verbs 2000] [--directory DIR]

Rates are compared with two bare loops in the same run, round by round in turn: one that appends the same bytes to a
file and syncs it, and one that makes the journal's own inserts through apsw without verbs, threads or an event loop.
Each commits groups as large as the number of writers, which is the most that a group commit can reach. Then whole
lives, accepted to confirmed, with nothing between two steps of a register but `STEP_S`: what the journal's share of a
receipt is, of the event loop and of all threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import trio

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fleet.jobs import Order, Registered, Result, State, Ticket
from fleet.journal import SqliteJournal
from fleet.journal.rows import encode, split
from fleet.journal.writer import GATHER_S
from kkt_driver.intents import Intent, fingerprint

INN = "9900000000"
RECEIPT = Receipt(
    operation=Operation.INCOME,
    tax_system=TaxSystem.GENERAL,
    items=tuple(
        Item(name=f"Чай чёрный {n}", price=10000, quantity=Decimal("1.5"), total=15000, vat=VatRate.NO_VAT)
        for n in range(4)
    ),
    payments=Payments(cashless=60000),
    buyer_contact="buyer@example.com",
)
RAW = json.dumps({"Request": {"Inn": INN, "CustomerReceipt": {"Items": ["x" * 250] * 4}}}).encode()


def order(key: str) -> Order:
    return Order(inn=INN, key=key, tenant="demo", facade="ferma", raw=RAW, receipt=RECEIPT)


def new() -> str:
    return str(uuid.uuid4())


# The three that are compared: each makes `verbs` records durable, `writers` at a time, and gives records per second


def append_only(directory: Path, writers: int, verbs: int) -> float:
    receipt, personal = split(RECEIPT)
    descriptor = os.open(directory / f"log-{new()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    started = time.perf_counter()
    for _ in range(verbs // writers):
        os.write(descriptor, b"".join(f"{new()} {receipt} {personal}".encode() + RAW for _ in range(writers)))
        os.fdatasync(descriptor)
    rate = verbs / (time.perf_counter() - started)
    os.close(descriptor)
    return rate


def bare_apsw(directory: Path, writers: int, verbs: int) -> float:
    path = directory / f"bare-{new()}.sqlite"
    SqliteJournal.open(path, clock=time.time, threaded=False).close()  # for its schema and settings
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000")
    execute = connection.cursor().execute
    receipt, personal = split(RECEIPT)
    started = time.perf_counter()
    for _ in range(verbs // writers):
        execute("BEGIN IMMEDIATE")
        for _ in range(writers):
            execute(
                "INSERT INTO jobs (id, inn, key, tenant, facade, state, accepted_at, changed_at, receipt, commitment)"
                " VALUES (?, ?, ?, ?, ?, 'accepted', ?, ?, ?, ?)",
                (new(), INN, new(), "demo", "ferma", 1.0, 1.0, receipt, bytes(32)),
            )
            row = (connection.last_insert_rowid(), personal, RAW, bytes(16))
            execute("INSERT INTO requests VALUES (?, ?, ?, ?)", row)
        execute("COMMIT")
    rate = verbs / (time.perf_counter() - started)
    connection.close()
    return rate


class Seen:
    """What the journal's rounds showed besides the rate."""

    def __init__(self) -> None:
        self.loop_us: list[float] = []
        self.process_us: list[float] = []
        self.group: list[float] = []

    def journal(self, directory: Path, writers: int, verbs: int) -> float:
        return trio.run(self._journal, directory, writers, verbs)

    async def _journal(self, directory: Path, writers: int, verbs: int) -> float:
        async def write() -> None:
            for _ in range(verbs // writers):
                await journal.accept(order(new()))

        with SqliteJournal.open(directory / f"journal-{new()}.sqlite", clock=time.time) as journal:
            await journal.accept(order("first"))  # starts the thread
            commits = journal.commits
            started, loop, process = time.perf_counter(), time.thread_time(), time.process_time()
            async with trio.open_nursery() as nursery:
                for _ in range(writers):
                    nursery.start_soon(write)
            took = time.perf_counter() - started
            self.loop_us.append((time.thread_time() - loop) / verbs * 1e6)
            self.process_us.append((time.process_time() - process) / verbs * 1e6)
            self.group.append(verbs / (journal.commits - commits))
        return verbs / took


def rates(directory: Path, rounds: int, verbs: int) -> None:
    print(
        f"{'writers':>7} {'append/s':>9} {'bare apsw/s':>11} {'journal/s':>9} {'of bare':>8} {'per commit':>10}", end=""
    )
    print(f" {'loop us':>8} {'all us':>7}")
    for writers in (1, 10, 100):
        seen = Seen()
        contenders: tuple[Callable[[Path, int, int], float], ...] = (append_only, bare_apsw, seen.journal)
        results: list[list[float]] = [[], [], []]
        for _ in range(rounds):
            for result, contender in zip(results, contenders, strict=True):
                result.append(contender(directory, writers, verbs * (1 if writers == 1 else 5)))
        appended, bare, journal = map(statistics.median, results)
        ratio = statistics.median(mine / theirs for mine, theirs in zip(results[2], results[1], strict=True))
        print(f"{writers:7} {appended:9.0f} {bare:11.0f} {journal:9.0f} {ratio:8.2f}", end="")
        print(f" {statistics.median(seen.group):10.1f}", end="")
        print(f" {statistics.median(seen.loop_us):8.0f} {statistics.median(seen.process_us):7.0f}")


def syncs(directory: Path, verbs: int) -> None:
    """Count the syncs that a hundred writers cause, through a file system layer that counts them."""
    count = 0
    base = apsw.vfs_names()[0]

    class File(apsw.VFSFile):
        def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name for it
            nonlocal count
            count += 1
            super().xSync(flags)

    class Layer(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("counting", base, makedefault=True)

        def xOpen(self, name: Any, flags: list[int]) -> File:  # noqa: N802 - SQLite's name for it
            return File(base, name, flags)

    layer = Layer()
    seen = Seen()
    for writers in (1, 10, 100):
        count = 0
        seen.journal(directory, writers, verbs)
        print(f"{writers:4} writers: {verbs} accepts, {verbs / seen.group[-1]:.0f} commits, {count} syncs with opening")
    layer.unregister()


# Whole lives

STEP_S = 0.004
"""From one step of a receipt to the next: a register that takes hardly any time."""


async def life(journal: SqliteJournal, station: str, number: int) -> None:
    job = (await journal.accept(order(f"{station} {number}"))).job
    await journal.claim(job.id, station)
    await trio.sleep(STEP_S)
    await journal.intend(station, intent_of(job.id), job.id)
    await trio.sleep(STEP_S)
    made = result_of(f"drive of {station}", number, station)
    await journal.settle(station, Registered(result=made, evidence={"answer": "00" * 8}), job.id)
    await trio.sleep(STEP_S)
    await journal.confirm(made.drive, made.document, Ticket(at=1.0))


async def lives(path: Path, registers: int, receipts: int) -> None:
    async def register(station: str) -> None:
        for number in range(1, receipts // registers + 1):
            await life(journal, station, number)

    with SqliteJournal.open(path, clock=time.time) as journal:
        await journal.accept(order("first"))  # starts the thread
        commits = journal.commits
        loop, process = time.thread_time(), time.process_time()
        async with trio.open_nursery() as nursery:
            for number in range(registers):
                nursery.start_soon(register, f"k{number}")
        count = receipts // registers * registers
        loop_us, process_us = (time.thread_time() - loop) / count * 1e6, (time.process_time() - process) / count * 1e6
        print(f"{registers:9} {loop_us:8.0f} {process_us:7.0f} {(journal.commits - commits) / count:8.2f}")


# A million old receipts


def fill(path: Path, rows: int) -> None:
    SqliteJournal.open(path, clock=time.time).close()
    receipt, personal = split(RECEIPT)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA wal_autocheckpoint = 100000")

    def jobs() -> Iterator[tuple[Any, ...]]:
        for n in range(1, rows + 1):
            drive, document = f"99990789{n % 200:08d}", n // 200 + 1
            yield n, new(), INN, new(), float(n), float(n), f"k{n % 200}", drive, document, receipt, result, bytes(32)

    intent = encode(intent_of("old"))
    result = encode(result_of("9999078900000001", 1, "k1"))
    with connection:
        connection.executemany(
            "INSERT INTO jobs (seq, id, inn, key, tenant, facade, state, accepted_at, changed_at, attempts, station,"
            " drive, document, receipt, result, commitment)"
            " VALUES (?, ?, ?, ?, 'demo', 'ferma', 'confirmed', ?, ?, 1, ?, ?, ?, ?, ?, ?)",
            jobs(),
        )
        connection.executemany(
            "INSERT INTO requests VALUES (?, ?, ?, ?)", ((n, personal, RAW, bytes(16)) for n in range(1, rows + 1))
        )
        connection.executemany(
            "INSERT INTO intents (seq, station, job, opened_at, intent, closed_at, verdict)"
            " VALUES (?, ?, ?, ?, ?, ?, 'registered')",
            ((n, f"k{n % 200}", n, float(n), intent, float(n)) for n in range(1, rows + 1)),
        )
        connection.executemany(
            "INSERT INTO chain (station, number, at, event, content, link) VALUES (?, ?, ?, 'registered', ?, ?)",
            (
                (f"k{station}", number, float(number), '{"digest":"0123456789abcdef"}', bytes(32))
                for station in range(200)
                for number in range(1, 2 * rows // 200 + 1)
            ),
        )
        connection.execute("INSERT INTO heads SELECT station, max(number), link FROM chain GROUP BY station")
    connection.close()


def intent_of(job: str) -> Intent:
    """As a receipt of one item has it."""
    return Intent(
        job=job, action="receipt", command="FF45", serial="0000000000000001", drive="9999078900000001",
        last_document=41, shift=3, receipt=7, link="standard", fingerprint=fingerprint(RECEIPT), own_key="c0ffee",
    )  # fmt: skip


def result_of(drive: str, document: int, station: str) -> Result:
    return Result(
        serial="0000000000000001", drive=drive, rnm="0000000001012345", document=document, sign=1,
        moment=datetime(2026, 1, 1), shift=1, receipt=1, total=60000, operation=1, station=station,
    )  # fmt: skip


async def first_receipt(path: Path) -> None:
    """A start, until one waiting receipt is registered: what the journal has to do with it."""
    started = time.perf_counter()
    with SqliteJournal.open(path, clock=time.time) as journal:
        job = next(job for job in (await journal.load()).jobs if job.state is State.ACCEPTED)
        await journal.claim(job.id, "k1")
        await journal.intend("k1", intent_of(job.id), job.id)
        made = result_of(f"new {job.id}", 42, "k1")
        await journal.settle("k1", Registered(result=made), job.id)
        print(f"start to the first receipt registered: {1e3 * (time.perf_counter() - started):.1f} ms")


async def warm_start(path: Path) -> None:
    with SqliteJournal.open(path, clock=time.time) as journal:
        for n in range(20):
            await journal.accept(order(f"waiting {n}"))
    started = time.perf_counter()
    with SqliteJournal.open(path, clock=time.time) as journal:
        opened = time.perf_counter()
        backlog = await journal.load()
        loaded = time.perf_counter()
        latest = await journal.list(limit=50)
        listed = time.perf_counter()
        for job in latest:
            await journal.status(id=job.id)
        read = (time.perf_counter() - listed) / len(latest)
    print(
        f"open {1e3 * (opened - started):.1f} ms, load {len(backlog.jobs)} jobs {1e3 * (loaded - opened):.1f} ms, "
        f"list 50 {1e3 * (listed - loaded):.1f} ms, status {1e6 * read:.0f} us"
    )


async def full_and_empty(full: Path, empty: Path, rounds: int, writers: int) -> None:
    """Accept and claim in both files in turn; the medians' ratio."""
    times: dict[tuple[str, str], list[float]] = {}
    with (
        SqliteJournal.open(full, clock=time.time) as big,
        SqliteJournal.open(empty, clock=time.time) as small,
    ):
        for _ in range(rounds):
            for name, journal in (("full", big), ("empty", small)):
                ids: list[str] = []

                async def accept(journal: SqliteJournal = journal, ids: list[str] = ids) -> None:
                    ids.append((await journal.accept(order(new()))).job.id)

                async def claim(id_: str, journal: SqliteJournal = journal) -> None:
                    await journal.claim(id_, "k1")

                await trio.sleep(GATHER_S)  # or they would wait for company of the round before
                started = time.perf_counter()
                async with trio.open_nursery() as nursery:
                    for _ in range(writers):
                        nursery.start_soon(accept)
                accepted = time.perf_counter()
                async with trio.open_nursery() as nursery:
                    for id_ in ids:
                        nursery.start_soon(claim, id_)
                times.setdefault((name, "accept"), []).append(accepted - started)
                times.setdefault((name, "claim"), []).append(time.perf_counter() - accepted)
    for verb in ("accept", "claim"):
        full_s, empty_s = (statistics.median(times[name, verb]) for name in ("full", "empty"))
        print(
            f"{verb} by {writers:3}: full {1e3 * full_s:7.2f} ms, empty {1e3 * empty_s:7.2f} ms, "
            f"ratio {full_s / empty_s:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Durable accepts a second, and a journal with many rows.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--verbs", type=int, default=2000)
    parser.add_argument("--directory", type=Path, help="where to measure: a place on the disk that counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        print("Durable accepts")
        rates(Path(directory), options.rounds, options.verbs)
        print("\nSyncs")
        syncs(Path(directory), options.verbs)
        print("\nWhole lives")
        print(f"{'registers':>9} {'loop us':>8} {'all us':>7} {'commits':>8}")
        for registers in (1, 4, 16, 64):
            trio.run(lives, Path(directory) / f"lives-{registers}.sqlite", registers, options.verbs)
        if options.rows:
            print(f"\nA journal with {options.rows} finished jobs")
            full, empty = Path(directory) / "full.sqlite", Path(directory) / "empty.sqlite"
            fill(full, options.rows)
            print(f"{full.stat().st_size / 2**20:.0f} MiB")
            trio.run(warm_start, full)
            trio.run(first_receipt, full)
            for writers, rounds in ((1, 400), (10, 200), (100, 60)):
                trio.run(full_and_empty, full, empty, rounds, writers)


if __name__ == "__main__":
    main()
