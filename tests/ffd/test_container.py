"""Session headers, containers and messages against recordings."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd import documents, tlv
from ffd.container import (
    FLAGS_PROBE,
    FROM_OPERATOR,
    FROM_REGISTER,
    HEADER_SIZE,
    SIGNATURE_OPERATOR,
    Container,
    SessionHeader,
    fix_version,
    message,
    read_message,
    unwrap,
    wrap,
)
from ffd.crc import crc16
from ffd.cursor import Cursor
from ffd.errors import DecodeError, EncodeError
from tests.ffd.vectors import one, vectors

TICKET = bytes.fromhex(one("ofd_session", "ticket-code-0")["hex"])


@pytest.mark.parametrize("vector", vectors("ofd_session"))
def test_recordings(vector: dict[str, Any]) -> None:
    """Every published piece of the transport, byte for byte."""
    data, fields = bytes.fromhex(vector["hex"]), vector.get("fields", {})
    match vector["kind"]:
        case "session header":
            _header(data, fields)
        case "container header":
            assert _container_fields(data, fields)["document_size_be"] == fields["service_2"]["document_size_be"]
        case "session header + container header":
            _header(data[:HEADER_SIZE], fields["session"])
            _container_fields(data[HEADER_SIZE:], fields["container"])
        case "probe":
            header = _header(data, fields["session"])
            assert header.flags == FLAGS_PROBE
            answer = SessionHeader.decode(bytes.fromhex(vector["answer_hex"]))
            assert (answer.flags, answer.drive, answer.signature) == (0, header.drive, header.signature)
            assert answer.encode().hex() == vector["answer_hex"]
        case "container":
            _container(data, fields)
        case "message":
            header, container = read_message(data)
            assert container is not None
            _header(data[:HEADER_SIZE], fields["session"])
            assert header.encode() + container.encode() == data
            if "container" in fields:
                _container(data[HEADER_SIZE:], fields["container"] | fields)
        case "crc":
            assert crc16(data) == int(fields["crc"], 16)
        case "fiscal drive frame":
            _frame(data, fields)
        case "fiscal drive answer data":
            _answer(data, fields)
        case kind:
            raise AssertionError(kind)


def _header(data: bytes, fields: dict[str, Any]) -> SessionHeader:
    header = SessionHeader.decode(data)
    assert header.encode() == data
    assert header.signature.hex() == fields["signature"]
    assert header.session.hex() == fields["session_version"]
    assert header.version.hex() == fields["application_version"]
    assert header.drive == fields["fn_number"].rstrip()
    assert header.size == fields["body_size"]
    assert header.flags == int(fields["flags"], 16)
    assert header.crc == int(fields["crc"], 16)
    read = fields["flags_read"]
    assert (header.crc_mode, header.has_container) == (read["crc_mode"], read["container"])
    assert (int(header.answer_expected), header.priority) == (read["answer_expected"], read["priority"])
    return header


def _container_fields(data: bytes, fields: dict[str, Any]) -> dict[str, int]:
    """A container header without its body, read with the cursor."""
    cursor = Cursor(data)
    assert cursor.number(2) == fields["length"]
    assert cursor.number(2) == int(fields["crc"], 16)
    assert cursor.number(1) == int(fields["type"], 16)
    assert cursor.number(1) == fields["document_kind"]
    assert cursor.number(1) == fields["version"]
    assert cursor.take(2).hex() == fields["service_1"]
    assert cursor.take(8).hex() == fields["fn_number_bcd"]
    assert cursor.take(3).hex() == fields["fd_number_bytes"]
    assert cursor.take(8).hex() == fields["service_2"]["nonce_8"]
    assert cursor.take(2).hex() == fields["service_2"]["unknown_2"]
    return {"document_size_be": cursor.big(2)}


def _container(data: bytes, fields: dict[str, Any]) -> None:
    container = Container.decode(data)
    assert container.encode() == data
    assert container.type == int(fields["type"], 16)
    assert container.kind == fields["document_kind"]
    assert container.drive == fields["fn_number_bcd"].rstrip("f")
    assert container.number.to_bytes(3, "big").hex() == fields["fd_number_bytes"]
    assert container.sign.hex() == (fields.get("message_sign") or "")
    document = documents.decode(container.document)
    assert document.encode() == container.document
    assert fields["document_code"] == document.CODE
    found = {field.tag: field for field in tlv.decode(document.encode_fields())}
    for row in fields["tags"]:
        if "hex" in row:
            assert found[row["tag"]].value == bytes.fromhex(row["hex"])


def _frame(data: bytes, fields: dict[str, Any]) -> None:
    """04, length, command, data, CRC: the frames of the drive's own line use the same CRC."""
    cursor = Cursor(data)
    assert cursor.take(1) == b"\4"
    size = cursor.number(2)
    assert cursor.number(1) == int(fields["command"], 16)
    assert size == fields["data_size"] + 1
    content = cursor.take(size - 1)
    assert cursor.number(2) == crc16(data[1:-2])
    assert cursor.at_end
    if content[:2] == TICKET[:2]:
        assert Container.decode(content).type == FROM_OPERATOR


def _answer(data: bytes, fields: dict[str, Any]) -> None:
    cursor = Cursor(data)
    if "messages" in fields:
        status, reading, count, first = cursor.number(1), cursor.number(1), cursor.number(2), cursor.number(4)
        assert (status, reading, count, first) == (3, fields["reading_started"], fields["messages"], fields["first_fd"])
        year, month, day, hour, minute = cursor.take(5)
        assert f"20{year:02}-{month:02}-{day:02} {hour:02}:{minute:02}" == fields["datetime"]
    else:
        year, month, day, hour, minute = cursor.take(5)
        assert fields["datetime"].startswith(f"20{year:02}-{month:02}-{day:02} {hour:02}:{minute:02}")
        assert cursor.take(18).hex() == fields["operator_sign_18"]
        assert cursor.number(4) == fields["fd"]
    assert cursor.at_end


@pytest.mark.parametrize("flip", range(len(TICKET)))
def test_every_byte_is_covered(flip: int) -> None:
    """One damaged bit anywhere is noticed."""
    damaged = TICKET[:flip] + bytes((TICKET[flip] ^ 1,)) + TICKET[flip + 1 :]
    with pytest.raises(DecodeError):
        Container.decode(damaged)


def test_wrap_and_unwrap() -> None:
    """What we wrap, with or without a session header, unwraps to the same document."""
    document = documents.ShiftOpenReport(ffd_version=4, shift_number=1).encode()
    container = wrap(document, drive="9999078902013267", document=7, sign=b"\x81\x06" + bytes(8))
    whole = message(container, drive="9999078902013267")
    for data in (container, whole):
        found = unwrap(data)
        assert (found.document, found.kind, found.number, found.type) == (document, 2, 7, FROM_REGISTER)
        assert found.drive == "9999078902013267"
    header, _ = read_message(whole)
    assert (header.size, header.version, header.signature) == (len(container), b"\x01\x20", SIGNATURE_OPERATOR)


@pytest.mark.parametrize("mode", [1, 2])
def test_session_check_code(mode: int) -> None:
    """A session check code is made and verified: over the header, or over header and body."""
    whole = message(TICKET, drive="9999078902013267", flags=0x14 | mode)
    assert read_message(whole)[1] == Container.decode(TICKET)
    damaged = whole[:20] + b"?" + whole[21:]
    with pytest.raises(DecodeError, match="check code"):
        read_message(damaged)


def test_short_drive_number() -> None:
    """A drive number of fewer than 16 digits is filled with F in the container, with blanks in the header."""
    container = wrap(b"\1\0\0\0", drive="999907891234567", document=1)
    assert container[9:17].hex() == "999907891234567f"
    assert unwrap(message(container, drive="999907891234567")).drive == "999907891234567"


def test_fix_version() -> None:
    """Versions 0101 and 0102 with a zero check code become 0110 and 0120, as the vendor's driver does."""
    for told, meant in (("0101", "0110"), ("0102", "0120"), ("0105", "0105")):
        whole = message(TICKET, drive="1", version=bytes.fromhex(told))
        assert read_message(fix_version(whole))[0].version.hex() == meant
    checked = message(TICKET, drive="1", version=b"\1\1", flags=0x15)
    assert fix_version(checked) == checked
    assert fix_version(TICKET) == TICKET


@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    """A value or our error."""
    for decode in (Container.decode, SessionHeader.decode, read_message, unwrap, fix_version):
        with contextlib.suppress(DecodeError):
            decode(data)


def test_refuses() -> None:
    """Wrong lengths, forbidden check modes, foreign signatures, numbers that do not fit."""
    header = SessionHeader(drive="1").encode()
    with pytest.raises(DecodeError, match="forbidden check mode"):
        SessionHeader.decode(header[:26] + b"\3\0" + header[28:])
    with pytest.raises(DecodeError, match="unknown signature"):
        SessionHeader.decode(b"\0" + header[1:])
    with pytest.raises(DecodeError, match="header says 119 bytes, 118 given"):
        read_message(message(TICKET, drive="1")[:-1])
    with pytest.raises(DecodeError, match="no container"):
        unwrap(header)
    with pytest.raises(EncodeError, match="drive number"):
        wrap(b"\1\0\0\0", drive="12345678901234567", document=1)
    with pytest.raises(EncodeError, match="at most"):
        wrap(bytes(40000), drive="1", document=1, kind=3)


def test_numbers_that_do_not_fit() -> None:
    """Nothing is cut off: a document number beyond three bytes has no container."""
    for number in (-1, 1 << 24):
        with pytest.raises(EncodeError, match="three bytes"):
            wrap(b"\1\0\0\0", drive="1", document=number)
        with pytest.raises(EncodeError, match="three bytes"):
            Container(document=b"\1\0\0\0", kind=1, drive="1", number=number).encode()
    with pytest.raises(EncodeError, match="16 bits"):
        Container(document=b"", kind=1, drive="1", number=1, document_size=1 << 16).encode()
    with pytest.raises(EncodeError, match="check code"):
        SessionHeader(drive="1", crc=1 << 16).encode()
