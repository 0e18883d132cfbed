"""Twin of `fleet.dispatch`: pairing, ranking and the reasons why a register may not serve."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fleet.dispatch import Abilities, Dispatcher, Need, refusals
from fleet.jobs import Job, State

ALL = 0b111111


def job(name: str, *, at: float = 0.0, inn: str = "9900000000", tax: TaxSystem = TaxSystem.GENERAL) -> Job:
    item = Item(name="Чай", price=100, quantity=Decimal(1), total=100, vat=VatRate.NO_VAT)
    receipt = Receipt(operation=Operation.INCOME, tax_system=tax, items=(item,), payments=Payments(cashless=100))
    return Job(
        id=name,
        inn=inn,
        key=name,
        tenant="demo",
        facade="ferma",
        state=State.ACCEPTED,
        accepted_at=at,
        changed_at=at,
        receipt=receipt,
    )


def able(documents: int = 0, *, tax: int = ALL, inn: str = "9900000000") -> Abilities:
    return Abilities(inn=inn, tax_systems=tax, documents=documents)


def test_an_idle_station_gets_the_job_at_once() -> None:
    """Nothing waits while somebody is free."""
    desk = Dispatcher()
    desk.join("a", able())
    assert desk.idle("a") is None
    assert desk.offer(job("1")) == "a"
    assert len(desk) == 0
    assert desk.offer(job("2")) is None, "the station was taken by the first job"
    assert len(desk) == 1


def test_the_least_worn_drive_goes_first() -> None:
    """Drives are the scarce resource: wear levels over the rack."""
    desk = Dispatcher()
    for name, documents in (("a", 900), ("b", 10), ("c", 500)):
        desk.join(name, able(documents))
        desk.idle(name)
    assert [desk.offer(job(str(n))) for n in range(3)] == ["b", "c", "a"]


def test_the_oldest_job_that_fits_goes_first() -> None:
    """A job that this register may not make never stands in front of one that it may."""
    desk = Dispatcher()
    desk.offer(job("patent", at=1, tax=TaxSystem.PATENT))
    desk.offer(job("late", at=3))
    desk.offer(job("simple", at=2, tax=TaxSystem.SIMPLIFIED_INCOME))
    desk.join("a", able(tax=TaxSystem.GENERAL | TaxSystem.SIMPLIFIED_INCOME))
    taken = [desk.idle("a"), desk.idle("a"), desk.idle("a")]
    assert [one and one.id for one in taken] == ["simple", "late", None]
    assert len(desk) == 1


def test_a_station_that_left_gets_nothing() -> None:
    """A sick station leaves its pool; its place in the heap must not come back to life."""
    desk = Dispatcher()
    desk.join("a", able())
    desk.idle("a")
    desk.leave("a")
    assert desk.offer(job("1")) is None
    desk.join("a", able(5))
    assert desk.offer(job("2")) is None, "it joined again but has not said that it is idle"
    taken = desk.idle("a")
    assert taken is not None
    assert taken.id == "1"


def test_a_withdrawn_job_is_never_made() -> None:
    """Cancelled before a station took it."""
    desk = Dispatcher()
    one = job("1")
    desk.offer(one)
    assert desk.withdraw(one)
    assert not desk.withdraw(one)
    desk.join("a", able())
    assert desk.idle("a") is None


def test_reasons_name_every_obstacle() -> None:
    """ "Why not this register?" is answered with all reasons at once."""
    reasons = refusals(Need("7700000000", TaxSystem.PATENT), able(tax=TaxSystem.GENERAL))
    assert len(reasons) == 2
    assert refusals(Need("9900000000", TaxSystem.GENERAL), able()) == []


@given(st.lists(st.sampled_from(["offer", "idle", "busy", "leave", "join"]), max_size=60), st.integers(1, 4))
def test_no_job_is_lost_or_given_twice(steps: list[str], stations: int) -> None:
    """Whatever stations and jobs do, each job is waiting or was given to exactly one station."""
    desk = Dispatcher()
    names = [f"s{n}" for n in range(stations)]
    for name in names:
        desk.join(name, able())
    offered = 0
    given_out: list[str] = []
    for turn, step in enumerate(steps):
        name = names[turn % stations]
        if step == "offer":
            offered += 1
            if desk.offer(job(str(offered), at=offered)) is not None:
                given_out.append(str(offered))
        elif step == "idle" and name in desk.stations:
            taken = desk.idle(name)
            if taken is not None:
                given_out.append(taken.id)
        elif step == "busy":
            desk.busy(name)
        elif step == "leave":
            desk.leave(name)
        elif step == "join":
            desk.join(name, able(turn))
    assert len(given_out) == len(set(given_out))
    assert len(given_out) + len(desk) == offered
