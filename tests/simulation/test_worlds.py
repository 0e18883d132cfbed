"""Thousands of worlds: random loss, damage, delay, power cuts, kills and other programs, over driver and register."""

from __future__ import annotations

import os

import pytest
import structlog

from tests.simulation.worlds import command, failures, silenced

SOAK = bool(os.environ.get("SOAK"))
WORLDS = 100_000 if SOAK else 2_000
PARTS = 100 if SOAK else 20


def told(failed: list[tuple[int, str]]) -> str:
    return "\n".join(f"{why}\n    {command(seed)}" for seed, why in failed)


@pytest.fixture(autouse=True)
def _quiet() -> object:
    silenced()
    yield
    structlog.reset_defaults()


def test_a_few_worlds() -> None:
    """The first worlds, in every run of the tests: nothing lost, nothing twice, every claim true."""
    failed = list(failures(range(60)))
    assert not failed, told(failed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_exactly_once_in_every_world(part: int) -> None:
    """One business receipt becomes one document whatever happens; a seed that fails tells how to see it again."""
    size = WORLDS // PARTS
    failed = list(failures(range(part * size, (part + 1) * size)))
    assert not failed, told(failed)
