"""One HTTP/1.1 connection on a trio stream, and the ASGI application that answers its requests one after another.

Strict and bounded: the head of a request has a size and a time, its body a time (its size is the application's to
bound), an answer has a time for each write. What is left of a request when its answer is out costs the connection,
after the client has had a moment to read the answer. No WebSocket, no lifespan, no HTTP/2: a proxy in front has those.

One cancel scope serves the whole connection, its deadline is moved. It never has one while the application works: what
a journal was asked for is not cut off half way.

h11 reads: each request has an h11 connection of its own that is given nothing of the answer, which `fleet.http1_answer`
writes. Twice the work would go into having h11 look after both sides.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import h11
import structlog
import trio

from fleet.http1_answer import Answer

__all__ = ["BODY_S", "HEAD_MAX", "HEAD_S", "LINGER_S", "SEND_S", "Application", "Connection"]

HEAD_MAX = 32 * 1024  # request line and headers; browsers and proxies send a few KiB
HEAD_S = 30.0  # from the answer before, so an idle connection lives as long
BODY_S = 60.0  # the whole body: a mebibyte at 140 kbit/s
SEND_S = 30.0  # one write, to a client that does not read
AS_GOOD_S = 0.05  # by so much a deadline may be early
LINGER_S = 1.0  # for a client to read why its request was not read to the end
LINGER_MAX = 256 * 1024
RECEIVE_SIZE = 16 * 1024

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

_ASGI = {"version": "3.0", "spec_version": "2.4"}
_GONE: Message = {"type": "http.disconnect"}
_UNREAD = (h11.SEND_BODY, h11.ERROR)
"""The request that was begun is not here to its end. What else h11 may say then is an end: nobody takes up an offer to
upgrade."""
_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)

_log = structlog.get_logger("fleet.http")


class Connection:
    """A client's connection from the first request to the last. `run` it once; `finish` asks it to end."""

    def __init__(self, app: Application, stream: trio.abc.HalfCloseableStream, *, client: Any, server: Any) -> None:
        self._app = app
        self._stream = stream
        self._client, self._server = client, server
        self._request = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX)
        self._answer = Answer()
        self._ahead = False
        """Something of the next request is here already."""
        self._scope = trio.CancelScope()
        self._idle = True
        self._last = False
        """The answer under way is the last of this connection."""
        self._gone = False
        """The client went away."""
        self._head: Message | None = None
        """The head of an answer, kept until the first of its body goes out with it."""
        self._body_until: float | None = None
        """When the body that is being read has to be whole."""

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return self._idle

    async def run(self) -> None:
        """Answer requests until the client leaves, time runs out or `finish` was called. Closes the stream."""
        try:
            with self._scope:
                while await self._one():
                    pass
                await self._linger()
            if self._scope.cancelled_caught and self._scope.deadline <= trio.current_time():
                await self._too_slow()
        except _BROKEN:
            pass
        finally:
            await trio.aclose_forcefully(self._stream)

    def finish(self) -> None:
        """End after the answer under way, or at once when there is none."""
        self._last = True
        if self._idle:
            self._scope.cancel()

    # --- requests ----------------------------------------------------------------------------------------------------

    async def _one(self) -> bool:
        """Answer one request; whether another may follow."""
        self._answer, self._head, self._body_until = Answer(last=True), None, None
        try:
            request = await self._next_request()
            if request is None:
                return False
            scope = self._scope_of(request)
        except h11.RemoteProtocolError as error:
            await self._refuse(error.error_status_hint)
            return False
        except ValueError:
            await self._refuse(HTTPStatus.BAD_REQUEST)
            return False
        self._idle = False
        self._scope.deadline = math.inf
        self._answer = Answer(request.method, version=request.http_version, last=_wants_close(scope["headers"]))
        await self._answer_to(scope)
        self._idle = True
        self._pass_over()
        if self._last or self._answer.last or self._request.their_state in _UNREAD:
            return False
        rest, closed = self._request.trailing_data
        self._request = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX)
        self._ahead = bool(rest) or closed
        if rest:
            self._request.receive_data(rest)
        if closed:
            self._request.receive_data(b"")
        return True

    async def _next_request(self) -> h11.Request | None:
        self._limit(HEAD_S)
        if not self._ahead:
            await self._read()
        while (event := self._request.next_event()) is h11.NEED_DATA:
            await self._read()
        return event if isinstance(event, h11.Request) else None

    async def _answer_to(self, scope: dict[str, Any]) -> None:
        failed = False
        try:
            await self._app(scope, self._receive, self._send)
        except Exception:
            failed = not self._gone
            if failed:
                _log.exception("the application failed", path=scope["path"])
        if self._gone or self._answer.ended:
            return
        if self._answer.begun:
            raise trio.BrokenResourceError("the answer has no end")
        bad = self._request.their_state is h11.ERROR and not failed
        await self._refuse(HTTPStatus.BAD_REQUEST if bad else HTTPStatus.INTERNAL_SERVER_ERROR)

    def _pass_over(self) -> None:
        """What came of a body that the application did not want, as far as it is here."""
        try:
            while self._request.their_state is h11.SEND_BODY and self._request.next_event() is not h11.NEED_DATA:
                pass
        except h11.RemoteProtocolError:
            pass  # their state tells

    def _scope_of(self, request: h11.Request) -> dict[str, Any]:
        target = request.target
        if not target.startswith(b"/") and b"://" in target:  # the absolute form, as to a proxy
            parts = urlsplit(target)
            target = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
        path, _, query = target.partition(b"?")
        text = path.decode("ascii")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": request.http_version.decode("ascii"),
            "method": request.method.decode("ascii"),
            "scheme": "http",
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw_items()],
            "client": self._client,
            "server": self._server,
        }

    # --- what the application calls ----------------------------------------------------------------------------------

    async def _receive(self) -> Message:
        """As much of the body as is here, at least something; once it is whole, word that the client is gone."""
        if self._request.their_state is not h11.SEND_BODY:
            await self._wait_until_gone()
            return _GONE
        if self._request.they_are_waiting_for_100_continue and not self._answer.begun:
            await self._write(b"HTTP/1.1 100 \r\n\r\n")
        parts: list[bytes] = []
        try:
            while not isinstance(event := self._request.next_event(), h11.EndOfMessage):
                if isinstance(event, h11.Data):
                    parts.append(bytes(event.data))
                elif parts:
                    return {"type": "http.request", "body": b"".join(parts), "more_body": True}
                else:
                    await self._read_body()
        except h11.RemoteProtocolError:
            return _GONE
        except _BROKEN:
            self._gone = True
            return _GONE
        return {"type": "http.request", "body": b"".join(parts), "more_body": False}

    async def _read_body(self) -> None:
        if self._body_until is None:
            self._body_until = trio.current_time() + BODY_S
        self._scope.deadline = self._body_until
        await self._read()
        self._scope.deadline = math.inf

    async def _send(self, message: Message) -> None:
        """ASGI's messages; ConnectionResetError when nobody is there to hear them."""
        if message["type"] == "http.response.start":
            self._head = message
            return
        answer, out = self._answer, b""
        if self._head is not None:
            head, self._head = self._head, None
            answer.last = answer.last or self._last
            out = answer.head(head["status"], head.get("headers", ()), _date(int(time.time())))
        out += answer.body(message.get("body", b""), more=message.get("more_body", False))
        await self._write(out)

    # --- bytes -------------------------------------------------------------------------------------------------------

    def _limit(self, seconds: float) -> None:
        """What comes next has so many seconds. A deadline that is as good stays: to move one costs trio more than it
        costs us to write an answer's head, and the next request's time begins where the answer's was just set."""
        deadline = trio.current_time() + seconds
        if not deadline - AS_GOOD_S < self._scope.deadline <= deadline:
            self._scope.deadline = deadline

    async def _read(self) -> None:
        data = await self._stream.receive_some(RECEIVE_SIZE)
        self._gone = not data
        self._request.receive_data(bytes(data))

    async def _write(self, data: bytes | None) -> None:
        if not data:
            return
        before = self._scope.deadline
        self._limit(SEND_S)
        try:
            await self._stream.send_all(data)
        except _BROKEN as error:
            self._gone = True
            raise ConnectionResetError("the client is gone") from error
        if not self._answer.ended:  # else the next request has a time of its own
            self._scope.deadline = before

    async def _wait_until_gone(self) -> None:
        if self._gone:
            return
        if self._request.trailing_data[0]:  # the next request is here already: no more is read before its turn
            await trio.sleep_forever()
        try:
            while not self._gone and len(self._request.trailing_data[0]) < HEAD_MAX:
                await self._read()
        except _BROKEN:
            self._gone = True
        if not self._gone:
            await trio.sleep_forever()

    async def _refuse(self, status: int) -> None:
        """An answer of our own, and the last."""
        answer = self._answer
        if answer.begun:
            return
        text = f"{status} {HTTPStatus(status).phrase}\n".encode("ascii")
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
        answer.last = True
        head = answer.head(status, headers, _date(int(time.time())))
        await self._write(head + answer.body(text, more=False))

    async def _too_slow(self) -> None:
        """Time ran out: 408 when part of a request is here, else nobody waits for an answer."""
        if self._request.their_state is h11.IDLE and not self._request.trailing_data[0]:
            return
        self._scope = trio.CancelScope()
        with self._scope:
            await self._refuse(HTTPStatus.REQUEST_TIMEOUT)
            await self._linger()

    async def _linger(self) -> None:
        """Read on for a moment: closing over unread bytes would take the answer back from the client."""
        if self._gone or self._request.their_state not in (h11.IDLE, *_UNREAD):
            return
        self._limit(LINGER_S)
        await self._stream.send_eof()
        left = LINGER_MAX
        while left > 0 and (data := await self._stream.receive_some(RECEIVE_SIZE)):
            left -= len(data)


@lru_cache(maxsize=2)
def _date(second: int) -> bytes:
    """The Date header of a second."""
    return formatdate(second, usegmt=True).encode("ascii")


def _wants_close(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the client says that this is its last request."""
    named = (value for name, value in headers if name == b"connection")
    return any(option.strip().lower() == b"close" for value in named for option in value.split(b","))
