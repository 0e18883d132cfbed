"""Lines to a register: TCP, and serial ports that pyserial opens and sets while trio moves the bytes.

Where the system lets trio wait for a serial port (everywhere but on Windows) no thread is needed; elsewhere one thread
a port reads.

Addresses: ``tcp://127.0.0.1:7801``, ``tcp://[::1]:7801`` and ``serial:/dev/ttyS0?baud=115200``.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from typing import Any, Literal

import msgspec
import serial
import trio

from kkt_driver.errors import Misuse, NotSent

__all__ = ["Address", "TcpLine", "ThreadedLine", "open_line", "open_serial", "open_tcp", "parse_address"]

CONNECT_S = 5.0
"""A register on the local network answers a connection at once or not at all."""

BAUD = 115200
"""What newer models come with (older ones: 4800)."""

RECEIVE_SIZE = 4096
"""Bytes of one read when the caller does not say."""

KEEP_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""A register that vanished without a word (power, cable) is noticed within 35 s of silence; the systems' own default is
two hours. Systems that lack an option keep their own value."""

_TCP = re.compile(r"tcp://(\[[0-9A-Fa-f:.]+\]|[^\s:/?#\[\]]+):([0-9]{1,5})").fullmatch
_SERIAL = re.compile(r"serial:([^?\s]+)(?:\?baud=([0-9]{3,7}))?").fullmatch


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a register is: `host` and `port`, or `path` and `baud`."""

    kind: Literal["tcp", "serial"]
    host: str = ""
    port: int = 0
    path: str = ""
    baud: int = BAUD

    def __str__(self) -> str:
        if self.kind == "serial":
            return f"serial:{self.path}?baud={self.baud}"
        return f"tcp://[{self.host}]:{self.port}" if ":" in self.host else f"tcp://{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read an address; Misuse says how to write one."""
    tcp = _TCP(text)
    if tcp is not None and 0 < int(tcp[2]) < 65536:
        return Address(kind="tcp", host=tcp[1].strip("[]"), port=int(tcp[2]))
    line = _SERIAL(text)
    if line is not None:
        return Address(kind="serial", path=line[1], baud=int(line[2] or BAUD))
    raise Misuse(f"{text!r} is not an address: write tcp://127.0.0.1:7801 or serial:/dev/ttyS0?baud={BAUD}")


class TcpLine(trio.abc.HalfCloseableStream):
    """A TCP connection that one task uses, for frames that go to and fro.

    A write that the system takes at once does not let other tasks run, since the read after it does; a read waits
    before it looks, since the answer is never there yet. That is a third less work for each exchange than with
    trio's `SocketStream`. Raises OSError and what trio raises when the line is closed under a task.
    """

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected

    def getsockopt(self, level: int, option: int) -> int:
        """An option of the socket, as `socket.socket.getsockopt` gives it."""
        return self._socket.getsockopt(level, option)

    @property
    def hung_up(self) -> bool:
        """Whether the register has closed the connection already, as many do after a minute of silence (table 21 field
        16): what would be sent now would never arrive."""
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def send_now(self, data: bytes) -> bytes:
        """Write what the system takes at once, and give back the rest: nothing, but on a line that is stuck."""
        try:
            return data[self._socket.send(data) :]
        except BlockingIOError:
            return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        rest = self.send_now(bytes(data))
        while rest:
            await trio.lowlevel.wait_writable(self._socket)
            rest = self.send_now(rest)

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.wait_writable(self._socket)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        while True:
            await trio.lowlevel.wait_readable(self._socket)
            try:
                return self._socket.recv(max_bytes or RECEIVE_SIZE)
            except BlockingIOError:
                continue

    async def send_eof(self) -> None:
        await trio.lowlevel.checkpoint()
        self._socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
        await trio.lowlevel.checkpoint()


async def open_tcp(host: str, port: int) -> TcpLine:
    """Connect to a register or an operator; NotSent when nobody answers within `CONNECT_S`.

    Small frames go out at once, and the system notices a peer that vanished without a word.
    """
    try:
        with trio.fail_after(CONNECT_S):
            stream = await trio.open_tcp_stream(host, port)
    except (OSError, trio.TooSlowError) as error:
        raise NotSent(f"{host}:{port} cannot be reached: {str(error) or 'no answer'}") from error
    stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
    stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        if hasattr(socket, name):
            stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return TcpLine(socket.socket(fileno=stream.socket.detach()))


async def open_serial(path: str, baud: int = BAUD) -> trio.abc.Stream:
    """Open a serial port: 8 data bits, no parity, 1 stop bit, no handshake. NotSent when it cannot be opened, be it
    because another program holds it."""
    await trio.lowlevel.checkpoint()
    try:
        # An inter-byte time-out sets VMIN to 1: with 0 a read of an idle line gives b"", and that means "hung up" here.
        port = serial.Serial(path, baud, timeout=0, inter_byte_timeout=0, exclusive=True)
    except (OSError, serial.SerialException, ValueError) as error:
        raise NotSent(f"{path} cannot be opened: {error}") from error
    if not hasattr(trio.lowlevel, "FdStream"):
        return ThreadedLine(port)
    # The lock belongs to the open file, which the copy of the descriptor shares.
    descriptor = os.dup(port.fileno())
    port.close()
    return trio.lowlevel.FdStream(descriptor)


class ThreadedLine(trio.abc.Stream):
    """A serial port of a system on which trio cannot wait for it: one thread reads, for as long as the port is open.

    Nothing is lost between two reads of the host: at most `CHUNKS_MAX` pieces wait, then the thread does.
    """

    CHUNKS_MAX = 64

    def __init__(self, port: Any) -> None:
        self._port = port
        self._port.timeout = None
        self._token = trio.lowlevel.current_trio_token()
        self._arrived: trio.MemoryReceiveChannel[bytes]
        self._pieces, self._arrived = trio.open_memory_channel[bytes](self.CHUNKS_MAX)
        self._rest = b""
        self._thread = threading.Thread(target=self._read, name=f"reads {port.name}", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            while True:
                data = self._port.read(1)
                if not data:
                    return  # cancelled: the port is being closed
                data += self._port.read(self._port.in_waiting)
                trio.from_thread.run(self._pieces.send, data, trio_token=self._token)
        except (OSError, TypeError, trio.RunFinishedError, trio.BrokenResourceError, trio.Cancelled):
            return
        finally:
            self._end()

    def _end(self) -> None:
        try:
            trio.from_thread.run_sync(self._pieces.close, trio_token=self._token)
        except trio.RunFinishedError:
            return

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            await trio.to_thread.run_sync(self._port.write, bytes(data), abandon_on_cancel=True)
        except (OSError, serial.SerialException) as error:
            raise trio.BrokenResourceError(str(error)) from error

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if not self._rest:
            try:
                self._rest = await self._arrived.receive()
            except trio.EndOfChannel:
                return b""
        size = max_bytes or RECEIVE_SIZE
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    async def aclose(self) -> None:
        self._arrived.close()
        self._port.cancel_read()
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(self._thread.join)
        self._port.close()
        await trio.lowlevel.checkpoint()


async def open_line(address: Address) -> trio.abc.Stream:
    """A stream to the register at an address."""
    if address.kind == "tcp":
        return await open_tcp(address.host, address.port)
    return await open_serial(address.path, address.baud)
