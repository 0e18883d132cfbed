"""What each fault does: to the drive's documents, to the line, to the register afterwards.

A first table says for a closing of a receipt whether the document exists and what the host hears; the rest is looked
at one by one.
"""

from __future__ import annotations

from typing import Any

import pytest

from fn_emulator.faults import FOREIGN, Fault, FaultPlan, Trouble
from kkt_driver import commands as c
from kkt_driver.frames import encode_alt, encode_frame
from tests.fn_emulator.desk import Desk, closing, item

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
CLOSING = encode_frame(c.encode_request(closing()))


def framed(request: c.Request[Any]) -> bytes:
    return encode_frame(c.encode_request(request))


def ready(*troubles: Trouble | Fault, command: str = "FF45") -> Desk:
    """A receipt that only waits to be closed, on a register that has trouble ahead."""
    desk = Desk()
    desk.set(17, 1, 7, b"\0")  # it prints
    desk.ask(c.OpenShift())
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    desk.register.connected(desk.now)
    desk.register.faults = FaultPlan({command: troubles})
    return desk


SOUND = ready().register.receive(CLOSING, Desk().now)
"""ACK and answer of a closing that meets no trouble."""

# fault: document 3 exists, and what the host hears (None: nothing and the connection is gone)
ON_CLOSING: dict[Fault, tuple[bool, bytes | None]] = {
    Fault.COMMAND_LOST: (False, b""),
    Fault.ACK_LOST: (True, SOUND[1:]),
    Fault.ANSWER_LOST: (True, ACK),
    Fault.ANSWER_DAMAGED: (True, SOUND[:1] + SOUND[1:10] + bytes((SOUND[10] ^ 4,)) + SOUND[11:]),
    Fault.ANSWER_CUT_SHORT: (True, SOUND[: 1 + (len(SOUND) - 1) // 2]),
    Fault.ANSWER_TWICE: (True, SOUND + SOUND[1:]),
    Fault.ANSWER_LATE: (True, ACK),
    Fault.ANSWER_AFTER_RECONNECT: (True, None),
    Fault.STRAY_FF: (True, ACK + b"\xff" + SOUND[1:]),
    Fault.CUT_BEFORE: (False, None),
    Fault.CUT_AFTER: (True, None),
    Fault.POWER_BEFORE: (False, None),
    Fault.POWER_BEFORE_COMMIT: (False, None),
    Fault.POWER_AFTER_COMMIT: (True, None),
    Fault.POWER_AFTER: (True, None),
    Fault.DRIVE_SILENT: (False, ACK + encode_frame(b"\xff\x45\x2f")),
    Fault.DRIVE_SILENT_AFTER_COMMIT: (True, ACK + encode_frame(b"\xff\x45\x2f")),
    Fault.DRIVE_BUSY: (False, ACK + encode_frame(b"\xff\x45\x30")),
    Fault.DRIVE_FAILED: (False, ACK + encode_frame(b"\xff\x45\x03")),
    Fault.PAPER_OUT: (False, ACK + encode_frame(b"\xff\x45\x6b")),
    Fault.PAPER_RUNS_OUT: (True, SOUND),
    Fault.SUBMODE_STUCK: (True, SOUND),
    Fault.CLOCK_JUMP: (True, SOUND),
}


def test_every_fault_is_in_the_table() -> None:
    """A new kind of trouble says here what it does."""
    assert set(Fault) - FOREIGN == set(ON_CLOSING)


@pytest.mark.parametrize("fault", ON_CLOSING)
def test_a_closing_that_meets(fault: Fault) -> None:
    """Whether there is a document, and what the host can know of it: the two things that must not be mixed up."""
    desk = ready(Trouble(fault, 2.0))
    said = desk.register.receive(CLOSING, desk.now)
    exists, heard = ON_CLOSING[fault]
    assert desk.register.drive.last_document == (3 if exists else 2)
    assert desk.register.hung_up is (heard is None)
    if fault is not Fault.CLOCK_JUMP:  # the answer holds the moment and the sign over it
        assert said == (heard or b"")


@pytest.mark.parametrize("fault", sorted({Fault.ANSWER_LOST, Fault.ANSWER_DAMAGED, Fault.ANSWER_CUT_SHORT}, key=str))
def test_what_the_line_did_to_the_answer_the_next_enq_mends(fault: Fault) -> None:
    """The register keeps the sound answer until it is confirmed."""
    desk = ready(fault)
    desk.register.receive(CLOSING, desk.now)
    if fault is not Fault.ANSWER_LOST:
        desk.register.receive(NAK, desk.now)
    assert desk.register.receive(ENQ, desk.now) == SOUND


def test_late() -> None:
    """The answer comes after the time that was asked for, and ENQ is confirmed while it is awaited."""
    desk = ready(Trouble(Fault.ANSWER_LATE, 7.0))
    desk.register.receive(CLOSING, desk.now)
    assert desk.register.deadline == desk.now + 7
    assert desk.register.receive(ENQ, desk.now + 3) == ACK
    assert desk.register.handle_timeout(desk.now + 7) == SOUND[1:]


def test_an_answer_for_the_next_host() -> None:
    """A converter between network and serial line had it in its buffer: it stands before the answer to the first
    byte of whoever comes next, on either layer."""
    desk = ready(Fault.ANSWER_AFTER_RECONNECT)
    desk.register.receive(CLOSING, desk.now)
    desk.register.disconnected(desk.now)
    desk.register.connected(desk.now)
    assert desk.register.receive(encode_alt(None), desk.now) == SOUND[1:] + encode_alt(0)
    assert desk.register.receive(encode_alt(None), desk.now) == encode_alt(0)


def test_paper() -> None:
    """Out before the command: refused, the receipt stays open. Out after it: registered, the next one is refused."""
    desk = ready(Fault.PAPER_OUT)
    desk.register.receive(CLOSING, desk.now)
    assert desk.mode == 8
    desk = ready(Fault.PAPER_RUNS_OUT)
    desk.register.receive(CLOSING, desk.now)
    assert desk.register.receive(framed(c.OpenReceipt(type=0)), desk.now) == ACK + encode_frame(b"\x8d\x6b")


def test_a_stuck_submode_passes() -> None:
    """Printing that does not end for a while, 50h meanwhile, and then all is as before."""
    desk = ready(Trouble(Fault.SUBMODE_STUCK, 60.0))
    desk.register.receive(CLOSING, desk.now)
    assert desk.refused(c.OpenReceipt(type=0)) == 0x50
    desk.now += 60
    desk.ask(c.OpenReceipt(type=0))


def test_a_clock_that_jumps_back_over_the_last_document() -> None:
    """The drive refuses what seems to be older than what it has."""
    desk = ready(Trouble(Fault.CLOCK_JUMP, -86_400.0))
    said = desk.register.receive(CLOSING, desk.now)
    assert said[1:3] == b"\x02\x03"
    assert said[5] != 0
    assert desk.register.drive.last_document == 2


def test_an_automatic_z() -> None:
    """The shift is gone before the command that needed it; an open receipt holds it off."""
    desk = Desk(shift=True)
    desk.register.faults = FaultPlan({"8D": [Fault.AUTO_Z]})
    desk.register.connected(desk.now)
    assert desk.register.receive(framed(c.OpenReceipt(type=0)), desk.now)[3:5] == b"\x8d\x73"
    assert (desk.last_document, desk.mode) == (3, 4)
    desk = ready(Fault.AUTO_Z)
    assert desk.register.receive(CLOSING, desk.now) == SOUND


def test_a_second_host() -> None:
    """It sells in between, and takes our open receipt for an orphan."""
    desk = ready(Fault.SECOND_HOST)
    said = desk.register.receive(CLOSING, desk.now)
    assert said[3:6] == b"\xff\x45\x73"
    assert (desk.last_document, desk.mode) == (3, 2)
    assert desk.ask(c.FindDocument(document=3)).total == 100


def test_trouble_on_the_alternative_layer() -> None:
    """The same spoils, under the alternative layer's frames: the number that comes back twice is the same answer."""
    desk = ready(Fault.ANSWER_LOST, Fault.ANSWER_TWICE, command="FF01")
    asked = c.encode_request(c.DriveStatus())
    assert desk.register.receive(encode_alt(1, asked), desk.now) == b""
    answer = desk.register.receive(encode_alt(1, asked), desk.now)
    assert answer[:1] == b"\x8f"
    assert desk.register.receive(encode_alt(2, asked), desk.now)[: len(answer) // 2]
    assert desk.register.drive.last_document == 2
