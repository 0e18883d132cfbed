"""One HTTP/1.1 connection in memory: what a client may send, how much, how slowly, and what it hears then."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from fleet import http1
from fleet.http1 import Connection

Client = trio.StapledStream[trio.abc.SendStream, trio.abc.ReceiveStream]
POST = b"POST /in?a=%31 HTTP/1.1\r\nHost: x\r\n"


class App:
    """Answers with what it was asked; below /stream in pieces, below /early before the body, below /fail not at all."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.gone = trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        path = scope["path"]
        if path == "/fail":
            raise RuntimeError("no")
        if path == "/silent":
            return None
        if path == "/stream":
            return await self._stream(receive, send)
        body, more = b"", path != "/early"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.set()
                return None
            body += message["body"]
            more = message["more_body"]
        self.bodies.append(body)
        answer = path.encode() + b" " + body
        length = (b"content-length", b"%d" % len(answer))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        if path == "/half":
            raise RuntimeError("in the middle")
        await send({"type": "http.response.body", "body": answer})
        return None

    async def _stream(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"
        self.gone.set()
        with pytest.raises(OSError):
            await send({"type": "http.response.body", "body": b"two", "more_body": True})
        raise RuntimeError("nobody is there")


async def talk(body: Callable[[Any, App, Connection], Awaitable[None]]) -> App:
    """Run `body(client's end, app, connection)` beside the connection until both ended."""
    client, server = trio.testing.memory_stream_pair()
    app = App()
    connection = Connection(app, server, client=("192.0.2.1", 5), server=("127.0.0.1", 80))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.run)
        await body(client, app, connection)
        await client.aclose()
    return app


async def answer_of(client: Any) -> bytes:
    """One answer whose length is told."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = await client.receive_some()
        assert part, data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    assert length is not None
    while len(body) < int(length[1]):
        body += await client.receive_some()
    return head + b"\r\n\r\n" + body


async def rest_of(client: Any) -> bytes:
    """What comes until the other end closes."""
    data = b""
    while part := await client.receive_some():
        data += part
    return data


async def test_a_request_as_the_application_sees_it(autojump_clock: Any) -> None:
    """Path decoded, query as it is, names in small letters; and an answer with the date that HTTP wants."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(b"POST /a%20b?c=%31 HTTP/1.1\r\nHost: x\r\nX-Y: Z\r\nContent-Length: 2\r\n\r\nhi")
        answer = await answer_of(client)
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\r\n\r\n/a b hi")
        assert re.search(rb"\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n", answer)

    app = await talk(body)
    scope = app.scopes[0]
    assert (scope["method"], scope["path"], scope["raw_path"]) == ("POST", "/a b", b"/a%20b")
    assert (scope["query_string"], scope["client"]) == (b"c=%31", ("192.0.2.1", 5))
    assert scope["headers"] == [(b"host", b"x"), (b"x-y", b"Z"), (b"content-length", b"2")]


async def test_the_absolute_form_is_the_same_request(autojump_clock: Any) -> None:
    """RFC 9112, 3.2.2: a server takes what a client would send to a proxy."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(b"GET http://x/p?q=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        await answer_of(client)

    app = await talk(body)
    assert (app.scopes[0]["path"], app.scopes[0]["query_string"]) == ("/p", b"q=1")


async def test_requests_sent_together_are_answered_in_their_order(autojump_clock: Any) -> None:
    """Pipelining: nothing of the second request may be lost while the first is answered."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        one, last = POST + b"Content-Length: 1\r\n\r\n", POST + b"Connection: close\r\nContent-Length: 1\r\n\r\n"
        await client.send_all(one + b"1" + one + b"2" + last + b"3")
        assert re.findall(rb"/in (.)", await rest_of(client)) == [b"1", b"2", b"3"]

    assert (await talk(body)).bodies == [b"1", b"2", b"3"]


async def test_byte_by_byte(autojump_clock: Any) -> None:
    """Lines split requests as they like."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        for byte in POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n":
            await client.send_all(bytes([byte]))
            await trio.testing.wait_all_tasks_blocked()
        assert (await answer_of(client)).endswith(b"/in abcde")

    await talk(body)


async def test_the_client_that_asks_first_is_told_to_go_on(autojump_clock: Any) -> None:
    """Expect: 100-continue, which curl sends with every larger body."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await client.receive_some() == b"HTTP/1.1 100 \r\n\r\n"
        await client.send_all(b"hi")
        assert (await answer_of(client)).endswith(b"/in hi")

    await talk(body)


async def test_an_answer_before_the_body_is_not_followed_by_a_call_for_it(autojump_clock: Any) -> None:
    """A client that asked first and was refused keeps its body, and the connection is not used again."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(b"POST /early HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        answer = await rest_of(client)
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"/early ")

    await talk(body)


async def test_an_offer_to_upgrade_is_passed_over(autojump_clock: Any) -> None:
    """curl --http2 and some proxies offer it with the first request, and go on as before when nobody takes it up."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        offer = POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\n"
        await client.send_all(offer + b"1" + offer + b"2")
        for number in (b"1", b"2"):
            assert (await answer_of(client)).endswith(b"/in " + number)
        await client.send_all(POST + b"Content-Length: 1\r\n\r\n3")
        assert (await answer_of(client)).endswith(b"/in 3")

    await talk(body)


@pytest.mark.parametrize(
    "raw", [b"GET /p HTTP/1.0\r\n\r\n", b"GET /p HTTP/1.1\r\nHost: x\r\nConnection: a, Close\r\n\r\n"]
)
async def test_a_client_that_wants_one_answer_gets_one(raw: bytes, autojump_clock: Any) -> None:
    """An old client waits for the end of the connection; what it sends after that is nobody's."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(raw + raw)
        answer = await rest_of(client)
        assert answer.endswith(b"/p ") and answer.count(b"HTTP/1.1 200") == answer.count(b"Connection: close") == 1

    assert len((await talk(body)).scopes) == 1


async def test_head_has_no_body(autojump_clock: Any) -> None:
    """Though the application sends one; and the connection goes on."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(b"HEAD /p HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.receive_some()).endswith(b"\r\n\r\n")
        await client.send_all(b"GET /p HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await answer_of(client)).endswith(b"/p ")

    await talk(body)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),  # no Host
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
        (POST + b"Content-Length: -1\r\n\r\n", b"400"),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", b"501"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * http1.HEAD_MAX, b"431"),
        (b"GET /fail HTTP/1.1\r\nHost: x\r\n\r\n", b"500"),
        (b"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n", b"500"),
    ],
)
async def test_what_cannot_be_answered_is_refused_and_ends_the_connection(
    raw: bytes, status: bytes, autojump_clock: Any
) -> None:
    """The client hears why, once, and nothing that comes after it is taken for a request."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(raw)
        assert re.match(rb"HTTP/1.1 " + status, await rest_of(client))

    app = await talk(body)
    assert not app.bodies


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(autojump_clock: Any) -> None:
    """The length was told and does not come: the client sees the connection end, not half a receipt's status."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP/1.1 200" not in await rest_of(client)

    await talk(body)


async def test_a_body_that_nobody_wants(autojump_clock: Any) -> None:
    """What is here of it is passed over; a body that is still to come costs the connection, after the answer."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        early = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: "
        await client.send_all(early + b"2\r\n\r\nhi")
        assert (await answer_of(client)).endswith(b"/early ")
        await client.send_all(early + b"200000\r\n\r\n" + bytes(1000))
        assert (await rest_of(client)).endswith(b"/early ")

    assert len((await talk(body)).scopes) == 2


@pytest.mark.parametrize(
    ("raw", "after_s", "said"),
    [
        (b"", http1.HEAD_S, b""),
        (b"GET / HTTP/1.1\r\nHost", http1.HEAD_S, b"HTTP/1.1 408"),
        (POST + b"Content-Length: 200\r\n\r\n", http1.BODY_S, b"HTTP/1.1 408"),
    ],
)
async def test_time_runs_out_for_who_is_slow(raw: bytes, after_s: float, said: bytes, autojump_clock: Any) -> None:
    """A byte now and then does not hold a connection: the bound is for the whole head and the whole body."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        began = trio.current_time()
        await client.send_all(raw)
        with trio.move_on_after(after_s - 0.5):
            while True:
                await trio.sleep(1)
                if raw:
                    await client.send_all(b"a")
        assert (await rest_of(client)).startswith(said)
        assert trio.current_time() - began == pytest.approx(after_s, abs=0.1 + http1.LINGER_S)

    assert not (await talk(body)).bodies


async def test_who_does_not_read_is_cut_off(autojump_clock: Any) -> None:
    """An answer that nobody takes does not hold a connection for ever."""
    client, server = trio.testing.lockstep_stream_pair()
    connection = Connection(App(), server, client=None, server=None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.send_all, b"GET /p HTTP/1.1\r\nHost: x\r\n\r\n")
        await connection.run()
    assert trio.current_time() == pytest.approx(http1.SEND_S, abs=1)


async def test_pieces_go_out_as_they_come_and_a_stream_hears_that_its_client_left(autojump_clock: Any) -> None:
    """Events for a page: chunked, not kept back; a task that streams to nobody would never end."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.receive_some()).endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        assert not app.gone.is_set()
        await client.aclose()
        await app.gone.wait()

    await talk(body)


async def test_a_client_that_leaves_in_its_body(autojump_clock: Any) -> None:
    """The application hears of it, and nobody is answered."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(POST + b"Content-Length: 200\r\n\r\nabc")
        await trio.testing.wait_all_tasks_blocked()
        await client.aclose()
        await app.gone.wait()

    assert not (await talk(body)).bodies


async def test_the_last_answer_says_that_it_is_the_last(autojump_clock: Any) -> None:
    """At the daemon's end a shop's client shall not send its next receipt into a closing connection."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await client.send_all(POST + b"Content-Length: 2\r\n\r\nh")
        await trio.testing.wait_all_tasks_blocked()
        connection.finish()
        await client.send_all(b"i")
        answer = await rest_of(client)
        assert answer.endswith(b"/in hi") and b"\r\nconnection: close\r\n" in answer.lower()

    await talk(body)


async def test_an_idle_connection_ends_at_once(autojump_clock: Any) -> None:
    """Nothing is under way that would be worth waiting for."""

    async def body(client: Any, app: App, connection: Connection) -> None:
        await trio.testing.wait_all_tasks_blocked()
        connection.finish()
        assert await rest_of(client) == b""

    await talk(body)
