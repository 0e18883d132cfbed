"""An ASGI application behind Hypercorn's trio worker, on a socket that is already taken."""

from __future__ import annotations

import socket
from typing import Any

import trio
from hypercorn.config import Config, Sockets
from hypercorn.logging import Logger
from hypercorn.trio.run import worker_serve
from hypercorn.utils import wrap_app

__all__ = ["serve_http"]

BODY_MAX = 2**20  # orders to a rack are small


class _Errors(Logger):
    """Hypercorn's errors and nothing else: where it listens stands in the ready line."""

    async def info(self, message: str, *args: Any, **kwargs: Any) -> None:
        pass


async def serve_http(
    app: Any, listener: socket.socket, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until cancelled; started when the first request would be answered."""
    config = Config()
    config.logger_class = _Errors
    config.include_server_header = False

    async def started(task_status: trio.TaskStatus[Any]) -> None:
        await worker_serve(
            wrap_app(app, BODY_MAX, "asgi"),
            config,
            sockets=Sockets([], [listener], []),
            shutdown_trigger=trio.sleep_forever,
            task_status=task_status,
        )

    async with trio.open_nursery() as nursery:
        await nursery.start(started)
        task_status.started()
