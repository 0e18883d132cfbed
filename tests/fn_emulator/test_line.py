"""The register's side of both link layers, against recorded and published conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.line import BODY_MAX, Layer, Line, State
from kkt_driver.frames import AlternativeReader, AltFrame, encode_alt, encode_frame

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "register_frames.json").read_text("utf-8"))
SESSIONS = VECTORS["sessions"]
ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
STATUS, ANSWER = bytes.fromhex("101e000000"), bytes.fromhex("10001e90020400000000000000000000")


class Script:
    """An executor that gives prepared answers and remembers what it was asked."""

    def __init__(self, *answers: bytes, duration_s: float = 0.0) -> None:
        self.answers = list(answers)
        self.duration_s = duration_s
        self.asked: list[bytes] = []

    def __call__(self, body: bytes, now: float) -> tuple[bytes, float]:
        self.asked.append(body)
        return self.answers.pop(0) if self.answers else body[:1] + b"\0", self.duration_s


def body_of(frame: bytes) -> bytes:
    """What a register's frame of either layer carries."""
    if frame[:1] == b"\x8f":
        return AlternativeReader().feed(frame)[0].body
    return frame[2:-1]


def sound(frame: bytes) -> bytes:
    """The frame as the register sent it: a check sum that the line damaged is put right."""
    return encode_frame(frame[2:-1]) if frame[:1] == b"\x02" else frame


def primed(name: str, answers: list[bytes]) -> tuple[Line, Script]:
    """A register that has already executed what the session takes for granted."""
    script = Script(*answers)
    line = Line(script, stray_ff=name == "normal_tcp")
    numbers = {"first_contact": 0x29, "out_of_step": 0x2A}
    if name in numbers:
        assert line.receive(encode_alt(numbers[name], STATUS), 0.0)
    if name == "slow_command":
        script.duration_s = 1.0
    return line, script


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: f"{session['layer']}-{session['name']}")
@pytest.mark.parametrize("one_at_a_time", [False, True], ids=["whole", "byte by byte"])
def test_sessions(session: dict[str, Any], one_at_a_time: bool) -> None:
    """Every published session plays against the register's side as written, however its bytes are cut."""
    name = session["name"]
    frames = [bytes.fromhex(step["hex"]) for step in session["steps"] if step.get("from") == "register"]
    answers = [body_of(frame) for frame in frames if frame[:1] == b"\x02"]
    numbered = {frame: body_of(frame) for frame in frames if frame[:1] == b"\x8f" and len(frame) > 7}
    if name in ("damaged_answer", "lost_answer", "power_cycle"):
        answers = answers[:1]
    line, _ = primed(name, answers or list(numbered.values()))
    now, said, lost = 0.0, b"", False
    for step in session["steps"]:
        if step.get("from") == "host":
            data = bytes.fromhex(step["hex"])
            said = b"" if lost else said
            assert said == b"", "the register said more than the session shows"
            pieces = [data[at : at + 1] for at in range(len(data))] if one_at_a_time else [data]
            said = b"".join(line.receive(piece, now) for piece in pieces)
            lost = False
        elif step.get("from") == "register":
            expected = sound(bytes.fromhex(step["hex"]))
            if not said and line.deadline is not None:
                now = line.deadline
                said = line.handle_timeout(now)
            assert said.startswith(expected)
            said = said[len(expected) :]
        elif "lost" in step["event"]:
            lost = True
        elif "power" in step["event"]:
            line.power_cycle()
            lost = True
    assert lost or said == b""


@pytest.mark.parametrize("vector", VECTORS["must_be_rejected"], ids=lambda vector: vector["name"])
def test_damaged_frames_are_never_executed(vector: dict[str, Any]) -> None:
    """A frame that the line damaged is refused (standard) or ignored (alternative): nothing is executed."""
    script = Script()
    line = Line(script)
    said = line.receive(bytes.fromhex(vector["frame"]), 0.0)
    assert script.asked == []
    assert said in ((NAK, b"") if vector["layer"] == "standard" else (b"",))
    if line.deadline is not None:
        assert line.handle_timeout(line.deadline) == b""
    if vector["layer"] == "standard":
        assert line.receive(ENQ, 1.0) == NAK
    else:
        assert line.receive(encode_alt(None), 1.0) == encode_alt(0)
        assert line.receive(encode_alt(1, STATUS), 1.0)
        assert script.asked == [STATUS]


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS["link_layer"] if "payload" in vector],
    ids=lambda vector: vector["name"],
)
def test_frames_with_stuffing_and_of_full_length(vector: dict[str, Any]) -> None:
    """Numbers, payloads and check sums that need stuffing, and the longest frames, arrive as they were meant."""
    script = Script()
    line = Line(script)
    said = line.receive(bytes.fromhex(vector["frame"]), 0.0)
    assert script.asked == [bytes.fromhex(vector["payload"])]
    if vector["layer"] == "alternative":
        assert AlternativeReader().feed(said) == [AltFrame("III", vector["num"], script.asked[0][:1] + b"\0")]
    else:
        assert said.startswith(ACK + b"\x02")


def test_type_i_and_type_ii() -> None:
    """Before anything was executed a ping is answered by type II with number 0, byte for byte as published."""
    frames = {vector["name"]: bytes.fromhex(vector["frame"]) for vector in VECTORS["link_layer"]}
    line = Line(Script())
    assert line.receive(frames["sync_request"], 0.0) == frames["empty_answer"]


def test_enq_while_executing_and_after() -> None:
    """While a command runs ENQ is confirmed and no more; afterwards it brings the answer, again and again."""
    script = Script(ANSWER, duration_s=5.0)
    line = Line(script)
    assert line.receive(encode_frame(STATUS), 0.0) == ACK
    assert line.deadline == 5.0
    assert line.receive(ENQ, 1.0) == ACK
    assert line.receive(encode_frame(STATUS), 2.0) == b"", "a second command while one runs is not heard"
    assert line.handle_timeout(5.0) == encode_frame(ANSWER)
    assert line.receive(ENQ + ENQ, 6.0) == 2 * (ACK + encode_frame(ANSWER))
    assert line.receive(ACK, 6.0) == b""
    assert line.receive(ENQ, 6.0) == NAK
    assert len(script.asked) == 1


def test_answer_of_a_dead_connection_is_kept() -> None:
    """The undelivered answer belongs to the register, not to the connection; a switch makes it forgetful."""
    for keeps, expected in ((True, ACK + encode_frame(ANSWER)), (False, NAK)):
        line = Line(Script(ANSWER), keeps_answer=keeps)
        line.lose_answer = True
        assert line.receive(encode_frame(STATUS), 0.0) == ACK
        line.disconnected(1.0)
        line.connected(2.0)
        assert line.receive(ENQ, 2.0) == expected


def test_command_outlives_its_connection() -> None:
    """A command whose host disappears is finished; the next host is not sent an answer it never asked for."""
    line = Line(Script(ANSWER, duration_s=5.0))
    line.receive(encode_frame(STATUS), 0.0)
    line.disconnected(1.0)
    line.connected(2.0)
    assert line.handle_timeout(5.0) == b""
    assert line.state is State.STORED
    assert line.receive(ENQ, 6.0) == ACK + encode_frame(ANSWER)


def test_new_command_drops_the_stored_answer() -> None:
    """A host that never sends ENQ relies on it: its next frame is a new command."""
    line = Line(Script(ANSWER, b"\xfc\0"))
    line.receive(encode_frame(STATUS), 0.0)
    assert line.receive(encode_frame(b"\xfc"), 1.0) == ACK + encode_frame(b"\xfc\0")
    assert line.receive(ACK + ENQ, 1.0) == NAK


def test_refused_answer_waits_for_enq() -> None:
    """NAK to an answer is followed by no repeat of its own; a late ACK does not count any more."""
    line = Line(Script(ANSWER))
    line.receive(encode_frame(STATUS), 0.0)
    assert line.receive(NAK, 0.0) == b""
    assert line.receive(ACK, 0.0) == b""
    assert line.receive(ENQ, 0.0) == ACK + encode_frame(ANSWER)


@pytest.mark.parametrize(("late_s", "kept"), [(0.04, False), (0.06, True)])
def test_an_ack_that_comes_too_late(late_s: float, kept: bool) -> None:
    """A register waits for the ACK for a byte time-out, then its answer waits for ENQ: a host that thinks itself done
    is offered the old answer once more, and must not take it for the next one."""
    line = Line(Script(ANSWER))
    line.receive(encode_frame(STATUS), 1.0)
    assert line.receive(ACK, 1.0 + late_s) == b""
    assert line.receive(ENQ, 2.0) == (ACK + encode_frame(ANSWER) if kept else NAK)


def test_numbers_of_the_alternative_layer() -> None:
    """Only `last + 1` is executed, 65535 is followed by 0, any other number gets the stored answer."""
    script = Script()
    line = Line(script)
    line.receive(encode_alt(65535, b"\xfc"), 0.0)
    first = encode_alt(65535, b"\xfc\0")
    for number in (65535, 1, 7, 65534):
        assert line.receive(encode_alt(number, b"\x10"), 0.0) == first
    assert line.receive(encode_alt(None), 0.0) == first
    assert line.receive(encode_alt(0, b"\x10"), 0.0) == encode_alt(0, b"\x10\0")
    assert script.asked == [b"\xfc", b"\x10"]


def test_after_power_up_the_first_number_counts() -> None:
    """A restart forgets number and answer, so the number that comes first is taken: why a host has to ask first."""
    script = Script()
    line = Line(script)
    line.receive(encode_alt(7, b"\xfc"), 0.0)
    line.power_cycle()
    assert line.receive(encode_alt(None), 0.0) == encode_alt(0)
    line.receive(encode_alt(7, b"\xfc"), 0.0)
    assert script.asked == [b"\xfc", b"\xfc"]


def test_repeats_while_the_command_runs() -> None:
    """The same frame again during a long command is not executed again; it is answered when the first is done."""
    script = Script(b"\xe0\0\1", duration_s=10.0)
    line = Line(script)
    frame, answer = encode_alt(1, b"\xe0"), encode_alt(1, b"\xe0\0\1")
    assert line.receive(frame, 0.0) == b""
    assert line.receive(frame, 1.0) == b""
    assert line.handle_timeout(10.0) == answer + answer
    assert len(script.asked) == 1


def test_each_connection_shows_its_layer() -> None:
    """The first byte of a connection decides, noise before it is skipped, and the number survives a reconnect."""
    line = Line(Script())
    assert line.receive(b"\0\0\xff\0" + ENQ, 0.0) == NAK
    line.disconnected(0.0)
    line.connected(0.0)
    assert [line.layer] == [None]
    assert line.receive(encode_alt(5, b"\xfc"), 0.0) == encode_alt(5, b"\xfc\0")
    assert line.layer is Layer.ALTERNATIVE
    line.disconnected(0.0)
    line.connected(0.0)
    assert line.receive(encode_alt(None), 0.0) == encode_alt(5, b"\xfc\0")


def test_silence_inside_a_frame_drops_it() -> None:
    """Half a frame is forgotten after the byte time-out, and what follows is read from its own beginning."""
    script = Script(ANSWER)
    line = Line(script, byte_timeout_s=0.05)
    frame = encode_frame(STATUS)
    line.receive(frame[:4], 0.0)
    assert line.deadline == pytest.approx(0.05)
    assert line.handle_timeout(0.05) == b""
    assert line.deadline is None
    assert line.receive(frame, 1.0) == ACK + encode_frame(ANSWER)


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_bytes(pieces: list[bytes]) -> None:
    """Whatever arrives, the register says something or nothing, never an exception, and holds a bounded rest."""
    line = Line(Script())
    for piece in pieces:
        line.receive(piece, 0.0)
        held = len(line._standard._held) + len(line._alternative._held)
        assert held <= 2 * (BODY_MAX + 6) + 1 + 258


def test_endless_frame_is_bounded() -> None:
    """A start byte and then a stream without an end does not fill the memory."""
    line = Line(Script())
    line.receive(b"\x8f\xff\xff", 0.0)
    for _ in range(100):
        line.receive(bytes(4096), 0.0)
        assert len(line._alternative._held) <= 2 * (BODY_MAX + 6) + 1
    assert line.receive(encode_alt(1, b"\xfc"), 0.0) == encode_alt(1, b"\xfc\0")
