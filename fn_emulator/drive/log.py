"""Documents, tickets and notifications by number, on a storage that only knows offsets.

Every record keeps a *tower*: offsets of the nearest earlier documents whose numbers are multiples of 1, 2, 4, 8 …
From the newest document any other is some twenty reads away in an archive of 250 000, and no index is held in
memory or rebuilt at start.
"""

from __future__ import annotations

from collections.abc import Callable

from fn_emulator.drive.records import (
    DocumentRecord,
    EventRecord,
    Record,
    State,
    TicketRecord,
    decode_record,
    encode_record,
)
from fn_emulator.errors import StorageError
from fn_emulator.storage import Storage

__all__ = ["Log", "raised"]

RECENT_MAX = 256
"""Offsets remembered of each kind: what procedures look up is the last few documents."""


def raised(tower: list[int], number: int, offset: int) -> list[int]:
    """The tower after record `number` was put at `offset`."""
    height = (number & -number).bit_length()
    return [offset] * height + tower[height:]


class Log:
    """Reads and appends records; knows where documents and tickets are."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._documents: dict[int, int] = {}
        self._tickets: dict[int, int] = {}
        self._notices: dict[int, int] = {}

    def last(self) -> tuple[int, Record] | None:
        """The newest record, which holds the drive's present state."""
        for offset, data in self._storage.scan(backwards=True):
            return offset, decode_record(data)
        return None

    def append(self, record: Record) -> int:
        """Makes the event durable."""
        offset = self._storage.append(encode_record(record))
        self._storage.sync()
        if isinstance(record, DocumentRecord):
            _remember(self._documents, record.number, offset)
            if record.notice:
                _remember(self._notices, record.state.notified, offset)
        elif isinstance(record, TicketRecord):
            _remember(self._tickets, record.number, offset)
        return offset

    def forget(self) -> None:
        """A debug drive was wiped: numbers start anew."""
        self._documents.clear()
        self._tickets.clear()
        self._notices.clear()

    def document(self, state: State, number: int) -> DocumentRecord | None:
        """The document `number`, if it was ever made."""
        record = self._find(number, state.document, state.documents_tower, self._documents, _as_document)
        assert record is None or isinstance(record, DocumentRecord)
        return record

    def ticket(self, state: State, number: int) -> TicketRecord | None:
        """Ticket `number` in the order of arrival."""
        record = self._find(number, state.ticketed, state.tickets_tower, self._tickets, _as_ticket)
        assert record is None or isinstance(record, TicketRecord)
        return record

    def notice(self, state: State, number: int) -> DocumentRecord | None:
        """The receipt with which notification `number` was made."""
        record = self._find(number, state.notified, state.notices_tower, self._notices, _as_notice)
        assert record is None or isinstance(record, DocumentRecord)
        return record

    def event(self, offset: int) -> EventRecord:
        """The event that was put at `offset`."""
        record = decode_record(self._storage.read(offset))
        if not isinstance(record, EventRecord):
            raise StorageError(f"record at {offset} is no event: the log of this drive is mixed with another")
        return record

    def _find(self, number: int, last: int, tower: list[int], known: dict[int, int], view: View) -> Record | None:
        if not 1 <= number <= last:
            return None
        if (offset := known.get(number)) is not None:
            return decode_record(self._storage.read(offset))
        while True:
            level = next(level for level in reversed(range(len(tower))) if last >> level << level >= number)
            offset, at = tower[level], last >> level << level
            record = decode_record(self._storage.read(offset))
            found, lower = view(record)
            if found != at:
                raise StorageError(
                    f"record at {offset} is not number {at}: the log of this drive is mixed with another"
                )
            if at == number:
                _remember(known, number, offset)
                return record
            last, tower = at - 1, lower


View = Callable[[Record], tuple[int, list[int]]]
"""A record's number in one of the three orders (0: not in it), and its tower there."""


def _as_document(record: Record) -> tuple[int, list[int]]:
    return (record.number, record.state.documents_tower) if isinstance(record, DocumentRecord) else (0, [])


def _as_ticket(record: Record) -> tuple[int, list[int]]:
    return (record.number, record.state.tickets_tower) if isinstance(record, TicketRecord) else (0, [])


def _as_notice(record: Record) -> tuple[int, list[int]]:
    notified = isinstance(record, DocumentRecord) and record.notice
    return (record.state.notified, record.state.notices_tower) if notified else (0, [])


def _remember(known: dict[int, int], number: int, offset: int) -> None:
    if len(known) >= RECENT_MAX:
        del known[next(iter(known))]
    known[number] = offset
