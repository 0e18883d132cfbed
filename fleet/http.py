"""An ASGI application on a listening socket, as a service in somebody's nursery.

The application knows nothing of it: `fleet.http1` speaks HTTP with one client, here is who may come and how it ends.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

import structlog
import trio

from fleet.errors import FleetError
from fleet.http1 import Application, Connection
from kkt_driver.transport import TcpLine

__all__ = ["CONNECTIONS_MAX", "ListenError", "bind", "serve"]

GRACE_S = 1.0  # for answers under way; whatever is accepted is durable, so nobody loses by being cut off
BACKLOG = 1024
"""Clients that connect in one moment, as after a restart: more than are served, so that each hears an answer."""

CONNECTIONS_MAX = 800
"""At most so many clients at a time: with 200 registers and the journal that is within the usual 1024 descriptors."""

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

_log = structlog.get_logger("fleet.http")


class ListenError(FleetError):
    """The address cannot be listened on."""


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
    app: Application, listen: str, *, stop: trio.Event, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until `stop`; then answers under way get `GRACE_S`. Starts with the base URL."""
    bound = bind(listen)
    host, port = bound.getsockname()[:2]
    here: dict[Connection, None] = {}  # the oldest first

    async def talk(accepted: trio.SocketStream) -> None:
        try:
            client = accepted.socket.getpeername()[:2]
        except OSError:  # gone already
            await trio.aclose_forcefully(accepted)
            return
        line = TcpLine(socket.socket(fileno=accepted.socket.detach()))
        if len(here) >= CONNECTIONS_MAX and not _make_room(here):
            with trio.move_on_after(GRACE_S), suppress(OSError):
                await line.send_all(_FULL)
                await line.send_eof()
                await line.receive_some()  # closing over an unread request would take the answer back
            await line.aclose()
            return
        connection = Connection(app, line, client=client, server=(host, port))
        here[connection] = None
        try:
            await connection.run()
        except Exception:
            _log.exception("a connection failed")
        finally:
            del here[connection]

    async with trio.open_nursery() as clients:
        async with trio.open_nursery() as door:
            listener = trio.SocketListener(trio.socket.from_stdlib_socket(bound))
            await door.start(partial(trio.serve_listeners, talk, [listener], handler_nursery=clients))
            task_status.started(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
            await stop.wait()
            door.cancel_scope.cancel()
        for connection in here:
            connection.finish()
        clients.cancel_scope.deadline = trio.current_time() + GRACE_S


def _make_room(here: Iterable[Connection]) -> bool:
    """End the oldest connection that has nothing to do; False when all are busy."""
    oldest = next((one for one in here if one.idle), None)
    if oldest is not None:
        oldest.finish()
    return oldest is not None
