"""The line to a fiscal data operator: one message there, one answer back, over TCP.

The message already carries its 30-byte header. An answer is read exactly: 30 bytes, then as many as the header says;
nothing relies on the peer closing. Anything that is not an answer to this message counts as no answer, and the drive
offers the same document again. An operator may be reached by several routes: a message that the first does not carry
goes by the next at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog
import trio

from ffd.errors import FfdError
from fleet.config import Operator
from fleet.routes import Routes
from kkt_driver import relay

__all__ = ["CONNECT_S", "Dial", "OperatorLine", "OperatorLines"]

log = structlog.get_logger("fleet.operator")

HEADER_SIZE = 30
BODY_MAX = 32 * 1024
"""A container carries at most 32 KiB; a longer announcement is not an answer."""

CONNECT_S = 5.0
"""A route that takes no connection for so long is dead; the patience for an answer is another one."""

Dial = Callable[[], Awaitable[trio.abc.Stream]]


class OperatorLine:
    """One station's connection to the operator, kept open between messages while it works."""

    def __init__(
        self,
        dials: Mapping[str, Dial],
        routes: Routes,
        *,
        clock: Callable[[], float],
        station: str,
        answer_timeout_s: float,
    ) -> None:
        self._dials = dials
        self._routes = routes
        self._clock = clock
        self._station = station
        self._answer_timeout_s = answer_timeout_s
        self._open: tuple[str, trio.abc.Stream] | None = None

    async def exchange(self, message: bytes) -> bytes | None:
        """Send a message and return the operator's whole answer, or None when there is none worth giving the drive.

        A connection kept from an earlier message may have been closed by the operator meanwhile; then the message
        is sent once more on a new one: the operator confirms a repeated document again.
        """
        kept = self._open
        if kept is not None:
            if kept[0] == self._routes.order(self._clock())[0]:
                answer = await self._attempt(kept[0], message, kept=True)
                if answer is not None:
                    return answer
            await self.aclose()
        for address in self._routes.order(self._clock()):
            answer = await self._attempt(address, message)
            if answer is not None:
                return answer
        return None

    async def _attempt(self, address: str, message: bytes, *, kept: bool = False) -> bytes | None:
        try:
            stream = await self._stream(address)
            with trio.fail_after(self._answer_timeout_s):
                await stream.send_all(message)
                answer, rest = await _answer(stream)
        except (OSError, trio.BrokenResourceError, trio.TooSlowError, EOFError, ValueError, FfdError) as error:
            if not kept:
                self._routes.failed(address, self._clock())
                why = str(error) or type(error).__name__
                log.warning("no answer from the operator", station=self._station, route=address, why=why)
            await self.aclose()
            return None
        except trio.Cancelled:
            await self.aclose()  # half an exchange: what comes next on this connection would answer the wrong message
            raise
        if rest:
            await self.aclose()  # it would be taken for the beginning of the next answer
        self._routes.worked(address)
        return answer

    async def _stream(self, address: str) -> trio.abc.Stream:
        if self._open is None:
            self._routes.trying(address, self._clock())
            with trio.fail_after(min(CONNECT_S, self._answer_timeout_s)):
                self._open = address, await self._dials[address]()
        return self._open[1]

    async def aclose(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(opened[1])


async def _answer(stream: trio.abc.Stream) -> tuple[bytes, bytes]:
    """One whole answer, which nearly always comes in one piece, and what came after it (nothing, if all is well)."""
    data, size = b"", HEADER_SIZE
    while len(data) < size:
        more = await stream.receive_some(HEADER_SIZE + BODY_MAX)
        if not more:
            raise EOFError("the operator closed the connection")
        data += more
        if size == HEADER_SIZE and len(data) >= size:
            body = relay.answer_size(data[:HEADER_SIZE])
            if not 0 < body <= BODY_MAX:
                raise ValueError(f"the answer carries {body} bytes")
            size += body
    return data[:size], data[size:]


class OperatorLines:
    """Lines of all stations to those whom drives have messages for; what one finds out of a route the others know."""

    def __init__(self, config: Operator | None, dial: Callable[[str], Dial], clock: Callable[[], float]) -> None:
        self._dial = dial
        self._clock = clock
        self._routes: dict[relay.Peer, Routes] = {}
        if config is not None:
            self._answer_timeout_s = config.answer_timeout_s
            addresses: dict[relay.Peer, tuple[str | None, ...]] = {
                "operator": config.addresses,
                "marking": (config.marking,),
                "keys": (config.keys,),
            }
            for peer, some in addresses.items():
                if known := [address for address in some if address is not None]:
                    self._routes[peer] = Routes(known)

    def of(self, station: str) -> dict[relay.Peer, OperatorLine]:
        """One station's lines; none when there is no operator to talk to."""
        return {
            peer: OperatorLine(
                {address: self._dial(address) for address in routes.addresses},
                routes,
                clock=self._clock,
                station=station,
                answer_timeout_s=self._answer_timeout_s,
            )
            for peer, routes in self._routes.items()
        }
