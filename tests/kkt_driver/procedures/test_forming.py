"""Documents that are not receipts: begun, given their fields, formed, and borne out by the archive."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ffd import tlv
from fn_emulator.faults import Fault
from kkt_driver import commands as k
from kkt_driver.effects import Procedure
from kkt_driver.errors import (
    AnswerLost,
    DriverError,
    Misuse,
    NotSent,
    OutcomeUnknown,
    Refused,
    StoreDamaged,
    WrongDevice,
)
from kkt_driver.procedures.forming import TLV_MAX, blocks, drop_begun, form
from kkt_driver.recovery import resolve
from kkt_driver.recovery.tables import ACTIONS
from kkt_driver.verdicts import NotRegistered, Registered
from tests.kkt_driver.bench import Bench
from tests.kkt_driver.hand import DRIVE, IDENTITY, MOMENT, ByHand, refused

CASHIER = tlv.field(1021, "Иванова")
FOUND = k.FindDocumentReply(type=31, ticket=0, moment=MOMENT, document=42, sign=7, tail=bytes.fromhex("01c800000000"))


def correction(**options: Any) -> Procedure[Any]:
    return form(
        k.Correction(total=200, operation=1),
        action="correction",
        job="job-1",
        identity=IDENTITY,
        begin=k.BeginCorrection(),
        fields=(CASHIER,),
        **options,
    )


def usual(**changes: Any) -> dict[type[k.Request[Any]], Any]:
    answers: dict[type[k.Request[Any]], Any] = {
        k.BeginCorrection: k.Done(),
        k.SendTlv: k.Done(),
        k.CancelDocument: k.Done(),
        k.DriveStatus: DRIVE,
        k.ShiftParameters: k.ShiftParametersReply(open=1, shift=7, receipt=4),
        k.Correction: k.CorrectionReply(receipt=5, document=42, sign=7, moment=MOMENT),
        k.FindDocument: FOUND,
        k.ShortStatus: k.ShortStatusReply(
            operator=30, flags=0, mode_byte=2, submode=0, operations_low=0, battery=1, power=1
        ),
    }
    return {**answers, **{getattr(k, name): value for name, value in changes.items()}}


def test_the_document_is_begun_filled_noted_formed_and_read_back() -> None:
    """F0 is read after the fields and before the note: whatever came before cannot be taken for ours."""
    hand = ByHand(usual())
    made = hand.play(correction())
    assert hand.codes == ["FF35", "FF0C", "FF01", "FF40", "FF36", "FF0A"]
    (intent,) = hand.recorded
    assert (intent.action, intent.command, intent.last_document, intent.shift, intent.receipt) == (
        "correction", "FF36", 41, 7, 4,
    )  # fmt: skip
    assert (made.answer.receipt, made.record.document, made.moment) == (5, 42, MOMENT)
    assert made.registered(receipt=5).receipt == 5
    assert made.registered().shift == 7


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Correction": k.CorrectionReply(receipt=5, document=43, sign=7)}, "document 43"),
        ({"FindDocument": refused(0x08)}, "bear"),
        ({"FindDocument": AnswerLost("gone")}, "gone"),
        ({"FindDocument": msgspec.structs.replace(FOUND, type=3)}, "bear"),
        ({"FindDocument": msgspec.structs.replace(FOUND, moment=None)}, "bear"),
        ({"FindDocument": msgspec.structs.replace(FOUND, sign=8)}, "bear"),
        ({"Correction": AnswerLost("no answer")}, "no answer"),
    ],
)
def test_an_answer_that_the_archive_does_not_bear_out_is_a_question(changes: dict[str, Any], why: str) -> None:
    """The wrong number, the wrong form, another sign, no answer at all: never success, never failure."""
    with pytest.raises(OutcomeUnknown, match=why):
        ByHand(usual(**changes)).play(correction())


@pytest.mark.parametrize(
    ("changes", "error", "dropped"),
    [
        ({"BeginCorrection": refused(0x73)}, Refused, True),
        ({"SendTlv": refused(0x09)}, Refused, True),
        ({"DriveStatus": k.DriveStatusReply(
            phase=3, current_document=0x14, document_data=1, shift_open=1, warnings=0, moment=None, drive="other",
            last_document=41)}, WrongDevice, True),
        ({"SendTlv": NotSent("no line")}, NotSent, False),
        ({"SendTlv": AnswerLost("no answer")}, AnswerLost, False),
    ],
)  # fmt: skip
def test_a_failure_before_the_forming_command_leaves_nothing_begun(
    changes: dict[str, Any], error: type[DriverError], dropped: bool
) -> None:
    """A begun document would swallow the next one's fields; over a broken line it cannot be dropped, and the caller
    has `drop_begun`."""
    hand = ByHand(usual(**changes))
    with pytest.raises(error):
        hand.play(correction())
    assert ("FF08" in hand.codes) is dropped
    assert "FF36" not in hand.codes


def test_an_intent_that_cannot_be_kept_forms_nothing() -> None:
    """Without a durable note a lost answer could never be resolved: the document is dropped instead."""
    hand = ByHand(usual())

    def full_disk(intent: object) -> None:
        raise StoreDamaged("no room")

    hand.recorded = type("Full", (list,), {"append": lambda self, intent: full_disk(intent)})()
    with pytest.raises(StoreDamaged):
        hand.play(correction())
    assert hand.codes[-1] == "FF08"
    assert "FF36" not in hand.codes


def test_what_cannot_be_said_is_found_with_nothing_begun() -> None:
    """A value without a place in its field, a field larger than one command: Misuse before the first byte."""
    hand = ByHand(usual())
    for procedure in (
        form(k.Correction(total=1 << 40, operation=1), action="correction", job="j", identity=IDENTITY),
        form(k.Correction(total=1, operation=1), action="correction", job="j", identity=IDENTITY, fields=(CASHIER,)),
        form(
            k.Correction(total=1, operation=1), action="correction", job="j", identity=IDENTITY,
            begin=k.BeginCorrection(), fields=(tlv.Tlv(1084, b"x" * 250),),
        ),
    ):  # fmt: skip
        with pytest.raises(Misuse):
            hand.play(procedure)
    assert hand.codes == []


def test_a_proof_of_another_work_opens_no_door() -> None:
    """The proof about one job must not let another one be formed."""
    bench = Bench(("FF38", Fault.COMMAND_LOST))
    with pytest.raises(OutcomeUnknown):
        bench.run(form(k.SettlementReport(), action="settlement", job="a", identity=bench.identity))
    proof = bench.run(resolve(bench.intents[-1]))
    assert isinstance(proof, NotRegistered)
    with pytest.raises(Misuse, match="proof"):
        bench.run(form(k.SettlementReport(), action="settlement", job="b", identity=bench.identity, again=proof))
    made = bench.run(form(k.SettlementReport(), action="settlement", job="a", identity=bench.identity, again=proof))
    assert isinstance(made.registered(), Registered)


def test_a_begun_document_is_dropped_when_the_line_comes_back() -> None:
    """The answer to a field was lost: the next document must not begin with what is left in the drive."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF0C", Fault.ANSWER_LOST))
    procedure = form(
        k.SettlementReport(), action="settlement", job="a", identity=bench.identity,
        begin=k.BeginSettlementReport(), fields=(CASHIER,),
    )  # fmt: skip
    try:
        bench.run(procedure)
    except DriverError:
        state = bench.run(drop_begun(lost="FF0C"))
        assert state.current_document == 0
    assert bench.run(drop_begun()).current_document == 0


def test_fields_go_whole() -> None:
    """A field split over two commands would be two damaged ones."""
    fields = [tlv.field(1021, "А" * 60) for _ in range(10)]
    parts = list(blocks(fields, TLV_MAX))
    assert [len(part) for part in parts] == [192, 192, 192, 64]
    assert [field for part in parts for field in tlv.decode(part)] == fields
    assert list(blocks((), TLV_MAX)) == []


def test_every_action_has_commands_of_the_table() -> None:
    """`form` takes the forms of a document from recovery's table: both must speak of the same commands."""
    for action in ACTIONS.values():
        for code in action.commands:
            assert k.COMMANDS[bytes.fromhex(code)].kind is k.Kind.COMMITTING
