"""A device as a TCP server: one host at a time.

A second host waits until the first has gone, as with a device that has one line; what the first one sent is executed
before. A host that has been silent for `host_timeout_s` gives way when somebody waits (registers: table 21 field 16).
"""

from __future__ import annotations

import socket

import trio

from fn_emulator.device import Device
from fn_emulator.serve.conversation import RECEIVE_MAX, Clock, Conversation

__all__ = ["HOST_TIMEOUT_S", "serve_register"]

HOST_TIMEOUT_S = 60.0


async def serve_register(
    register: Device,
    listener: socket.socket,
    *,
    clock: Clock,
    host_timeout_s: float = HOST_TIMEOUT_S,
    conversation: Conversation | None = None,
) -> None:
    """Serve `register` on a listening socket until cancelled. `clock` gives world time, unix seconds. A caller that
    wants to cut hosts off gives the `conversation`."""
    hosts_in, hosts = trio.open_memory_channel[socket.socket](0)
    conversation = conversation or Conversation(register, clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_accept, conversation, listener, hosts_in, host_timeout_s)
        async for host in hosts:
            with host:
                await conversation.talk(_SocketPort(host))


async def _accept(
    conversation: Conversation,
    listener: socket.socket,
    hosts: trio.MemorySendChannel[socket.socket],
    host_timeout_s: float,
) -> None:
    """Take hosts one by one and offer each until the register is free."""
    while True:
        await trio.lowlevel.wait_readable(listener)
        try:
            host, _ = listener.accept()
        except OSError:  # gone before it was taken, or no descriptors left: try again when there is something
            await trio.sleep(0.01)
            continue
        host.setblocking(False)
        host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        offered = False
        try:
            while not offered:
                with trio.move_on_after(host_timeout_s):
                    await hosts.send(host)
                    offered = True
                if not offered and trio.current_time() - conversation.heard >= host_timeout_s:
                    conversation.hang_up()
        finally:
            if not offered:
                host.close()


class _SocketPort:
    """A socket without a layer between: an answer is small and nearly always goes out at once."""

    def __init__(self, host: socket.socket) -> None:
        self._host = host

    async def receive(self) -> bytes:
        while True:
            await trio.lowlevel.wait_readable(self._host)
            try:
                return self._host.recv(RECEIVE_MAX)
            except BlockingIOError:
                continue

    async def send(self, data: bytes) -> None:
        while data:
            try:
                data = data[self._host.send(data) :]
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._host)
