"""An ASGI application behind Hypercorn's trio worker, on a socket that is already taken."""

from __future__ import annotations

import logging
import socket
from typing import Any

import trio
from hypercorn.config import Config, Sockets
from hypercorn.trio.run import worker_serve
from hypercorn.utils import wrap_app

__all__ = ["serve_http"]

BODY_MAX = 2**20  # orders to a rack are small


async def serve_http(
    app: Any, listener: socket.socket, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until cancelled; started when the first request would be answered."""
    logging.getLogger("hypercorn.error").setLevel(logging.WARNING)  # not where it listens: the ready line says that
    config = Config()
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
