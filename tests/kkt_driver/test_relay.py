"""From the drive to the operator and back, with the real pair: emulated register and test operator."""

from __future__ import annotations

from typing import Any

import pytest

from ffd import container, documents
from ffd.container import Container, SessionHeader
from fn_emulator.operator import Fault, TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver import commands as k
from kkt_driver.effects import Procedure, play
from kkt_driver.errors import Malformed, NotSent, Refused
from kkt_driver.relay import (
    REASONS,
    Declined,
    Delivered,
    NoAnswer,
    Nothing,
    Outgoing,
    Relayed,
    Send,
    answer_size,
    fix_version,
    read_message,
    relay_once,
    ticket,
    write_answer,
)
from tests.kkt_driver.bench import Bench
from tests.kkt_driver.hand import ByHand

DRIVE = "9999078900000001"


def an_operator() -> TestOperator:
    return TestOperator(master=DEMO_MASTER_KEY)


def relay(bench: Bench, operator: TestOperator) -> Relayed:
    """The three steps one after the other, as a station makes them."""
    outgoing = bench.run(read_message())
    if outgoing is None:
        return Nothing()
    answer = operator.respond(outgoing.message, now=bench.now)
    if answer is None:
        return NoAnswer(drive=outgoing.drive, document=outgoing.document)
    return bench.run(write_answer(outgoing, answer))


def outgoing_of(bench: Bench) -> Outgoing:
    found = bench.run(read_message())
    assert found is not None
    return found


def test_every_document_is_delivered_in_order() -> None:
    """Registration, shift, receipts: the drive's queue is emptied oldest first, each ends with code 0 and a ticket."""
    bench, operator = Bench(), an_operator()
    bench.open_shift()
    bench.sell()
    bench.sell(job="job-2")
    for number in (1, 2, 3, 4):
        done = relay(bench, operator)
        assert isinstance(done, Delivered)
        assert (done.drive, done.document, done.code) == (DRIVE, number, 0)
        assert done.moment is not None
        kept = bench.run(ticket(number))
        assert kept is not None
        assert kept.document == number
    assert relay(bench, operator) == Nothing()
    assert bench.run(ticket(5)) is None


def test_a_message_is_ready_to_be_sent() -> None:
    """A whole message with the edition's version: what a bare socket may send as it is."""
    bench = Bench()
    outgoing = outgoing_of(bench)
    header, inside = container.read_message(outgoing.message)
    assert inside is not None
    assert (header.drive, header.version, header.answer_expected) == (DRIVE, b"\x01\x20", True)
    assert (outgoing.document, outgoing.kind) == (inside.number, inside.kind) == (1, 1)
    assert isinstance(documents.decode(inside.document), documents.RegistrationReport)


def test_receipts_go_on_while_the_operator_is_silent() -> None:
    """The talk with the operator holds nothing: a receipt between the steps does no harm, and silence only delays."""
    bench, operator = Bench(), an_operator()
    bench.open_shift()
    operator.fail(Fault.SILENCE)
    assert relay(bench, operator) == NoAnswer(drive=DRIVE, document=1)
    first = outgoing_of(bench)
    bench.sell()
    answer = operator.respond(first.message, now=bench.now)
    assert answer is not None
    assert isinstance(bench.run(write_answer(first, answer)), Delivered)
    assert outgoing_of(bench).document == 2


def test_a_lost_answer_costs_one_more_message_and_nothing_else() -> None:
    """After a crash between sending and writing, the same document is offered and confirmed again."""
    bench, operator = Bench(), an_operator()
    for _ in range(2):
        outgoing = outgoing_of(bench)
        assert operator.respond(outgoing.message, now=bench.now) is not None
    assert isinstance(relay(bench, operator), Delivered)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in (Fault.SILENCE,)])
def test_trouble_at_the_operator_never_loses_or_skips_a_document(fault: Fault) -> None:
    """Whatever one answer was like, the next good one delivers document 1, or it was delivered already."""
    bench, operator = Bench(), an_operator()
    operator.fail(fault)
    first = relay(bench, operator)
    second = relay(bench, operator)
    if isinstance(first, Delivered):
        assert (first.document, first.code in (0, 11, 14)) == (1, True)
        assert second == Nothing()
    else:
        assert isinstance(first, Declined | NoAnswer)
        assert (first.drive, first.document) == (DRIVE, 1)
        assert isinstance(second, Delivered)
        assert (second.document, second.code) == (1, 0)


def confirmation(number: int | None = 1, *, drive: str = DRIVE, kind: int = 7, header_drive: str = DRIVE) -> bytes:
    document = documents.OperatorConfirmation(fiscal_drive_number=drive, fiscal_document_number=number).encode()
    inside = Container(document=document, kind=kind, drive=drive, number=number or 0, type=0x5A).encode()
    return container.message(inside, drive=header_drive)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (SessionHeader(drive=DRIVE, flags=0).encode(), "a header alone"),
        (confirmation(2), "confirms document 2"),
        (confirmation(None), "no confirmation"),
        (confirmation(drive="9999078900000002"), "drive"),
        (confirmation(header_drive="9999078900000002"), "drive 9999078900000002"),
        (confirmation(kind=83), "no confirmation"),
        (confirmation()[:-1], "damaged"),
        (confirmation() + b"\0", "damaged"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" + b" " * 20, "damaged"),
        (b"\xdd\x80\xca\xa1" + confirmation()[4:], "not come from an operator"),
        (b"", "damaged"),
    ],
)
def test_what_is_no_ticket_for_this_document_never_reaches_the_drive(answer: bytes, why: str) -> None:
    """A proxy, a mix-up at the operator, damage on the way: treated as no answer, and told."""
    hand = ByHand({})
    outgoing = Outgoing(message=b"", drive=DRIVE, document=1, kind=1)
    declined = hand.play(write_answer(outgoing, answer))
    assert isinstance(declined, Declined)
    assert why in declined.why
    assert hand.asked == []


@pytest.mark.parametrize(("data", "why"), [(b"\x01", "wrong sign"), (b"\x63", "reason 99"), (b"", "no reason given")])
def test_a_ticket_the_drive_refuses_is_told_with_its_reason(data: bytes, why: str) -> None:
    """20h and a reason byte: the document will be offered again; the reason may be an alarm."""
    hand = ByHand(
        {k.BeginAnswer: k.BeginAnswerReply(block=240), k.WriteAnswer: Refused(0x20, command="FF33", data=data)}
    )
    declined = hand.play(write_answer(Outgoing(message=b"", drive=DRIVE, document=1, kind=1), confirmation()))
    assert isinstance(declined, Declined)
    assert why in declined.why
    assert 1 in REASONS


def test_the_answer_to_the_last_block_is_the_drives_word() -> None:
    """The register hands the ticket over with the last block and answers what the drive said: a ticket that was taken
    is not asked after (FF3Ch), which would be an exchange more for every document."""
    hand = ByHand({k.BeginAnswer: k.BeginAnswerReply(block=40), k.WriteAnswer: k.Done()})
    answer = confirmation()
    delivered = hand.play(write_answer(Outgoing(message=b"", drive=DRIVE, document=1, kind=1), answer))
    assert isinstance(delivered, Delivered)
    blocks = [request for request in hand.asked if isinstance(request, k.WriteAnswer)]
    assert hand.asked == [k.BeginAnswer(size=len(answer)), *blocks]
    assert b"".join(block.data for block in blocks) == answer
    assert [block.offset for block in blocks] == list(range(0, len(answer), 40))
    assert all(block.count == len(block.data) <= 40 for block in blocks)


def test_the_archive_tells_whether_a_ticket_was_taken_whose_answer_was_lost() -> None:
    """The answer to the last block lost, in both ways: the drive has the ticket and goes on, or it never came and the
    document is offered again. FF3Ch knows."""
    bench, operator = Bench(), an_operator()
    for reached in (False, True):
        outgoing = outgoing_of(bench)
        answer = operator.respond(outgoing.message, now=bench.now)
        assert answer is not None
        if reached:
            bench.run(write_answer(outgoing, answer))
        assert (bench.run(ticket(1)) is not None) is reached
    assert relay(bench, operator) == Nothing()


def message_by_hand(data: bytes, *, block: int = 100, short: int = 100) -> ByHand:
    def read(request: Any) -> k.Block:
        return k.Block(data=data[request.offset : request.offset + min(request.count, short)])

    return ByHand(
        {
            k.OutgoingMessage: k.SizeAndBlock(size=len(data), block=block),
            k.ReadMessage: read,
        }
    )


A_CONTAINER = Container(document=b"\x03\0\0\0", kind=3, drive=DRIVE, number=17).encode()


@pytest.mark.parametrize("block", [1, 7, 255])
@pytest.mark.parametrize("short", [1, 255])
def test_blocks_of_any_size_and_short_reads(block: int, short: int) -> None:
    """The register says how large a block may be, and may give less than was asked."""
    message = container.message(A_CONTAINER, drive=DRIVE)
    found = message_by_hand(message, block=block, short=short).play(read_message())
    assert found == Outgoing(message=message, drive=DRIVE, document=17, kind=3)


def test_a_bare_container_gets_its_header() -> None:
    """Some registers give the container alone: the first four bytes tell, the edition makes the header."""
    found = message_by_hand(A_CONTAINER).play(read_message(edition=2))
    assert found.message == container.message(A_CONTAINER, drive=DRIVE, version=b"\x01\x05")


def test_the_version_bytes_of_some_firmware_are_mended() -> None:
    """01 02 with a zero check code becomes 01 20, as the vendor's own driver does; operators refuse it otherwise."""
    good = container.message(A_CONTAINER, drive=DRIVE)
    old = good[:6] + b"\x01\x02" + good[8:]
    assert fix_version(old) == good
    assert message_by_hand(old).play(read_message()).message == good


@pytest.mark.parametrize(
    "hand",
    [
        message_by_hand(A_CONTAINER, block=0),
        message_by_hand(A_CONTAINER, short=0),
        message_by_hand(A_CONTAINER[:-1]),
        message_by_hand(A_CONTAINER[:-1] + b"\xff"),
        message_by_hand(SessionHeader(drive=DRIVE).encode()),
        ByHand({k.OutgoingMessage: k.SizeAndBlock(size=5, block=5), k.ReadMessage: k.Block(data=bytes(6))}),
    ],
)
def test_a_message_that_makes_no_sense_is_malformed(hand: ByHand) -> None:
    """Damaged bytes are not carried to an operator, and no reading goes on forever."""
    with pytest.raises(Malformed):
        hand.play(read_message())


def test_nothing_waits() -> None:
    """Size 0 is the usual answer and costs one exchange."""
    hand = ByHand({k.OutgoingMessage: k.SizeAndBlock(size=0, block=0)})
    assert hand.play(read_message()) is None
    assert hand.codes == ["FF30"]


@pytest.mark.parametrize(
    ("respond", "expected"),
    [(lambda message: None, NoAnswer), (lambda message: b"", NoAnswer), (lambda message: b"?", Declined)],
)
def test_relay_once_asks_for_the_operator_by_an_effect(respond: Any, expected: type[Relayed]) -> None:
    """One document in one procedure, for a host that does nothing else meanwhile."""
    hand = message_by_hand(A_CONTAINER)

    def conversation() -> Any:
        procedure = relay_once()
        answer: Any = None
        while True:
            try:
                effect = procedure.send(answer)
            except StopIteration as end:
                return end.value
            answer = respond(effect.message) if isinstance(effect, Send) else hand.exchange(effect.request)  # type: ignore[union-attr]  # only exchanges besides

    assert isinstance(conversation(), expected)


def test_relay_once_with_nothing_to_do() -> None:
    """No message, no talk with the operator."""
    hand = ByHand({k.OutgoingMessage: k.SizeAndBlock(size=0, block=0)})

    def procedure() -> Procedure[Relayed]:
        return (yield from relay_once())  # type: ignore[misc]  # Send never comes here

    assert play(procedure(), hand.exchange) == Nothing()


def test_a_lost_line_is_the_callers_business() -> None:
    """No guess is made: the station's own error handling sees the loss, the drive still offers the document."""
    hand = ByHand({k.OutgoingMessage: NotSent("down")})
    with pytest.raises(NotSent):
        hand.play(read_message())


def test_the_answer_is_read_by_its_header() -> None:
    """Read 30 bytes, then exactly as many as they say."""
    message = confirmation()
    assert 30 + answer_size(message[:30]) == len(message)
