"""Getting through to one register and to no other, over real sockets and pseudo-terminals."""

from __future__ import annotations

import os
import socket
import termios
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing

from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.line import Layer as Set
from kkt_driver import commands as k
from kkt_driver.client import Register
from kkt_driver.dialing import SPEEDS, Dialer, Expected, Pauses, change_speed, detect
from kkt_driver.effects import ask
from kkt_driver.errors import DriverError, Misuse, NotSent, WrongDevice
from kkt_driver.link import AlternativeLink, Layer, Timing
from kkt_driver.procedures.identity import identify
from kkt_driver.transport import Address, parse_address
from tests.kkt_driver.bench import NOW

Clock = trio.testing.MockClock

QUICK = Timing(control_s=0.15, repeat_s=0.15, tries=2)
"""A pseudo-terminal answers at once or never."""


# --- a register on real TCP ----------------------------------------------------------------------------------------


class Rack:
    """Registers on TCP: whichever is plugged in answers on the port, as with a cable."""

    def __init__(self, register: EmulatedRegister) -> None:
        self.register = register
        self.connections = 0
        self.port = 0
        self._streams: list[trio.SocketStream] = []

    def hang_up(self) -> None:
        """Close what is open, as a register does after a minute of silence."""
        for stream in self._streams:
            stream.socket.shutdown(socket.SHUT_RDWR)

    async def serve(self, *, task_status: trio.TaskStatus[None]) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(trio.serve_listeners, self._answer, listeners))
            task_status.started()

    async def _answer(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        self._streams.append(stream)
        self.register.connected(NOW + trio.current_time())
        try:
            async for data in stream:
                answer = self.register.receive(bytes(data), NOW + trio.current_time())
                if answer:
                    await stream.send_all(answer)
        except (trio.BrokenResourceError, OSError):
            pass
        self.register.disconnected(NOW + trio.current_time())

    @property
    def address(self) -> Address:
        return parse_address(f"tcp://127.0.0.1:{self.port}")


@asynccontextmanager
async def rack(**options: object) -> AsyncIterator[Rack]:
    served = Rack(registered(now=NOW, **options))  # type: ignore[arg-type]  # options of the emulated register
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(served.serve)
            yield served
            nursery.cancel_scope.cancel()


async def expected(served: Rack) -> Expected:
    async with Register(await Dialer(served.address)()) as register:
        return Expected.of(await register.run(identify()))


async def test_every_connection_is_to_the_register_that_was_meant() -> None:
    """Serial and drive are asked for before the first command; the work then goes on as over any line."""
    async with rack() as served:
        dial = Dialer(served.address, expected=await expected(served))
        async with Register(await dial(), reconnect=dial) as register:
            assert (await register.ask(k.ShortStatus())).mode == 4
            await register.aclose()
            assert (await register.ask(k.ShortStatus())).mode == 4
        assert served.connections == 3


async def test_a_swapped_cable_is_found_before_the_first_command() -> None:
    """Between two receipts somebody plugs the neighbour's cable in: nothing of our work may reach it."""
    async with rack() as served:
        dial = Dialer(served.address, expected=await expected(served), patience_s=5)
        async with Register(await dial(), reconnect=dial) as register:
            await register.ask(k.ShortStatus())
            neighbour = registered(2, now=NOW)
            served.register = neighbour
            await register.aclose()
            with pytest.raises(WrongDevice, match="0099078900000002 answers where 0099078900000001 should"):
                await register.run(ask(k.OpenShift()))
            assert not register.connected
        assert neighbour.core.mode == 4


async def test_a_swapped_drive_is_found_too() -> None:
    """The same register with another drive in it: another owner's documents would follow."""
    async with rack() as served:
        wanted = await expected(served)
        dial = Dialer(served.address, expected=Expected(serial=wanted.serial, drive="9999078900009999"))
        with pytest.raises(WrongDevice, match="drive 9999078900000001 answers"):
            await dial()


async def test_opening_by_address_takes_the_same_care() -> None:
    """The one-line way in checks what it was told: the serial, the drive, or both."""
    async with rack() as served:
        address = str(served.address)
        async with Register.open(address, serial="0099078900000001") as register:
            assert (await register.ask(k.ShortStatus())).mode == 4
        for told in ({"serial": "7"}, {"drive": "8"}, {"serial": "0099078900000001", "drive": "8"}):
            with pytest.raises(WrongDevice):
                async with Register.open(address, **told):  # type: ignore[arg-type]  # serial or drive
                    raise AssertionError("another register was let in")


async def test_what_the_register_closed_while_nobody_spoke_is_opened_again() -> None:
    """Registers hang up after a minute of silence: the next receipt must not begin with an error."""
    async with rack() as served:
        async with Register.open(str(served.address)) as register:
            await register.ask(k.ShortStatus())
            served.hang_up()
            stream = register._stream
            assert stream is not None
            await trio.lowlevel.wait_readable(stream._socket)  # type: ignore[attr-defined]  # a TcpLine
            assert (await register.ask(k.ShortStatus())).mode == 4
        assert served.connections == 2


async def test_who_cannot_be_told_is_not_connected_to() -> None:
    """A listener that hangs up at once, or speaks something else, is nobody's register."""
    with socket.create_server(("127.0.0.1", 0)) as listener, trio.fail_after(30):
        address = parse_address(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        dial = Dialer(address, expected=Expected(serial="1", drive="2"))

        async def hang_up() -> None:
            peer, _ = await trio.to_thread.run_sync(listener.accept)
            peer.close()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(hang_up)
            with pytest.raises(NotSent, match="cannot be told"):
                await dial()


@pytest.mark.parametrize("layer", ["standard", "alternative"])
async def test_the_layer_is_found_out_over_tcp(layer: Layer) -> None:
    """A register that is set to one layer answers on that one only."""
    async with rack(layer=Set(layer)) as served:
        found = await detect(served.address)
        assert (found.layer, found.device.name) == (layer, "ШТРИХ-М-01Ф")
        dial = Dialer(found.address, link=found.link)
        async with Register(await dial(), link=found.link, reconnect=dial) as register:
            assert (await register.ask(k.ShortStatus())).mode == 4


# --- pauses, in virtual time ---------------------------------------------------------------------------------------


def test_pauses_grow_and_have_an_end() -> None:
    """A rack that lost its power must not be hammered by all its hosts at once, nor be forgotten."""
    pauses = Pauses(first_s=0.5, factor=2, most_s=10)
    assert [pauses.before(attempt) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 10, 10]
    assert pauses.before(10**6) == 10


def absent(times: int, tries: list[float]) -> Callable[[Address], Awaitable[trio.abc.Stream]]:
    """Opens a line at the try after `times`; each is noted."""

    async def open_line(address: Address) -> trio.abc.Stream:
        tries.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        if len(tries) <= times:
            raise NotSent("nobody there")
        return trio.testing.memory_stream_pair()[0]

    return open_line


NOWHERE = parse_address("tcp://127.0.0.1:1")


async def test_a_register_that_comes_back_is_found(autojump_clock: Clock) -> None:
    """Growing pauses within the caller's patience; the count begins anew with a connection."""
    tries: list[float] = []
    began = trio.current_time()
    dial = Dialer(NOWHERE, patience_s=60, open_line=absent(4, tries))
    await dial()
    assert [round(moment - began, 3) for moment in tries] == [0, 0.5, 1.5, 3.5, 7.5]
    assert dial.failures == 0


async def test_patience_ends_and_pauses_go_on_growing_over_calls(autojump_clock: Clock) -> None:
    """Without patience each call is one try; whoever calls again sees how often it failed."""
    tries: list[float] = []
    dial = Dialer(NOWHERE, open_line=absent(3, tries))
    for attempt in range(1, 4):
        with pytest.raises(NotSent):
            await dial()
        assert dial.failures == attempt
    await dial()
    assert (dial.failures, len(tries)) == (0, 4)


# --- a register on a pseudo-terminal, at one speed ---------------------------------------------------------------

CODES = {getattr(termios, f"B{baud}"): baud for baud in SPEEDS if hasattr(termios, f"B{baud}")}


class SerialPort:
    """A register behind a pseudo-terminal that hears only what is sent at its own speed, as a UART does."""

    def __init__(self, register: EmulatedRegister, baud: int) -> None:
        self.device, self._host = os.openpty()
        tty.setraw(self._host)
        os.set_blocking(self.device, False)
        self.path = os.ttyname(self._host)
        self.register = register
        self.baud = baud
        self.deaf = False

    async def serve(self) -> None:
        due = self.baud
        while True:
            await trio.lowlevel.wait_readable(self.device)
            data = os.read(self.device, 512)
            if CODES[termios.tcgetattr(self.device)[4]] != self.baud or self.deaf:
                continue
            answer = self.register.receive(data, NOW + trio.current_time())
            if answer:
                os.write(self.device, answer)
            if due != self.baud:  # the answer to 14h and its ACK are over
                self.baud = due
            speed, _ = self.register.core.ports.get(0, (SPEEDS.index(self.baud), 0))
            due = SPEEDS[speed]

    def close(self) -> None:
        os.close(self._host)
        os.close(self.device)


@asynccontextmanager
async def serial_port(baud: int, **options: object) -> AsyncIterator[SerialPort]:
    port = SerialPort(registered(now=NOW, **options), baud)  # type: ignore[arg-type]  # options of the emulated register
    try:
        with trio.fail_after(50):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(port.serve)
                yield port
                nursery.cancel_scope.cancel()
    finally:
        port.close()


@pytest.mark.parametrize(("baud", "layer"), [(4800, "standard"), (115200, "alternative")])
async def test_speed_and_layer_are_found_out_on_a_serial_line(baud: int, layer: Layer) -> None:
    """A register from another shop talks at whatever it was left at: it is found, without a manual and without a key
    held down at power-on."""
    async with serial_port(baud, layer=Set(layer)) as port:
        found = await detect(parse_address(f"serial:{port.path}?baud=9600"), speeds=(115200, 4800), timing=QUICK)
        assert (found.address.baud, found.layer) == (baud, layer)


async def test_the_speed_is_changed_and_the_register_found_there() -> None:
    """14h is answered at the old speed; afterwards both ends talk at the new one, byte time-out as before."""
    async with serial_port(4800) as port:
        found = await detect(parse_address(f"serial:{port.path}?baud=4800"), timing=QUICK)
        before = port.register.core.ports.get(0, port.register.core.model.exchange)
        faster = await change_speed(found, 57600, timing=QUICK)
        assert (faster.address.baud, port.baud) == (57600, 57600)
        assert port.register.core.ports[0] == (SPEEDS.index(57600), before[1])
        dial = Dialer(faster.address, link=faster.link)
        async with Register(await dial(), link=faster.link, reconnect=dial) as register:
            assert (await register.ask(k.ShortStatus())).mode == 4


async def test_a_register_that_ignores_the_new_speed_is_found_at_the_old_one() -> None:
    """Some ports cannot be changed: the result says where the register is, not where it should be."""
    async with serial_port(115200) as port:
        port.register.core.ports[0] = (SPEEDS.index(115200), 50)
        port.register.core.set_exchange = lambda port, speed, timeout: None  # type: ignore[method-assign]  # a stubborn port
        found = await detect(parse_address(f"serial:{port.path}"), timing=QUICK)
        assert (await change_speed(found, 9600, timing=QUICK)).address.baud == 115200


async def test_nobody_at_any_speed() -> None:
    """A cable without a register at its end is told in bounded time."""
    async with serial_port(115200) as port:
        port.deaf = True
        with pytest.raises(NotSent, match="check cable"):
            await detect(parse_address(f"serial:{port.path}"), speeds=(), timing=QUICK)


async def test_what_has_no_speed_is_misuse() -> None:
    """TCP has none, and registers know ten."""
    async with rack() as served:
        found = await detect(served.address)
        with pytest.raises(Misuse, match="speed"):
            await change_speed(found, 9600)
    with pytest.raises(DriverError):
        await detect(parse_address("serial:/dev/no-such-port"))


async def test_the_neighbours_register_on_our_serial_port() -> None:
    """Two tty names swapped after a restart: found over the serial line as over TCP."""
    async with serial_port(115200) as port:
        dial = Dialer(parse_address(f"serial:{port.path}"), expected=Expected(serial="0099078900000007", drive="x"))
        with pytest.raises(WrongDevice, match="0099078900000001 answers"):
            await dial()


async def test_the_alternative_layer_recognises_as_well() -> None:
    """The check goes over the link that the work will use."""
    async with rack(layer=Set.ALTERNATIVE) as served:
        dial = Dialer(
            served.address,
            link=AlternativeLink,
            expected=Expected(serial="0099078900000001", drive="9999078900000001"),
        )
        async with Register(await dial(), link=AlternativeLink, reconnect=dial) as register:
            assert (await register.ask(k.ShortStatus())).mode == 4
