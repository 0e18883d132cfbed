"""Shops that do not wait for each other: receipts at a given rate whatever the daemon does, a process of its own.

    python -m benchmarks.rack_shops URL LOGIN PASSWORD INN RATE SECONDS CONNECTIONS NAME

Moments are drawn beforehand (a Poisson process), so that a slow daemon is not offered less. On standard output a line
for each receipt: ReceiptId, the moment when it was due to be posted, the moment of the answer (CLOCK_MONOTONIC).
"""

from __future__ import annotations

import random
import sys
import time
from urllib.parse import urlsplit

import trio

from benchmarks.shops import Connection, order

__all__ = ["main"]

LATE_MAX_S = 5.0
"""A connection that is not free for so long means that the daemon takes no more."""


async def run(url: str, login: str, password: str, inn: str, rate: float, seconds: float, size: int, name: str) -> None:
    where = urlsplit(url)
    assert where.hostname and where.port
    chance = random.Random(6)
    lines: list[str] = []

    async def connect() -> Connection:
        stream = await trio.open_tcp_stream(where.hostname or "", where.port or 0)
        stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
        return Connection(stream, where.netloc)

    data = await (await connect()).post("/api/Authorization/CreateAuthToken", {"Login": login, "Password": password})
    path = f"/api/kkt/cloud/receipt?AuthToken={data['AuthToken']}"
    give, take = trio.open_memory_channel[tuple[int, float]](int(rate * LATE_MAX_S))

    async def shop(source: trio.MemoryReceiveChannel[tuple[int, float]]) -> None:
        connection = await connect()
        async for number, due in source:
            answer = await connection.post(path, order(inn, f"{name}-{number}", number))
            lines.append(f"{answer['ReceiptId']} {due} {time.monotonic()}")

    async with trio.open_nursery() as nursery:
        for _ in range(size):
            nursery.start_soon(shop, take)
        due, number, until = time.monotonic(), 0, time.monotonic() + seconds
        async with give:
            while (due := due + chance.expovariate(rate)) < until:
                await trio.sleep(max(0.0, due - time.monotonic()))
                give.send_nowait((number, due))
                number += 1
    print("\n".join(lines))


def main() -> None:
    url, login, password, inn, rate, seconds, size, name = sys.argv[1:]
    trio.run(run, url, login, password, inn, float(rate), float(seconds), int(size), name)


if __name__ == "__main__":
    main()
