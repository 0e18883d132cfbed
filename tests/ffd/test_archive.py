"""The archive file of a drive, written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd.archive import CRC_KINDS, HEADER_SIZE, Archive, ArchivedDocument, CrcKind, kept
from ffd.documents import (
    BsoCorrectionDocument,
    OperatorConfirmation,
    ReceiptDocument,
    RegistrationChangeReport,
    RegistrationReport,
)
from ffd.errors import DecodeError, EncodeError

TICKET = OperatorConfirmation(fiscal_document_number=2, ofd_inn="7704211201", operator_fiscal_sign=bytes(8))
REGISTRATION = RegistrationReport(ffd_version=4, fiscal_document_number=1, user_inn="7704849611")
RECEIPT = ReceiptDocument(ffd_version=4, fiscal_document_number=2, receipt_total=100)
CHANGE = RegistrationChangeReport(ffd_version=4, registration_change_reasons=2)
ARCHIVE = Archive(
    drive="9999078902013267",
    registration_number="0000000000024136",
    program="kkt-fleet",
    shifts=1,
    documents=(
        ArchivedDocument.of(REGISTRATION),
        ArchivedDocument.of(RECEIPT, confirmation=TICKET, message_sign=b"\x81\x06" + bytes(6)),
        ArchivedDocument.of(CHANGE),
        ArchivedDocument.of(BsoCorrectionDocument(ffd_version=3)),
    ),
)


def test_round_trip() -> None:
    """A file reads back whole: header, documents, confirmation, sign."""
    data = ARCHIVE.encode()
    again = Archive.decode(data)
    assert again == ARCHIVE
    assert again.encode() == data
    assert [one.document for one in again.documents[:3]] == [REGISTRATION, RECEIPT, CHANGE]
    assert [one.tag for one in again.documents] == [65021, 65022, 65021, 65011]
    assert again.documents[1].confirmation == TICKET
    assert again.documents[1].message_sign == b"\x81\x06" + bytes(6)
    assert (again.documents[0].confirmation, again.documents[0].message_sign) == (None, None)


def test_header() -> None:
    """The header is 326 bytes with the name in front."""
    data = ARCHIVE.encode()
    assert data[:21].decode("cp866") == "Отчет о считывании ФД"
    assert data[277:313] == b"0000000000024136    9999078902013267"
    assert data[HEADER_SIZE : HEADER_SIZE + 2] == (65021).to_bytes(2, "little")


@pytest.mark.parametrize("kind", CRC_KINDS)
def test_every_reading_of_the_check_code(kind: CrcKind) -> None:
    """The order leaves the CRC open; whichever a drive uses is recognised and kept."""
    archive = Archive(drive="1", registration_number="2", crc_kind=kind)
    assert Archive.decode(archive.encode()).crc_kind == kind


@pytest.mark.parametrize("at", [0, 30, 280, 300, 313, 318, 324, 330, 340])
def test_damage_is_noticed(at: int) -> None:
    """One damaged byte anywhere is refused."""
    data = bytearray(ARCHIVE.encode())
    data[at] ^= 0x20
    with pytest.raises(DecodeError):
        Archive.decode(bytes(data))


@given(st.binary(max_size=400))
def test_any_bytes(noise: bytes) -> None:
    """A value or our error, behind a good header too."""
    for data in (noise, ARCHIVE.encode()[:HEADER_SIZE] + noise):
        with pytest.raises(DecodeError):
            Archive.decode(data)


def test_what_is_not_archived() -> None:
    """A confirmation alone has no container."""
    with pytest.raises(EncodeError, match="form 7"):
        ArchivedDocument.of(TICKET, edition=4)


def test_kept_for_five_years() -> None:
    """Of an old receipt the drive has moment, sum, kind, numbers and sign; of a registration report everything."""
    receipt = ReceiptDocument(
        ffd_version=4,
        user_inn="7704849611",
        receipt_total=100,
        operation_type=1,
        fiscal_document_number=2,
        cash_total=5,
    )
    assert kept(receipt) == ReceiptDocument(receipt_total=100, operation_type=1, fiscal_document_number=2)
    assert kept(REGISTRATION) is REGISTRATION


def test_numbers_that_do_not_fit() -> None:
    """A header number too large for its bytes is refused with a path."""
    for archive in (Archive(drive="9999078902013267", registration_number="1", version=256),
                    Archive(drive="9999078902013267", registration_number="1", shifts=1 << 32)):  # fmt: skip
        with pytest.raises(EncodeError, match="archive: version"):
            archive.encode()
