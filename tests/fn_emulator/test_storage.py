"""The log behind drives and registers: what was appended is there, what the power cut off is not, damage is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.errors import StorageError
from fn_emulator.storage import RECORD_SIZE_MAX, FileStorage, MemoryStorage

RECORDS = [b"first", b"", b"third " * 1000]


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


def test_damage_before_sound_records_is_an_error() -> None:
    """A flipped bit in the middle must not silently cost the documents behind it."""
    storage = filled()
    image = bytearray(storage.image)
    image[18] ^= 1
    image = image[:-1]  # the torn tail makes the log be read from its start
    with pytest.raises(StorageError, match="damaged record at 8"):
        MemoryStorage(bytes(image))


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
