"""Jobs that are not at their end, in memory: a step of one need not read back what the step before it wrote.

The engine's own: what it keeps here stands in the tables (of the open transaction), and whatever may make that untrue
clears all of it.
"""

from __future__ import annotations

from fleet.jobs import FINAL
from fleet.journal.rows import Found

__all__ = ["JOBS_MAX", "Live"]

JOBS_MAX = 4096
"""About 15 MB. A rack of 500 registers has some thousands under way; those that wait longest are read from the tables
when their turn comes."""


class Live:
    """The newest `JOBS_MAX` of them, by id and by document."""

    def __init__(self) -> None:
        self._jobs: dict[str, Found] = {}
        self._documents: dict[tuple[str, int], str] = {}

    def get(self, job_id: str) -> Found | None:
        """The job; None when it is not here, which says nothing about the tables."""
        return self._jobs.get(job_id)

    def of_document(self, drive: str, document: int) -> Found | None:
        """The job that became this document."""
        job_id = self._documents.get((drive, document))
        return None if job_id is None else self._jobs[job_id]

    def keep(self, it: Found) -> None:
        """Remember the job as it is now. One at its end is let go."""
        if it.job.state in FINAL:
            self._drop(it.job.id)
            return
        if it.job.id not in self._jobs and len(self._jobs) >= JOBS_MAX:
            self._drop(next(iter(self._jobs)))
        self._jobs[it.job.id] = it
        if it.job.result is not None:
            self._documents[it.job.result.drive, it.job.result.document] = it.job.id

    def clear(self) -> None:
        """Forget all."""
        self._jobs.clear()
        self._documents.clear()

    def _drop(self, job_id: str) -> None:
        it = self._jobs.pop(job_id, None)
        if it is not None and it.job.result is not None:
            self._documents.pop((it.job.result.drive, it.job.result.document), None)
