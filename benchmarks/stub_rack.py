"""`fn-emulator rack` with fiscal signs that cost nothing: for benchmarks of what talks to it, never for anything else.

    python -m benchmarks.stub_rack rack --count 200 …

A real sign takes more processor time than the rest of an emulated receipt; here it is a hash of the same size.
"""

from __future__ import annotations

from hashlib import blake2s

from fn_emulator.cli import main
from fn_emulator.magma import Magma

__all__: list[str] = []


def _stub(self: Magma, message: bytes) -> bytes:
    return blake2s(message, digest_size=8).digest()


if __name__ == "__main__":
    Magma.mac = _stub  # type: ignore[method-assign]  # the whole purpose
    main()
