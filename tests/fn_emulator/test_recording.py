"""Recordings: what was said is read back, and played again it says where two registers differ."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.faults import Fault
from fn_emulator.noise import Noise
from fn_emulator.rack import Seat
from fn_emulator.recording import (
    BadRecording,
    Piece,
    Recorder,
    Recording,
    Turn,
    Verdict,
    commands_of,
    read_recording,
    replay,
)
from kkt_driver import commands as c
from kkt_driver.frames import encode_alt, encode_frame
from tests.fn_emulator.desk import START, closing, item

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
RECEIPT = (c.OpenShift(), c.OpenReceipt(type=0), item(), closing(), c.DriveStatus())
TRACES = json.loads((Path(__file__).parents[1] / "vectors" / "register_frames.json").read_text("utf-8"))["real_traces"]


def framed(request: c.Request[Any]) -> bytes:
    return encode_frame(c.encode_request(request))


class Taped:
    """A register whose line is recorded while a host works on it, with a clock that the host's steps move."""

    def __init__(self, **options: Any) -> None:
        self.text = io.StringIO()
        self.seat = Seat(1, registered(1, now=START, **options))
        self.seat.recorder = Recorder(self.text.write, began=START, note="a test")
        self.now = START
        self.seat.connected(self.now)

    def say(self, data: bytes) -> bytes:
        """The host speaks and waits for all that comes of it."""
        self.now += 0.02
        said = self.seat.receive(data, self.now)
        while (due := self.seat.deadline) is not None:
            self.now = due
            said += self.seat.handle_timeout(due)
        return said

    def work(self) -> Recording:
        for request in RECEIPT:
            self.say(ENQ)
            self.say(framed(request))
            self.say(ACK)
        self.seat.disconnected(self.now)
        return self.recording

    @property
    def recording(self) -> Recording:
        return read_recording(self.text.getvalue().splitlines())


def fresh(**options: Any) -> EmulatedRegister:
    return registered(1, now=START, **options)


def test_what_is_written_is_read_back() -> None:
    """Every byte of both sides, in order, with its moment."""
    recording = Taped().work()
    assert (recording.began, recording.note) == (START, "a test")
    assert recording.pieces[:3] == (
        Piece(0.0, "connected"), Piece(0.02, "host", ENQ), Piece(0.02, "register", NAK),
    )  # fmt: skip
    assert recording.pieces[-1].kind == "disconnected"
    assert [piece.at for piece in recording.pieces] == sorted(piece.at for piece in recording.pieces)


def test_the_same_register_says_the_same() -> None:
    """A conversation played to the same register at the same moment comes out to the byte, signs included."""
    turns = replay(Taped().work(), fresh(), now=START)
    assert {turn.verdict for turn in turns} == {Verdict.SAME}
    assert sum(commands_of(turn.host) == ["FF45 CloseReceipt"] for turn in turns) == 1


def test_another_day_is_alike() -> None:
    """Moments and signs differ, the kind of every answer is the same."""
    turns = replay(Taped().work(), registered(1, now=START + 999), now=START + 1000)
    assert {turn.verdict for turn in turns} == {Verdict.SAME, Verdict.ALIKE}


def test_a_slower_register_is_waited_for() -> None:
    """The host had an answer before it went on, so it waits for this one as well, and all that follows is later."""
    register = fresh(durations={"E0": 100.0, "FF45": 3.0})
    turns = replay(Taped().work(), register, now=START)
    assert Verdict.OTHER not in {turn.verdict for turn in turns}
    assert register.core.now > START + 103


def test_a_difference_is_shown() -> None:
    """A shift that is already open: the command that meets it is the one that is named."""
    register = fresh()
    register.ask(c.OpenShift(), START)
    turns = replay(Taped().work(), register, now=START)
    (other,) = [turn for turn in turns if turn.verdict is Verdict.OTHER]
    assert commands_of(other.host) == ["E0 OpenShift"]
    assert other.now == ACK + encode_frame(b"\xe0\x73")


def test_trouble_is_in_the_recording() -> None:
    """A lost answer, an ENQ that fetches it, a cut and the answer on the next connection: played again without the
    trouble, the turns that had it are the ones that differ."""
    taped = Taped()
    taped.seat.by_hand.add("E0", Fault.ANSWER_LOST)
    assert taped.say(framed(c.OpenShift())) == ACK
    assert taped.say(ENQ)[:2] == ACK + b"\x02"
    taped.say(ACK)
    taped.seat.by_hand.add("40", Fault.CUT_AFTER)
    taped.say(framed(c.XReport()))
    assert taped.seat.hung_up
    taped.seat.disconnected(taped.now)
    taped.seat.connected(taped.now)
    assert taped.say(ENQ)[:1] == ACK
    turns = replay(taped.recording, fresh(), now=START)
    assert [commands_of(turn.host) for turn in turns if turn.verdict is Verdict.OTHER] == [
        ["E0 OpenShift"], ["40 XReport"],
    ]  # fmt: skip


def test_noise_is_in_the_recording() -> None:
    """What is written down is what the host heard, whatever the register had said."""
    taped = Taped()
    taped.seat.set_noise(Noise(stray=1), Random(1))
    said = taped.say(ENQ)
    assert said == b"\xff" + NAK
    assert taped.recording.pieces[-1] == Piece(0.02, "register", said)


@pytest.mark.parametrize("trace", [t for t in TRACES if t["direction"] == "host_to_register"], ids=lambda t: t["frame"])
def test_frames_of_other_hosts_are_answered(trace: dict[str, Any]) -> None:
    """What drivers of others really sent, as recordings: each command is understood and answered as itself, on the
    layer and with the number it came with."""
    host = bytes.fromhex(trace["frame"])
    (turn,) = replay(Recording(START, "", (Piece(0.0, "connected"), Piece(0.0, "host", host))), fresh(), now=START)[1:]
    said = turn.now
    code = bytes.fromhex(trace["fields"]["command"])
    if trace["layer"] == "standard":
        assert said[:2] == ACK + b"\x02"
        assert said[3 : 3 + len(code)] == code
    else:
        assert said[3:5] == host[3:5]
        assert said[5 : 5 + len(code)] == code


def test_kinds_of_answers() -> None:
    """Alike are answers to the same command with the same error; data may differ, control bytes may not."""
    status = framed(c.ShortStatus())
    one, other = (encode_frame(b"\x10\x00\x1e" + data) for data in (b"a", b"b"))
    assert Turn(0, status, ACK + one, ACK + other).verdict is Verdict.ALIKE
    assert Turn(0, status, ACK + one, other).verdict is Verdict.OTHER
    assert Turn(0, status, ACK + one, ACK + encode_frame(b"\x10\x73")).verdict is Verdict.OTHER
    assert Turn(0, b"", encode_alt(1, b"\x10\x00a"), encode_alt(2, b"\x10\x00b")).verdict is Verdict.ALIKE
    assert commands_of(encode_alt(1, c.encode_request(c.ShortStatus()))) == ["10 ShortStatus"]
    assert commands_of(encode_frame(b"\xfe\xee\x00"))[0].startswith("FEEE")
    assert commands_of(ENQ) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("hello", "line 1"),
        ('{"recording": 9}', "format 9"),
        ('{"recording": 1}\n{"at": 0, "kind": "nobody"}', "line 2"),
        ('{"recording": 1}\n{"at": 0, "kind": "host", "hex": "5"}', "line 2"),
        ('{"recording": 1}\n{"at": 2, "kind": "host"}\n{"at": 1, "kind": "host"}', "time goes back"),
    ],
)
def test_what_is_no_recording(text: str, reason: str) -> None:
    """The line that is wrong is named."""
    with pytest.raises(BadRecording, match=reason):
        read_recording(text.splitlines())
