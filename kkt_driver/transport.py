"""Lines to a register: TCP, and serial ports opened by pyserial but read without a thread.

Addresses: ``tcp://127.0.0.1:7801`` and ``serial:/dev/ttyS0?baud=115200``.
"""

from __future__ import annotations

import os
import re

import msgspec
import serial
import trio

from kkt_driver.errors import Misuse, NotSent

__all__ = ["Address", "open_line", "open_serial", "open_tcp", "parse_address"]

CONNECT_S = 5.0
"""A register on the local network answers a connection at once or not at all."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a register is: `host` and `port`, or `path` and `baud`."""

    kind: str
    host: str = ""
    port: int = 0
    path: str = ""
    baud: int = 115200


def parse_address(text: str) -> Address:
    """Read an address; Misuse says what is wrong with it."""
    tcp = re.fullmatch(r"tcp://(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})", text)
    if tcp and 0 < int(tcp[2]) < 65536:
        return Address(kind="tcp", host=tcp[1].strip("[]"), port=int(tcp[2]))
    line = re.fullmatch(r"serial:([^?\s]+)(?:\?baud=(\d{3,7}))?", text)
    if line:
        return Address(kind="serial", path=line[1], baud=int(line[2] or 115200))
    raise Misuse(f"{text!r} is not an address: write tcp://127.0.0.1:7801 or serial:/dev/ttyS0?baud=115200")


async def open_tcp(host: str, port: int) -> trio.SocketStream:
    """Connect to a register or an operator; NotSent when nobody answers. Small frames go out at once (no Nagle)."""
    try:
        with trio.fail_after(CONNECT_S):
            stream = await trio.open_tcp_stream(host, port)
    except (OSError, trio.TooSlowError) as error:
        raise NotSent(f"{host}:{port} cannot be reached: {str(error) or 'no answer'}") from error
    stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
    return stream


async def open_serial(path: str, baud: int) -> trio.abc.Stream:
    """Open a serial port: 8 data bits, no parity, 1 stop bit, no handshake; another opener is locked out."""
    try:
        port = serial.Serial(path, baud, timeout=0, exclusive=True)
    except (OSError, serial.SerialException, ValueError) as error:
        raise NotSent(f"{path} cannot be opened: {error}") from error
    try:
        return trio.lowlevel.FdStream(os.dup(port.fileno()))
    finally:
        port.close()


async def open_line(address: Address) -> trio.abc.Stream:
    """A stream to the register at an address."""
    if address.kind == "tcp":
        return await open_tcp(address.host, address.port)
    return await open_serial(address.path, address.baud)
