"""A rack or an operator as a process: ports first, one line of JSON when ready, a clean end on a signal."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import trio

from fn_emulator.operator import LogStore, TestOperator
from fn_emulator.rack import Rack, StateFolder
from fn_emulator.serve.operator import serve_operator
from fn_emulator.serve.sockets import listening
from fn_emulator.serve.tcp import HOST_TIMEOUT_S, serve_register
from fn_emulator.signs import DEMO_MASTER_KEY

__all__ = ["run_operator", "run_rack"]

Say = Callable[[Mapping[str, Any]], None]


def _say(event: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def run_rack(
    *,
    count: int,
    base_port: int,
    state: Path | None,
    host: str = "127.0.0.1",
    operator_port: int | None = None,
    inn: str = "9900000000",
    durations: Mapping[str, float] | None = None,
    host_timeout_s: float = HOST_TIMEOUT_S,
    until_stdin_closes: bool = False,
    clock: Callable[[], float] = time.time,
    say: Say = _say,
) -> None:
    """Registers on `base_port` and the ports after it, an operator beside them when it has a port, until a signal."""
    wanted = [
        (host, base_port + place if base_port else 0, f"register {place + 1} of {count}") for place in range(count)
    ]
    if operator_port is not None:
        wanted.append((host, operator_port, "operator"))
    with listening(wanted) as sockets, StateFolder(state) as folder:
        rack = Rack(folder, count, now=clock(), inn=inn, durations=durations)
        operator = _operator(folder) if operator_port is not None else None
        addresses = [_address(one) for one in sockets]
        ready = {
            "event": "ready",
            "registers": [
                {"address": f"tcp://{address}", "serial": register.serial, "drive": register.drive.number}
                for register, address in zip(rack.registers, addresses, strict=False)
            ],
            "operator": addresses[count] if operator else None,
        }

        async def serve() -> None:
            async with trio.open_nursery() as nursery:
                await nursery.start(_until_signal, nursery.cancel_scope)
                for register, listener in zip(rack.registers, sockets, strict=False):
                    nursery.start_soon(_register_task, register, listener, clock, host_timeout_s)
                if operator:
                    nursery.start_soon(_operator_task, operator, sockets[count], clock)
                if until_stdin_closes:
                    nursery.start_soon(_until_stdin_closes, nursery.cancel_scope)
                say(ready)

        trio.run(serve)


def run_operator(
    *,
    port: int,
    state: Path | None,
    host: str = "127.0.0.1",
    clock: Callable[[], float] = time.time,
    say: Say = _say,
) -> None:
    """A test operator alone, until a signal."""
    with listening([(host, port, "operator")]) as sockets, StateFolder(state) as folder:
        operator = _operator(folder)

        async def serve() -> None:
            async with trio.open_nursery() as nursery:
                await nursery.start(_until_signal, nursery.cancel_scope)
                nursery.start_soon(_operator_task, operator, sockets[0], clock)
                say({"event": "ready", "operator": _address(sockets[0])})

        trio.run(serve)


def _operator(folder: StateFolder) -> TestOperator:
    return TestOperator(master=DEMO_MASTER_KEY, store=LogStore(folder.storage("operator.log")))


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"{host}:{port}"


async def _register_task(
    register: Any, listener: socket.socket, clock: Callable[[], float], host_timeout_s: float
) -> None:
    await serve_register(register, listener, clock=clock, host_timeout_s=host_timeout_s)


async def _operator_task(operator: TestOperator, listener: socket.socket, clock: Callable[[], float]) -> None:
    await serve_operator(operator, listener, clock=clock)


async def _until_signal(scope: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    """SIGTERM and SIGINT end everything at once: what is written is written, nothing needs a goodbye."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            scope.cancel()
            return


async def _until_stdin_closes(scope: trio.CancelScope) -> None:
    """The parent's pipe closes however the parent ends. `sys.stdin` would hold a lock at exit; `os.read` does not."""
    while await trio.to_thread.run_sync(os.read, 0, 4096, abandon_on_cancel=True):
        pass
    scope.cancel()
