"""Emulated registers behind memory streams, in trio's virtual time: what `Register` is tested against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import trio
import trio.testing

from fn_emulator.emulated import EmulatedRegister, registered
from kkt_driver.client import Register
from kkt_driver.errors import NotSent
from kkt_driver.intents import Intent, IntentStore
from kkt_driver.link import Link, StandardLink
from tests.kkt_driver.bench import NOW

__all__ = ["Kept", "Wire"]


class Kept:
    """A store in memory that tells in which order things happened."""

    def __init__(self, happened: list[str] | None = None) -> None:
        self.open: list[Intent] = []
        self.outcomes: list[object] = []
        self.happened = happened if happened is not None else []

    async def record(self, intent: Intent) -> None:
        await trio.sleep(0.01)
        self.open.append(intent)
        self.happened.append("durable")

    async def clear(self, intent: Intent, verdict: object) -> None:
        self.open.remove(intent)
        self.outcomes.append(verdict)
        self.happened.append("cleared")


class Wire:
    """One register and the connections to it. `down` refuses new ones; `heard` lists the commands it executed."""

    def __init__(self, register: EmulatedRegister | None = None, **options: Any) -> None:
        self.register = register or registered(now=NOW, **options)
        self.down = False
        self.connections = 0
        self.heard: list[str] = []
        self._nursery: trio.Nursery | None = None
        self._streams: list[trio.abc.Stream] = []
        execute = self.register._execute

        def listening(body: bytes, now: float) -> tuple[bytes, float] | None:
            self.heard.append(body[: 2 if body[:1] == b"\xff" else 1].hex().upper())
            return execute(body, now)

        self.register.line._execute = listening

    def now(self) -> float:
        return NOW + trio.current_time()

    async def dial(self) -> trio.abc.Stream:
        if self.down:
            raise NotSent("nobody answers there")
        host, device = trio.testing.memory_stream_pair()
        assert self._nursery is not None
        self.connections += 1
        self._streams.append(device)
        self._nursery.start_soon(self._serve, device)
        return host

    async def cut(self) -> None:
        """The line breaks."""
        for stream in self._streams:
            await trio.aclose_forcefully(stream)
        self._streams.clear()

    @asynccontextmanager
    async def open(
        self, link: Callable[[], Link] = StandardLink, *, store: IntentStore | None = None, **options: Any
    ) -> AsyncIterator[Register]:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            options.setdefault("reconnect", self.dial)
            register = Register(await self.dial(), link=link, store=store, **options)
            try:
                yield register
            finally:
                with trio.CancelScope(shield=True):
                    await register.aclose()
                nursery.cancel_scope.cancel()

    async def _serve(self, stream: trio.abc.Stream) -> None:
        register = self.register
        register.connected(self.now())
        try:
            while not register.hung_up:
                out = b""
                until = inf if register.deadline is None else register.deadline - NOW
                with trio.move_on_at(until) as timer:
                    data = await stream.receive_some(4096)
                    if not data:
                        break
                    out = register.receive(bytes(data), self.now())
                if timer.cancelled_caught:
                    out = register.handle_timeout(self.now())
                if out:
                    await stream.send_all(out)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            register.disconnected(self.now())
            await trio.aclose_forcefully(stream)
