"""A device on a pseudo-terminal: for drivers that open a serial port.

The device keeps its own end of the line open, so that hosts may come and go as they do on a serial cable, which tells
nobody who is there. A device that hangs up is a line that was dead for a moment: what the host sent meanwhile is gone.
What a host doesn't read is lost when the system's buffer is full; a serial line does not wait for anybody.
"""

from __future__ import annotations

import os
import pty
import termios
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import trio

from fn_emulator.device import Device
from fn_emulator.serve.conversation import RECEIVE_MAX, Clock, Conversation

__all__ = ["Terminal", "serve_terminal", "terminals"]


class Terminal:
    """Both ends of a pseudo-terminal; hosts open `path`."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)  # no echo, no line ends changed, whatever the host forgets to set
        os.set_blocking(self._ours, False)
        self.path = os.ttyname(self._theirs)

    async def receive(self) -> bytes:
        while True:
            await trio.lowlevel.wait_readable(self._ours)
            try:
                return os.read(self._ours, RECEIVE_MAX)
            except BlockingIOError:
                continue

    async def send(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._ours, data) :]
            except BlockingIOError:
                return

    def drain(self) -> None:
        """Forget what is under way in both directions."""
        termios.tcflush(self._ours, termios.TCIOFLUSH)

    def close(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)


@contextmanager
def terminals(count: int) -> Iterator[list[Terminal]]:
    """So many pseudo-terminals, closed at the end."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            terminal = Terminal()
            stack.callback(terminal.close)
            made.append(terminal)
        yield made


async def serve_terminal(
    device: Device, terminal: Terminal, *, clock: Clock, conversation: Conversation | None = None
) -> None:
    """Serve `device` on a pseudo-terminal until cancelled."""
    conversation = conversation or Conversation(device, clock)
    while True:
        await conversation.talk(terminal)
        terminal.drain()
