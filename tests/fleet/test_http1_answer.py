"""Answers as bytes, held against h11: what it would write is what we write, and its client reads what was meant."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.http1_answer import Answer, BadAnswer

DATE = b"Wed, 25 Nov 2026 18:49:29 GMT"
HEADERS = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]

METHODS = st.sampled_from([b"GET", b"HEAD", b"POST", b"DELETE", b"OPTIONS"])
PARTS = st.lists(st.binary(max_size=40), min_size=1, max_size=4)


def request(method: bytes, version: bytes, close: bool) -> bytes:
    return b"%s /p HTTP/%s\r\nHost: x\r\n%s\r\n" % (method, version, b"Connection: close\r\n" if close else b"")


@given(
    method=METHODS,
    version=st.sampled_from([b"1.0", b"1.1"]),
    status=st.sampled_from([200, 204, 304, 404, 503]),
    parts=PARTS,
    told=st.booleans(),
    close=st.booleans(),
)
def test_the_bytes_are_those_of_h11(
    method: bytes, version: bytes, status: int, parts: list[bytes], told: bool, close: bool
) -> None:
    """A library that the world has tried knows the framing for every client; ours is the same at less cost."""
    parts = parts if status == 200 or status > 400 else [b""]
    length = [(b"content-length", b"%d" % sum(map(len, parts)))] if told else []
    server = h11.Connection(h11.SERVER)
    server.receive_data(request(method, version, close))
    while not isinstance(server.next_event(), h11.EndOfMessage):
        pass
    theirs = server.send(h11.Response(status_code=status, headers=[*HEADERS, *length, (b"date", DATE)]))
    for part in parts if method != b"HEAD" else []:
        theirs += server.send(h11.Data(data=part))
    theirs += server.send(h11.EndOfMessage())
    answer = Answer(method, version=version, last=close)
    head = answer.head(status, [*HEADERS, *length], DATE)
    mine = head + b"".join(answer.body(part, more=at < len(parts)) for at, part in enumerate(parts, 1))
    assert mine == theirs
    assert answer.ended
    assert answer.last == (server.our_state is not h11.DONE)


@given(method=METHODS, parts=PARTS, told=st.booleans(), last=st.booleans())
def test_a_client_reads_what_was_meant(method: bytes, parts: list[bytes], told: bool, last: bool) -> None:
    """Head and body arrive whole, and whether the connection goes on is understood by both ends."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target=b"/p", headers=[(b"host", b"x")]))
    client.send(h11.EndOfMessage())
    answer = Answer(method, last=last)
    length = [(b"content-length", b"%d" % sum(map(len, parts)))] if told else []
    head = answer.head(200, [*HEADERS, *length], DATE)
    client.receive_data(head + b"".join(answer.body(part, more=at < len(parts)) for at, part in enumerate(parts, 1)))
    events = []
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        events.append(event)
    response, *datas = events
    assert isinstance(response, h11.Response)
    assert (response.status_code, dict(response.headers)[b"date"]) == (200, DATE)
    body = b"".join(bytes(data.data) for data in datas if isinstance(data, h11.Data))
    assert body == (b"" if method == b"HEAD" else b"".join(parts))
    assert (client.their_state is h11.MUST_CLOSE) == last


@pytest.mark.parametrize("header", [(b"x", b"1\r\ny: 2"), (b"x", b"1\n"), (b"x\r", b"1")])
def test_a_header_cannot_begin_another(header: tuple[bytes, bytes]) -> None:
    """Whatever a handler puts into one: a line break would let it end the head."""
    answer = Answer()
    with pytest.raises(BadAnswer, match="line break"):
        answer.head(200, [header], DATE)
    assert not answer.begun


@pytest.mark.parametrize(
    ("told", "before", "data", "more"),
    [(3, b"", b"abcd", False), (3, b"", b"ab", False), (3, b"ab", b"cd", True), (0, b"", b"a", True)],
)
def test_a_body_is_as_long_as_was_told(told: int, before: bytes, data: bytes, more: bool) -> None:
    """The client would take the rest for the next answer, or wait for ever."""
    answer = Answer()
    answer.head(200, [(b"content-length", b"%d" % told)], DATE)
    answer.body(before, more=True)
    with pytest.raises(BadAnswer, match="as long as"):
        answer.body(data, more=more)
    assert not answer.ended


def test_order_is_kept() -> None:
    """A head, then a body: an application that does otherwise is wrong and hears of it."""
    answer = Answer()
    with pytest.raises(BadAnswer):
        answer.body(b"", more=False)
    answer.head(200, [], DATE)
    with pytest.raises(BadAnswer):
        answer.head(200, [], DATE)
    answer.body(b"", more=False)
    with pytest.raises(BadAnswer):
        answer.body(b"", more=False)
