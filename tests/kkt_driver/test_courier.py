"""The way to the operator and its sisters, in virtual time: whole answers, the right peer, patience that ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
import trio.testing

from ffd import container
from fn_emulator.operator import TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver.courier import Courier, Patience, addresses_of
from kkt_driver.errors import Malformed, Misuse
from kkt_driver.relay import Declined, Delivered, NoAnswer, Nothing, Outgoing, peer_of
from tests.kkt_driver.bench import NOW, Bench
from tests.kkt_driver.wire import Kept, Wire

Clock = trio.testing.MockClock
Answer = Callable[[bytes], bytes | None]


class Peer:
    """Somebody at the other end: `answers` makes the answer, which goes out in `pieces`."""

    def __init__(self, nursery: trio.Nursery, answers: Answer, *, piece: int = 0, closes: bool = False) -> None:
        self._nursery, self._answers, self._piece, self._closes = nursery, answers, piece, closes
        self.heard: list[bytes] = []

    async def dial(self) -> trio.abc.Stream:
        host, there = trio.testing.memory_stream_pair()
        self._nursery.start_soon(self._serve, there)
        return host

    async def _serve(self, stream: trio.abc.Stream) -> None:
        try:
            message = bytes(await stream.receive_some(65536))
            self.heard.append(message)
            answer = self._answers(message)
            if answer is not None:
                for at in range(0, len(answer), self._piece or len(answer) or 1):
                    await stream.send_all(answer[at : at + (self._piece or len(answer))])
            if not self._closes:
                await trio.sleep_forever()
            await stream.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return


def an_operator() -> TestOperator:
    return TestOperator(master=DEMO_MASTER_KEY)


@pytest.mark.parametrize("piece", [0, 1, 30, 31])
async def test_every_document_is_delivered(piece: int, autojump_clock: Clock) -> None:
    """Answers come split anywhere, and the peer keeps the connection open: nothing waits for its closing."""
    wire, operator = Wire(), an_operator()
    async with trio.open_nursery() as nursery:
        peer = Peer(nursery, lambda message: operator.respond(message, now=NOW), piece=piece)
        async with wire.open(store=Kept()) as register:
            await register.open_shift()
            courier = Courier({"operator": peer.dial})
            outcomes = [one async for one in courier.relay_all(register)]
            assert [type(one) for one in outcomes] == [Delivered, Delivered]
            assert await courier.relay(register) == Nothing()
        nursery.cancel_scope.cancel()
    assert all(message[6:8] != b"\x01\x01" for message in peer.heard)


@pytest.mark.parametrize("answer", [b"", b"\x2a\x08\x41\x0a", b"x" * 30, bytes(200)])
async def test_what_is_no_answer_is_none(answer: bytes, autojump_clock: Clock) -> None:
    """Half a header, noise, a peer that hangs up: no answer, never an exception, and the drive offers it again."""
    wire = Wire()
    async with trio.open_nursery() as nursery:
        peer = Peer(nursery, lambda message: answer, closes=True)
        async with wire.open() as register:
            courier = Courier({"operator": peer.dial})
            assert isinstance(await courier.relay(register), NoAnswer)
        nursery.cancel_scope.cancel()


async def test_patience_for_one_document_ends(autojump_clock: Clock) -> None:
    """A silent operator: each try 30 s, pauses that grow, five minutes in all; then the caller decides."""
    wire = Wire()
    async with trio.open_nursery() as nursery:
        peer = Peer(nursery, lambda message: None)
        async with wire.open() as register:
            began = trio.current_time()
            outcomes = [one async for one in Courier({"operator": peer.dial}).relay_all(register)]
            spent = trio.current_time() - began
        nursery.cancel_scope.cancel()
    assert set(map(type, outcomes)) == {NoAnswer}
    assert 100 < spent <= 330
    assert len(peer.heard) == len(outcomes) >= 5


async def test_a_peer_that_nobody_named_gets_nothing(autojump_clock: Clock) -> None:
    """A key server that was not configured: no answer, and the drive waits."""
    outgoing = Outgoing(message=b"", drive="9", document=1, kind=0, peer="keys")
    assert await Courier({}).carry(outgoing) is None


async def test_one_exchange_per_drive(autojump_clock: Clock) -> None:
    """The drive knows one exchange: a second one meanwhile is a mistake of the program."""
    wire = Wire()
    async with trio.open_nursery() as nursery:
        peer = Peer(nursery, lambda message: None)
        async with wire.open() as register:
            courier = Courier({"operator": peer.dial}, patience=Patience(socket_s=5))
            nursery.start_soon(courier.relay, register)
            await trio.sleep(1)
            with pytest.raises(Misuse):
                await courier.relay(register)
            await trio.sleep(10)
        nursery.cancel_scope.cancel()


def test_messages_are_told_apart_by_their_first_bytes() -> None:
    """Operator, marking system, key server: signature and session version."""
    marking, keys = container.SIGNATURE_MARKING + container.SESSION_MARKING, bytes.fromhex("dd80caa182a1")
    assert peer_of(container.SIGNATURE_OPERATOR + container.SESSION_OPERATOR + bytes(24)) == "operator"
    assert peer_of(marking) == "marking"
    assert peer_of(keys + b"\x00\x01") == "keys"
    with pytest.raises(Malformed):
        peer_of(bytes(30))


def test_addresses_come_from_the_operator_table() -> None:
    """Table 19: host and port of each; an empty host is nobody."""
    fields: dict[tuple[int, int], str | int] = {(19, 1): "ofd.example", (19, 2): 7777, (19, 5): "", (19, 6): 7903}
    assert addresses_of(fields) == {"operator": ("ofd.example", 7777)}


def test_a_declined_ticket_is_said() -> None:
    """A ticket for another document never reaches the drive."""
    bench, operator = Bench(), an_operator()
    from kkt_driver.relay import read_message, write_answer

    first = bench.run(read_message())
    assert first is not None
    answer = operator.respond(first.message, now=bench.now)
    assert answer is not None
    other = Outgoing(message=first.message, drive=first.drive, document=77, kind=first.kind)
    assert isinstance(bench.run(write_answer(other, answer)), Declined)
