"""The HTTP service over real sockets: it starts, answers, says what is wrong with an address, and ends in time."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2
import pytest
import trio
import trio.testing

from fleet import http
from fleet.http import ListenError, bind, serve


class Hello:
    """An application that answers `hello`; below /slow once it is told to, below /never not at all."""

    def __init__(self) -> None:
        self.asked, self.told = trio.Event(), trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        self.asked.set()
        if scope["path"] == "/slow":
            await self.told.wait()
        if scope["path"] == "/never":
            await trio.sleep_forever()
        await self._answer(send)

    async def _answer(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})


async def serving(body: Callable[[str, trio.Event], Any], app: Any = None) -> float:
    """Run `body(url, stop)` beside the service; the seconds that the end took after it."""
    stop = trio.Event()
    ended = 0.0
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            url = await nursery.start(partial(serve, app or Hello(), "127.0.0.1:0", stop=stop))
            await body(url, stop)
            stop.set()
            ended = trio.current_time()
    return trio.current_time() - ended


async def test_it_answers_and_ends_with_idle_connections_open() -> None:
    """A shop keeps its connection open between receipts: that must not hold up the end."""

    async def body(url: str, stop: trio.Event) -> None:
        async with httpx2.AsyncClient() as client:
            for _ in range(3):
                answer = await client.get(url)
                assert (answer.status_code, answer.text) == (200, "hello")
            assert "server" not in answer.headers
            stop.set()
            await trio.testing.wait_all_tasks_blocked()

    assert await serving(body) < http.GRACE_S + 1


async def test_an_answer_under_way_is_finished() -> None:
    """The receipt is accepted by then: the shop should hear of it."""
    answers: list[str] = []

    async def body(url: str, stop: trio.Event) -> None:
        async def ask() -> None:
            async with httpx2.AsyncClient() as client:
                answers.append((await client.get(f"{url}/slow")).text)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await app.asked.wait()
            stop.set()
            await trio.testing.wait_all_tasks_blocked()
            app.told.set()

    app = Hello()
    await serving(body, app)
    assert answers == ["hello"]


async def test_an_answer_that_never_comes_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole daemon has ten seconds; a client that waits is not a reason for more."""
    monkeypatch.setattr(http, "GRACE_S", 0.1)

    async def body(url: str, stop: trio.Event) -> None:
        host, port = url.removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
            await app.asked.wait()
            stop.set()
            assert await stream.receive_some() == b""

    app = Hello()
    assert await serving(body, app) < 2


@pytest.mark.parametrize("raw", [b"\x00\xff garbage\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 100_000])
async def test_garbage_on_the_line_harms_nobody(raw: bytes) -> None:
    """The next client is served all the same."""

    async def body(url: str, stop: trio.Event) -> None:
        host, port = url.removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            with contextlib.suppress(trio.BrokenResourceError):
                await stream.send_all(raw)
                await stream.receive_some()
        async with httpx2.AsyncClient() as client:
            assert (await client.get(url)).text == "hello"

    await serving(body)


def test_a_taken_address_is_named_with_the_remedy() -> None:
    """The commonest reason why a daemon does not start."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ListenError, match=f"{listen}: Address already in use: stop the program"):
            bind(listen)


def test_a_name_that_is_no_address() -> None:
    """And the second commonest."""
    with pytest.raises(ListenError, match="choose another address"):
        bind("no-such-host.invalid:8080")


async def test_a_full_house_lets_idle_connections_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are bounded; a shop with a receipt is worth more than one that only keeps its connection open, and
    when all are at work the next one is told to come again."""
    monkeypatch.setattr(http, "CONNECTIONS_MAX", 1)

    async def body(url: str, stop: trio.Event) -> None:
        host, port = url.removeprefix("http://").split(":")
        async with (
            await trio.open_tcp_stream(host, int(port)) as idle,
            await trio.open_tcp_stream(host, int(port)) as busy,
        ):
            assert await idle.receive_some() == b""
            await busy.send_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            await app.asked.wait()
            async with httpx2.AsyncClient() as client:
                answer = await client.get(url)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            app.told.set()
            assert (await busy.receive_some()).startswith(b"HTTP/1.1 200")

    app = Hello()
    await serving(body, app)


async def test_a_large_answer_to_a_refused_request_is_heard() -> None:
    """Closing over unread bytes resets the connection, and the client would not learn what was wrong."""

    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": []})
        await send({"type": "http.response.body", "body": b"too large"})

    async def body(url: str, stop: trio.Event) -> None:
        async with httpx2.AsyncClient() as client:
            answer = await client.post(url, content=bytes(150_000))
            assert (answer.status_code, answer.text) == (413, "too large")

    await serving(body, refuse)
