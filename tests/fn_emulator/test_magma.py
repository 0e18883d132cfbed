"""Magma against the examples of the standards: what our signs rest on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.errors import Misuse
from fn_emulator.magma import Magma

# GOST R 34.12-2015 A.2.4 and GOST R 34.13-2015 A.2.6
KEY = bytes.fromhex("ffeeddccbbaa99887766554433221100f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
MESSAGE = bytes.fromhex("92def06b3c130a59db54c704f8189d204a98fb2e67a8024c8912409b17b57e41")


def test_block_of_the_standard() -> None:
    """The cipher's own example, GOST R 34.12-2015 A.2.4."""
    assert Magma(KEY).encrypt(bytes.fromhex("fedcba9876543210")).hex() == "4ee901e5c2d8ca3d"


def test_mac_of_the_standard() -> None:
    """The MAC's own example prints four bytes, 154e7210 (GOST R 34.13-2015 A.2.6); the other four were computed."""
    assert Magma(KEY).mac(MESSAGE).hex() == "154e72102030c5bb"


def reference_mac(magma: Magma, message: bytes) -> bytes:
    """OMAC1 spelt out by the text of the standard, block by block."""

    def double(block: int) -> int:
        return (block << 1 & (1 << 64) - 1) ^ (0x1B if block >> 63 else 0)

    key1 = double(int.from_bytes(magma.encrypt(bytes(8)), "big"))
    blocks = [message[i : i + 8] for i in range(0, len(message), 8)] or [b""]
    last = blocks.pop()
    if len(last) < 8:
        last, key1 = (last + b"\x80").ljust(8, b"\0"), double(key1)
    value = 0
    for block in blocks:
        value = int.from_bytes(magma.encrypt((value ^ int.from_bytes(block, "big")).to_bytes(8, "big")), "big")
    return magma.encrypt((value ^ int.from_bytes(last, "big") ^ key1).to_bytes(8, "big"))


@given(st.binary(max_size=100))
def test_mac_is_the_chain_of_blocks(message: bytes) -> None:
    """The fast loop over a message gives what the standard's text gives, for every length and padding."""
    magma = Magma(KEY)
    assert magma.mac(message) == reference_mac(magma, message)


def test_key_and_block_sizes() -> None:
    """A short key or block is the caller's mistake and says so."""
    with pytest.raises(Misuse, match="32 bytes"):
        Magma(b"short")
    with pytest.raises(Misuse, match="8 bytes"):
        Magma(KEY).encrypt(b"1234567")
