"""What to do with each unfinished job after a start: a pure function of the journal.

The register's side of recovery (asking the drive) is `kkt_driver.recovery`; this table only says who must ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from fleet.jobs import Job, State

__all__ = ["PLAN", "Step", "Todo", "plan"]


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


def plan(jobs: Iterable[Job], stations: Iterable[str]) -> list[Step]:
    """The steps for a backlog, oldest job first.

    A job whose station is no longer configured cannot be resolved by it: it goes to a person.
    """
    known = set(stations)
    steps = []
    for job in sorted(jobs, key=lambda job: (job.accepted_at, job.id)):
        todo = PLAN[job.state, job.intent is not None]
        if todo is Todo.RESOLVE and job.station not in known:
            todo = Todo.QUARANTINE
        steps.append(Step(job, todo))
    return steps
