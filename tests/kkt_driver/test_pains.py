"""What integrators suffer from other drivers: each pain once, against the emulated register."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from ffd.enums import ChangeReason
from fn_emulator.faults import Fault, FaultPlan
from kkt_driver import commands as k
from kkt_driver.client import Register
from kkt_driver.errors import LineLost, Refused
from kkt_driver.frames import ACK, ENQ, NAK, encode_frame
from kkt_driver.intents import FileIntentStore
from kkt_driver.link import AlternativeLink, Link, StandardLink
from kkt_driver.noticing import ForeignDocuments, Noticed
from kkt_driver.procedures import correction, settlements
from kkt_driver.procedures.registration import change_registration, close_drive, register
from kkt_driver.recovery import resolve
from kkt_driver.verdicts import NotRegistered, Registered
from tests.kkt_driver.bench import NOW, Bench, a_receipt, an_item, fresh
from tests.kkt_driver.procedures.test_corrections import BASIS, SUM, old_bench
from tests.kkt_driver.procedures.test_registration import OWNER
from tests.kkt_driver.wire import Wire

Clock = trio.testing.MockClock
LINKS = [StandardLink, AlternativeLink]


def forms(wire: Wire) -> list[int]:
    wire.register.faults = None
    last = wire.register.drive.last_document
    return [wire.register.ask(k.FindDocument(document=n + 1), NOW).type for n in range(last)]


def store(tmp_path: Path) -> FileIntentStore:
    return FileIntentStore(tmp_path / "intents.json")


@pytest.mark.parametrize("link", LINKS)
async def test_two_equal_receipts_in_a_row_are_two(link: type[Link], tmp_path: Path, autojump_clock: Clock) -> None:
    """The second one's answer is lost: it is told from the first by its own key, and is neither lost nor made twice."""
    wire = Wire()
    async with wire.open(link, store=store(tmp_path)) as register:
        first = await register.receipt(a_receipt(), job="job-1")
        wire.register.faults = FaultPlan({"FF45": [Fault.CUT_AFTER]})
        second = await register.receipt(a_receipt(), job="job-2")
    assert (first.document, second.document) == (3, 4)
    assert forms(wire) == [1, 2, 3, 3]


async def test_a_shift_that_takes_35_seconds_to_open_is_one_document(tmp_path: Path, autojump_clock: Clock) -> None:
    """The drive fetches marking keys: no error, no second try that meets 73h."""
    wire = Wire(durations={"E0": 35.0})
    async with wire.open(store=store(tmp_path)) as register:
        assert (await register.open_shift()).document == 2
    assert wire.heard.count("E0") == 1


async def test_a_dead_register_is_told_from_a_working_one(autojump_clock: Clock) -> None:
    """Each command has its own limit: 10h is given up after 3 s and a little, E0h after two minutes."""
    host, device = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(drain, device)
        register = Register(host)
        began = trio.current_time()
        with pytest.raises(LineLost):
            await register.ask(k.ShortStatus())
        assert trio.current_time() - began <= 3 + 4
        nursery.cancel_scope.cancel()


async def drain(stream: trio.abc.Stream) -> None:
    try:
        while await stream.receive_some(4096):
            pass
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return


@pytest.mark.parametrize("items", [1, 2, 7, 30, 100])
async def test_one_to_a_hundred_items(items: int, tmp_path: Path, autojump_clock: Clock) -> None:
    """A receipt takes one command for each item and four others."""
    wire = Wire()
    async with wire.open(store=store(tmp_path)) as register:
        await register.open_shift()
        wire.heard.clear()
        receipt = a_receipt(*(an_item(name=f"Товар {index}") for index in range(items)))
        assert (await register.receipt(receipt, job="job-1")).document == 3
    sent = wire.heard[wire.heard.index("8D") : wire.heard.index("FF45") + 1]
    assert sent == ["8D", *["FF46"] * items, "FF0C", "FF01", "FF45"]


async def test_a_second_program_is_noticed(tmp_path: Path, autojump_clock: Clock) -> None:
    """A document that nobody here asked for is told as an event with its number, and never claimed."""
    wire, heard = Wire(), list[Noticed]()
    async with wire.open(store=store(tmp_path)) as register, register.events() as events:
        await register.receipt(a_receipt(), job="job-1")
        item = an_item()
        for request in (
            k.OpenReceipt(type=0),
            k.Operation(operation=1, quantity=2_000_000, price=item.price, rate=0xCB, method=4, subject=1, name="Кофе"),
            k.CloseReceipt(payments=(0, item.total, *[0] * 14), tax_system=1),
        ):
            wire.register.ask(request, wire.now())
        done = await register.receipt(a_receipt(), job="job-2")
        assert done.document == 5
        while events.statistics().current_buffer_used:
            heard.append(events.receive_nowait())
    (foreign,) = (one for one in heard if isinstance(one, ForeignDocuments))
    assert (foreign.last, foreign.asked_for) == (4, 1)


async def test_an_automatic_z_between_is_no_receipt(tmp_path: Path, autojump_clock: Clock) -> None:
    """The receipt was lost with the power, then the register closed its shift by itself: not registered, made again."""
    wire = Wire()
    async with wire.open(store=store(tmp_path)) as register:
        await register.open_shift()
        wire.register.faults = FaultPlan({"FF45": [Fault.POWER_BEFORE]})
        dial = register._reconnect

        async def after_z() -> trio.abc.Stream:
            wire.register.ask(k.ZReport(), wire.now())
            register._reconnect = dial
            return await wire.dial()

        register._reconnect = after_z
        assert (await register.receipt(a_receipt(), job="job-1")).document == 5
    assert forms(wire) == [1, 2, 5, 2, 3]


async def test_paper_out_after_registration_is_registered(tmp_path: Path, autojump_clock: Clock) -> None:
    """Registered is registered: the next receipt is refused for the paper, and nothing is made again."""
    wire = Wire(durations={"B0": 5.0})
    wire.register.ask(k.WriteTable(table=17, row=1, field=7, value=b"\0"), NOW)  # it prints
    async with wire.open(store=store(tmp_path)) as register:
        await register.open_shift()
        await trio.sleep(10)
        wire.register.faults = FaultPlan({"FF45": [Fault.PAPER_RUNS_OUT]})
        assert (await register.receipt(a_receipt(), job="job-1")).document == 3
        await trio.sleep(10)
        with pytest.raises(Refused) as caught:
            await register.receipt(a_receipt(), job="job-2")
        assert caught.value.meaning.disposition == "station"
        assert (await register.receipt(a_receipt(), job="job-1")).document == 3
    assert forms(wire) == [1, 2, 3]


STORMS = {"ENQ silence": b"", "NAK storm": NAK, "ACK storm": ACK, "ENQ storm": ENQ, "noise": b"\x00\xff\x7f" * 50,
          "frames of nobody": encode_frame(b"\x11\x00") * 4, "half a frame": b"\x02\xff" + bytes(100)}  # fmt: skip


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("storm", STORMS)
async def test_storms_end_in_bounded_time_and_memory(storm: str, link: type[Link], autojump_clock: Clock) -> None:
    """A device that only shouts (a double: no register does this): the command ends by its own limit, nothing grows."""
    host, device = trio.testing.memory_stream_pair()
    data = STORMS[storm]

    async def shout() -> None:
        try:
            while data:
                await device.send_all(data)
                await trio.sleep(0.05)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(shout)
        nursery.start_soon(drain, device)
        register = Register(host, link=link)
        began = trio.current_time()
        with pytest.raises(LineLost):
            await register.ask(k.ShortStatus())
        assert trio.current_time() - began <= 3 + 4
        assert len(register.trace) <= 200
        nursery.cancel_scope.cancel()


# --- every other committing command --------------------------------------------------------------------------------

FAULTS = (
    Fault.COMMAND_LOST, Fault.ANSWER_LOST, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.POWER_BEFORE,
    Fault.POWER_BEFORE_COMMIT, Fault.POWER_AFTER_COMMIT, Fault.POWER_AFTER, Fault.DRIVE_SILENT_AFTER_COMMIT,
)  # fmt: skip


def insist(bench: Bench, make: object) -> Registered:
    """Until it is done: resolve, and again only with the proof."""
    again: NotRegistered | None = None
    for _ in range(4):
        try:
            done = bench.run(make(again))  # type: ignore[operator]  # each case makes its own procedure
            return done if isinstance(done, Registered) else done.document
        except Refused as refusal:
            again = refusal.proof
        except Exception:
            verdict = bench.run(resolve(bench.intents[-1], clock=bench.clock()))
            if isinstance(verdict, Registered):
                return verdict
            assert isinstance(verdict, NotRegistered), verdict
            again = verdict
    raise AssertionError("never done")


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_settlement_report_is_made_once(fault: Fault, link: type[Link]) -> None:
    """FF38h: form 21, once."""
    bench = Bench(link=link)
    bench.fail(("FF38", fault))
    done = insist(bench, lambda again: settlements(job="s", identity=bench.identity, again=again))
    assert [one.document for one in bench.documents(21)] == [done.document]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_drive_is_closed_once(fault: Fault, link: type[Link]) -> None:
    """FF3Eh: form 6 exists once in a drive, and only it proves the closing."""
    bench = Bench(link=link)
    bench.fail(("FF3E", fault))
    done = insist(bench, lambda again: close_drive(job="c", identity=bench.identity, again=again))
    assert [one.document for one in bench.documents(6)] == [done.document]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_change_of_registration_is_reported_once(fault: Fault, link: type[Link]) -> None:
    """FF34h: form 11 at F0 + 1."""
    bench = Bench(link=link)
    bench.fail(("FF34", fault))
    reason = ChangeReason.OFD_REPLACEMENT
    done = insist(
        bench, lambda again: change_registration(OWNER, reason, job="c", identity=bench.identity, again=again)
    )
    assert [one.document for one in bench.documents(11)] == [done.document]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_drive_is_registered_once(fault: Fault, link: type[Link]) -> None:
    """FF06h: form 1 exists once in a drive."""
    bench = Bench(link=link, register=fresh())
    bench.fail(("FF06", fault))
    done = insist(bench, lambda again: register(OWNER, job="r", identity=bench.identity, again=again))
    assert [one.document for one in bench.documents(1)] == [done.document]


@pytest.mark.parametrize("plain", [False, True], ids=["FF4A", "FF36"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_correction_is_made_once(fault: Fault, plain: bool) -> None:
    """FF4Ah and FF36h: form 31 with our operation and sum."""
    bench = old_bench()
    bench.fail(("FF36" if plain else "FF4A", fault))
    done = insist(
        bench, lambda again: correction(SUM, BASIS, job="c", identity=bench.identity, plain=plain, again=again)
    )
    assert [one.document for one in bench.documents(31)] == [done.document]
