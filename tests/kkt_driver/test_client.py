"""The runner over memory streams in virtual time, and over TCP, against the emulated register."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
import trio
import trio.testing

from fn_emulator.emulated import registered
from fn_emulator.faults import Fault, FaultPlan
from fn_emulator.line import Layer
from fn_emulator.serve.tcp import serve_register
from kkt_driver import commands as k
from kkt_driver.client import TRACE_SIZE, Register
from kkt_driver.effects import Exchange, Pause, Procedure, Record, ask
from kkt_driver.errors import AnswerLost, LineLost, Misuse, NotSent, OutcomeUnknown, Refused, StoreDamaged
from kkt_driver.frames import ACK, ENQ, encode_frame
from kkt_driver.intents import FileIntentStore, Intent
from kkt_driver.link import AlternativeLink, Link, StandardLink
from kkt_driver.link.events import PROOF_S
from kkt_driver.procedures import identify, open_shift, read_state, receipt
from kkt_driver.recovery import resolve
from kkt_driver.transport import TcpLine
from kkt_driver.verdicts import NotRegistered, Registered
from tests.kkt_driver.bench import NOW, a_receipt
from tests.kkt_driver.wire import Kept, Wire

LINKS = [StandardLink, AlternativeLink]
Clock = trio.testing.MockClock


async def sell(register: Register, *, job: str = "job-1", again: NotRegistered | None = None) -> Registered:
    """One receipt as an integrator makes it: who answers, in what state, then the receipt."""
    identity = await register.run(identify())
    state = await register.run(read_state())
    if not state.shift_open:
        state = state.after(await register.run(open_shift(job="shift", identity=identity, state=state)))
    return await register.run(receipt(a_receipt(), job=job, identity=identity, state=state, again=again))


def documents(wire: Wire) -> list[int]:
    """Forms of all documents in the drive."""
    last = wire.register.drive.last_document
    return [wire.register.ask(k.FindDocument(document=n + 1), NOW).type for n in range(last)]


def plan(wire: Wire, **faults: Fault) -> None:
    wire.register.faults = FaultPlan({code.removeprefix("x"): [fault] for code, fault in faults.items()})


# --- one exchange --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", LINKS)
async def test_a_receipt_over_each_layer(link: Callable[[], Link], autojump_clock: Clock) -> None:
    """From the first byte to the document, and the intents of shift and receipt cleared by their outcome."""
    wire, store = Wire(), Kept()
    async with wire.open(link, store=store) as register:
        done = await sell(register)
        assert (done.document, register.connected) == (3, True)
        assert register.layer == store.outcomes[0].evidence.get("link", link().layer)  # type: ignore[attr-defined]  # a verdict
    assert (store.open, len(store.outcomes)) == ([], 2)
    assert documents(wire) == [1, 2, 3]


async def test_a_refusal_has_the_registers_code(autojump_clock: Clock) -> None:
    """8Dh with the shift closed: the raw code and the command, and the connection goes on."""
    wire = Wire()
    async with wire.open() as register:
        with pytest.raises(Refused) as caught:
            await register.ask(k.OpenReceipt(type=0))
        assert caught.value.command == "8D"
        assert (await register.ask(k.ShortStatus())).mode == 4
    assert wire.connections == 1


async def test_an_answer_that_cannot_be_read_is_a_lost_answer(autojump_clock: Clock) -> None:
    """The frame is sound and ours, its content makes no sense: what became of the command is not known."""
    host, device = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def device_talks() -> None:
            while data := await device.receive_some():
                await device.send_all(b"\x15" if data == b"\x05" else ACK + encode_frame(b"\x10\x00"))

        nursery.start_soon(device_talks)
        with pytest.raises(AnswerLost):
            await Register(host).ask(k.ShortStatus())
        nursery.cancel_scope.cancel()


async def test_a_deadline_is_the_commands_own(autojump_clock: Clock) -> None:
    """10h waits 3 s and E0h 120 s; both may be replaced, and an answer in time is never cut off."""
    wire, store = Wire(durations={"E0": 100.0}), Kept()
    async with wire.open(store=store) as register:
        started = trio.current_time()
        await sell(register)
        assert 100 <= trio.current_time() - started < 102
    silent = Wire()
    plan(silent, x10=Fault.COMMAND_LOST)
    async with silent.open(lambda: StandardLink(), deadlines={"11": 9.0}) as register:
        cases: list[tuple[k.Request[Any], float, float | None]] = [
            (k.ShortStatus(), 3.0, None),
            (k.FullStatus(), 9.0, None),
            (k.ReadTable(table=1, row=1, field=1), 1.5, 1.5),
        ]
        for request, limit_s, given in cases:
            silent.register.faults = FaultPlan({k.command_of(request).hex: [Fault.COMMAND_LOST] * 50})
            started = trio.current_time()
            with pytest.raises(LineLost):
                await register.ask(request, given)
            assert limit_s <= trio.current_time() - started <= limit_s + PROOF_S


async def test_exchanges_in_a_row_each_have_their_own_time(autojump_clock: Clock) -> None:
    """The scope around a run may end before the time of the exchange under way is over (its deadline lags behind on
    purpose): nothing is lost or asked twice by that, and a silence is still noticed when it should be."""

    def many() -> Procedure[None]:
        for _ in range(7):
            yield from ask(k.ShortStatus())

    for link in LINKS:
        wire = Wire(durations={"10": 0.45})
        async with wire.open(link) as register:
            await register.run(many())
            assert trio.current_time() > 3, "longer than the patience of any single step"
            assert wire.heard.count("10") == 7
            writes = [one.data for one in register.trace if one.direction == ">"]
            assert len(writes) == 1 + 7 + (link is StandardLink), "one question at the start, then each frame once"
            plan(wire, x10=Fault.COMMAND_LOST)
            before = trio.current_time()
            await register.run(many())
            assert trio.current_time() - before == pytest.approx(1.0 + 7 * 0.45, abs=0.1)


async def test_the_answer_lost_on_the_line_is_asked_for_on_the_same_connection(autojump_clock: Clock) -> None:
    """The link proof: the register executed and its answer was lost; nothing is sent twice, no connection is spent."""
    for link in LINKS:
        wire, store = Wire(), Kept()
        async with wire.open(link, store=store) as register:
            plan(wire, xFF45=Fault.ANSWER_LOST)
            done = await sell(register)
            assert done.evidence["by"] == "the answer to our own frame"
        assert wire.heard.count("FF45") == 1
        assert wire.connections == 1


# --- the ACK of the last answer --------------------------------------------------------------------------------------


def written(register: Register) -> list[bytes]:
    return [one.data for one in register.trace if one.direction == ">"]


async def test_the_ack_of_the_last_answer_does_not_wait(autojump_clock: Clock) -> None:
    """A procedure that ends leaves the register at rest, also when it was refused."""
    async with Wire().open() as register:
        await register.ask(k.ShortStatus())
        assert written(register)[-1] == ACK
        with pytest.raises(Refused):
            await register.run(ask(k.ReadTable(table=99, row=1, field=1)), rest=False)
        assert written(register)[-1] == ACK


async def test_the_ack_goes_with_the_first_frame_of_what_follows(autojump_clock: Clock) -> None:
    """For those who know that something follows at once; else they say that nothing does. On a host that is too busy
    to keep its word the ACK waits no second time."""
    frame = encode_frame(k.encode_request(k.ShortStatus()))
    async with Wire().open() as register:
        await register.run(ask(k.ShortStatus()), rest=False)
        assert written(register)[-1] == ACK, "nobody knows yet how soon something follows"
        await register.run(ask(k.ShortStatus()), rest=False)
        await register.run(ask(k.ShortStatus()), rest=False)
        assert written(register)[-1] == ACK + frame
        await register.rest()
        await register.rest()
        assert written(register)[-2:] == [ACK + frame, ACK]
        await register.run(ask(k.ShortStatus()), rest=False)
        await trio.sleep(1)
        await register.run(ask(k.ShortStatus()), rest=False)
        assert written(register)[-3:-1] == [ACK + ENQ, frame], "too late for a frame that does not ask first"
        assert written(register)[-1] == ACK


@pytest.mark.parametrize("slow", [False, True])
async def test_the_close_takes_the_ack_with_it_when_the_store_is_quick(slow: bool, autojump_clock: Clock) -> None:
    """One write less for every receipt. Where intents take their time (a hard disk, a memory card) the register does
    not wait for them; the first intent of a store tells how it is."""

    class Slow(Kept):
        async def record(self, intent: Intent) -> None:
            await trio.sleep(1.0 if slow else 0.0)
            await super().record(intent)

    close = encode_frame(b"\xff\x45")[2:4]
    async with Wire().open(store=Slow()) as register:
        await sell(register)
        await sell(register, job="job-2")
        (*_, last) = [data for data in written(register) if close in data[:6]]
        assert (last[:1] == ACK) is not slow
        assert ENQ not in written(register)[2:]


# --- connections ---------------------------------------------------------------------------------------------------


async def test_a_broken_line_is_opened_again_with_the_next_exchange(autojump_clock: Clock) -> None:
    """A read after the line broke costs a connection, not the caller's nerves; without `reconnect` it is NotSent."""
    wire = Wire()
    async with wire.open() as register:
        await register.ask(k.ShortStatus())
        await wire.cut()
        with pytest.raises(LineLost):
            await register.ask(k.ShortStatus())
        assert not register.connected
        assert (await register.ask(k.ShortStatus())).mode == 4
        assert wire.connections == 2
        wire.down = True
        await wire.cut()
        for _ in range(2):
            with pytest.raises(LineLost):
                await register.ask(k.ShortStatus())
    lonely = Wire()
    async with lonely.open(reconnect=None) as register:
        await register.aclose()
        with pytest.raises(NotSent):
            await register.ask(k.ShortStatus())


async def test_cut_before_and_after_execution_are_both_a_lost_answer(autojump_clock: Clock) -> None:
    """The host cannot tell them apart, and must not."""
    for fault in (Fault.CUT_BEFORE, Fault.CUT_AFTER):
        wire = Wire()
        async with wire.open() as register:
            await register.ask(k.ShortStatus())
            plan(wire, x1E=fault)
            with pytest.raises(AnswerLost):
                await register.ask(k.WriteTable(table=17, row=1, field=7, value=b"\x02"))


async def test_cancelled_in_the_middle_the_connection_is_spent(autojump_clock: Clock) -> None:
    """Nobody will read that answer, so it must not meet the next command; the next exchange has a new connection."""
    wire = Wire(durations={"11": 2.0})
    async with wire.open() as register:
        with trio.move_on_after(1.0) as scope:
            await register.ask(k.FullStatus())
        assert scope.cancelled_caught
        assert not register.connected
        assert isinstance(await register.ask(k.ShortStatus()), k.ShortStatusReply)
        assert wire.connections == 2


async def test_cancelled_while_the_close_is_out_leaves_its_intent_open(autojump_clock: Clock) -> None:
    """Patience of the caller may end at any moment: the intent is durable, and resolving it finds the document."""
    wire, store = Wire(durations={"FF45": 2.0}), Kept()
    async with wire.open(store=store) as register:
        with trio.move_on_after(1.0):
            await sell(register)
        (intent,) = store.open
        assert intent.command == "FF45"
        verdict = await register.resolve(intent)
        assert isinstance(verdict, Registered)
        assert (store.open, store.outcomes[-1]) == ([], verdict)
    assert documents(wire) == [1, 2, 3]


class Restless(Wire):
    """A register that drops the line when it has answered a command of one kind."""

    def __init__(self, after: str, **options: Any) -> None:
        super().__init__(**options)
        self.after = after

    async def dial(self) -> trio.abc.Stream:
        return _Dropping(await super().dial(), self)


class _Dropping(trio.abc.Stream):
    """A line whose next write fails once the named command has been heard: the ACK of its answer."""

    def __init__(self, line: trio.abc.Stream, wire: Restless) -> None:
        self._line, self._wire = line, wire

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self._wire.after and self._wire.heard[-1:] == [self._wire.after]:
            self._wire.after = ""
            await trio.aclose_forcefully(self._line)
        await self._line.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._line.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._line.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._line.aclose()


def begins_and_goes_on() -> Procedure[None]:
    """A receipt that has to wait for paper between two items."""
    yield from ask(k.OpenReceipt(type=0))
    yield Pause(0.4)
    yield from ask(k.Operation(operation=1, quantity=1_000_000, price=100, rate=1, method=4, subject=1, name="Чай"))


async def test_work_that_has_begun_never_goes_on_over_another_connection(autojump_clock: Clock) -> None:
    """The line breaks while a receipt waits: after a restart the register would take the next item as the first of a
    new receipt, and at another address another register would."""
    wire, store = Restless("8D"), Kept()
    async with wire.open(store=store) as register:
        await register.ask(k.ShortStatus())
        wire.register.ask(k.OpenShift(), NOW)
        with pytest.raises(NotSent):
            await register.run(begins_and_goes_on())
        assert "FF46" not in wire.heard
        assert (await register.ask(k.ShortStatus())).mode == 8  # a read may reconnect: nothing has begun there
        assert wire.connections == 2


async def test_a_line_that_broke_before_the_intent_sends_and_records_nothing(autojump_clock: Clock) -> None:
    """F0 was read over a connection that is gone: what answers now may be another register."""
    wire, store = Restless("FF40"), Kept()
    async with wire.open(store=store) as register:
        identity = await register.run(identify())
        state = await register.run(read_state())
        wire.after = "FF40"
        with pytest.raises(NotSent):
            await register.run(open_shift(job="shift", identity=identity, state=state))
    assert "E0" not in wire.heard
    assert (store.open, store.happened) == ([], [])


# --- intents -------------------------------------------------------------------------------------------------------


async def test_the_intent_is_durable_before_a_byte_of_the_close_is_on_the_wire(autojump_clock: Clock) -> None:
    """Order is the promise: recorded, sent, answered, cleared."""
    wire = Wire()
    store = Kept(wire.heard)
    async with wire.open(store=store) as register:
        await sell(register)
    tail = [what for what in wire.heard if what in ("durable", "cleared", "E0", "FF45")]
    assert tail == ["durable", "E0", "cleared", "durable", "FF45", "cleared"]


async def test_the_stored_intent_knows_layer_and_frame_number(autojump_clock: Clock) -> None:
    """What a link proof after the fact would ask for."""
    for link, numbered in ((StandardLink, False), (AlternativeLink, True)):
        wire, store = Wire(), Kept()
        async with wire.open(link, store=store) as register:
            done = await sell(register)
        assert done.evidence["link"] == link().layer
        assert (done.evidence["frame"] is not None) is numbered


async def test_no_committing_command_goes_out_without_its_intent(autojump_clock: Clock) -> None:
    """`register.ask(ZReport())` would be a document that nobody can resolve; an intent for another command is none."""
    wire, store = Wire(), Kept()

    def wrong() -> Procedure[None]:
        identity = yield from identify()
        yield Record(
            Intent(
                job="x", action="shift_close", command="41", serial=identity.serial, drive=identity.drive,
                last_document=1, shift=0, receipt=0,
            )
        )  # fmt: skip
        yield Exchange(k.OpenShift())

    async with wire.open(store=store) as register:
        for request in (
            k.OpenShift(),
            k.ZReport(),
            k.CashIn(amount=1),
            k.CloseReceipt(payments=(0,) * 16, tax_system=1),
        ):
            with pytest.raises(Misuse):
                await register.run(ask(request))
        with pytest.raises(Misuse):
            await register.run(wrong())
        assert not set(wire.heard) & {"E0", "41", "50", "FF45"}
        assert (await register.ask(k.ShortStatus())).mode == 4


async def test_without_a_store_nothing_is_committed_and_nothing_stays_open(autojump_clock: Clock) -> None:
    """A Register without a store makes no documents, and says so before it sends one."""
    wire = Wire()
    wire.register.ask(k.OpenShift(), NOW)
    async with wire.open() as register:
        with pytest.raises(Misuse):
            await sell(register)
        assert (await register.ask(k.ShortStatus())).mode == 2
    assert "FF45" not in wire.heard


async def test_a_store_that_fails_sends_no_close(autojump_clock: Clock) -> None:
    """Neither our own error nor a foreign one lets the close go out."""

    class Failing(Kept):
        async def record(self, intent: Intent) -> None:
            raise self.error

        error: Exception = StoreDamaged("full")

    for error in (StoreDamaged("full"), OSError("full")):
        wire, store = Wire(), Failing()
        store.error = error
        wire.register.ask(k.OpenShift(), NOW)
        async with wire.open(store=store) as register:
            with pytest.raises(type(error)):
                await sell(register)
            assert "FF45" not in wire.heard
            assert (await register.ask(k.ShortStatus())).mode in (2, 8)


async def test_a_refusal_with_a_proof_clears_the_intent(autojump_clock: Clock) -> None:
    """Proved that no document exists: the intent must not block the next receipt."""
    wire, store = Wire(), Kept()
    async with wire.open(store=store) as register:
        await sell(register)
        plan(wire, xFF45=Fault.DRIVE_SILENT)
        with pytest.raises(Refused) as caught:
            await sell(register, job="job-2")
        assert isinstance(caught.value.proof, NotRegistered)
        assert (store.open, store.outcomes[-1]) == ([], caught.value.proof)
        assert (await sell(register, job="job-2", again=caught.value.proof)).document == 4


# --- quiescence ----------------------------------------------------------------------------------------------------


async def test_not_registered_is_said_only_when_nothing_can_be_under_way(autojump_clock: Clock) -> None:
    """The old connection dead, the command's whole deadline over since it was sent, a new connection open."""
    wire, store = Wire(), Kept()
    async with wire.open(store=store) as register:
        plan(wire, xFF45=Fault.COMMAND_LOST)
        with pytest.raises(OutcomeUnknown) as caught:
            await sell(register)
        sent = max(one.moment for one in register.trace if encode_frame(b"\xff\x45")[2:4] in one.data)
        verdict = await register.resolve(caught.value.intent)
        assert isinstance(verdict, NotRegistered)
        assert trio.current_time() >= sent + k.COMMANDS[b"\xff\x45"].deadline_s
        assert wire.connections == 2
        assert store.open == []
        assert (await sell(register, again=verdict)).document == 3
    assert documents(wire) == [1, 2, 3]


async def test_who_did_not_send_it_waits_the_whole_time(autojump_clock: Clock) -> None:
    """After a crash nobody knows when the bytes went out: until now, is assumed."""
    wire, store = Wire(), Kept()
    async with wire.open(store=store) as register:
        plan(wire, xFF45=Fault.COMMAND_LOST)
        with pytest.raises(OutcomeUnknown) as caught:
            await sell(register)
    async with wire.open(store=store) as register:
        started = trio.current_time()
        assert isinstance(await register.run(resolve(caught.value.intent)), NotRegistered)
        assert trio.current_time() >= started + k.COMMANDS[b"\xff\x45"].deadline_s
    assert store.open == [caught.value.intent]  # only `Register.resolve` clears it


async def test_a_register_that_stays_away_decides_nothing(autojump_clock: Clock) -> None:
    """No new connection, no verdict: the intent stays open. Without `reconnect` quiescence is impossible."""
    wire, store = Wire(), Kept()
    async with wire.open(store=store) as register:
        plan(wire, xFF45=Fault.CUT_BEFORE)
        with pytest.raises(OutcomeUnknown) as caught:
            await sell(register)
        wire.down = True
        with pytest.raises(OutcomeUnknown):
            await register.resolve(caught.value.intent)
        assert store.open == [caught.value.intent]
        wire.down = False
        assert isinstance(await register.resolve(caught.value.intent), NotRegistered)
    once = Wire()
    async with once.open(store=Kept(), reconnect=None) as register:
        plan(once, xFF45=Fault.COMMAND_LOST)
        with pytest.raises(OutcomeUnknown) as caught:
            await sell(register)
        with pytest.raises(Misuse):
            await register.resolve(caught.value.intent)


# --- manners -------------------------------------------------------------------------------------------------------


async def test_one_task_owns_a_register(autojump_clock: Clock) -> None:
    """Two procedures at once would mix their answers."""
    wire = Wire(durations={"11": 2.0})
    async with wire.open() as register, trio.open_nursery() as nursery:
        nursery.start_soon(register.ask, k.FullStatus())
        await trio.sleep(1)
        with pytest.raises(Misuse):
            await register.ask(k.ShortStatus())


async def test_the_trace_holds_the_last_reads_and_writes(autojump_clock: Clock) -> None:
    """What a bug report needs, and no more memory than that."""
    wire = Wire()
    async with wire.open() as register:
        await register.ask(k.ShortStatus())
        assert [str(one).split()[1:] for one in list(register.trace)[:3]] == [
            [">", "05"],
            ["<", "15"],
            [">", "0205101e0000000b"],
        ]
        for _ in range(2 * TRACE_SIZE):
            await register.ask(k.ShortStatus())
        assert len(register.trace) == TRACE_SIZE


async def test_doubt_is_logged_and_content_is_not(autojump_clock: Clock) -> None:
    """The log says what was missing on the line; buyers' data stay in the trace."""
    structlog.reset_defaults()  # a command that ran before in this process may have silenced warnings
    with structlog.testing.capture_logs() as logs:
        wire, store = Wire(), Kept()
        async with wire.open(store=store) as register:
            plan(wire, xFF45=Fault.ANSWER_LOST)
            await sell(register)
    assert [row["event"] for row in logs if row["log_level"] == "warning"] == [
        "an answer is missing: asking for it again"
    ]
    assert "buyer@example.com" not in str(logs)


async def test_what_is_no_effect_is_misuse(autojump_clock: Clock) -> None:
    """A procedure that yields something else has a bug, and hears of it."""

    def strange() -> Procedure[None]:
        yield 7  # type: ignore[misc]  # on purpose

    async with Wire().open() as register:
        with pytest.raises(Misuse):
            await register.run(strange())


async def test_a_silent_register_on_a_line_that_takes_no_bytes(autojump_clock: Clock) -> None:
    """Flow control stuck for ever: the exchange ends by the command's time, and the connection is spent."""
    host, _device = trio.testing.lockstep_stream_pair()
    register = Register(host)
    with pytest.raises(LineLost):
        await register.ask(k.ShortStatus())
    assert not register.connected


async def test_a_socket_that_takes_no_bytes() -> None:
    """The same with a socket whose buffers are full: the write waits no longer than its command may."""
    host, device = socket.socketpair()
    with device, trio.fail_after(10):
        line = TcpLine(host)
        while not line.send_now(b"\xff" * 4096):
            pass
        register = Register(line)
        with pytest.raises(LineLost, match="takes no bytes"):
            await register.ask(k.ShortStatus(), 0.2)
        assert not register.connected


# --- real sockets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["standard", "alternative", "auto"])
async def test_a_receipt_over_tcp(link: Any, tmp_path: Path) -> None:
    """The whole way over a socket with the store that ships: the file is empty of open intents afterwards."""
    device = registered(now=NOW)
    store = FileIntentStore(tmp_path / "intents.json")
    with socket.create_server(("127.0.0.1", 0)) as listener, trio.fail_after(30):
        listener.setblocking(False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: serve_register(device, listener, clock=lambda: NOW + trio.current_time()))
            address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
            async with Register.open(address, link=link, store=store) as register:
                assert register.layer == ("standard" if link == "auto" else link)
                done = await sell(register)
            nursery.cancel_scope.cancel()
    assert done.document == 3
    assert FileIntentStore(tmp_path / "intents.json").open == ()
    assert [one.intent.action for one in store.settled] == ["shift_open", "receipt"]


async def test_the_layer_is_found_out() -> None:
    """A register that speaks the alternative layer only is found by the second question; nobody there is NotSent."""
    device = registered(now=NOW, layer=Layer.ALTERNATIVE)
    with socket.create_server(("127.0.0.1", 0)) as listener, trio.fail_after(60):
        listener.setblocking(False)
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: serve_register(device, listener, clock=lambda: NOW + trio.current_time()))
            async with Register.open(address, link="auto") as register:
                assert register.layer == "alternative"
                assert (await register.ask(k.ShortStatus())).mode == 4
            nursery.cancel_scope.cancel()

    with socket.create_server(("127.0.0.1", 0)) as listener, trio.fail_after(60):
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NotSent, match="neither link layer"):
            async with Register.open(address, link="auto"):
                raise AssertionError("nobody speaks there")


async def test_a_reset_of_the_socket_is_a_lost_line() -> None:
    """A register that vanishes resets the connection: an answer that is lost, and a line that is opened again."""
    device = registered(now=NOW)
    device.faults = FaultPlan({"10": [Fault.CUT_AFTER]})
    with socket.create_server(("127.0.0.1", 0)) as listener, trio.fail_after(30):
        listener.setblocking(False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: serve_register(device, listener, clock=lambda: NOW + trio.current_time()))
            async with Register.open(f"tcp://127.0.0.1:{listener.getsockname()[1]}") as register:
                with pytest.raises(AnswerLost):
                    await register.ask(k.ShortStatus())
                assert (await register.ask(k.ShortStatus())).mode == 4
            nursery.cancel_scope.cancel()
