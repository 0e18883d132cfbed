"""A drive's life: registered, changed for every reason there is, closed."""

from __future__ import annotations

import msgspec
import pytest

from ffd.documents import DriveCloseReport, RegistrationChangeReport, RegistrationReport
from ffd.enums import ChangeReason
from fn_emulator.faults import Fault
from fn_emulator.register.model import MODELS
from kkt_driver.errors import Misuse, OutcomeUnknown
from kkt_driver.procedures.documents import read
from kkt_driver.procedures.identity import identify, read_state
from kkt_driver.procedures.registration import (
    REASON_BYTES,
    Registration,
    change_registration,
    close_drive,
    reason_byte,
    register,
)
from kkt_driver.procedures.shift import Cashier
from kkt_driver.recovery import resolve
from kkt_driver.verdicts import NotRegistered, Registered
from tests.kkt_driver.bench import Bench, fresh

OWNER = Registration(
    inn="9900000000",
    rnm="0000000001052778",
    tax_systems=0b11,
    work_mode=0b100000,
    user='ООО "Ромашка"',
    address="101000, Москва" + ", Учебный проезд" * 9,
    place="https://shop.example",
    operator_name="Учебный ОФД",
    operator_inn="9900000001",
    sender="noreply@shop.example",
    cashier=Cashier(name="Иванова"),
)


def test_a_fresh_drive_is_registered() -> None:
    """The tables are written, the document holds what was asked for, and the register can open a shift."""
    bench = Bench(register=fresh())
    done = bench.run(register(OWNER, job="r", identity=bench.identity))
    assert (done.action, done.document) == ("registration", 1)
    made = bench.run(read(1))
    assert isinstance(made, RegistrationReport)
    assert (made.user_name, made.tax_systems, made.cashier_name) == ('ООО "Ромашка"', 0b11, "Иванова")
    assert made.settlement_address == OWNER.address
    assert made.ofd_name == "Учебный ОФД"
    bench.identity = bench.run(identify())
    assert (bench.identity.phase, bench.identity.inn, bench.identity.rnm) == (3, "9900000000", "0000000001052778")
    bench.state = bench.run(read_state())
    bench.open_shift()
    assert bench.sell().document == 3


def test_a_registered_drive_is_not_registered_again() -> None:
    """Found before anything is written: the refusal would come after the tables were changed."""
    bench = Bench()
    bench.clear()
    with pytest.raises(Misuse, match="phase"):
        bench.run(register(OWNER, job="r", identity=bench.identity))
    assert bench.sent == []


@pytest.mark.parametrize("reason", [one for one in ChangeReason if one is not ChangeReason.FISCAL_DRIVE_REPLACEMENT])
def test_every_reason_makes_its_report(reason: ChangeReason) -> None:
    """The mask of 1205 is in the document, whatever byte FF34h carried for it."""
    bench = Bench()
    done = bench.run(change_registration(OWNER, reason, job="c", identity=bench.identity))
    made = bench.run(read(done.document))
    assert isinstance(made, RegistrationChangeReport)
    assert made.registration_change_reasons == reason
    assert done.action == "change"


def test_several_reasons_and_a_replaced_drive() -> None:
    """A new drive begins with a change report; the weightiest reason goes into the byte that has room for one."""
    bench = Bench(register=fresh())
    reasons = ChangeReason.FISCAL_DRIVE_REPLACEMENT | ChangeReason.ADDRESS_OR_PLACE_CHANGE
    done = bench.run(change_registration(OWNER, reasons, job="c", identity=bench.identity))
    made = bench.run(read(done.document))
    assert isinstance(made, RegistrationChangeReport)
    assert made.registration_change_reasons == reasons
    assert reason_byte(reasons) == 1
    assert reason_byte(ChangeReason.ADDRESS_OR_PLACE_CHANGE | ChangeReason.OTHER) == 3


def test_every_reason_has_its_byte() -> None:
    """A reason that the enumeration gains must not fall through."""
    assert set(REASON_BYTES) == set(ChangeReason)
    assert set(REASON_BYTES.values()) == {1, 2, 3, 4}


def test_what_contradicts_the_drive_is_found_first() -> None:
    """A replaced drive is fresh, every other change is of a registered one; a change has a reason."""
    bench = Bench()
    for reasons in (ChangeReason(0), ChangeReason.FISCAL_DRIVE_REPLACEMENT):
        with pytest.raises(Misuse):
            bench.run(change_registration(OWNER, reasons, job="c", identity=bench.identity))
    long = msgspec.structs.replace(OWNER, rnm="1" * 21)
    with pytest.raises(Misuse, match="rnm"):
        bench.run(change_registration(long, ChangeReason.OTHER, job="c", identity=bench.identity))


def test_format_1_05_knows_one_reason_and_no_mask() -> None:
    """Firmware before 1.1 would refuse 1205."""
    bench = Bench(register=fresh(model=MODELS["shtrih-m-01f-2018"]))
    bench.run(register(OWNER, job="r", identity=bench.identity))
    bench.identity = bench.run(identify())
    done = bench.run(change_registration(OWNER, ChangeReason.OFD_REPLACEMENT, job="c", identity=bench.identity))
    made = bench.run(read(done.document))
    assert isinstance(made, RegistrationChangeReport)
    assert made.registration_change_reasons is None


def test_the_fiscal_mode_is_closed_once() -> None:
    """Phase 7: the drive only delivers and is read; everything it holds can still be read."""
    bench = Bench()
    done = bench.run(close_drive(job="z", identity=bench.identity, cashier=Cashier(name="Иванова", inn="770708389330")))
    assert isinstance(bench.run(read(done.document)), DriveCloseReport)
    assert bench.run(identify()).phase in (7, 15)


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.CUT_AFTER, Fault.CUT_BEFORE])
def test_a_lost_answer_makes_neither_two_registrations_nor_none(fault: Fault) -> None:
    """The most expensive document to repeat: a drive is registered once."""
    bench = Bench(register=fresh())
    bench.fail(("FF06", fault))
    try:
        bench.run(register(OWNER, job="r", identity=bench.identity))
    except OutcomeUnknown:
        verdict = bench.run(resolve(bench.intents[-1]))
        if isinstance(verdict, NotRegistered):
            bench.run(register(OWNER, job="r", identity=bench.identity, again=verdict))
        else:
            assert isinstance(verdict, Registered)
    assert len(bench.documents(1)) == 1
