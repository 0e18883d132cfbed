"""Fiscal signs without cryptography: for load, where the emulator's own processor time is in the way.

The signs have the size and the header bytes of EMU-1 and depend on the same bytes, so they still tell documents apart
and a damaged message from a sound one; they are quick checksums under the same keys. A rack and its operator must agree
to use them.
"""

from __future__ import annotations

from hashlib import blake2b

from fn_emulator.signs import Keys

__all__ = ["StubKeys"]


class _Digest:
    """In the place of Magma: eight bytes over the data."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mac(self, data: bytes) -> bytes:
        return blake2b(data, digest_size=8, key=self._key).digest()


class StubKeys(Keys):
    """Keys of one drive whose signs cost next to nothing."""

    def cipher(self, purpose: str) -> _Digest:
        return _Digest(blake2b(f"{purpose} {self.drive}".encode(), digest_size=32, key=self._master).digest())
