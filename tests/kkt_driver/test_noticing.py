"""What changed between two answers is told once."""

from __future__ import annotations

import msgspec

from kkt_driver.noticing import DriveWarned, ForeignDocuments, LineChanged, PaperChanged, StateChanged, Watch
from tests.kkt_driver.hand import DRIVE, SHORT


def test_state_and_paper() -> None:
    """The first mode is news, the same again is not; paper is told in words."""
    watch = Watch()
    status = msgspec.structs.replace(SHORT, mode_byte=4, submode=0)
    assert list(watch.seen(status)) == [StateChanged(4, None)]
    assert list(watch.seen(status)) == []
    gone = msgspec.structs.replace(status, mode_byte=2, submode=2)
    assert list(watch.seen(gone)) == [StateChanged(2, 4), PaperChanged(2, "ran out while printing")]


def test_warnings_of_the_drive_are_in_russian() -> None:
    """Each bit has its text; when they go, that is news too."""
    watch = Watch()
    warned = msgspec.structs.replace(DRIVE, warnings=0b1001)
    (told,) = watch.seen(warned)
    assert isinstance(told, DriveWarned)
    assert (told.bits, len(told.texts)) == (9, 2)
    assert list(watch.seen(msgspec.structs.replace(DRIVE, warnings=0))) == [DriveWarned(0, ())]


def test_documents_of_others_are_counted_against_what_was_asked_for() -> None:
    """One close sent and two documents more: somebody else made one. Another drive begins anew."""
    watch = Watch()
    first = DRIVE.last_document
    assert list(watch.seen(DRIVE)) == []
    watch.issued()
    assert list(watch.seen(msgspec.structs.replace(DRIVE, last_document=first + 1))) == []
    watch.issued()
    found = list(watch.seen(msgspec.structs.replace(DRIVE, last_document=first + 3)))
    assert found == [ForeignDocuments(first + 2, first + 3, 1)]
    assert list(watch.seen(msgspec.structs.replace(DRIVE, drive="9" * 16, last_document=900))) == []


def test_the_line() -> None:
    """A break and its end are events like others."""
    assert Watch().line(open=False, why="cut") == LineChanged(False, "cut")
