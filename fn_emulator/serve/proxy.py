"""Between a driver and a real register, writing down what both say: how recordings are made.

The proxy changes nothing: bytes go on as they come, a host that goes takes its connection to the register with it.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trio

from fn_emulator.errors import EmulatorError, Misuse
from fn_emulator.recording import Kind, Recorder

__all__ = ["check_address", "open_register", "recorded", "serve_proxy"]

RECEIVE_MAX = 4096
BAUD = 115200
CONNECT_S = 5.0

_TCP = re.compile(r"(?:tcp://|tcp:)(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})").fullmatch
_SERIAL = re.compile(r"serial:([^?\s]+)(?:\?baud=([0-9]{3,7}))?").fullmatch


@contextmanager
def recorded(folder: Path, name: str, began: float, *, note: str = "") -> Iterator[Recorder]:
    """A recorder into ``folder/name-YYYYMMDD-hhmmss-PID.jsonl``, written through at every line."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(began))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{name}-{stamp}-{os.getpid()}.jsonl").open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise Misuse(f"{folder}: {error.strerror}; choose a folder that can be written") from error
    with file:
        yield Recorder(file.write, began=began, note=note)


def check_address(address: str) -> None:
    """Misuse says how to write one."""
    if not (_TCP(address) or _SERIAL(address)):
        raise Misuse(f"{address!r} is no address: write tcp://127.0.0.1:7778 or serial:/dev/ttyS0?baud={BAUD}")


async def open_register(address: str) -> trio.abc.Stream:
    """A line to a register: ``tcp://host:port`` or ``serial:/dev/ttyS0?baud=115200``."""
    check_address(address)
    import serial  # a rack that records needs no serial ports

    try:
        if tcp := _TCP(address):
            with trio.fail_after(CONNECT_S):
                stream = await trio.open_tcp_stream(tcp[1].strip("[]"), int(tcp[2]))
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return stream
        if line := _SERIAL(address):
            port = serial.Serial(line[1], int(line[2] or BAUD), timeout=0, inter_byte_timeout=0, exclusive=True)
            descriptor = os.dup(port.fileno())
            port.close()
            return trio.lowlevel.FdStream(descriptor)
    except (OSError, trio.TooSlowError, serial.SerialException) as error:
        raise EmulatorError(f"{address} cannot be reached: {str(error) or 'no answer'}") from error
    raise AssertionError("checked before")


async def serve_proxy(
    listener: socket.socket, address: str, recorder: Recorder, *, clock: Callable[[], float] = time.time
) -> None:
    """Hosts one after the other, each with a connection of its own to the register, until cancelled."""
    server = trio.socket.from_stdlib_socket(listener)
    while True:
        accepted, _ = await server.accept()
        async with trio.SocketStream(accepted) as host:
            host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                register = await open_register(address)
            except EmulatorError:
                continue  # the host finds nobody there either
            recorder.add("connected", b"", clock())
            async with register, trio.open_nursery() as nursery:
                nursery.start_soon(_carry, host, register, "host", recorder, clock, nursery.cancel_scope)
                nursery.start_soon(_carry, register, host, "register", recorder, clock, nursery.cancel_scope)
            recorder.add("disconnected", b"", clock())


async def _carry(
    of: trio.abc.Stream,
    to: trio.abc.Stream,
    kind: Kind,
    recorder: Recorder,
    clock: Callable[[], float],
    both: trio.CancelScope,
) -> None:
    """One direction, until either side is gone."""
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
        while data := bytes(await of.receive_some(RECEIVE_MAX)):
            recorder.add(kind, data, clock())
            await to.send_all(data)
    both.cancel()
