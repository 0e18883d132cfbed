"""A rack: registers 1 to N with their state on disk, one folder each.

    DIR/register-1/drive.log      the drive: documents, tickets, counters
    DIR/register-1/register.log   the register: tables, registers, clock
    DIR/operator.log              what the test operator confirmed

Started again on the same folder a rack goes on where it was, however it ended. One process at a time: a lock says so.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.errors import Misuse
from fn_emulator.storage import FileStorage, MemoryStorage, Storage

__all__ = ["Rack", "StateFolder"]

REGISTERS_MAX = 10_000
"""One process serves a few hundred; the bound only catches a mistyped number."""


class StateFolder:
    """The state folder of a rack or an operator, held by one process."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock: int | None = None
        self._open: list[FileStorage] = []

    def __enter__(self) -> StateFolder:
        if self.path is None:
            return self
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Misuse(f"{self.path}: {error.strerror}; choose a folder that can be written") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            self._lock = None
            raise Misuse(f"{self.path} is in use by another emulator; stop it or choose another folder") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for storage in self._open:
            storage.close()
        self._open.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def storage(self, *names: str) -> Storage:
        """The log of this name; in memory when the folder is none."""
        if self.path is None:
            return MemoryStorage()
        path = self.path.joinpath(*names)
        path.parent.mkdir(exist_ok=True)
        storage = FileStorage(path)
        self._open.append(storage)
        return storage


class Rack:
    """Registers of one process."""

    def __init__(
        self,
        folder: StateFolder,
        count: int,
        *,
        now: float,
        inn: str = "9900000000",
        durations: Mapping[str, float] | None = None,
        byte_timeout_s: float = 1.0,
    ) -> None:
        if not 1 <= count <= REGISTERS_MAX:
            raise Misuse(f"{count} registers: a rack holds 1 to {REGISTERS_MAX}")
        self.registers: tuple[EmulatedRegister, ...] = tuple(
            registered(
                index,
                now=now,
                inn=inn,
                drive_storage=folder.storage(f"register-{index}", "drive.log"),
                storage=folder.storage(f"register-{index}", "register.log"),
                durations=durations,
                byte_timeout_s=byte_timeout_s,
            )
            for index in range(1, count + 1)
        )
