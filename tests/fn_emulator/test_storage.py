"""The log behind drives and registers: what was appended is there, what the power cut off is not, damage is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.errors import StorageError
from fn_emulator.storage import RECORD_SIZE_MAX, FileStorage, MemoryStorage

RECORDS = [b"first", b"", b"third " * 150]


def filled() -> MemoryStorage:
    storage = MemoryStorage()
    for record in RECORDS:
        storage.append(record)
    return storage


def contents(storage: MemoryStorage | FileStorage) -> list[bytes]:
    return [record for _, record in storage.scan()]


@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_both_directions(records: list[bytes]) -> None:
    """Records come back by offset, forwards and backwards, and from the image of another life."""
    storage = MemoryStorage()
    offsets = [storage.append(record) for record in records]
    assert [storage.read(offset) for offset in offsets] == records
    again = MemoryStorage(storage.image)
    assert list(again.scan()) == list(zip(offsets, records, strict=True))
    assert list(again.scan(backwards=True)) == list(again.scan())[::-1]


def test_torn_tail_is_dropped_whole() -> None:
    """Cut at every byte: exactly the records that are complete survive, and the log goes on from there."""
    image = filled().image
    complete = MemoryStorage()
    ends = [len(complete.image)] + [complete.append(record) and len(complete.image) for record in RECORDS]
    for size in range(len(image) + 1):
        storage = MemoryStorage(image[:size])
        sound = sum(end <= size for end in ends[1:])
        assert contents(storage) == RECORDS[:sound]
        storage.append(b"after")
        assert contents(MemoryStorage(storage.image)) == [*RECORDS[:sound], b"after"]


def damaged(image: bytes, at: int) -> bytes:
    return image[:at] + bytes((image[at] ^ 1,)) + image[at + 1 :]


def test_damage_before_a_torn_record_is_an_error() -> None:
    """A flipped bit must not silently cost the documents behind it: only the unfinished record may go."""
    storage = filled()
    offset = storage.append(b"torn")
    with pytest.raises(StorageError, match="damaged record at"):
        MemoryStorage(damaged(storage.image[:-1], offset - 100))


def test_damage_far_from_a_torn_record_stays_to_be_found() -> None:
    """What is looked for from the end is the end; the damaged record is still there and named when it is read."""
    storage = MemoryStorage(damaged(filled().image[:-1], 18))
    assert len(storage.image) == len(filled().image) - 12 - len(RECORDS[2])
    with pytest.raises(StorageError, match="damaged record at 8"):
        contents(storage)


def test_a_torn_tail_costs_a_look_at_the_tail() -> None:
    """The start after a power cut reads the end of a long log, not all of it."""
    storage = CountingStorage()
    for number in range(3000):
        storage.append(bytes(1000) + number.to_bytes(4, "big"))
    torn = CountingStorage(storage.image[:-1])
    assert len(list(torn.scan())) == 2999
    assert CountingStorage(storage.image[:-1]).taken < 2 * RECORD_SIZE_MAX


def test_a_tail_without_any_record_is_an_error() -> None:
    """More rubbish than a torn record can be is no power cut."""
    with pytest.raises(StorageError, match="no sound record"):
        MemoryStorage(filled().image + bytes(range(1, 256)) * 5000)


class CountingStorage(MemoryStorage):
    """Counts the bytes that are read."""

    def __init__(self, image: bytes = b"") -> None:
        self.taken = 0
        super().__init__(image)

    def _get(self, offset: int, size: int) -> bytes:
        self.taken += size
        return super()._get(offset, size)


def test_flipped_bit_is_found_on_reading() -> None:
    """Records carry a check code of their own."""
    storage = filled()
    image = bytearray(storage.image)
    image[18] ^= 1
    with pytest.raises(StorageError, match="damaged record at 8"):
        contents(MemoryStorage(bytes(image)))


def test_record_inside_a_record_is_no_record() -> None:
    """A torn record whose content holds a whole log is still torn: check codes depend on the place."""
    inner = filled().image
    storage = MemoryStorage()
    storage.append(b"kept")
    size = len(storage.image)
    storage.append(inner)
    assert contents(MemoryStorage(storage.image[: size + 8 + len(inner)])) == [b"kept"]


def test_limits_and_foreign_files(tmp_path: Path) -> None:
    """A record has a named limit; a file of another kind or in a missing folder is refused with its name."""
    with pytest.raises(StorageError, match="limit"):
        MemoryStorage().append(bytes(RECORD_SIZE_MAX + 1))
    with pytest.raises(StorageError, match="not a log"):
        MemoryStorage(b"%PDF-1.4 and so on")
    with pytest.raises(StorageError, match="nowhere"):
        FileStorage(tmp_path / "nowhere" / "log")
    with pytest.raises(StorageError, match="no record"):
        MemoryStorage().read(8)


@pytest.mark.parametrize("durable", [False, True])
def test_file(tmp_path: Path, durable: bool) -> None:
    """The same on disk, a torn tail included."""
    path = tmp_path / "log"
    storage = FileStorage(path, durable=durable)
    offsets = [storage.append(record) for record in RECORDS]
    storage.sync()
    storage.close()
    with path.open("ab") as file:
        file.write(b"\x40\x00\x00\x00torn")
    again = FileStorage(path)
    assert contents(again) == RECORDS
    assert again.read(offsets[2]) == RECORDS[2]
    assert again.append(b"after") == offsets[2] + 12 + len(RECORDS[2])
    again.close()
    assert path.read_bytes() == MemoryStorage(path.read_bytes()).image
