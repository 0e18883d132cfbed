"""A register as a TCP server: one host at a time.

A second host waits until the first has gone, as with a device that has one line; what the first one sent is executed
before. A host that has been silent for `host_timeout_s` gives way when somebody waits (registers: table 21 field 16).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from math import inf

import trio

from fn_emulator.emulated import EmulatedRegister

__all__ = ["HOST_TIMEOUT_S", "serve_register"]

HOST_TIMEOUT_S = 60.0
RECEIVE_MAX = 4096
"""More than any host sends before it waits for an answer; the rest stays with the system."""

Clock = Callable[[], float]


async def serve_register(
    register: EmulatedRegister,
    listener: socket.socket,
    *,
    clock: Clock,
    host_timeout_s: float = HOST_TIMEOUT_S,
) -> None:
    """Serve `register` on a listening socket until cancelled. `clock` gives world time, unix seconds."""
    hosts_in, hosts = trio.open_memory_channel[socket.socket](0)
    server = _Server(register, clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_accept, server, listener, hosts_in, host_timeout_s)
        async for host in hosts:
            await server.talk(host)


async def _accept(
    server: _Server,
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
                if not offered and trio.current_time() - server.heard >= host_timeout_s:
                    server.present.cancel()
        finally:
            if not offered:
                host.close()


class _Server:
    """The conversation with the present host."""

    def __init__(self, register: EmulatedRegister, clock: Clock) -> None:
        self._register = register
        self._clock = clock
        self.heard = -inf  # when the present host was last heard
        self.present = trio.CancelScope()

    async def talk(self, host: socket.socket) -> None:
        self.present = trio.CancelScope()
        self.heard = trio.current_time()
        self._register.connected(self._clock())
        try:
            with self.present, suppress(OSError):
                await self._talk(host)
        finally:
            self._register.disconnected(self._clock())
            host.close()

    async def _talk(self, host: socket.socket) -> None:
        register, clock = self._register, self._clock
        while True:
            deadline = register.deadline
            if deadline is None:
                await trio.lowlevel.wait_readable(host)
            else:
                with trio.move_on_after(max(0.0, deadline - clock())) as waited:
                    await trio.lowlevel.wait_readable(host)
                if waited.cancelled_caught:
                    await _send(host, register.handle_timeout(clock()))
                    continue
            try:
                data = host.recv(RECEIVE_MAX)
            except BlockingIOError:
                continue
            if not data:
                return
            self.heard = trio.current_time()
            await _send(host, register.receive(data, clock()))
            if register.hung_up:
                return


async def _send(host: socket.socket, data: bytes) -> None:
    """An answer is small: it nearly always goes out at once."""
    while data:
        try:
            data = data[host.send(data) :]
        except BlockingIOError:
            await trio.lowlevel.wait_writable(host)
