"""Frames of the drive's line against every published and computed frame, and against noise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.drive import Code
from fn_emulator.drive_frames import BadFrame, DriveLine, Frame, FrameReader, encode_answer, encode_request
from tests.fn_emulator.drives import Hands, registered, with_marking

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "fn_frames.json").read_text("utf-8"))["frames"]


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["id"]) for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    """All frames of the reference, both ways, byte-exact: published constants, real answers, computed ones."""
    raw = bytes.fromhex(vector["hex"])
    frames = FrameReader().feed(raw, now=0.0)
    assert frames == [Frame(raw[3], raw[4:-2])]
    encode = encode_request if vector["direction"] == "request" else encode_answer
    assert encode(raw[3], raw[4:-2]) == raw


def test_all_vectors_are_here() -> None:
    """The reference has 111 frames; a shorter file would test less than we say."""
    assert len(VECTORS) == 111


def test_byte_by_byte_between_noise() -> None:
    """Bytes before the start byte are skipped, frames may come in any pieces."""
    reader = FrameReader()
    line = b"\xff\x00" + encode_request(0x30) + b"\x55" + encode_request(0x21, b"\x01")
    frames = [frame for i in range(len(line)) for frame in reader.feed(line[i : i + 1], now=0.001 * i)]
    assert frames == [Frame(0x30), Frame(0x21, b"\x01")]


def test_wrong_crc_is_reported() -> None:
    """A drive has to answer 01h to it, so it must not vanish."""
    raw = bytearray(encode_request(0x30))
    raw[-1] ^= 1
    assert FrameReader().feed(bytes(raw), now=0.0) == [BadFrame(b"\x01\x00\x30")]


def test_silence_inside_a_frame_starts_anew() -> None:
    """A host that died in the middle of a frame must not eat the next one."""
    reader = FrameReader()
    assert reader.feed(encode_request(0x30)[:3], now=0.0) == []
    assert reader.feed(encode_request(0x31), now=0.2) == [Frame(0x31)]


@pytest.mark.parametrize("length", [0, 1026, 0xFFFF])
def test_impossible_length_is_dropped(length: int) -> None:
    """LEN 0 or above 1025 is no frame; the next start byte counts."""
    raw = b"\x04" + length.to_bytes(2, "little") + encode_request(0x30)
    assert FrameReader().feed(raw, now=0.0)[-1:] == [Frame(0x30)]


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_noise(pieces: list[bytes]) -> None:
    """Any bytes: frames or bad frames, never an exception, never more than a frame kept."""
    reader = FrameReader()
    for piece in pieces:
        for frame in reader.feed(piece, now=0.0):
            assert isinstance(frame, Frame | BadFrame)
        assert len(reader._buffer) <= 1030


def executed(hands: Hands) -> Callable[[int, bytes, float], tuple[int, bytes]]:
    def execute(code: int, data: bytes, now: float) -> tuple[int, bytes]:
        answer = hands.drive.execute(code, data, timer=now)
        return answer.code, answer.data

    return execute


def test_a_drive_on_its_line() -> None:
    """A drive alone behind its frames: the reference's status request is answered in a frame; a bad one by 01h."""
    hands = Hands()
    line = DriveLine(executed(hands))
    (answer,) = FrameReader().feed(line.receive(bytes.fromhex("04010030FFCD"), now=0.0), now=0.0)
    assert answer == Frame(0, hands.ok(0x30))
    assert line.receive(bytes.fromhex("04010030FFCE"), now=0.0) == encode_answer(0x01)
    silent = DriveLine(executed(hands), silent_on_bad_frames=True)
    assert silent.receive(bytes.fromhex("04010030FFCE"), now=0.0) == b""


@pytest.mark.parametrize(
    "vector",
    [pytest.param(vector, id=vector["id"]) for vector in VECTORS if vector["direction"] == "request"],
)
def test_every_published_request_is_a_command(vector: dict[str, Any]) -> None:
    """A drive of the newest generation takes every request of the reference for what it is: known, of good length.
    All but one: the description of 2016 has the total of 16h as packed decimals, later ones and recordings do not.
    """
    hands = with_marking()
    raw = bytes.fromhex(vector["hex"])
    (answer,) = FrameReader().feed(DriveLine(executed(hands)).receive(raw, now=hands.timer), now=0.0)
    assert isinstance(answer, Frame)
    assert (answer.code & 0x7F == Code.UNKNOWN_COMMAND) == (vector["id"] == "req-16h-atlas-bcd")


def test_answers_of_the_reference() -> None:
    """Answers that follow from the drive's model alone are the reference's bytes."""
    hands = registered(ffd=4)
    published = {vector["id"]: bytes.fromhex(vector["hex"]) for vector in VECTORS}
    line = DriveLine(executed(hands))
    for asked, told in (("req-31h", "rsp-31h"), ("req-33h", "rsp-33h"), ("req-3Ah", "rsp-3Ah")):
        assert line.receive(published[asked], now=hands.timer) == published[told]
    for code in (0x02, 0x08, 0x11, 0x32):
        command = {0x02: 0x12, 0x08: 0x41, 0x11: 0x22, 0x32: 0xB0}[code]
        request = encode_request(command, pack("<I", 1) if command == 0x41 else b"")
        assert line.receive(request, now=hands.timer) == published[f"rsp-err-{code:02X}h"]


def test_a_command_takes_its_time() -> None:
    """The answer comes when it is due; what a host sends meanwhile is not heard; a host that left gets nothing."""
    hands = Hands()
    line = DriveLine(executed(hands), duration=lambda code, data: 0.2 if code == 0x31 else 0.0)
    assert line.receive(encode_request(0x31) + encode_request(0x30), now=1.0) == b""
    assert line.deadline == 1.2
    assert line.receive(encode_request(0x33), now=1.1) == b""
    assert line.handle_timeout(1.1) == b""
    assert line.handle_timeout(1.2) == encode_answer(0, hands.ok(0x31))
    assert line.handle_timeout(1.3) == b""
    line.receive(encode_request(0x31), now=2.0)
    line.disconnected(2.1)
    line.connected(2.1)
    assert line.handle_timeout(3.0) == b""
    assert line.receive(encode_request(0x30), now=3.0) == encode_answer(0, hands.ok(0x30))
