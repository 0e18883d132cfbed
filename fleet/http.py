"""An ASGI application behind Hypercorn's trio worker, as a service in somebody's nursery.

The application knows nothing of it, so that a smaller listener can take its place.
"""

from __future__ import annotations

import socket
from typing import Any

import structlog
import trio
from hypercorn.config import Config as HypercornConfig
from hypercorn.config import Sockets
from hypercorn.logging import Logger
from hypercorn.trio.run import worker_serve
from hypercorn.utils import wrap_app

from fleet.errors import FleetError

__all__ = ["ListenError", "bind", "serve"]

GRACE_S = 1.0  # for answers under way; whatever is accepted is durable, so nobody loses by being cut off
KEEP_ALIVE_S = 30.0  # an idle connection, also one that is slow with its headers
BACKLOG = 256
BODY_MAX = 2**24  # Hypercorn bounds only WSGI bodies; our application bounds its own

_log = structlog.get_logger("fleet.http")


class ListenError(FleetError):
    """The address cannot be listened on."""


class _Log(Logger):
    """Hypercorn's words in our log: its errors, and nothing about every connection."""

    def __init__(self, config: HypercornConfig) -> None:
        self.access_logger = None
        self.error_logger = None

    async def error(self, message: str, *args: Any, **kwargs: Any) -> None:
        _log.error("hypercorn", message=message % args if args else message)

    async def critical(self, message: str, *args: Any, **kwargs: Any) -> None:
        await self.error(message, *args, **kwargs)

    async def exception(self, message: str, *args: Any, **kwargs: Any) -> None:
        _log.exception("hypercorn", message=message % args if args else message)


def bind(listen: str) -> socket.socket:
    """A socket bound to host:port; port 0 is any free one."""
    host, _, port = listen.rpartition(":")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"{listen}: {error.strerror}: choose another address") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        text = f"{listen}: {error.strerror}: stop the program that listens there or choose another address"
        raise ListenError(text) from error
    bound.setblocking(False)
    return bound


async def serve(
    app: Any, listen: str, *, stop: trio.Event, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until `stop`; then answers under way get `GRACE_S`. Starts with the base URL."""
    bound = bind(listen)
    host, port = bound.getsockname()[:2]
    config = HypercornConfig()
    config.logger_class = _Log
    config.graceful_timeout = GRACE_S
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.keep_alive_max_requests = 10**9
    config.include_server_header = False
    with bound:
        async with trio.open_nursery() as nursery:
            await nursery.start(
                lambda task_status: worker_serve(
                    wrap_app(app, BODY_MAX, "asgi"),
                    config,
                    sockets=Sockets([], [bound], []),
                    shutdown_trigger=stop.wait,
                    task_status=task_status,
                )
            )
            task_status.started(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
