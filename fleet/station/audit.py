"""Journal against archive: every receipt of the drive is a job's, every document of a job is in the drive, sums and
signs agree, the drive's own counters grew by them, and what the operator confirmed is known to be confirmed.

Runs at every shift close over what was made since the last audit, and whenever somebody asks, over as much as they
ask. It reads a page of documents at a time and only while no receipt waits.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fleet.journal.base import OwnDocument
from fleet.station.archive import PAGE, receipts_of, short_records
from fleet.station.workplace import Workplace
from kkt_driver.client import Register
from kkt_driver.commands import RECEIPT_FORMS, DriveStatus, FindDocumentReply, Totals
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Refused

__all__ = ["AUDIT", "PROBLEMS_MAX", "Audits", "Findings", "check_counters", "compare", "read_counters"]

AUDIT = "audit"
"""The event under which audits stand in a station's history."""

OPERATIONS = (1, 2, 3, 4)
"""1054, in the order in which FEF4h gives its sums."""
RECEIPTS, CORRECTIONS = 0, 5
"""Kinds of FEF4h."""

PROBLEMS_MAX = 100
"""Kept in one audit's record; the number of all is kept, too."""


class Findings(msgspec.Struct, kw_only=True):
    """One audit as it goes on. Sums are kopecks by operation (1054), of the archive and of the journal."""

    drive: str
    first: int
    last: int
    why: str
    at: int = 0
    """The next document to be read."""
    documents: int = 0
    receipts: int = 0
    archive: dict[int, int] = {}
    journal: dict[int, int] = {}
    foreign: list[int] = []
    unconfirmed: list[int] = []
    """Documents that the drive has a ticket for, and the journal had none yet."""
    counters: dict[int, int] | None = None
    """The drive's own sums by operation since its registration; None where the register does not tell them."""
    problems: list[str] = []
    problem_count: int = 0

    def problem(self, text: str) -> None:
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(text)


def compare(found: Findings, records: list[FindDocumentReply], known: list[OwnDocument], numbers: range) -> None:
    """Hold a page of the archive against the same page of the journal."""
    jobs = {one.document: one for one in known}
    there = {record.document: record for record in records}
    found.documents += len(records)
    found.at = numbers.stop
    for number in numbers:
        record, job = there.get(number), jobs.get(number)
        if record is None:
            found.problem(f"document {number}: the archive does not give it")
        elif record.type in RECEIPT_FORMS:
            found.receipts += 1
            found.archive[record.operation or 0] = found.archive.get(record.operation or 0, 0) + (record.total or 0)
            if job is None:
                found.foreign.append(number)
                found.problem(f"document {number}: a receipt of {record.total} kopecks that is no job's")
            else:
                _same(found, record, job)
        elif job is not None:
            found.problem(f"document {number}: form {record.type} in the archive, job {job.job} in the journal")


def _same(found: Findings, record: FindDocumentReply, job: OwnDocument) -> None:
    found.journal[record.operation or 0] = found.journal.get(record.operation or 0, 0) + job.total
    for what, theirs, ours in (("sign", record.sign, job.sign), ("total", record.total, job.total)):
        if theirs is not None and theirs != ours:
            found.problem(f"document {job.document}: {what} {theirs} in the archive, {ours} with job {job.job}")
    if record.ticket and not job.confirmed:
        found.unconfirmed.append(job.document)
    elif job.confirmed and not record.ticket:
        found.problem(f"document {job.document}: confirmed with job {job.job}, the drive has no ticket")


def check_counters(found: Findings, before: dict[int, int] | None) -> None:
    """The drive's counters grew by what its archive shows; `before` are those of an audit that ended where this one
    began."""
    if before is None or found.counters is None:
        return
    for operation, sum_now in found.counters.items():
        grew, shown = sum_now - before.get(operation, 0), found.archive.get(operation, 0)
        if grew != shown:
            found.problem(f"operation {operation}: the drive counts {grew} kopecks more, its receipts are {shown}")


def read_counters() -> Procedure[dict[int, int] | None]:
    """Receipts' and corrections' sums by operation (FEF4h), or None where the register does not know the command."""
    sums = dict.fromkeys(OPERATIONS, 0)
    for kind in (RECEIPTS, CORRECTIONS):
        try:
            totals = (yield from ask(Totals(kind=kind))).totals
        except Refused:
            return None
        for operation, total in zip(OPERATIONS, totals, strict=False):
            sums[operation] += total
    return sums


class Audits:
    """The audits of one station; one at a time."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._asked: list[tuple[int | None, str]] = []
        self._now: Findings | None = None

    def ask(self, first: int | None, why: str) -> None:
        """Audit from document `first`, or what was made since the last audit."""
        if len(self._asked) < 4:  # more of them would look at the same documents again
            self._asked.append((first, why))

    @property
    def due(self) -> bool:
        """Whether there is something to read."""
        return self._now is not None or bool(self._asked)

    async def turn(self, register: Register) -> None:
        """Read one page, and journal the findings after the last one."""
        if self._now is None:
            self._now = await self._begin(register, *self._asked.pop(0))
        found = self._now
        work = self._work
        assert work.identity is not None
        if found.drive != work.identity.drive:  # the drive was replaced meanwhile
            self._now = None
            return
        if found.at <= found.last:
            numbers = range(found.at, min(found.at + PAGE, found.last + 1))
            records = await register.run(short_records(numbers))
            known = await work.journal.documents(found.drive, numbers.start, numbers.stop - 1)
            before = len(found.foreign)
            compare(found, records, known, numbers)
            await self._keep_foreign(register, found.foreign[before:])
        if found.at > found.last:
            await self._end(register, found)
            self._now = None

    async def _begin(self, register: Register, first: int | None, why: str) -> Findings:
        work = self._work
        assert work.identity is not None
        drive = await register.ask(DriveStatus())
        if first is None:
            first = await self._since(drive.drive)
        counters = await register.run(read_counters())  # in the same hold: nothing is made in between
        return Findings(drive=drive.drive, first=first, last=drive.last_document, why=why, at=first, counters=counters)

    async def _since(self, drive: str) -> int:
        """After the last document of the audit before this one; from the first that is a job's when there was none:
        what a drive made before it came to us is nobody's business here."""
        for record in await self._work.journal.records(self._work.name, [AUDIT]):
            if record.detail["drive"] == drive:
                return int(record.detail["last"]) + 1
        return await self._work.journal.first_document(drive) or 1

    async def _counters_before(self, found: Findings) -> dict[int, int] | None:
        """The counters of an audit that ended where this one began."""
        for record in await self._work.journal.records(self._work.name, [AUDIT]):
            if (record.detail["drive"], record.detail["last"] + 1) == (found.drive, found.first):
                counters = record.detail.get("counters")
                return None if counters is None else {int(key): value for key, value in counters.items()}
        return None

    async def _keep_foreign(self, register: Register, numbers: list[int]) -> None:
        work = self._work
        assert work.identity is not None
        if numbers:
            receipts = receipts_of(numbers, work.identity, station=work.name, timezone=work.config.timezone)
            await work.journal.discover(work.name, await register.run(receipts))

    async def _end(self, register: Register, found: Findings) -> None:
        work = self._work
        drive = await register.ask(DriveStatus())
        if drive.last_document < found.last:
            found.problem(f"the drive's last document went back from {found.last} to {drive.last_document}")
        check_counters(found, await self._counters_before(found))
        detail: dict[str, Any] = msgspec.to_builtins(found, str_keys=True)
        detail["sums_agree"] = found.archive == found.journal
        await work.journal.record(work.name, AUDIT, detail)
        log = work.log.error if found.problem_count else work.log.info
        log("audit", first=found.first, last=found.last, receipts=found.receipts, problems=found.problem_count)
        work.desk.changes.tell()
