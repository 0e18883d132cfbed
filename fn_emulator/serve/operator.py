"""A far end of drives' messages as a TCP server: any number of connections, any number of messages on each."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Protocol

import trio

from fn_emulator.messages import SESSION_HEADER, Peer

__all__ = ["Answering", "converse", "serve_operator"]

IDLE_S = 300.0
"""A connection that says nothing for so long is closed; registers keep theirs for one exchange."""

MESSAGE_MAX = 64 * 1024
"""Twice the largest document with everything around it."""


class Answering(Protocol):
    """An operator, a marking system, a key server, or several of them behind one port."""

    @property
    def delay_s(self) -> float:
        """How late the answer just given is to be sent."""
        ...

    def respond(self, data: bytes, *, now: float) -> bytes | None: ...


async def serve_operator(operator: Answering, listener: socket.socket, *, clock: Callable[[], float]) -> None:
    """Serve `operator` on a listening socket until cancelled. `clock` gives world time, unix seconds."""
    listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(listener))]

    async def handle(stream: trio.SocketStream) -> None:
        await converse(stream, operator, clock=clock)

    await trio.serve_listeners(handle, listeners)


async def converse(stream: trio.abc.Stream, operator: Answering, *, clock: Callable[[], float]) -> None:
    """One connection, until either side has enough of it; closes the stream."""
    async with stream:
        with trio.move_on_after(IDLE_S) as idle:
            await _talk(stream, operator, clock, idle)


async def _talk(
    stream: trio.abc.Stream, operator: Answering, clock: Callable[[], float], idle: trio.CancelScope
) -> None:
    held = b""
    while True:
        while len(held) >= SESSION_HEADER:
            size = Peer.size_of(held[:SESSION_HEADER])
            if size > MESSAGE_MAX:
                return
            if len(held) < size:
                break
            answer, delay_s = operator.respond(held[:size], now=clock()), operator.delay_s
            held = held[size:]
            if answer is None:
                return  # an operator with nothing to say closes
            await trio.sleep(delay_s)
            try:
                await stream.send_all(answer)
            except trio.BrokenResourceError:
                return  # too late: the register has gone
        try:
            data = await stream.receive_some(16 * 1024)
        except trio.BrokenResourceError:
            return
        if not data:
            return
        held += data
        idle.deadline = trio.current_time() + IDLE_S
