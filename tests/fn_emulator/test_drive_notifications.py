"""Notifications on their way: the exchange with the marking system, and the export of an autonomous drive."""

from __future__ import annotations

from struct import pack, unpack

from ffd import documents
from ffd.container import SESSION_MARKING, Container, unwrap
from ffd.documents import MarkingNotification
from fn_emulator.drive import Code
from fn_emulator.drive.tlv import u32
from fn_emulator.marking_system import Rules
from tests.fn_emulator.drives import AUTONOMOUS, Hands, dt5, good_code, with_marking

CODE = good_code()


def notified(count: int, *, mode: int = 0) -> Hands:
    hands = with_marking(mode=mode)
    for _ in range(count):
        hands.checked(CODE)
        hands.marked_receipt(CODE)
        hands.go(minutes=1)
    return hands


def test_state_of_the_transfer() -> None:
    """BAh: stage, queue, number and time of the first, per cent; all zeros when nothing waits."""
    hands = notified(2)
    queue = hands.ok(0xBA)
    moment = dt5(hands.now.replace(minute=hands.now.minute - 2))
    assert queue[:12] == pack("<BHI", 0, 2, 1) + moment
    hands.ok(0xBB)
    assert hands.ok(0xBA)[0] == 1
    hands.ok(0xBD)
    assert hands.ok(0xBA)[0] == 0
    hands.deliver_notice()
    hands.deliver_notice()
    assert hands.ok(0xBA) == bytes(13)


def test_blocks() -> None:
    """Any pieces make the message; nothing behind its end, no more than a command can carry."""
    hands = notified(1)
    size = int.from_bytes(hands.ok(0xBB), "little")
    whole = b"".join(hands.ok(0xBC, pack("<HH", at, 100)) for at in range(0, size, 100))
    assert len(whole) == size
    assert unwrap(whole).kind == 82
    assert hands.code(0xBC, pack("<HH", size, 1)) is Code.NO_DATA
    assert hands.code(0xBC, pack("<HH", 0, 1025)) is Code.UNKNOWN_COMMAND
    assert hands.code(0xBB) is Code.WRONG_STATE


def test_the_same_notification_until_its_receipt() -> None:
    """After a cut the same bytes are offered again, and the marking system knows them for a repeat."""
    hands = notified(1)
    first = hands.read_notice()
    hands.asked(hands.marking_system, first, SESSION_MARKING)
    hands.restart()
    assert hands.read_notice() == first
    hands.restart()
    hands.deliver_notice()
    assert hands.marking_system.statistics.repeats == 1


def test_a_receipt_that_complains() -> None:
    """A malformed notification is delivered all the same, and the shift report tells of it."""
    hands = notified(1)
    container = Container.decode(hands.read_notice())
    answer = Container.decode(hands.asked(hands.marking_system, container.encode(), SESSION_MARKING))
    document = answer.document.replace(b"\x3f\x08\x01\x00\x00", b"\x3f\x08\x01\x00\x01")
    document = document.replace(b"\xd6\x07\x01\x00\x00", b"\xd6\x07\x01\x00\x01")
    assert document != answer.document
    keys = hands.drive.keys
    changed = Container(
        document=document, kind=84, drive=answer.drive, number=1, type=0x5A, sign=keys.fpk(document) + b"\0\0"
    )
    assert hands.ok(0xBF, changed.encode())[0] == 1
    state = hands.drive.state
    assert (state.delivered, state.bad_messages, state.bad_codes) == (1, 2, 4)


def test_a_receipt_for_another_notification() -> None:
    """The container names the right number, the document inside another: reason 3."""
    hands = notified(1)
    answer = Container.decode(hands.asked(hands.marking_system, hands.read_notice(), SESSION_MARKING))
    document = answer.document.replace(u32(2002, 1), u32(2002, 2))
    sign = hands.drive.keys.fpk(document) + b"\0\0"
    changed = Container(document=document, kind=84, drive=answer.drive, number=1, type=0x5A, sign=sign)
    refused = hands.send(0xBF, changed.encode())
    assert (refused.error, refused.data) == (Code.ANSWER_REJECTED, b"\3")


# Export


def exported(hands: Hands) -> list[tuple[int, bytes]]:
    """Everything of one session, as a register writes it to a file."""
    unconfirmed, first, in_session, current = unpack("<HIHI", hands.ok(0xD3, b"\0"))
    assert (unconfirmed, first) == (in_session, current)
    found = []
    step = b"\0"
    for _ in range(in_session):
        number, size, crc = unpack("<IHH", hands.ok(0xD4, step))
        notice = b"".join(hands.ok(0xD5, pack("<HH", at, 128)) for at in range(0, size, 128))
        assert (len(notice), int.from_bytes(notice[2:4], "little")) == (size, crc)
        found.append((number, notice))
        step = b"\1"
    assert hands.code(0xD4, b"\1") is Code.NO_DATA
    return found


def confirmation(number: int, notice: bytes) -> bytes:
    return b"\1" + pack("<I", number) + notice[2:4]


def test_export_to_a_file() -> None:
    """Every notification by number, size and CRC; what was confirmed is not exported again, the rest is."""
    hands = notified(3, mode=AUTONOMOUS)
    found = exported(hands)
    assert [number for number, _ in found] == [1, 2, 3]
    for number, notice in found:
        document = documents.decode(unwrap(notice).document)
        assert isinstance(document, MarkingNotification)
        assert document.marking_notification_number == number
    assert hands.ok(0xD6, b"\0") == pack("<HI", 3, 1)
    assert hands.ok(0xD6, confirmation(*found[0])) == pack("<HI", 2, 2)
    hands.restart()
    assert exported(hands) == found[1:]
    assert hands.ok(0xD6, confirmation(*found[1])) == pack("<HI", 1, 3)
    assert hands.ok(0xD6, confirmation(*found[2])) == pack("<HI", 0, 0)
    assert hands.code(0xD6, confirmation(*found[2])) is Code.NO_DATA
    assert hands.code(0xD3, b"\0") is Code.NO_DATA
    assert hands.drive.state.notified_bytes == 0


def test_confirmations_that_do_not_fit() -> None:
    """Out of order, of a wrong CRC, of what this session has not shown, half a command: nothing is confirmed."""
    hands = notified(3, mode=AUTONOMOUS)
    found = exported(hands)
    assert hands.code(0xD6, confirmation(*found[1])) is Code.BAD_VALUE
    assert hands.code(0xD6, b"\1" + pack("<IH", 1, 0xBAD)) is Code.BAD_VALUE
    assert hands.code(0xD6, b"\1") is Code.UNKNOWN_COMMAND
    assert hands.code(0xD6, b"\0" + bytes(6)) is Code.UNKNOWN_COMMAND
    hands.ok(0xD6, confirmation(*found[0]))
    hands.ok(0xD3, b"\0")  # shows notification 2 first
    assert hands.code(0xD6, confirmation(*found[2])) is Code.BAD_VALUE
    assert hands.ok(0xD6, b"\0") == pack("<HI", 2, 2)
    assert hands.code(0xD3, b"\1") is Code.UNKNOWN_COMMAND
    assert hands.code(0xD4, b"\2") is Code.UNKNOWN_COMMAND


def test_a_drive_that_was_autonomous() -> None:
    """Registered anew for an operator, it delivers what was not exported."""
    hands = notified(1, mode=AUTONOMOUS)
    hands.close_shift()
    hands.register(2, extended=16)
    hands.marking_system.rules = Rules()
    assert hands.code(0xD3, b"\0") is Code.WRONG_STATE
    assert hands.deliver_notice()[0] == 0
    assert hands.ok(0xBA) == bytes(13)
