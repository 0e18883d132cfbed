"""Whole pieces of work in virtual time: each done once, whoever answers and whatever breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio.testing

from fn_emulator.emulated import registered
from fn_emulator.faults import Fault, FaultPlan
from kkt_driver import commands as k
from kkt_driver.errors import OutcomeUnknown, Refused, Undecided, WrongDevice
from kkt_driver.intents import FileIntentStore
from kkt_driver.verdicts import ShiftDone
from tests.kkt_driver.bench import NOW, a_receipt, an_item
from tests.kkt_driver.wire import Wire

Clock = trio.testing.MockClock


def store(tmp_path: Path) -> FileIntentStore:
    return FileIntentStore(tmp_path / "intents.json")


def forms(wire: Wire) -> list[int]:
    wire.register.faults = None
    last = wire.register.drive.last_document
    return [wire.register.ask(k.FindDocument(document=n + 1), NOW).type for n in range(last)]


@pytest.mark.parametrize("fault", ["CUT_BEFORE", "CUT_AFTER", "POWER_BEFORE", "POWER_AFTER", "POWER_AFTER_COMMIT",
                                   "ANSWER_LOST", "COMMAND_LOST", "DRIVE_SILENT_AFTER_COMMIT"])  # fmt: skip
async def test_a_receipt_is_made_once_whatever_happens_to_its_close(
    fault: str, tmp_path: Path, autojump_clock: Clock
) -> None:
    """One call: shift, receipt, doubt, verdict, and again where nothing was left."""
    wire = Wire()
    wire.register.faults = FaultPlan({"FF45": [Fault[fault]]})
    async with wire.open(store=store(tmp_path)) as register:
        done = await register.receipt(a_receipt(), job="job-1")
        assert (await register.receipt(a_receipt(), job="job-1")).document == done.document
        other = await register.receipt(a_receipt(), job="job-2")
    assert (done.document, other.document) == (3, 4)
    assert forms(wire) == [1, 2, 3, 3]


async def test_a_line_that_breaks_in_the_middle_begins_again(tmp_path: Path, autojump_clock: Clock) -> None:
    """Before the close nothing is committed: the half receipt is cancelled when nothing of it can arrive any more."""
    wire = Wire()
    wire.register.faults = FaultPlan({"FF46": [Fault.CUT_AFTER]})
    async with wire.open(store=store(tmp_path)) as register:
        done = await register.receipt(a_receipt(an_item(), an_item()), job="job-1")
    assert done.document == 3
    assert wire.heard.count("88") == 1
    assert forms(wire) == [1, 2, 3]


async def test_open_intents_come_first(tmp_path: Path, autojump_clock: Clock) -> None:
    """A host that was killed left an intent: its receipt is found before the next one is begun."""
    kept = store(tmp_path)
    wire = Wire()
    async with wire.open(store=kept) as register:
        wire.register.faults = FaultPlan({"FF45": [Fault.CUT_AFTER]})
        with trio.CancelScope() as scope:
            dial = wire.dial

            async def killed() -> trio.abc.Stream:
                scope.cancel()
                return await dial()

            register._reconnect = killed
            await register.receipt(a_receipt(), job="job-1")
    assert [one.job for one in kept.open] == ["job-1"]
    again = FileIntentStore(kept.path)
    async with wire.open(store=again) as register:
        assert (await register.receipt(a_receipt(), job="job-2")).document == 4
        assert (await register.receipt(a_receipt(), job="job-1")).document == 3
    assert forms(wire) == [1, 2, 3, 3]


async def test_a_register_that_stays_away_leaves_the_question_open(tmp_path: Path, autojump_clock: Clock) -> None:
    """OutcomeUnknown is a real answer: the intent stays, and the same call later gets the document."""
    kept = store(tmp_path)
    wire = Wire()
    async with wire.open(store=kept) as register:
        await register.open_shift()
        wire.register.faults = FaultPlan({"FF45": [Fault.CUT_AFTER]})
        dial = register._reconnect

        async def nobody() -> trio.abc.Stream:
            raise_ = await wire.dial()
            await trio.aclose_forcefully(raise_)
            return raise_

        register._reconnect = nobody
        with pytest.raises(OutcomeUnknown):
            await register.receipt(a_receipt(), job="job-1")
        assert len(kept.open) == 1
        register._reconnect = dial
        assert (await register.receipt(a_receipt(), job="job-1")).document == 3
    assert forms(wire) == [1, 2, 3]


async def test_shifts_and_cash_are_done_once(tmp_path: Path, autojump_clock: Clock) -> None:
    """Closing, opening, cash in and out: their answers lost after execution, each done once."""
    wire = Wire()
    wire.register.faults = FaultPlan({code: [Fault.CUT_AFTER] for code in ("E0", "41", "50", "51")})
    async with wire.open(store=store(tmp_path)) as register:
        opened = await register.open_shift()
        put = await register.cash_in(5_000, job="float")
        taken = await register.cash_out(1_000, job="safe")
        closed = await register.close_shift()
    assert isinstance(opened, ShiftDone) and isinstance(closed, ShiftDone)
    assert (put.drawer, put.number, taken.drawer, taken.number) == (5_000, 1, 4_000, 1)
    assert forms(wire) == [1, 2, 5]


async def test_a_shift_over_24_hours_is_closed_before_the_next_receipt(tmp_path: Path, autojump_clock: Clock) -> None:
    """Mode 3 takes no receipt: Z, a new shift, then the receipt, in one call."""
    wire = Wire()
    async with wire.open(store=store(tmp_path)) as register:
        await register.receipt(a_receipt(), job="job-1")
        await trio.sleep(24 * 3600)
        register._state = None  # nothing was asked for a day
        await register.receipt(a_receipt(), job="job-2")
    assert forms(wire) == [1, 2, 3, 5, 2, 3]


@pytest.mark.parametrize(("option", "value"), [("serial", "0099078900000777"), ("drive", "9999078900000777")])
async def test_another_register_is_refused_before_the_first_command(
    option: str, value: str, tmp_path: Path, autojump_clock: Clock
) -> None:
    """Registers swapped, drive swapped: a clear message, and nothing but reads was sent."""
    wire = Wire()
    options: dict[str, Any] = {option: value}
    async with wire.open(store=store(tmp_path), **options) as register:
        with pytest.raises(WrongDevice, match=value):
            await register.receipt(a_receipt(), job="job-1")
    assert not {"8D", "E0", "FF45"} & set(wire.heard)


async def test_a_register_that_was_swapped_at_a_reconnect_is_found(tmp_path: Path, autojump_clock: Clock) -> None:
    """The tty was renamed while the line was down: the next piece of work meets another register and stops."""
    wire, other = Wire(), Wire(registered(2, now=NOW))
    async with wire.open(store=store(tmp_path)) as register:
        await register.receipt(a_receipt(), job="job-1")
        other._nursery = wire._nursery
        register._reconnect = other.dial
        await wire.cut()
        with pytest.raises(Exception, match="closed"):
            await register.ask(k.ShortStatus())
        with pytest.raises(WrongDevice, match="00000002"):
            await register.receipt(a_receipt(), job="job-2")
    assert not {"8D", "E0", "FF45"} & set(other.heard)


async def test_a_refused_receipt_leaves_nothing_open(tmp_path: Path, autojump_clock: Clock) -> None:
    """The error says everything: raw code, Russian text, kind, disposition; the next receipt goes on after it."""
    wire = Wire()
    bad = msgspec.structs.replace(a_receipt(), tax_system=0)
    async with wire.open(store=store(tmp_path)) as register:
        with pytest.raises(Refused) as caught:
            await register.receipt(bad, job="bad")
        refusal = caught.value
        assert refusal.code and refusal.meaning.message_ru and refusal.meaning.name and refusal.meaning.disposition
        assert (await register.receipt(a_receipt(), job="good")).document == 3
        assert await register.unresolved() == ()
    assert forms(wire) == [1, 2, 3]


async def test_a_foreign_twin_goes_to_a_person(tmp_path: Path, autojump_clock: Clock) -> None:
    """Without our key in it nothing proves whose it is: Undecided with the evidence, and the intent stays open."""
    kept = store(tmp_path)
    wire = Wire()
    async with wire.open(store=kept) as register:
        await register.open_shift()
        wire.register.faults = FaultPlan({"FF45": [Fault.POWER_BEFORE]})
        reconnect = register._reconnect

        async def after_a_twin() -> trio.abc.Stream:
            sell_by_hand(wire)
            register._reconnect = reconnect
            return await wire.dial()

        register._reconnect = after_a_twin
        with pytest.raises(Undecided) as caught:
            await register.receipt(a_receipt(), job="job-1")
        assert caught.value.verdict.evidence["looks"]
        assert len(kept.open) == 1


def sell_by_hand(wire: Wire) -> None:
    item = an_item()
    for request in (
        k.OpenReceipt(type=0),
        k.Operation(operation=1, quantity=2_000_000, price=item.price, rate=0xCB, method=4, subject=1, name=item.name),
        k.CloseReceipt(payments=(0, item.total, *[0] * 14), tax_system=1),
    ):
        wire.register.ask(request, wire.now())
