"""Corrections in both forms: a sum before format 1.2, a receipt with a basis in it."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from ffd import tlv
from ffd.documents import CorrectionDocument
from ffd.receipts import Payments
from fn_emulator.faults import Fault
from fn_emulator.register.model import MODELS
from kkt_driver import commands as k
from kkt_driver.errors import Misuse, OutcomeUnknown, Refused
from kkt_driver.procedures.corrections import Basis, CorrectedSum, basis_tags, correction
from kkt_driver.procedures.documents import read
from kkt_driver.procedures.identity import identify
from kkt_driver.procedures.registration import register
from kkt_driver.recovery import resolve
from kkt_driver.verdicts import Registered
from tests.kkt_driver.bench import Bench, a_receipt, fresh
from tests.kkt_driver.procedures.test_registration import OWNER

BASIS = Basis(day=date(2025, 12, 30), number="17", kind=1)
SUM = CorrectedSum(operation=1, payments=Payments(cashless=44400), tax_system=1, taxes=(0, 0, 0, 44400, 0, 0))


def old_bench() -> Bench:
    bench = Bench(register=fresh(model=MODELS["shtrih-m-01f-2018"]))
    bench.run(register(OWNER, job="r", identity=bench.identity))
    bench.identity = bench.run(identify())
    bench.state = bench.look()
    bench.open_shift()
    bench.clear()
    return bench


def test_a_correction_of_format_1_2_is_a_receipt_with_a_basis() -> None:
    """8Dh with 80h, 1173 and 1174 among the receipt's fields, and the document is a form 31."""
    bench = Bench()
    bench.open_shift()
    bench.clear()
    done = bench.sell(a_receipt(), basis=BASIS)
    assert bench.sent == ["8D", "FF46", "FF0C", "FF01", "FF45", "FF0A"]
    (opening,) = [request for request in bench.requests if isinstance(request, k.OpenReceipt)]
    assert opening.type == 0x80
    (kept,) = bench.documents(31)
    assert (kept.document, kept.total) == (done.document, 50000)
    made = bench.run(read(done.document))
    assert isinstance(made, CorrectionDocument)
    assert made.correction_type == 1
    assert made.correction_basis is not None
    assert made.correction_basis.corrected_settlement_date == datetime(2025, 12, 30)
    assert made.correction_basis.correction_order_number == "17"


@pytest.mark.parametrize("plain", [False, True])
def test_a_correction_before_1_2_is_a_sum(plain: bool) -> None:
    """FF35h, the basis, FF4Ah or FF36h; the archive bears it out."""
    bench = old_bench()
    done = bench.run(correction(SUM, BASIS, job="c", identity=bench.identity, plain=plain))
    assert bench.sent == ["FF35", "FF0C", "FF01", "FF40", "FF36" if plain else "FF4A", "FF0A"]
    (kept,) = bench.documents(31)
    assert (kept.document, kept.operation, kept.total) == (done.document, 1, 44400)
    assert done.receipt == 1
    assert bench.state.after(done) == bench.look()


def test_firmware_of_1_2_refuses_the_old_form_and_nothing_is_left_begun() -> None:
    """37h says in words that this firmware wants a receipt; the begun correction is gone from the drive."""
    bench = Bench()
    bench.open_shift()
    with pytest.raises(Refused) as caught:
        bench.run(correction(SUM, BASIS, job="c", identity=bench.identity))
    assert caught.value.code == 0x37
    assert bench.look().current_document == 0
    assert bench.sell().document


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.CUT_AFTER, Fault.CUT_BEFORE, Fault.COMMAND_LOST])
def test_a_lost_answer_ends_in_exactly_one_correction(fault: Fault) -> None:
    """Operation and sum are in the note, so the archive decides."""
    bench = old_bench()
    bench.fail(("FF4A", fault))
    try:
        bench.run(correction(SUM, BASIS, job="c", identity=bench.identity))
    except OutcomeUnknown:
        verdict = bench.run(resolve(bench.intents[-1]))
        if not isinstance(verdict, Registered):
            bench.run(correction(SUM, BASIS, job="c", identity=bench.identity, again=verdict))  # type: ignore[arg-type]  # a proof
    assert len(bench.documents(31)) == 1


def test_format_1_0_corrects_income_and_expense_only() -> None:
    """FF36h has no place for returns."""
    bench = old_bench()
    what = CorrectedSum(operation=2, payments=Payments(cash=1), tax_system=1)
    with pytest.raises(Misuse):
        bench.run(correction(what, BASIS, job="c", identity=bench.identity, plain=True))


def test_the_basis_in_bytes() -> None:
    """The day is midnight as seconds, the order's number its text."""
    fields = tuple(basis_tags(Basis(day=date(2021, 4, 25), number="б/н", description="акт")))
    assert [field.tag for field in fields] == [1173, 1174]
    inside = fields[1].value
    assert isinstance(inside, tuple)
    assert [field.tag for field in inside] == [1177, 1178, 1179]
    day = tlv.find(inside, 1178)
    assert day is not None
    assert tlv.value(day) == datetime(2021, 4, 25)
