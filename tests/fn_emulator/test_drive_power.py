"""Power cuts: the log is cut at every byte of every write, and the drive must be wholly before or wholly after the
event.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ffd.container import SESSION_MARKING
from fn_emulator.drive import Drive
from fn_emulator.errors import StorageError
from fn_emulator.marking_system import Rules
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from tests.fn_emulator.drives import (
    AUTONOMOUS,
    MARKING,
    NUMBER,
    Hands,
    good_code,
    registered,
    with_marking,
    with_shift,
)


def waiting() -> Hands:
    hands = with_shift()
    hands.receipt()
    hands.read_message()
    return hands


def receipt_ready() -> Hands:
    hands = with_shift()
    hands.begin_receipt()
    return hands


def closed() -> Hands:
    hands = registered()
    hands.close_drive()
    hands.deliver()
    hands.read_message()
    return hands


def take_ticket(hands: Hands) -> None:
    hands.ok(0x26, hands.ticket(again(hands)))


def again(hands: Hands) -> bytes:
    hands.ok(0x21, b"\x01")
    return hands.read_message()


CODE = good_code()


def checked() -> Hands:
    hands = with_marking()
    hands.check(CODE)
    return hands


def asked() -> Hands:
    """A request is under way, and the answer to it will be a bad one."""
    hands = with_marking()
    hands.marking_system.rules = Rules(default="malformed code")
    hands.check(CODE)
    hands.request()
    return hands


def take_answer(hands: Hands) -> None:
    hands.ok(0xB6, hands.asked(hands.marking_system, hands.ok(0xB5), SESSION_MARKING))


def marked(mode: int = 0) -> Hands:
    hands = with_marking(mode=mode)
    hands.checked(CODE)
    hands.begin_receipt()
    hands.notice(CODE)
    return hands


def notified(mode: int = 0) -> Hands:
    hands = marked(mode)
    hands.ok(*hands.receipt_form())
    return hands


def exported() -> Hands:
    hands = notified(AUTONOMOUS)
    hands.ok(0xD3, b"\0")
    return hands


EVENTS: dict[str, tuple[Callable[[], Hands], Callable[[Hands], object]]] = {
    "registration": (Hands, Hands.register),
    "shift open": (registered, Hands.open_shift),
    "receipt": (receipt_ready, lambda hands: hands.ok(*hands.receipt_form())),
    "shift close": (with_shift, Hands.close_shift),
    "settlements": (with_shift, Hands.settlements),
    "change of registration": (registered, lambda hands: hands.register(2)),
    "drive close": (registered, Hands.close_drive),
    "ticket": (waiting, take_ticket),
    "ticket of the drive close": (closed, take_ticket),
    "reset": (with_shift, lambda hands: hands.ok(0x60, b"\x16")),
    "marked receipt": (marked, lambda hands: hands.ok(*hands.receipt_form())),
    "request about a code": (checked, lambda hands: hands.request()),
    "answer about a bad code": (asked, take_answer),
    "receipt for a notification": (notified, Hands.deliver_notice),
    "export": (exported, lambda hands: hands.ok(0xD6, b"\1" + hands.ok(0xD4, b"\0")[:4] + hands.ok(0xD4, b"\0")[6:])),
    "key table": (lambda: registered(extended=MARKING), Hands.update_keys),
}


def memory(hands: Hands) -> MemoryStorage:
    assert isinstance(hands.storage, MemoryStorage)
    return hands.storage


@pytest.mark.parametrize("name", EVENTS)
def test_cut_at_every_byte(name: str) -> None:
    """One event is one record: cut anywhere inside it and the drive is wholly what it was before."""
    prepare, happen = EVENTS[name]
    hands = prepare()
    before, image_before = hands.drive.state, memory(hands).image
    happen(hands)
    after, image = hands.drive.state, memory(hands).image
    records = list(memory(hands).scan())
    assert records[-1][0] == len(image_before), "one event, one append"
    for size in range(len(image_before), len(image) + 1):
        drive = Drive(MemoryStorage(image[:size]), number=NUMBER, keys=DEMO_MASTER_KEY)
        assert drive.state == (after if size == len(image) else before)


def test_life_goes_on_after_a_cut() -> None:
    """After a cut inside the close of a receipt the same receipt is made again under the same number, without a gap."""
    hands = receipt_ready()
    size = len(memory(hands).image)
    hands.ok(*hands.receipt_form())
    whole = memory(hands).image
    for cut in (size, size + 1, (size + len(whole)) // 2, len(whole) - 1):
        other = Hands(MemoryStorage(whole[:cut]))
        assert other.drive.last_document == 2
        other.receipt()
        assert other.drive.last_document == 3
        assert other.deliver_all() == 3


def whole_life() -> Hands:
    """Every kind of event that a drive writes down, from the factory to the archive."""
    hands = registered(extended=MARKING)
    hands.update_keys()
    hands.open_shift()
    hands.receipt()
    hands.checked(CODE)
    hands.marked_receipt(CODE)
    hands.deliver()
    hands.receipt(begin=0x17)
    hands.settlements()
    hands.deliver_notice()
    hands.close_shift()
    hands.register(2, extended=MARKING)
    hands.deliver_all()
    hands.close_drive()
    hands.deliver_all()
    return hands


def test_cut_at_every_write_of_a_life() -> None:
    """The power goes after each write and inside it: documents without gaps, every one whole, nothing of half an
    event, and the drive goes on.
    """
    hands = whole_life()
    image = memory(hands).image
    ends = [*(offset for offset, _ in memory(hands).scan() if offset > 8), len(image)]
    last = 0
    for end, torn in zip(ends, [*ends[1:], len(image)], strict=True):
        for size in {end, (end + torn) // 2, max(end, torn - 1)}:
            drive = Drive(MemoryStorage(image[:size]), number=NUMBER, keys=DEMO_MASTER_KEY)
            documents = [drive.log.document(drive.state, number) for number in range(1, drive.last_document + 1)]
            assert [document and document.number for document in documents] == list(range(1, len(documents) + 1))
            assert drive.log.document(drive.state, drive.last_document + 1) is None
            notices = [drive.log.notice(drive.state, number) for number in range(1, drive.state.notified + 1)]
            assert all(notice and notice.notice for notice in notices)
            tickets = [drive.log.ticket(drive.state, number) for number in range(1, drive.state.ticketed + 1)]
            assert [ticket and ticket.number for ticket in tickets] == list(range(1, len(tickets) + 1))
        assert drive.last_document in (last, last + 1)
        last = drive.last_document
    assert (last, drive.phase) == (hands.drive.last_document, 15)


class FailingStorage(MemoryStorage):
    """A test double: a disk that is full when told so."""

    full = False

    def append(self, record: bytes) -> int:
        if self.full:
            raise StorageError("memory log: no space left")
        return super().append(record)


def test_storage_that_cannot_write() -> None:
    """A commit that cannot be written changes nothing: the document stays open and is formed later."""
    storage = FailingStorage()
    hands = with_shift(storage=storage)
    hands.begin_receipt()
    before = hands.drive.state
    storage.full = True
    with pytest.raises(StorageError):
        hands.send(*hands.receipt_form())
    assert hands.drive.state == before
    assert hands.drive.state.shift_counters == before.shift_counters
    storage.full = False
    hands.ok(*hands.receipt_form())
    assert hands.drive.last_document == 3
    hands.restart()
    assert hands.drive.last_document == 3
    assert hands.ok(0x37, b"\0")[2:6] == b"\x01\0\0\0"
