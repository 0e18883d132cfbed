"""The way from a drive to its operator, its marking system and its key server, for a host that carries the bytes.

A message goes out on a connection of its own; of the answer exactly 30 bytes are read and then as many as they say,
whatever pieces it comes in and whether or not the peer closes. The drive's queue is the only one: when an answer does
not come, the drive offers the same document again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec
import structlog
import trio

from ffd.errors import FfdError
from kkt_driver.effects import Procedure
from kkt_driver.errors import LineLost, Misuse
from kkt_driver.relay import (
    Declined,
    NoAnswer,
    Nothing,
    Outgoing,
    Peer,
    Relayed,
    answer_size,
    read_message,
    write_answer,
)
from kkt_driver.transport import open_tcp

__all__ = ["Courier", "Patience", "addresses_of"]

T = TypeVar("T")
Dial = Callable[[], Awaitable[trio.abc.Stream]]

HEADER_SIZE = 30
BODY_MAX = 32 * 1024 + 1024
"""A container carries at most 32 KiB; a longer announcement is not an answer."""

_NO_ANSWER = (OSError, trio.BrokenResourceError, trio.TooSlowError, EOFError, ValueError, FfdError, LineLost)

log = structlog.get_logger("kkt_driver")


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. `socket_s` for a connection or a piece of an answer, `document_s` for one document with all its tries,
    `between_s` between documents, `pauses_s` between tries."""

    socket_s: float = 30.0
    document_s: float = 300.0
    between_s: float = 0.1
    pauses_s: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Line(Protocol):
    """What a courier needs of a register."""

    async def run(self, procedure: Procedure[T]) -> T: ...


def addresses_of(fields: Mapping[tuple[int, int], str | int]) -> dict[Peer, tuple[str, int]]:
    """Where the peers are, from the operator table by (table 19) field: 1, 2 operator; 5, 6 marking; 9, 10 keys."""
    found: dict[Peer, tuple[str, int]] = {}
    rows: tuple[tuple[Peer, int, int], ...] = (("operator", 1, 2), ("marking", 5, 6), ("keys", 9, 10))
    for peer, host, port in rows:
        name, number = fields.get((19, host)), fields.get((19, port))
        if name and number:
            found[peer] = (str(name), int(number))
    return found


class Courier:
    """Carries the messages of registers. `peers` opens a connection to each; a peer that is missing answers nothing.

    One exchange per drive: a second one meanwhile is Misuse, since the drive knows only one.
    """

    def __init__(self, peers: Mapping[Peer, Dial | tuple[str, int]], *, patience: Patience | None = None) -> None:
        self._peers = dict(peers)
        self.patience = patience or Patience()
        self._under_way: set[int] = set()

    async def relay(self, register: Line, *, edition: int = 4) -> Relayed:
        """One message of the drive and its answer; Nothing when none waits."""
        if id(register) in self._under_way:
            raise Misuse("an exchange of this drive is under way: one at a time")
        self._under_way.add(id(register))
        try:
            outgoing = await register.run(read_message(edition=edition))
            if outgoing is None:
                return Nothing()
            answer = await self.carry(outgoing)
            if answer is None:
                return NoAnswer(drive=outgoing.drive, document=outgoing.document)
            return await register.run(write_answer(outgoing, answer))
        finally:
            self._under_way.discard(id(register))

    async def relay_all(self, register: Line, *, edition: int = 4) -> AsyncIterator[Relayed]:
        """Messages until none waits. One that is not taken is tried again with growing pauses, for as long as one
        document may take; then the outcome of its last try ends it."""
        pauses = iter(self.patience.pauses_s)
        began = trio.current_time()
        while True:
            outcome = await self.relay(register, edition=edition)
            if isinstance(outcome, Nothing):
                return
            yield outcome
            if isinstance(outcome, Declined | NoAnswer):
                pause = next(pauses, None)
                if pause is None or trio.current_time() + pause - began > self.patience.document_s:
                    return
                await trio.sleep(pause)
                continue
            pauses, began = iter(self.patience.pauses_s), trio.current_time()
            await trio.sleep(self.patience.between_s)

    async def carry(self, outgoing: Outgoing) -> bytes | None:
        """The peer's whole answer to one message, or None when there is none worth giving to the drive."""
        way = self._peers.get(outgoing.peer)
        if way is None:
            log.warning("nobody to carry a message to", peer=outgoing.peer, drive=outgoing.drive)
            return None
        stream: trio.abc.Stream | None = None
        try:
            with trio.fail_after(self.patience.socket_s):
                stream = await (open_tcp(*way) if isinstance(way, tuple) else way())
                await stream.send_all(outgoing.message)
            head = await self._exactly(stream, HEADER_SIZE)
            size = answer_size(head)
            if not 0 < size <= BODY_MAX:
                raise ValueError(f"the answer carries {size} bytes")
            return head + await self._exactly(stream, size)
        except (
            OSError,
            trio.BrokenResourceError,
            trio.TooSlowError,
            EOFError,
            ValueError,
            FfdError,
            LineLost,
        ) as error:
            why = str(error) or type(error).__name__
            log.warning("no answer", peer=outgoing.peer, drive=outgoing.drive, document=outgoing.document, why=why)
            return None
        finally:
            if stream is not None:
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(stream)

    async def _exactly(self, stream: trio.abc.Stream, size: int) -> bytes:
        data = b""
        while len(data) < size:
            with trio.fail_after(self.patience.socket_s):
                more: Any = await stream.receive_some(size - len(data))
            if not more:
                raise EOFError("the peer closed the connection")
            data += more
        return data
