"""Listening sockets of a rack: all taken before anything starts, a taken one named with the remedy."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from fn_emulator.errors import EmulatorError

__all__ = ["PortTaken", "listening"]

BACKLOG = 16
"""Hosts that wait for a register: one talks at a time, the rest is a queue nobody should be in."""


class PortTaken(EmulatorError):
    """A port that the emulator was told to use is not free."""


@contextmanager
def listening(wanted: Iterable[tuple[str, int, str]]) -> Iterator[list[socket.socket]]:
    """Sockets for (host, port, what for), all of them or none; port 0 takes a free one."""
    with ExitStack() as stack:
        yield [stack.enter_context(_listen(host, port, purpose)) for host, port, purpose in wanted]


def _listen(host: str, port: int, purpose: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} on {host} ({purpose}) is taken; stop what listens there or choose another port"
            ) from None
        raise PortTaken(f"port {port} on {host} ({purpose}): {error.strerror}") from None
    return made
