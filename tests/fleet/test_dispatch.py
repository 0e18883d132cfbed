"""Twin of `fleet.dispatch`: pairing, ranking and the reasons why a register may not serve."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fleet.dispatch import AGE_S, RULES, Abilities, Dispatcher, Kind, Need, Pairing, need_of, refusals
from fleet.jobs import Job, State

ALL = 0b111111


def job(
    name: str,
    *,
    at: float = 0.0,
    inn: str = "9900000000",
    tax: TaxSystem = TaxSystem.GENERAL,
    tenant: str = "demo",
    **fields: Any,
) -> Job:
    item = Item(name="Чай", price=100, quantity=Decimal(1), total=100, vat=VatRate.NO_VAT)
    receipt = Receipt(operation=Operation.INCOME, tax_system=tax, items=(item,), payments=Payments(cashless=100))
    return Job(
        **fields,
        id=name,
        inn=inn,
        key=name,
        tenant=tenant,
        facade="ferma",
        state=State.ACCEPTED,
        accepted_at=at,
        changed_at=at,
        receipt=receipt,
    )


def able(
    documents: int = 0, *, tax: int = ALL, inn: str = "9900000000", service_s: float = 0.0, reserve: bool = False
) -> Abilities:
    return Abilities(kind=Kind(inn=inn, tax_systems=tax), documents=documents, service_s=service_s, reserve=reserve)


def chosen(pairing: Pairing | None) -> str | None:
    """The station of a pairing."""
    return None if pairing is None else pairing.station


def test_an_idle_station_gets_the_job_at_once() -> None:
    """Nothing waits while somebody is free."""
    desk = Dispatcher()
    desk.join("a", able())
    assert desk.idle("a") is None
    assert desk.offer(job("1")) == Pairing("a", job("1"))
    assert len(desk) == 0
    assert desk.offer(job("2")) is None, "the station was taken by the first job"
    assert len(desk) == 1


def test_the_least_worn_drive_goes_first() -> None:
    """Drives are the scarce resource: wear levels over the rack."""
    desk = Dispatcher()
    for name, documents in (("a", 900), ("b", 10), ("c", 500)):
        desk.join(name, able(documents))
        desk.idle(name)
    assert [chosen(desk.offer(job(str(n)))) for n in range(3)] == ["b", "c", "a"]


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
    reasons = refusals(Need("7700000000", TaxSystem.PATENT), able(tax=TaxSystem.GENERAL).kind)
    assert len(reasons) == 2
    assert refusals(Need("9900000000", TaxSystem.GENERAL), able().kind) == []


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
            pairing = desk.offer(job(str(offered), at=offered))
            if pairing is not None:
                given_out.append(pairing.job.id)
        elif step == "idle" and name in desk.stations:
            taken = desk.idle(name)
            if taken is not None:
                given_out.append(taken.id)
        elif step == "busy":
            desk.busy(name)
        elif step == "leave":
            desk.leave(name)
            given_out += [pairing.job.id for pairing in desk.again()]
        elif step == "join":
            desk.join(name, able(turn, service_s=turn % 5, reserve=turn % 7 == 0))
    assert len(given_out) == len(set(given_out))
    assert len(given_out) + len(desk) == offered


KIND = Kind(inn="9900000000", tax_systems=ALL, work_mode=0b100000, edition=4, group="north", places=("shop.example",))
NEED = Need("9900000000", 1, internet=True, marked=True, group="north", place="shop.example")
OBSTACLES = {
    "company": Kind(inn="7707083893", tax_systems=ALL, edition=4, group="north"),
    "tax system": msgspec.structs.replace(KIND, tax_systems=0b10),
    "internet": msgspec.structs.replace(KIND, work_mode=0),
    "marking": msgspec.structs.replace(KIND, edition=2),
    "group": msgspec.structs.replace(KIND, group=None),
    "shop.example": msgspec.structs.replace(KIND, places=("other.example",)),
}


def test_every_rule_has_an_obstacle() -> None:
    """One for each: none of them is there for nothing, and none is forgotten below."""
    assert refusals(NEED, KIND) == []
    assert len(OBSTACLES) == len(RULES)


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_one_obstacle_is_one_reason(obstacle: str) -> None:
    """The reason names what stands in the way, so that whoever asks knows what to change."""
    (reason,) = refusals(NEED, OBSTACLES[obstacle])
    assert obstacle in reason


def test_what_a_receipt_asks_for() -> None:
    """Read off the receipt itself and the order's group."""
    asked = job("1", group="north")
    receipt = msgspec.structs.replace(
        asked.receipt,
        internet=True,
        settlement_place="shop.example",
        items=(msgspec.structs.replace(asked.receipt.items[0], subject=33),),
    )
    assert need_of(msgspec.structs.replace(asked, receipt=receipt)) == NEED
    assert need_of(job("1")) == Need("9900000000", 1)


def test_shares_by_weight() -> None:
    """Of registers that two tenants share, the one with three times the weight gets three times as much while both
    wait; who comes late gets its share from then on, not what it might have had before."""
    desk = Dispatcher(weights={"big": 3.0})
    desk.join("a", able())
    for number in range(40):
        desk.offer(job(f"big {number}", at=number, tenant="big"))
    first = [taken.tenant for _ in range(8) if (taken := desk.idle("a"))]
    assert first == ["big"] * 8
    for number in range(20):
        desk.offer(job(f"small {number}", at=100 + number, tenant="small"))
    both = [taken.tenant for _ in range(16) if (taken := desk.idle("a"))]
    assert both.count("big") == 12
    assert both[:5].count("small") in (1, 2), "it does not wait for the others' queue"


def test_priorities_and_age() -> None:
    """The urgent goes first; what waits long enough becomes urgent itself."""
    desk = Dispatcher()
    desk.join("a", able())
    desk.offer(job("old", at=1000.0))
    desk.offer(job("urgent", at=1010.0, priority=1))
    desk.offer(job("idle talk", at=950.0, priority=-1))
    assert [taken.id for _ in range(3) if (taken := desk.idle("a", 1020.0))] == ["urgent", "idle talk", "old"]
    desk.offer(job("low", at=1000.0, priority=-2))
    desk.offer(job("high", at=1000.0 + 4 * AGE_S, priority=1))
    taken = desk.idle("a", 1001.0 + 4 * AGE_S)
    assert taken is not None
    assert taken.id == "low"


def test_a_slow_station_is_passed_over_while_others_are_sooner() -> None:
    """A receipt that waits for one of nine fast registers is done before the slow one would be; with a long queue the
    slow one helps, and it is all there is when the others are gone."""
    desk = Dispatcher()
    for number in range(9):
        desk.join(f"fast {number}", able(service_s=0.5))
    desk.join("slow", able(service_s=10.0))
    assert desk.idle("slow") is None
    waiting = 0
    while (pairing := desk.offer(job(str(waiting), at=waiting))) is None:
        waiting += 1
        assert waiting < 1000
    assert (pairing.station, pairing.job.id) == ("slow", "0")
    assert 100 < waiting < 250, "about as many as the fast ones make in the slow one's ten seconds"
    assert desk.idle("slow") is None
    for number in range(9):
        desk.leave(f"fast {number}")
    assert [one.station for one in desk.again()] == ["slow"]


def test_slow_stations_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rack of hundreds under load always has some that are slow just now. Were each of them judged anew for every
    receipt, a receipt would cost the more the larger the rack is."""
    desk = Dispatcher()
    for number in range(20):
        desk.join(f"fast{number}", able(documents=1000, service_s=0.5))
    for number in range(200):
        desk.join(f"slow{number}", able(service_s=60.0 + number))
        assert desk.idle(f"slow{number}") is None
    judged = 0
    worth = desk._worth

    def counted(*arguments: Any) -> bool:
        nonlocal judged
        judged += 1
        return worth(*arguments)

    monkeypatch.setattr(desk, "_worth", counted)
    for number in range(100):
        assert desk.offer(job(str(number))) is None
    assert judged <= 200 + 2 * 100, "each slow one once, and the first of them for each receipt"
    (pool,) = desk._pools["9900000000"].values()
    for number in range(100, 200):
        desk.busy("slow0")
        desk.idle("slow0")
        assert desk.offer(job(str(number))) is None
    assert len(pool.slow) == 200, "one that is woken again and again stands there once"
    assert desk.idle("fast0") is not None


def test_a_slow_station_does_not_stand_in_front_of_the_others() -> None:
    """Its drive is the least worn, because it is passed over; the next one in line gets the job."""
    desk = Dispatcher()
    desk.join("slow", able(1, service_s=10.0))
    for number in range(4):
        desk.join(f"fast {number}", able(100 + number, service_s=0.5))
    for name in list(desk.stations):
        desk.idle(name)
    assert [chosen(desk.offer(job(str(number)))) for number in range(5)] == [*(f"fast {n}" for n in range(4)), None]


def test_a_station_that_became_another_kind() -> None:
    """A register that was registered anew is not given what its old registration allowed."""
    desk = Dispatcher()
    desk.join("a", able(7))
    desk.idle("a")
    desk.join("a", able(7, tax=int(TaxSystem.GENERAL)))
    desk.idle("a")
    assert desk.offer(job("1", tax=TaxSystem.PATENT)) is None
    assert chosen(desk.offer(job("2"))) == "a"


def test_reserve_joins_when_the_wait_is_long() -> None:
    """And leaves by itself: it is asked for each receipt."""
    desk = Dispatcher(reserve_wait_s=5.0)
    desk.join("a", able(service_s=1.0))
    desk.join("spare", able(service_s=1.0, reserve=True))
    assert desk.idle("spare") is None
    pairings = [desk.offer(job(str(number), at=number)) for number in range(6)]
    assert [chosen(one) for one in pairings] == [None] * 4 + ["spare", None]
    assert desk.idle("spare") is not None, "five still wait"
    assert desk.idle("spare") is None, "four do"
    assert desk.why_not(Need("9900000000", 1)) == {"a": [], "spare": []}


def test_reserve_takes_over_when_nobody_else_is_there() -> None:
    """A dead pool with a spare register is no dead pool."""
    desk = Dispatcher()
    desk.join("a", able())
    desk.join("spare", able(reserve=True))
    desk.idle("spare")
    assert desk.offer(job("1")) is None
    desk.leave("a")
    assert [one.station for one in desk.again()] == ["spare"]


def test_the_expected_wait_is_honest() -> None:
    """Jobs that want the same registers, by what those registers make in a second; nothing is promised while none of
    them is there."""
    desk = Dispatcher()
    need = Need("9900000000", 1)
    assert desk.expected_wait_s(need) is None
    desk.join("a", able(service_s=0.5))
    desk.join("b", able(service_s=1.0, tax=int(TaxSystem.GENERAL)))
    assert desk.expected_wait_s(need) == 0.0
    for number in range(6):
        desk.offer(job(str(number)))
    desk.offer(job("patent", tax=TaxSystem.PATENT))
    desk.offer(job("other company", inn="7707083893"))
    assert desk.expected_wait_s(need) == pytest.approx(7 / 3)
    assert desk.rivals(Need("7707083893", 1)) == 1
    assert desk.expected_wait_s(Need("7707083893", 1)) is None
