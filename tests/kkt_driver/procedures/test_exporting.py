"""The archive, document by document."""

from __future__ import annotations

import msgspec
import pytest

from ffd.archive import Archive
from ffd.documents import ReceiptDocument, RegistrationReport, ShiftOpenReport
from fn_emulator.faults import Fault
from kkt_driver import commands as k
from kkt_driver.errors import DriverError, Malformed, Misuse, WrongDevice
from kkt_driver.procedures.documents import read
from kkt_driver.procedures.exporting import Exported, Progress, archive_of, begin_export, export_next, ticket
from tests.kkt_driver.bench import Bench
from tests.kkt_driver.hand import ByHand, refused


def sold(receipts: int = 2) -> Bench:
    bench = Bench()
    bench.open_shift()
    for number in range(receipts):
        bench.sell(job=f"job-{number}")
    return bench


def exported(bench: Bench, progress: Progress) -> list[Exported]:
    found = []
    while not progress.done:
        one, progress = bench.run(export_next(progress))
        assert one is not None
        found.append(one)
    return found


def test_every_document_comes_typed() -> None:
    """Registration, shift, receipts: each in the class of its form, with what the drive's index says of it."""
    bench = sold()
    documents = exported(bench, bench.run(begin_export()))
    assert [type(one.document) for one in documents] == [
        RegistrationReport, ShiftOpenReport, ReceiptDocument, ReceiptDocument,
    ]  # fmt: skip
    assert [(one.number, one.form) for one in documents] == [(1, 1), (2, 2), (3, 3), (4, 3)]
    assert (documents[2].operation, documents[2].total, documents[1].shift) == (1, 50000, 1)
    assert isinstance(bench.run(read(3)), ReceiptDocument)
    assert bench.run(read(99)) is None


def test_an_export_goes_on_where_it_stopped() -> None:
    """The progress is a plain value: kept as JSON over a broken line, a restart, a night."""
    bench = sold()
    progress = bench.run(begin_export(first=2))
    assert (progress.first, progress.last, progress.share) == (2, 4, 0)
    first, progress = bench.run(export_next(progress))
    progress = msgspec.json.decode(msgspec.json.encode(progress), type=Progress)
    bench.fail(("FF3B", Fault.ANSWER_LOST))
    try:
        second, after = bench.run(export_next(progress))
    except DriverError:
        second, after = bench.run(export_next(progress))
    assert first is not None
    assert second is not None
    assert (first.number, second.number, round(after.share, 2)) == (2, 3, 0.67)
    assert [one.number for one in exported(bench, after)] == [4]
    with pytest.raises(Misuse):
        bench.run(export_next(msgspec.structs.replace(after, next=5)))


def test_another_drive_does_not_continue_an_export() -> None:
    """A drive that was swapped overnight would fill the file with another owner's documents."""
    bench = sold()
    progress = msgspec.structs.replace(bench.run(begin_export()), drive="9999078900009999")
    with pytest.raises(WrongDevice):
        bench.run(export_next(progress))


def test_old_documents_come_in_short_form() -> None:
    """Five years of numbers, signs and sums; the content only for some time."""
    record = k.FindDocumentReply(type=3, ticket=1, moment=None, document=7, sign=9, tail=bytes.fromhex("01c800000000"))
    hand = ByHand(
        {
            k.FindDocument: record,
            k.SelectDocument: refused(0x08),
            k.OperatorTicket: k.OperatorTicketReply(moment=None, sign=b"s" * 18, document=7),
        }
    )
    one, progress = hand.play(export_next(Progress(drive="d", first=1, last=9, next=7), tickets=True))
    assert (one.content, one.document, one.total, one.ticket) == (None, None, 200, b"s" * 18)
    assert progress.next == 8
    hand = ByHand({k.FindDocument: refused(0x08)})
    assert hand.play(export_next(Progress(drive="d", first=1, last=9, next=7)))[0] is None
    assert ByHand({k.OperatorTicket: refused(0x08)}).play(ticket(7)) is None


def test_a_document_that_is_not_what_its_form_promises() -> None:
    """Malformed, never a half-read document."""
    with pytest.raises(Malformed):
        Exported(number=1, form=3, moment=None, sign=1, confirmed=False, content=b"\xff").document  # noqa: B018  the property reads
    with pytest.raises(Malformed):
        Exported(number=1, form=99, moment=None, sign=1, confirmed=False, content=b"").document  # noqa: B018  the property reads


def test_an_archive_file_of_what_was_exported() -> None:
    """What comes out of a drive goes into the file that the tax office reads, and back."""
    bench = sold()
    documents = exported(bench, bench.run(begin_export()))
    short = msgspec.structs.replace(documents[0], content=None)
    archive = archive_of([short, *documents], drive=bench.identity.drive, registration_number=bench.identity.rnm)
    again = Archive.decode(archive.encode())
    assert len(again.documents) == 4
    assert isinstance(again.documents[3].document, ReceiptDocument)


def test_documents_are_numbered_from_one() -> None:
    """Zero would ask the drive for a document that cannot be."""
    with pytest.raises(Misuse):
        Bench().run(begin_export(first=0))
