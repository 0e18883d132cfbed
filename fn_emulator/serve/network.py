"""What a register does while no host is there: reports at their time, messages to the operator that its tables name.

Messages go over real TCP, one on a connection at a time, as registers send them; what the operator says is the drive's
to judge. An operator that can't be reached costs a pause, never the register's other work.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from fn_emulator.emulated import EmulatedRegister
from fn_emulator.register.network import Outgoing

__all__ = ["look_after"]

LOOK_S = 1.0
"""How often an idle register is asked whether it has something to do."""

CONNECT_S = 10.0
ANSWER_MAX = 64 * 1024
"""Twice the largest document; an operator that says more is none."""

_HEAD, _SIZE = 30, slice(24, 26)


async def look_after(register: EmulatedRegister, *, clock: Callable[[], float]) -> None:
    """Let `register` do what it does by itself, until cancelled. `clock` gives world time, unix seconds."""
    while True:
        now = clock()
        due = register.core.deadline
        if due is not None and now >= due:
            register.core.tick(now)
        outgoing = register.outgoing(now)
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
