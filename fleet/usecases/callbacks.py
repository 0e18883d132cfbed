"""Calls that shops asked for: what is due, what came of it, and once more from the beginning."""

from __future__ import annotations

from fleet.errors import Missing
from fleet.figures import Figures
from fleet.jobs import Job
from fleet.journal.base import Callback, Journal

__all__ = ["Callbacks"]


class Callbacks:
    """The callbacks of all jobs, as the journal keeps them."""

    def __init__(self, journal: Journal, figures: Figures) -> None:
        self._journal = journal
        self._figures = figures

    async def due(self, now: float, limit: int = 50) -> list[Callback]:
        """Calls to be made by now, the longest due first."""
        return await self._journal.callbacks_due(now, limit)

    async def job(self, callback: Callback) -> Job:
        """The job that a shop is called about, as it is."""
        job = await self._journal.status(id=callback.job)
        assert job is not None, "a callback is a job's"
        return job

    async def tried(self, job_id: str, outcome: str, *, due_at: float | None, done: bool) -> Callback:
        """A try was made."""
        self._figures.callbacks["done" if done else "given_up" if due_at is None else "again"] += 1
        return await self._journal.callback_tried(job_id, outcome, due_at=due_at, done=done)

    async def of(self, job_id: str) -> Callback:
        """A job's callback. Missing when its shop asked for none."""
        callback = await self._journal.callback(job_id)
        if callback is None:
            raise Missing(f"job {job_id} has no callback")
        return callback

    async def replay(self, job_id: str) -> Callback:
        """Call once more, from the beginning of the schedule, whatever came of it before. Missing as above."""
        return await self._journal.replay_callback(job_id)
