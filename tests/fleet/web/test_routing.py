"""Paths and endpoints: exact, with a part that varies, and what becomes of all the others."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from fleet.web.asgi import Call, Endpoint, Reply
from fleet.web.meters import Meters
from fleet.web.routing import Router


def endpoint(name: str) -> Endpoint:
    async def handler(call: Call) -> Reply:
        said = ",".join(f"{key}={value}" for key, value in call.params.items())
        return Reply(200, f"{name} {said}".encode())

    def fail(status: int, message: str) -> Reply:
        return Reply(status, message.encode())

    return Endpoint(handler, name=name, meters=Meters(), fail=fail)


ROUTER = Router(
    {path: endpoint(path) for path in ("/", "/jobs", "/jobs/{id}", "/jobs/new", "/jobs/{id}/of/{name}", "/a.c/{id}")},
    {"/api/": endpoint("api"), "": endpoint("nothing")},
)


async def ask(path: str) -> str:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await ROUTER({"type": "http", "method": "GET", "path": path}, receive, send)
    text: str = sent[1]["body"].decode()
    return text.strip()


@pytest.mark.parametrize(
    ("path", "answered"),
    [
        ("/", "/"),
        ("/jobs", "/jobs"),
        ("/jobs/7", "/jobs/{id} id=7"),
        ("/jobs/new", "/jobs/new"),
        ("/jobs/a b/of/c", "/jobs/{id}/of/{name} id=a b,name=c"),
        ("/a.c/1", "/a.c/{id} id=1"),
        ("/abc/1", "nothing"),
        ("/jobs/", "nothing"),
        ("/jobs/7/", "nothing"),
        ("/jobs/7/8", "nothing"),
        ("/jobs\n", "nothing"),
        ("/api/x", "api"),
        ("/api/", "api"),
        ("/api", "nothing"),
        ("*", "nothing"),
        ("", "nothing"),
    ],
)
async def test_every_path_has_an_endpoint(path: str, answered: str) -> None:
    """A part is never empty and has no slash in it; whatever fits nothing is answered all the same."""
    assert await ask(path) == answered


async def test_only_http_is_spoken() -> None:
    """A server that asks for a lifespan takes an exception for a no; a WebSocket is refused."""
    with pytest.raises(NotImplementedError, match="lifespan"):
        await ROUTER({"type": "lifespan"}, None, None)  # type: ignore[arg-type]  # it must not get so far
