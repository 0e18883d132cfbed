"""What became of a committing command: the decision tables row by row, then every fault on the emulated register."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fn_emulator.emulated import registered
from fn_emulator.faults import FOREIGN, Fault
from kkt_driver import commands as k
from kkt_driver.errors import Malformed, Misuse, NotSent, OutcomeUnknown, Refused
from kkt_driver.intents import Intent, fingerprint
from kkt_driver.link import AlternativeLink, StandardLink
from kkt_driver.procedures.receipts import short_key
from kkt_driver.procedures.shift import close_shift, open_shift
from kkt_driver.recovery import (
    DOCUMENTS_MAX,
    Advance,
    resolve,
    startup,
)
from kkt_driver.verdicts import Ambiguous, NotRegistered, Registered, ShiftDone, Verdict
from tests.kkt_driver.bench import NOW, Bench, a_receipt, an_item
from tests.kkt_driver.hand import DRIVE, IDENTITY, SHORT, STATE, ByHand, refused

MOMENT = datetime(2026, 3, 5, 14, 5)
NONE, MOVED, BACK = Advance.NONE, Advance.MOVED, Advance.BACK


# --- a proof cannot be made up -------------------------------------------------------------------------------------

INTENT = Intent(
    job="job-1",
    action="receipt",
    command="FF45",
    serial="1",
    drive=IDENTITY.drive,
    last_document=41,
    shift=7,
    receipt=4,
    fingerprint=fingerprint(a_receipt()),
    own_key=short_key("job-1"),
)


def test_not_registered_cannot_be_made_by_hand() -> None:
    """The constructor asks for a seal that recovery keeps: neither a typo nor haste lets a document be made twice."""
    with pytest.raises(Misuse):
        NotRegistered(intent=INTENT, reason="I think so", evidence={}, seal=None)  # type: ignore[arg-type]  # on purpose


def test_only_recovery_holds_the_seal() -> None:
    """The wall around the proof, in the source."""
    root = Path(__file__).parents[3]
    holders = {
        path.relative_to(root).as_posix()
        for package in ("kkt_driver", "fleet", "fn_emulator")
        for path in (root / package).rglob("*.py")
        if "_Seal" in path.read_text("utf-8")
    }
    assert holders == {"kkt_driver/verdicts.py", "kkt_driver/recovery/proofs.py"}


# --- every fault, both layers --------------------------------------------------------------------------------------

LINKS = [StandardLink, AlternativeLink]
FAULTS = [fault for fault in Fault if fault not in FOREIGN]
REGISTERED = {
    Fault.ANSWER_AFTER_RECONNECT,
    Fault.CUT_AFTER,
    Fault.POWER_AFTER,
    Fault.POWER_AFTER_COMMIT,
    Fault.DRIVE_SILENT_AFTER_COMMIT,
}


OUT_OF_STEP = {Fault.DRIVE_SILENT_AFTER_COMMIT}
"""The register did not hear of a shift document that its drive formed: the verdict is right, and the register needs a
restart or FF62h before it works again."""


def settle(bench: Bench, intent: Intent) -> Verdict:
    """Ask until the question is decided, as a station does."""
    for _ in range(5):
        try:
            return bench.run(resolve(intent, clock=bench.clock()))
        except OutcomeUnknown:
            bench.now += 30
    raise AssertionError("never decided")


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("own_key", [None, ""], ids=["with key", "without key"])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_receipt_is_one_document_whatever_happens_to_its_close(
    fault: Fault, own_key: str | None, link: Any
) -> None:
    """The command or its answer lost, the connection cut, the power cut before and after the drive's commit, a failure
    answer after a commit: the verdict is right, the number is the drive's, and going on makes one document in all."""
    bench = Bench(link=link)
    bench.open_shift()
    bench.fail(("FF45", fault))
    again: NotRegistered | None = None
    done: Registered | None = None
    try:
        done = bench.sell(own_key=own_key)
    except Refused as refusal:
        assert fault in (Fault.DRIVE_SILENT, Fault.DRIVE_BUSY, Fault.DRIVE_FAILED)
        again = refusal.proof
    except OutcomeUnknown as unknown:
        verdict = settle(bench, unknown.intent)
        msgspec.json.encode(verdict.evidence)
        assert isinstance(verdict, Registered) is (fault in REGISTERED)
        if isinstance(verdict, Registered):
            assert bench.quiesced == []
            done = verdict
        else:
            assert isinstance(verdict, NotRegistered)
            assert bench.quiesced == ["FF45"]
            assert bench.documents() == []
            again = verdict
    if done is None:
        bench.state = bench.look()
        assert bench.state.mode == 2
        done = bench.sell(own_key=own_key, again=again)
    (kept,) = bench.documents()
    assert (done.document, done.sign, done.moment) == (kept.document, kept.sign, kept.moment)
    assert (done.shift, done.receipt) == (1, 1)
    look = bench.look()
    assert (look.mode, look.current_document, look.last_document) == (2, 0, kept.document)


def test_a_commit_the_register_never_noticed_is_registered_and_then_cancelled() -> None:
    """Power cut between drive and register: mode 8 with our own count and subtotal. Closing again would make a second
    document; 88h is journaled evidence."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.POWER_AFTER_COMMIT))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell()
    assert bench.look().mode == 8
    verdict = bench.run(resolve(caught.value.intent))
    assert isinstance(verdict, Registered)
    assert verdict.evidence["looks"][-1]["row"] == "committed, and the register never noticed"
    assert verdict.evidence["cancelled"] == "88h: done"
    assert bench.look().mode == 2


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_shift_opens_once_whatever_happens(fault: Fault, link: Any) -> None:
    """The same for E0h."""
    bench = Bench(link=link)
    bench.fail(("E0", fault))
    done = _insist(bench, "shift_open")
    assert isinstance(done, ShiftDone)
    (kept,) = bench.documents(2)
    assert (done.document, done.shift, done.receipt) == (kept.document, 1, 0)
    if fault not in OUT_OF_STEP:
        assert bench.look().mode == 2


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_shift_closes_once_whatever_happens(fault: Fault, link: Any) -> None:
    """The same for 41h."""
    bench = Bench(link=link)
    bench.open_shift()
    bench.sell()
    bench.fail(("41", fault))
    done = _insist(bench, "shift_close")
    (kept,) = bench.documents(5)
    assert (done.document, done.shift, done.receipt) == (kept.document, 1, 1)
    if fault not in OUT_OF_STEP:
        assert bench.look().mode == 4


def _insist(bench: Bench, action: str) -> Registered:
    make = open_shift if action == "shift_open" else close_shift
    again: NotRegistered | None = None
    for _ in range(4):
        try:
            return bench.run(make(job="shift", identity=bench.identity, state=bench.state, again=again))
        except Refused as refusal:
            again = refusal.proof
        except OutcomeUnknown as unknown:
            verdict = settle(bench, unknown.intent)
            if isinstance(verdict, Registered):
                return verdict
            assert isinstance(verdict, NotRegistered)
            again = verdict
    raise AssertionError("never done")


# --- who else used the register ------------------------------------------------------------------------------------


def interrupted(bench: Bench, **options: Any) -> Intent:
    """An intent whose close never arrived; the receipt is gone."""
    bench.fail(("FF45", Fault.POWER_BEFORE))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell(**options)
    bench.state = bench.look()
    return caught.value.intent


def test_an_equal_receipt_of_another_job_is_told_apart_by_its_key() -> None:
    """Two equal receipts in a row: totals and items agree, the key does not."""
    bench = Bench()
    bench.open_shift()
    intent = interrupted(bench, job="job-1")
    bench.sell(job="job-2")
    verdict = bench.run(resolve(intent))
    assert isinstance(verdict, NotRegistered)
    assert verdict.evidence["looks"][-1]["documents"][0]["why"] == "it carries another job's key"


def test_a_foreign_equal_twin_goes_to_a_person() -> None:
    """A second program on the register sold the very same: without our key in it nothing proves it ours or not."""
    bench = Bench()
    bench.open_shift()
    intent = interrupted(bench)
    bench.sell(job="foreign", own_key="")
    verdict = bench.run(resolve(intent))
    assert isinstance(verdict, Ambiguous)
    assert verdict.reason == "a document that may be ours"
    msgspec.json.encode(verdict.evidence)


def test_a_foreign_receipt_with_another_total_is_not_ours_when_our_key_proves_it() -> None:
    """Somebody else's document is reported in the evidence and never overwritten or claimed."""
    bench = Bench()
    bench.open_shift()
    intent = interrupted(bench)
    bench.sell(a_receipt(an_item(price=100, total=200)), job="foreign", own_key="")
    verdict = bench.run(resolve(intent))
    assert isinstance(verdict, NotRegistered)
    assert verdict.reason == "only others' documents"


@pytest.mark.parametrize("total", [25000, 24999])
def test_without_a_key_any_foreign_receipt_goes_to_a_person(total: int) -> None:
    """Content alone proves a document ours only at F0 + 1 and alone; it never proves that a receipt is not ours."""
    bench = Bench()
    bench.open_shift()
    intent = interrupted(bench, own_key="")
    bench.sell(a_receipt(an_item(price=total, total=2 * total)), job="a", own_key="")
    if total == 25000:
        bench.sell(job="b", own_key="")
    verdict = bench.run(resolve(intent))
    assert isinstance(verdict, Ambiguous)


def test_without_a_key_the_only_document_with_our_content_is_ours() -> None:
    """Exclusivity of the station and F0 decide."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.CUT_AFTER))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell(own_key="")
    verdict = bench.run(resolve(caught.value.intent))
    assert isinstance(verdict, Registered)
    assert verdict.document == 3


class ReadElsewhere:
    """In the middle of two readings the register reads a document by itself, to its end, as it does when it is switched
    on after the drive was silent: the next FF3Bh is refused with 08h, as if ours had ended there."""

    def __init__(self, bench: Bench, piece: int) -> None:
        self._register, self._piece = bench.register, piece
        self._readings = self._pieces = 0

    def on_command(self, body: bytes, now: float) -> None:
        if body.startswith(b"\xff\x3a"):
            self._readings, self._pieces = self._readings + 1, 0
        if body.startswith(b"\xff\x3b"):
            self._pieces += 1
            if self._readings <= 2 and self._pieces == self._piece + self._readings:
                self._read_to_its_end(now)

    def _read_to_its_end(self, now: float) -> None:
        self._register.ask(k.SelectDocument(document=1), now)
        with contextlib.suppress(Refused):
            while True:
                self._register.ask(k.ReadDocument(), now)


@pytest.mark.parametrize("piece", range(12))
def test_power_that_fails_while_the_archive_is_read_makes_no_doubt(piece: int) -> None:
    """The drive has our receipt, and a part of it was read when the register was restarted: that part says nothing, and
    no person is asked for it."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.CUT_AFTER))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell()
    bench.register.faults = ReadElsewhere(bench, piece)
    assert isinstance(bench.run(resolve(caught.value.intent)), Registered)


def test_a_shift_report_between_is_no_candidate() -> None:
    """An automatic Z after a restart: forms 5 and 2 are never receipts, so the receipt is proved not registered."""
    bench = Bench()
    bench.open_shift()
    intent = interrupted(bench, own_key="")
    bench.run(close_shift(job="auto", identity=bench.identity, state=bench.state))
    bench.open_shift()
    verdict = bench.run(resolve(intent))
    assert isinstance(verdict, NotRegistered)
    forms = [document["form"] for document in verdict.evidence["looks"][-1]["documents"]]
    assert forms == [5, 2]


def test_our_document_is_found_behind_others() -> None:
    """With the key it does not matter what came after: the shift was closed meanwhile, others sold."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.CUT_AFTER))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell()
    bench.state = bench.look()
    bench.sell(job="next")
    bench.run(close_shift(job="z", identity=bench.identity, state=bench.state))
    verdict = bench.run(resolve(caught.value.intent))
    assert isinstance(verdict, Registered)
    assert (verdict.document, verdict.receipt) == (3, 1)


def test_another_receipt_that_is_open_is_left_alone() -> None:
    """Ours is registered; the open receipt has other content, so it is somebody else's and is not cancelled."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.CUT_AFTER))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell()
    bench.register.ask(k.OpenReceipt(type=0), bench.now)
    verdict = bench.run(resolve(caught.value.intent))
    assert isinstance(verdict, Registered)
    assert bench.look().mode == 8
    assert "88" not in bench.sent[-20:]


@pytest.mark.parametrize("index", [2])
def test_another_drive_decides_nothing(index: int) -> None:
    """The drive moved into another register, or the cable was swapped: its counters say nothing about our intent."""
    bench = Bench()
    bench.open_shift()
    intent = interrupted(bench)
    other = Bench(register=registered(index, now=NOW))
    verdict = other.run(resolve(intent))
    assert isinstance(verdict, Ambiguous)
    assert verdict.reason == "another drive or register answers"
    same_drive = msgspec.structs.replace(intent, serial="0099078900000777")
    assert isinstance(bench.run(resolve(same_drive)), Ambiguous)


def test_nobody_is_troubled_for_one_damaged_answer() -> None:
    """Two answers run into each other on a serial line had the right check sum: the drive seemed to be another one, in
    one look of many, and a receipt that was simply not registered went to a person."""
    damaged = msgspec.structs.replace(NOTHING[k.DriveStatus], drive="\ufffd\1\0", last_document=943140921)
    hand = ByHand({**NOTHING, k.DriveStatus: [NOTHING[k.DriveStatus], damaged, NOTHING[k.DriveStatus]]})
    assert isinstance(hand.play(resolve(INTENT)), NotRegistered)
    hand = ByHand({**NOTHING, k.DriveStatus: [damaged]})
    verdict = hand.play(resolve(INTENT))
    assert isinstance(verdict, Ambiguous)
    assert verdict.reason == "another drive or register answers"


def test_a_short_archive_record_proves_nothing() -> None:
    """Old drives give a receipt's sum in four bytes: without operation and total the content decides, and a receipt
    with our content that lost our key on its way is a person's."""
    bench = Bench()
    bench.open_shift()
    intent = interrupted(bench)
    bench.sell(job="job-1", own_key="")
    find = bench.register.core.execute

    def short(body: bytes, now: float) -> tuple[bytes, float]:
        answer, duration = find(body, now)
        return (answer[:-1] if body[:2] == b"\xff\x0a" else answer), duration

    assert isinstance(bench.run(resolve(intent)), Ambiguous)
    bench.register.core.execute = short  # type: ignore[method-assign]  # an older firmware
    assert isinstance(bench.run(resolve(intent)), Ambiguous)


# --- by hand: what the emulator does not do -------------------------------------------------------------------------

SHIFT = k.ShiftParametersReply(open=1, shift=7, receipt=4)
NOTHING: dict[type[k.Request[Any]], Any] = {
    k.ShortStatus: SHORT,
    k.DriveStatus: msgspec.structs.replace(DRIVE, current_document=0),
    k.ShiftParameters: SHIFT,
    k.ModelParameters: refused(0x37),
    k.ReadTable: k.ReadTableReply(value=b"1\0"),
}
FULL = k.FullStatusReply(
    operator=30, version="C3", build=1, software_date=None, hall_number=1, through_number=1, flags=0, mode_byte=4,
    submode=0, port=0, date=None, time=None, serial_low=77, last_closed_shift=0, registrations_done=0,
    registrations_left=30, inn=0,
)  # fmt: skip


def mode(number: int, **more: Any) -> k.ShortStatusReply:
    return msgspec.structs.replace(SHORT, mode_byte=number, **more)


def drive(last: int, current: int = 0) -> k.DriveStatusReply:
    return msgspec.structs.replace(DRIVE, last_document=last, current_document=current)


def test_quiescence_comes_before_not_registered_and_the_register_is_asked_again_after_it() -> None:
    """Bytes sent before a kill −9 still arrive: the close that lands while we wait is found, not repeated."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.COMMAND_LOST))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell()
    late = k.CloseReceipt(payments=(0, 50000, *[0] * 14), tax_system=1)
    original, hang_up = bench.now, bench._hang_up

    def arrives_late() -> None:
        hang_up()
        if bench.register.core.receipt is not None:
            bench.register.ask(late, bench.now)

    bench._hang_up = arrives_late  # type: ignore[method-assign]  # the old connection's bytes land as it dies
    verdict = bench.run(resolve(caught.value.intent))
    assert isinstance(verdict, Registered)
    assert bench.now >= original + 30
    assert len(bench.documents()) == 1


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ({k.ShortStatus: [mode(1), mode(2)], k.ReadDocument: refused(0x08)}, ["FF3B"]),
        ({k.ShortStatus: [mode(10), mode(2)], k.StopTest: k.OperatorReply(operator=30)}, ["2B"]),
        ({k.DriveStatus: [drive(41, 4), drive(41, 4), drive(41)], k.CancelDocument: k.Done()}, ["FF08"]),
        (
            {
                k.ShortStatus: [mode(8), mode(8), mode(2)],
                k.Subtotal: refused(0x73),
                k.CancelReceipt: refused(0x73),
            },
            ["88"],
        ),
    ],
    ids=["read out", "test run", "left open in the drive", "88h refused, receipt gone"],
)
def test_what_is_in_the_way_is_cured_before_the_verdict(answers: dict[Any, Any], codes: list[str]) -> None:
    """Mode 1, a test run, a document begun in the drive: cured, asked again, then judged."""
    hand = ByHand({**NOTHING, **answers})
    verdict = hand.play(resolve(INTENT))
    assert isinstance(verdict, NotRegistered)
    assert hand.quiesced == ["FF45"]
    for code in codes:
        assert code in hand.codes


@pytest.mark.parametrize(
    "answers",
    [
        {k.DriveStatus: refused(0x2F)},
        {k.DriveStatus: refused(0x30)},
        {k.ShortStatus: NotSent("down")},
        {k.ShortStatus: Malformed("noise")},
        {k.ShortStatus: mode(9)},
        {k.ShortStatus: mode(12)},
        {k.ShortStatus: mode(8), k.Subtotal: refused(0x50), k.CancelReceipt: refused(0x6B)},
        {k.DriveStatus: drive(41, 4), k.CancelDocument: refused(0x02)},
        {k.DriveStatus: drive(42), k.FindDocument: refused(0x30)},
    ],
)
def test_what_cannot_be_asked_is_not_decided(answers: dict[Any, Any]) -> None:
    """FF01h failing, no link, a mode that needs the clock: "unknown" stays unknown, and never "not registered"."""
    hand = ByHand({**NOTHING, **answers})
    with pytest.raises(OutcomeUnknown) as caught:
        hand.play(resolve(INTENT))
    assert caught.value.intent == INTENT


FOUND = k.FindDocumentReply(
    type=3, ticket=0, moment=MOMENT, document=42, sign=7, tail=bytes((1,)) + (50000).to_bytes(5, "little")
)


@pytest.mark.parametrize(
    "answers",
    [
        {k.FindDocument: refused(0x08)},
        {k.FindDocument: msgspec.structs.replace(FOUND, document=41)},
        {k.FindDocument: FOUND, k.SelectDocument: refused(0x08)},
        {k.FindDocument: FOUND, k.ReadDocument: k.Block(data=b"")},
        {k.FindDocument: FOUND, k.ReadDocument: [k.Block(data=b"\xfc\x03\x09\0\x05"), refused(0x08)]},
        {k.FindDocument: FOUND, k.ReadDocument: [k.Block(data=b"\xfc\x03\x01\0\x05"), refused(0x08)]},
    ],
    ids=["no record", "another number", "no content", "empty content", "broken content", "a part of it"],
)
def test_a_document_that_cannot_be_read_is_never_taken_for_somebody_elses(answers: dict[Any, Any]) -> None:
    """A short or missing archive record proves nothing: a person decides, though our key is not in what was read."""
    hand = ByHand(
        {**NOTHING, k.DriveStatus: drive(42), k.SelectDocument: k.SelectDocumentReply(type=3, length=1), **answers}
    )
    verdict = hand.play(resolve(INTENT))
    assert isinstance(verdict, Ambiguous)
    assert verdict.reason == "a document that may be ours"


@pytest.mark.parametrize("table", [refused(0x5D), k.ReadTableReply(value=b"\0" * 16)])
def test_a_register_is_known_by_the_serial_it_was_identified_by(table: Any) -> None:
    """A model without the number in its table is identified by the short one of 11h, and recovery must do the same:
    else each lost answer of such a register would look like a swapped cable."""
    short = msgspec.structs.replace(INTENT, serial="00000077")
    hand = ByHand({**NOTHING, k.ReadTable: table, k.FullStatus: FULL})
    assert isinstance(hand.play(resolve(short)), NotRegistered)
    other = msgspec.structs.replace(INTENT, serial="00000078")
    assert isinstance(ByHand({**NOTHING, k.ReadTable: table, k.FullStatus: FULL}).play(resolve(other)), Ambiguous)


@pytest.mark.parametrize("code", [0x2F, 0x50, 0x4F])
def test_trouble_while_the_serial_is_read_decides_nothing(code: int) -> None:
    """A register that is busy is not another register: ask again later, don't send the job to a person."""
    hand = ByHand({**NOTHING, k.ReadTable: refused(code), k.FullStatus: FULL})
    with pytest.raises(OutcomeUnknown):
        hand.play(resolve(INTENT))


def test_an_orphan_receipt_on_a_printing_register_is_cancelled_when_it_has_printed() -> None:
    """50h to 88h was not executed and passes by itself: start-up waits instead of failing."""
    done = k.OperatorReply(operator=30)
    hand = ByHand({**NOTHING, k.CancelReceipt: [refused(0x50), refused(0x50), done]})
    hand.play(startup(msgspec.structs.replace(STATE, mode=8), unresolved=None))
    assert hand.codes[:3] == ["88", "88", "88"]


def test_too_many_documents_after_f0_go_to_a_person() -> None:
    """A register that somebody else used for hours is not read through document by document."""
    hand = ByHand({**NOTHING, k.DriveStatus: drive(41 + DOCUMENTS_MAX + 1)})
    assert isinstance(hand.play(resolve(INTENT)), Ambiguous)
    assert "FF0A" not in hand.codes


def test_paper_that_is_pending_is_finished_and_never_repeated() -> None:
    """Submode 3 after registration: B0h; paper that cannot come leaves the flag, and the document stays registered."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.CUT_AFTER))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell()
    content = bench.run(resolve(caught.value.intent))
    assert isinstance(content, Registered)
    assert not content.paper_pending
    intent = msgspec.structs.replace(INTENT, action="shift_close", command="41", fingerprint=None, own_key=None)
    closed = k.FindDocumentReply(type=5, ticket=0, moment=MOMENT, document=42, sign=7, tail=b"\x07\0")
    answers: dict[type[k.Request[Any]], Any] = {**NOTHING, k.DriveStatus: drive(42), k.FindDocument: closed}
    done = k.OperatorReply(operator=30)
    for statuses, printing, pending in (
        ([mode(4, submode=3), mode(4)], done, False),
        ([mode(4, submode=3), mode(4, submode=2)], done, True),
        ([mode(4, submode=3)], refused(0x6B), True),
        ([mode(4, submode=3)], NotSent("down"), True),
        ([mode(4, submode=2)], done, True),
    ):
        hand = ByHand({**answers, k.ShortStatus: statuses, k.ContinuePrinting: printing})
        verdict = hand.play(resolve(intent))
        assert isinstance(verdict, ShiftDone)
        assert verdict.paper_pending is pending
