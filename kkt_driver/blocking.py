"""The driver for programs that do not know of trio: the same register, the same names and types, calls that wait.

    from kkt_driver.blocking import Register
    with Register.open("tcp://127.0.0.1:7801", store="intents.json") as register:
        print(register.receipt(order, job="order-17"))

Each `Register` has a trio loop of its own in a thread. It may be used from several threads: calls queue up, since one
piece of work at a time is done on a register.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Literal, Self, TypeVar

import msgspec
import trio

from ffd import documents
from ffd.receipts import Receipt
from kkt_driver import client
from kkt_driver.capabilities import Capabilities
from kkt_driver.commands import Request
from kkt_driver.effects import Procedure
from kkt_driver.errors import Misuse
from kkt_driver.intents import Intent, IntentStore
from kkt_driver.link import Layer, Timing
from kkt_driver.noticing import Noticed
from kkt_driver.procedures.identity import Identity, State
from kkt_driver.runner import Latency, Traced
from kkt_driver.verdicts import CashDone, NotRegistered, Registered, ShiftDone, Verdict

__all__ = ["Register"]

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")


class Register:
    """One register; `open` connects, `close` (or the end of `with`) hangs up. See `kkt_driver.client.Register`."""

    def __init__(self, connect: Callable[[], client.AsyncOpening]) -> None:
        self._connect = connect
        self._opened = threading.Event()
        self._failure: BaseException | None = None
        self._register: client.Register | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._stop: trio.Event | None = None
        self._turn: trio.Lock | None = None
        self._thread = threading.Thread(target=self._live, name="kkt register", daemon=True)
        self._thread.start()
        self._opened.wait()
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    @classmethod
    def open(
        cls,
        address: str,
        *,
        link: Layer | Literal["auto"] = "standard",
        store: IntentStore | str | os.PathLike[str] | None = None,
        deadlines: Mapping[str, float] | None = None,
        timing: Timing | None = None,
        serial: str | None = None,
        drive: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> Self:
        """Connect, as `kkt_driver.client.Register.open` does."""
        return cls(
            lambda: client.Register.open(
                address,
                link=link,
                store=store,
                deadlines=deadlines,
                timing=timing,
                serial=serial,
                drive=drive,
                clock=clock,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up and end the thread. Calls that wait in other threads get trio's Cancelled as a Misuse."""
        if self._thread.is_alive() and self._token is not None and self._stop is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(self._stop.set)
        self._thread.join()

    # --- the loop ----------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:  # whoever opens is told
            self._failure = error
        finally:
            self._opened.set()

    async def _main(self) -> None:
        self._token, self._stop, self._turn = trio.lowlevel.current_trio_token(), trio.Event(), trio.Lock()
        async with self._connect() as register:
            self._register = register
            self._opened.set()
            await self._stop.wait()

    def _do(self, work: Callable[[client.Register], Awaitable[T]]) -> T:
        async def in_turn() -> T:
            assert self._register is not None and self._turn is not None
            async with self._turn:
                return await work(self._register)

        try:
            return trio.from_thread.run(in_turn, trio_token=self._token)
        except (trio.RunFinishedError, trio.Cancelled) as error:
            raise Misuse("this register is closed: open it again") from error

    # --- the same as the other face ----------------------------------------------------------------------------------

    @property
    def layer(self) -> Layer:
        """The link layer in use."""
        return self._inside.layer

    @property
    def connected(self) -> bool:
        """Whether the line is open, as far as this end knows."""
        return self._inside.connected

    @property
    def trace(self) -> list[Traced]:
        """What went over the line, the newest last."""
        return list(self._inside.trace)

    @property
    def latency(self) -> dict[str, Latency]:
        """How long answers took, by command (hex code)."""
        return dict(self._inside.latency)

    @property
    def _inside(self) -> client.Register:
        assert self._register is not None
        return self._register

    def ask(self, request: Request[R], deadline_s: float | None = None) -> R:
        """Exchange one request."""
        return self._do(lambda register: register.ask(request, deadline_s))

    def run(self, procedure: Procedure[T], *, rest: bool = True) -> T:
        """Run a procedure to its end."""
        return self._do(lambda register: register.run(procedure, rest=rest))

    def rest(self) -> None:
        """Nothing follows for now, after a run with ``rest=False``."""
        return self._do(lambda register: register.rest())

    def resolve(self, intent: Intent, *, clock: datetime | None = None) -> Verdict:
        """What became of an open intent, asked once."""
        return self._do(lambda register: register.resolve(intent, clock=clock))

    def settle(self, intent: Intent) -> Registered | CashDone | NotRegistered:
        """What became of an open intent, asked until it is decided."""
        return self._do(lambda register: register.settle(intent))

    def identity(self) -> Identity:
        """Who answers."""
        return self._do(lambda register: register.identity())

    def state(self) -> State:
        """Mode, shift and drive as they are now."""
        return self._do(lambda register: register.state())

    def capabilities(self) -> Capabilities:
        """What the model can do."""
        return self._do(lambda register: register.capabilities())

    def document(self, number: int) -> documents.Document | None:
        """A document of the drive, read back whole."""
        return self._do(lambda register: register.document(number))

    def unresolved(self) -> tuple[Intent, ...]:
        """Open intents of this drive."""
        return self._do(lambda register: register.unresolved())

    def ready(self) -> State:
        """Resolve what is open and make the register ready for work."""
        return self._do(lambda register: register.ready())

    def receipt(
        self, what: Receipt | str | bytes, *, job: str, own_key: str | None = None, cashier_password: int | None = None
    ) -> Registered:
        """Register a receipt once."""
        return self._do(
            lambda register: register.receipt(what, job=job, own_key=own_key, cashier_password=cashier_password)
        )

    def open_shift(self, *, job: str = "shift") -> ShiftDone:
        """Open the shift, once."""
        return self._do(lambda register: register.open_shift(job=job))

    def close_shift(self, *, job: str = "shift") -> ShiftDone:
        """Close the shift, once."""
        return self._do(lambda register: register.close_shift(job=job))

    def cash_in(self, amount: int, *, job: str) -> CashDone:
        """Put money into the drawer, once."""
        return self._do(lambda register: register.cash_in(amount, job=job))

    def cash_out(self, amount: int, *, job: str) -> CashDone:
        """Take money out of the drawer, once."""
        return self._do(lambda register: register.cash_out(amount, job=job))

    @contextmanager
    def events(self) -> Iterator[Iterator[Noticed]]:
        """What is noticed beside the answers: iterate over it (it waits), in a thread of its own if need be."""
        opening = self._inside.events()

        async def enter() -> trio.MemoryReceiveChannel[Noticed]:
            return await opening.__aenter__()

        channel = trio.from_thread.run(enter, trio_token=self._token)

        def waiting() -> Iterator[Noticed]:
            while True:
                try:
                    yield trio.from_thread.run(channel.receive, trio_token=self._token)
                except (trio.EndOfChannel, trio.ClosedResourceError, trio.RunFinishedError, trio.Cancelled):
                    return

        async def leave() -> None:
            await opening.__aexit__(None, None, None)

        try:
            yield waiting()
        finally:
            trio.from_thread.run(leave, trio_token=self._token)
