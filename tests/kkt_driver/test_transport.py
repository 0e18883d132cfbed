"""Lines that are real: sockets of the system, pseudo-terminals, and addresses as people write them."""

from __future__ import annotations

import os
import socket
import termios
import threading
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.emulated import registered
from kkt_driver import commands as k
from kkt_driver import transport
from kkt_driver.client import Register
from kkt_driver.errors import DriverError, Misuse, NotSent
from kkt_driver.transport import Address, ThreadedLine, open_line, open_serial, open_tcp, parse_address
from tests.kkt_driver.bench import NOW

# --- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://127.0.0.1:7801", Address(kind="tcp", host="127.0.0.1", port=7801)),
        ("tcp://[::1]:7778", Address(kind="tcp", host="::1", port=7778)),
        ("tcp://kkt-1.rack.example:65535", Address(kind="tcp", host="kkt-1.rack.example", port=65535)),
        ("serial:/dev/ttyS0", Address(kind="serial", path="/dev/ttyS0", baud=115200)),
        ("serial:/dev/serial/by-id/usb-1?baud=4800", Address(kind="serial", path="/dev/serial/by-id/usb-1", baud=4800)),
        ("serial:COM3?baud=921600", Address(kind="serial", path="COM3", baud=921600)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    """As they stand in configuration files, and back."""
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "tcp://", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:65536", "tcp://::1:80", "tcp://a b:1",
        "tcp://host:1/", "host:7778", "serial:", "serial:/dev/tty S0", "serial:/dev/ttyS0?baud=fast", "udp://host:1",
        "tcp://host:7778\n", "serial:/dev/ttyS0?baud=9600&x=1", "tcp://host:７",
    ],
)  # fmt: skip
def test_what_is_no_address_says_how_to_write_one(text: str) -> None:
    """A typing mistake is found when it is read, with an example beside it."""
    with pytest.raises(Misuse, match="tcp://127"):
        parse_address(text)


@given(text=st.one_of(st.text(), st.text().map("tcp://{}:1".format), st.text().map("serial:{}".format)))
def test_any_text_is_an_address_or_misuse(text: str) -> None:
    """Never another exception; what is read is written alike."""
    try:
        address = parse_address(text)
    except Misuse:
        return
    assert parse_address(str(address)) == address


# --- TCP -----------------------------------------------------------------------------------------------------------


async def test_a_socket_sends_small_frames_at_once_and_notices_a_dead_peer() -> None:
    """Without these options an ENQ waits for company, and a vanished register is never missed."""
    with socket.create_server(("127.0.0.1", 0)) as listener, trio.fail_after(10):
        stream = await open_tcp("127.0.0.1", listener.getsockname()[1])
        assert stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert stream.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for name, value in transport.KEEP_ALIVE.items():
            if hasattr(socket, name):
                assert stream.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
        peer, _ = listener.accept()
        await stream.send_all(b"\x05")
        assert peer.recv(10) == b"\x05"
        peer.close()
        assert await stream.receive_some() == b""
        await stream.aclose()


async def test_nobody_there_is_not_sent() -> None:
    """A refused connection and a name that nobody has: nothing was sent, the receipt may go elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    with trio.fail_after(30):
        with pytest.raises(NotSent, match="cannot be reached"):
            await open_tcp("127.0.0.1", free)
        with pytest.raises(NotSent):
            await open_tcp("no-such-register.invalid", 7778)


async def test_a_host_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener whose queue is full behaves like a host that is switched off: `CONNECT_S` ends it."""
    monkeypatch.setattr(transport, "CONNECT_S", 0.3)
    with socket.socket() as listener, trio.fail_after(10):
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for early in waiting:
            early.setblocking(False)
            early.connect_ex(("127.0.0.1", port))
        with pytest.raises(NotSent, match="no answer"):
            await open_tcp("127.0.0.1", port)
        for early in waiting:
            early.close()


# --- serial: a pseudo-terminal is a serial port to pyserial ----------------------------------------------------------


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The device's end and the name of the host's end."""
    device, host = os.openpty()
    tty.setraw(host)
    os.set_blocking(device, False)
    yield device, os.ttyname(host)
    os.close(host)
    os.close(device)


async def test_a_serial_line_is_set_as_registers_want_it(terminal: tuple[int, str]) -> None:
    """8 data bits, no parity, one stop bit, no handshake, raw bytes: 11h and 13h are data here, not flow control."""
    device, path = terminal
    with trio.fail_after(10):
        stream = await open_serial(path, 9600)
        assert isinstance(stream, trio.lowlevel.FdStream)
        iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(stream.fileno())
        assert cflag & termios.CSIZE == termios.CS8
        assert not cflag & (termios.PARENB | termios.CSTOPB | termios.CRTSCTS)
        assert not iflag & (termios.IXON | termios.IXOFF | termios.ICRNL | termios.ISTRIP)
        assert not oflag & termios.OPOST
        assert not lflag & (termios.ICANON | termios.ECHO | termios.ISIG)
        assert (ispeed, ospeed) == (termios.B9600, termios.B9600)
        every_byte = bytes(range(256))
        await stream.send_all(every_byte)
        await trio.lowlevel.wait_readable(device)
        assert os.read(device, 512) == every_byte
        os.write(device, every_byte)
        assert bytes(await stream.receive_some(512)) == every_byte
        with trio.move_on_after(0.05) as idle:
            await stream.receive_some(512)
        assert idle.cancelled_caught, "an idle line is not one that was hung up"
        await stream.aclose()


async def test_a_port_has_one_owner(terminal: tuple[int, str]) -> None:
    """Two programs on one line would take each other's answers: the second is told, until the first has closed."""
    _, path = terminal
    with trio.fail_after(10):
        first = await open_serial(path)
        with pytest.raises(NotSent, match="cannot be opened"):
            await open_serial(path)
        await first.aclose()
        second = await open_line(parse_address(f"serial:{path}?baud=115200"))
        await second.aclose()


@pytest.mark.parametrize(("path", "baud"), [("/dev/no-such-port", 115200), ("/dev/null", 115200), ("", 115200)])
async def test_a_port_that_is_none_is_not_sent(path: str, baud: int) -> None:
    """A wrong name, a file that is no terminal: our own error, nothing was sent."""
    with pytest.raises(DriverError) as caught:
        await open_serial(path, baud)
    assert isinstance(caught.value, NotSent)


@asynccontextmanager
async def threaded(path: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[trio.abc.Stream]:
    """A port opened as on a system where trio cannot wait for it."""
    monkeypatch.delattr(trio.lowlevel, "FdStream")
    stream = await open_serial(path)
    assert isinstance(stream, ThreadedLine)
    async with stream:
        yield stream


async def test_where_trio_cannot_wait_a_thread_reads(
    terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes to and fro, in order and whole, however they are asked for; closing ends the thread."""
    device, path = terminal
    every_byte = bytes(range(256))
    with trio.fail_after(10):
        async with threaded(path, monkeypatch) as stream:
            await stream.send_all(every_byte)
            await trio.lowlevel.wait_readable(device)
            assert os.read(device, 512) == every_byte
            os.write(device, every_byte * 2)
            got = b""
            while len(got) < 512:
                got += bytes(await stream.receive_some(100))
            assert got == every_byte * 2
            with trio.move_on_after(0.05) as idle:
                await stream.receive_some()
            assert idle.cancelled_caught
        assert not any(thread.name.startswith("reads ") for thread in threading.enumerate())


async def test_a_storm_waits_in_the_port_and_not_in_memory(
    terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that never stops talking fills a bounded channel; the port can still be closed."""
    device, path = terminal
    with trio.fail_after(20):
        async with threaded(path, monkeypatch) as stream:
            for _ in range(ThreadedLine.CHUNKS_MAX * 4):
                try:
                    os.write(device, b"\x05" * 64)
                except BlockingIOError:
                    break
                await trio.lowlevel.checkpoint()
            assert bytes(await stream.receive_some()).strip(b"\x05") == b""


async def test_a_register_on_a_pseudo_terminal(terminal: tuple[int, str]) -> None:
    """The emulated register as a device of the system: identify it over the serial line, then pull the plug."""
    device, path = terminal
    register = registered(now=NOW)

    async def serve() -> None:
        while True:
            await trio.lowlevel.wait_readable(device)
            answer = register.receive(os.read(device, 512), NOW + trio.current_time())
            if answer:
                os.write(device, answer)

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            async with Register.open(f"serial:{path}", link="auto") as host:
                assert (await host.ask(k.DeviceType())).name == "ШТРИХ-М-01Ф"
                assert (await host.ask(k.ShortStatus())).mode == 4
            nursery.cancel_scope.cancel()
