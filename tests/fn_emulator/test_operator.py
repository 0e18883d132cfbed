"""The test operator: checks, tickets, repeats, probes, faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ffd import tlv
from ffd.container import Container, SessionHeader, message, read_message
from fn_emulator.drive import Code
from fn_emulator.errors import StorageError
from fn_emulator.operator import Fault, LogStore, TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import FileStorage, MemoryStorage
from tests.fn_emulator.drives import NUMBER, Hands, registered, with_shift

SESSION = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "ofd_session.json").read_text("utf-8"))["vectors"]
}
VERSION = b"\x01\x20"
NOW = 1763906700.0


def operator() -> TestOperator:
    return TestOperator(master=DEMO_MASTER_KEY)


def sent(hands: Hands) -> bytes:
    """The next message as a register sends it."""
    return message(hands.read_message(), drive=NUMBER, version=hands.version)


def code_of(answer: bytes | None) -> int:
    """Ticket code 1022 of an answer."""
    assert answer is not None
    _, container = read_message(answer)
    assert container is not None
    (ticket,) = tlv.decode(container.document)
    assert isinstance(ticket.value, tuple)
    answer_field = tlv.find(ticket.value, 1068)
    assert answer_field is not None
    code = tlv.encode((answer_field,))[8]
    assert isinstance(code, int)
    return code


def test_ticket_has_the_recorded_shape() -> None:
    """Same header values, order of tags, sizes and signs' headers as the ticket of a real test operator."""
    hands = registered()
    answer = operator().respond(sent(hands), now=NOW)
    assert answer is not None
    header, ours = read_message(answer)
    recorded = Container.decode(bytes.fromhex(SESSION["ticket-code-0"]["hex"]))
    assert ours is not None
    assert (header.version, header.flags, header.drive) == (VERSION, 0x14, NUMBER)
    assert (ours.type, ours.kind, ours.version) == (recorded.type, recorded.kind, recorded.version)
    assert (ours.service_1, ours.service_2b) == (recorded.service_1, recorded.service_2b)
    assert len(ours.encode()) == len(recorded.encode())
    shapes = [
        [
            (field.tag, len(field.value))
            for field in tlv.decode(container.document)[0].value
            if isinstance(field, tlv.Tlv)
        ]
        for container in (ours, recorded)
    ]
    assert shapes[0] == shapes[1]
    assert ours.sign[:2] == recorded.sign[:2]


@pytest.mark.parametrize("name", ["probe-ofd", "probe-oism", "probe-oism-ofd-only", "probe-okp"])
def test_probes(name: str) -> None:
    """A header alone is answered with the same header, flags zero."""
    vector = SESSION[name]
    assert operator().respond(bytes.fromhex(vector["hex"]), now=NOW) == bytes.fromhex(vector["answer_hex"])


@pytest.mark.parametrize("ffd", [2, 3, 4])
def test_every_document_kind_is_confirmed(ffd: int) -> None:
    """All kinds of documents of every format pass the operator's checks, and their tickets the drive's."""
    hands = with_shift(ffd=ffd)
    hands.receipt()
    hands.receipt(begin=0x17)
    hands.settlements()
    hands.close_shift()
    hands.register(2)
    hands.close_drive()
    assert hands.deliver_all() == 8
    assert hands.drive.phase == 15
    assert [confirmed.form for confirmed in hands.operator.store.documents(NUMBER)] == [1, 2, 3, 31, 21, 5, 11, 6]
    assert not hands.operator.problems


def test_repeat_gets_a_fresh_ticket() -> None:
    """The same document again: code 0 with the time of now, kept once."""
    hands, ofd = registered(), operator()
    data = sent(hands)
    first, second = ofd.respond(data, now=NOW), ofd.respond(data, now=NOW + 60)
    assert (code_of(first), code_of(second)) == (0, 0)
    assert first != second
    assert ofd.statistics.repeats == 1
    assert len(list(ofd.store.documents(NUMBER))) == 1
    assert hands.ok(0x26, second[30:] if second else b"") == b"\0"


def resigned(data: bytes, old: bytes, new: bytes) -> bytes:
    """Another document under the same number, with a sign that only the drive could make."""
    _, container = read_message(data)
    assert container is not None
    document = container.document.replace(old, new)
    assert document != container.document
    keys = registered().drive.keys
    changed = replace(container, document=document, sign=keys.fps(document) + b"\0\0")
    return message(changed.encode(), drive=NUMBER, version=VERSION)


def test_another_document_under_the_number() -> None:
    """Different content for a confirmed number: code 14 and a problem on record; the first stays."""
    ofd = operator()
    data = sent(registered())
    ofd.respond(data, now=NOW)
    other = resigned(data, "Москва".encode("cp866"), "Рязань".encode("cp866"))
    assert code_of(ofd.respond(other, now=NOW)) == 14
    assert "another document" in ofd.problems[-1].text
    confirmed = ofd.store.get(NUMBER, 1)
    assert confirmed is not None
    assert confirmed.container == data[30:]


def test_wrong_signs() -> None:
    """A changed document or message sign is code 14 and is not kept, so the true one is welcome later."""
    ofd = operator()
    data = sent(registered())
    _, container = read_message(data)
    assert container is not None
    wrong = message(replace(container, sign=b"\x81\x06" + bytes(8)).encode(), drive=NUMBER, version=VERSION)
    assert code_of(ofd.respond(wrong, now=NOW)) == 14
    assert "message's sign" in ofd.problems[-1].text
    number = bytes.fromhex("f4030400")
    at = data.index(number) + 4
    moment = resigned(data, data[at : at + 4], bytes(4))
    assert code_of(ofd.respond(moment, now=NOW)) == 14
    assert "1077" in ofd.problems[-1].text
    assert code_of(ofd.respond(data, now=NOW)) == 0


def test_unnameable_documents_get_silence() -> None:
    """Where drive or number do not agree there is nothing to confirm: no answer, a problem on record."""
    ofd = operator()
    data = sent(registered())
    _, container = read_message(data)
    assert container is not None
    foreign = replace(container, drive="9999078900005489")
    cases = [
        data[:-1],
        data[:40] + bytes((data[40] ^ 1,)) + data[41:],
        data[:29],
        b"GET / HTTP/1.1\r\n\r\n".ljust(40),
        message(foreign.encode(), drive=NUMBER),
        message(foreign.encode(), drive="9999078900005489"),
        message(replace(container, number=7).encode(), drive=NUMBER),
        message(replace(container, document=b"\x03\x00\xff\x00\x01").encode(), drive=NUMBER),
    ]
    for case in cases:
        assert ofd.respond(case, now=NOW) is None
    assert (ofd.statistics.unanswered, len(ofd.problems)) == (len(cases), len(cases))


def test_not_recognised() -> None:
    """Kind and form that disagree, a type that is no register's, an unknown version: code 11."""
    data = sent(registered())
    _, container = read_message(data)
    assert container is not None
    for changed in (replace(container, kind=3), replace(container, type=0x5A)):
        assert code_of(operator().respond(message(changed.encode(), drive=NUMBER), now=NOW)) == 11
    assert code_of(operator().respond(message(data[30:], drive=NUMBER, version=b"\x09\x09"), now=NOW)) == 11


EXPECTED = {
    Fault.WRONG_DOCUMENT: 3,
    Fault.WRONG_DRIVE: 4,
    Fault.WRONG_CRC: 5,
    Fault.WRONG_LENGTH: 7,
    Fault.WRONG_SIGN: 1,
    Fault.WRONG_MESSAGE_SIGN: 1,
    Fault.HEADER_ONLY: None,
    Fault.SILENCE: None,
    Fault.CODE_11: 11,
    Fault.CODE_14: 14,
}


@pytest.mark.parametrize("fault", Fault)
def test_faults(fault: Fault) -> None:
    """Each fault does what its name says to the drive, once; the next answer is good again."""
    hands, ofd = registered(), operator()
    data = sent(hands)
    ofd.fail(fault)
    answer = ofd.respond(data, now=NOW)
    if fault is Fault.SILENCE:
        assert answer is None
    elif fault is Fault.HEADER_ONLY:
        assert answer is not None
        assert SessionHeader.decode(answer).size == 0
    else:
        assert answer is not None
        reply = hands.send(0x26, answer[30:])
        if fault in (Fault.CODE_11, Fault.CODE_14):
            assert (reply.error, reply.data) == (0, bytes((EXPECTED[fault] or 0,)))
            return
        assert (reply.error, reply.data) == (Code.ANSWER_REJECTED, bytes((EXPECTED[fault] or 0,)))
    good = ofd.respond(data, now=NOW)
    assert hands.ok(0x26, good[30:] if good else b"") == b"\0"


def test_standing_fault() -> None:
    """A standing fault spoils every answer until it is taken away."""
    ofd = operator()
    data = sent(registered())
    ofd.standing_fault = Fault.SILENCE
    assert ofd.respond(data, now=NOW) is None
    assert ofd.respond(data, now=NOW) is None
    ofd.standing_fault = None
    assert code_of(ofd.respond(data, now=NOW)) == 0


@pytest.mark.parametrize("ffd", [3, 4])
def test_operators_messages(ffd: int) -> None:
    """Tag 1206 raises the drive's warnings, goes into the next shift report, and the next ticket takes them back."""
    hands = with_shift(ffd=ffd)
    hands.operator.message_bits = 1 << 6 | 1 << 7
    hands.deliver()
    assert hands.ok(0x30)[4] == 0x60
    assert hands.send(0x31).warning
    hands.operator.message_bits = 0
    hands.deliver()
    assert hands.ok(0x30)[4] == 0
    hands.close_shift()
    hands.deliver_all()
    confirmed = hands.operator.store.get(NUMBER, 3)
    assert confirmed is not None
    assert b"\xb6\x04\x01\x00\xc0" in confirmed.container


def test_documents_on_disk(tmp_path: Path) -> None:
    """Documents survive the operator's restart, and repeats are still repeats."""
    hands = with_shift()
    storage = FileStorage(tmp_path / "operator")
    ofd = TestOperator(master=DEMO_MASTER_KEY, store=LogStore(storage))
    data = sent(hands)
    ofd.respond(data, now=NOW)
    storage.close()
    again = TestOperator(master=DEMO_MASTER_KEY, store=LogStore(FileStorage(tmp_path / "operator")))
    assert again.store.drives() == [NUMBER]
    assert again.store.get(NUMBER, 1) is not None
    assert again.store.get(NUMBER, 2) is None
    assert code_of(again.respond(data, now=NOW)) == 0
    assert again.statistics.repeats == 1
    foreign = MemoryStorage()
    foreign.append(b"something")
    with pytest.raises(StorageError, match="not an operator's"):
        LogStore(foreign)


def test_session_check_codes() -> None:
    """Messages with a check code over the header or over all are accepted when it is right, ignored when not."""
    data = sent(registered())
    for flags in (0x15, 0x16):
        checked = message(data[30:], drive=NUMBER, flags=flags)
        assert code_of(operator().respond(checked, now=NOW)) == 0
        assert operator().respond(checked[:28] + b"\x12\x34" + checked[30:], now=NOW) is None


def test_size_of() -> None:
    """What a server reads before it asks: header and body."""
    data = sent(registered())
    assert TestOperator.size_of(data[:30]) == len(data)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """An answer or silence, never an exception."""
    ofd = operator()
    for head in (b"", GOOD[:30], GOOD[:62], GOOD[:80]):
        answer = ofd.respond(head + data, now=NOW)
        assert answer is None or len(answer) >= 30


GOOD = sent(registered())
