"""A device and one host after the other: bytes from a port in, what the device says out, its deadlines kept.

A port is what a place to plug in has to offer: `receive` and `send`. `StreamPort` makes one of any trio stream, memory
streams included; sockets and pseudo-terminals have their own in `tcp` and `pty`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Protocol

import trio

from fn_emulator.clock import WorldClock
from fn_emulator.device import Device

__all__ = ["RECEIVE_MAX", "Clock", "Conversation", "Port", "StreamPort", "serve_stream"]

RECEIVE_MAX = 4096
"""More than any host sends before it waits for an answer; the rest stays with the system."""

Clock = Callable[[], float]


class Port(Protocol):
    async def receive(self) -> bytes:
        """What the host has sent, b"" when it has gone; to be cancelled without loss."""
        ...

    async def send(self, data: bytes) -> None: ...


class StreamPort:
    """Any trio stream."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream

    async def receive(self) -> bytes:
        return bytes(await self._stream.receive_some(RECEIVE_MAX))

    async def send(self, data: bytes) -> None:
        if data:
            await self._stream.send_all(data)


class Conversation:
    """The device's side of a line. `clock` gives world time; a `WorldClock` may also be moved while somebody waits."""

    def __init__(self, device: Device, clock: Clock) -> None:
        self._device = device
        self._clock = clock if isinstance(clock, WorldClock) else WorldClock(clock)
        self._waiting = trio.CancelScope()
        self.heard = -inf  # when the present host was last heard, trio's time
        self.present = trio.CancelScope()

    def hang_up(self) -> None:
        """The present host is cut off."""
        self.present.cancel()

    async def talk(self, port: Port) -> None:
        """Until the host goes or the device hangs up; closing the port is the caller's."""
        self.present = trio.CancelScope()
        self.heard = trio.current_time()
        self._device.connected(self._clock())
        unwatch = self._clock.watch(self._look_again)
        try:
            with self.present, suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                await self._talk(port)
        finally:
            unwatch()
            self._device.disconnected(self._clock())

    async def _talk(self, port: Port) -> None:
        device, clock = self._device, self._clock
        while not device.hung_up:
            deadline = device.deadline
            if deadline is None:
                data = await port.receive()
            else:
                with trio.move_on_after(clock.outside_s(deadline)) as self._waiting:
                    data = await port.receive()
                if self._waiting.cancelled_caught:
                    await port.send(device.handle_timeout(clock()))
                    continue
            if not data:
                return
            self.heard = trio.current_time()
            await port.send(device.receive(data, clock()))

    def _look_again(self) -> None:
        """The clock was moved: what was waited for may be due."""
        self._waiting.cancel()


async def serve_stream(device: Device, stream: trio.abc.Stream, *, clock: Clock) -> None:
    """One host on a stream, memory streams for instance; closes the stream when the conversation is over."""
    try:
        await Conversation(device, clock).talk(StreamPort(stream))
    finally:
        await trio.aclose_forcefully(stream)
