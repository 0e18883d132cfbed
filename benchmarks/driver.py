"""What the driver costs: commands and bytes of a receipt, and processor time and delay that it adds to an exchange.

    python -m benchmarks.driver [--exchanges 3000] [--rounds 3]

An exchange is 10h and its answer on the standard layer. Beside it runs a bare loop: the same bytes over the same kind
of stream, written and read with one moved deadline, nothing made of them. The other end answers from a table; over TCP
and a pseudo-terminal it is a process of its own, in memory it is a task here (in both figures). Each round takes both
by turns; the best round counts.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import trio
import trio.testing

from benchmarks.yardstick import own_cpu_s
from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fn_emulator.emulated import EmulatedRegister, registered
from kkt_driver import commands as k
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.effects import ask
from kkt_driver.frames import ACK, encode_frame
from kkt_driver.intents import Intent
from kkt_driver.transport import TcpLine

NOW = 1_767_225_600.0
REQUEST = ACK + encode_frame(k.encode_request(k.ShortStatus()))
ANSWER = ACK + encode_frame(bytes.fromhex("10001e9202040000c0d800000000000000"))

_PEER = """
import os, socket, sys
answer = bytes.fromhex(sys.argv[1])
def serve(read, write):
    while data := read(4096):
        if data[-1:] == b"\\x05":
            write(b"\\x15")
        elif len(data) > 1:
            write(answer)
if sys.argv[2].isdigit():
    line = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    serve(line.recv, line.send)
else:
    handle = os.open(sys.argv[2], os.O_RDWR | os.O_NOCTTY)
    print("ready", flush=True)
    try:
        serve(lambda size: os.read(handle, size), lambda data: os.write(handle, data))
    except OSError:
        pass
"""


# --- what a receipt takes ------------------------------------------------------------------------------------------


class Kept:
    """Intents in memory: what is measured here is the line."""

    async def record(self, intent: Intent) -> None:
        await trio.lowlevel.checkpoint()

    async def clear(self, intent: Intent, verdict: object) -> None:
        await trio.lowlevel.checkpoint()


class Counted(trio.abc.Stream):
    """A stream that counts."""

    def __init__(self, inside: trio.abc.Stream) -> None:
        self._inside = inside
        self.writes = self.reads = self.out = self.into = 0

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.writes += 1
        self.out += len(data)
        await self._inside.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inside.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        data = bytes(await self._inside.receive_some(max_bytes))
        self.reads += 1
        self.into += len(data)
        return data

    async def aclose(self) -> None:
        await self._inside.aclose()


async def _serve(register: EmulatedRegister, stream: trio.abc.Stream) -> None:
    register.connected(NOW)
    try:
        while data := bytes(await stream.receive_some(4096)):
            out = register.receive(data, NOW)
            if out:
                await stream.send_all(out)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return


def a_receipt(items: int) -> Receipt:
    return Receipt(
        operation=Operation.INCOME,
        tax_system=TaxSystem.GENERAL,
        items=tuple(
            Item(name="Чай", price=100, quantity=Decimal(1), total=100, vat=VatRate.VAT_22, method=4, subject=1)
            for _ in range(items)
        ),
        payments=Payments(cashless=100 * items),
        buyer_contact="buyer@example.com",
    )


async def _receipts() -> None:
    print("receipt        commands  writes  reads  bytes out  bytes in")
    for items in (1, 4, 20, 100):
        host, there = trio.testing.memory_stream_pair()
        line = Counted(host)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_serve, registered(1, now=NOW), there)
            register = Register(line, store=Kept())
            who, state = await register.run(procedures.identify()), await register.run(procedures.read_state())
            state = state.after(await register.run(procedures.open_shift(job="s", identity=who, state=state)))
            await register.run(procedures.prepare(who))
            before = (line.writes, line.reads, line.out, line.into)
            counts = {code: one.count for code, one in register.latency.items()}
            await register.run(procedures.receipt(a_receipt(items), job="1", identity=who, state=state))
            commands = sum(one.count - counts.get(code, 0) for code, one in register.latency.items())
            spent = [now - was for now, was in zip((line.writes, line.reads, line.out, line.into), before, strict=True)]
            print(f"{items:3} items     {commands:10}{spent[0]:8}{spent[1]:7}{spent[2]:11}{spent[3]:10}")
            nursery.cancel_scope.cancel()


# --- what an exchange takes ----------------------------------------------------------------------------------------

Opened = Callable[[], Any]
Working = Callable[[trio.abc.Stream, int], Awaitable[None]]


@asynccontextmanager
async def _memory() -> AsyncIterator[trio.abc.Stream]:
    host, there = trio.testing.memory_stream_pair()

    async def answer() -> None:
        try:
            while data := bytes(await there.receive_some(4096)):
                if len(data) > 1:
                    await there.send_all(ANSWER)
                elif data == b"\x05":
                    await there.send_all(b"\x15")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        yield host
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def _tcp() -> AsyncIterator[trio.abc.Stream]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-c", _PEER, ANSWER.hex(), str(listener.getsockname()[1])]
        peer = await trio.lowlevel.open_process(command)
        await trio.lowlevel.wait_readable(listener)
        accepted, _ = listener.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    async with TcpLine(accepted) as line:
        yield line
    await peer.wait()


@asynccontextmanager
async def _pty() -> AsyncIterator[trio.abc.Stream]:
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    command = [sys.executable, "-c", _PEER, ANSWER.hex(), os.ttyname(slave)]
    peer = await trio.lowlevel.open_process(command, stdout=-1)
    assert peer.stdout is not None
    await peer.stdout.receive_some(16)
    os.close(slave)
    async with trio.lowlevel.FdStream(master) as line:
        yield line
    await peer.wait()


async def _bare(line: trio.abc.Stream, exchanges: int) -> None:
    with trio.CancelScope() as patience:
        for _ in range(exchanges):
            patience.deadline = trio.current_time() + 5
            await line.send_all(REQUEST)
            got = 0
            while got < len(ANSWER):
                got += len(await line.receive_some(4096))


async def _driven(line: trio.abc.Stream, exchanges: int) -> None:
    register = Register(line)

    def work() -> Any:
        for _ in range(exchanges):
            yield from ask(k.ShortStatus())

    await register.run(work())


async def _timed(
    work: Callable[[trio.abc.Stream, int], Awaitable[None]], opened: Opened, exchanges: int
) -> list[float]:
    async with opened() as line:
        cpu, wall = own_cpu_s(), time.perf_counter()
        await work(line, exchanges)
        return [1e6 * (own_cpu_s() - cpu) / exchanges, 1e6 * (time.perf_counter() - wall) / exchanges]


async def _exchanges(exchanges: int, rounds: int) -> None:
    print(f"\n{exchanges} exchanges, best of {rounds} rounds, microseconds each")
    print("stream     driver CPU   bare CPU   added CPU   ratio   driver wall   bare wall   added wall")
    ways: dict[str, Opened] = {"memory": _memory, "TCP": _tcp, "pty": _pty}
    for name, opened in ways.items():
        driven, bare = [], []
        for _ in range(rounds):
            bare.append(await _timed(_bare, opened, exchanges))
            driven.append(await _timed(_driven, opened, exchanges))
        (dc, dw), (bc, bw) = (list(map(min, zip(*figures, strict=True))) for figures in (driven, bare))
        print(f"{name:8}{dc:12.1f}{bc:11.1f}{dc - bc:12.1f}{dc / bc:8.2f}{dw:14.1f}{bw:12.1f}{dw - bw:13.1f}")


async def _main(exchanges: int, rounds: int) -> None:
    await _receipts()
    await _exchanges(exchanges, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    trio.run(_main, options.exchanges, options.rounds)


if __name__ == "__main__":
    main()
