"""An emulated register on a real TCP port, in a thread with a loop of its own: for what is not trio itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.serve.sockets import listening
from fn_emulator.serve.tcp import serve_register

__all__ = ["NOW", "Served", "served"]

NOW = 1_767_225_600.0


class Served:
    """`address` to connect to; `register` for setting up faults and for looking into the drive."""

    def __init__(self, register: EmulatedRegister) -> None:
        self.register = register
        self.address = ""
        self._ready = threading.Event()
        self._scope: trio.CancelScope | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self.thread = threading.Thread(target=trio.run, args=(self._main,), daemon=True)
        self.thread.start()
        assert self._ready.wait(10)

    async def _main(self) -> None:
        started = time.time()
        with trio.CancelScope() as self._scope, listening([("127.0.0.1", 0, "a register under test")]) as (listener,):
            self._token = trio.lowlevel.current_trio_token()
            self.address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
            self._ready.set()
            await serve_register(self.register, listener, clock=lambda: NOW + time.time() - started)

    def stop(self) -> None:
        assert self._token is not None and self._scope is not None
        self._token.run_sync_soon(self._scope.cancel)
        self.thread.join(10)

    def forms(self) -> list[int]:
        """Forms of all documents in the drive."""
        from kkt_driver import commands as k

        last = self.register.drive.last_document
        return [self.register.ask(k.FindDocument(document=n + 1), NOW).type for n in range(last)]


@contextmanager
def served(register: EmulatedRegister | None = None, **options: Any) -> Iterator[Served]:
    one = Served(register or registered(1, now=NOW, **options))
    try:
        yield one
    finally:
        one.stop()
