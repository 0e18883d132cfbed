"""Frames against published bytes, every split, noise, and anything at all."""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kkt_driver.errors import Misuse
from kkt_driver.frames import (
    ACK,
    ALT_BODY_MAX,
    BODY_MAX,
    ENQ,
    NAK,
    Ack,
    AlternativeReader,
    AltFrame,
    BadFrame,
    Enq,
    Frame,
    Nak,
    StandardReader,
    encode_alt,
    encode_frame,
    lrc,
)
from tests.kkt_driver.vectors import VECTORS, splits

COMMANDS = VECTORS["commands_and_answers"]
NAMES = [f"{row['name']} {row['direction']}" for row in COMMANDS]
TRACES = VECTORS["real_traces"]


def of_layer(rows: list[dict[str, Any]], layer: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["layer"] == layer]


# --- published bytes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", COMMANDS, ids=NAMES)
def test_both_layers_write_and_read_what_published_clients_do(row: dict[str, Any]) -> None:
    """Every frame of the vectors, both layers, both directions, in every split of its bytes."""
    body, standard = bytes.fromhex(row["payload"]), bytes.fromhex(row["standard"])
    number, alternative = row["alternative"]["num"], bytes.fromhex(row["alternative"]["frame"])
    assert encode_frame(body) == standard
    assert encode_alt(number, body) == alternative
    for pieces in splits(standard):
        reader = StandardReader()
        assert [event for piece in pieces for event in reader.feed(piece)] == [Frame(body)]
        assert not reader.partial
    for pieces in splits(alternative):
        alt = AlternativeReader()
        assert [frame for piece in pieces for frame in alt.feed(piece)] == [AltFrame("III", number, body)]
        assert not alt.partial


@pytest.mark.parametrize("row", TRACES, ids=lambda row: row["frame"][:16])
def test_frames_of_real_registers_are_sound_and_written_alike(row: dict[str, Any]) -> None:
    """Logs of real devices: what was on the wire is what we would write."""
    data = bytes.fromhex(row["frame"])
    if row["layer"] == "standard":
        (event,) = StandardReader().feed(data)
        assert isinstance(event, Frame)
        assert encode_frame(event.body) == data
    else:
        (frame,) = AlternativeReader().feed(data)
        assert frame.number == row["fields"]["num"]
        assert encode_alt(frame.number, frame.body) == data


@pytest.mark.parametrize("row", VECTORS["link_layer"], ids=lambda row: row["name"])
def test_frames_of_the_link_itself(row: dict[str, Any]) -> None:
    """Empty frames, stuffing of number, body and check sum, the number's wrap, the longest frames."""
    data, body = bytes.fromhex(row["frame"]), bytes.fromhex(row.get("payload", ""))
    for pieces in splits(data):
        if row["layer"] == "standard":
            standard = StandardReader()
            assert [event for piece in pieces for event in standard.feed(piece)] == [Frame(body)]
        else:
            reader = AlternativeReader()
            expected = [AltFrame(row["type"], row.get("num"), body)]
            assert [frame for piece in pieces for frame in reader.feed(piece)] == expected
    assert (encode_frame(body) if row["layer"] == "standard" else encode_alt(row.get("num"), body)) == data


@pytest.mark.parametrize("row", VECTORS["must_be_rejected"], ids=lambda row: row["name"])
def test_what_must_be_rejected(row: dict[str, Any]) -> None:
    """Damage is never a frame: the standard layer names it, so that NAK can follow; the alternative one is silent.
    A sound frame right after it is read."""
    data = bytes.fromhex(row["frame"])
    for pieces in splits(data):
        if row["layer"] == "standard":
            reader = StandardReader()
            events = [event for piece in pieces for event in reader.feed(piece)]
            assert events == ([] if row["name"] == "truncated" else [BadFrame()])
            assert reader.partial is (row["name"] == "truncated")
            reader.reset()
            assert reader.feed(ENQ + encode_frame(b"\xfc")) == [Enq(), Frame(b"\xfc")]
        else:
            alt = AlternativeReader()
            assert [frame for piece in pieces for frame in alt.feed(piece)] == []
            assert alt.feed(encode_alt(5, b"\xfc")) == [AltFrame("III", 5, b"\xfc")]


# --- sizes and misuse ----------------------------------------------------------------------------------------------


@given(data=st.binary(max_size=256))
def test_the_check_sum_is_the_xor_of_all_bytes(data: bytes) -> None:
    """The fast way of `lrc` gives what the protocol text says."""
    assert lrc(data) == reduce(xor, data, 0)


@pytest.mark.parametrize("body", [b"", bytes(BODY_MAX + 1)])
def test_a_standard_frame_has_1_to_255_bytes(body: bytes) -> None:
    """LEN is one byte; LEN = 0 would be no command."""
    with pytest.raises(Misuse):
        encode_frame(body)


@pytest.mark.parametrize(("number", "body"), [(None, b"\xfc"), (1, bytes(ALT_BODY_MAX + 1))])
def test_an_alternative_frame_with_a_body_has_a_number_and_a_limit(number: int | None, body: bytes) -> None:
    """LEN16 counts the number too."""
    with pytest.raises(Misuse):
        encode_alt(number, body)


def test_the_longest_alternative_frame_passes() -> None:
    """65 533 bytes that all need stuffing: the most a line can carry at once."""
    body = b"\x8f\x9f" * (ALT_BODY_MAX // 2) + b"\x8f"
    frame = encode_alt(0x8F9F, body)
    reader = AlternativeReader()
    assert len(frame) <= reader.held_max
    assert reader.feed(frame) == [AltFrame("III", 0x8F9F, body)]


def test_a_frame_that_announces_too_much_is_dropped_at_once() -> None:
    """A register with a small buffer must not collect 65 535 bytes because two of them were damaged."""
    reader = AlternativeReader(body_max=10)
    assert reader.feed(b"\x8f" + (13).to_bytes(2, "little") + bytes(2)) == []
    assert not reader.partial
    assert reader.feed(encode_alt(1, bytes(10))) == [AltFrame("III", 1, bytes(10))]


# --- noise and anything at all -------------------------------------------------------------------------------------

NOISE = st.binary(max_size=40).map(lambda data: bytes(byte for byte in data if byte not in b"\x02\x05\x06\x15\x8f"))


@given(before=NOISE, after=NOISE)
def test_standard_noise_is_passed_over_and_counted(before: bytes, after: bytes) -> None:
    """A stray FFh is usual on TCP and no noise; everything else may mean that a frame was damaged."""
    reader = StandardReader()
    assert reader.feed(before + ACK + after + NAK) == [Ack(), Nak()]
    assert reader.noise == sum(byte != 0xFF for byte in before + after)


@given(bodies=st.lists(st.binary(min_size=1, max_size=255), max_size=4), data=st.data())
def test_standard_frames_survive_any_split(bodies: list[bytes], data: st.DataObject) -> None:
    """decode(encode(x)) == x, however the line cuts it and whatever control bytes stand between."""
    stream = b"".join(ENQ + encode_frame(body) + ACK for body in bodies)
    expected = [event for body in bodies for event in (Enq(), Frame(body), Ack())]
    reader = StandardReader()
    assert [event for piece in cut(stream, data) for event in reader.feed(piece)] == expected


@given(
    frames=st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(min_size=1, max_size=300)), max_size=4),
    noise=NOISE,
    data=st.data(),
)
def test_alternative_frames_survive_any_split(
    frames: list[tuple[int, bytes]], noise: bytes, data: st.DataObject
) -> None:
    """The same for the alternative layer; noise between frames costs nothing."""
    stream = b"".join(noise + encode_alt(number, body) for number, body in frames)
    reader = AlternativeReader()
    found = [frame for piece in cut(stream, data) for frame in reader.feed(piece)]
    assert found == [AltFrame("III", number, body) for number, body in frames]


def cut(stream: bytes, data: st.DataObject) -> list[bytes]:
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


SPICY = st.lists(
    st.one_of(st.binary(max_size=20), st.sampled_from([b"\x02\xff", b"\x8f", b"\x9f", b"\x8f\xff\xff", b"\x02"])),
    max_size=60,
)


@given(pieces=SPICY)
def test_any_bytes_give_events_and_hold_one_frame_at_most(pieces: list[bytes]) -> None:
    """Strangers on the line: never an exception, never more memory than one frame."""
    standard, alternative = StandardReader(), AlternativeReader(body_max=30)
    for piece in pieces:
        for event in standard.feed(piece):
            assert isinstance(event, Enq | Ack | Nak | Frame | BadFrame)
        for frame in alternative.feed(piece):
            assert encode_alt(frame.number, frame.body)
        assert len(standard._held) <= StandardReader.HELD_MAX
        assert len(alternative._held) <= alternative.held_max


@given(body=st.binary(min_size=1, max_size=60), at=st.integers(0, 200), flip=st.integers(1, 255))
def test_one_damaged_byte_never_passes(body: bytes, at: int, flip: int) -> None:
    """Both check sums find any change of one byte: a damaged amount never reaches a receipt."""
    frame = bytearray(encode_alt(7, body))
    frame[at % len(frame)] ^= flip
    assert AltFrame("III", 7, body) not in AlternativeReader().feed(bytes(frame))
    standard = bytearray(encode_frame(body))
    standard[2 + at % (len(standard) - 2)] ^= flip
    assert StandardReader().feed(bytes(standard)) == [BadFrame()]


def test_noise_behind_a_frame_does_not_take_the_frame_along() -> None:
    """A false escape right after a whole frame, read in one piece with it, is noise and not a damaged frame."""
    reader = AlternativeReader()
    assert reader.feed(encode_alt(7, b"\xfc\0") + b"\x9f\x00") == [AltFrame("III", 7, b"\xfc\0")]
    assert reader.feed(b"\x8f\x04\x00\x9f\x00\x00") == []
    assert not reader.partial
