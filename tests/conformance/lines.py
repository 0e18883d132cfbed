"""Lines to the register under test: TCP, a serial port, or an emulated register in memory, whose time passes at once.

All of them send bytes and read what comes within a time; everything said is kept for the report.
"""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from typing import Literal

import serial

from fn_emulator.emulated import EmulatedRegister

__all__ = ["Line", "MemoryLine", "SerialLine", "TcpLine", "open_line"]

CONNECT_S = 5.0
Said = tuple[float, Literal["host", "register", "connected", "disconnected"], bytes]


class Line(ABC):
    """One connection at a time; `said` is the conversation since the start of the scenario."""

    keeps_connection = True
    """False: hanging up is something that the register notices."""

    def __init__(self) -> None:
        self.said: list[Said] = []

    def send(self, data: bytes) -> None:
        self.said.append((self.now(), "host", data))
        self._send(data)

    def read(self, size: int, within_s: float) -> bytes:
        """At most `size` bytes; fewer when the time is over."""
        data, until = b"", self.now() + within_s
        while len(data) < size and (left := until - self.now()) > 0:
            data += self._read(size - len(data), left)
        if data:
            self.said.append((self.now(), "register", data))
        return data

    def reopen(self) -> None:
        """Hang up and connect again."""
        self.close()
        self.said.append((self.now(), "connected", b""))
        self._open()

    def close(self) -> None:
        self.said.append((self.now(), "disconnected", b""))
        self._close()

    @abstractmethod
    def now(self) -> float: ...

    @abstractmethod
    def pause(self, seconds: float) -> None: ...

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...

    @abstractmethod
    def _send(self, data: bytes) -> None: ...

    @abstractmethod
    def _read(self, size: int, within_s: float) -> bytes: ...


class _RealLine(Line):
    def now(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class TcpLine(_RealLine):
    """``tcp:HOST:PORT``."""

    keeps_connection = False

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._address = host, port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=CONNECT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _close(self) -> None:
        self._socket.close()

    def _send(self, data: bytes) -> None:
        self._socket.settimeout(CONNECT_S)
        self._socket.sendall(data)

    def _read(self, size: int, within_s: float) -> bytes:
        self._socket.settimeout(within_s)
        try:
            data = self._socket.recv(size)
        except TimeoutError:
            return b""
        assert data, "the register closed the connection"
        return data


class SerialLine(_RealLine):
    """``serial:DEVICE`` or ``serial:DEVICE?baud=115200``."""

    def __init__(self, device: str, baud: int) -> None:
        super().__init__()
        self._device, self._baud = device, baud
        self._open()

    def _open(self) -> None:
        self._port = serial.Serial(self._device, self._baud, exclusive=True)

    def _close(self) -> None:
        self._port.close()

    def _send(self, data: bytes) -> None:
        self._port.write(data)
        self._port.flush()

    def _read(self, size: int, within_s: float) -> bytes:
        self._port.timeout = within_s
        data = self._port.read(1)
        return bytes(data + self._port.read(min(size - 1, self._port.in_waiting))) if data else b""


class MemoryLine(Line):
    """An emulated register called directly: reading moves its clock instead of waiting."""

    keeps_connection = False

    def __init__(self, register: EmulatedRegister, now: float) -> None:
        super().__init__()
        self.register = register
        self._now = now
        self._waiting = b""
        self._open()

    def now(self) -> float:
        return self._now

    def pause(self, seconds: float) -> None:
        self._work(self._now + seconds)

    def _open(self) -> None:
        self._waiting = b""
        self.register.connected(self._now)

    def _close(self) -> None:
        self.register.disconnected(self._now)

    def _send(self, data: bytes) -> None:
        self._waiting += self.register.receive(data, self._now)

    def _read(self, size: int, within_s: float) -> bytes:
        if not self._waiting:
            self._work(self._now + within_s, for_bytes=True)
        data, self._waiting = self._waiting[:size], self._waiting[size:]
        return data

    def _work(self, until: float, *, for_bytes: bool = False) -> None:
        """Time passes up to a moment, or until the register has said something."""
        while (due := self.register.deadline) is not None and due <= until:
            self._now = max(self._now, due)
            self._waiting += self.register.handle_timeout(self._now)
            if for_bytes and self._waiting:
                return
        self._now = until


def open_line(address: str) -> Line:
    """``tcp:HOST:PORT`` or ``serial:DEVICE``; ValueError says how to write one."""
    kind, _, rest = address.partition(":")
    rest = rest.removeprefix("//")
    if kind == "tcp" and (port := rest.rpartition(":")[2]).isdigit():
        return TcpLine(rest.rpartition(":")[0].strip("[]"), int(port))
    if kind == "serial" and rest:
        device, _, baud = rest.partition("?baud=")
        return SerialLine(device, int(baud or 115200))
    raise ValueError(f"{address!r}: write tcp:HOST:PORT or serial:DEVICE")
