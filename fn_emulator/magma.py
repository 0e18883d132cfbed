"""Block cipher Magma (GOST R 34.12-2015) and its MAC (GOST R 34.13-2015, the scheme known as OMAC1).

Written for speed in plain Python: substitution and the turn by eleven bits are one look-up for each half of a word,
and a whole message is run in one loop. Keys of real drives are secret; this module knows no key at all.
"""

from __future__ import annotations

from array import array
from struct import unpack

from fn_emulator.errors import Misuse

__all__ = ["BLOCK_SIZE", "KEY_SIZE", "Magma"]

BLOCK_SIZE = 8
KEY_SIZE = 32

# GOST R 34.12-2015, 5.1.1: substitution of the eight 4-bit parts of a word, lowest part first.
SUBSTITUTION = (
    (12, 4, 6, 2, 10, 5, 11, 9, 14, 8, 13, 7, 0, 3, 15, 1),
    (6, 8, 2, 3, 9, 10, 5, 12, 1, 14, 4, 7, 11, 13, 0, 15),
    (11, 3, 5, 8, 2, 15, 10, 13, 14, 1, 7, 4, 12, 9, 6, 0),
    (12, 8, 2, 1, 13, 4, 15, 6, 7, 0, 10, 5, 3, 14, 9, 11),
    (7, 15, 5, 10, 8, 1, 6, 13, 0, 9, 3, 14, 11, 4, 2, 12),
    (5, 13, 15, 6, 9, 2, 12, 10, 11, 7, 8, 1, 4, 3, 14, 0),
    (8, 14, 2, 5, 6, 9, 1, 12, 15, 4, 11, 0, 13, 10, 3, 7),
    (1, 7, 14, 13, 0, 5, 8, 3, 4, 15, 10, 6, 9, 12, 11, 2),
)

_WORD = 0xFFFFFFFF
_MSB = 1 << 63
_POLYNOMIAL = 0x1B  # GOST R 34.13-2015, 4.1.6: the constant B64 of the auxiliary keys


def _byte_table(place: int) -> list[int]:
    """Substitution and rotation of the byte at `place` (0 is the lowest) of a word, put where it ends up."""
    low, high = SUBSTITUTION[2 * place], SUBSTITUTION[2 * place + 1]
    shift = 8 * place + 11
    turned = [(high[byte >> 4] << 4 | low[byte & 15]) << shift for byte in range(256)]
    return [(word | word >> 32) & _WORD for word in turned]


def _half_table(lowest: int) -> array[int]:
    """The same for the half of a word that begins with the byte `lowest`.

    An array takes a quarter of a megabyte, a list of the same numbers two and a half: the processor's cache decides.
    """
    upper, lower = _byte_table(lowest + 1), _byte_table(lowest)
    return array("I", [high | low for high in upper for low in lower])


_LOW = _half_table(0)
_HIGH = _half_table(2)


def _double(value: int) -> int:
    doubled = value << 1 & (1 << 64) - 1
    return doubled ^ _POLYNOMIAL if value & _MSB else doubled


class Magma:
    """One key, prepared once: `encrypt` is the bare cipher, `mac` the 8-byte authentication code of a message.

    >>> Magma(bytes(range(32))).mac(b"cash register").hex()
    '66ae1236fb9a444f'
    """

    __slots__ = ("_keys", "_last_full", "_last_padded")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_SIZE:
            raise Misuse(f"a Magma key has {KEY_SIZE} bytes, not {len(key)}")
        self._keys: tuple[int, ...] = unpack(">8I", key)
        self._last_full = _double(self._chain((), 0))
        self._last_padded = _double(self._last_full)

    def encrypt(self, block: bytes) -> bytes:
        """One block of eight bytes."""
        if len(block) != BLOCK_SIZE:
            raise Misuse(f"a Magma block has {BLOCK_SIZE} bytes, not {len(block)}")
        return self._chain((), int.from_bytes(block, "big")).to_bytes(8, "big")

    def mac(self, message: bytes) -> bytes:
        """All eight bytes; the standard lets a user keep the leading ones only."""
        whole = (len(message) - 1) // 8 if message else 0
        tail = message[8 * whole :]
        if len(tail) == BLOCK_SIZE:
            last = int.from_bytes(tail, "big") ^ self._last_full
        else:
            last = int.from_bytes((tail + b"\x80").ljust(BLOCK_SIZE, b"\0"), "big") ^ self._last_padded
        return self._chain(unpack(f">{whole}Q", message[: 8 * whole]), last).to_bytes(8, "big")

    def _chain(self, blocks: tuple[int, ...], last: int) -> int:
        """Cipher block chaining from zero over `blocks` and `last`; the 32 rounds stand here, unrolled by eight."""
        k0, k1, k2, k3, k4, k5, k6, k7 = self._keys
        low, high = _LOW, _HIGH
        word, half = _WORD, 0xFFFF
        a = b = 0
        for block in (*blocks, last):
            a ^= block >> 32
            b ^= block & word
            for _ in (0, 1, 2):
                x = b + k0 & word
                a ^= low[x & half] ^ high[x >> 16]
                x = a + k1 & word
                b ^= low[x & half] ^ high[x >> 16]
                x = b + k2 & word
                a ^= low[x & half] ^ high[x >> 16]
                x = a + k3 & word
                b ^= low[x & half] ^ high[x >> 16]
                x = b + k4 & word
                a ^= low[x & half] ^ high[x >> 16]
                x = a + k5 & word
                b ^= low[x & half] ^ high[x >> 16]
                x = b + k6 & word
                a ^= low[x & half] ^ high[x >> 16]
                x = a + k7 & word
                b ^= low[x & half] ^ high[x >> 16]
            x = b + k7 & word
            a ^= low[x & half] ^ high[x >> 16]
            x = a + k6 & word
            b ^= low[x & half] ^ high[x >> 16]
            x = b + k5 & word
            a ^= low[x & half] ^ high[x >> 16]
            x = a + k4 & word
            b ^= low[x & half] ^ high[x >> 16]
            x = b + k3 & word
            a ^= low[x & half] ^ high[x >> 16]
            x = a + k2 & word
            b ^= low[x & half] ^ high[x >> 16]
            x = b + k1 & word
            a ^= low[x & half] ^ high[x >> 16]
            x = a + k0 & word
            b ^= low[x & half] ^ high[x >> 16]
            a, b = b, a  # the last round does not swap the halves (5.3)
        return a << 32 | b
