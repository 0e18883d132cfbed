"""Documents as they leave the drive: every kind of every format, read by `ffd` and by a reader of another hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ffd
from ffd import documents, tlv
from ffd.container import Container, message, read_message
from fn_emulator.drive.content import forbidden_tags
from tests.fn_emulator import reader
from tests.fn_emulator.drives import AUTONOMOUS, MARKING, NUMBER, Hands, good_code, registered, with_marking

SESSION = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "ofd_session.json").read_text("utf-8"))["vectors"]
}
BSO_MODE = 16
REGISTRATION_NUMBER_TAG = 1037  # these hands' number was not made for their company


def sent(hands: Hands) -> list[bytes]:
    """Everything the drive has for the operator, as messages."""
    messages = []
    while hands.drive.queue_length:
        container = hands.read_message()
        messages.append(message(container, drive=NUMBER, version=hands.version))
        hands.ok(0x26, hands.ticket(container))
    return messages


def life(ffd: int) -> list[bytes]:
    """A drive that makes every kind of document its format has, with receipts of both names."""
    hands = registered(ffd=ffd)
    hands.open_shift()
    for operation in (1, 2, 3, 4):
        hands.receipt(operation=operation)
    hands.receipt(begin=0x17)
    hands.close_shift()
    hands.register(2, mode=BSO_MODE)
    hands.open_shift()
    hands.receipt()
    hands.receipt(begin=0x17, operation=3)
    hands.settlements()
    hands.close_shift()
    hands.close_drive()
    return sent(hands)


@pytest.mark.parametrize("ffd", [2, 3, 4])
def test_every_kind_of_document_is_read_twice(ffd: int) -> None:
    """Both readers accept all forms, agree on drive, number and every tag, and `ffd` knows what each document is."""
    messages = life(ffd)
    forms = []
    for number, data in enumerate(messages, 1):
        other = reader.read_message(data)
        _, container = read_message(data)
        assert container is not None
        document = documents.decode(container.document)
        (whole,) = tlv.decode(container.document)
        assert isinstance(whole.value, tuple)
        assert [(field.tag, tlv.encode((field,))[4:]) for field in whole.value] == other.tags
        assert (container.drive, container.number, container.kind) == (other.drive, other.number, other.kind)
        assert (other.number, type(document).CODE) == (number, other.kind)
        forms.append(other.kind)
    assert forms == [1, 2, 3, 3, 3, 3, 31, 5, 11, 2, 4, 41, 21, 5, 6]


def test_requests_and_notifications_are_read_twice() -> None:
    """The same for what goes to the marking system."""
    hands = with_marking()
    code = good_code()
    hands.check(code)
    request = hands.request()
    hands.ok(0xB2, b"\x01")
    hands.marked_receipt(code)
    for container, kind in ((request, 81), (hands.read_notice(), 82)):
        other = reader.read_container(container)
        ours = Container.decode(container)
        assert (other.kind, other.drive, other.number) == (kind, ours.drive, ours.number)
        assert kind == type(documents.decode(ours.document)).CODE


def test_a_receipt_with_marked_goods_is_read_twice() -> None:
    """Tag 2107 and the marking tags of reports stand where both readers find them."""
    hands = with_marking()
    code = good_code()
    hands.checked(code)
    hands.marked_receipt(code)
    hands.close_shift()
    receipt, report = sent(hands)[-2:]
    assert reader.read_message(receipt).value(2107) == b"\0"
    assert reader.read_message(report).value(2104) == b"\1\0\0\0"


def by_format() -> list[tuple[int, bytes]]:
    """Documents of all formats, of a drive with marked goods online and of one that is autonomous."""
    made = [(edition, data[30:]) for edition in (2, 3, 4) for data in life(edition)]
    for mode in (0, AUTONOMOUS):
        hands = with_marking(mode=mode)
        hands.checked(good_code())
        hands.marked_receipt(good_code())
        hands.settlements()
        hands.close_shift()
        drive = hands.drive
        records = [drive.log.document(drive.state, number) for number in range(1, drive.last_document + 1)]
        made += [(4, record.container) for record in records if record]
    return made


def test_the_drives_own_tags_satisfy_the_format() -> None:
    """`ffd.check` finds nothing wrong with what a drive writes itself; what it misses is the register's to send."""
    wrong = []
    for edition, container in by_format():
        document = documents.decode(Container.decode(container).document)
        own = forbidden_tags(type(document).CODE, edition) - {REGISTRATION_NUMBER_TAG}
        wrong += [str(violation) for violation in ffd.check(document) if violation.tag in own]
    assert wrong == []


@pytest.mark.parametrize("name", ["container-registration-report", "message-reregistration"])
def test_the_second_reader_reads_recordings(name: str) -> None:
    """It was not written to please our drive: it reads what real drives sent."""
    data = bytes.fromhex(SESSION[name]["hex"])
    if name.startswith("container"):
        # The number of this recording is shorter than others and padded, which only the header can show.
        assert reader.crc(data[:2] + data[4:]) == int.from_bytes(data[2:4], "little")
        assert reader.walk(data[36 : 32 + int.from_bytes(data[30:32], "big")])
    else:
        assert reader.read_message(data).number == 1


@pytest.mark.parametrize("at", [0, 2, 5, 9, 19, 31, 33, 60])
def test_the_second_reader_notices(at: int) -> None:
    """A reader that accepts everything would prove nothing."""
    data = bytearray(life(4)[0])
    data[30 + at] ^= 1
    with pytest.raises((AssertionError, ValueError)):
        reader.read_message(bytes(data))


def test_marking_registration_is_told() -> None:
    """Bit 8 of tag 1290 stands for marked goods."""
    hands = registered(extended=MARKING)
    usage = int.from_bytes(reader.read_message(sent(hands)[0]).value(1290), "little")
    assert usage == 1 << 8
