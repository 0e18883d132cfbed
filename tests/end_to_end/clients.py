"""Shops as a process of their own: they post all the while, repeat what was not answered, and write down what they
were told.

    python -m tests.end_to_end.clients URL LOG SHOPS SEED

One JSON line in LOG for each thing that happened, flushed to the system at once: ``asked`` (key, kopecks), ``accepted``
(key, id), ``final`` (key, status code, drive, document number). The end of standard input means: post nothing more,
wait for what is under way, end with status 0.
"""

from __future__ import annotations

import json
import os
import random
import sys
from math import inf
from typing import Any

import trio

from tests.end_to_end.processes import Shop

__all__ = ["FINAL_WITHIN_S"]

FINAL_WITHIN_S = 240.0
"""Once nothing is killed any more, everything becomes final within this. Before, a register may be unlucky for long:
each kill of the rack or the daemon begins its quiet time anew."""

CONFIRMED = 2


class Log:
    """Lines that survive this process."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, event: str, **what: Any) -> None:
        os.write(self._file, json.dumps({"event": event, **what}).encode() + b"\n")


async def _sell(url: str, log: Log, number: int, chance: random.Random, over: trio.Event) -> None:
    """One shop: a receipt after the other, some of them asked for twice. Sums differ, so that a document names its
    receipt."""
    turn = 0
    async with Shop(url) as shop:
        while not over.is_set():
            turn += 1
            key, roubles = f"{number}-{turn}", number * 100_000 + turn
            log.write("asked", key=key, kopecks=roubles * 100)
            for _ in range(1 + (chance.random() < 0.3)):
                log.write("accepted", key=key, id=await shop.post(key, roubles))
            data = await shop.wait_for(key, CONFIRMED, within_s=inf)
            device = data["Device"] or {}
            log.write(
                "final", key=key, code=data["StatusCode"], drive=device.get("FN"), document=int(device.get("FDN") or 0)
            )


async def _until_stdin_closes(over: trio.Event) -> None:
    while await trio.to_thread.run_sync(os.read, 0, 4096, abandon_on_cancel=True):
        pass
    over.set()


async def _main(url: str, path: str, shops: int, seed: int) -> None:
    log, over = Log(path), trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_stdin_closes, over)
        for number in range(1, shops + 1):
            nursery.start_soon(_sell, url, log, number, random.Random(seed * 1000 + number), over)
        sys.stdout.write('{"event": "ready"}\n')
        sys.stdout.flush()


if __name__ == "__main__":
    trio.run(_main, sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
