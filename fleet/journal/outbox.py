"""Callbacks that shops asked for: which are due, what came of each try. Journaled, so that a restart loses none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleet.errors import Missing
from fleet.journal.base import Callback

__all__ = ["Outbox", "read_callbacks"]

_COLUMNS = "SELECT jobs.id, url, due_at, tries, done_at, last FROM callbacks JOIN jobs ON jobs.seq = callbacks.job "


class Outbox:
    """The writing side. Verbs take the moment of the call first, as the engine's do."""

    def __init__(self, execute: Callable[..., Any]) -> None:
        self._execute = execute

    def expect(self, seq: int, url: str) -> None:
        """The job's shop wants to be called once the job is final."""
        self._execute("INSERT INTO callbacks (job, url) VALUES (?, ?)", (seq, url))

    def final(self, seq: int, now: float) -> None:
        """The job is final: its callback, if there is one, is due."""
        self._execute("UPDATE callbacks SET due_at = ? WHERE job = ? AND done_at IS NULL", (now, seq))

    def tried(self, now: float, job_id: str, outcome: str, due_at: float | None, done: bool) -> Callback:
        """One try was made: it is done, or due again at `due_at`, or given up (neither)."""
        seq = self._seq(job_id)
        self._execute(
            "UPDATE callbacks SET tries = tries + 1, last = ?, due_at = ?, done_at = ? WHERE job = ?",
            (outcome, None if done else due_at, now if done else None, seq),
        )
        return self._read(job_id)

    def replay(self, now: float, job_id: str) -> Callback:
        """Call again from the beginning, whatever came of it before."""
        seq = self._seq(job_id)
        self._execute("UPDATE callbacks SET tries = 0, due_at = ?, done_at = NULL WHERE job = ?", (now, seq))
        return self._read(job_id)

    def _seq(self, job_id: str) -> int:
        row = self._execute(
            "SELECT job FROM callbacks JOIN jobs ON jobs.seq = callbacks.job WHERE jobs.id = ?", (job_id,)
        ).fetchone()
        if row is None:
            raise Missing(f"job {job_id} has no callback")
        seq: int = row[0]
        return seq

    def _read(self, job_id: str) -> Callback:
        return read_callbacks(self._execute, "WHERE jobs.id = ?", (job_id,))[0]


def read_callbacks(execute: Callable[..., Any], where: str, values: tuple[Any, ...]) -> list[Callback]:
    """Callbacks that a condition selects."""
    return [
        Callback(job=job, url=url, due_at=due_at, tries=tries, done_at=done_at, last=last)
        for job, url, due_at, tries, done_at, last in execute(_COLUMNS + where, values)
    ]
