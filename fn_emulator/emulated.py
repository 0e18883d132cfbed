"""One emulated register: line, executor and drive in one object. Bytes and the time go in, bytes come out.

    register = registered(1, now=1_767_225_600.0)
    register.receive(b"\\x05", now=…)            # ENQ → NAK

Nothing here waits: `deadline` says when `handle_timeout(now)` wants to be called. Put it behind a memory stream, a TCP
server (`fn_emulator.serve.tcp`) or call it as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ffd.ids import registration_number
from fn_emulator.drive import Drive
from fn_emulator.errors import Misuse
from fn_emulator.faults import Faults, Trouble
from fn_emulator.line import Layer, Line
from fn_emulator.register import DESKTOP, Model, RegisterCore
from fn_emulator.register.core import TCP
from fn_emulator.register.network import FarEnd, Network, Outgoing, incoming, outgoing
from fn_emulator.register.service import byte_timeout_s
from fn_emulator.register.tape import Tape
from fn_emulator.signs import DEMO_MASTER_KEY, Keys
from fn_emulator.storage import MemoryStorage, Storage
from fn_emulator.trouble import carry_out
from kkt_driver import commands as c

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["EmulatedRegister", "drive_number", "registered", "serial_number"]

_ALL_TAX_SYSTEMS = 0x3F

Observer = Callable[[bytes, bytes | None, Trouble | None, float], None]
"""Told of each command: its body, the body of the answer (None: the line heard nothing), the trouble, the time."""


class EmulatedRegister:
    """A register on a line.

    `durations` are seconds by command code ("FF45": 0.5). After each call look at `hung_up`: True means that the
    register's side of the connection is gone; the owner closes the stream and calls `disconnected`.
    """

    def __init__(
        self,
        drive: Drive,
        storage: Storage,
        *,
        serial: str,
        now: float,
        model: Model = DESKTOP,
        zone_offset_s: float = 3 * 3600,
        durations: Mapping[str, float] | None = None,
        faults: Faults | None = None,
        port: int = TCP,
        layer: Layer | None = None,
        stray_ff: bool = False,
        keeps_answer: bool = True,
        byte_timeout_s: float = 0.05,
        operator: FarEnd | None = None,
        marking_system: FarEnd | None = None,
        key_server: FarEnd | None = None,
    ) -> None:
        self.drive = drive
        self.faults = faults
        self.hung_up = False
        self.unasked = b""  # an old answer that the next host gets with the first bytes it hears
        self.observer: Observer | None = None
        self._storage = storage
        self._options: dict[str, Any] = {
            "serial": serial,
            "model": model,
            "zone_offset_s": zone_offset_s,
            "durations": durations,
            "port": port,
            "network": Network(operator=operator, marking=marking_system, keys=key_server),
        }
        self.core = RegisterCore(drive, storage, now=now, **self._options)
        self.line = Line(
            self._execute,
            layer=layer,
            stray_ff=stray_ff,
            keeps_answer=keeps_answer,
            byte_timeout_s=byte_timeout_s,
        )

    @property
    def serial(self) -> str:
        return self.core.serial

    @property
    def deadline(self) -> float | None:
        """When `handle_timeout` wants to be called; None: never, as things are."""
        line, own = self.line.deadline, self.core.deadline
        if own is None:
            return line
        return own if line is None else min(line, own)

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes of the host in, bytes of the register out."""
        out = self.line.receive(data, now)
        if self.hung_up:
            return b""
        if self.unasked:
            out, self.unasked = self.unasked + out, b""
        return out

    def handle_timeout(self, now: float) -> bytes:
        out = self.line.handle_timeout(now)
        own = self.core.deadline
        if own is not None and now >= own:
            self.core.tick(now)
        return b"" if self.hung_up else out

    def connected(self, now: float) -> None:
        """A host connects."""
        self.hung_up = False
        self.line.handle_timeout(now)
        self.line.connected(now)

    def disconnected(self, now: float) -> None:
        self.line.disconnected(now)

    def power_cycle(self, now: float) -> None:
        """Power goes and comes back: what is not written down is gone, in the register and in the drive."""
        kept = self.core.receipt if self.core.model.keeps_receipt else None
        self.drive.power_cycle()
        self.core = RegisterCore(
            self.drive, self._storage, now=now, kept=kept, printer=self.core.printer, **self._options
        )
        self.line.power_cycle()
        self.line.disconnected(now)
        self.hung_up = True

    def tape(self, now: float) -> Tape:
        """The paper of the register with what is out by now: whole documents, and torn ones."""
        self.core.printer.submode(now)
        return self.core.printer.tape

    def tape_picture(self, now: float) -> Image:
        """The same as a picture; needs the extra `render`."""
        from fn_emulator.register.picture import picture

        return picture(self.tape(now).lines, characters=self.core.model.characters)

    def insert(self, drive: Drive, now: float) -> None:
        """Another drive is put in, with the power off as it has to be."""
        self.drive = drive
        self.power_cycle(now)

    def outgoing(self, now: float) -> Outgoing | None:
        """The message that the register wants to send to its operator over its own network, and where to; None also
        when its operator is in the process."""
        self.core.now = now
        return outgoing(self.core) if self.core.network.operator is None else None

    def incoming(self, answer: bytes | None, now: float) -> None:
        """What the operator said to `outgoing`; None for silence or no connection."""
        self.core.now = now
        incoming(self.core, answer)

    def ask(self, request: c.Request[Any], now: float) -> Any:
        """One command without the line, for setting up and for tests; raises Refused as a driver would."""
        return c.decode_reply(request, self.core.execute(c.encode_request(request), now)[0])

    def _execute(self, body: bytes, now: float) -> tuple[bytes, float] | None:
        fault = self.faults.on_command(body, now) if self.faults is not None else None
        if fault is None:
            done: tuple[bytes, float] | None = self.core.execute(body, now)
        else:
            fault = fault if isinstance(fault, Trouble) else Trouble(fault)
            done = carry_out(self, fault, body, now)
        if self.observer is not None:
            self.observer(body, done[0] if done else None, fault, now)
        if self.core.reboots:
            self.power_cycle(now)
            return None
        if self.core.exchange_set is not None:
            self._take_exchange(*self.core.exchange_set)
        return done

    def _take_exchange(self, port: int, timeout: int) -> None:
        """14h was heard: the line takes it if it is this port's."""
        self.core.exchange_set = None
        if port == self.core.port:
            self.line.set_exchange(byte_timeout_s(timeout))


def drive_number(index: int, generation: int = 1) -> str:
    """Number of the first or a later drive in register `index` of a rack: a debug drive by its first digits."""
    return f"9999{788 + generation:04d}{index:08d}"


def serial_number(index: int) -> str:
    """Serial number of register `index` of a rack."""
    return f"00990789{index:08d}"


def registered(
    index: int = 1,
    *,
    now: float,
    inn: str = "9900000000",
    keys: Callable[[bytes, str], Keys] = Keys.derive,
    master_key: bytes = DEMO_MASTER_KEY,
    ffd: int | None = None,
    work_mode: int = 0,
    extended_mode: int = 0,
    tables: Iterable[tuple[int, int, int | str]] = (),
    drive_storage: Storage | None = None,
    storage: Storage | None = None,
    generation: int = 1,
    **options: Any,
) -> EmulatedRegister:
    """Register `index`, ready to open a shift: all tax systems, data transfer through the host.

    A drive that was registered before is taken as it is; a fresh one is registered by the register's own commands.
    `keys` makes the drive's keys of the master key and its number (`StubKeys.derive`: signs that cost nothing).
    `ffd` is the format as table 17 counts it (2: 1.05, 3: 1.1, 4: 1.2; the model's own when left out), `work_mode`
    and `extended_mode` are the masks of a registration (16 in the second: marked goods), `tables` more settings (table,
    field, value) of its first rows. `generation` counts the drives that were put in; one after the first is never
    registered here. `options` go to EmulatedRegister.
    """
    if not 1 <= index <= 99_999_999:
        raise Misuse(f"register {index}: numbers of a rack run from 1 to 99999999")
    drive = Drive(
        MemoryStorage() if drive_storage is None else drive_storage,
        number=drive_number(index, generation),
        keys=keys(master_key, drive_number(index, generation)),
    )
    register = EmulatedRegister(
        drive,
        MemoryStorage() if storage is None else storage,
        serial=serial_number(index),
        now=now,
        **options,
    )
    if drive.phase == 1 and generation == 1:
        format_ = () if ffd is None else ((17, 17, ffd),)
        _write(register, now, (*_TABLES, *format_, (18, 21, extended_mode), *tables))
        _register(register, index, inn, now, work_mode=work_mode)
    return register


_TABLES: tuple[tuple[int, int, int | str], ...] = (
    (18, 7, 'ООО "Учебная стойка"'),
    (18, 9, "101000, Москва, Учебный проезд, 1"),
    (18, 10, "Учебный ОФД"),
    (18, 12, "9900000001"),
    (18, 13, "nalog.gov.ru"),
    (18, 14, "https://shop.example"),
    (18, 15, "noreply@shop.example"),
    (21, 2, 0),  # the host carries messages for the operator
    (17, 71, 0),  # a rate of 20 % stays as the host sent it
)


def _write(register: EmulatedRegister, now: float, tables: Iterable[tuple[int, int, int | str]]) -> None:
    model, settings = register.core.model, register.core.settings
    for table, field, value in tables:
        if field > settings.size(table)[1]:
            continue  # an older firmware
        data = settings.field(table, field).encode(value)
        register.ask(c.WriteTable(table=model.on_the_wire(table), row=1, field=field, value=data), now)


def _register(register: EmulatedRegister, index: int, inn: str, now: float, *, work_mode: int) -> None:
    register.ask(c.BeginRegistration(type=0), now)
    register.ask(
        c.Register(
            inn=inn,
            registration_number=registration_number(f"{index:010d}", inn, register.serial),
            tax_systems=_ALL_TAX_SYSTEMS,
            work_mode=work_mode,
        ),
        now,
    )
