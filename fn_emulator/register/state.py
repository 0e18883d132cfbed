"""What a register writes down: one compact record per change, a whole picture now and then.

Tables, registers, clock and the number of the last document survive the end of the process; an open receipt does not
(it lives in the register's and the drive's memory). Loading reads backwards to the last picture, so that the start
does not get slower over the years.
"""

from __future__ import annotations

import msgspec

from fn_emulator.storage import Storage

__all__ = ["ClockSet", "Counted", "ExchangeSet", "Log", "Picture", "Wrote"]

RECORDS_BETWEEN_PICTURES = 500
"""Each start reads at most so many records; a picture is about 1 KiB, so it adds two bytes to each of them."""

Cell = tuple[int, int, int, int | str]


class Wrote(msgspec.Struct, tag="t", array_like=True, frozen=True):
    """A setting got a value: table, row, field, value."""

    cell: Cell


class Counted(msgspec.Struct, tag="c", array_like=True, frozen=True):
    """A document or an operation: changed registers as absolute values, and how far the drive had come."""

    last_document: int
    money: dict[int, int]
    counts: dict[int, int]
    shift_opened: float | None


class ClockSet(msgspec.Struct, tag="k", array_like=True, frozen=True):
    """The clock was set; `date_awaited` while 22h has no 23h yet (mode 6)."""

    skew_s: float
    date_awaited: bool


class ExchangeSet(msgspec.Struct, tag="x", array_like=True, frozen=True):
    """14h: speed code and byte time-out of a port."""

    port: int
    speed: int
    timeout: int


class Picture(msgspec.Struct, tag="p", array_like=True, frozen=True):
    """Everything at once: what came before it need not be read."""

    cells: list[Cell]
    money: dict[int, int]
    counts: dict[int, int]
    skew_s: float
    date_awaited: bool
    last_document: int
    shift_opened: float | None
    ports: dict[int, tuple[int, int]] = {}


Record = Wrote | Counted | ClockSet | ExchangeSet | Picture

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


class Log:
    """The register's part of its storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._since_picture = 0

    def read(self) -> list[Record]:
        """The last picture and what came after it, oldest first."""
        records: list[Record] = []
        for _, data in self._storage.scan(backwards=True):
            record = _decoder.decode(data)
            records.append(record)
            if isinstance(record, Picture):
                break
        records.reverse()
        self._since_picture = len(records)
        return records

    def write(self, record: Record) -> None:
        """Append one record."""
        self._storage.append(_encoder.encode(record))
        self._since_picture = 0 if isinstance(record, Picture) else self._since_picture + 1

    @property
    def wants_picture(self) -> bool:
        return self._since_picture >= RECORDS_BETWEEN_PICTURES
