"""A rack: registers 1 to N with their state on disk, one folder each.

    DIR/register-1/drive.log      the drive: documents, tickets, counters
    DIR/register-1/drive-2.log    the drive that took its place, if any
    DIR/register-1/register.log   the register: tables, registers, clock
    DIR/clock.log                 how far the world was moved
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
from fn_emulator.drive import Drive
from fn_emulator.drive.models import MODELS as DRIVE_MODELS
from fn_emulator.emulated import EmulatedRegister, drive_number, registered
from fn_emulator.errors import Misuse
from fn_emulator.faults import Fault, FaultPlan, SeededFaults, Trouble
from fn_emulator.messages import Derive
from fn_emulator.noise import Noise, NoisyLine
from fn_emulator.recording import Kind, Recorder
from fn_emulator.signs import DEMO_MASTER_KEY, Keys
from fn_emulator.storage import FileStorage, MemoryStorage, Storage

__all__ = ["Chance", "Event", "Listener", "Rack", "Seat", "StateFolder"]

REGISTERS_MAX = 10_000
"""One process serves a few hundred; the bound only catches a mistyped number."""

BYTE_TIMEOUT_S = 1.0
"""Patience inside a frame; hosts on a busy machine pause for longer than the 50 ms of real registers."""


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

    def holds(self, *names: str) -> bool:
        """Whether there is a log of this name."""
        return self.path is not None and self.path.joinpath(*names).exists()


class Seat:
    """A register's place in a rack, itself what stands on the line: its trouble, its noise, who watches it.

    Trouble by hand (`by_hand`) comes before trouble by chance (`by_chance`).
    """

    def __init__(self, index: int, register: EmulatedRegister, generation: int = 1) -> None:
        self.index = index
        self.generation = generation  # which of its drives is in
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
        self.happened("power", now)

    def happened(self, kind: str, now: float) -> None:
        """Tell who listens."""
        self._tell(Event(now, self.index, kind))

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
    """Something that happened at a register's place: "connected", "disconnected", "power", "drive", "command"."""

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


def _drive_log(generation: int) -> str:
    return "drive.log" if generation == 1 else f"drive-{generation}.log"


class Rack:
    """Registers of one process. `options` go to each register (`durations`, `keys`, `model`, `stray_ff` …). Drives that
    were put in later (`insert_drive`) stay in."""

    def __init__(
        self,
        folder: StateFolder,
        count: int,
        *,
        now: float,
        chance: Chance | None = None,
        **options: Any,
    ) -> None:
        options = {"byte_timeout_s": BYTE_TIMEOUT_S, **options}
        if not 1 <= count <= REGISTERS_MAX:
            raise Misuse(f"{count} registers: a rack holds 1 to {REGISTERS_MAX}")
        self._folder = folder
        self._keys: Derive = options.get("keys", Keys.derive)
        self.seats = tuple(self._seat(index, now, options) for index in range(1, count + 1))
        if chance is not None:
            for seat in self.seats:
                chance.arrange(seat)

    def _seat(self, index: int, now: float, options: dict[str, Any]) -> Seat:
        generation = 1
        while self._folder.holds(f"register-{index}", _drive_log(generation + 1)):
            generation += 1
        register = registered(
            index,
            now=now,
            generation=generation,
            drive_storage=self._folder.storage(f"register-{index}", _drive_log(generation)),
            storage=self._folder.storage(f"register-{index}", "register.log"),
            **options,
        )
        return Seat(index, register, generation)

    def insert_drive(self, seat: Seat, model: str, now: float) -> None:
        """A fresh drive of a model takes the place of the one in a register; the old one's log is left where it is."""
        if model not in DRIVE_MODELS:
            raise Misuse(f"no drive model {model!r}; there are {', '.join(DRIVE_MODELS)}")
        generation = seat.generation + 1
        number = drive_number(seat.index, generation)
        storage = self._folder.storage(f"register-{seat.index}", _drive_log(generation))
        drive = Drive(storage, number=number, keys=self._keys(DEMO_MASTER_KEY, number), model=model)
        seat.generation = generation
        seat.register.insert(drive, now)
        seat.happened("drive", now)

    @property
    def registers(self) -> tuple[EmulatedRegister, ...]:
        return tuple(seat.register for seat in self.seats)
