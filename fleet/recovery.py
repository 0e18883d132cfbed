"""What to do with each unfinished job after a start: a pure function of the journal.

The register's side of recovery (asking the drive) is `kkt_driver.recovery`; this table only says who must ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from fleet.jobs import Job, State

__all__ = ["PLAN", "WHY_NO_STATION", "WHY_QUARANTINED", "WHY_RESTORED", "Step", "Todo", "plan"]

WHY_RESTORED = "a backup was restored: its receipt may have been made since"


class Todo(StrEnum):
    """What a start does with a job."""

    QUEUE = "queue"  # give it to any station
    RELEASE = "release"  # nothing was sent: journal `release`, then queue
    RESOLVE = "resolve"  # bytes may have been sent: its station asks the drive before anything else
    QUARANTINE = "quarantine"  # the journal contradicts itself: a person decides


PLAN: dict[tuple[State, bool], Todo] = {
    # state, has an open intent
    (State.ACCEPTED, False): Todo.QUEUE,
    (State.ACCEPTED, True): Todo.QUARANTINE,
    (State.CLAIMED, False): Todo.RELEASE,
    (State.CLAIMED, True): Todo.QUARANTINE,
    (State.SENT, True): Todo.RESOLVE,
    (State.SENT, False): Todo.QUARANTINE,
    (State.UNKNOWN, True): Todo.RESOLVE,
    (State.UNKNOWN, False): Todo.QUARANTINE,
}


class Step(msgspec.Struct, frozen=True):
    """One job and what to do with it."""

    job: Job
    todo: Todo
    why: str
    """Told to whoever decides; empty when nobody has to."""


WHY_QUARANTINED = "the journal contradicts itself about this job"
WHY_NO_STATION = "its station is no longer configured, so nobody can ask the register"


def plan(jobs: Iterable[Job], stations: Iterable[str], *, restored: bool = False) -> list[Step]:
    """The steps for a backlog, oldest job first.

    A job whose station is no longer configured cannot be resolved by it: it goes to a person. So does every job of a
    `restored` backup: what the journal says of it may be long past.
    """
    known = set(stations)
    return [_step(job, known, restored) for job in sorted(jobs, key=lambda job: (job.accepted_at, job.id))]


def _step(job: Job, known: set[str], restored: bool) -> Step:
    if restored:
        return Step(job, Todo.QUARANTINE, WHY_RESTORED)
    todo = PLAN[job.state, job.intent is not None]
    if todo is Todo.RESOLVE and job.station not in known:
        return Step(job, Todo.QUARANTINE, WHY_NO_STATION)
    return Step(job, todo, WHY_QUARANTINED if todo is Todo.QUARANTINE else "")
