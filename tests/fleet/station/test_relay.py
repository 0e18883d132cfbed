"""Twin of `fleet.station.relay`: tickets keep coming under saturation, whatever route is dead, and what the operator
thinks of a document reaches a person."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing

from fleet.jobs import State
from fleet.station.relay import ANSWER_S, PRIORITIES, priority
from fleet.usecases import UseCases
from fn_emulator.messages import Fault
from fn_emulator.operator import TestOperator
from fn_emulator.register import exchange
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver.commands import WriteTable
from tests.end_to_end.world import OPERATOR, START, World, post, wait_for

SERVICE_S = 2.0


def test_priority_grows_with_age() -> None:
    """Never fewer holds for older documents; from a minute on one document for each receipt, which keeps up with any
    load; from two on more, which catches up."""
    rows = [priority(age) for age in (0, 29, 30, 60, 119, 120, 3600, 10 * 86_400)]
    shares = [row.documents / row.receipts for row in rows]
    assert shares == sorted(shares)
    assert priority(60).documents / priority(60).receipts == 1
    assert priority(120).documents / priority(120).receipts > 1
    assert [row.age_s for row in PRIORITIES] == sorted(row.age_s for row in PRIORITIES)


async def saturate(fleet: UseCases, seconds: float) -> float:
    """Keep the only register busy without a pause; the oldest age of an unconfirmed document meanwhile."""
    until, number, worst = trio.current_time() + seconds, 0, 0.0
    async with trio.open_nursery() as nursery:
        while trio.current_time() < until:
            if fleet.queue().waiting < 4:
                await post(fleet, f"{trio.current_time():.3f} {number}")
                number += 1
            else:
                await fleet.changed(fleet.change_count)
            since = fleet.rack()[0].oldest_unsent_at
            worst = max(worst, 0.0 if since is None else START + trio.current_time() - since)
        nursery.cancel_scope.cancel()
    return worst


@pytest.mark.slow
async def test_the_lag_is_bounded_under_saturation(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """A register that never rests, an operator that takes its time: no ticket is later than a minute and a bit."""
    world = World(tmp_path, durations={"FF45": SERVICE_S})
    world.operator_delay_s = 0.3
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "first"), State.CONFIRMED)
        assert await saturate(fleet, 400) <= 60 + 60 + 10  # documents carry minutes: ages are up to one too high
        view = fleet.rack()[0]
        assert view.documents_made >= 0.8 * 400 / (SERVICE_S + 0.3), "receipts go on"


@pytest.mark.slow
async def test_a_backlog_shrinks_under_saturation(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """The operator was away for ten minutes; when it is back the queue of the drive goes down although receipts never
    stop."""
    world = World(tmp_path, durations={"FF45": SERVICE_S})
    async with world.daemon() as fleet:
        world.operator_up = False
        await saturate(fleet, 400)
        before = fleet.rack()[0].unsent
        world.operator_up = True
        await saturate(fleet, 400)
        assert before > 150
        assert fleet.rack()[0].unsent < before / 2


@pytest.mark.parametrize("death", ["dead_routes", "black_holes"])
async def test_a_dead_first_route(tmp_path: Path, autojump_clock: trio.testing.MockClock, death: str) -> None:
    """It costs no receipt and hardly a ticket: the next one carries the message, the whole rack knows, and the first is
    tried now and then until it works."""
    world = World(tmp_path, registers=4, durations={"FF45": SERVICE_S})
    getattr(world, death).add(OPERATOR[0])
    async with world.daemon() as fleet:
        began = trio.current_time()
        for number in range(40):
            job = await fleet.finished(await post(fleet, f"{number}"))
            assert job.state in (State.REGISTERED, State.CONFIRMED)
        assert trio.current_time() - began <= 40 * (SERVICE_S + 0.3)
        await wait_for(fleet, job.id, State.CONFIRMED, within_s=20)
        await trio.sleep(30)
        assert not any(view.unsent for view in fleet.rack())
        assert world.dialled[OPERATOR[0]] <= 10, "not once for every message"
        getattr(world, death).clear()
        await trio.sleep(600)
        before = world.dialled[OPERATOR[1]]
        for number in range(8):
            await wait_for(fleet, await post(fleet, f"later {number}"), State.CONFIRMED)
        assert world.dialled[OPERATOR[1]] == before, "back on the first route"


async def test_an_operator_that_is_gone_costs_no_receipt(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """However old the documents are: all routes swallow everything for two days, and receipts take as long as ever."""
    world = World(tmp_path, durations={"FF45": SERVICE_S})
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "first"), State.CONFIRMED)
        world.black_holes.update(OPERATOR)
        world.operator_up = False
        for number in range(3):
            await fleet.finished(await post(fleet, f"young {number}"))
        autojump_clock.jump(40 * 3600)
        await fleet.finished(await post(fleet, "opens the next shift"))
        began = trio.current_time()
        for number in range(20):
            await fleet.finished(await post(fleet, f"old {number}"))
        assert trio.current_time() - began <= 20 * (SERVICE_S + 0.1) + ANSWER_S


@pytest.mark.parametrize(("fault", "code"), [(Fault.CODE_11, 11), (Fault.CODE_14, 14)])
async def test_a_document_that_the_operator_does_not_like(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, fault: Fault, code: int
) -> None:
    """It is confirmed, with the code, and a person hears of it: until somebody has looked, also after a restart."""
    world = World(tmp_path)
    key = f"operator code {code}"
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        world.operator.fail(fault)
        job = await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        assert job.result is not None
        assert job.result.ticket_code == code
        (alarm,) = fleet.rack()[0].alarms
        assert (alarm.key, alarm.level, alarm.detail["document"]) == (key, "alarm", job.result.document)
        assert fleet.health().problems != []
    async with world.daemon() as fleet:
        assert [one.key for one in fleet.rack()[0].alarms] == [key]
        await fleet.stations.acknowledge("k1", key, who="olga", why="the name of the goods was too long")
        assert fleet.rack()[0].alarms == ()
        (record,) = await fleet.stations.history("k1", ["operator_code"])
        assert record.detail["code"] == code


async def test_a_ticket_that_a_register_swallows(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that the drive took the ticket and offers the document again: carried again with pauses and not as fast
    as the line can, what waits is counted right, and all is well when the register is."""
    swallowed: list[bytes] = []
    monkeypatch.setattr(exchange, "hand_over", lambda register, answer: swallowed.append(answer))
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.REGISTERED)
        await trio.sleep(600)
        assert 2 <= len(swallowed) <= 40
        assert fleet.rack()[0].unsent > 0
        monkeypatch.undo()
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED, within_s=120)
        await trio.sleep(120)
        assert fleet.rack()[0].unsent == 0


async def test_a_register_that_sends_by_itself(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Nothing is carried and its own client is left alone; jobs are confirmed by the tickets that its drive keeps, and
    the age of what waits is known."""
    operator = TestOperator(master=DEMO_MASTER_KEY)
    world = World(tmp_path, operator=operator)
    world.station_settings["k1"] = {"relay": "register"}
    async with world.daemon() as fleet:
        job = await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        assert job.result is not None
        assert job.result.ticket_at is not None
        assert abs(job.result.ticket_at - START) < 120, "the moment that the ticket carries"
        assert not world.dialled
        register = world.registers[0]
        register.core.network.operator = None
        await wait_for(fleet, await post(fleet, "2"), State.REGISTERED)
        await trio.sleep(2 * 3600)
        (alarm,) = fleet.rack()[0].alarms
        assert (alarm.key, alarm.level) == ("unsent", "info")
        register.core.network.operator = operator
        await wait_for(fleet, await post(fleet, "3"), State.CONFIRMED)
        assert fleet.rack()[0].alarms == ()


async def test_what_speaks_against_its_own_client_is_mended(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """Somebody switched the register's own client on beside ours: two owners of one exchange. It is switched off at
    the next connect, and that is journaled."""
    world = World(tmp_path)
    world.registers[0].ask(WriteTable(table=21, row=1, field=2, value=b"\1"), START)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        assert world.registers[0].core.settings.number(21, 1, 2) == 0


async def test_28_days_without_the_operator(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """The alarms rise with the weeks; at 28 days the register gets no receipt, two days before its drive would refuse
    it; delivered, it is back by itself."""
    world = World(tmp_path, registers=2)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "0"), State.CONFIRMED)
        world.operator_up = False
        for name in ("k1", "k2"):
            other = "k2" if name == "k1" else "k1"
            await fleet.stations.drain(other, who="test", why="it is the turn of the other")
            await wait_for(fleet, await post(fleet, f"for {name}"), State.REGISTERED)
            await fleet.stations.resume(other, who="test", why="both")
        levels = []
        for hours in (2, 23, 24, 19 * 24, 9 * 24):
            autojump_clock.jump(hours * 3600 - 120)  # the operator need not be asked every minute of a month
            await trio.sleep(120)
            levels.append([alarm.level for alarm in fleet.rack()[0].alarms if alarm.key == "unsent"])
        assert levels == [["info"], ["warning"], ["warning"], ["alarm"], ["critical"]]
        assert [view.state for view in fleet.rack()] == ["held", "held"]
        job = await post(fleet, "waits")
        await trio.sleep(3600)
        assert (await fleet.job(job)).state is State.ACCEPTED  # type: ignore[union-attr]  # it was accepted above
        world.operator_up = True
        await wait_for(fleet, job, State.CONFIRMED)
        await trio.sleep(120)
        assert [view.alarms for view in fleet.rack()] == [(), ()]
        assert msgspec.to_builtins(fleet.rack()[0].outside) == ()
