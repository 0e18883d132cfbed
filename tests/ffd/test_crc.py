"""The checksum against its check value and against the bit-by-bit definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ffd.crc import crc16
from tests.ffd.vectors import one


def test_check_value() -> None:
    """The standard check value: nine digits give 29B1h."""
    vector = one("ofd_session", "crc-check")
    assert crc16(bytes.fromhex(vector["hex"])) == int(vector["fields"]["crc"], 16)


@given(st.binary(max_size=64))
def test_definition(data: bytes) -> None:
    """The fast routine is the polynomial 1021h from FFFFh, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    assert crc16(data) == crc
