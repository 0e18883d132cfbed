"""The little of HTTP that the doors need, as plain ASGI: a bounded body in, a reply out, counted and logged.

One `Endpoint` stands around each handler instead of middleware around all: what it does is paid once per request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from time import perf_counter
from typing import Any
from urllib.parse import unquote_plus

import msgspec
import structlog

from fleet.web.meters import Meters

__all__ = ["BODY_MAX", "BodyTooLarge", "Call", "Endpoint", "Handler", "Receive", "Reply", "Scope", "Send", "json_reply"]

BODY_MAX = 2**20  # a receipt fills at most 32 KiB of TLV; its JSON is a few times that
DRAIN_MAX = 8 * BODY_MAX  # of a body that is too large so much is read and thrown away, so that the answer is seen

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = b"application/json; charset=utf-8"
HTML = b"text/html; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"

_log = structlog.get_logger("fleet.web")
_encoder = msgspec.json.Encoder(decimal_format="number")


class BodyTooLarge(Exception):
    """The body has more than `BODY_MAX` bytes."""


class Disconnected(Exception):
    """The client went away before its request was complete."""


class Call(msgspec.Struct, frozen=True):
    """One request."""

    scope: Scope
    body: bytes = b""

    @property
    def params(self) -> dict[str, str]:
        """The parts of the path that the route names."""
        params: dict[str, str] = self.scope.get("path_params", {})
        return params

    def query(self, name: str) -> str | None:
        """A parameter of the query string; the first one when it stands there several times."""
        for pair in self.scope["query_string"].decode("latin-1").split("&"):
            key, _, value = pair.partition("=")
            if _unquoted(key) == name:
                return _unquoted(value)
        return None

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.scope["headers"] if key.lower() == name), None)

    @property
    def client_host(self) -> str:
        client = self.scope.get("client")
        return str(client[0]) if client else ""


class Reply(msgspec.Struct, frozen=True):
    """One answer."""

    status: int
    body: bytes
    media: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


Handler = Callable[[Call], Awaitable[Reply]]


def _unquoted(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def json_reply(value: Any, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Reply:
    return Reply(status, _encoder.encode(value), JSON, headers)


class Endpoint:
    """A handler as an ASGI application. Whatever it raises becomes a log line and a 500 in the words of `fail`."""

    def __init__(
        self,
        handler: Handler,
        *,
        name: str,
        meters: Meters,
        fail: Callable[[int, str], Reply],
        methods: Iterable[str] = ("GET", "HEAD"),
        quiet: bool = False,
    ) -> None:
        self._handler = handler
        self._name = name
        self._meter = meters.route(name)
        self._fail = fail
        self._methods = frozenset(methods)
        self._allow = ", ".join(sorted(self._methods)).encode()
        self._quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        try:
            reply = await self._answer(scope, receive)
        except Disconnected:
            return
        headers = [
            (b"content-type", reply.media),
            (b"content-length", b"%d" % len(reply.body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *reply.headers,
        ]
        if any(key == b"cache-control" for key, _ in reply.headers):
            del headers[2]
        try:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})
        except OSError:
            pass  # the client went away; what was done for it is counted all the same
        took = perf_counter() - began
        self._meter.observe(reply.status, took)
        if not self._quiet or reply.status >= 500:
            _log.info(
                "request", route=self._name, method=scope["method"], status=reply.status, ms=round(took * 1000, 2)
            )

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        if scope["method"] not in self._methods:
            refused = self._fail(405, f"Метод {scope['method'][:20]} здесь не применяется")
            return msgspec.structs.replace(refused, headers=((b"allow", self._allow),))
        try:
            return await self._handler(Call(scope, await read_body(scope, receive)))
        except BodyTooLarge:
            return self._fail(413, f"Тело запроса больше {BODY_MAX} байт")
        except Disconnected:
            raise
        except Exception:
            _log.exception("request failed", route=self._name)
            return self._fail(500, "Внутренняя ошибка сервиса; повторите запрос с тем же InvoiceId")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Too large a body is drained to a bound first, else the client may not see the answer."""
    first = await receive()
    if first["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = first.get("body", b"")
    if not first.get("more_body", False) and len(body) <= BODY_MAX:
        return body
    parts, size = [body], len(body)
    more = first.get("more_body", False)
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_MAX:
            parts.append(part)
        elif size > DRAIN_MAX:
            break
        more = message.get("more_body", False)
    if size > BODY_MAX:
        raise BodyTooLarge
    return b"".join(parts)
