"""The executor: one command body in, one answer body and its duration out.

`RegisterCore` holds what all commands share: settings, counters, clock, the open receipt, the drive behind it. What a
single command does stands beside its kin (`status`, `receipts`, `shift`, `paper` …); `modes` says when it may be given
and by whom, `automatic` what happens without a command. The link layer around it is `fn_emulator.line`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from fn_emulator.register import automatic
from fn_emulator.register.clock import Clock
from fn_emulator.register.counters import THROUGH_NUMBER, Counters
from fn_emulator.register.exchange import Exchange
from fn_emulator.register.marking import Marking
from fn_emulator.register.model import DESKTOP, Model
from fn_emulator.register.modes import FEATURE_OF, RULES, SENIOR, SENIOR_CASHIER, Mode, Rule
from fn_emulator.register.network import Network
from fn_emulator.register.paper import Loaded
from fn_emulator.register.printer import Printer, Submode
from fn_emulator.register.receipt import Closing, OpenReceipt, chunks, split
from fn_emulator.register.refusal import Code, Refusal, of_drive
from fn_emulator.register.state import ClockSet, Counted, ExchangeSet, Log, Picture, Wrote
from fn_emulator.register.tape import Cut, Line
from fn_emulator.storage import Storage
from fn_emulator.tables import SettingError, Settings
from kkt_driver.codec import codec
from kkt_driver.commands import COMMANDS, Command
from kkt_driver.errors import Malformed

__all__ = ["TCP", "DriveAnswer", "DrivePort", "Reply", "RegisterCore"]

TCP = 128
"""The port of 11h and 14h that stands for the network; serial ones count from 0."""

Reply = msgspec.Struct | bytes
"""What a command gives: a reply of the command table, or its bytes as they come from the drive."""

Handler = Callable[["RegisterCore", Any, int], Reply]

_OK = 0
_WARNING_BIT = 0x80
_DAY_S = 86_400
_LONG_CODES = (0xFE, 0xFF)
_PRINTING = b"\xb0"  # durations: how long a document prints stands under the code of "continue printing"
_SKIP_NEXT = 1  # table 17 field 7
_SENIOR_CASHIER_FEATURE = 1 << 33
_REFUSED_IN = {
    Submode.NO_PAPER: Code.NO_PAPER,
    Submode.RAN_OUT: Code.NO_PAPER,
    Submode.PAPER_IS_BACK: Code.CONTINUE_PRINTING_AWAITED,
    Submode.PRINTING: Code.PRINTING,
}


class DriveAnswer(Protocol):
    @property
    def code(self) -> int: ...

    @property
    def data(self) -> bytes: ...


class DrivePort(Protocol):
    """The seam to the drive: one command at a time."""

    def execute(self, code: int, data: bytes, *, timer: float) -> DriveAnswer: ...


class _Entry(msgspec.Struct, frozen=True):
    """A command ready to run."""

    row: Command
    rule: Rule
    handler: Handler
    size: int
    head: bytes
    paper: bool
    decode: Callable[[bytes], Any]


def _entries() -> dict[bytes, _Entry]:
    from fn_emulator.register import (
        archive,
        corrections,
        exchange,
        marking,
        paper,
        receipts,
        registration,
        service,
        shift,
        status,
    )

    rows = {row.request: row for row in COMMANDS.values()}
    entries = {}
    modules = (status, service, receipts, corrections, shift, registration, archive, exchange, marking, paper)
    for module in modules:
        for request, handler in module.HANDLERS.items():
            row = rows[request]
            rule = RULES[row.code]
            entries[row.code] = _Entry(
                row, rule, handler, len(row.code), row.head + b"\0", rule.needs_paper, codec(request).decode
            )
    return entries


_ENTRIES: dict[bytes, _Entry] = {}


def _of_model(model: Model) -> dict[bytes, _Entry]:
    """The commands that this kind of register has."""
    missing = {code for code, bit in FEATURE_OF.items() if not model.features >> bit & 1}
    return _ENTRIES if not missing else {code: entry for code, entry in _ENTRIES.items() if code not in missing}


class RegisterCore:
    """One register with a drive in it.

    `execute(body, now)` answers a command; `now` is world time in unix seconds. `watch` is called with "forming" and
    "formed" around every commit of the drive: faults hang there. `durations` are seconds by command code in hex.
    """

    def __init__(
        self,
        drive: DrivePort,
        storage: Storage,
        *,
        serial: str,
        model: Model = DESKTOP,
        zone_offset_s: float = 3 * 3600,
        durations: Mapping[str, float] | None = None,
        port: int = TCP,
        now: float = 0.0,
        kept: OpenReceipt | None = None,
        printer: Printer | None = None,
        network: Network | None = None,
    ) -> None:
        if not _ENTRIES:
            _ENTRIES.update(_entries())
        self._entries = _of_model(model)
        self.drive = drive
        self.serial: str = serial
        self.port = port
        self.model = model
        self.clock = Clock(zone_offset_s)
        self.settings = Settings(rows=model.rows, fields=model.fields, defaults=model.defaults)
        self.counters = Counters()
        self.exchange = Exchange()
        self.durations = {bytes.fromhex(code): s for code, s in (durations or {}).items()}
        self.printing_s = self.durations.pop(_PRINTING, 0.0)  # B0h itself is answered at once, like any other
        self.watch: Callable[[str], None] = _nothing
        self.now = now

        self.receipt: OpenReceipt | None = None
        self.last_receipt: tuple[OpenReceipt, Closing] | None = None
        self.document_tags: set[int] | None = None  # tags given for a document begun by FF05h, FF37h, FF41h, FF42h
        self.shift_open = False
        self.shift_opened: float | None = None  # wall clock, seconds
        self.date_awaited = False
        self.reset_allowed = False  # mode 9
        self.test_run: tuple[float, float] | None = None  # mode 10: when its last page came, seconds between pages
        self.non_fiscal = False  # mode 8.4
        self.reading: bytes | None = None  # piece of a document that FF3Bh has not given yet; None: no reading
        self.reading_with = 0x46  # the drive's command that gives the next piece
        self.buffered_report: list[Line] | None = None  # C6h
        self.automatic_done = 0.0  # wall clock of the last automatic report
        self.ports: dict[int, tuple[int, int]] = {}  # 14h: speed code and byte time-out by port
        self.exchange_set: tuple[int, int] | None = None  # port and time-out code that the line has yet to take
        self.reboots = False  # FEF3h was heard
        self.last_document = 0
        self.last_error = 0
        self.printer = printer or Printer()  # paper outlives the power
        self.network = network or Network()
        self.loaded = Loaded()
        self.marking = Marking()
        self.took_s = 0.0  # what the command under way waited for somebody else
        self.field_cache: dict[tuple[int, tuple[int, ...], int], list[tuple[int, bytes]]] = {}

        self._log = Log(storage)
        self._passwords: dict[int, int] = {}
        self._automatic = False
        self._settings_seen = -1
        self._load()
        self._power_up(kept)

    # --- commands -------------------------------------------------------------------------------------------------

    def execute(self, body: bytes, now: float) -> tuple[bytes, float]:
        """The answer to one command and how long the register works on it, seconds."""
        self.now = now
        if self._by_itself:
            automatic.tick(self)
        code = body[:2] if body and body[0] in _LONG_CODES else body[:1]
        entry = self._entries.get(code)
        if entry is None:
            self.last_error = Code.UNSUPPORTED
            return (b"\xfe" if code[:1] == b"\xfe" else code) + bytes((Code.UNSUPPORTED,)), 0.0
        try:
            request = entry.decode(body[entry.size :])
            rule = entry.rule
            operator = self._operator(request.password, rule) if rule.operator else 0
            if entry.paper and self.prints:
                self._check_paper()
            mode = self.mode
            if mode not in rule.modes and not (
                mode is Mode.SHIFT_CLOSED and rule.opens_shift and automatic.opens_shift(self, operator)
            ):
                raise Refusal(Code.WRONG_MODE)
            receipt = self.receipt
            if rule.own_receipt and receipt and operator != receipt.operator and operator != 30:
                raise Refusal(Code.OTHER_OPERATOR)
            reply = entry.handler(self, request, operator)
        except (Refusal, SettingError) as refusal:
            self.last_error = refusal.code
            return entry.row.head + bytes((refusal.code,)), 0.0
        except Malformed:
            self.last_error = Code.INCORRECT
            return entry.row.head + bytes((Code.INCORRECT,)), 0.0
        data = reply if isinstance(reply, bytes) else codec(entry.row.reply).encode(reply)
        took_s, self.took_s = self.took_s, 0.0
        return entry.head + data, self.durations.get(code, 0.0) + took_s

    def tick(self, now: float) -> None:
        """Time has come to `now`: what the register does by itself is done."""
        self.now = now
        automatic.tick(self)

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called; None: nothing happens by itself."""
        return automatic.due(self) if self._by_itself else None

    @property
    def _by_itself(self) -> bool:
        if self._settings_seen != self.settings.version:
            self._look_at_settings()
        return self._automatic or self.test_run is not None or self.network.reaches_somebody

    def _look_at_settings(self) -> None:
        """What every command needs of the settings, kept until one changes."""
        self._passwords = {self.settings.number(2, row, 1): row for row in range(30, 0, -1)}
        self._automatic = bool(self.settings.number(24, 1, 9) or self.settings.number(24, 1, 14))
        self._settings_seen = self.settings.version

    def _operator(self, password: int, rule: Rule) -> int:
        operator = self._passwords.get(password, 0)
        lowest = rule.operator
        if lowest == SENIOR and self.model.features & _SENIOR_CASHIER_FEATURE:
            lowest = SENIOR_CASHIER
        if operator < lowest:
            raise Refusal(Code.WRONG_PASSWORD)
        return operator

    # --- mode and paper -------------------------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        if self.reading is not None and self.model.reads_in_mode_1:
            return Mode.DATA_OUTPUT
        if self.receipt is not None:
            return Mode.RECEIPT
        if self.date_awaited:
            return Mode.DATE_AWAITED
        if self.test_run is not None:
            return Mode.TEST_RUN
        if self.reset_allowed:
            return Mode.RESET_ALLOWED
        if self.non_fiscal:
            return Mode.NON_FISCAL
        if not self.shift_open:
            return Mode.SHIFT_CLOSED
        if self.shift_opened is not None and self.wall - self.shift_opened >= self._shift_limit_s:
            return Mode.SHIFT_OVER_24_H
        return Mode.SHIFT_OPEN

    @property
    def mode_byte(self) -> int:
        mode = self.mode
        return mode | self.receipt.kind << 4 if mode is Mode.RECEIPT and self.receipt else mode

    @property
    def _shift_limit_s(self) -> float:
        return _DAY_S - 60 * self.settings.number(17, 1, 8)

    @property
    def wall(self) -> float:
        """The wall clock as seconds."""
        return self.now + self.clock.zone_offset_s + self.clock.skew_s

    @property
    def prints(self) -> bool:
        """Whether documents go to paper at all (table 17 field 7; 1 skips the next document only)."""
        return self.settings.number(17, 1, 7) < 2

    @property
    def submode(self) -> Submode:
        return self.printer.submode(self.now) if self.prints else Submode.READY

    def _check_paper(self) -> None:
        submode = self.printer.submode(self.now)
        if submode is not Submode.READY:
            raise Refusal(_REFUSED_IN[submode])

    def print(self, lines: Callable[[], Sequence[Line]], *, report: bool = False) -> None:
        """A document goes to paper, unless printing is off; `lines` are made only when they are needed."""
        how = self.settings.number(17, 1, 7)
        if how == _SKIP_NEXT:
            self.set(17, 1, 7, 0)
        if how == 0 and not (report and self.settings.number(17, 1, 53)):
            made = [*lines(), *self._cut()]
            self.printer.print(made, self.now, self.printing_s)

    @property
    def paper_out(self) -> bool:
        """Whether the roll is at its end; setting it is what a hand does to the roll."""
        return not self.printer.paper

    @paper_out.setter
    def paper_out(self, gone: bool) -> None:
        if gone:
            self.printer.take_paper(self.now)
        else:
            self.printer.load_paper(self.now)

    @property
    def printing_until(self) -> float:
        """When the document under way will be out; setting it makes the printer slower than it is."""
        return self.printer.busy_until or 0.0

    @printing_until.setter
    def printing_until(self, until: float) -> None:
        self.printer.print((), self.now, max(0.0, until - self.now))

    def print_lines(self, *lines: Line) -> None:
        """Something beside documents: on paper at once."""
        if self.prints:
            self.printer.print(lines, self.now)

    def _cut(self) -> list[Line]:
        how = self.settings.number(1, 1, 7)
        return [Cut(partial=how == 2)] if how else []

    # --- the drive ------------------------------------------------------------------------------------------------

    def ask(self, code: int, data: bytes = b"") -> bytes:
        """One command to the drive; its refusal is the register's."""
        answer = self.drive.execute(code, data, timer=self.now)
        error = answer.code & ~_WARNING_BIT
        if error != _OK:
            raise Refusal(of_drive(error), answer.data)
        return answer.data

    def form(self, code: int, data: bytes = b"") -> bytes:
        """A command to the drive that commits a document."""
        self.watch("forming")
        made = self.ask(code, data)
        self.watch("formed")
        return made

    def feed(self, fields: list[bytes]) -> None:
        """Fields for the document that the drive has open."""
        for part in chunks(fields):
            self.ask(0x07, part)

    @property
    def five(self) -> bytes:
        """The register's clock as drive commands take it."""
        return self.clock.five(self.now)

    @property
    def extended(self) -> bool:
        """Whether answers on documents carry their moment (table 17 field 36)."""
        return self.settings.number(17, 1, 36) == 1

    # --- what is written down ---------------------------------------------------------------------------------------

    def set(self, table: int, row: int, field: int, value: int | str) -> None:
        """A setting, durable."""
        if self.settings.put(table, row, field, value):
            self._log.write(Wrote((table, row, field, value)))

    def save(self) -> None:
        """Counters and the last document, durable: one record."""
        if self._log.wants_picture:
            self.save_picture()
            return
        money, counts = self.counters.take_changes()
        self._log.write(Counted(self.last_document, money, counts, self.shift_opened))

    def save_clock(self) -> None:
        self._log.write(ClockSet(self.clock.skew_s, self.date_awaited))

    def set_exchange(self, port: int, speed: int, timeout: int) -> None:
        """14h, durable; the line takes it when it has answered."""
        self.ports[port] = speed, timeout
        self.exchange_set = port, timeout
        self._log.write(ExchangeSet(port, speed, timeout))

    def save_picture(self) -> None:
        """Everything, durable: the start reads back to here."""
        self.counters.take_changes()
        cells = [(*at, value) for at, value in self.settings.written()]
        money = {number: value for number, value in self.counters.money.items() if value}
        counts = {number: value for number, value in self.counters.counts.items() if value}
        clock = self.clock.skew_s, self.date_awaited
        self._log.write(Picture(cells, money, counts, *clock, self.last_document, self.shift_opened, self.ports))

    def _load(self) -> None:
        for record in self._log.read():
            match record:
                case Wrote(cell=(table, row, field, value)):
                    self.settings.put(table, row, field, value)
                case Counted():
                    self.counters.restore(record.money, record.counts)
                    self.last_document, self.shift_opened = record.last_document, record.shift_opened
                case ClockSet():
                    self.clock.skew_s, self.date_awaited = record.skew_s, record.date_awaited
                case ExchangeSet():
                    self.ports[record.port] = record.speed, record.timeout
                case Picture():
                    for table, row, field, value in record.cells:
                        self.settings.put(table, row, field, value)
                    self.counters.restore(record.money, record.counts)
                    self.clock.skew_s, self.date_awaited = record.skew_s, record.date_awaited
                    self.last_document, self.shift_opened = record.last_document, record.shift_opened
                    self.ports = dict(record.ports)

    # --- power ------------------------------------------------------------------------------------------------------

    def _power_up(self, kept: OpenReceipt | None) -> None:
        """Find out what the drive has done that the register did not get to write down."""
        from fn_emulator.register import archive

        self.settings.put(18, 1, 1, self.serial)
        status = self.ask(0x30)
        drive = status[10:26].decode("ascii", "replace").strip()
        if self.settings.text(18, 1, 4) not in ("", drive):
            self.last_document, self.shift_opened = self.drive_document(), None  # another drive was put in
        self.settings.put(18, 1, 4, drive)
        self.shift_open = bool(status[3])
        self.catch_up(receipts=True)
        if self.shift_open and self.shift_opened is None:
            self.shift_opened = archive.shift_opening(self, self.drive_document())
        if kept is not None and self.shift_open and self.receipt is None:
            kept.begun = False
            self.receipt = kept
        self.printer.power_cycle(self.now)
        automatic.at_power_up(self)

    def drive_document(self) -> int:
        """Number of the drive's last document."""
        return int.from_bytes(self.ask(0x30)[26:30], "little")

    def catch_up(self, *, receipts: bool = False) -> None:
        """The drive has made a document that the register does not know of: bring the register's part in order.

        A receipt comes back open after a power cut (`receipts`), if that is how the firmware is; it stays unknown until
        it is cancelled or closed, so that the next power cut finds it again.
        """
        from fn_emulator.register import archive, shift

        last = self.drive_document()
        if last <= self.last_document:
            return
        found = self.ask(0x40, last.to_bytes(4, "little"))
        form = found[0]
        if form in archive.RECEIPT_FORMS and receipts and self.model.stays_open_after_commit:
            self.receipt = archive.receipt_of(self, last, form, found[2 + 13 :])
            return
        if form == shift.OPENING:
            self.shift_opened = archive.moment_s(found[2:7])
            shift.opened(self)
        elif form == shift.CLOSING:
            shift.closed(self)
        self.counters.count(THROUGH_NUMBER)
        self.last_document = last
        self.save()

    # --- shared by documents ------------------------------------------------------------------------------------------

    def give(self, data: bytes) -> None:
        """FF0Ch: fields for whatever document is open; the drive says no when there is none."""
        fields = list(split(data))
        self.feed([field for _, field in fields])
        tags = {tag for tag, _ in fields}
        if self.document_tags is not None:
            self.document_tags |= tags

    def drop_document(self) -> None:
        """Forget a begun document, in the drive too."""
        self.ask(0x06)
        self.document_tags = None


def _nothing(moment: str) -> None:
    """Nobody watches."""
