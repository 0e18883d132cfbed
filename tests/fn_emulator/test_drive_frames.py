"""Frames of the drive's line against every published and computed frame, and against noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.drive_frames import BadFrame, DriveLine, Frame, FrameReader, encode_answer, encode_request
from tests.fn_emulator.drives import Hands

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


def test_a_drive_on_its_line() -> None:
    """A drive alone behind its frames: the reference's status request is answered in a frame; a bad one by 01h."""
    hands = Hands()

    def execute(code: int, data: bytes, now: float) -> tuple[int, bytes]:
        answer = hands.drive.execute(code, data, timer=now)
        return answer.code, answer.data

    line = DriveLine(execute)
    (answer,) = FrameReader().feed(line.receive(bytes.fromhex("04010030FFCD"), now=0.0), now=0.0)
    assert answer == Frame(0, hands.ok(0x30))
    assert line.receive(bytes.fromhex("04010030FFCE"), now=0.0) == encode_answer(0x01)
    silent = DriveLine(execute, silent_on_bad_frames=True)
    assert silent.receive(bytes.fromhex("04010030FFCE"), now=0.0) == b""
