"""Looking back: archive records byte-exact to recordings, TLV reading, retention, and look-ups in a long archive."""

from __future__ import annotations

import json
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from ffd import tlv
from fn_emulator.drive import Code, Drive
from fn_emulator.drive.log import Log, raised
from fn_emulator.drive.moments import minute_of
from fn_emulator.drive.records import DocumentRecord, State
from fn_emulator.errors import StorageError
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from tests.fn_emulator.drives import INN, NUMBER, OPERATOR_INN, REGISTRATION_NUMBER, Hands, registered, with_shift

FRAMES = {
    frame["id"]: frame
    for frame in json.loads((Path(__file__).parents[1] / "vectors" / "fn_frames.json").read_text("utf-8"))["frames"]
}


def test_records_of_every_kind() -> None:
    """40h: form code, ticket flag, common head, tail; lengths as in recordings (15, 19, 45, 20, 64 after two bytes)."""
    hands = with_shift()
    hands.receipt(12345, operation=2)
    hands.settlements()
    hands.close_shift()
    hands.register(2)
    hands.close_drive()
    tails = {
        1: INN + REGISTRATION_NUMBER + bytes((63, 0, 0)) + OPERATOR_INN + bytes(4),
        2: pack("<H", 1),
        3: b"\x02" + (12345).to_bytes(5, "little"),
        4: pack("<I", 3) + hands.dt[:3],
        5: pack("<H", 1),
        6: INN + REGISTRATION_NUMBER + bytes((63, 0, 0)) + OPERATOR_INN + pack("<I", 4),
        7: INN + REGISTRATION_NUMBER,
    }
    for (number, tail), form in zip(tails.items(), (1, 2, 3, 21, 5, 11, 6), strict=True):
        answer = hands.ok(0x40, pack("<I", number))
        assert answer[:2] == bytes((form, 0))
        assert answer[2:11] == hands.dt + pack("<I", number)
        assert answer[15:] == tail
        assert hands.ok(0x50, pack("<I", number)) == b"\x04" + answer


def recorded_state(vector: str) -> tuple[DocumentRecord, bytes]:
    """A record that holds what a real drive's archive record holds, and that drive's answer."""
    answer = bytes.fromhex(FRAMES[vector]["hex"])[4:-2]
    decoded = FRAMES[vector]["decoded"]
    dt, sign, tail = answer[2:7], answer[11:15][::-1], answer[15:]
    state = State(phase=3, ffd=2, document=decoded["fd"])
    return DocumentRecord(decoded["fd"], answer[0], minute_of(dt), sign, tail, 1, b"", state), answer


@pytest.mark.parametrize(
    "vector",
    ["rsp-40h-receipt", "rsp-40h-registration", "rsp-40h-reregistration", "rsp-40h-shift-open", "rsp-40h-shift-close"],
)
def test_recorded_answers(vector: str) -> None:
    """Archive records of real drives come out byte for byte."""
    record, expected = recorded_state(vector)
    drive = Drive(MemoryStorage(), number=NUMBER, keys=DEMO_MASTER_KEY)
    drive.state = record.state
    drive.state.documents_tower = [drive.log.append(record)] * 32
    answer = drive.execute(0x40, pack("<I", record.number), timer=0.0)
    assert answer.data == expected


def test_recorded_status() -> None:
    """30h of the reference frame, byte for byte."""
    expected = bytes.fromhex(FRAMES["rsp-30h"]["hex"])[4:-2]
    drive = Drive(MemoryStorage(), number=NUMBER, keys=DEMO_MASTER_KEY)
    moment = minute_of(expected[5:10])
    drive.state = State(phase=3, shift_open=True, document=163, moment=moment, expires=moment + 1440 * 100)
    assert drive.execute(0x30, timer=0.0).data == expected


def read_fields(hands: Hands, number: int) -> bytes:
    size = int.from_bytes(hands.ok(0x45, pack("<I", number))[2:], "little")
    contents = b""
    while (answer := hands.send(0x46)).error == 0:
        contents += answer.data
    assert answer.error == Code.NO_DATA
    assert len(contents) == size
    return contents


def test_document_by_tlv() -> None:
    """45h and 46h give the fields one by one, the length that was promised, and they are the document's."""
    hands = with_shift()
    hands.receipt()
    assert hands.ok(0x45, pack("<I", 3))[:2] == pack("<H", 3)
    fields = tlv.decode(read_fields(hands, 3))
    assert [field.tag for field in fields][:2] == [1041, 1037]
    assert hands.code(0x45, pack("<I", 4)) is Code.NO_DATA
    assert hands.code(0x45, pack("<I", 0)) is Code.NO_DATA


def test_registration_by_tlv() -> None:
    """44h FFFFh arms 47h; a single tag comes at once."""
    hands = registered()
    assert hands.ok(0x44, b"\x01\xff\xff") == b""
    contents = b""
    while (answer := hands.send(0x47)).error == 0:
        contents += answer.data
    assert answer.error == Code.NO_DATA
    assert contents == read_fields(hands, 1)
    assert hands.ok(0x44, pack("<H", 1041)) == pack("<HH", 1041, 16) + NUMBER.encode()


def test_first_format_results() -> None:
    """43h on FFD 1.05: 47 bytes, and 48 with a reason byte when a report is asked for by number."""
    hands = registered(ffd=2)
    hands.register(2, reason=4)
    last, by_number = hands.ok(0x43), hands.ok(0x43, b"\x02")
    assert (len(last), len(by_number)) == (47, 48)
    assert by_number[39] == 4
    assert by_number[:39] + by_number[40:] == last
    assert hands.ok(0x43, b"\x01")[39] == 0


def test_retention() -> None:
    """After 30 days and the ticket the short record is left; five-year documents and the last of a kind stay whole."""
    hands = with_shift()
    for _ in range(4):
        hands.receipt()
    hands.close_shift()
    hands.deliver_all()
    hands.go(days=30)
    hands.open_shift()
    assert hands.code(0x45, pack("<I", 3)) is Code.OK
    hands.go(minutes=1)
    hands.close_shift()
    kept = [hands.code(0x45, pack("<I", number)) is Code.OK for number in range(1, 10)]
    assert kept == [True, False, False, False, False, True, True, True, True]
    assert hands.ok(0x40, pack("<I", 3))[0] == 3


def long_log(count: int) -> tuple[Log, State, dict[int, int]]:
    """A log of `count` small documents, made without a drive."""
    log, state, offsets = Log(MemoryStorage()), State(), {}
    for number in range(1, count + 1):
        record = DocumentRecord(number, 3, number, b"sign", b"", number, b"", state)
        offsets[number] = log.append(record)
        state = State(document=number, documents_tower=raised(state.documents_tower, number, offsets[number]))
    return log, state, offsets


def test_towers() -> None:
    """Every document of a long archive is found, in a number of reads that grows with the logarithm only."""
    log, state, _ = long_log(1500)
    log.forget()
    reads = 0
    read = log._storage.read

    def counted(offset: int) -> bytes:
        nonlocal reads
        reads += 1
        return read(offset)

    log._storage.read = counted  # type: ignore[method-assign]  # counting is the point of this test
    for number in (1, 2, 3, 500, 511, 512, 1023, 1024, 1025, 1499, 1500):
        log.forget()
        reads = 0
        record = log.document(state, number)
        assert record is not None
        assert record.number == number
        assert reads <= 20
    assert log.document(state, 0) is None
    assert log.document(state, 1501) is None


def test_log_of_another_drive_is_noticed() -> None:
    """A tower that leads to a wrong record is damage, not an answer."""
    log, state, offsets = long_log(8)
    log.forget()
    state.documents_tower = [offsets[3]] * 4
    with pytest.raises(StorageError, match="mixed"):
        log.document(state, 8)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\xa1X\x01\x02", b"\x80"])
def test_foreign_record(data: Any) -> None:
    """A record that is no drive's is named as such at open."""
    storage = MemoryStorage()
    storage.append(data)
    with pytest.raises(StorageError, match="not a drive's"):
        Drive(storage, number=NUMBER, keys=DEMO_MASTER_KEY)


def test_service_commands_of_exporters() -> None:
    """49h, 4Ah, 4Bh: whole containers of a registration report or of any document that is kept whole."""
    hands = with_shift()
    hands.receipt()
    for request, number in ((b"\x01\x01", 1), (b"\x02" + pack("<I", 3), 3)):
        size = int.from_bytes(hands.ok(0x49, request), "little")
        raw = b"".join(hands.ok(0x4A, pack("<HH", at, 100)) for at in range(0, size, 100))
        record = hands.drive.log.document(hands.drive.state, number)
        assert record is not None
        assert raw == record.container
        assert hands.code(0x4A, pack("<HH", size, 1)) is Code.NO_DATA
        hands.ok(0x4B)
        assert hands.code(0x4A, pack("<HH", 0, 1)) is Code.NO_DATA
    assert hands.code(0x49, b"\x03\x01") is Code.UNKNOWN_COMMAND
    assert hands.code(0x49, b"\x02" + pack("<I", 4)) is Code.NO_DATA
    assert hands.code(0x4A, pack("<HH", 0, 2000)) is Code.UNKNOWN_COMMAND


def test_version_for_exporters() -> None:
    """6Ch has the shape of the recorded answers: 15 characters, a zero, the kind of drive, one byte more."""
    answer = Hands().ok(0x6C)
    assert (answer[:15].rstrip(b" "), answer[15:]) == (b"fn 1.2 mgm 03", bytes(3))
