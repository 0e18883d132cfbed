"""What a drive writes to its log: every record holds one event and the whole state after it.

So opening a drive is reading one record, a commit is one append, and nothing has to be replayed. The state counts
some two hundred bytes; the documents themselves stay in their records and are found by offset
(`fn_emulator.drive.log`).
"""

from __future__ import annotations

import msgspec

from fn_emulator.errors import StorageError

__all__ = ["DocumentRecord", "EventRecord", "Record", "State", "TicketRecord", "decode_record", "encode_record"]

OPERATIONS = 4
SUMS = 12
BLOCK = 1 + SUMS
COUNTERS = 1 + OPERATIONS * BLOCK + 1 + OPERATIONS * 2
"""All receipts; for each operation count and 12 sums; all corrections; for each operation count and sum."""
UNSENT = 1 + OPERATIONS * 2
"""Receipts; for each operation count and sum."""


def _no_counters() -> list[int]:
    return [0] * COUNTERS


def _nothing_unsent() -> list[int]:
    return [0] * UNSENT


class State(msgspec.Struct, array_like=True, omit_defaults=True):
    """Everything a drive knows besides its documents. Lists are replaced, never changed: copies share them."""

    phase: int = 1
    ffd: int = 0
    # registration in force
    tax: int = 0
    mode: int = 0
    extended: int = 0
    inn: bytes = b""
    registration_number: bytes = b""
    operator_inn: bytes = b""
    registered: int = 0  # moment of the registration report
    expires: int = 0  # midnight of the expiry date
    registrations: list[int] = msgspec.field(default_factory=list)
    # documents
    document: int = 0
    moment: int = 0  # of the last document
    form: int = 0
    last_of_form: dict[int, int] = msgspec.field(default_factory=dict)
    # shift
    shift: int = 0
    shift_open: bool = False
    shift_opened: int = 0
    shift_boundary: int = 0  # last registration or close of a shift: the next one may open an hour before
    receipt: int = 0
    shift_documents: int = 0
    # operator queue: documents are numbered apart as they enter it; tickets come in the same order
    queued: int = 0
    ticketed: int = 0
    unsent_document: int = 0
    unsent_moment: int = 0
    ticket_flags: int = 0  # bits 4 to 6 of the warning byte
    operator_messages: int = 0  # tag 1206, collected until the next shift report
    # 30-day store
    kept_bytes: int = 0
    kept_from: int = 1
    # towers of the log
    documents_tower: list[int] = msgspec.field(default_factory=list)
    tickets_tower: list[int] = msgspec.field(default_factory=list)
    # money
    drive_counters: list[int] = msgspec.field(default_factory=_no_counters)
    shift_counters: list[int] = msgspec.field(default_factory=_no_counters)
    unsent_counters: list[int] = msgspec.field(default_factory=_nothing_unsent)
    # marking: requests and notifications have numbers of their own; receipts for notifications come in their order
    requests: int = 0
    notified: int = 0
    delivered: int = 0  # notifications with a receipt, or exported and confirmed
    notified_moment: int = 0  # of the oldest notification that is not delivered
    notified_bytes: int = 0  # taken by those that are not delivered
    notices_tower: list[int] = msgspec.field(default_factory=list)
    keys_offset: int = 0  # record with the table of check keys
    keys_version: int = 0
    keys_moment: int = 0
    bad_codes: int = 0  # tag 2112, collected until the next shift report
    bad_messages: int = 0  # tag 2113


class DocumentRecord(msgspec.Struct, array_like=True, frozen=True, tag="D"):
    """A fiscal document. `tail` is the part of the archive record behind date, number and sign."""

    number: int
    form: int
    moment: int
    sign: bytes  # four bytes as they stand in tag 1077
    tail: bytes
    queue_number: int  # 0: made in autonomous mode, never sent
    container: bytes
    state: State
    notice: bytes = b""  # container of the notification about marked goods that was made with it


class TicketRecord(msgspec.Struct, array_like=True, frozen=True, tag="T"):
    """An accepted ticket. `number` counts tickets."""

    number: int
    document: int
    moment: int
    sign: bytes  # value of tag 1078 as it came
    code: int
    container: bytes
    state: State


class EventRecord(msgspec.Struct, array_like=True, frozen=True, tag="E"):
    """Anything else that must survive: manufacture ("made"), a debug drive's reset ("reset"), a request to the marking
    system ("request"), its answer ("answer"), a receipt for a notification ("receipt") or its export ("exported"), and
    a new table of check keys ("keys"), which is its `data`.
    """

    event: str
    drive: str
    state: State
    data: bytes = b""


Record = DocumentRecord | TicketRecord | EventRecord

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(DocumentRecord | TicketRecord | EventRecord)


def encode_record(record: Record) -> bytes:
    return _encoder.encode(record)


def decode_record(data: bytes) -> Record:
    try:
        record: Record = _decoder.decode(data)
        return record
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StorageError(f"a record of {len(data)} bytes is not a drive's: {error}") from error
