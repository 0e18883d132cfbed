"""Many worlds, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

import structlog

from tests.simulation.checks import check
from tests.simulation.world import play

__all__ = ["command", "failures", "silenced"]


def silenced() -> None:
    """The driver logs every doubt; in a world full of them that is most of the time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def command(seed: int) -> str:
    """What to type to see one world again."""
    return f"python -m tests.simulation {seed}"


def failures(seeds: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Play worlds; those that did not end well, and why."""
    for seed in seeds:
        try:
            check(play(seed))
        except Exception as error:  # whatever a world comes to, the next ones are played
            yield seed, f"{type(error).__name__}: {error}"
