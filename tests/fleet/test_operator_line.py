"""Twin of `fleet.operator_line`: one message, one answer, by the first route that carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from ffd.container import SessionHeader
from fleet.config import Operator
from fleet.operator_line import CONNECT_S, Dial, OperatorLine, OperatorLines
from fleet.routes import Routes

BODY = b"answer" * 9
ANSWER = SessionHeader(drive="9999078900000001", size=len(BODY), version=b"\x01\x20").sealed(BODY).encode() + BODY

Far = Callable[[trio.abc.Stream], Awaitable[None]]


async def answers(stream: trio.abc.Stream) -> None:
    """A good operator, whose answer comes in pieces."""
    while await stream.receive_some(4096):
        for at in range(0, len(ANSWER), 7):
            await stream.send_all(ANSWER[at : at + 7])


async def answers_once(stream: trio.abc.Stream) -> None:
    """One message to a connection, as every known client has it."""
    await stream.receive_some(4096)
    await stream.send_all(ANSWER)
    await stream.aclose()


async def talks_on(stream: trio.abc.Stream) -> None:
    while await stream.receive_some(4096):
        await stream.send_all(ANSWER + b"and more")


async def closes(stream: trio.abc.Stream) -> None:
    await stream.receive_some(4096)
    await stream.send_all(ANSWER[:40])
    await stream.aclose()


async def says_nothing(stream: trio.abc.Stream) -> None:
    await trio.sleep_forever()


async def declines(stream: trio.abc.Stream) -> None:
    await stream.receive_some(4096)
    await stream.send_all(SessionHeader(drive="9999078900000001", size=0, version=b"\x01\x20").sealed(b"").encode())


class Net:
    """Far ends by address; an address without one takes no connection."""

    def __init__(self, nursery: trio.Nursery, **far: Far) -> None:
        self._nursery = nursery
        self._far = far
        self.dialled: list[str] = []

    def dial(self, address: str) -> Dial:
        async def connect() -> trio.abc.Stream:
            self.dialled.append(address)
            far = self._far.get(address)
            if far is None:
                await trio.sleep_forever()
                raise AssertionError
            ours, theirs = trio.testing.memory_stream_pair()
            self._nursery.start_soon(far, theirs)
            return ours

        return connect

    def line(self, *addresses: str, timeout_s: float = 30.0) -> OperatorLine:
        dials = {address: self.dial(address) for address in addresses}
        routes = Routes(addresses)
        return OperatorLine(dials, routes, clock=trio.current_time, station="k1", answer_timeout_s=timeout_s)


async def test_one_connection_for_many_messages(nursery: trio.Nursery, autojump_clock: trio.testing.MockClock) -> None:
    """Where the operator keeps it open; where it closes after each, or says more than an answer, the next message
    dials anew and is not lost."""
    net = Net(nursery, good=answers, once=answers_once, talker=talks_on)
    for address, dialled in (("good", 1), ("once", 3), ("talker", 3)):
        net.dialled.clear()
        line = net.line(address)
        assert [await line.exchange(b"message") for _ in range(3)] == [ANSWER] * 3
        assert net.dialled == [address] * dialled
        await line.aclose()


@pytest.mark.parametrize(("bad", "cost_s"), [("dead", CONNECT_S), ("closes", 0.0), ("mute", 30.0), ("declines", 0.0)])
async def test_the_next_route_carries_it(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, bad: str, cost_s: float
) -> None:
    """Whatever the first does, the message goes by the second at once, and so do those after it for a while."""
    net = Net(nursery, good=answers, closes=closes, mute=says_nothing, declines=declines)
    line = net.line(bad, "good")
    began = trio.current_time()
    assert await line.exchange(b"message") == ANSWER
    assert trio.current_time() - began == pytest.approx(cost_s)
    assert await line.exchange(b"message") == ANSWER
    assert net.dialled == [bad, "good"]


async def test_nobody_carries_it(nursery: trio.Nursery, autojump_clock: trio.testing.MockClock) -> None:
    """None, after every route was tried once: the drive keeps the document."""
    net = Net(nursery, closes=closes)
    line = net.line("dead", "closes")
    assert await line.exchange(b"message") is None
    assert net.dialled == ["dead", "closes"]


async def test_lines_of_a_rack_share_what_they_know(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    """One station found the first route dead: no other one waits for it."""
    net = Net(nursery, good=answers)
    lines = OperatorLines(Operator(addresses=("dead", "good"), keys="keys"), net.dial, trio.current_time)
    assert set(lines.of("k1")) == {"operator", "keys"}
    for station in ("k1", "k2", "k3"):
        assert await lines.of(station)["operator"].exchange(b"message") == ANSWER
    assert net.dialled.count("dead") == 1
    assert OperatorLines(None, net.dial, trio.current_time).of("k1") == {}
