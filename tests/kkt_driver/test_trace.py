"""A trace shows what was said and hides who bought."""

from __future__ import annotations

import pytest

from ffd import tlv
from kkt_driver import commands as k
from kkt_driver.frames import ACK, ENQ, NAK, encode_alt, encode_frame
from kkt_driver.runner import Traced
from kkt_driver.trace import Describer, describe, readable, redact

CONTACT = "anna@example.com"
TAGS = tlv.encode((tlv.field(1008, CONTACT), tlv.field(1021, "Иванова")))
REQUEST = k.encode_request(k.SendTlv(tlv=TAGS))
HIDDEN = CONTACT.encode("cp866").hex()


def test_the_buyer_is_taken_out_and_the_rest_stays() -> None:
    """The contact is replaced by its size; command, password and other tags are there to be read."""
    shown = redact(REQUEST)
    assert HIDDEN not in shown
    assert "1008:[16 bytes]" in shown
    assert "(send TLV)" in shown
    assert "Иванова".encode("cp866").hex() in shown


@pytest.mark.parametrize("frame", [encode_frame(REQUEST), encode_alt(7, REQUEST)], ids=["standard", "alternative"])
def test_on_both_layers_in_any_pieces(frame: bytes) -> None:
    """However a frame is cut on the line, nothing of the buyer is shown."""
    for at in range(1, len(frame)):
        assert HIDDEN not in "".join(describe(frame[:at])) + "".join(describe(frame[at:]))
        describer = Describer()
        (whole,) = [*describer.feed(frame[:at]), *describer.feed(frame[at:])]
        assert "(send TLV)" in whole and HIDDEN not in whole


def test_pieces_of_documents_are_shown_by_their_size() -> None:
    """FF3Bh may cut a document anywhere, so its data are not shown at all."""
    answer = b"\xff\x3b\x00" + TAGS
    assert redact(answer, "<") == f"ff3b00[{len(TAGS)} bytes of a document] (read document)"
    assert redact(b"\xff\x3b\x1e\0\0\0") == "ff3b1e000000 (read document)"


def test_tags_that_end_nowhere_are_shown_by_their_size() -> None:
    """Damaged fields may hide a contact."""
    assert redact(REQUEST[:-3] + b"").endswith("bytes] (send TLV)")


def test_control_bytes_noise_and_damage_have_names() -> None:
    """What is no frame is told by its kind."""
    assert list(describe(ENQ + NAK + ACK)) == ["ENQ", "NAK", "ACK"]
    damaged = bytearray(encode_frame(b"\x10\x1e\0\0\0"))
    damaged[-1] ^= 1
    assert list(describe(bytes(damaged))) == ["[damaged frame]"]
    assert list(describe(b"\x02\xff\x00")) == ["[part of a frame, 3 bytes]"]
    assert list(describe(encode_alt())) == ["SYNC"]


def test_a_trace_is_a_line_for_each_write() -> None:
    """Moment, direction, content."""
    assert readable([Traced(">", 1.5, ENQ)]) == ["1.5000 > ENQ"]
