"""An ASGI client in memory: one request in, one answer out, no server and no sockets."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from fleet.usecases import UseCases
from fleet.web.app import build_app
from fleet.web.tokens import Tokens
from tests.fleet.web.doubles import NOW, TENANT, make_config


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def code(self) -> int:
        """The error code of the envelope."""
        envelope = self.json()
        assert envelope["Status"] == "Failed"
        assert "Data" not in envelope
        return int(envelope["Error"]["Code"])

    @property
    def data(self) -> Any:
        envelope = self.json()
        assert envelope["Status"] == "Success"
        assert "Error" not in envelope, "some clients only look whether the key is there"
        return envelope["Data"]


class Client:
    """Speaks to an application; `now` is what its clock says."""

    def __init__(self, usecases: UseCases, *, config: Any = None, client: str = "127.0.0.1", keys: Any = None) -> None:
        self.now = NOW
        self.config = config or make_config()
        self.tokens = Tokens(bytes(32), self.config.tenants, ttl_s=self.config.http.token_ttl_s)
        self.app = build_app(usecases, self.config, self.tokens, keys=keys, clock=lambda: self.now)
        self.client = client

    def token(self, tenant: Any = TENANT) -> str:
        return self.tokens.issue(tenant, now=self.now).text

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, headers=headers)

    async def post(self, path: str, value: Any, *, tenant: Any = TENANT, **query: str) -> Answer:
        """POST of JSON with a token in the query."""
        raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
        query = query or {"AuthToken": self.token(tenant)}
        return await self.ask("POST", f"{path}?{urlencode(query)}", parts=[raw])

    async def ask(
        self, method: str, path: str, *, parts: list[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "client": (self.client, 50000),
            "server": ("127.0.0.1", 8080),
        }
        waiting = list(parts or [b""])
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            if not waiting:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, sent[1]["body"])
