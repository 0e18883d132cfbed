"""A register that talks to its operator itself: by a far end in the process, and over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
import trio

from fn_emulator.drive import Answer
from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.messages import Fault
from fn_emulator.operator import TestOperator
from fn_emulator.register.network import RETRY_S
from fn_emulator.serve.network import look_after
from fn_emulator.serve.operator import serve_operator
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk, carry, item, sell


class Own(Desk):
    """A register with an operator at the other end of its own cable."""

    def __init__(self) -> None:
        self.operator = TestOperator(master=DEMO_MASTER_KEY)
        super().__init__(operator=self.operator)
        self.set(21, 1, 2, b"\1")

    def let_time_pass(self, seconds: float) -> None:
        """The register is called whenever it wants to be."""
        until = self.now + seconds
        while (at := self.register.deadline) is not None and at <= until:
            self.now = max(self.now, at)
            self.register.handle_timeout(self.now)
        self.now = until


def test_documents_are_confirmed_without_a_host() -> None:
    """One after the other, with the pause of table 19 between them; the host only watches FF39h."""
    desk = Own()
    desk.ask(c.OpenShift())
    sell(desk)
    desk.let_time_pass(5)
    assert desk.ask(c.Unconfirmed()).count == 0
    assert desk.ask(c.OperatorTicket(document=3)).document == 3
    assert desk.ask(c.ExchangeStatus()).queue == 0
    assert desk.ask(c.OutgoingMessage()).size == 0
    assert desk.register.deadline is None
    assert "26h: 00h" in desk.ask(c.ReadTable(table=20, row=1, field=8)).text


def test_not_while_a_receipt_is_open() -> None:
    """The drive is left to the receipt."""
    desk = Own()
    desk.ask(c.OpenShift())
    desk.ask(c.OpenReceipt(type=0))
    before = desk.ask(c.Unconfirmed()).count
    assert desk.register.deadline is None
    desk.let_time_pass(60)
    assert desk.ask(c.Unconfirmed()).count == before
    desk.ask(item())
    desk.ask(c.CloseReceipt(payments=(17900, *[0] * 15), tax_system=1))
    desk.let_time_pass(60)
    assert desk.ask(c.Unconfirmed()).count == 0


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.WRONG_SIGN, Fault.WRONG_CRC, Fault.HEADER_ONLY])
def test_a_bad_operator_is_tried_again(fault: Fault) -> None:
    """Nothing is lost: the same document is offered after a pause, and table 20 says what happened."""
    desk = Own()
    desk.operator.fail(fault)
    desk.ask(c.ShortStatus())
    desk.let_time_pass(1)
    assert desk.ask(c.Unconfirmed()).count == 1
    assert desk.ask(c.ReadTable(table=20, row=1, field=8)).text
    desk.let_time_pass(RETRY_S)
    assert desk.ask(c.Unconfirmed()).count == 0


def test_a_drive_that_does_not_answer() -> None:
    """A message that the drive does not give is asked for again after a pause; nobody turns in circles meanwhile."""
    desk = Own()
    desk.ask(c.OpenShift())
    desk.let_time_pass(60)
    sell(desk)
    core = desk.register.core
    drive = core.drive

    class Silent:
        """The real drive, deaf to 22h."""

        def execute(self, code: int, data: bytes, *, timer: float) -> Answer:
            return Answer(0x2F) if code == 0x22 else desk.register.drive.execute(code, data, timer=timer)

    core.drive = Silent()
    desk.register.handle_timeout(desk.now)
    assert desk.register.deadline == desk.now + RETRY_S
    core.drive = drive
    desk.let_time_pass(RETRY_S)
    assert desk.ask(c.Unconfirmed()).count == 0


def test_back_to_the_host() -> None:
    """Table 21 field 2 = 0: the host carries, the register's cable is quiet."""
    desk = Own()
    desk.set(21, 1, 2, b"\0")
    desk.ask(c.OpenShift())
    desk.let_time_pass(60)
    waiting = desk.ask(c.Unconfirmed()).count
    assert waiting >= 1
    assert carry(desk, desk.operator)
    assert desk.ask(c.Unconfirmed()).count == waiting - 1


def test_power_cut_in_the_middle() -> None:
    """A message that was under way is offered again; the network is no part of what lost its power."""
    desk = Own()
    core = desk.register.core
    core.network.operator = None
    first = desk.register.outgoing(desk.now)
    assert first is not None
    assert (first.port, first.timeout_s) == (7779, 300.0)
    desk.register.power_cycle(desk.now)
    assert desk.register.core.network is core.network
    again = desk.register.outgoing(desk.now)
    assert again is not None
    assert again.message == first.message


NOW = 1_780_000_000.0


def talking_to(port: int) -> EmulatedRegister:
    """A register whose tables name an operator on this machine."""
    return registered(1, now=NOW, tables=((19, 1, "127.0.0.1"), (19, 2, port), (19, 4, 0), (21, 2, 1)))


async def carry_until(register: EmulatedRegister, done: Callable[[], bool]) -> None:
    """Messages go out over real sockets until it is done; the task looks at its clock before every message."""
    finished = trio.Event()

    def clock() -> float:
        if done():
            finished.set()
        return NOW

    async def carry_them() -> None:
        await look_after(register, clock=clock)

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(carry_them)
            await finished.wait()
            nursery.cancel_scope.cancel()


def test_over_real_sockets() -> None:
    """Table 19 names host and port; documents leave by TCP and their tickets are in the drive."""

    async def play() -> EmulatedRegister:
        operator = TestOperator(master=DEMO_MASTER_KEY)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            register = talking_to(listener.getsockname()[1])
            register.ask(c.OpenShift(), NOW)

            async def serve() -> None:
                await serve_operator(operator, listener, clock=lambda: NOW)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(serve)
                await carry_until(register, lambda: not register.ask(c.Unconfirmed(), NOW).count)
                nursery.cancel_scope.cancel()
        return register

    register = trio.run(play)
    assert register.ask(c.OperatorTicket(document=2), NOW).document == 2


def test_nobody_listens() -> None:
    """A refused connection is a pause, not the end of the task."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        register = talking_to(free.getsockname()[1])

    trio.run(carry_until, register, lambda: bool(register.core.settings.text(20, 1, 8)))
    assert register.ask(c.Unconfirmed(), NOW).count == 1
    assert register.core.network.next_message == NOW + RETRY_S


def test_a_report_comes_without_a_host() -> None:
    """The automatic Z is made at its time though nobody is connected."""
    register = registered(1, now=NOW, tables=((24, 9, 1), (24, 10, 23), (24, 11, 50)))
    register.ask(c.OpenShift(), NOW)

    async def play() -> None:
        closed = trio.Event()

        def clock() -> float:
            if not register.core.shift_open:
                closed.set()
            return NOW + 3600

        async def look() -> None:
            await look_after(register, clock=clock)

        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(look)
                await closed.wait()
                nursery.cancel_scope.cancel()

    trio.run(play)
    assert register.ask(c.FindDocument(document=3), NOW + 3600).type == 5
