"""The test marking system: verdicts of its own and of a rule file, receipts, repeats, what it refuses to answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ffd import documents
from ffd.container import SESSION_KEYS, SESSION_MARKING, SIGNATURE_MARKING, Container, SessionHeader
from ffd.documents import MarkingAnswer, MarkingTicket
from fn_emulator.drive.tlv import u8
from fn_emulator.errors import Misuse
from fn_emulator.marking_system import MarkingSystem, Rule, Rules, make_code, read_rules
from fn_emulator.messages import Fault
from fn_emulator.operator import LogStore
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from tests.fn_emulator.drives import NUMBER, Hands, good_code, with_marking

CODE = good_code()
NOW = 1763906700.0


def system(**rules: Any) -> MarkingSystem:
    return MarkingSystem(master=DEMO_MASTER_KEY, rules=Rules(**rules))


def wrapped(container: bytes, session: bytes = SESSION_MARKING) -> bytes:
    header = SessionHeader(
        drive=NUMBER, size=len(container), version=b"\0\1", signature=SIGNATURE_MARKING, session=session
    )
    return header.encode() + container


def asked(code: str = CODE, kind: int = 4, planned: int = 1) -> bytes:
    hands = with_marking()
    hands.check(code, kind)
    return wrapped(hands.request(planned))


def answer(system: MarkingSystem, request: bytes) -> MarkingAnswer:
    raw = system.respond(request, now=NOW)
    assert raw is not None, system.problems
    document = documents.decode(Container.decode(raw[30:]).document)
    assert isinstance(document, MarkingAnswer)
    return document


def test_answer_is_a_good_document_83() -> None:
    """Number and time of the request come back, the goods are named, everything is positive."""
    found = answer(system(), asked())
    assert (found.marking_request_number, found.marking_request_code, found.marking_request_result) == (1, 0, 15)
    assert (found.marking_operator_item_status, found.marking_code_type) == (1, 4)
    assert found.marked_item_identifier == "010460043993125621JgXJ5.T"


def test_a_wrong_check_part_is_seen() -> None:
    """The system has the same keys and believes no code."""
    found = answer(system(), asked(CODE.replace("JgXJ5", "JgXJ6")))
    assert found.marking_request_result == 0b1101


def test_a_piece_is_sold_once() -> None:
    """What a notification told is remembered: sold is no longer for sale, returned is."""
    hands = with_marking()
    for status, planned_next in ((1, 0x07), (3, 0x0F)):
        hands.checked(CODE, planned=status)
        hands.begin_receipt()
        hands.notice(CODE, status=status)
        hands.ok(*hands.receipt_form())
        hands.deliver_notice()
        hands.check(CODE)
        assert hands.ask_marking_system(1)[0] == planned_next
        hands.ok(0xB2, b"\0")


def test_what_was_sold_survives_a_restart() -> None:
    """Statuses are worked out anew from the notifications that were kept."""
    storage = MemoryStorage()
    hands = with_marking()
    hands.marking_system = MarkingSystem(master=DEMO_MASTER_KEY, store=LogStore(storage))
    hands.checked(CODE)
    hands.marked_receipt(CODE)
    hands.deliver_notice()
    again = MarkingSystem(master=DEMO_MASTER_KEY, store=LogStore(MemoryStorage(storage.image)))
    assert again.statuses == {CODE: 1}


RULES = r"""
default = "good"

[[rules]]
code = "0104600439931256*"
planned = [1]
verdict = "suspended"
times = 1
delay_s = 2.5

[[rules]]
code = "*"
planned = [3]
verdict = "malformed code"
"""


def test_a_rule_file() -> None:
    """The first rule that fits decides; a spent one is passed over; the delay is told to the server."""
    it = MarkingSystem(master=DEMO_MASTER_KEY, rules=read_rules(RULES))
    assert answer(it, asked()).marking_operator_item_status == 3
    assert it.delay_s == 2.5
    assert answer(it, asked()).marking_operator_item_status == 1
    assert it.delay_s == 0
    returned = answer(it, asked(planned=3))
    assert (returned.marking_request_code, returned.marking_request_result) == (2, None)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('default = "perhaps"', "perhaps"),
        ('[[rules]]\nverdict = "perhaps"', "perhaps"),
        ('[[rules]]\ntimes = "often"', r"rules\[0\].times"),
        ("[[rules]]\ncolour = 1", "colour"),
        ("[[rules", "shop.toml"),
    ],
)
def test_mistakes_in_a_rule_file(text: str, named: str) -> None:
    """The place of a mistake is named, with the file."""
    with pytest.raises(Misuse, match=named):
        read_rules(text, "shop.toml")


def test_silence() -> None:
    """By rule, by fault, and to what no drive of this installation signed; each with its reason."""
    request = asked()
    it = system(rules=[Rule(verdict="silent")])
    assert it.respond(request, now=NOW) is None
    it = system()
    it.fail(Fault.SILENCE)
    assert it.respond(request, now=NOW) is None
    container = Container.decode(request[30:])
    foreign = replace(container, sign=b"\x81\x06" + bytes(8)).encode()
    assert it.respond(wrapped(foreign), now=NOW) is None
    assert it.respond(wrapped(request[30:], SESSION_KEYS), now=NOW) is None
    assert [problem.text for problem in it.problems] == [
        "silent on purpose",
        "the drive's sign is wrong",
        "session protocol 82a1 is not spoken here",
    ]
    assert it.statistics.unanswered == 3


def test_a_request_that_lacks_something() -> None:
    """Tag 2105 says that it is malformed."""
    hands = with_marking()
    hands.check(CODE)
    container = Container.decode(hands.request())
    document = container.document.replace(u8(2102, 0), u8(2102, 1))
    changed = replace(container, document=document, sign=hands.drive.keys.fpu(document) + b"\0\0")
    assert answer(system(), wrapped(changed.encode())).marking_request_code == 1


def notified() -> tuple[Hands, bytes]:
    hands = with_marking()
    hands.checked(CODE)
    hands.marked_receipt(CODE)
    return hands, hands.read_notice()


def ticket(system: MarkingSystem, container: bytes) -> MarkingTicket:
    raw = system.respond(wrapped(container), now=NOW)
    assert raw is not None, system.problems
    document = documents.decode(Container.decode(raw[30:]).document)
    assert isinstance(document, MarkingTicket)
    return document


def test_receipt_for_a_notification() -> None:
    """Accepted, kept once however often it comes."""
    hands, container = notified()
    it = system()
    for _ in range(2):
        found = ticket(it, container)
        assert (found.marking_notification_number, found.marking_notification_code) == (1, 0)
        assert found.marking_notification_result == 0
    assert (it.statistics.repeats, len(list(it.store.documents(NUMBER)))) == (1, 1)
    assert hands.drive.state.delivered == 0


def test_another_notification_under_the_same_number() -> None:
    """Tag 2111 says malformed, and the problem is noted."""
    hands, container = notified()
    it = system()
    ticket(it, container)
    changed = Container.decode(container)
    document = changed.document.replace(u8(1055, 1), u8(1055, 2))
    changed = replace(changed, document=document, sign=hands.drive.keys.fpu(document) + b"\0\0")
    found = ticket(it, changed.encode())
    assert (found.marking_notification_code, found.marking_notification_result) == (1, None)
    assert "another notification 1" in it.problems[-1].text


@pytest.mark.parametrize("size", [44, 88])
def test_made_codes_are_of_the_kind_they_say(size: int) -> None:
    """`make_code` gives codes that a scanner's parser takes for the two kinds a drive checks."""
    from ffd.marking import parse

    code = parse(make_code(DEMO_MASTER_KEY, "04600439931256", "1234567890123", size=size))
    assert code.good
    assert code.code_type == (4 if size == 44 else 2)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """An answer or silence, never an exception."""
    it = system()
    for head in (b"", GOOD[:30], GOOD[:62], GOOD[:80]):
        found = it.respond(head + data, now=NOW)
        assert found is None or len(found) >= 30


GOOD = asked()
