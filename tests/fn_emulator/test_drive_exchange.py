"""The operator's queue and tickets: order, repeats, every reason for a refusal, three levels of checking."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from msgspec.structs import replace as replaced

from ffd.container import Container
from fn_emulator.drive import Code, TicketLevel
from tests.fn_emulator.drives import Hands, dt5, registered, with_shift

SESSION = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "ofd_session.json").read_text("utf-8"))["vectors"]
}
RECORDED_DRIVE = "9999078902013267"


def waiting(**options: Any) -> tuple[Hands, bytes]:
    """A drive that awaits the ticket for document 1, and the good ticket."""
    hands = registered(**options)
    return hands, hands.ticket(hands.read_message())


def test_fifo() -> None:
    """Documents leave in FD order, one at a time; 20h, 42h and 39h follow."""
    hands = with_shift()
    hands.receipt()
    assert hands.ok(0x20) == pack("<BBHI", 2, 0, 3, 1) + hands.dt
    numbers = []
    while hands.drive.queue_length:
        container = hands.read_message()
        numbers.append(Container.decode(container).number)
        assert hands.ok(0x20)[0] == 1 | 2 | 4
        assert hands.ok(0x26, hands.ticket(container)) == b"\0"
    assert numbers == [1, 2, 3]
    assert hands.ok(0x20) == b"\x01" + bytes(12)
    assert hands.ok(0x42) == b"\0\0"


def test_reading_again_gives_the_same_bytes() -> None:
    """A lost connection: 21h(0), 24h or a restart; the same document is offered, byte for byte."""
    hands = with_shift()
    first = hands.read_message()
    hands.ok(0x22)
    assert hands.ok(0x20)[:2] == b"\x03\x01", "reading again ends the waiting"
    hands.ok(0x24)
    assert hands.read_message() == first
    hands.ok(0x21, b"\0")
    assert hands.ok(0x20)[0] == 2
    assert hands.read_message() == first
    hands.restart()
    assert hands.read_message() == first


def test_blocks() -> None:
    """23h: any offset inside, short at the end, 01h beyond it or above 1024 bytes."""
    hands = with_shift()
    hands.ok(0x21, b"\x01")
    size = int.from_bytes(hands.ok(0x22), "little")
    whole = hands.ok(0x23, pack("<HH", 0, 1024))
    assert len(whole) == size
    assert b"".join(hands.ok(0x23, pack("<HH", at, 7)) for at in range(0, size, 7)) == whole
    assert hands.code(0x23, pack("<HH", size, 1)) is Code.UNKNOWN_COMMAND
    assert hands.code(0x23, pack("<HH", 0, 1025)) is Code.UNKNOWN_COMMAND


def test_new_documents_while_waiting() -> None:
    """The queue grows behind the document that waits for its ticket."""
    hands = with_shift()
    container = hands.read_message()
    hands.receipt()
    assert hands.ok(0x26, hands.ticket(container)) == b"\0"
    assert hands.ok(0x20)[2:8] == pack("<HI", 2, 2)


def test_ticket_is_kept() -> None:
    """41h: UTC time of the ticket, the operator's sign in 18 bytes, FD number; also after a restart."""
    hands, ticket = waiting()
    assert hands.code(0x41, pack("<I", 1)) is Code.NO_DATA
    hands.ok(0x26, ticket)
    hands.restart()
    answer = hands.ok(0x41, pack("<I", 1))
    assert len(answer) == 27
    assert answer[:5] == dt5(hands.now)
    assert answer[5:7] == b"\x88\x06"
    assert answer[13:23] == bytes(10)
    assert answer[23:] == pack("<I", 1)
    assert hands.ok(0x40, pack("<I", 1))[1] == 1


def test_second_ticket_for_a_confirmed_document() -> None:
    """An answer that comes twice: 02h when nothing waits, reason 3 when the next document waits."""
    hands = with_shift()
    ticket = hands.ticket(hands.read_message())
    hands.ok(0x26, ticket)
    assert hands.code(0x26, ticket) is Code.WRONG_STATE
    hands.read_message()
    answer = hands.send(0x26, ticket)
    assert (answer.error, answer.data) == (Code.ANSWER_REJECTED, b"\x03")


def resealed(ticket: bytes, **changes: object) -> bytes:
    """The ticket with changed parts, length and check code right again."""
    return replaced(Container.decode(ticket), **changes).encode()


def patched(ticket: bytes, old: bytes, new: bytes) -> bytes:
    """The same with bytes of the document changed."""
    document = Container.decode(ticket).document
    assert document.count(old) == 1
    return resealed(ticket, document=document.replace(old, new))


SPOILT: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "one byte short": (7, lambda ticket: ticket[:-1]),
    "longer than it says": (7, lambda ticket: ticket + b"\0"),
    "a header is missing": (7, lambda ticket: ticket[:20]),
    "over 512 bytes": (7, lambda ticket: resealed(ticket, sign=bytes(500))),
    "check code": (5, lambda ticket: ticket[:-1] + b"\x01"),
    "drive in the header": (4, lambda ticket: resealed(ticket, drive="9999078900005489")),
    "drive in the document": (4, lambda ticket: patched(ticket, b"9999078900005488", b"9999078900005489")),
    "number in the header": (3, lambda ticket: resealed(ticket, number=2)),
    "number in the document": (3, lambda ticket: patched(ticket, b"\x10\x04\x04\0\x01", b"\x10\x04\x04\0\x02")),
    "type of container": (2, lambda ticket: resealed(ticket, type=0xA5)),
    "kind": (2, lambda ticket: resealed(ticket, kind=3)),
    "version": (2, lambda ticket: resealed(ticket, version=2)),
    "form": (2, lambda ticket: resealed(ticket, document=b"\x08" + Container.decode(ticket).document[1:])),
    "tag longer than the document": (2, lambda ticket: patched(ticket, b"\xf4\x03\x04\0", b"\xf4\x03\xff\0")),
    "no operator's sign": (2, lambda ticket: patched(ticket, b"\x36\x04\x08\0", b"\x37\x04\x08\0")),
    "no time": (2, lambda ticket: patched(ticket, b"\xf4\x03\x04\0", b"\xf5\x03\x04\0")),
    "no sign": (2, lambda ticket: resealed(ticket, sign=b"")),
    "message sign": (1, lambda ticket: resealed(ticket, sign=b"\x82\x06" + bytes(8))),
    "operator's sign": (1, lambda ticket: patched(ticket, b"\x36\x04\x08\0\x88\x06", b"\x36\x04\x08\0\x88\x07")),
    "time changed after signing": (1, lambda ticket: patched(ticket, b"\xfe\x03\x01\0\0", b"\xfe\x03\x01\0\x0e")),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_ticket(name: str) -> None:
    """20h with the documented reason; the document stays first, and the good ticket is accepted after it."""
    reason, spoil = SPOILT[name]
    hands, ticket = waiting()
    answer = hands.send(0x26, spoil(ticket))
    assert (answer.error, answer.data) == (Code.ANSWER_REJECTED, bytes((reason,)))
    assert hands.ok(0x20)[:8] == pack("<BBHI", 7, 0, 1, 1)
    assert hands.ok(0x26, ticket) == b"\0"


def recorded(name: str) -> bytes:
    return bytes.fromhex(SESSION[name]["hex"])


def recorded_drive(level: TicketLevel, document: int) -> Hands:
    """A drive with the number of the recordings that waits for the ticket of `document`."""
    hands = registered(number=RECORDED_DRIVE, ticket_level=level)
    if document == 2:
        hands.open_shift()
        hands.drive.ticket_level = TicketLevel.STRICT
        hands.deliver()
        hands.drive.ticket_level = level
    hands.read_message()
    return hands


@pytest.mark.parametrize(
    ("level", "name", "document", "answer"),
    [
        (TicketLevel.SHAPE, "ticket-code-0", 2, b"\x00"),
        (TicketLevel.LENIENT, "ticket-code-0", 2, b"\x00"),
        (TicketLevel.SHAPE, "ticket-code-14", 1, b"\x0e"),
        (TicketLevel.LENIENT, "ticket-of-the-mock", 1, b"\x00"),
    ],
)
def test_recorded_tickets(level: TicketLevel, name: str, document: int, answer: bytes) -> None:
    """Tickets of a real test operator pass by their shape, the mock's pass the lenient level."""
    hands = recorded_drive(level, document)
    assert hands.ok(0x26, recorded(name)) == answer
    assert hands.ok(0x40, pack("<I", document))[1] == 1
    assert len(hands.ok(0x41, pack("<I", document))) == 27


@pytest.mark.parametrize(
    ("level", "name", "document", "reason"),
    [
        (TicketLevel.STRICT, "ticket-code-0", 2, 1),
        (TicketLevel.STRICT, "ticket-of-the-mock", 1, 3),
        (TicketLevel.SHAPE, "ticket-of-the-mock", 1, 3),
    ],
)
def test_recorded_tickets_refused(level: TicketLevel, name: str, document: int, reason: int) -> None:
    """A real operator's sign is not ours: strict refuses it. The mock's FD number in ASCII is no number."""
    hands = recorded_drive(level, document)
    answer = hands.send(0x26, recorded(name))
    assert (answer.error, answer.data) == (Code.ANSWER_REJECTED, bytes((reason,)))


def test_code_14_is_a_confirmation() -> None:
    """Code 14 confirms and raises bit 4; the next clean ticket clears it; 1206 goes into the report of the shift."""
    hands = recorded_drive(TicketLevel.SHAPE, 1)
    hands.ok(0x26, recorded("ticket-code-14"))
    assert hands.drive.queue_length == 0
    assert hands.ok(0x30)[4] == 16
    hands.open_shift()
    assert hands.deliver() == 0
    assert hands.ok(0x30)[4] == 0
    hands.close_shift()
    hands.ok(0x45, pack("<I", 3))
    contents = []
    while (answer := hands.send(0x46)).error == 0:
        contents.append(answer.data)
    assert pack("<HHB", 1206, 1, 2) in contents


def test_message_bits_of_1_1() -> None:
    """FFD 1.1 tickets carry 1206 instead of a code: bits 6 and 7 raise bits 5 and 6 of the warning byte."""
    hands, ticket = waiting(ffd=3, ticket_level=TicketLevel.SHAPE)
    document = Container.decode(ticket).document + b"\xb6\x04\x01\x00\xc0"
    document = document[:2] + pack("<H", len(document) - 4) + document[4:]
    assert hands.ok(0x26, resealed(ticket, document=document)) == b"\0"
    assert hands.ok(0x30)[4] == 32 | 64


def test_power_cut_while_waiting() -> None:
    """Reading, waiting and transport flags die with the power; the document stays queued."""
    hands, ticket = waiting()
    hands.restart()
    assert hands.ok(0x20)[:8] == pack("<BBHI", 2, 0, 1, 1)
    assert hands.code(0x26, ticket) is Code.WRONG_STATE


def test_autonomous_documents_are_passed_over() -> None:
    """Documents made in an autonomous period have no ticket and are never offered."""
    hands = registered()
    hands.register(2, mode=2)
    hands.open_shift()
    hands.close_shift()
    hands.register(2)
    assert hands.drive.queue_length == 2
    assert hands.deliver() == 0
    assert hands.ok(0x20)[4:8] == pack("<I", 5)
    assert hands.deliver() == 0
    assert [hands.ok(0x40, pack("<I", number))[1] for number in range(1, 6)] == [1, 0, 0, 0, 1]
    assert hands.code(0x41, pack("<I", 2)) is Code.NO_DATA
    assert hands.ok(0x41, pack("<I", 5))[23:] == pack("<I", 5)
