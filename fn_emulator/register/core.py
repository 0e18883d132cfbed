"""The executor: one command body in, one answer body and its duration out.

`RegisterCore` holds what all commands share: settings, counters, clock, the open receipt, the drive behind it. What a
single command does stands beside its kin in `status`, `receipts`, `shift`, `registration`, `archive` and `exchange`;
`modes` says when it may be given and by whom. The link layer around it is `fn_emulator.line`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from fn_emulator.register.clock import Clock
from fn_emulator.register.counters import Counters
from fn_emulator.register.exchange import Exchange
from fn_emulator.register.model import DESKTOP, Model
from fn_emulator.register.modes import RULES, Mode, Rule
from fn_emulator.register.receipt import Closing, OpenReceipt, chunks, split
from fn_emulator.register.refusal import Code, Refusal, of_drive
from fn_emulator.register.state import ClockSet, Counted, Log, Picture, Wrote
from fn_emulator.storage import Storage
from fn_emulator.tables import SettingError, Settings
from kkt_driver.codec import codec
from kkt_driver.commands import COMMANDS, Command
from kkt_driver.errors import Malformed

__all__ = ["DriveAnswer", "DrivePort", "Reply", "RegisterCore"]

Reply = msgspec.Struct | bytes
"""What a command gives: a reply of the command table, or its bytes as they come from the drive."""

Handler = Callable[["RegisterCore", Any, int], Reply]

_OK = 0
_WARNING_BIT = 0x80
_DAY_S = 86_400
_LONG_CODES = (0xFE, 0xFF)
_PRINTING = b"\xb0"  # durations: how long a document prints stands under the code of "continue printing"


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
    decode: Callable[[bytes], Any]


def _entries() -> dict[bytes, _Entry]:
    from fn_emulator.register import archive, exchange, receipts, registration, shift, status

    entries = {}
    for module in (status, receipts, shift, registration, archive, exchange):
        for request, handler in module.HANDLERS.items():
            row = next(row for row in COMMANDS.values() if row.request is request)
            entries[row.code] = _Entry(
                row, RULES[row.code], handler, len(row.code), row.code + b"\0", codec(row.request).decode
            )
    return entries


_ENTRIES: dict[bytes, _Entry] = {}


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
        now: float = 0.0,
        kept: OpenReceipt | None = None,
    ) -> None:
        if not _ENTRIES:
            _ENTRIES.update(_entries())
        self.drive = drive
        self.serial: str = serial
        self.model = model
        self.clock = Clock(zone_offset_s)
        self.settings = Settings()
        self.counters = Counters()
        self.exchange = Exchange()
        self.durations = {bytes.fromhex(code): s for code, s in (durations or {}).items()}
        self.watch: Callable[[str], None] = _nothing
        self.now = now

        self.receipt: OpenReceipt | None = None
        self.last_receipt: tuple[OpenReceipt, Closing] | None = None
        self.document_tags: set[int] | None = None  # tags given for a document begun by FF05h, FF37h, FF41h, FF42h
        self.shift_open = False
        self.shift_opened: float | None = None  # wall clock, seconds
        self.date_awaited = False
        self.reset_allowed = False  # mode 9
        self.test_run = False  # mode 10
        self.reading: bytes | None = None  # piece of a document that FF3Bh has not given yet; None: no reading
        self.last_document = 0
        self.last_error = 0
        self.paper_out = False
        self.printing_until = 0.0
        self.field_cache: dict[tuple[int, tuple[int, ...], int], list[tuple[int, bytes]]] = {}

        self._log = Log(storage)
        self._passwords: dict[int, int] = {}
        self._passwords_version = -1
        self._load()
        self._power_up(kept)

    # --- commands -------------------------------------------------------------------------------------------------

    def execute(self, body: bytes, now: float) -> tuple[bytes, float]:
        """The answer to one command and how long the register works on it, seconds."""
        self.now = now
        code = body[:2] if body and body[0] in _LONG_CODES else body[:1]
        entry = _ENTRIES.get(code)
        if entry is None:
            self.last_error = Code.UNSUPPORTED
            return (b"\xfe" if code[:1] == b"\xfe" else code) + bytes((Code.UNSUPPORTED,)), 0.0
        try:
            request = entry.decode(body[entry.size :])
            rule = entry.rule
            operator = self._operator(request.password, rule) if rule.operator else 0
            if entry.row.prints and (self.paper_out or self.printing_until):
                self._check_paper()
            if self.mode not in rule.modes:
                raise Refusal(Code.WRONG_MODE)
            receipt = self.receipt
            if rule.own_receipt and receipt and operator != receipt.operator and operator != 30:
                raise Refusal(Code.OTHER_OPERATOR)
            reply = entry.handler(self, request, operator)
        except (Refusal, SettingError) as refusal:
            self.last_error = refusal.code
            return code + bytes((refusal.code,)), 0.0
        except Malformed:
            self.last_error = Code.INCORRECT
            return code + bytes((Code.INCORRECT,)), 0.0
        data = reply if isinstance(reply, bytes) else codec(entry.row.reply).encode(reply)
        return entry.head + data, self.durations.get(code, 0.0)

    def _operator(self, password: int, rule: Rule) -> int:
        if self._passwords_version != self.settings.version:
            self._passwords = {self.settings.number(2, row, 1): row for row in range(30, 0, -1)}
            self._passwords_version = self.settings.version
        operator = self._passwords.get(password, 0)
        if operator < rule.operator:
            raise Refusal(Code.WRONG_PASSWORD)
        return operator

    # --- mode and paper -------------------------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        if self.reading is not None:
            return Mode.DATA_OUTPUT
        if self.receipt is not None:
            return Mode.RECEIPT
        if self.date_awaited:
            return Mode.DATE_AWAITED
        if self.reset_allowed:
            return Mode.RESET_ALLOWED
        if self.test_run:
            return Mode.TEST_RUN
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
        """Whether documents go to paper at all (table 17 field 7)."""
        return self.settings.number(17, 1, 7) != 2

    @property
    def submode(self) -> int:
        """0 ready, 1 no paper, 5 printing."""
        if not self.prints:
            return 0
        if self.now < self.printing_until:
            return 5
        return 1 if self.paper_out else 0

    def _check_paper(self) -> None:
        match self.submode:
            case 1:
                raise Refusal(Code.NO_PAPER)
            case 5:
                raise Refusal(Code.PRINTING)

    def printed(self) -> None:
        """A document went to the printer: submode 5 for as long as it takes, unless printing is off."""
        seconds = self.durations.get(_PRINTING, 0.0)
        if seconds and self.prints:
            self.printing_until = self.now + seconds

    # --- the drive ------------------------------------------------------------------------------------------------

    def ask(self, code: int, data: bytes = b"") -> bytes:
        """One command to the drive; its refusal is the register's."""
        answer = self.drive.execute(code, data, timer=self.now)
        error = answer.code & ~_WARNING_BIT
        if error != _OK:
            raise Refusal(of_drive(error))
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

    def save_picture(self) -> None:
        """Everything, durable: the start reads back to here."""
        self.counters.take_changes()
        cells = [(*at, value) for at, value in self.settings.written()]
        money = {number: value for number, value in self.counters.money.items() if value}
        counts = {number: value for number, value in self.counters.counts.items() if value}
        clock = self.clock.skew_s, self.date_awaited
        self._log.write(Picture(cells, money, counts, *clock, self.last_document, self.shift_opened))

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
                case Picture():
                    for table, row, field, value in record.cells:
                        self.settings.put(table, row, field, value)
                    self.counters.restore(record.money, record.counts)
                    self.clock.skew_s, self.date_awaited = record.skew_s, record.date_awaited
                    self.last_document, self.shift_opened = record.last_document, record.shift_opened

    # --- power ------------------------------------------------------------------------------------------------------

    def _power_up(self, kept: OpenReceipt | None) -> None:
        """Find out what the drive has done that the register did not get to write down."""
        from fn_emulator.register import archive

        self.settings.put(18, 1, 1, self.serial)
        status = self.ask(0x30)
        self.settings.put(18, 1, 4, status[10:26].decode("ascii", "replace").strip())
        self.shift_open = bool(status[3])
        self.catch_up(receipts=True)
        if self.shift_open and self.shift_opened is None:
            self.shift_opened = archive.shift_opening(self, self.drive_document())
        if kept is not None and self.shift_open and self.receipt is None:
            kept.begun = False
            self.receipt = kept

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
        self.last_document = last
        self.save()

    # --- shared by documents ------------------------------------------------------------------------------------------

    def give(self, data: bytes) -> None:
        """FF0Ch: fields for whatever document is open; the drive says no when there is none."""
        tags = {tag for tag, _ in split(data)}
        self.ask(0x07, data)
        if self.document_tags is not None:
            self.document_tags |= tags

    def drop_document(self) -> None:
        """Forget a begun document, in the drive too."""
        self.ask(0x06)
        self.document_tags = None


def _nothing(moment: str) -> None:
    """Nobody watches."""
