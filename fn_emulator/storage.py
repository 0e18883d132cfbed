"""Where a drive or a register keeps what must survive the power: an append-only log behind four methods.

`append` gives the offset of the record, `read` takes it back, `scan` walks all records (from the newest with
`backwards=True`), `sync` makes what was appended durable. Nothing is ever changed in place.

    log    := magic[8] record*
    record := length:u32le crc:u32le content[length] length:u32le

The CRC-32 covers the record's own offset and its content, so a record copied inside another can't be taken for one;
the length behind the content lets a reader start from the end, which keeps the start of a full drive short. A
record that the power cut left unfinished is dropped whole at open; damage in front of sound records is an error,
not a loss to hide.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Protocol
from zlib import crc32

from fn_emulator.errors import StorageError

__all__ = ["RECORD_SIZE_MAX", "FileStorage", "MemoryStorage", "Storage"]

RECORD_SIZE_MAX = 1 << 20
"""A record holds at most one document (32 KiB and its signs), a state or a picture of paper; 1 MiB is far above."""

_MAGIC = b"EMULOG\x01\n"
_HEAD = Struct("<II")
_OFFSET = Struct("<Q")
_FRAME = _HEAD.size + 4
_READ_AHEAD = 2048  # most records come with the first read


class Storage(Protocol):
    """The seam: what a drive or register asks of its memory."""

    def append(self, record: bytes) -> int: ...

    def read(self, offset: int) -> bytes: ...

    def scan(self, *, backwards: bool = False) -> Iterator[tuple[int, bytes]]: ...

    def sync(self) -> None: ...


class _Log(ABC):
    """The format, over anything that has bytes at places."""

    def __init__(self) -> None:
        self._end = self._recover(self._size())

    @abstractmethod
    def _size(self) -> int: ...

    @abstractmethod
    def _get(self, offset: int, size: int) -> bytes: ...

    @abstractmethod
    def _put(self, offset: int, data: bytes) -> None: ...

    @abstractmethod
    def _cut(self, size: int) -> None: ...

    @property
    @abstractmethod
    def name(self) -> str:
        """How errors call this log."""

    def append(self, record: bytes) -> int:
        """One record in one write; it is there whole or, after a power cut, not at all."""
        if len(record) > RECORD_SIZE_MAX:
            raise StorageError(f"{self.name}: a record of {len(record)} bytes, the limit is {RECORD_SIZE_MAX}")
        offset = self._end
        crc = crc32(record, crc32(_OFFSET.pack(offset)))
        frame = _HEAD.pack(len(record), crc) + record + len(record).to_bytes(4, "little")
        self._put(offset, frame)
        self._end = offset + len(frame)
        return offset

    def read(self, offset: int) -> bytes:
        """The record that `append` put at `offset`."""
        if not len(_MAGIC) <= offset <= self._end - _FRAME:
            raise StorageError(f"{self.name}: no record at {offset}, the log ends at {self._end}")
        record = self._sound(offset, self._end)
        if record is None:
            raise StorageError(f"{self.name}: damaged record at {offset}")
        return record

    def scan(self, *, backwards: bool = False) -> Iterator[tuple[int, bytes]]:
        """Every record with its offset, oldest first or newest first."""
        offset = self._end if backwards else len(_MAGIC)
        while (offset > len(_MAGIC)) if backwards else (offset < self._end):
            if backwards:
                offset -= _FRAME + int.from_bytes(self._get(offset - 4, 4), "little")
            record = self.read(offset)
            yield offset, record
            if not backwards:
                offset += _FRAME + len(record)

    @abstractmethod
    def sync(self) -> None: ...

    def _sound(self, offset: int, end: int) -> bytes | None:
        """The record at `offset` if all of it is there and its CRC agrees."""
        ahead = self._get(offset, min(_READ_AHEAD, end - offset))
        if len(ahead) < _HEAD.size:
            return None
        length, crc = _HEAD.unpack_from(ahead)
        whole = length + _FRAME
        if length > RECORD_SIZE_MAX or offset + whole > end:
            return None
        if whole > len(ahead):
            ahead += self._get(offset + len(ahead), whole - len(ahead))
        record = ahead[_HEAD.size : _HEAD.size + length]
        if ahead[whole - 4 : whole] != ahead[:4] or crc32(record, crc32(_OFFSET.pack(offset))) != crc:
            return None
        return record

    def _recover(self, size: int) -> int:
        """Where the sound log ends; what the power cut off is removed."""
        head = self._get(0, min(size, len(_MAGIC)))
        if not _MAGIC.startswith(head):
            raise StorageError(f"{self.name}: not a log of this emulator (begins with {head.hex(' ')})")
        if len(head) < len(_MAGIC):
            self._cut(0)
            self._put(0, _MAGIC)
            return len(_MAGIC)
        if size == len(_MAGIC) or self._ends_well(size):
            return size
        offset = self._last_sound_end(size)
        length = int.from_bytes(self._get(offset, min(4, size - offset)), "little")
        if size - offset >= _FRAME and length <= RECORD_SIZE_MAX and offset + _FRAME + length < size:
            raise StorageError(
                f"{self.name}: damaged record at {offset} with {size - offset} bytes from there on; restore a copy"
            )
        self._cut(offset)
        return offset

    def _last_sound_end(self, size: int) -> int:
        """Where the last sound record ends, looked for backwards: a torn one is no longer than a record may be."""
        start = max(len(_MAGIC), size - RECORD_SIZE_MAX - _FRAME)
        tail = self._get(start, size - start)
        for end in range(size - 1, start + 3, -1):
            length = int.from_bytes(tail[end - start - 4 : end - start], "little")
            if length <= end - _FRAME - len(_MAGIC) and self._sound(end - _FRAME - length, end) is not None:
                return end
        if start > len(_MAGIC):
            raise StorageError(f"{self.name}: no sound record in the last {size - start} bytes; restore a copy")
        return len(_MAGIC)

    def _ends_well(self, size: int) -> bool:
        """Whether the last record is whole, seen from its end: the usual case, and then nothing else is read."""
        length = int.from_bytes(self._get(size - 4, 4), "little")
        offset = size - _FRAME - length
        return offset >= len(_MAGIC) and self._sound(offset, size) is not None


class MemoryStorage(_Log):
    """A log in memory. `image` is what a file would hold: cut it anywhere and open it again to play a power cut."""

    def __init__(self, image: bytes = b"") -> None:
        self._bytes = bytearray(image)
        super().__init__()

    @property
    def name(self) -> str:
        return "memory log"

    @property
    def image(self) -> bytes:
        return bytes(self._bytes)

    def _size(self) -> int:
        return len(self._bytes)

    def _get(self, offset: int, size: int) -> bytes:
        return bytes(self._bytes[offset : offset + size])

    def _put(self, offset: int, data: bytes) -> None:
        self._bytes[offset:] = data

    def _cut(self, size: int) -> None:
        del self._bytes[size:]

    def sync(self) -> None:
        """Memory has nothing to wait for."""


class FileStorage(_Log):
    """A log in a file. `append` survives the end of the process, `sync` with `durable=True` the end of the power."""

    def __init__(self, path: str | Path, *, durable: bool = False) -> None:
        self.path = Path(path)
        self._durable = durable
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}; the folder must exist and be writable") from error
        try:
            super().__init__()
        except BaseException:
            os.close(self._file)
            raise

    @property
    def name(self) -> str:
        return str(self.path)

    def _size(self) -> int:
        return os.fstat(self._file).st_size

    def _get(self, offset: int, size: int) -> bytes:
        return os.pread(self._file, size, offset)

    def _put(self, offset: int, data: bytes) -> None:
        try:
            written = os.pwrite(self._file, data, offset)
        except OSError as error:
            raise StorageError(f"{self.path}: cannot append {len(data)} bytes: {error.strerror}") from error
        if written != len(data):
            self._cut(offset)
            raise StorageError(f"{self.path}: only {written} of {len(data)} bytes could be written; is the disk full?")

    def _cut(self, size: int) -> None:
        os.ftruncate(self._file, size)

    def sync(self) -> None:
        if self._durable:
            os.fdatasync(self._file)

    def close(self) -> None:
        """Gives the file back; the log can't be used after it."""
        os.close(self._file)
