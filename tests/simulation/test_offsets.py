"""The frame of a committing command, or its answer, lost at every byte: both layers, same and new connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import structlog

from kkt_driver.link import AlternativeLink, Link, StandardLink
from kkt_driver.verdicts import CashDone, Registered
from tests.simulation.checks import archive, check
from tests.simulation.line import Towards
from tests.simulation.world import Job, World
from tests.simulation.worlds import silenced

LINKS: list[Callable[[], Link]] = [StandardLink, AlternativeLink]
JOBS = {
    "FF45": Job(name="receipt-1", kind="receipt", amount=10_000),
    "E0": Job(name="open", kind="shift_open"),
    "41": Job(name="close", kind="shift_close"),
    "50": Job(name="in", kind="cash_in", amount=700),
    "51": Job(name="out", kind="cash_out", amount=11),
}
OPEN = Job(name="open", kind="shift_open")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    silenced()
    yield
    structlog.reset_defaults()


class Cut:
    """Of the first write that carries the command (or its answer) only so many bytes arrive."""

    def __init__(self, world: World, towards: Towards, offset: int, *, breaks: bool) -> None:
        self._world, self._towards, self._offset, self._breaks = world, towards, offset, breaks
        self._send = world.line.send
        self.size: int | None = None

    def __call__(self, data: bytes, towards: Towards, now: float) -> bool:
        frame = len(data) > 5  # more than control bytes or an empty frame
        if self.size is not None or towards != self._towards or not frame or not self._world.host.runner.committing:
            return self._send(data, towards, now)
        self.size = len(data)
        if self._offset:
            self._send(data[: self._offset], towards, now)
        if self._breaks and towards == "host":
            self._world.register.hung_up = True  # the connection is gone with the rest of the answer
        return self._breaks


def lose(link: Callable[[], Link], job: Job, towards: Towards, offset: int, *, breaks: bool) -> int:
    """One world in which one frame is cut; gives the frame's size."""
    world = World(3)
    world.calm()
    world.link = link
    world.register.core.durations.clear()
    jobs = [job] if job.kind == "shift_open" else [OPEN, job]
    world.ledger.jobs[:] = jobs
    world.host = type(world.host)(world)
    for before in jobs[:-1]:
        world.ledger.claims[before.name] = world.host.insist(before)
    if job.kind == "cash_out":
        world.host._float(job)
    cut = Cut(world, towards, offset, breaks=breaks)
    world.line.send = cut  # type: ignore[method-assign]  # the line of this world
    world.ledger.claims[job.name] = claim = world.host.insist(job)
    world.line.send = cut._send  # type: ignore[method-assign]  # the line as it is, with a knife
    assert isinstance(claim, CashDone if job.kind.startswith("cash") else Registered)
    check(world)
    assert len(archive(world)) == 1 + len([one for one in jobs if not one.kind.startswith("cash")])
    assert cut.size is not None
    return cut.size


@pytest.mark.parametrize("towards", ["register", "host"], ids=["command", "answer"])
@pytest.mark.parametrize("link", LINKS)
def test_lost_at_some_bytes(link: Callable[[], Link], towards: Towards) -> None:
    """Every eleventh byte of closing a receipt, in every run of the tests."""
    for offset in range(0, lose(link, JOBS["FF45"], towards, 0, breaks=True), 11):
        lose(link, JOBS["FF45"], towards, offset, breaks=offset % 2 == 0)


@pytest.mark.slow
@pytest.mark.parametrize("breaks", [False, True], ids=["same connection", "new connection"])
@pytest.mark.parametrize("towards", ["register", "host"], ids=["command", "answer"])
@pytest.mark.parametrize("code", JOBS)
@pytest.mark.parametrize("link", LINKS)
def test_lost_at_every_byte(link: Callable[[], Link], code: str, towards: Towards, breaks: bool) -> None:
    """Exactly one document, the right verdict and number, wherever the frame ends."""
    job = JOBS[code]
    size = lose(link, job, towards, 0, breaks=breaks)
    for offset in range(1, size):
        lose(link, job, towards, offset, breaks=breaks)
