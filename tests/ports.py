"""Free TCP ports for child processes, which must be told theirs before they start."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import ExitStack

__all__ = ["free_base"]


def free_base(offsets: Iterable[int]) -> int:
    """A port P such that every P + offset is free. Below the range that systems give out by themselves, and begun at
    a place of this process's own, so that test runs side by side rarely meet."""
    offsets = tuple(offsets)
    for base in range(20_000 + os.getpid() % 50 * 200, 32_000, 200):
        try:
            with ExitStack() as stack:
                for offset in offsets:
                    stack.enter_context(socket.create_server(("127.0.0.1", base + offset)))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")
