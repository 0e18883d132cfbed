"""An emulator as a process: one line of JSON when it is ready, services until a signal, a clean end."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import trio

__all__ = ["Say", "Service", "address_of", "say_json", "serve_until_signal"]

Say = Callable[[Mapping[str, Any]], None]
Service = Callable[..., Any]
"""An asynchronous function that serves until it is cancelled."""


def say_json(event: Mapping[str, Any]) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


async def serve_until_signal(services: list[Service], first: Service | None, ready: Callable[[], None]) -> None:
    """All services, until a signal or until one of them ends; `first` has to be up before `ready` is called."""
    async with trio.open_nursery() as nursery:
        await nursery.start(_until_signal, nursery.cancel_scope)
        if first is not None:
            await nursery.start(first)
        for service in services:
            nursery.start_soon(_last, service, nursery.cancel_scope)
        ready()


async def _last(service: Service, scope: trio.CancelScope) -> None:
    await service()
    scope.cancel()


def address_of(listener: socket.socket) -> str:
    """Where it listens, as a host is told."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _until_signal(scope: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    """SIGTERM and SIGINT end everything at once: what is written is written, nothing needs a goodbye."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            scope.cancel()
            return
