"""A rack: registers 1 to N with their state on disk, one folder each.

    DIR/register-1/drive.log      the drive: documents, tickets, counters
    DIR/register-1/register.log   the register: tables, registers, clock
    DIR/operator.log              what the test operator confirmed

Started again on the same folder a rack goes on where it was, however it ended. One process at a time: a lock says so.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import msgspec

from fn_emulator.device import Device
from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.errors import Misuse
from fn_emulator.faults import Fault, FaultPlan, SeededFaults, Trouble
from fn_emulator.noise import Noise, NoisyLine
from fn_emulator.recording import Kind, Recorder
from fn_emulator.storage import FileStorage, MemoryStorage, Storage

__all__ = ["Chance", "Event", "Listener", "Rack", "Seat", "StateFolder"]

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


class Seat:
    """A register's place in a rack, itself what stands on the line: its trouble, its noise, who watches it.

    Trouble by hand (`by_hand`) comes before trouble by chance (`by_chance`).
    """

    def __init__(self, index: int, register: EmulatedRegister) -> None:
        self.index = index
        self.register = register
        self.by_hand = FaultPlan()
        self.by_chance: SeededFaults | None = None
        self.listeners: list[Listener] = []
        self.recorder: Recorder | None = None
        self._front: Device = register
        register.faults = self
        register.observer = self._observe

    # What stands on the line

    @property
    def hung_up(self) -> bool:
        return self.register.hung_up

    @property
    def deadline(self) -> float | None:
        return self._front.deadline

    def connected(self, now: float) -> None:
        self._note("connected", b"", now)
        self._tell(Event(now, self.index, "connected"))
        self._front.connected(now)

    def disconnected(self, now: float) -> None:
        self._note("disconnected", b"", now)
        self._tell(Event(now, self.index, "disconnected"))
        self._front.disconnected(now)

    def receive(self, data: bytes, now: float) -> bytes:
        said = self._front.receive(data, now)
        if self.recorder is not None:
            self.recorder.add("host", data, now)
            self.recorder.add("register", said, now)
        return said

    def handle_timeout(self, now: float) -> bytes:
        said = self._front.handle_timeout(now)
        self._note("register", said, now)
        return said

    def _note(self, kind: Kind, data: bytes, now: float) -> None:
        if self.recorder is not None:
            self.recorder.add(kind, data, now)

    # What may be done to it

    @property
    def noise(self) -> Noise | None:
        """The noise on its line, if any."""
        return self._front.noise if isinstance(self._front, NoisyLine) else None

    def set_noise(self, noise: Noise | None, chance: Random) -> None:
        """From now on the line is like this; what was under way on a noisy line is lost."""
        self._front = self.register if noise is None else NoisyLine(self.register, noise, chance)

    def power_cycle(self, now: float) -> None:
        """Power goes and comes back; the owner of the connection cuts it."""
        self.register.power_cycle(now)
        self._tell(Event(now, self.index, "power"))

    def on_command(self, body: bytes, now: float) -> Trouble | Fault | None:
        """The trouble that a command meets."""
        trouble = self.by_hand.on_command(body, now)
        if trouble is None and self.by_chance is not None:
            return self.by_chance.on_command(body, now)
        return trouble

    def _observe(self, body: bytes, answer: bytes | None, trouble: Trouble | None, now: float) -> None:
        if self.listeners:
            self._tell(Event(now, self.index, "command", body, answer, trouble))

    def _tell(self, event: Event) -> None:
        for listener in tuple(self.listeners):
            listener(event)


class Event(msgspec.Struct, frozen=True):
    """Something that happened at a register's place: "connected", "disconnected", "power", "command"."""

    at: float
    register: int
    kind: str
    command: bytes = b""
    answer: bytes | None = None
    trouble: Trouble | None = None


Listener = Callable[[Event], None]


class Chance(msgspec.Struct, frozen=True, kw_only=True):
    """Trouble by chance: the same seed, the same trouble for the same commands. Each register draws for itself."""

    seed: int = 0
    rates: Mapping[Fault, float] = {}
    commands: tuple[str, ...] | None = None
    seconds: float = 5.0
    noise: Noise | None = None

    def source(self, index: int, what: str) -> Random:
        """The source of chance of one register for one purpose."""
        return Random(f"{self.seed} {index} {what}")

    def arrange(self, seat: Seat) -> None:
        """Put this trouble, and no other by chance, on a register."""
        seat.by_chance = None
        if self.rates:
            source = self.source(seat.index, "faults")
            seat.by_chance = SeededFaults(source, self.rates, commands=self.commands, seconds=self.seconds)
        seat.set_noise(self.noise, self.source(seat.index, "noise"))


class Rack:
    """Registers of one process. `options` go to each register (`durations`, `keys`, `stray_ff` …)."""

    def __init__(
        self,
        folder: StateFolder,
        count: int,
        *,
        now: float,
        inn: str = "9900000000",
        chance: Chance | None = None,
        byte_timeout_s: float = 1.0,
        **options: Any,
    ) -> None:
        if not 1 <= count <= REGISTERS_MAX:
            raise Misuse(f"{count} registers: a rack holds 1 to {REGISTERS_MAX}")
        self.seats = tuple(
            Seat(
                index,
                registered(
                    index,
                    now=now,
                    inn=inn,
                    drive_storage=folder.storage(f"register-{index}", "drive.log"),
                    storage=folder.storage(f"register-{index}", "register.log"),
                    byte_timeout_s=byte_timeout_s,
                    **options,
                ),
            )
            for index in range(1, count + 1)
        )
        if chance is not None:
            for seat in self.seats:
                chance.arrange(seat)

    @property
    def registers(self) -> tuple[EmulatedRegister, ...]:
        return tuple(seat.register for seat in self.seats)
