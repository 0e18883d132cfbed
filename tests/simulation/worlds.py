"""Many worlds, one after the other."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

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


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """A world is a few thousand objects that all go at once: looking through them again and again while it lasts takes
    a fifth of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def failures(seeds: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Play worlds; those that did not end well, and why."""
    with _collecting_seldom():
        for seed in seeds:
            try:
                check(play(seed))
            except Exception as error:  # whatever a world comes to, the next ones are played
                yield seed, f"{type(error).__name__}: {error}"
