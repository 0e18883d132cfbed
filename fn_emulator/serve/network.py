"""A register with its own network: its messages go to the operator that its tables name, over real TCP.

One message on a connection at a time, as registers do; what the operator says is the drive's to judge. A host that
can't be reached costs a pause, never the register's other work.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from fn_emulator.emulated import EmulatedRegister
from fn_emulator.register.network import Outgoing

__all__ = ["carry_messages"]

LOOK_S = 0.5
"""How often an idle register is asked whether it has something to send."""

CONNECT_S = 10.0
ANSWER_MAX = 64 * 1024
"""Twice the largest document; an operator that says more is none."""

_HEAD, _SIZE = 30, slice(24, 26)


async def carry_messages(register: EmulatedRegister, *, clock: Callable[[], float]) -> None:
    """Carry messages of `register` to its operator until cancelled. `clock` gives world time, unix seconds."""
    while True:
        outgoing = register.outgoing(clock())
        if outgoing is None or not outgoing.host:
            await trio.sleep(LOOK_S)
            continue
        answer = await _ask(outgoing)
        register.incoming(answer, clock())


async def _ask(outgoing: Outgoing) -> bytes | None:
    """The whole answer, or None: no connection, silence, or something that is no message."""
    try:
        with trio.move_on_after(CONNECT_S):
            stream = await trio.open_tcp_stream(outgoing.host, outgoing.port)
            async with stream:
                with trio.move_on_after(outgoing.timeout_s):
                    await stream.send_all(outgoing.message)
                    return await _whole(stream)
    except OSError:
        pass
    except trio.BrokenResourceError:
        pass
    return None


async def _whole(stream: trio.SocketStream) -> bytes | None:
    data = b""
    while len(data) < _HEAD or len(data) < _HEAD + int.from_bytes(data[_SIZE], "little"):
        piece = await stream.receive_some(4096)
        if not piece or len(data) > ANSWER_MAX:
            return None
        data += piece
    return data
