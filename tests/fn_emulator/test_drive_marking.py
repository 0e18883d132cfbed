"""Marking codes in the drive: checks, requests and answers, the table, the notification that goes with a receipt."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from struct import pack

import pytest
from msgspec.structs import replace

from ffd import documents, tlv
from ffd.container import SESSION_MARKING, unwrap
from ffd.documents import MarkingNotification, MarkingRequest
from ffd.marking import control_code
from fn_emulator.drive import MODELS, Code
from fn_emulator.marking_system import Rule, Rules
from fn_emulator.messages import Fault
from tests.fn_emulator.drives import (
    AUTONOMOUS,
    NUMBER,
    Hands,
    good_code,
    marked_item,
    nest,
    registered,
    sums,
    tags,
    with_marking,
    with_shift,
)

CODE = good_code()
OTHER = good_code("N4N57RSCBUZTQ", size=88)


def status(hands: Hands) -> tuple[int, ...]:
    """B0h: check, notice, allowed, saved, in notice, fill, queued."""
    data = hands.ok(0xB0)
    return (*data[:6], int.from_bytes(data[6:], "little"))


def test_a_sale_of_marked_goods_online() -> None:
    """The whole path: check, request, answer, save, receipt with notification, receipt for it; all positive."""
    hands = with_marking()
    assert hands.check(CODE) == b"\x03\x00"
    answer = hands.ask_marking_system()
    assert answer[0] == 0x0F
    assert tlv.encode(tlv.decode(answer[1:])) == answer[1:]
    assert hands.ok(0xB2, b"\x01") == b"\x0f"
    hands.marked_receipt(CODE)
    assert status(hands) == (1, 0, 5, 0, 0, 0, 1)
    assert hands.deliver_notice()[0] == 0
    assert status(hands)[6] == 0
    assert hands.marking_system.statuses == {CODE: 1}


def test_request_is_a_good_document_81() -> None:
    """What leaves for the marking system is what the format says, byte for byte decodable, number and time included."""
    hands = with_marking()
    hands.check(CODE)
    container = unwrap(hands.request(2, (1023, 3), (2108, 11)))
    request = documents.decode(container.document)
    assert isinstance(request, MarkingRequest)
    assert (container.kind, container.number, request.marking_request_number) == (81, 1, 1)
    assert (request.marking_code, request.marking_code_type, request.marking_check_result) == (CODE, 4, 3)
    assert (request.planned_item_status, request.item_quantity, request.item_quantity_measure) == (2, Decimal(3), 11)
    assert request.marking_request_datetime == hands.now
    assert request.user_inn == "9900000000"


def test_notification_is_a_good_document_82() -> None:
    """It names the receipt, and of each code what the drive itself found out."""
    hands = with_marking()
    hands.checked(CODE)
    hands.checked(OTHER, 2)
    hands.marked_receipt(CODE, OTHER)
    container = unwrap(hands.read_notice())
    notice = documents.decode(container.document)
    assert isinstance(notice, MarkingNotification)
    assert (container.kind, container.number, notice.marking_notification_number) == (82, 1, 1)
    assert notice.linked_receipt_document_number == hands.drive.last_document
    assert (notice.operation_type, notice.marking_operation_type, notice.applied_tax_system) == (1, 1, 1)
    first, second = notice.marked_items
    assert (first.marking_code, second.marking_code) == (CODE, OTHER)
    assert (second.marking_code_type, second.marked_item_identifier) == (2, "010460043993125621N4N57RSCBUZTQ")
    assert second.marking_control_code == control_code(OTHER)
    assert (first.item_check_result, first.assigned_item_status, first.item_total) == (15, 1, 10000)


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        (4, CODE, (3, 0)),
        (2, OTHER, (3, 0)),
        (4, CODE.replace("JgXJ5", "JgXJ6"), (1, 0)),
        (5, CODE, (0, 1)),
        (4, good_code(key_id="ZZZZ"), (0, 2)),
        (4, CODE.replace("\x1d", ""), (0, 3)),
        (2, CODE, (0, 3)),
        (0, "RU-401301-AAA0277031", (0, 1)),
    ],
    ids=["44", "88", "wrong part", "not its business", "no key", "no separators", "size of another type", "fur"],
)
def test_local_check(kind: int, code: str, expected: tuple[int, int]) -> None:
    """Tag 2004 and the reason; a code that one byte was changed in must never pass."""
    hands = with_marking()
    answer = hands.check(code, kind)
    assert (answer[0], answer[1]) == expected


def test_before_the_first_update_there_are_no_keys() -> None:
    """A drive fresh from registration can't check a thing and says so."""
    hands = registered(extended=16)
    assert hands.ok(0xD7, b"\0") == b"\2"
    hands.open_shift()
    assert hands.check(CODE) == b"\0\2"


@pytest.mark.parametrize(
    ("verdict", "result"),
    [
        ("good", 0x0F),
        ("bad check part", 0x0F),  # the drive's own check counts when there was one
        ("wrong status", 0x07),
        ("suspended", 0x07),
        ("malformed request", 0x03),
        ("malformed code", 0x03),
    ],
)
def test_results_by_verdict(verdict: str, result: int) -> None:
    """Tag 2106 is put together from the drive's check and the answer, as the format's table says."""
    hands = with_marking()
    hands.marking_system.rules = Rules(rules=[Rule(verdict=verdict)])
    assert hands.checked(CODE) == result


def test_result_without_the_drives_check() -> None:
    """A short tail is checked by the marking system alone: bits 0 and 1 come from its answer."""
    hands = with_marking()
    hands.marking_system.rules = Rules(rules=[Rule(verdict="bad check part", times=1)])
    assert hands.checked(CODE, 5) == 0x0D
    assert hands.checked(CODE, 5) == 0x0F


def test_saved_without_an_answer() -> None:
    """The marking system was silent: the drive's own check is all there is."""
    hands = with_marking()
    hands.check(CODE)
    hands.request()
    assert hands.ok(0xB2, b"\x01") == b"\x03"


def test_autonomous() -> None:
    """No requests; results say that they were made offline; notifications wait for export."""
    hands = with_marking(mode=AUTONOMOUS)
    hands.check(CODE)
    assert hands.code(0xB5, hands.dt + tags((2003, 1), (2102, 0))) is Code.WRONG_STATE
    assert hands.code(0xBA) is Code.WRONG_STATE
    assert hands.ok(0xB2, b"\x01") == b"\x13"
    hands.marked_receipt(CODE)
    assert status(hands)[6] == 1


def test_request_again_is_the_same_bytes() -> None:
    """A register whose line broke asks with no data and gets what it had, without a new number."""
    hands = with_marking()
    hands.check(CODE)
    container = hands.request()
    assert hands.ok(0xB5) == container
    assert hands.drive.state.requests == 1


@pytest.mark.parametrize(
    ("data", "code", "answer"),
    [
        (tags((2102, 0)), Code.MISSING_TAGS, pack("<H", 2003)),
        (tags((2003, 1)), Code.MISSING_TAGS, pack("<H", 2102)),
        (tags((2003, 2), (2102, 0)), Code.MISSING_TAGS, pack("<H", 1023)),
        (tags((2003, 4), (2102, 0), (1023, 1)), Code.MISSING_TAGS, pack("<H", 2108)),
        (tags((2003, 9), (2102, 0)), Code.UNKNOWN_COMMAND, b""),
        (tags((2003, 1), (2102, 1)), Code.UNKNOWN_COMMAND, b""),
        (tags((2003, 1), (2102, 0), (1030, "x")), Code.UNKNOWN_COMMAND, b""),
        (b"\xd3\x07\x05\x00", Code.UNKNOWN_COMMAND, b""),
    ],
)
def test_bad_requests(data: bytes, code: Code, answer: bytes) -> None:
    """B5h names the tag that is missing and leaves the code where it was."""
    hands = with_marking()
    hands.check(CODE)
    refused = hands.send(0xB5, hands.dt + data)
    assert (refused.error, refused.data) == (code, answer)
    assert status(hands)[0] == 2


def test_request_before_the_last_document() -> None:
    """07h: the register's clock was turned back."""
    hands = with_marking()
    hands.check(CODE)
    hands.now -= timedelta(minutes=1)
    assert hands.code(0xB5, hands.dt + tags((2003, 1), (2102, 0))) is Code.BAD_DATETIME


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.WRONG_SIGN, 1),
        (Fault.WRONG_DOCUMENT, 3),
        (Fault.WRONG_DRIVE, 4),
        (Fault.WRONG_CRC, 5),
        (Fault.WRONG_LENGTH, 7),
    ],
)
def test_answers_that_are_not_accepted(fault: Fault, reason: int) -> None:
    """20h and the reason; the request stays and the right answer still comes through. The same for receipts."""
    hands = with_marking()
    hands.marking_system.fail(fault)
    hands.check(CODE)
    container = hands.request()
    refused = hands.send(0xB6, hands.asked(hands.marking_system, container, SESSION_MARKING))
    assert (refused.error, refused.data) == (Code.ANSWER_REJECTED, bytes((reason,)))
    assert status(hands)[0] == 3
    hands.ok(0xB6, hands.asked(hands.marking_system, container, SESSION_MARKING))
    hands.ok(0xB2, b"\x01")
    hands.marked_receipt(CODE)
    hands.marking_system.fail(fault)
    refused = hands.send(0xBF, hands.asked(hands.marking_system, hands.read_notice(), SESSION_MARKING))
    assert (refused.error, refused.data) == (Code.ANSWER_REJECTED, bytes((reason,)))
    assert hands.ok(0xBA)[0] == 2
    hands.deliver_notice()


def test_an_answer_to_another_request() -> None:
    """The answer of the code before, in place of this one's, is recognised by its number."""
    hands = with_marking()
    hands.check(CODE)
    late = hands.asked(hands.marking_system, hands.request(), SESSION_MARKING)
    hands.ok(0xB2, b"\x00")
    hands.check(OTHER, 2)
    hands.request()
    refused = hands.send(0xB6, late)
    assert (refused.error, refused.data) == (Code.ANSWER_REJECTED, b"\x03")


def test_request_numbers_outlive_the_power() -> None:
    """A number that came again after a power cut would let an old answer pass for a new one."""
    hands = with_marking()
    hands.check(CODE)
    hands.request()
    hands.restart()
    hands.check(CODE)
    assert unwrap(hands.request()).number == 2


def test_the_table_holds_128() -> None:
    """35h and state 0 when it is full; a receipt empties it."""
    hands = with_marking()
    for number in range(128):
        hands.check(f"code {number}", 0)
        hands.ok(0xB2, b"\x01")
    assert status(hands)[:4] == (0, 0, 4, 128)
    assert hands.code(0xB1, b"\0\1x") is Code.CHECK_TABLE_FULL
    hands.receipt()
    assert status(hands)[:4] == (1, 0, 5, 0)


def test_a_code_saved_twice_counts_once() -> None:
    """The later result replaces the earlier one."""
    hands = with_marking()
    hands.checked(CODE)
    hands.checked(CODE)
    assert status(hands)[3] == 1


def test_clear() -> None:
    """B3h takes saved results and the code under check away at any time."""
    hands = with_marking()
    hands.checked(CODE)
    hands.check(OTHER, 2)
    hands.ok(0xB3)
    assert status(hands)[:4] == (1, 0, 5, 0)


def test_power_cut_clears_everything_volatile() -> None:
    """Code under check, table and half a notification are gone; the queue stays."""
    hands = with_marking()
    hands.checked(CODE)
    hands.marked_receipt(CODE)
    hands.checked(OTHER, 2)
    hands.check(CODE)
    hands.begin_receipt()
    hands.ok(0xB7, b"\1" + tags((1055, 1), (2116, 1)))
    hands.restart()
    assert status(hands) == (1, 0, 5, 0, 0, 0, 1)


def test_notification_is_bound_to_its_receipt() -> None:
    """06h drops it and keeps the results; a receipt can't be closed over an unfinished one."""
    hands = with_marking()
    hands.checked(CODE)
    hands.begin_receipt()
    hands.notice(CODE)
    assert status(hands)[:5] == (1, 1, 5, 1, 1)
    hands.ok(0x06)
    assert status(hands)[:5] == (1, 0, 5, 1, 0)
    hands.begin_receipt()
    hands.ok(0xB7, b"\1" + tags((1055, 1), (2116, 1)))
    assert hands.code(*hands.receipt_form()) is Code.WRONG_STATE
    assert status(hands)[2] == 0b01000101
    hands.ok(0xB7, b"\2" + marked_item(CODE))
    assert status(hands)[2] == 0b11000101
    assert hands.ok(0xA7)[4:] != bytes(4)
    hands.ok(0xB7, b"\3")
    hands.ok(*hands.receipt_form())


@pytest.mark.parametrize(
    ("data", "code", "answer"),
    [
        (b"\2" + marked_item(OTHER), Code.CODE_NOT_CHECKED, b"\1\0"),
        (b"\2" + nest(2007, b""), Code.MISSING_TAGS, pack("<H", 2000)),
        (b"\2" + marked_item(CODE)[:4], Code.UNKNOWN_COMMAND, b""),
        (b"\2" + marked_item(CODE) * 2, Code.UNKNOWN_COMMAND, b""),
        (b"\2" + marked_item(CODE, 1, tags((2106, 15))), Code.UNKNOWN_COMMAND, b""),
        (b"\2" + marked_item(CODE, 1, 2 * nest(1260, tags((1265, "x" * 200)))), Code.TLV_OVERFLOW, b""),
        (b"\1" + tags((1055, 1), (2116, 1)), Code.BAD_MARKING_SEQUENCE, b""),
        (b"\3", Code.BAD_MARKING_SEQUENCE, b""),
        (b"\4", Code.UNKNOWN_COMMAND, b""),
    ],
)
def test_bad_notification_data(data: bytes, code: Code, answer: bytes) -> None:
    """B7h: codes nobody checked, tags that are missing, steps out of order."""
    hands = with_marking()
    hands.checked(CODE)
    hands.begin_receipt()
    hands.ok(0xB7, b"\1" + tags((1055, 1), (2116, 1)))
    refused = hands.send(0xB7, data)
    assert (refused.error, refused.data) == (code, answer)
    assert status(hands)[4] == 0


def test_common_tags_are_demanded() -> None:
    """3Ch with the tag that the beginning of the notification lacks."""
    hands = with_marking()
    hands.begin_receipt()
    refused = hands.send(0xB7, b"\1" + tags((1055, 1)))
    assert (refused.error, refused.data) == (Code.MISSING_TAGS, pack("<H", 2116))
    assert hands.code(0xB7, b"\1" + tags((1042, 1))) is Code.UNKNOWN_COMMAND


def test_a_negative_result_is_told_in_the_receipt() -> None:
    """Tag 2107 is the drive's: 1 when a check found something wrong, 0 otherwise, absent without marked goods."""
    hands = with_marking()
    for verdict, expected in (("good", 0), ("wrong status", 1)):
        hands.marking_system.rules = Rules(rules=[Rule(verdict=verdict)])
        hands.checked(CODE)
        hands.marked_receipt(CODE)
        assert field(hands, hands.drive.last_document, 2107) == bytes((expected,))
    hands.receipt()
    assert field(hands, hands.drive.last_document, 2107) is None


def field(hands: Hands, document: int, tag: int) -> bytes | None:
    """Value of a tag, read as a register reads it."""
    hands.ok(0x45, pack("<I", document))
    found = None
    while True:
        answer = hands.send(0x46)
        if answer.error:
            assert answer.error == Code.NO_DATA
            return found
        if answer.data[:2] == pack("<H", tag):
            found = answer.data[4:]


def test_trouble_is_told_in_the_shift_report_once() -> None:
    """2104 counts notifications that wait, 2112 and 2113 what answers and receipts complained about."""
    hands = with_marking()
    hands.marking_system.rules = Rules(rules=[Rule(verdict="malformed code", times=1)])
    hands.checked(CODE)
    hands.marked_receipt(CODE)
    hands.restart()
    hands.close_shift()
    report = hands.drive.last_document
    assert field(hands, report, 2104) == pack("<I", 1)
    assert field(hands, report, 2112) == b"\2"
    assert field(hands, report, 2113) == b"\1"
    hands.open_shift()
    hands.deliver_notice()  # its code 2106 is positive for the drive, the notification all right
    hands.close_shift()
    report = hands.drive.last_document
    assert field(hands, report, 2104) == pack("<I", 0)
    assert field(hands, report, 2112) is None
    assert field(hands, report, 2113) is None


def test_store_of_notifications_fills_up() -> None:
    """B0h and 3Dh tell the fill; full, neither checks nor notifications begin until one is delivered."""
    model = replace(MODELS["fn-1.2-36"], notices_kib=1)
    hands = with_marking(model=model)
    while (fill := status(hands)[5]) < 4:
        hands.checked(CODE)
        hands.begin_receipt()
        hands.ok(0xB7, b"\1" + tags((1055, 1), (2116, 1)))
        answer = hands.code(0xB7, b"\2" + marked_item(CODE))
        if answer is Code.MARKING_BLOCKED:
            break
        assert answer is Code.OK
        hands.ok(0xB7, b"\3")
        hands.ok(*hands.receipt_form())
    assert fill >= 1
    assert hands.ok(0x3D)[8] >= 50
    hands.ok(0x06)
    hands.deliver_notice()
    assert hands.ok(0xBA)[12] == hands.ok(0x3D)[8]


def test_old_keys() -> None:
    """D7h: due after 15 days, overdue after 60; B1h: 36h after 90; an update puts it right."""
    hands = with_marking()
    hands.close_shift()
    needs = []
    for _ in range(7):
        hands.go(days=15)
        hands.open_shift()
        hands.deliver_all()
        needs.append(hands.ok(0xD7, b"\0")[0])
        hands.close_shift()
    assert needs == [1, 1, 1, 1, 2, 2, 2]
    hands.open_shift()
    assert hands.code(0xB1, b"\0\1x") is Code.KEYS_TOO_OLD
    hands.update_keys()
    assert hands.check(CODE) == b"\3\0"
    assert hands.ok(0xD7, b"\1") == b"tcp://127.0.0.1:7902"


def test_key_update_in_parts() -> None:
    """30h asks for the next part; the table is valid with the last one and survives the power."""
    hands = with_marking()
    ids = [f"K{number:03}" for number in range(45)]
    hands.key_server.renew(ids, version=7)
    answer = hands.asked(hands.key_server, hands.ok(0xD0, hands.dt), bytes.fromhex("82a1"))
    assert hands.code(0xD1, answer) is Code.KEY_UPDATE_REPEAT
    assert hands.drive.state.keys_version == 1
    assert hands.update_keys() == 2
    hands.restart()
    assert (hands.drive.state.keys_version, len(hands.drive.code_keys())) == (7, 45)
    assert hands.check(good_code(key_id="K044")) == b"\3\0"


def test_key_table_that_changes_on_the_way() -> None:
    """Parts of two tables are never mixed."""
    hands = with_marking()
    hands.key_server.renew([f"A{number:03}" for number in range(25)], version=2)
    answer = hands.asked(hands.key_server, hands.ok(0xD0, hands.dt), bytes.fromhex("82a1"))
    assert hands.code(0xD1, answer) is Code.KEY_UPDATE_REPEAT
    hands.key_server.renew([f"B{number:03}" for number in range(25)], version=3)
    hands.update_keys()
    assert {key[:1] for key in hands.drive.code_keys()} == {b"B"}


def test_key_service_that_refuses() -> None:
    """23h refused, 24h not an answer of a key server, 20h a wrong sign, 02h nothing was asked."""
    hands = with_marking()
    assert hands.code(0xD1, b"x" * 40) is Code.WRONG_STATE
    request = hands.ok(0xD0, hands.dt)
    assert hands.code(0xD1, b"x" * 40) is Code.KEY_SERVICE_UNKNOWN
    hands.key_server.fail(Fault.WRONG_SIGN)
    assert hands.code(0xD1, hands.asked(hands.key_server, request, bytes.fromhex("82a1"))) is Code.ANSWER_REJECTED
    hands.key_server.refuses = True
    assert hands.code(0xD1, hands.asked(hands.key_server, request, bytes.fromhex("82a1"))) is Code.KEY_SERVICE_REFUSED
    assert hands.check(CODE) == b"\3\0"


def test_without_the_sign_of_marked_goods() -> None:
    """32h to everything, whatever the state."""
    hands = with_shift()
    assert hands.code(0xB0) is Code.MARKING_FORBIDDEN
    assert hands.code(0xD7, b"\0") is Code.MARKING_FORBIDDEN


@pytest.mark.parametrize(("mode", "extended", "expected"), [(0, 0, 0), (64, 0, 1), (128, 0, 1), (0, 128, 1)])
def test_sale_without_a_request(mode: int, extended: int, expected: int) -> None:
    """B0h with code 0: catering, wholesale and vending may sell without asking."""
    hands = registered(mode=mode, extended=16 | extended)
    assert hands.ok(0xB0, b"\0") == bytes((expected,))
    assert hands.code(0xB0, b"\1") is Code.UNKNOWN_COMMAND


def test_a_correction_has_a_notification_too() -> None:
    """17h takes B7h as 15h does, with the bit of a correction in 2116."""
    hands = with_marking()
    hands.checked(CODE)
    hands.ok(0x17, hands.dt)
    hands.ok(0x07, tags((1055, 1), (1209, 4)) + sums(100))
    hands.notice(CODE, operation_type=2)
    hands.ok(*hands.receipt_form(100))
    notice = documents.decode(unwrap(hands.read_notice()).document)
    assert isinstance(notice, MarkingNotification)
    assert notice.marking_operation_type == 2
    assert notice.fiscal_drive_number == NUMBER
