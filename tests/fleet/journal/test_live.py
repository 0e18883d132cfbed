"""Twin of `fleet.journal.live`: what is remembered is what was kept last, and there is an end to it."""

from __future__ import annotations

from typing import Any

import msgspec

from fleet.jobs import FINAL, Job, State
from fleet.journal import live
from fleet.journal.live import Live
from fleet.journal.rows import Found
from tests.fleet.journal.lives import DRIVE, Make, result


def found(order: Make, number: int, state: State = State.ACCEPTED, **fields: Any) -> Found:
    asked = order(f"{number}")
    return Found(
        number,
        Job(
            id=f"job {number}", inn=asked.inn, key=asked.key, tenant="demo", facade="ferma", state=state,
            accepted_at=1.0, changed_at=1.0, receipt=asked.receipt, **fields,
        ),
        None,
        False,
    )  # fmt: skip


def test_the_newest_is_what_is_there(order: Make) -> None:
    """A step stands on the one before it, and a document leads to its job."""
    jobs = Live()
    jobs.keep(found(order, 1))
    made = found(order, 1, State.REGISTERED, result=result(42))
    jobs.keep(made)
    assert jobs.get("job 1") is made
    assert jobs.of_document(DRIVE, 42) is made
    assert (jobs.get("job 2"), jobs.of_document(DRIVE, 43)) == (None, None)


def test_who_is_at_the_end_is_let_go(order: Make) -> None:
    """Nothing more happens to such a job but a question now and then, which the tables answer."""
    for state in FINAL:
        jobs = Live()
        jobs.keep(found(order, 1, State.REGISTERED, result=result(42)))
        jobs.keep(found(order, 1, state, result=result(42)))
        assert (jobs.get("job 1"), jobs.of_document(DRIVE, 42)) == (None, None)


def test_no_more_than_so_many(order: Make) -> None:
    """A month of documents that no operator confirms must not fill the memory."""
    jobs = Live()
    one = found(order, 0, State.REGISTERED)
    for number in range(live.JOBS_MAX + 10):
        job = msgspec.structs.replace(one.job, id=f"job {number}", result=result(number))
        jobs.keep(msgspec.structs.replace(one, job=job))
    known = [number for number in range(live.JOBS_MAX + 10) if jobs.get(f"job {number}") is not None]
    assert known == list(range(10, live.JOBS_MAX + 10))
    assert jobs.of_document(DRIVE, 9) is None
    assert jobs.of_document(DRIVE, 10) is jobs.get("job 10")


def test_all_is_forgotten_at_once(order: Make) -> None:
    """Whatever casts doubt on one of them casts doubt on all."""
    jobs = Live()
    jobs.keep(found(order, 1, State.REGISTERED, result=result(42)))
    jobs.clear()
    assert (jobs.get("job 1"), jobs.of_document(DRIVE, 42)) == (None, None)
