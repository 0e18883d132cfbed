"""The one checksum of this field: CRC-16/CCITT-FALSE, as the drive, the operator and the registration number use it."""

from __future__ import annotations

from binascii import crc_hqx

__all__ = ["crc16"]


def crc16(data: bytes | memoryview) -> int:
    """CRC-16 with polynomial 1021h, start FFFFh, not reflected, no final xor. Check value of b"123456789": 29B1h."""
    return crc_hqx(data, 0xFFFF)
