"""The drive's archive, document by document: resumable, with progress, whatever happens to the line in between.

    progress = yield from begin_export()
    while not progress.done:
        document, progress = yield from export_next(progress)

Each step is a procedure of its own, and `Progress` is a plain value: keep it, and go on tomorrow. A drive keeps the
whole content of documents for some time and the short form (number, moment, sign, sum) for five years.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from ffd.archive import Archive, ArchivedDocument
from ffd.documents import Document
from ffd.errors import FfdError
from kkt_driver.commands import DriveStatus, FindDocumentReply, OperatorTicket, OperatorTicketReply
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Malformed, Misuse, Refused, WrongDevice
from kkt_driver.procedures.documents import NO_DATA, decode, document, find

__all__ = ["Exported", "Progress", "archive_of", "begin_export", "export_next", "ticket"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an export is: documents `first` to `last` of one drive, `next` is the one to read now."""

    drive: str
    first: int
    last: int
    next: int

    @property
    def done(self) -> bool:
        return self.next > self.last

    @property
    def share(self) -> float:
        """What part of the documents was read, 0 to 1."""
        count = self.last - self.first + 1
        return 1.0 if count <= 0 else (self.next - self.first) / count


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """One document: `content` is its fields one after the other, None when the drive keeps only the short form."""

    number: int
    form: int
    moment: datetime | None
    sign: int
    confirmed: bool
    operation: int | None = None
    total: int | None = None
    shift: int | None = None
    content: bytes | None = None
    ticket: bytes | None = None

    @property
    def document(self) -> Document | None:
        """The content, typed; None of a short form. Malformed when it is not what its form promises."""
        return None if self.content is None else decode(self.form, self.content)


def begin_export(*, first: int = 1, last: int | None = None, password: int = 30) -> Procedure[Progress]:
    """From document `first` to `last`, or to the last there is."""
    if first < 1:
        raise Misuse(f"documents are numbered from 1, not from {first}")
    status = yield from ask(DriveStatus(password=password))
    end = status.last_document if last is None else min(last, status.last_document)
    return Progress(drive=status.drive, first=first, last=end, next=first)


def export_next(
    progress: Progress, *, tickets: bool = False, password: int = 30
) -> Procedure[tuple[Exported | None, Progress]]:
    """The next document and the progress after it; None where the archive has a gap. WrongDevice: another drive.

    An answer that is lost on the way costs nothing: the step is made again.
    """
    if progress.done:
        raise Misuse("everything was exported")
    number = progress.next
    if number == progress.first or number % RECOGNISE_EVERY == 0:
        yield from _same_drive(progress, password)
    record = yield from find(number, password=password)
    after = msgspec.structs.replace(progress, next=number + 1)
    if record is None:
        return None, after
    content = yield from _content(number, password)
    proof = (yield from ticket(number, password=password)) if tickets and record.ticket else None
    return _exported(record, content, proof), after


RECOGNISE_EVERY = 100
"""Documents between two looks at the drive's number; a new connection is identified by whoever opens it."""


def _same_drive(progress: Progress, password: int) -> Procedure[None]:
    found = (yield from ask(DriveStatus(password=password))).drive
    if found != progress.drive:
        raise WrongDevice(f"drive {found} answers, the export is of drive {progress.drive}")


def _content(number: int, password: int) -> Procedure[bytes | None]:
    try:
        return (yield from document(number, password=password))
    except Refused as refusal:
        if refusal.code != NO_DATA:
            raise
        return None


def _exported(record: FindDocumentReply, content: bytes | None, proof: OperatorTicketReply | None) -> Exported:
    return Exported(
        number=record.document,
        form=record.type,
        moment=record.moment,
        sign=record.sign,
        confirmed=bool(record.ticket),
        operation=record.operation,
        total=record.total,
        shift=record.shift,
        content=content,
        ticket=None if proof is None else proof.sign,
    )


def ticket(number: int, *, password: int = 30) -> Procedure[OperatorTicketReply | None]:
    """The operator's confirmation of a document (FF3Ch), None while there is none."""
    try:
        return (yield from ask(OperatorTicket(password=password, document=number)))
    except Refused as refusal:
        if refusal.code != NO_DATA:
            raise
        return None


def archive_of(
    documents: list[Exported], *, drive: str, registration_number: str, program: str = "", shifts: int = 0
) -> Archive:
    """The archive file (`ffd.archive`) of the documents that came with their content: it has none of short forms."""
    kept = []
    for one in documents:
        typed = one.document
        if typed is None:
            continue
        try:
            kept.append(ArchivedDocument.of(typed))
        except FfdError as error:
            raise Malformed(f"document {one.number} does not fit an archive file: {error}") from error
    return Archive(
        drive=drive,
        registration_number=registration_number,
        program=program,
        shifts=shifts,
        documents=tuple(kept),
    )
