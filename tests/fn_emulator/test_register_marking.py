"""Marked goods through the register: check, decision, binding, notification, with a real drive and marking system."""

from __future__ import annotations

from typing import Any

import pytest

from ffd import tlv
from ffd.enums import ItemCheckResult
from ffd.marking import control_code
from fn_emulator.key_server import KeyServer
from fn_emulator.marking_system import MarkingSystem, Rule, Rules, make_code
from fn_emulator.messages import Fault
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver import commands as c
from tests.fn_emulator.desk import START, Desk, closing, item

GOOD = make_code(DEMO_MASTER_KEY, "04600439931256", "JgXJ5.T").encode("ascii")
OTHER = make_code(DEMO_MASTER_KEY, "04600439931256", "N4N57RSCBUZTQ", size=88).encode("ascii")
BAD = GOOD[:-2] + b"AA"
MARKED = 16
AUTONOMOUS = 2


class Goods(Desk):
    """A register for marked goods with everything it can ask."""

    def __init__(self, *, rules: Rules | None = None, online: bool = True, shift: bool = True, **options: Any) -> None:
        self.system = MarkingSystem(master=DEMO_MASTER_KEY, rules=rules)
        self.key_server = KeyServer(master=DEMO_MASTER_KEY)
        if online:
            options |= {"marking_system": self.system, "key_server": self.key_server}
        super().__init__(shift=shift, extended_mode=MARKED, **options)

    def checked(self, code: bytes, planned: int = 1) -> int:
        self.ask(c.CheckMarking.of(code, planned=planned))
        return self.ask(c.DecideMarking(decision=1)).result

    def sold(self, *codes: bytes) -> int:
        """One receipt of marked items; its document."""
        self.ask(c.OpenReceipt(type=0))
        for code in codes:
            self.ask(item(quantity=1_000_000, price=10000, subject=33))
            self.ask(c.BindMarking.of(code))
        return self.ask(closing(10000 * len(codes))).document


def test_a_sale_of_marked_goods() -> None:
    """The whole path, FF61h, FF69h, FF67h: the item has its code and result, the system learns of the sale."""
    desk = Goods()
    reply = desk.ask(c.CheckMarking.of(GOOD))
    assert (reply.local, reply.reason, reply.code_kind, reply.drive_answer, reply.result) == (3, 0, 4, 0, 15)
    told = {field.tag for field in tlv.decode(reply.tlv)}
    assert {2005, 2105, 2109} <= told
    assert desk.ask(c.DecideMarking(decision=1)).result == 15
    status = desk.ask(c.MarkingStatus())
    assert (status.check_state, status.saved) == (1, 1)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item(quantity=1_000_000, price=10000, subject=33))
    bound = desk.ask(c.BindMarking.of(GOOD))
    assert (bound.prefix, bound.code_kind, bound.checked) == (b"DM", 3, None)
    document = desk.ask(closing(10000)).document
    (position,) = [field for field in desk.document(document) if field.tag == 1059]
    assert isinstance(position.value, tuple)
    values = {field.tag: tlv.value(field) for field in position.value}
    assert values[2106] == ItemCheckResult(15)
    assert values[2115] == control_code(GOOD.decode())
    assert tlv.value(values[1163][0]) == "010460043993125621JgXJ5.T"
    assert desk.register.drive.state.notified == 1
    desk.register.handle_timeout(desk.now)
    assert desk.ask(c.MarkingNotifications()).queue == 0
    assert desk.system.statuses == {GOOD.decode(): 1}


def test_a_code_that_was_not_checked_before() -> None:
    """FF67h checks and accepts by itself and tells what it found out."""
    desk = Goods()
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item(quantity=1_000_000, price=10000, subject=33))
    bound = desk.ask(c.BindMarking.of(OTHER))
    assert bound.code_kind == 0
    assert bound.checked is not None
    assert (bound.checked.local, bound.checked.result) == (3, 15)
    assert desk.refused(c.BindMarking.of(GOOD)) == 0x33, "one code for an item"
    document = desk.ask(closing(10000)).document
    assert desk.values(document)[2107] == 0


def test_several_codes_and_a_repeated_sale() -> None:
    """Every item its own code; a piece that was sold is seen by the system the next time."""
    desk = Goods()
    desk.sold(GOOD, OTHER)
    desk.register.handle_timeout(desk.now)
    reply = desk.ask(c.CheckMarking.of(GOOD))
    assert reply.result is not None
    assert not reply.result & 8, "the status is wrong: it was sold"
    assert desk.ask(c.DecideMarking(decision=0)).result == 0
    assert desk.ask(c.MarkingStatus()).saved == 0


def test_returns_are_planned_as_returns() -> None:
    """The status that the register works out by itself is the one of what happens."""
    desk = Goods()
    desk.ask(c.CashIn(amount=100_000))
    desk.ask(c.OpenReceipt(type=2))
    desk.ask(item(operation=2, quantity=1_000_000, price=10000, subject=33))
    desk.ask(c.BindMarking.of(GOOD))
    desk.ask(closing(10000))
    desk.register.handle_timeout(desk.now)
    assert desk.system.statuses == {GOOD.decode(): 3}


def test_measured_goods() -> None:
    """A part of a package: measure and quantity go with the question and with the notification."""
    desk = Goods()
    fields = tlv.encode([tlv.field(1023, "0.5"), tlv.field(2108, 11)])
    assert desk.refused(c.CheckMarking.of(GOOD, planned=2)) == 0xAA, "what the drive needs is missing"
    assert desk.ask(c.MarkingStatus()).check_state == 1, "and the code is not left under check"
    assert desk.ask(c.CheckMarking.of(GOOD, fields, planned=2)).result == 15
    desk.ask(c.DecideMarking(decision=2))
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item(quantity=500_000, price=10000, subject=33))
    desk.ask(c.SendItemTlv(tlv=tlv.encode([tlv.field(2108, 11)])))
    desk.ask(c.BindMarking.of(GOOD))
    desk.ask(closing(5000))
    desk.register.handle_timeout(desk.now)
    assert desk.system.statuses == {GOOD.decode(): 2}


def test_a_bad_check_part() -> None:
    """The drive says no, a receipt is made all the same if the host insists, and it says so in 2107."""
    desk = Goods(rules=Rules(default="good"))
    reply = desk.ask(c.CheckMarking.of(BAD))
    assert (reply.local, reply.result) == (1, 13)
    desk.ask(c.DecideMarking(decision=1))
    document = desk.sold(BAD)
    assert desk.values(document)[2107] == 1


def test_no_server() -> None:
    """FFh instead of an answer after the time of table 19; what the drive found out alone still counts."""
    desk = Goods(online=False)
    desk.set(19, 1, 8, b"\x07\0")
    body, took_s = desk.register.core.execute(c.encode_request(c.CheckMarking.of(GOOD)), desk.now)
    assert body[:3] == b"\xff\x61\0"
    assert (body[-1], took_s) == (0xFF, 7.0)
    assert desk.ask(c.DecideMarking(decision=1)).result == 0, "no keys, no server: nothing was checked"
    assert desk.sold(GOOD)


def test_a_late_server() -> None:
    """An answer that comes after the time is none; one that comes in time takes its time."""
    rules = Rules(rules=[Rule(delay_s=10.0, times=1), Rule(delay_s=2.0, times=1)])
    desk = Goods(rules=rules)
    request = c.encode_request(c.CheckMarking.of(GOOD))
    body, took_s = desk.register.core.execute(request, desk.now)
    assert (body[-1], took_s) == (0xFF, 5.0)
    desk.ask(c.DecideMarking(decision=0))
    body, took_s = desk.register.core.execute(request, desk.now)
    assert took_s == 2.0
    assert c.decode_reply(c.CheckMarking.of(GOOD), body).result == 15


def test_a_spoiled_answer() -> None:
    """The drive refuses an answer with a wrong sign: 20h and the reason, the code stays under check."""
    desk = Goods()
    desk.system.fail(Fault.WRONG_SIGN)
    reply = desk.ask(c.CheckMarking.of(GOOD))
    assert (reply.extra, reply.drive_answer, reply.result) == (2, 0x20, 1)
    assert desk.ask(c.DecideMarking(decision=1)).result == 3


def test_notifications_wait_for_a_silent_system() -> None:
    """A notification is sent again after a pause, never lost, never twice."""
    desk = Goods()
    desk.sold(GOOD)
    desk.system.fail(Fault.SILENCE)
    desk.register.handle_timeout(desk.now)
    assert desk.ask(c.MarkingNotifications()).queue == 1
    at = desk.register.deadline
    assert at == desk.now + 30
    desk.register.handle_timeout(at)
    assert desk.ask(c.MarkingNotifications()).queue == 0
    assert desk.register.deadline is None


def test_a_register_without_operator_unloads_by_hand() -> None:
    """FF71h to FF73h: block by block, confirmed by number and CRC; FF68h is not for it."""
    desk = Goods(online=False, work_mode=AUTONOMOUS)
    desk.sold(GOOD)
    desk.sold(OTHER)
    assert desk.refused(c.MarkingNotifications()) == 0x02
    desk.ask(c.ZReport())
    begun = desk.ask(c.BeginUnloading())
    assert (begun.count, begun.first) == (2, 1)
    notices: dict[int, bytes] = {}
    while True:
        body, _ = desk.register.core.execute(c.encode_request(c.NotificationBlock()), desk.now)
        if body[2]:
            break
        block = c.decode_reply(c.NotificationBlock(), body)
        assert block.offset == len(notices.get(block.number, b""))
        assert block.length == len(block.data) <= 128
        notices[block.number] = notices.get(block.number, b"") + block.data
    assert body[2] == 0x08
    assert len(notices[1]) == begun.size
    assert desk.refused(c.ConfirmNotification(number=1, crc=0)) == 0x09
    for number, notice in notices.items():
        desk.ask(c.ConfirmNotification(number=number, crc=int.from_bytes(notice[2:4], "little")))
    assert desk.refused(c.BeginUnloading()) == 0x08


@pytest.mark.parametrize(
    "request_",
    [
        c.CheckMarking(mode=1, parts=(GOOD, b"")),
        c.CheckMarking.of(b""),
        c.DecideMarking(decision=3),
    ],
)
def test_refused(request_: c.Request[Any]) -> None:
    """33h, and nothing is left under check."""
    desk = Goods()
    assert desk.refused(request_) == 0x33
    assert desk.ask(c.MarkingStatus()).check_state == 1


def test_out_of_order() -> None:
    """A decision without a check and a second check before the decision are the drive's A1h."""
    desk = Goods()
    assert desk.refused(c.DecideMarking(decision=1)) == 0xA1
    desk.ask(c.CheckMarking.of(GOOD))
    assert desk.refused(c.CheckMarking.of(OTHER)) == 0xA1


def test_the_table_of_checks_is_full() -> None:
    """128 codes for a receipt, the next is A3h."""
    desk = Goods()
    for number in range(128):
        desk.checked(make_code(DEMO_MASTER_KEY, "04600439931256", f"S{number:06d}").encode("ascii"))
    assert desk.refused(c.CheckMarking.of(GOOD)) == 0xA3


def test_not_registered_for_marked_goods() -> None:
    """A0h for all of it."""
    desk = Desk(shift=True)
    for request in (c.CheckMarking.of(GOOD), c.MarkingStatus(), c.MarkingNotifications(), c.DecideMarking(decision=2)):
        assert desk.refused(request) == 0xA0


def test_a_cancelled_receipt_gives_its_codes_back() -> None:
    """88h undoes the binding, not the check: the same code goes into the next receipt."""
    desk = Goods()
    desk.checked(GOOD)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item(quantity=1_000_000, price=10000, subject=33))
    desk.ask(c.BindMarking.of(GOOD))
    desk.ask(c.CancelReceipt())
    asked = desk.system.statistics.messages
    desk.sold(GOOD)
    assert desk.system.statistics.messages == asked, "nothing was asked again"
    assert desk.register.drive.state.notified == 1


def test_a_refused_close_can_be_repeated() -> None:
    """The notification of a close that failed is begun again with the next one."""
    desk = Goods()
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item(quantity=1_000_000, price=10000, subject=33))
    desk.ask(c.BindMarking.of(GOOD))
    desk.register.core.clock.skew_s -= 7200
    assert desk.refused(closing(10000)) == 0x07
    desk.register.core.clock.skew_s += 7200
    desk.ask(closing(10000))
    assert desk.register.drive.state.notified == 1


def test_keys_come_with_the_shift() -> None:
    """The opening of a shift fetches keys that are due; a key server that refuses does not stop it."""
    desk = Goods(shift=False)
    desk.ask(c.OpenShift())
    assert desk.ask(c.CheckMarking.of(GOOD)).local == 3
    other = Goods(shift=False)
    other.key_server.refuses = True
    other.ask(c.OpenShift())
    assert other.ask(c.CheckMarking.of(GOOD)).local == 0
    assert other.now == START
