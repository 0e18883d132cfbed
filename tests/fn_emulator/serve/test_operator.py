"""The far ends' connections: messages in turn, in pieces, answers that are late, registers that went away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.testing

from ffd.container import message
from fn_emulator.messages import Fault, Peer
from fn_emulator.operator import TestOperator
from fn_emulator.serve.operator import IDLE_S, MESSAGE_MAX, converse
from fn_emulator.signs import DEMO_MASTER_KEY
from tests.fn_emulator.drives import NUMBER, registered

DOCUMENT = message(registered().read_message(), drive=NUMBER)
PROBE = bytes.fromhex("2a08410a81a20120") + NUMBER.encode("ascii") + bytes.fromhex("000010000000")


@asynccontextmanager
async def connected(operator: TestOperator) -> AsyncIterator[trio.abc.Stream]:
    """A register's side of a connection."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def serve() -> None:
            await converse(theirs, operator, clock=trio.current_time)

        nursery.start_soon(serve)
        yield ours
        await ours.aclose()


async def answer(stream: trio.abc.Stream) -> bytes:
    """One answer and no byte of the next; what there is when the stream ends."""
    taken = b""
    while left := (30 if len(taken) < 30 else Peer.size_of(taken[:30])) - len(taken):
        piece = await stream.receive_some(min(7, left))
        if not piece:
            return taken
        taken += piece
    return taken


def an_operator() -> TestOperator:
    return TestOperator(master=DEMO_MASTER_KEY)


async def test_messages_in_turn_and_in_pieces(autojump_clock: trio.testing.MockClock) -> None:
    """Documents and probes on one connection, however they are cut."""
    async with connected(an_operator()) as stream:
        line = DOCUMENT + PROBE + DOCUMENT
        for at in range(0, len(line), 50):
            await stream.send_all(line[at : at + 50])
        sizes = [len(await answer(stream)) for _ in range(3)]
    assert sizes[1] == 30
    assert sizes[0] == sizes[2] > 100


async def test_an_answer_is_late(autojump_clock: trio.testing.MockClock) -> None:
    """Forty seconds are forty seconds of the world, and the connection goes on after them."""
    operator = an_operator()
    operator.late_s = 40.0
    async with connected(operator) as stream:
        await stream.send_all(DOCUMENT)
        assert len(await answer(stream)) > 100
        assert trio.current_time() >= 40.0
        operator.late_s = 0.0
        await stream.send_all(PROBE)
        assert len(await answer(stream)) == 30


async def test_a_register_that_did_not_wait(autojump_clock: trio.testing.MockClock) -> None:
    """The answer comes to nobody: no error, and the document is kept."""
    operator = an_operator()
    operator.late_s = 40.0
    async with connected(operator) as stream:
        await stream.send_all(DOCUMENT)
        await trio.sleep(1)
    assert operator.store.get(NUMBER, 1) is not None


async def test_silence_closes(autojump_clock: trio.testing.MockClock) -> None:
    """An operator with nothing to say closes; one whose register says nothing does so after a while."""
    operator = an_operator()
    operator.fail(Fault.SILENCE)
    async with connected(operator) as stream:
        await stream.send_all(DOCUMENT)
        assert await answer(stream) == b""
    async with connected(operator) as stream:
        began = trio.current_time()
        assert await answer(stream) == b""
        assert trio.current_time() - began >= IDLE_S


async def test_a_message_that_is_too_long(autojump_clock: trio.testing.MockClock) -> None:
    """No buffer grows to a size that a header asks for."""
    assert MESSAGE_MAX < 30 + 0xFFFF
    async with connected(an_operator()) as stream:
        await stream.send_all(DOCUMENT[:24] + b"\xff\xff" + DOCUMENT[26:30])
        assert await answer(stream) == b""
