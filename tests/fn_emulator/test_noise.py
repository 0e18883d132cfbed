"""Noise on a line: what it does to bytes, and that a seed does it again."""

from __future__ import annotations

from random import Random

import pytest

from fn_emulator.emulated import registered
from fn_emulator.errors import Misuse
from fn_emulator.noise import Noise, NoisyLine
from kkt_driver import commands as c
from kkt_driver.frames import encode_frame
from tests.fn_emulator.desk import START

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
STATUS = encode_frame(c.encode_request(c.ShortStatus()))


class Echo:
    """A test double of a device: it says what it hears."""

    hung_up = False
    deadline: float | None = None

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []

    def connected(self, now: float) -> None:
        self.heard.append((now, b"connected"))

    def disconnected(self, now: float) -> None:
        self.heard.append((now, b"disconnected"))

    def receive(self, data: bytes, now: float) -> bytes:
        self.heard.append((now, data))
        return data

    def handle_timeout(self, now: float) -> bytes:
        return b""


def test_a_quiet_line() -> None:
    """Without chances nothing changes and nothing waits."""
    line = NoisyLine(registered(1, now=START), Noise(), Random(1))
    line.connected(START)
    assert line.receive(ENQ, START) == NAK
    assert line.receive(STATUS, START)[:1] == ACK
    assert (line.deadline, line.hung_up) == (None, False)


@pytest.mark.parametrize(
    ("noise", "check"),
    [
        (Noise(lose=1), lambda said: said == b""),
        (Noise(damage=1), lambda said: len(said) == 4 and said != b"abcd"),
        (Noise(duplicate=1), lambda said: said == b"abcdabcd" * 2),
        (Noise(stray=1), lambda said: said == b"\xff\xffabcd"),
    ],
)
def test_each_kind(noise: Noise, check: object) -> None:
    """Both directions have it."""
    line = NoisyLine(Echo(), noise, Random(3))
    assert callable(check)
    assert check(line.receive(b"abcd", 0.0))


def test_delays_keep_the_order() -> None:
    """What comes later never overtakes, and the line says when it wants to be asked."""
    echo = Echo()
    line = NoisyLine(echo, Noise(delay=1, delay_s=0.5), Random(1))
    assert line.receive(b"a", 0.0) == b""
    assert line.deadline == 0.5
    line.noise = Noise()
    assert line.handle_timeout(0.5) == b""
    assert line.deadline == 1.0
    assert line.handle_timeout(1.0) == b"a"
    assert [at for at, _ in echo.heard] == [0.5]


def test_a_split_frame_arrives_in_two_parts() -> None:
    """The pause in the middle is what a register's byte timeout is for."""
    register = registered(1, now=START, byte_timeout_s=0.05)
    line = NoisyLine(register, Noise(split=1, delay_s=0.2), Random(4))
    line.connected(START)
    assert line.receive(STATUS, START) == b""
    assert ACK not in line.handle_timeout(START + 0.2)  # the frame was dropped, not executed
    assert register.receive(ENQ, START + 0.3) == NAK


def test_what_was_sent_before_the_host_died_still_arrives() -> None:
    """A kill -9 does not call bytes back: they are executed before the next host is heard."""
    echo = Echo()
    line = NoisyLine(echo, Noise(delay=1, delay_s=5), Random(1))
    line.receive(b"close", 0.0)
    line.disconnected(1.0)
    line.connected(9.0)
    assert echo.heard == [(1.0, b"disconnected"), (5.0, b"close"), (9.0, b"connected")]


def test_a_seed_is_the_same_noise() -> None:
    """Otherwise nobody could play a failure again."""

    def played() -> list[bytes]:
        noise = Noise(lose=0.2, damage=0.2, duplicate=0.2, stray=0.2, split=0.3, delay=0.3)
        line = NoisyLine(Echo(), noise, Random(11))
        return [line.receive(b"0123456789", now / 10) for now in range(200)]

    assert played() == played()
    assert len(set(played())) > 50


def test_chances_are_chances() -> None:
    """A mistyped number is not taken for a certainty."""
    for wrong in ({"lose": 1.5}, {"damage": -0.1}, {"delay_s": -1.0}):
        with pytest.raises(Misuse):
            Noise(**wrong)
