"""The line to a fiscal data operator: one message there, one answer back, over TCP.

The message already carries its 30-byte header. An answer is read exactly: 30 bytes, then as many as the header says;
nothing relies on the peer closing. Anything that is not an answer to this message counts as no answer, and the drive
offers the same document again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
import trio

from ffd.errors import FfdError
from kkt_driver import relay

__all__ = ["Dial", "OperatorLine"]

log = structlog.get_logger("fleet.operator")

HEADER_SIZE = 30
BODY_MAX = 32 * 1024
"""A container carries at most 32 KiB; a longer announcement is not an answer."""

Dial = Callable[[], Awaitable[trio.abc.Stream]]


class OperatorLine:
    """One station's connection to the operator, kept open between messages while it works."""

    def __init__(self, dial: Dial, *, station: str, answer_timeout_s: float) -> None:
        self._dial = dial
        self._station = station
        self._answer_timeout_s = answer_timeout_s
        self._stream: trio.abc.Stream | None = None

    async def exchange(self, message: bytes) -> bytes | None:
        """Send a message and return the operator's whole answer, or None when there is none worth giving the drive.

        A connection kept from an earlier message may have been closed by the operator meanwhile; then the message
        is sent once more on a new one: the operator confirms a repeated document again.
        """
        kept = self._stream is not None
        answer = await self._attempt(message)
        if answer is None and kept:
            answer = await self._attempt(message)
        return answer

    async def _attempt(self, message: bytes) -> bytes | None:
        try:
            with trio.fail_after(self._answer_timeout_s):
                if self._stream is None:
                    self._stream = await self._dial()
                await self._stream.send_all(message)
                header = await self._read(HEADER_SIZE)
                size = relay.answer_size(header)
                if not 0 < size <= BODY_MAX:
                    raise ValueError(f"the answer carries {size} bytes")
                return header + await self._read(size)
        except (OSError, trio.BrokenResourceError, trio.TooSlowError, EOFError, ValueError, FfdError) as error:
            log.warning("no answer from the operator", station=self._station, why=str(error) or type(error).__name__)
            await self.aclose()
            return None
        except trio.Cancelled:
            await self.aclose()  # half an exchange: what comes next on this connection would answer the wrong message
            raise

    async def _read(self, size: int) -> bytes:
        assert self._stream is not None
        data = b""
        while len(data) < size:
            more = await self._stream.receive_some(size - len(data))
            if not more:
                raise EOFError("the operator closed the connection")
            data += more
        return data

    async def aclose(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)
