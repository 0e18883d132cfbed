"""A whole fleet in virtual time: daemon, emulated registers and a test operator, joined by memory streams.

Real parts: the journal (SQLite on disk, inline, without fsync), stations, driver, frames, drives, operator. Left out:
sockets and the wall clock. Run it under trio's autojump clock: an hour of waiting takes no time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from math import inf
from pathlib import Path

import msgspec
import trio
import trio.testing

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fleet import config as settings
from fleet.daemon import open_daemon
from fleet.jobs import Job, Order, State
from fleet.journal.base import Accepted
from fleet.journal.sqlite import SqliteJournal
from fleet.usecases import UseCases
from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.operator import SESSION_HEADER, TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver.client import Register
from kkt_driver.errors import NotSent
from kkt_driver.intents import IntentStore
from kkt_driver.link import AlternativeLink, Link, StandardLink

START = 1_795_420_800.0  # 2026-11-23 12:00 in Moscow
INN = "9900000000"
OPERATOR = ("tcp://127.0.0.1:7900", "tcp://127.0.0.1:7901")


class World:
    """Registers, an operator and the lines to them; what a test may do to them is a method."""

    def __init__(self, state: Path, registers: int = 1, **options: object) -> None:
        self.state = state
        self.drives = [MemoryStorage() for _ in range(registers)]
        self.registers: list[EmulatedRegister] = [
            registered(n + 1, now=START - 600, inn=INN, drive_storage=self.drives[n], **options)  # type: ignore[arg-type]  # options of the emulator
            for n in range(registers)
        ]
        self.operator = TestOperator(master=DEMO_MASTER_KEY)
        self.operator_up = True
        self.operator_delay_s = 0.0
        self.poll_s = 60.0
        """How often idle drives are asked: most of what a world without receipts does in a day."""
        self.dead_routes: set[str] = set()
        """Addresses of the operator that refuse a connection; `black_holes` never answer to one."""
        self.black_holes: set[str] = set()
        self.dialled: Counter[str] = Counter()
        self.unplugged: set[int] = set()
        self.mute: set[int] = set()
        """Registers that hear everything and say nothing: the line stands, nobody is there."""
        self.settings: dict[str, object] = {}
        """What of the configuration is otherwise."""
        self.station_settings: dict[str, dict[str, object]] = {}
        self._nursery: trio.Nursery | None = None
        self._lines: dict[int, trio.CancelScope] = {}

    def now(self) -> float:
        """World time: the autojump clock on top of a fixed day."""
        return START + trio.current_time()

    def config(self) -> settings.Config:
        stations = tuple(self.station(n) for n in range(len(self.registers)))
        config = settings.Config(
            name="world",
            state_dir=self.state,
            operator=settings.Operator(addresses=OPERATOR, pause_s=0.0, answer_timeout_s=5, poll_s=self.poll_s),
            tenants=(settings.Tenant(name="shop", login="shop", password_hash="", inn=INN),),
            stations=stations,
        )
        return msgspec.structs.replace(config, **self.settings)

    def station(self, number: int) -> settings.Station:
        """The settings of one register's station."""
        station = settings.Station(
            name=f"k{number + 1}",
            address=f"tcp://127.0.0.1:{7801 + number}",
            inn=INN,
            link="alternative" if number % 4 in (2, 3) else "standard",
            deadlines={"FF45": 5.0},
        )
        return msgspec.structs.replace(station, **self.station_settings.get(station.name, {}))

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[UseCases]:
        """One life of the daemon. Leaving the block is a clean stop; `crash` inside it is not."""
        journal = SqliteJournal.open(
            self.state / "journal.sqlite", clock=self.now, threaded=False, durable=False, exclusive=False
        )
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            async with open_daemon(
                self.config(),
                journal=journal,
                clock=self.now,
                connect=self._connect,
                dial=lambda address: partial(self._dial_operator, address),
                jitter=lambda: 0.5,
                source=self.config,
            ) as usecases:
                yield usecases
            nursery.cancel_scope.cancel()

    @asynccontextmanager
    async def _connect(self, station: settings.Station, *, store: IntentStore) -> AsyncIterator[Register]:
        number = int(station.name[1:]) - 1

        async def dial() -> trio.abc.Stream:
            if number in self.unplugged:
                raise NotSent("unplugged")
            host, device = trio.testing.memory_stream_pair()
            assert self._nursery is not None
            self._nursery.start_soon(self._serve_register, number, device)
            return host

        def link() -> Link:
            return AlternativeLink() if station.link == "alternative" else StandardLink()

        register = Register(await dial(), link=link, store=store, deadlines=station.deadlines, reconnect=dial)
        try:
            yield register
        finally:
            with trio.CancelScope(shield=True):
                await register.aclose()

    async def _serve_register(self, number: int, stream: trio.abc.Stream) -> None:
        register = self.registers[number]
        register.connected(self.now())
        self._lines[number] = trio.CancelScope()
        with self._lines[number]:
            await self._talk(register, number, stream)

    def cut(self, number: int) -> None:
        """The line to a register breaks now; it can be opened again unless it is unplugged, too."""
        self._lines[number].cancel()

    async def _talk(self, register: EmulatedRegister, number: int, stream: trio.abc.Stream) -> None:
        try:
            while not register.hung_up and number not in self.unplugged:
                out = b""
                until = inf if register.deadline is None else register.deadline - START
                with trio.move_on_at(until) as timer:
                    data = await stream.receive_some(4096)
                    if not data:
                        break
                    out = register.receive(bytes(data), self.now())
                    if number in self.mute:
                        out = b""
                if timer.cancelled_caught:
                    out = register.handle_timeout(self.now())
                if out:
                    await stream.send_all(out)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            register.disconnected(self.now())
            await trio.aclose_forcefully(stream)

    async def _dial_operator(self, address: str) -> trio.abc.Stream:
        self.dialled[address] += 1
        if address in self.black_holes:
            await trio.sleep_forever()
        if not self.operator_up or address in self.dead_routes:
            raise OSError("the operator is out of reach")
        host, device = trio.testing.memory_stream_pair()
        assert self._nursery is not None
        self._nursery.start_soon(self._serve_operator, device)
        return host

    async def _serve_operator(self, stream: trio.abc.Stream) -> None:
        held = b""
        try:
            while self.operator_up:
                if len(held) >= SESSION_HEADER and len(held) >= (size := TestOperator.size_of(held[:SESSION_HEADER])):
                    await trio.sleep(self.operator_delay_s)
                    answer = self.operator.respond(held[:size], now=self.now())
                    held = held[size:]
                    if answer is None:
                        break
                    await stream.send_all(answer)
                    continue
                data = await stream.receive_some(65536)
                if not data:
                    break
                held += data
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)


def receipt(total: int = 19900, **changes: object) -> Receipt:
    """A one-line receipt for `total` kopecks."""
    item = Item(name="Чай", price=total, quantity=Decimal(1), total=total, vat=VatRate.VAT_22)
    fields: dict[str, object] = {
        "operation": Operation.INCOME,
        "tax_system": TaxSystem.GENERAL,
        "items": (item,),
        "payments": Payments(cashless=total),
    }
    return Receipt(**(fields | changes))  # type: ignore[arg-type]  # the fields of their names


def order(key: str, what: Receipt | None = None) -> Order:
    """What the shop asks for under `key`."""
    return Order(inn=INN, key=key, tenant="shop", facade="test", raw=b"{}", receipt=what or receipt())


async def post(usecases: UseCases, key: str, what: Receipt | None = None) -> str:
    """Accept a receipt; its job id."""
    outcome = await usecases.accept(order(key, what))
    assert isinstance(outcome, Accepted), outcome
    return outcome.job.id


async def wait_for(usecases: UseCases, job_id: str, *states: State, within_s: float = 600) -> Job:
    """The job once it is in one of the states."""
    with trio.fail_after(within_s):
        while True:
            seen = usecases.change_count
            job = await usecases.status(inn=INN, id=job_id)
            assert job is not None
            if job.state in states:
                return job
            await usecases.changed(seen)


def documents(register: EmulatedRegister, now: float) -> list[tuple[int, int, int | None]]:
    """Every document of the drive: (number, form, total)."""
    from kkt_driver.commands import FindDocument

    found = []
    for number in range(1, register.drive.last_document + 1):
        record = register.ask(FindDocument(document=number), now)
        found.append((record.document, record.type, record.total))
    return found
