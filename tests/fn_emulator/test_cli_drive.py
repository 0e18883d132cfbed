"""`fn-emulator drive`, `marking` and `documents` as processes: real sockets, a pseudo-terminal, kill -9."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import serial

from ffd.container import message
from fn_emulator.drive import Answer
from fn_emulator.drive_frames import Frame, FrameReader, encode_request
from fn_emulator.messages import Peer
from tests.fn_emulator.drives import MARKING, Hands, good_code
from tests.fn_emulator.test_cli import emulator, run


class Wire:
    """A socket or a serial port, as a host of the drive has it."""

    def __init__(self, address: str) -> None:
        kind, _, place = address.partition(":")
        self._port: serial.Serial | None = None
        self._socket: socket.socket | None = None
        if kind == "serial":
            self._port = serial.Serial(place, 115200, timeout=10)
        else:
            host, port = place.removeprefix("//").split(":")
            self._socket = socket.create_connection((host, int(port)), timeout=10)

    def send(self, data: bytes) -> None:
        if self._port is not None:
            self._port.write(data)
        elif self._socket is not None:
            self._socket.sendall(data)

    def take(self) -> bytes:
        if self._port is not None:
            return bytes(self._port.read(max(1, self._port.in_waiting)))
        assert self._socket is not None
        return self._socket.recv(4096)

    def close(self) -> None:
        for end in (self._port, self._socket):
            if end is not None:
                end.close()


class RemoteHands(Hands):
    """The same hands, working a drive behind its frames; the clock is the wall's, as the process has no other."""

    def __init__(self, wire: Wire, number: str) -> None:
        super().__init__(number=number)
        self._wire = wire
        self.now = datetime.now().replace(second=0, microsecond=0)  # the register's own wall clock

    def send(self, code: int, data: bytes = b"") -> Answer:
        self._wire.send(encode_request(code, data))
        reader = FrameReader(data_max=4096, silence_s=20)
        while True:
            piece = self._wire.take()
            assert piece, "the drive hung up"
            for frame in reader.feed(piece, now=0.0):
                assert isinstance(frame, Frame)
                return Answer(frame.code, frame.data)


@contextmanager
def hands_on(ready: dict[str, str]) -> Iterator[RemoteHands]:
    wire = Wire(ready["address"])
    try:
        yield RemoteHands(wire, ready["drive"])
    finally:
        wire.close()


def ask(address: str, data: bytes) -> bytes:
    """One message to an operator or a marking system on a socket, and the whole answer."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as stream:
        stream.sendall(data)
        answer = b""
        while len(answer) < 30 or len(answer) < Peer.size_of(answer[:30]):
            piece = stream.recv(4096)
            assert piece
            answer += piece
    return answer


def test_a_drive_over_tcp(tmp_path: Path) -> None:
    """Registered, sold, ended by a signal, started again: the same drive, whose documents are there."""
    arguments = "drive", "--tcp", "0", "--state", str(tmp_path), "--number", "9999078900005488"
    with emulator(*arguments) as (process, ready):
        assert (ready["drive"], ready["model"], ready["phase"]) == ("9999078900005488", "fn-1.2-36", 1)
        with hands_on(ready) as hands:
            hands.register()
            hands.open_shift()
            hands.receipt()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
    with emulator(*arguments) as (_, ready), hands_on(ready) as hands:
        assert ready["phase"] == 3
        assert hands.ok(0x30)[26:] == b"\3\0\0\0"


@pytest.mark.slow
def test_a_drive_on_a_pseudo_terminal() -> None:
    """A driver that opens a serial port finds the same drive there; one after the other."""
    with emulator("drive", "--pty", "--model", "fn-1-15", "--profile", "typical") as (_, ready):
        for expected in (1, 3):
            with hands_on(ready) as hands:
                hands.ffd = 2
                assert hands.ok(0x30)[0] == expected
                if expected == 1:
                    hands.register()


@pytest.mark.slow
def test_marked_goods_through_three_processes(tmp_path: Path) -> None:
    """Keys, check, request, receipt, notification, ticket over real sockets; then what was kept, decoded."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rules]]\ncode = "*refused*"\nverdict = "suspended"\n', "utf-8")
    kept = tmp_path / "marking"
    with (
        emulator("drive", "--tcp", "0") as (_, drive),
        emulator("operator", "--port", "0", "--state", str(tmp_path / "operator")) as (_, operator),
        emulator("marking", "--port", "0", "--state", str(kept), "--rules", str(rules)) as (_, marking),
        hands_on(drive) as hands,
    ):
        hands.asking = lambda peer, data: ask(marking["marking"], data)
        hands.register(extended=MARKING)
        hands.update_keys()
        hands.open_shift()
        good, bad = good_code(), good_code("refused")
        assert hands.checked(good) == 0x0F
        assert hands.checked(bad) == 0x07
        hands.marked_receipt(good, bad)
        assert hands.deliver_notice()[0] == 0
        container = hands.read_message()
        ticket = ask(operator["operator"], message(container, drive=hands.number))[30:]
        assert hands.ok(0x26, ticket) == b"\0"
    shown = run("documents", "--state", str(kept), "--drive", hands.number)
    (line,) = shown.stdout.splitlines()
    items = json.loads(line)["fields"]["marked_items"]
    assert [item["marking_code"] for item in items] == [good, bad]
    listed = run("documents", "--state", str(tmp_path / "operator"))
    assert json.loads(listed.stdout)["documents"] == 1


@pytest.mark.slow
def test_mistakes_are_named(tmp_path: Path) -> None:
    """An unknown model, level or verdict, no line at all, an empty folder: one line that says what."""
    for arguments, named in (
        (("drive", "--tcp", "0", "--model", "fn-2"), "fn-1.2-36"),
        (("drive", "--tcp", "0", "--tickets", "lax"), "lenient"),
        (("drive", "--tcp", "0", "--number", "12"), "16 digits"),
        (("marking", "--port", "0", "--rules", str(tmp_path / "none.toml")), "none.toml"),
        (("documents", "--state", str(tmp_path)), "operator.log"),
    ):
        failed = run(*arguments)
        assert (failed.returncode, failed.stdout) == (1, ""), failed
        assert named in failed.stderr
    assert run("drive").returncode == 2


@pytest.mark.slow
def test_kill_9_loop(tmp_path: Path) -> None:
    """Killed while a document is being formed, again and again: numbers without gaps, no half document."""
    arguments = "drive", "--tcp", "0", "--state", str(tmp_path)
    known = 0
    for turn in range(8):
        with emulator(*arguments) as (process, ready), hands_on(ready) as hands:
            if turn == 0:
                hands.register()
            status = hands.ok(0x30)
            last = int.from_bytes(status[26:], "little")
            assert last >= known
            assert status[1] == 0, "a document that was open is gone"
            for number in range(1, last + 1):
                assert int.from_bytes(hands.ok(0x40, number.to_bytes(4, "little"))[7:11], "little") == number
                assert hands.ok(0x45, number.to_bytes(4, "little"))
            if not status[3]:
                hands.open_shift()
            for _ in range(5 + 3 * turn):
                hands.receipt()
            known = int.from_bytes(hands.ok(0x30)[26:], "little")
            hands.begin_receipt()
            hands._wire.send(encode_request(*hands.receipt_form()))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
