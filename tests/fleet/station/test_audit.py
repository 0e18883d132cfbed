"""Twin of `fleet.station.audit`: a page of the archive against the same page of the journal."""

from __future__ import annotations

from datetime import datetime

import pytest

from fleet.journal.base import OwnDocument
from fleet.station.audit import PROBLEMS_MAX, Findings, check_counters, compare
from kkt_driver.commands import FindDocumentReply


def record(document: int, *, form: int = 3, total: int = 100, sign: int = 7, ticket: int = 1) -> FindDocumentReply:
    tail = bytes([1]) + total.to_bytes(5, "little") if form == 3 else b""
    return FindDocumentReply(
        type=form, ticket=ticket, moment=datetime(2026, 1, 1), document=document, sign=sign, tail=tail
    )


def job(document: int, *, total: int = 100, sign: int = 7, confirmed: bool = True) -> OwnDocument:
    return OwnDocument(document=document, job=f"job {document}", sign=sign, total=total, confirmed=confirmed)


def compared(records: list[FindDocumentReply], known: list[OwnDocument]) -> Findings:
    found = Findings(drive="d", first=1, last=3, why="test", at=1)
    compare(found, records, known, range(1, 4))
    return found


def test_all_agrees() -> None:
    """A shift report is no job's, and sums are those of both sides."""
    found = compared([record(1, form=2), record(2), record(3, total=250)], [job(2), job(3, total=250)])
    assert (found.documents, found.receipts, found.problem_count, found.at) == (3, 2, 0, 4)
    assert found.archive == found.journal == {1: 350}


@pytest.mark.parametrize(
    ("records", "known", "text"),
    [
        ([record(1), record(2)], [job(1), job(2)], "document 3: the archive does not give it"),
        ([record(1), record(2), record(3)], [job(1), job(2)], "document 3: a receipt of 100 kopecks that is no job's"),
        ([record(1), record(2), record(3, form=5)], [job(1), job(2), job(3)], "document 3: form 5"),
        ([record(1), record(2), record(3, total=1)], [job(1), job(2), job(3)], "total 1 in the archive, 100"),
        ([record(1), record(2), record(3, sign=8)], [job(1), job(2), job(3)], "sign 8 in the archive, 7"),
        ([record(1), record(2), record(3, ticket=0)], [job(1), job(2), job(3)], "the drive has no ticket"),
    ],
)
def test_what_does_not_agree(records: list[FindDocumentReply], known: list[OwnDocument], text: str) -> None:
    """Each kind of fault is one problem with its place."""
    found = compared(records, known)
    assert found.problem_count == 1
    assert text in found.problems[0]


def test_a_ticket_that_the_journal_has_not_heard_of() -> None:
    """No fault: the relay catches up with it."""
    found = compared([record(1), record(2), record(3)], [job(1), job(2), job(3, confirmed=False)])
    assert (found.problem_count, found.unconfirmed) == (0, [3])


@pytest.mark.parametrize(
    ("before", "now", "problems"),
    [
        ({1: 1000, 2: 0}, {1: 1100, 2: 50}, 0),
        ({1: 1000, 2: 0}, {1: 1200, 2: 50}, 1),
        ({1: 1000, 2: 70}, {1: 1000, 2: 50}, 2),
        (None, {1: 7}, 0),
        ({1: 7}, None, 0),
    ],
)
def test_the_drives_own_counters(before: dict[int, int] | None, now: dict[int, int] | None, problems: int) -> None:
    """Money that the drive counted and no receipt shows, or the other way round, is a fault; the unknown is none."""
    found = Findings(drive="d", first=1, last=3, why="test", at=4, archive={1: 100, 2: 50}, counters=now)
    check_counters(found, before)
    assert found.problem_count == problems


def test_many_faults_are_counted_and_some_are_kept() -> None:
    """A drive that is not ours at all does not fill the journal."""
    found = Findings(drive="d", first=1, last=500, why="test", at=1)
    compare(found, [], [], range(1, 501))
    assert (found.problem_count, len(found.problems)) == (500, PROBLEMS_MAX)
