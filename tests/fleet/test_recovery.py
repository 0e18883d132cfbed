"""Twin of `fleet.recovery`: one row of the table after the other, and what the table cannot see."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from fleet.jobs import UNFINISHED, Job, State
from fleet.recovery import PLAN, WHY_NO_STATION, WHY_QUARANTINED, WHY_RESTORED, Todo, plan
from tests.fleet.journal.lives import intent
from tests.fleet.test_dispatch import job


def in_state(state: State, *, opened: bool, station: str | None = "k1", name: str = "1", at: float = 0.0) -> Job:
    """A job as the journal gives it back."""
    return msgspec.structs.replace(
        job(name, at=at), state=state, station=station, intent=intent(name) if opened else None
    )


ROWS = {
    (State.ACCEPTED, False): Todo.QUEUE,
    (State.ACCEPTED, True): Todo.QUARANTINE,
    (State.CLAIMED, False): Todo.RELEASE,
    (State.CLAIMED, True): Todo.QUARANTINE,
    (State.SENT, False): Todo.QUARANTINE,
    (State.SENT, True): Todo.RESOLVE,
    (State.UNKNOWN, False): Todo.QUARANTINE,
    (State.UNKNOWN, True): Todo.RESOLVE,
}
"""Written down a second time: bytes may have been sent if and only if the intent is durable."""


@pytest.mark.parametrize(("state", "opened"), ROWS)
def test_every_row(state: State, opened: bool) -> None:
    """What a start does with a job depends on these two and on nothing else."""
    (step,) = plan([in_state(state, opened=opened)], ["k1"])
    assert step.todo is ROWS[state, opened]
    assert step.why == (WHY_QUARANTINED if step.todo is Todo.QUARANTINE else "")


def test_the_table_has_every_row() -> None:
    """A state that somebody must act on and that a start does not know would be lost in silence."""
    assert set(PLAN) == set(itertools.product(UNFINISHED, (False, True)))


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
def test_a_station_that_is_gone_resolves_nothing(state: State) -> None:
    """Its register cannot be asked any more: a person looks; jobs of which nothing was sent go on elsewhere."""
    gone = in_state(state, opened=True, station="k9")
    claimed = in_state(State.CLAIMED, opened=False, station="k9", name="2")
    steps = {step.job.id: step for step in plan([gone, claimed], ["k1"])}
    assert (steps["1"].todo, steps["1"].why) == (Todo.QUARANTINE, WHY_NO_STATION)
    assert steps["2"].todo is Todo.RELEASE


@pytest.mark.parametrize(("state", "opened"), ROWS)
def test_a_restored_backup_is_not_believed(state: State, opened: bool) -> None:
    """Even a job that only waits may have been made since the backup: none is made before a person or its own key in
    a drive says what became of it."""
    (step,) = plan([in_state(state, opened=opened)], ["k1"], restored=True)
    assert (step.todo, step.why) == (Todo.QUARANTINE, WHY_RESTORED)


def test_the_oldest_goes_first() -> None:
    """Shops that wait longest are served first."""
    jobs = [
        in_state(State.ACCEPTED, opened=False, name=name, at=at) for name, at in (("b", 2.0), ("c", 1.0), ("a", 2.0))
    ]
    assert [step.job.id for step in plan(jobs, [])] == ["c", "a", "b"]
