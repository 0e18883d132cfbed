"""A box on the line between a daemon and one register: it passes bytes on, and holds back what it is told to.

It understands both link layers just far enough to know a closing command (FF45h) and the answer to one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import trio

from kkt_driver.frames import AlternativeReader, AltFrame, Frame, StandardReader

__all__ = ["Hold", "Proxy"]

CLOSE = bytes.fromhex("FF45")


class Hold(Enum):
    """What the box keeps to itself; whatever follows on that connection and in that direction is lost."""

    NOTHING = "nothing"
    COMMAND = "the closing command"
    ANSWER = "the answer to the closing command"


class Proxy:
    """Listens on `port` once `run` has started. `held` is set when something was held back, which is then `kept`."""

    def __init__(self, register_port: int, *, hold: Hold = Hold.NOTHING) -> None:
        self._register_port = register_port
        self.hold = hold
        self.held = trio.Event()
        self.kept = b""
        self.opened_at: list[float] = []
        self.ended_at: list[float] = []
        """When the daemon opened and ended its connections, in trio's time."""
        self._ended = trio.Event()
        self.port = 0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Pass on until cancelled."""
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        await trio.serve_listeners(self._pass_on, listeners, task_status=_Adapted(task_status))

    async def until_ended(self, count: int) -> None:
        """Wait until the daemon has ended so many connections."""
        while len(self.ended_at) < count:
            await self._ended.wait()

    async def deliver(self) -> bytes:
        """What was held back arrives after all, on a connection of its own; the register's first words to it."""
        stream = await trio.open_tcp_stream("127.0.0.1", self._register_port)
        async with stream:
            await stream.send_all(self.kept)
            return bytes(await stream.receive_some(4096))

    async def _pass_on(self, daemon: trio.SocketStream) -> None:
        self.opened_at.append(trio.current_time())
        try:
            register = await trio.open_tcp_stream("127.0.0.1", self._register_port)
        except OSError:
            return
        async with register, trio.open_nursery() as nursery:
            nursery.start_soon(self._copy, register, daemon, Hold.ANSWER, nursery.cancel_scope)
            await self._copy(daemon, register, Hold.COMMAND, nursery.cancel_scope)

    async def _copy(
        self, source: trio.SocketStream, sink: trio.SocketStream, side: Hold, scope: trio.CancelScope
    ) -> None:
        """Whole frames one way, until either end is gone; then neither end has a connection any more."""
        closes = _closes()
        mute = False
        held = b""
        try:
            while data := await source.receive_some(4096):
                held += data
                whole, closing = closes(data)
                if not whole:
                    continue
                if closing and self.hold is side:
                    self.hold = Hold.NOTHING
                    self.kept, mute = held, True
                    self.held.set()
                if not mute:
                    await sink.send_all(held)
                held = b""
        except trio.BrokenResourceError:
            pass
        if side is Hold.COMMAND:
            self.ended_at.append(trio.current_time())
            self._ended.set()
            self._ended = trio.Event()
        scope.cancel()


def _closes() -> Callable[[bytes], tuple[bool, bool]]:
    """A function that is told the bytes as they come: whether no frame is unfinished, and whether one of those that
    came to an end carries FF45h. The first byte of a connection tells its layer."""
    reader: StandardReader | AlternativeReader | None = None

    def look(data: bytes) -> tuple[bool, bool]:
        nonlocal reader
        if reader is None:
            reader = AlternativeReader() if data[0] == 0x8F else StandardReader()
        events = reader.feed(data)
        return not reader.partial, any(
            isinstance(event, Frame | AltFrame) and event.body.startswith(CLOSE) for event in events
        )

    return look


class _Adapted:
    """serve_listeners tells its listeners; ours are known already."""

    def __init__(self, task_status: trio.TaskStatus[None]) -> None:
        self._task_status = task_status

    def started(self, value: object = None) -> None:
        self._task_status.started()
