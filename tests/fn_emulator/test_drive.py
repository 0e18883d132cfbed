"""The drive's working life: phases, documents, what they contain, what survives."""

from __future__ import annotations

from pathlib import Path
from struct import pack, unpack

import pytest
from msgspec.structs import replace

from ffd import tlv
from ffd.container import Container
from fn_emulator.drive import MODELS, Code, Drive
from fn_emulator.drive.archive import body
from fn_emulator.errors import Misuse
from fn_emulator.signs import DEMO_MASTER_KEY, Keys
from fn_emulator.storage import FileStorage, MemoryStorage
from tests.fn_emulator.drives import INN, NUMBER, REGISTRATION_NUMBER, START, Hands, dt5, registered, tags, with_shift


def fields(hands: Hands, number: int) -> list[int]:
    """Tags of a document in their order."""
    record = hands.drive.log.document(hands.drive.state, number)
    assert record is not None
    (document,) = tlv.decode(body(record))
    assert isinstance(document.value, tuple)
    return [field.tag for field in document.value]


def value(hands: Hands, number: int, tag: int) -> object:
    record = hands.drive.log.document(hands.drive.state, number)
    assert record is not None
    (document,) = tlv.decode(body(record))
    assert isinstance(document.value, tuple)
    found = tlv.find(document.value, tag)
    return None if found is None else tlv.value(found)


def test_fresh_drive() -> None:
    """A new drive waits for registration: phase 1, nothing done, all of its archive free."""
    hands = Hands()
    assert hands.ok(0x30) == bytes((1, 0, 0, 0, 0)) + bytes(5) + NUMBER.encode() + bytes(4)
    assert hands.ok(0x31) == NUMBER.encode()
    assert hands.ok(0x32) == bytes((0, 0, 0, 30, 0))
    assert hands.ok(0x33) == b"fn 1.2 mgm 03   \x00"
    assert hands.ok(0x3A) == bytes((0, 4))
    assert hands.code(0x40, pack("<I", 1)) is Code.WRONG_STATE


def test_whole_life() -> None:
    """Registration, a shift with a receipt, close of the drive, delivery: phases 1 → 3 → 7 → 15, no gaps."""
    hands = Hands()
    assert hands.register()[:4] == pack("<I", 1)
    assert hands.ok(0x30)[0] == 3
    assert hands.open_shift()[:6] == pack("<HI", 1, 2)
    assert hands.receipt()[:6] == pack("<HI", 1, 3)
    assert hands.ok(0x10) == pack("<BHH", 1, 1, 1)
    assert hands.close_shift()[:6] == pack("<HI", 1, 4)
    assert hands.ok(0x10) == pack("<BHH", 0, 1, 1)
    assert hands.close_drive()[:4] == pack("<I", 5)
    assert hands.ok(0x30)[0] == 7
    assert hands.code(0x11, hands.dt) is Code.WRONG_STATE
    assert hands.deliver_all() == 5
    assert hands.ok(0x30)[0] == 15
    assert hands.ok(0x40, pack("<I", 3))[:2] == b"\x03\x01"
    assert hands.code(0x20) is Code.WRONG_STATE


def test_autonomous_life() -> None:
    """Autonomous mode: nothing is queued, the close of the drive skips phase 7."""
    hands = Hands()
    hands.register(mode=2)
    hands.open_shift()
    hands.receipt()
    hands.close_shift()
    assert hands.drive.queue_length == 0
    hands.ok(0x21, b"\x01")
    assert hands.code(0x22) is Code.NO_DATA
    assert 1097 not in fields(hands, 4)
    hands.settlements()
    assert value(hands, 5, 1002) == 1
    hands.close_drive()
    assert hands.ok(0x30)[0] == 15


def test_order_of_tags() -> None:
    """The drive's part first, then the register's tags as they came: as two recordings of real drives show it."""
    hands = with_shift()
    hands.receipt()
    head = [1041, 1037, 1018, 1040, 1012, 1077]
    assert fields(hands, 1) == [
        *head, 1056, 1002, 1001, 1290, 1062, 1017, 1190, 1213, 1048, 1009, 1187, 1209,
    ]  # fmt: skip
    assert fields(hands, 2) == [*head, 1038, 1021, 1209]
    assert fields(hands, 3) == [
        *head, 1038, 1042, 1054, 1020, 1055, 1021, 1209, 1059, 1031, 1081, 1215, 1216, 1217, 1102,
    ]  # fmt: skip


def test_registration_of_1_05_has_the_recorded_order() -> None:
    """FFD 1.05 on a drive of the first generation, a change of registration: the order of the recorded container."""
    hands = Hands(model="fn-1-36", ffd=2)
    hands.register()
    hands.register(2)
    assert fields(hands, 2)[:14] == [
        1041, 1037, 1018, 1040, 1012, 1077, 1056, 1002, 1001, 1109, 1110, 1108, 1062, 1101,
    ]  # fmt: skip


def test_usage_mask_of_1_2() -> None:
    """Tag 1290 collects the mode bytes of A3h."""
    hands = Hands()
    hands.register(mode=0x20 | 0x08, extended=0x10 | 0x01)
    assert value(hands, 1, 1290) == 1 << 5 | 1 << 9 | 1 << 8 | 1 << 6


def test_signs_verify() -> None:
    """Document and message carry signs that the operator, who derives the same keys, can check."""
    hands = with_shift()
    answer = hands.receipt()
    record = hands.drive.log.document(hands.drive.state, 3)
    assert record is not None
    container = Container.decode(record.container)
    keys = Keys.derive(DEMO_MASTER_KEY, NUMBER)
    (document,) = tlv.decode(container.document)
    inner = (field for field in document.value if isinstance(field, tlv.Tlv))
    plain = {field.tag: field.value for field in inner if isinstance(field.value, bytes)}
    assert plain[1077] == keys.fpd(3, plain)
    assert answer[6:] == plain[1077][:1:-1], "commands give the printed number little endian"
    assert container.sign == keys.fps(container.document) + b"\0\0"
    assert (container.kind, container.number, container.drive) == (3, 3, NUMBER)


@pytest.mark.parametrize(
    ("mode", "begin", "code", "form"),
    [(0, 0x15, 0x04, 3), (0, 0x17, 0x14, 31), (16, 0x15, 0x11, 4), (16, 0x17, 0x15, 41)],
)
def test_kinds_of_receipt(mode: int, begin: int, code: int, form: int) -> None:
    """Receipt or correction, receipt or strict form: 30h shows the kind while open, the archive its form code."""
    hands = Hands()
    hands.register(mode=mode)
    hands.open_shift()
    hands.begin_receipt(begin=begin)
    assert hands.ok(0x30)[1:3] == bytes((code, 1))
    hands.ok(*hands.receipt_form())
    assert hands.ok(0x40, pack("<I", 3))[0] == form
    assert hands.ok(0x30)[1:3] == b"\0\0"


def test_corrections_of_1_05_are_sales_and_purchases() -> None:
    """FFD 1.05 knows corrections of operations 1 and 3 only; later formats know all four."""
    for ffd, refused in ((2, {2, 4}), (4, set())):
        hands = with_shift(ffd=ffd)
        for operation in (1, 2, 3, 4):
            hands.begin_receipt(begin=0x17)
            expected = Code.BAD_VALUE if operation in refused else Code.OK
            assert hands.code(*hands.receipt_form(operation=operation)) is expected
            hands.ok(0x06)


def test_settlements_report() -> None:
    """19h tells how many documents wait and since when; the report itself is not among them."""
    hands = with_shift()
    hands.go(days=1, hours=-1)
    answer = hands.settlements()
    assert unpack("<I", answer[8:12]) == (2,)
    assert answer[12:] == dt5(START)[:3]
    assert value(hands, 3, 1116) == 1
    assert value(hands, 3, 1097) == 2
    assert fields(hands, 3)[6:] == [1038, 1116, 1097, 1098, 1157, 1158, 1213, 1209]
    hands.deliver_all()
    hands.close_shift()
    hands.deliver_all()
    assert hands.settlements()[8:] == bytes(7)


def test_shift_close_counts() -> None:
    """1111 counts the reports of the shift too, 1118 receipts and corrections only."""
    hands = with_shift()
    hands.receipt()
    hands.receipt(begin=0x17)
    hands.close_shift()
    assert (value(hands, 5, 1111), value(hands, 5, 1118)) == (4, 2)
    assert fields(hands, 5)[6:] == [1038, 1111, 1118, 1097, 1098, 1194, 1157, 1213, 1021, 1209]


def test_answers_of_generations() -> None:
    """12h and 14h carry the warning byte on FFD 1.1 and 1.2 only."""
    for ffd, size in ((2, 10), (3, 11), (4, 11)):
        hands = registered(ffd=ffd)
        assert len(hands.open_shift()) == size
        assert len(hands.close_shift()) == size


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("fn-1-36", 0xA2),
        ("fn-1-36", 0x36),
        ("fn-1-36", 0x3A),
        ("fn-1.1-36", 0xB0),
        ("fn-1.1-36", 0x3F),
        ("fn-1.2-36", 0x4A),
    ],
)
def test_commands_of_other_generations(model: str, code: int) -> None:
    """What a generation does not know is 01h."""
    hands = registered(model=model, ffd=2)
    assert hands.code(code, b"\x00\x03") is Code.UNKNOWN_COMMAND


def test_change_of_registration() -> None:
    """Type 2 keeps INN and registration number, counts up, and 43h and 44h find every report."""
    hands = registered()
    hands.begin_registration(2)
    other = hands.dt + b"7704211201  " + REGISTRATION_NUMBER
    code, data = hands.registration(2)
    assert hands.code(code, other + data[len(other) :]) is Code.BAD_VALUE
    hands.ok(code, data)
    assert hands.ok(0x32)[3:] == bytes((28, 2))
    assert hands.ok(0x40, pack("<I", 2))[:2] == b"\x0b\x00"
    assert len(hands.ok(0x43)) == 64
    assert hands.ok(0x43)[5:37] == INN + REGISTRATION_NUMBER
    assert hands.ok(0x43, b"\x01")[-8:-4] == pack("<I", 1)
    assert hands.ok(0x44, b"\x02" + pack("<H", 1205)) == pack("<HHI", 1205, 4, 4)
    assert hands.code(0x44, pack("<H", 1048 + 5000)) is Code.NO_DATA
    assert hands.code(0x43, b"\x03") is Code.NO_DATA


def test_format_changes_only_after_a_clean_settlements_report() -> None:
    """From 1.05 to 1.2: the document right before must be report 21 with nothing unsent."""
    hands = registered(ffd=2)
    assert hands.code(0xA2, b"\x02\x04") is Code.WRONG_STATE
    hands.settlements()
    assert hands.code(0xA2, b"\x02\x04") is Code.WRONG_STATE, "report 21 showed an unsent document"
    hands.deliver_all()
    hands.settlements()
    hands.ffd = 4
    hands.register(2)
    assert hands.ok(0x3A) == b"\x04\x04"
    assert hands.code(0xA2, b"\x02\x03") is Code.NOT_IN_THIS_FORMAT
    assert hands.code(0x02, b"\x02") is Code.NOT_IN_THIS_FORMAT


def test_registration_limit() -> None:
    """The limit of registrations is in the drive: 12h when it is reached."""
    hands = Hands(model="fn-1-36", ffd=2)
    hands.register()
    for _ in range(11):
        hands.register(2)
    assert hands.ok(0x32)[3:] == bytes((0, 12))
    assert hands.code(0x02, b"\x02") is Code.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("offset", "change"),
    [
        (5, b"77X4211201  "),
        (17, b"00000000050085701   "),
        (17, b"                    "),
        (37, b"\x00"),
        (37, b"\x40"),
        (38, b"\x01"),
    ],
)
def test_requisites_of_registration(offset: int, change: bytes) -> None:
    """INN, registration number, tax systems and modes must be possible; encryption is refused, there is no cipher."""
    hands = Hands()
    hands.begin_registration()
    code, data = hands.registration()
    assert hands.code(code, data[:offset] + change + data[offset + len(change) :]) is Code.BAD_VALUE
    assert hands.ok(code, data)


def test_open_document_is_lost_with_the_power() -> None:
    """An unformed document dies; nothing of it is left in numbers or archive, and it may be begun again."""
    hands = with_shift()
    hands.begin_receipt()
    hands.restart()
    assert hands.ok(0x30)[1:3] == b"\0\0"
    assert hands.drive.last_document == 2
    assert hands.receipt()[:6] == pack("<HI", 1, 3)


def test_state_survives() -> None:
    """A new Drive on the storage is the same drive, whatever was the last record: document, ticket or reset."""
    hands = with_shift()
    hands.receipt()
    for _ in range(3):
        before = hands.drive.state
        hands.restart()
        assert hands.drive.state == before
        hands.deliver()
    hands.ok(0x60, b"\x16")
    hands.restart()
    assert hands.ok(0x30)[0] == 1


def test_file(tmp_path: Path) -> None:
    """The same on disk."""
    storage = FileStorage(tmp_path / "drive")
    hands = with_shift(storage=storage)
    hands.receipt()
    storage.close()
    again = Drive(FileStorage(tmp_path / "drive"), number=NUMBER, keys=DEMO_MASTER_KEY)
    assert (again.phase, again.last_document, again.shift_open, again.queue_length) == (3, 3, True, 3)


def test_reset() -> None:
    """60h 22 wipes a debug drive to phase 1; other codes and serial drives refuse."""
    hands = with_shift()
    assert hands.code(0x60, b"\x00") is Code.UNKNOWN_COMMAND
    hands.begin_receipt()
    hands.ok(0x60, b"\x16")
    assert hands.ok(0x30)[:4] == b"\x01\0\0\0"
    assert hands.register()[:4] == pack("<I", 1)
    serial = Hands(model=replace(MODELS["fn-1.2-36"], debug=False))
    assert serial.code(0x60, b"\x16") is Code.WRONG_STATE
    assert serial.ok(0x33)[-1] == 1


def test_service_answers() -> None:
    """Small status commands: execution text, life data, errors, line speed, passed sizes."""
    hands = with_shift()
    assert hands.ok(0x3F).decode("cp866").rstrip() == "ФН-1.1М МГМ (g60) исполнение 36М"
    assert len(hands.ok(0x3F)) == 48
    assert (hands.ok(0x34), hands.ok(0x35)) == (bytes(8), b"")
    assert hands.ok(0xAB, pack("<I", 921600)) == b""
    assert hands.code(0xAB, pack("<I", 9600)) is Code.BAD_VALUE
    hands.ok(0x15, hands.dt)
    hands.ok(0x07, tags((1021, "К")))
    assert hands.ok(0xA7) == pack("<II", 5, 0)
    assert hands.ok(0x3D) == pack("<II", 250_000 - 2, 262_144 - 1)


def test_misuse() -> None:
    """A drive that cannot be is refused when it is made."""
    with pytest.raises(Misuse, match="no drive model"):
        Drive(MemoryStorage(), number=NUMBER, keys=DEMO_MASTER_KEY, model="fn-9")
    with pytest.raises(Misuse, match="keys of drive"):
        Drive(MemoryStorage(), number=NUMBER, keys=Keys.derive(DEMO_MASTER_KEY, "9999078900000001"))
    storage = MemoryStorage()
    registered(storage=storage)
    with pytest.raises(Misuse, match="belongs to drive 9999078900005488"):
        Drive(storage, number="9999078900000001", keys=DEMO_MASTER_KEY)
