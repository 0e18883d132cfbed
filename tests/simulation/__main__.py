"""Play worlds by hand.

python -m tests.simulation 328             one world, every byte of its line shown
python -m tests.simulation 0 100000        many worlds, one line for each that fails
"""

from __future__ import annotations

import sys
import time

from tests.simulation.checks import check
from tests.simulation.world import START, World
from tests.simulation.worlds import failures, silenced

PART = 1000
"""Worlds between two lines that tell how far it is."""


def show(seed: int) -> None:
    """Every read and write of the host, what it worked at, and how it ended."""
    world = World(seed)
    world.note = lambda moment, direction, what: print(f"{moment - START:10.3f} {direction} {what}")
    print(f"seed {seed}: {world.describe()}")
    world.play()
    check(world)
    for name, claim in world.ledger.claims.items():
        print(f"{name}: {claim}")


def main() -> int:
    silenced()
    numbers = [int(argument) for argument in sys.argv[1:]]
    if len(numbers) == 1:
        show(numbers[0])
        return 0
    first, end = numbers
    started = time.process_time()
    count = 0
    for part in range(first, end, PART):
        for seed, why in failures(range(part, min(part + PART, end))):
            count += 1
            print(f"seed {seed}: {why}", flush=True)
        print(f"{min(part + PART, end) - first} of {end - first}, {count} failed", file=sys.stderr, flush=True)
    spent = time.process_time() - started
    print(f"{end - first} worlds, {count} failed, {1000 * spent / (end - first):.1f} ms each")
    return 1 if count else 0


if __name__ == "__main__":
    raise SystemExit(main())
