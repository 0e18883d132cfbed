"""Scenarios that only read: the line itself, identification, tables, registers, the drive's archive.

What a scenario expects comes from the published description of the protocol and from what drivers rely on; where
firmware is known to differ, all known answers pass.
"""

from __future__ import annotations

import pytest

from ffd import tlv
from kkt_driver import commands as c
from kkt_driver.frames import encode_alt, encode_frame
from tests.conformance.host import ACK, ENQ, NAK, Host

pytestmark = pytest.mark.reads

STATUS = c.encode_request(c.ShortStatus())
UNSUPPORTED, WRONG_PASSWORD, NO_TABLE, NO_DATA = 0x37, 0x4F, 0x5D, 0x08


# --- the standard layer ---------------------------------------------------------------------------------------------


def test_enq_at_rest(host: Host) -> None:
    """ENQ is answered NAK when nothing waits: the only sign that a register is there and ready."""
    host.line.send(ENQ)
    assert host.control() == NAK


def test_a_command_and_its_answer(host: Host) -> None:
    """The frame is confirmed, the answer repeats the command code and an error byte, has 16 or 17 bytes for 10h."""
    answer = host.exchange(STATUS)
    assert answer[:2] == b"\x10\x00"
    assert len(answer) in (16, 17)


def test_a_frame_without_enq(host: Host) -> None:
    """Newer drivers send STX at once."""
    host.line.send(encode_frame(STATUS))
    assert host.control() == ACK
    assert host.frame()[:2] == b"\x10\x00"
    host.line.send(ACK)


def test_junk_before_a_frame(host: Host) -> None:
    """Some drivers send zero bytes to wake the register: it passes over them."""
    host.line.send(b"\0\0\0\0" + encode_frame(STATUS))
    assert host.control() == ACK
    assert host.frame()[:2] == b"\x10\x00"
    host.line.send(ACK)


def test_a_damaged_frame(host: Host) -> None:
    """A wrong LRC is answered NAK and the sound frame after it is taken."""
    host.line.send(encode_frame(STATUS)[:-1] + bytes((encode_frame(STATUS)[-1] ^ 1,)))
    assert host.control() == NAK
    assert host.exchange(STATUS)[:2] == b"\x10\x00"


def test_half_a_frame(host: Host) -> None:
    """When bytes stop in the middle the register forgets them and says nothing."""
    host.line.send(encode_frame(STATUS)[:4])
    host.quiet()
    host.line.pause(1.5)
    host.line.send(ENQ)
    assert host.control() == NAK


def test_an_unconfirmed_answer_waits(host: Host) -> None:
    """Without ACK the register keeps the answer: each ENQ brings the same bytes, until they are confirmed."""
    host.line.send(encode_frame(STATUS))
    assert host.control() == ACK
    answer = host.frame()
    for _ in range(2):
        host.line.send(ENQ)
        assert host.control() == ACK
        assert host.frame() == answer
    host.line.send(ACK)
    host.line.send(ENQ)
    assert host.control() == NAK


def test_a_refused_answer_is_not_repeated_at_once(host: Host) -> None:
    """NAK to an answer: nothing comes by itself, ENQ brings it again."""
    host.line.send(encode_frame(STATUS))
    assert host.control() == ACK
    answer = host.frame()
    host.line.send(NAK)
    host.quiet()
    host.line.send(ENQ)
    assert host.control() == ACK
    assert host.frame() == answer
    host.line.send(ACK)


def test_a_new_connection_meets_an_old_answer_or_none(host: Host) -> None:
    """What a reconnect does with an undelivered answer differs; either way the line is usable and the answer whole."""
    host.line.send(encode_frame(STATUS))
    assert host.control() == ACK
    host.line.reopen()
    host.idle()
    assert host.exchange(STATUS)[:2] == b"\x10\x00"


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"\x7d\x1e\0\0\0", b"\xff\xee\x1e\0\0\0"], ids=["one byte", "two bytes"])
def test_an_unknown_command(host: Host, body: bytes) -> None:
    """The code comes back, both bytes of it when there are two, with 37h."""
    code = body[: 2 if body[:1] == b"\xff" else 1]
    assert host.exchange(body) == code + bytes((UNSUPPORTED,))


def test_a_short_command(host: Host) -> None:
    """A sound frame whose body is too short is a wrong command, not a damaged frame."""
    answer = host.exchange(b"\x1f\x1e\0\0\0")
    assert answer[:1] == b"\x1f"
    assert answer[1] in (0x33, 0x7E)


def test_a_wrong_password(host: Host) -> None:
    """Nobody's password: 4Fh."""
    assert host.refused(c.ReadTable(password=987654, table=1, row=1, field=1)) == WRONG_PASSWORD


# --- who it is ------------------------------------------------------------------------------------------------------


def test_identification(host: Host) -> None:
    """FCh and F7h need no password; the vendor's driver begins with them."""
    device = host.ask(c.DeviceType())
    assert device.name.strip()
    answer = host.exchange(b"\xf7\x01")
    assert answer[:2] == b"\xf7\x00"
    assert len(answer) >= 2 + 31


def test_full_status(host: Host) -> None:
    """48 bytes or more, a plausible date: drivers compare it with the host's."""
    answer = host.exchange(c.encode_request(c.FullStatus()))
    assert len(answer) >= 48
    status = host.ask(c.FullStatus())
    assert status.date is not None
    assert status.date.year >= 2017


def test_the_text_of_an_error(host: Host) -> None:
    """6Bh explains a code, or says that it cannot."""
    answer = host.exchange(b"\x6b\x4f")
    assert answer[:2] in (b"\x6b\x00", b"\x6b\x37")


# --- tables and registers -------------------------------------------------------------------------------------------


def test_tables_are_scanned_to_their_end(host: Host) -> None:
    """Clients find tables by scanning from 1 to the first 5Dh, and the regional settings by their name."""
    names = []
    for number in range(1, 64):
        answer = host.exchange(c.encode_request(c.TableStructure(table=number)))
        if answer[1] == NO_TABLE:
            break
        assert answer[1] == 0
        names.append(host.ask(c.TableStructure(table=number)).name)
    else:
        raise AssertionError("no table was refused")
    assert len(names) >= 10
    assert any(name.strip().lower().startswith("региональные") for name in names)


@pytest.mark.parametrize("table", [1, 2, 17, 18])
def test_fields_are_as_wide_as_they_say(host: Host, table: int) -> None:
    """A value has the size that 2Eh tells, and numbers lie within their limits."""
    structure = host.ask(c.TableStructure(table=table))
    for number in range(1, min(structure.fields, 40) + 1):
        field = host.ask(c.FieldStructure(table=table, field=number))
        value = host.ask(c.ReadTable(table=table, row=1, field=number)).value
        assert len(value) == field.size, f"table {table} field {number}"


def test_money_and_operation_registers(host: Host) -> None:
    """Six bytes of money, two of count."""
    assert len(host.exchange(c.encode_request(c.MoneyRegister(low=241)))) == 1 + 1 + 1 + 6
    assert len(host.exchange(c.encode_request(c.OperationRegister(number=152)))) == 1 + 1 + 1 + 2


# --- the drive ------------------------------------------------------------------------------------------------------


def test_drive_status_agrees_with_the_register(host: Host) -> None:
    """Shift open in the drive and the register's mode are one thing."""
    status, mode = host.ask(c.DriveStatus()), host.ask(c.ShortStatus()).mode
    assert status.drive.strip()
    if mode in (2, 3, 4):
        assert bool(status.shift_open) is (mode != 4)
    assert bool(host.ask(c.ShiftParameters()).open) is bool(status.shift_open)


def test_the_last_document_is_found(host: Host) -> None:
    """By its number; and a number that was never used is 08h."""
    last = host.ask(c.DriveStatus()).last_document
    if last == 0:
        pytest.skip("the drive has no documents")
    assert host.ask(c.FindDocument(document=last)).document == last
    assert host.refused(c.FindDocument(document=last + 1_000_000)) == NO_DATA


def test_a_document_is_read_to_its_end(host: Host) -> None:
    """FF3Ah, then FF3Bh to 08h or an empty answer: together the pieces are well-formed fields with the number."""
    last = host.ask(c.DriveStatus()).last_document
    if last == 0:
        pytest.skip("the drive has no documents")
    before = host.ask(c.ShortStatus()).mode
    host.ask(c.SelectDocument(document=last))
    fields = tlv.decode(b"".join(host.drain()))
    if len(fields) == 1 and isinstance(fields[0].value, tuple):
        fields = fields[0].value  # some firmware gives the whole document as one structure
    number = tlv.find(fields, 1040)
    assert number is not None
    assert tlv.value(number) == last
    assert host.ask(c.ShortStatus()).mode == before


def test_operator_exchange_status(host: Host) -> None:
    """FF39h in any mode: how many documents wait, and the first of them."""
    answer = host.exchange(bytes.fromhex("ff391e000000"))
    assert answer[:3] == b"\xff\x39\x00"
    assert len(answer) >= 3 + 13


# --- the alternative layer ------------------------------------------------------------------------------------------


def test_the_alternative_layer(host: Host) -> None:
    """The next number is executed; the same number again gives the same bytes without executing; any other number is
    answered with the stored answer; a damaged frame is met by silence. FF3Bh, which moves on each time it is executed,
    is the witness."""
    last = host.ask(c.DriveStatus()).last_document
    host.line.reopen()
    number = host.synchronised()
    if number is None or last == 0:
        pytest.skip("the register has no alternative layer here, or its drive no documents")
    begun = host.alternative(encode_alt(number, c.encode_request(c.SelectDocument(document=last))))
    assert begun is not None
    assert (begun.number, begun.body[:3]) == (number, b"\xff\x3a\x00")
    read = encode_alt(number + 1, c.encode_request(c.ReadDocument()))
    first = host.alternative(read)
    assert first is not None
    assert host.alternative(read) == first
    assert host.alternative(encode_alt(number + 7, STATUS)) == first
    assert host.alternative(encode_alt(number + 2, STATUS)[:-1] + b"\0") is None
    host.line.pause(1.5)
    status = host.alternative(encode_alt(number + 2, STATUS))
    assert status is not None
    assert status.number == number + 2
    assert status.body[:2] == b"\x10\x00"
