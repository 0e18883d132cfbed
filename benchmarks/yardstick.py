"""What the machine takes for bare work, so that figures of one run can be compared with those of another machine.

A bare exchange is 30 bytes there and 20 back over TCP between two processes, through trio's own stream and one moved
deadline scope, with nothing made of the bytes: what no driver on trio can go below by much.
"""

from __future__ import annotations

import resource
import socket
import sys

import trio

__all__ = ["bare_exchange_s", "own_cpu_s"]

EXCHANGES = 3000

_ECHO = """
import socket, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while line.recv(4096):
    line.send(b"x" * 20)
"""


def own_cpu_s() -> float:
    """User and system seconds of this process so far, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def bare_exchange_s() -> float:
    """Processor seconds of this process for one bare exchange."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        echo = await trio.lowlevel.open_process([sys.executable, "-c", _ECHO, port])
        await trio.lowlevel.wait_readable(listener)
        accepted, _ = listener.accept()
    async with trio.SocketStream(trio.socket.from_stdlib_socket(accepted)) as stream:
        stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
        started = own_cpu_s()
        with trio.CancelScope() as patience:
            for _ in range(EXCHANGES):
                patience.deadline = trio.current_time() + 5
                await stream.send_all(b"y" * 30)
                await stream.receive_some(4096)
        spent = own_cpu_s() - started
    await echo.wait()
    return spent / EXCHANGES
