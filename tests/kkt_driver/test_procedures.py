"""Procedures against the emulated register, and by hand where it is too kind to misbehave."""

from __future__ import annotations

import pkgutil
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffd import tlv
from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Payments, UserAttribute
from fn_emulator.faults import Fault
from kkt_driver import codec, procedures
from kkt_driver import commands as k
from kkt_driver.effects import Exchange, Pause, Procedure, Quiesce, Record
from kkt_driver.errors import (
    DriverError,
    LineLost,
    Malformed,
    Misuse,
    NotSent,
    OutcomeUnknown,
    Refused,
    StoreDamaged,
    WrongDevice,
)
from kkt_driver.intents import Intent, fingerprint
from kkt_driver.procedures import patience
from kkt_driver.procedures.documents import document, find, subtotal
from kkt_driver.procedures.identity import identify, prepare, read_state
from kkt_driver.procedures.receipts import OPEN_TYPES, RATE_CODES, TAX_ROWS, cancel_open, receipt, short_key
from kkt_driver.procedures.shift import close_shift, open_shift
from kkt_driver.recovery import resolve, startup
from kkt_driver.relay import Outgoing, read_message, write_answer
from kkt_driver.verdicts import NotRegistered, Registered, ShiftDone
from tests.kkt_driver.bench import Bench, a_receipt, an_item
from tests.kkt_driver.hand import DRIVE, IDENTITY, MOMENT, SHORT, STATE, ByHand, refused


def test_no_name_of_the_package_is_a_module_of_it() -> None:
    """`from kkt_driver.procedures import audit` gave the procedure, or the module when somebody had imported that one
    before: what a program got depended on what it had loaded."""
    modules = {module.name for module in pkgutil.iter_modules(procedures.__path__)}
    assert not modules & set(procedures.__all__)


def usual(**changes: Any) -> dict[type[k.Request[Any]], Any]:
    """A register that does what a receipt asks; `changes` by class name."""
    answers: dict[type[k.Request[Any]], Any] = {
        k.OpenReceipt: k.OperatorReply(operator=30),
        k.Operation: k.Done(),
        k.SendTlv: k.Done(),
        k.SendItemTlv: k.Done(),
        k.DriveStatus: DRIVE,
        k.CloseReceipt: k.CloseReceiptReply(change=0, document=42, sign=7, moment=MOMENT),
        k.CancelReceipt: k.OperatorReply(operator=30),
        k.ShortStatus: SHORT,
        k.Subtotal: k.SubtotalReply(operator=30, total=150000),
    }
    return {**answers, **{getattr(k, name): value for name, value in changes.items()}}


def sale(**options: Any) -> Procedure[Registered]:
    return receipt(options.pop("what", a_receipt()), job="job-1", identity=IDENTITY, state=STATE, **options)


# --- who answers ---------------------------------------------------------------------------------------------------


def test_identify_tells_who_answers() -> None:
    """Serial and drive number at every connect find a swapped cable before the first command is sent."""
    bench = Bench()
    found = bench.identity
    assert (found.serial, found.drive) == ("0099078900000001", "9999078900000001")
    assert (found.inn, found.ffd, found.tax_systems, found.phase) == ("9900000000", 4, 0x3F, 3)
    assert found.rnm == "0000000001052778"
    assert found.place == "https://shop.example"
    assert found.operator_inn == "9900000001"
    assert found.clock == datetime(2026, 1, 1, 3, 0)
    assert (found.drive_table, found.operator_table) == (18, 19)


def test_identify_finds_the_tables_of_a_mobile_model_and_lives_with_an_old_one() -> None:
    """Mobile models keep drive and operator in tables 14 and 15; a model without F7h or FF09h is still identified."""
    asked: list[tuple[int, int]] = []

    def table(request: k.Request[Any]) -> k.ReadTableReply:
        assert isinstance(request, k.ReadTable)
        asked.append((request.table, request.field))
        if request.field == 12:
            raise refused(0x5D)
        return k.ReadTableReply(value=b"7\0")

    full = k.FullStatusReply(
        operator=30, version="C3", build=1, software_date=None, hall_number=1, through_number=1, flags=0, mode_byte=4,
        submode=0, port=0, date=None, time=None, serial_low=77, last_closed_shift=0, registrations_done=0,
        registrations_left=30, inn=0,
    )  # fmt: skip
    parameters = k.ModelParametersReply(
        flags=1, width_font_1=48, width_font_2=24, first_graphic_line=1, inn_digits=12, registration_digits=8,
        long_registration_digits=14, long_serial_digits=14, tax_password=0, administrator_password=30,
        bluetooth_table=0, tax_calculation_field=14, command_length_max=0, graphic_line_width=64,
        graphic_512_width=64, graphic_512_lines=600, more=bytes((14, 15, 24, 10, 29)),
    )  # fmt: skip
    answers: dict[type[k.Request[Any]], Any] = {
        k.DeviceType: k.DeviceTypeReply(model=19, name="ШТРИХ-МОБАЙЛ-Ф"),
        k.FullStatus: full,
        k.DriveStatus: DRIVE,
        k.ReadTable: table,
        k.RegistrationTotals: refused(0x02),
    }
    found = ByHand({**answers, k.ModelParameters: parameters}).play(identify())
    assert (found.drive_table, found.operator_table, found.operator_inn) == (14, 15, "")
    assert {number for number, _ in asked} == {14, 15, 10}
    assert (10, 29) in asked
    asked.clear()
    found = ByHand({**answers, k.ModelParameters: refused(0x37)}).play(identify())
    assert (found.drive_table, found.flags, found.serial) == (18, 0, "7")


def test_prepare_writes_only_what_differs() -> None:
    """Tables wear out and must not be written at every connect; what was changed is told, with its former value."""
    bench = Bench()
    changed = bench.run(prepare(bench.identity, printing=False))
    assert [(setting.table, setting.field, setting.was, setting.value) for setting in changed] == [(17, 36, 0, 1)]
    bench.clear()
    assert bench.run(prepare(bench.identity, printing=False)) == ()
    assert "1E" not in bench.sent
    assert [setting.value for setting in bench.run(prepare(bench.identity, printing=True))] == [0]


def test_prepare_skips_what_a_model_does_not_have() -> None:
    """A field that is not there cannot be wrong."""
    hand = ByHand({k.ReadTable: refused(0x5D)})
    assert hand.play(prepare(IDENTITY)) == ()


def test_state_follows_documents_without_asking() -> None:
    """Between receipts a station asks nothing: the state it computes is the state a look would show."""
    bench = Bench()
    bench.open_shift()
    assert bench.state == bench.look()
    bench.sell()
    assert bench.state == bench.look()
    done = bench.run(close_shift(job="z", identity=bench.identity, state=bench.state))
    after, look = bench.state.after(done), bench.look()
    assert after == look


# --- the receipt ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extended", [True, False])
def test_a_receipt_takes_the_fewest_commands(extended: bool) -> None:
    """Every command costs a round trip in every receipt of the rack; the archive is asked only for a missing moment."""
    bench = Bench()
    if extended:
        bench.run(prepare(bench.identity))
    bench.open_shift()
    bench.clear()
    done = bench.sell()
    assert bench.sent == ["8D", "FF46", "FF0C", "FF01", "FF45"] + ([] if extended else ["FF0A"])
    (kept,) = bench.documents()
    assert (done.document, done.sign, done.moment) == (kept.document, kept.sign, kept.moment)
    assert (done.shift, done.receipt, done.serial, done.drive) == (1, 1, bench.identity.serial, bench.identity.drive)
    msgspec.json.encode(done.evidence)


def test_tags_of_an_item_follow_it_and_tags_of_the_receipt_go_in_whole_fields() -> None:
    """FF4Dh belongs to the item before it; one FF0Ch carries whole fields, at most 250 bytes."""
    bench = Bench()
    bench.open_shift()
    bench.clear()
    kilos = an_item(name="Сыр", quantity=Decimal("0.350"), price=100000, total=35000, measure=11)
    what = a_receipt(an_item(), kilos, settlement_address="Москва, " + "я" * 200, cashier_name="Иванова " + "А" * 50)
    bench.sell(what)
    assert bench.sent == ["8D", "FF46", "FF46", "FF4D", "FF0C", "FF0C", "FF01", "FF45", "FF0A"]
    blocks = [request.tlv for request in bench.requests if isinstance(request, k.SendTlv)]
    assert all(len(block) <= 250 for block in blocks)
    assert [field.tag for block in blocks for field in tlv.decode(block)] == [1021, 1008, 1009, 1084]
    (kept,) = bench.documents()
    fields = tlv.decode(bench.run(document(kept.document)))
    measured = tlv.find_all(fields, 1059)[1].value
    assert isinstance(measured, tuple)
    measure = tlv.find(measured, 2108)
    assert measure is not None
    assert int(tlv.value(measure)) == 11


@pytest.mark.parametrize("operation", list(Operation))
def test_two_numberings_of_operations(operation: Operation) -> None:
    """8Dh counts sale, purchase, sale refund, purchase refund; the document counts otherwise. A swapped pair would make
    an expense of a refund."""
    bench = Bench()
    bench.open_shift()
    bench.sell(a_receipt(operation=operation))
    (kept,) = bench.documents()
    assert kept.operation == operation
    assert sorted(OPEN_TYPES.values()) == [0, 1, 2, 3]


@pytest.mark.parametrize("rate", list(VatRate))
def test_every_rate_reaches_the_document(rate: VatRate) -> None:
    """The register's table puts 0 % and "no VAT" before the calculated rates, the format after them: tag 1199 of the
    document is the rate of the receipt."""
    bench = Bench()
    bench.open_shift()
    bench.sell(a_receipt(an_item(vat=rate)))
    (kept,) = bench.documents()
    item = tlv.find(tlv.decode(bench.run(document(kept.document))), 1059)
    assert item is not None
    assert isinstance(item.value, tuple)
    code = tlv.find(item.value, 1199)
    assert code is not None
    assert tlv.value(code) == rate


def test_rate_codes_and_tax_rows() -> None:
    """Section "FF46h": groups 1 to 6 are bits, later ones codes of their own; only six sums fit FF45h."""
    assert RATE_CODES == {
        1: 0x01, 2: 0x02, 5: 0x04, 6: 0x08, 3: 0x10, 4: 0x20,
        7: 0x81, 8: 0x82, 9: 0x84, 10: 0x90, 11: 0xCB, 12: 0xCC,
    }  # fmt: skip
    assert TAX_ROWS == {1: 0, 2: 1, 5: 2, 6: 3, 3: 4, 4: 5}


def test_the_close_carries_payments_taxes_and_the_tax_system() -> None:
    """Each kind of payment has its place among sixteen; taxes of rows 1 to 6 are given, newer ones are computed."""
    what = a_receipt(
        an_item(vat=VatRate.VAT_20),
        an_item(vat=VatRate.NO_VAT),
        an_item(vat=VatRate.VAT_22),
        payments=Payments(cash=10000, cashless=20000, prepaid=30000, credit=40000, barter=50000),
        tax_system=TaxSystem.PATENT,
    )
    hand = ByHand(usual())
    hand.play(sale(what=what))
    close = hand.asked[-1]
    assert isinstance(close, k.CloseReceipt)
    assert close.payments == (10000, 20000, *[0] * 11, 30000, 40000, 50000)
    assert close.taxes == (8333, 0, 0, 50000, 0, 0)
    assert close.tax_system == 32


def test_the_intent_holds_what_recovery_will_ask_for() -> None:
    """Recorded after FF01h and before FF45h: F0, serial, drive, shift, receipt, content, own key."""
    hand = ByHand(usual())
    hand.play(sale())
    (intent,) = hand.recorded
    assert intent == Intent(
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
    assert hand.codes == ["8D", "FF46", "FF0C", "FF01", "FF45"]


@pytest.mark.parametrize(
    ("attribute", "own_key", "sent", "kept"),
    [
        (None, None, ("job", short_key("job-1")), short_key("job-1")),
        (None, "KEY", ("job", "KEY"), "KEY"),
        (None, "", None, None),
        (UserAttribute(name="Заказ", value="17"), None, ("Заказ", "17"), None),
    ],
)
def test_the_own_key_never_displaces_the_shops_attribute(
    attribute: UserAttribute | None, own_key: str | None, sent: tuple[str, str] | None, kept: str | None
) -> None:
    """1084 belongs to the shop; our key goes there only while it is free, and the intent says whether it did."""
    hand = ByHand(usual())
    hand.play(sale(what=a_receipt(user_attribute=attribute), own_key=own_key))
    fields = tlv.decode(b"".join(request.tlv for request in hand.asked if isinstance(request, k.SendTlv)))
    found = tlv.find(fields, 1084)
    assert hand.recorded[0].own_key == kept
    if sent is None:
        assert found is None
    else:
        assert found is not None
        assert isinstance(found.value, tuple)
        assert tuple(tlv.value(one) for one in found.value) == sent


@pytest.mark.parametrize(
    "what",
    [
        a_receipt(an_item(quantity=Decimal("0.0000001"))),
        a_receipt(an_item(quantity=Decimal("NaN"))),
        a_receipt(an_item(quantity=Decimal(0))),
        a_receipt(an_item(quantity=Decimal(10) ** 12)),
        a_receipt(an_item(name="я" * 129)),
        a_receipt(an_item(name="茶")),
        a_receipt(an_item(price=1 << 40)),
        a_receipt(settlement_address="я" * 247),
    ],
    ids=["7 places", "NaN", "zero", "too many", "long name", "not CP1251", "price", "long tag"],
)
def test_what_cannot_be_said_is_found_with_nothing_open(what: Any) -> None:
    """A value without a place in its command is our own refusal, before the first byte: no receipt is left open."""
    hand = ByHand({})
    with pytest.raises(Misuse):
        hand.play(sale(what=what))
    assert hand.asked == []


def test_a_swapped_drive_gets_no_document() -> None:
    """FF01h before the close proves the drive: another one is refused before the intent and the receipt is undone."""
    hand = ByHand(usual(DriveStatus=msgspec.structs.replace(DRIVE, drive="9999078900000002")))
    with pytest.raises(WrongDevice):
        hand.play(sale())
    assert hand.recorded == []
    assert hand.codes[-2:] == ["FF01", "88"]


def test_a_stale_state_is_noticed() -> None:
    """Somebody else's document since the last look: shift and receipt numbers are asked again before the close."""
    hand = ByHand(
        usual(
            DriveStatus=msgspec.structs.replace(DRIVE, last_document=50),
            ShiftParameters=k.ShiftParametersReply(open=1, shift=8, receipt=2),
            CloseReceipt=k.CloseReceiptReply(change=0, document=51, sign=7, moment=MOMENT),
        )
    )
    done = hand.play(sale())
    assert (done.document, done.shift, done.receipt) == (51, 8, 3)


@pytest.mark.parametrize("code", [0x73, 0x3D, 0x16, 0x4F])
def test_a_refused_opening_cancels_nothing(code: int) -> None:
    """What is open then is not ours: an orphan receipt may be somebody's unresolved one."""
    hand = ByHand(usual(OpenReceipt=refused(code)))
    with pytest.raises(Refused):
        hand.play(sale())
    assert hand.codes == ["8D"]


@pytest.mark.parametrize("cancelled", [k.OperatorReply(operator=30), refused(0x73), refused(0x55)])
def test_a_refusal_before_the_close_leaves_nothing_open(cancelled: Any) -> None:
    """A refused item undoes the receipt; that none was open is as good."""
    hand = ByHand(usual(Operation=refused(0x63), CancelReceipt=cancelled))
    with pytest.raises(Refused) as caught:
        hand.play(sale())
    assert caught.value.code == 0x63
    assert caught.value.proof is None
    assert hand.codes == ["8D", "FF46", "88"]
    assert hand.recorded == []


@pytest.mark.parametrize("cancelled", [refused(0x2F), NotSent("down")])
def test_a_receipt_that_could_not_be_undone_is_told(cancelled: Any) -> None:
    """The first failure stays the error; that something may be open is added to it."""
    hand = ByHand(usual(Operation=refused(0x63), CancelReceipt=cancelled))
    with pytest.raises(Refused) as caught:
        hand.play(sale())
    assert caught.value.code == 0x63
    assert "may still be open" in caught.value.__notes__[0]


def test_content_the_register_refuses_leaves_no_document() -> None:
    """Against the emulator: an item whose total is not price × quantity is refused, mode and number are as before."""
    bench = Bench()
    bench.open_shift()
    wrong = a_receipt(an_item(total=49000), payments=Payments(cashless=49000))
    with pytest.raises(Refused):
        bench.sell(wrong)
    assert bench.look() == bench.state
    assert bench.intents[-1].action == "shift_open"


class Restarts:
    """A fault plan for a serial line, where nobody sees a restart: the power is back before the n-th such command."""

    def __init__(self, bench: Bench, command: str, count: int) -> None:
        self._bench, self._code, self._left = bench, bytes.fromhex(command), count

    def on_command(self, body: bytes, now: float) -> None:
        if body.startswith(self._code):
            self._left -= 1
            if self._left == 0:
                self._bench.register.power_cycle(now)
                self._bench.register.connected(now)


class Troubles:
    """Several of them."""

    def __init__(self, *faults: Restarts) -> None:
        self._faults = faults

    def on_command(self, body: bytes, now: float) -> None:
        for fault in self._faults:
            fault.on_command(body, now)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_register_restarted_between_two_items_makes_no_document_of_the_rest(count: int) -> None:
    """The next item opens a receipt of its own, and cash for the lost ones would be given as change: the total is
    compared before the close, the rest is cancelled, and the job is whole when it is made again."""
    bench = Bench()
    bench.open_shift()
    bench.register.faults = Restarts(bench, "FF46", count)
    items = (an_item(), an_item(name="Кофе"), an_item(name="Сахар"))
    what = a_receipt(*items, payments=Payments(cash=150000))
    if count > 1:
        with pytest.raises(NotSent):
            bench.sell(what)
        assert bench.look() == bench.state
        assert "FF45" not in bench.sent
    assert bench.sell(what).document == 3
    (kept,) = bench.documents()
    assert kept.total == 150000


def test_only_cash_needs_the_total_before_the_close() -> None:
    """Without cash the register itself refuses a close whose payments differ from its total: no command is spent. The
    refusal blames the receipt, but it was the register that lost a part of it: another register may take it."""
    bench = Bench()
    bench.open_shift()
    bench.register.faults = Restarts(bench, "FF46", 2)
    with pytest.raises(Refused) as caught:
        bench.sell(a_receipt(an_item(), an_item(name="Кофе")))
    assert caught.value.code == 0x4D
    assert isinstance(caught.value.proof, NotRegistered)
    assert "89" not in bench.sent[: bench.sent.index("FF45")]
    assert caught.value.incomplete
    assert caught.value.meaning.disposition == "station"


def test_a_register_that_was_restarted_since_its_refusal_blames_nobody() -> None:
    """The second item was lost in a power cut and the rest with another one after the refusal: nothing tells any more
    whether it was the whole receipt that was refused, so it is not called the shop's fault."""
    bench = Bench()
    bench.open_shift()
    bench.register.faults = Troubles(Restarts(bench, "FF46", 2), Restarts(bench, "10", 1))
    with pytest.raises(Refused) as caught:
        bench.sell(a_receipt(an_item(), an_item(name="Кофе")))
    assert caught.value.code == 0x4D
    assert isinstance(caught.value.proof, NotRegistered)
    assert caught.value.meaning.disposition == "station"


def test_an_intent_that_cannot_be_kept_sends_no_close() -> None:
    """A full disk under the store: the close must not go out, and the receipt must not stay open behind it."""
    bench = Bench()
    bench.open_shift()

    def full(intent: Intent) -> Intent:
        raise StoreDamaged("no space left")

    bench._record = full  # type: ignore[method-assign]  # the store of this bench fails
    with pytest.raises(StoreDamaged):
        bench.sell()
    assert "FF45" not in bench.sent
    assert bench.look() == bench.state


def test_a_refused_close_is_proved_to_have_left_nothing() -> None:
    """Payments below the total: 45h, content. The refusal carries the proof, the receipt is cancelled, and the same job
    may go on with that proof."""
    bench = Bench()
    bench.open_shift()
    bench.clear()
    with pytest.raises(Refused) as caught:
        bench.sell(a_receipt(payments=Payments(cashless=10)))
    assert caught.value.code == 0x45
    assert caught.value.meaning.disposition == "content"
    assert isinstance(caught.value.proof, NotRegistered)
    assert caught.value.proof.evidence["undone"] == ["88h: done"]
    assert bench.sent == ["8D", "FF46", "FF0C", "FF01", "FF45", "FF01", "10", "89", "88", "FF01", "10"]
    assert bench.look() == bench.state
    assert bench.sell(again=caught.value.proof).document == 3


def test_a_proof_speaks_for_its_own_job_only() -> None:
    """A proof about one job must not open the door for another."""
    bench = Bench()
    bench.open_shift()
    with pytest.raises(Refused) as caught:
        bench.sell(a_receipt(payments=Payments(cashless=10)))
    with pytest.raises(Misuse):
        bench.sell(job="job-2", again=caught.value.proof)
    with pytest.raises(Misuse):
        bench.run(open_shift(job="job-1", identity=bench.identity, state=bench.state, again=caught.value.proof))


@pytest.mark.parametrize(
    "answers",
    [
        {"CloseReceipt": [refused(0x2F)], "DriveStatus": [DRIVE, msgspec.structs.replace(DRIVE, last_document=42)]},
        {"CloseReceipt": [refused(0x2F)], "DriveStatus": [DRIVE, refused(0x30)]},
        {"CloseReceipt": [refused(0x2F)], "DriveStatus": [DRIVE, NotSent("down")]},
        {"CloseReceipt": [refused(0x2F)], "DriveStatus": [DRIVE, msgspec.structs.replace(DRIVE, drive="2")]},
        {"CloseReceipt": [refused(0x2F)], "ShortStatus": [msgspec.structs.replace(SHORT, mode_byte=8)]},
        {"CloseReceipt": [LineLost("gone")]},
        {"CloseReceipt": [NotSent("gone")]},
        {"CloseReceipt": [Malformed("what?")]},
        {"CloseReceipt": [k.CloseReceiptReply(change=0, document=43, sign=7, moment=MOMENT)]},
        {"CloseReceipt": [k.CloseReceiptReply(change=0, document=41, sign=7, moment=MOMENT)]},
        {"CloseReceipt": [k.CloseReceiptReply(change=0, document=42, sign=7)], "FindDocument": refused(0x08)},
        {"CloseReceipt": [k.CloseReceiptReply(change=0, document=42, sign=7)], "FindDocument": NotSent("down")},
    ],
)
def test_a_close_without_a_proof_is_unknown(answers: dict[str, Any]) -> None:
    """A failure answer is no proof, nor is an answer with a number that is not F0 + 1: only `resolve` may go on, and
    FF45h went out exactly once."""
    hand = ByHand(usual(**answers))
    with pytest.raises(OutcomeUnknown) as caught:
        hand.play(sale())
    assert caught.value.intent == hand.recorded[0]
    assert hand.codes.count("FF45") == 1


def test_a_register_that_still_prints_is_waited_for() -> None:
    """50h, 58h and, with no receipt open, 4Bh mean "not executed": the same command goes out again after a while."""
    hand = ByHand(
        usual(
            OpenReceipt=[refused(0x50), refused(0x58), refused(0x4B), k.OperatorReply(operator=30)],
            ContinuePrinting=k.OperatorReply(operator=30),
            ShortStatus=[msgspec.structs.replace(SHORT, submode=5), SHORT],
        )
    )
    assert hand.play(sale()).document == 42
    assert hand.codes[:8] == ["8D", "8D", "B0", "10", "10", "8D", "10", "8D"]


def test_printing_that_never_ends_is_not_waited_for_without_end() -> None:
    """Stuck printing is told after a minute, not ridden forever."""
    hand = ByHand(usual(OpenReceipt=refused(0x50)))
    with pytest.raises(Refused):
        hand.play(sale())
    assert len(hand.asked) == pytest.approx(patience.PATIENCE_S / patience.BUSY_PAUSE_S, abs=2)


def test_a_close_while_printing_is_sent_again_only_with_a_proof() -> None:
    """50h to FF45h: number, drive and mode are read before the second try, and the intent is recorded once."""
    hand = ByHand(
        usual(
            CloseReceipt=[refused(0x50), k.CloseReceiptReply(change=0, document=42, sign=7, moment=MOMENT)],
            ShortStatus=msgspec.structs.replace(SHORT, mode_byte=8),
        )
    )
    assert hand.play(sale()).document == 42
    assert hand.codes[-4:] == ["FF45", "FF01", "10", "FF45"]
    assert len(hand.recorded) == 1
    moved = [DRIVE, msgspec.structs.replace(DRIVE, last_document=42)]
    hand = ByHand(usual(CloseReceipt=refused(0x50), DriveStatus=moved))
    with pytest.raises(OutcomeUnknown):
        hand.play(sale())


def test_a_printing_register_makes_receipts() -> None:
    """Against the emulator with paper on: submode 5 after every document is ridden out."""
    bench = Bench(durations={"B0": 2.0})
    bench.run(prepare(bench.identity, printing=True))
    bench.open_shift()
    first, second = bench.sell(), bench.sell(job="job-2")
    assert (first.document, second.document) == (3, 4)


def test_cashier_and_administrator() -> None:
    """A receipt belongs to the operator who opened it: one password from 8Dh to FF45h, 30 for reads."""
    hand = ByHand(usual())
    hand.play(sale(cashier_password=1))
    passwords = {k.command_of(request).hex: getattr(request, "password", None) for request in hand.asked}
    assert passwords == {"8D": 1, "FF46": 1, "FF0C": 1, "FF01": 30, "FF45": 1}


def test_a_lost_answer_before_the_close_is_undone_by_cancel_open() -> None:
    """No close was sent, so no document can exist: wait until nothing is on its way, 88h, and the job begins again."""
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF46", Fault.CUT_AFTER))
    with pytest.raises(LineLost) as caught:
        bench.sell()
    assert bench.look().mode == 8
    state = bench.run(cancel_open(lost=caught.value.command))
    assert bench.quiesced == ["FF46"]
    assert state == bench.state
    assert bench.sell().document == 3


def test_cancel_open_reads_out_a_half_read_document_first() -> None:
    """Mode 1 on a desktop register hides whether a receipt is open."""
    reading = msgspec.structs.replace(SHORT, mode_byte=1)
    shift = k.ShiftParametersReply(open=1, shift=7, receipt=4)
    hand = ByHand(
        usual(ShortStatus=[reading, SHORT], ReadDocument=refused(0x08), ShiftParameters=shift, DriveStatus=DRIVE)
    )
    assert hand.play(cancel_open()).mode == 2
    assert hand.codes == ["10", "FF01", "FF40", "FF3B", "10", "FF01", "FF40"]
    assert hand.quiesced == []


# --- the shift -----------------------------------------------------------------------------------------------------


def test_a_shift_opens_and_closes_with_evidence() -> None:
    """E0h and 41h answer without a document: the archive gives number, sign and moment of F0 + 1."""
    bench = Bench()
    opened = bench.open_shift()
    assert isinstance(opened, ShiftDone)
    assert (opened.action, opened.document, opened.shift, opened.receipt) == ("shift_open", 2, 1, 0)
    bench.sell()
    closed = bench.run(close_shift(job="z", identity=bench.identity, state=bench.state))
    assert (closed.action, closed.document, closed.shift, closed.receipt) == ("shift_close", 4, 1, 1)
    assert [record.document for record in bench.documents(2) + bench.documents(5)] == [2, 4]
    assert [intent.command for intent in bench.intents] == ["E0", "FF45", "41"]


def test_a_shift_that_is_open_already_is_refused_with_a_proof() -> None:
    """The second E0h makes no document, and says so."""
    bench = Bench()
    bench.open_shift()
    with pytest.raises(Refused) as caught:
        bench.open_shift()
    assert caught.value.proof is not None
    assert len(bench.documents(2)) == 1


def test_a_slow_opening_is_one_document_and_no_error() -> None:
    """Fetching marking keys may hold E0h for two minutes: the command's own deadline tells a dead device."""
    bench = Bench(durations={"E0": 35.0})
    assert bench.open_shift().document == 2
    assert len(bench.documents(2)) == 1


@pytest.mark.parametrize(
    "found",
    [
        None,
        k.FindDocumentReply(type=5, ticket=0, moment=MOMENT, document=42, sign=1, tail=b"\x08\0"),
        k.FindDocumentReply(type=2, ticket=0, moment=MOMENT, document=42, sign=1, tail=b"\x09\0"),
        k.FindDocumentReply(type=2, ticket=0, moment=None, document=42, sign=1, tail=b"\x08\0"),
    ],
)
def test_an_answer_the_archive_does_not_bear_out_is_unknown(found: Any) -> None:
    """The answer of E0h says nothing of a document; without the right one in the archive nobody knows."""
    hand = ByHand(
        {
            k.DriveStatus: DRIVE,
            k.ShiftParameters: k.ShiftParametersReply(open=0, shift=7, receipt=4),
            k.OpenShift: k.OperatorReply(operator=30),
            k.FindDocument: refused(0x08) if found is None else found,
        }
    )
    with pytest.raises(OutcomeUnknown):
        hand.play(open_shift(job="s", identity=IDENTITY, state=STATE))


# --- documents -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"\xfc\x03\x01\0\x05", refused(0x08)], b"\xfc\x03\x01\0\x05"),
        ([b"\xfc\x03", b"\x01\0\x05", b""], b"\xfc\x03\x01\0\x05"),
        ([b"\x03\0\x05\0", b"\xfc\x03\x01\0\x05", b""], b"\xfc\x03\x01\0\x05"),
        ([refused(0x08)], b""),
    ],
    ids=["whole fields, 08h", "arbitrary cuts, empty answer", "with its head", "nothing"],
)
def test_a_document_is_collected_to_its_end(pieces: list[Any], expected: bytes) -> None:
    """One field an answer and arbitrary cuts are both met, with 08h or an empty answer at the end."""
    blocks = [piece if isinstance(piece, Exception) else k.Block(data=piece) for piece in pieces]
    hand = ByHand({k.SelectDocument: k.SelectDocumentReply(type=3, length=5), k.ReadDocument: blocks})
    assert hand.play(document(17)) == expected


def test_a_reading_that_a_restart_ended_is_not_the_document() -> None:
    """A register that was restarted says 08h to FF3Bh, as at the end of a document. What is shorter than FF3Ah told is
    read again; a firmware that counts differently gives the same twice, and that is the document."""
    start, rest, end = k.Block(data=b"\xfc\x03\x01"), k.Block(data=b"\0\x05"), refused(0x08)
    chosen: dict[type[k.Request[Any]], Any] = {k.SelectDocument: k.SelectDocumentReply(type=3, length=5)}
    assert (
        ByHand({**chosen, k.ReadDocument: [start, end, start, rest, end]}).play(document(17)) == b"\xfc\x03\x01\0\x05"
    )
    assert ByHand({**chosen, k.ReadDocument: [start, end, start, end]}).play(document(17)) == b"\xfc\x03\x01"
    cut = [start, end, end, rest, end, start, rest, rest]
    hand = ByHand({k.SelectDocument: k.SelectDocumentReply(type=3, length=99), k.ReadDocument: [*cut, end]})
    with pytest.raises(Malformed):
        hand.play(document(17))


def test_a_document_without_end_is_malformed() -> None:
    """A register that never says 08h must not fill the memory."""
    hand = ByHand({k.SelectDocument: k.SelectDocumentReply(type=3, length=5), k.ReadDocument: k.Block(data=bytes(250))})
    with pytest.raises(Malformed):
        hand.play(document(17))


def test_find_and_subtotal() -> None:
    """A number that the drive does not have is None, any other refusal stays one."""
    hand = ByHand({k.FindDocument: [refused(0x08), refused(0x30)], k.Subtotal: k.SubtotalReply(operator=1, total=9)})
    assert hand.play(find(5)) is None
    with pytest.raises(Refused):
        hand.play(find(5))
    assert hand.play(subtotal()) == 9


# --- modes that need a hand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "codes"),
    [(1, ["FF3B"]), (6, ["11", "23"]), (9, ["16", "21", "22", "23"]), (10, ["2B"]), (2, [])],
)
def test_each_stuck_mode_has_its_cure(mode: int, codes: list[str]) -> None:
    """1 read out, 6 the date confirmed, 9 reset and clock set, 10 the test run stopped; anything else is no case."""
    full = k.FullStatusReply(
        operator=30, version="C3", build=1, software_date=None, hall_number=1, through_number=1, flags=0,
        mode_byte=mode, submode=0, port=0, date=MOMENT.date(), time=None, serial_low=77, last_closed_shift=0,
        registrations_done=0, registrations_left=30, inn=0,
    )  # fmt: skip
    hand = ByHand(
        {
            k.ReadDocument: refused(0x08),
            k.FullStatus: full,
            k.ConfirmDate: k.Done(),
            k.TechnologicalReset: k.Done(),
            k.SetTime: k.Done(),
            k.SetDate: k.Done(),
            k.StopTest: k.OperatorReply(operator=30),
        }
    )
    assert hand.play(patience.cure(mode, clock=MOMENT)) is bool(codes)
    assert hand.codes == codes


# --- anything a register may answer --------------------------------------------------------------------------------


def _procedures() -> Iterator[tuple[str, Callable[[], Procedure[Any]]]]:
    intent = Intent(
        job="j",
        action="receipt",
        command="FF45",
        serial="1",
        drive=IDENTITY.drive,
        last_document=41,
        shift=7,
        receipt=4,
        fingerprint=fingerprint(a_receipt()),
        own_key=short_key("j"),
    )
    shift = msgspec.structs.replace(intent, action="shift_close", command="41", fingerprint=None, own_key=None)
    yield "identify", identify
    yield "state", read_state
    yield "prepare", lambda: prepare(IDENTITY, printing=False)
    yield "receipt", sale
    yield "open", lambda: open_shift(job="s", identity=IDENTITY, state=STATE)
    yield "close", lambda: close_shift(job="s", identity=IDENTITY, state=STATE)
    yield "cancel", lambda: cancel_open(lost="FF46")
    yield "document", lambda: document(5)
    yield "resolve receipt", lambda: resolve(intent, clock=MOMENT)
    yield "resolve without key", lambda: resolve(msgspec.structs.replace(intent, own_key=None))
    yield "resolve shift", lambda: resolve(shift)
    yield "startup", lambda: startup(STATE, unresolved=None, clock=MOMENT)
    yield "read message", read_message
    outgoing = Outgoing(message=b"", drive=IDENTITY.drive, document=5, kind=3)
    yield "write answer", lambda: write_answer(outgoing, b"\x2a\x08\x41\x0a")


def _any_answer(source: random.Random, request: k.Request[Any]) -> msgspec.Struct:
    row = k.command_of(request)
    luck = source.random()
    if luck < 0.04:
        raise Refused(source.choice((0x08, 0x50, 0x58, 0x4B, 0x73, source.randrange(256))), command=row.hex)
    if luck < 0.06:
        raise source.choice((NotSent("x"), LineLost("x"), Malformed("x")))
    data = source.randbytes(source.choice((0, 1, 40, 60, 120)))
    if luck < 0.5 and row.request is k.DriveStatus:
        return msgspec.structs.replace(DRIVE, last_document=source.choice((40, 41, 42, 43, 60, 9000)))
    if luck < 0.7 and row.request is k.ShortStatus:
        mode = source.choice((0, 1, 2, 3, 4, 6, 8, 9, 10, 12))
        return msgspec.structs.replace(SHORT, mode_byte=mode, submode=source.choice((0, 0, 0, 3, 5)))
    try:
        return codec.codec(row.reply).decode(data)
    except DriverError:
        raise Malformed("short") from None


@pytest.mark.parametrize(("name", "make"), list(_procedures()), ids=[name for name, _ in _procedures()])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_answered_a_procedure_ends_with_a_value_or_our_error(
    name: str, make: Callable[[], Procedure[Any]], seed: int
) -> None:
    """Registers lie, lines break: nothing but our own errors leaves a procedure, it ends, and a committing command goes
    out at most once without a proof in between."""
    source = random.Random(seed)
    steps = committed = 0
    answer: Any = None
    failure: DriverError | None = None
    procedure = make()
    while True:
        steps += 1
        assert steps < 50_000
        try:
            effect = procedure.throw(failure) if failure is not None else procedure.send(answer)
        except StopIteration:
            return
        except DriverError:
            return
        answer, failure = None, None
        match effect:
            case Exchange():
                committed += k.command_of(effect.request).kind is k.Kind.COMMITTING
                try:
                    answer = _any_answer(source, effect.request)
                except DriverError as error:
                    failure = error
            case Record():
                answer = effect.intent
            case Quiesce() | Pause():
                pass
        if name.startswith(("resolve", "startup", "cancel")):
            assert committed == 0


def test_the_table_of_contents_is_true() -> None:
    """Every name that the package lists can be had from it."""
    for name in procedures.__all__:
        assert getattr(procedures, name) is not None
    with pytest.raises(AttributeError):
        procedures.__getattr__("nothing")
