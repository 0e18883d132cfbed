"""The drive: state, the open document, the drive's clock, and `execute`, through which everything goes."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fn_emulator.drive import models
from fn_emulator.drive.code_keys import KeyUpdate, read_table
from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.commands import COMMANDS, Command
from fn_emulator.drive.documents import CONTAINER_OVERHEAD, OpenDocument
from fn_emulator.drive.exchange import Exchange
from fn_emulator.drive.life import BLOCK_DAYS, Extended, warnings
from fn_emulator.drive.log import Log, raised
from fn_emulator.drive.marking import Marking
from fn_emulator.drive.models import FFD_1_2, Model
from fn_emulator.drive.moments import DAY
from fn_emulator.drive.notifications import Export, Transfer
from fn_emulator.drive.records import DocumentRecord, EventRecord, State, TicketRecord
from fn_emulator.errors import Misuse
from fn_emulator.signs import Keys
from fn_emulator.storage import Storage

__all__ = ["Answer", "Drive", "TicketLevel"]

_WARNING_BIT = 0x80
_RELEASED_MAX = 8
_STATUS_FRESH_S = 15.0  # the warning byte is looked at again after this much of the timer


class TicketLevel(StrEnum):
    """How closely tickets are checked."""

    STRICT = "strict"  # everything, our own operator's signs included
    SHAPE = "shape"  # everything but the signs: for foreign test operators
    LENIENT = "lenient"  # also what the well-known mock operator sends


class Answer(msgspec.Struct, frozen=True):
    """What a drive says. `code` is the byte as on the line: seven bits of answer, bit 7 is "see the warnings"."""

    code: int
    data: bytes = b""

    @property
    def error(self) -> int:
        """The answer code without the warning bit; 0 is success."""
        return self.code & 0x7F

    @property
    def warning(self) -> bool:
        """Whether the warning byte of 30h is not zero."""
        return self.code >= _WARNING_BIT


class Drive:
    """A fiscal drive. Commands go in without frames, answers come out.

    `keys` are the EMU-1 keys of this drive, or the master key they are derived from. What survives lives in `storage`,
    so a new Drive on the same storage is the same drive; what dies with the power lives in the object.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        number: str,
        keys: Keys | bytes,
        model: Model | str = models.DEFAULT,
        ticket_level: TicketLevel = TicketLevel.STRICT,
    ) -> None:
        if isinstance(model, str):
            if model not in models.MODELS:
                raise Misuse(f"no drive model {model!r}; there are {', '.join(models.MODELS)}")
            model = models.MODELS[model]
        self.keys = Keys.derive(keys, number) if isinstance(keys, bytes) else keys
        if self.keys.drive != number:
            raise Misuse(f"keys of drive {self.keys.drive} given to drive {number}")
        self.model = model
        self.ticket_level = ticket_level
        self.log = Log(storage)
        self._number = number
        self._commands = {command.code: command for command in COMMANDS if command.since <= model.generation}
        self.state = self._restore()
        self.power_cycle()

    # What a control port shows

    @property
    def number(self) -> str:
        return self._number

    @property
    def phase(self) -> int:
        return self.state.phase

    @property
    def last_document(self) -> int:
        return self.state.document

    @property
    def shift_open(self) -> bool:
        return self.state.shift_open

    @property
    def queue_length(self) -> int:
        """Documents without a ticket."""
        return self.state.queued - self.state.ticketed

    @property
    def marking_enabled(self) -> bool:
        """Registered with FFD 1.2 and marked goods."""
        return self.state.ffd == FFD_1_2 and bool(self.state.extended & Extended.MARKING)

    # Life

    def execute(self, code: int, data: bytes = b"", *, timer: float) -> Answer:
        """One command. `timer` is the drive's own clock in seconds; only its differences matter."""
        if not 0 <= timer - self._status_timer < _STATUS_FRESH_S:
            self.refresh(timer)
        command = self._commands.get(code)
        try:
            if command is None:
                raise Refused(Code.UNKNOWN_COMMAND)
            self._admit(command, data)
            answer = command.run(self, data, timer)
        except Refused as refusal:
            return Answer(refusal.code | self._warning_bit, refusal.data)
        return Answer(self._warning_bit, answer)

    def power_cycle(self) -> None:
        """Power went and came back: the open document, the exchange in progress and the clock are lost."""
        self.open_document: OpenDocument | None = None
        self.exchange = Exchange()
        self.marking = Marking()
        self.transfer = Transfer()
        self.export: Export | None = None
        self.key_update = KeyUpdate()
        self._code_keys: dict[bytes, bytes] | None = None
        self.reading: list[bytes] | None = None  # TLVs still to be given by 46h
        self.reading_registration: list[bytes] | None = None  # and by 47h
        self.reading_raw: bytes | None = None  # container opened by 49h
        self._clock: tuple[int, float] | None = None  # register's moment and the timer at that moment
        self._document_clock: tuple[int, float] | None = None  # the same for the last document
        self._oldest_kept: tuple[int, int, int] | None = None  # moment, queue number, size
        self._status_timer = float("-inf")
        self.warnings = 0
        self._warning_bit = 0
        self.status_answer = b""

    # For the commands

    def open(self, document: OpenDocument) -> None:
        """A begin command was accepted."""
        self.open_document = document
        if document.begun:
            self._clock = document.begun, document.timer
        self.status_answer = b""

    def drop(self) -> None:
        """06h: the open document goes, and the notification that was to go with it."""
        self.open_document = None
        self.marking.notice = None
        self.status_answer = b""

    def touched(self) -> None:
        """The open document got its first data: 30h shows it."""
        self.status_answer = b""

    def replaced(self, state: State, timer: float) -> None:
        """The state after an event that is no document: a ticket, a reset."""
        self.state = state
        self.refresh(timer)

    def note(self, event: str, state: State, timer: float) -> None:
        """Makes an event that is neither document nor ticket durable, and its state the present one."""
        self.log.append(EventRecord(event, self._number, state))
        self.replaced(state, timer)

    def keys_renewed(self, state: State, table: bytes, timer: float) -> None:
        """A whole table of check keys came: it replaces the old one."""
        state.keys_offset = self.log.append(EventRecord("keys", self._number, state, table))
        self.replaced(state, timer)
        self._code_keys = None

    def code_keys(self) -> dict[bytes, bytes]:
        """Check keys by id; none before the first update."""
        if self._code_keys is None:
            offset = self.state.keys_offset
            self._code_keys = read_table(self.log.event(offset).data) if offset else {}
        return self._code_keys

    def committed(self, state: State, moment: int, timer: float) -> None:
        """The document is durable: from here on it is the last one."""
        self.state = state
        self._clock = self._document_clock = moment, timer
        self.open_document = None
        self.refresh(timer)

    def refresh(self, timer: float) -> None:
        """Looks at the warning flags again."""
        self._status_timer = timer
        self.warnings = warnings(self.model, self.state, self.present(timer))
        self._warning_bit = _WARNING_BIT if self.warnings else 0
        self.status_answer = b""

    def present(self, timer: float) -> int:
        """What time it is by the register's clock, as far as the drive can tell."""
        if self._clock is None:
            return self.state.moment
        moment, then = self._clock
        return max(self.state.moment, moment + int((timer - then) // 60))

    def check_interval(self, moment: int, timer: float) -> None:
        """17h: register's clock and drive's timer disagree by over 5 minutes about the time since the last document."""
        if self._document_clock is None:
            return
        last_moment, last_timer = self._document_clock
        if abs((moment - last_moment) * 60 - (timer - last_timer)) > 300:
            raise Refused(Code.BAD_INTERVAL)

    def release_store(self, moment: int) -> None:
        """Takes documents out of the 30-day store: older than 30 days and, if they were to be sent, confirmed.

        What is there can be worked out from the documents at any time, so this is no event and waits for the next
        commit to be written down. A few at a time: more than a document makes room for the next one.
        """
        state = self.state
        for _ in range(_RELEASED_MAX):
            if self._oldest_kept is None:
                record = self.log.document(state, state.kept_from)
                if record is None:
                    return
                self._oldest_kept = record.moment, record.queue_number, len(record.container) - CONTAINER_OVERHEAD
            kept_moment, queue_number, size = self._oldest_kept
            if moment - kept_moment <= BLOCK_DAYS * DAY or queue_number > state.ticketed:
                return
            state.kept_bytes -= size
            state.kept_from += 1
            self._oldest_kept = None

    def _admit(self, command: Command, data: bytes) -> None:
        """The checks that every command shares, in their order: length, phase."""
        if len(data) not in command.lengths:
            raise Refused(Code.UNKNOWN_COMMAND)
        if command.marking and not self.marking_enabled:
            raise Refused(Code.MARKING_FORBIDDEN)
        if self.state.phase not in command.phases:
            raise Refused(Code.WRONG_STATE)

    def _restore(self) -> State:
        last = self.log.last()
        if last is None:
            state = State()
            self.log.append(EventRecord("made", self._number, state))
            return state
        offset, record = last
        owner = record.drive if isinstance(record, EventRecord) else record.container[9:17].hex()
        if owner != self._number:
            raise Misuse(f"this log belongs to drive {owner}, not to {self._number}; give each drive a log of its own")
        state = record.state
        if isinstance(record, DocumentRecord):
            state.documents_tower = raised(state.documents_tower, record.number, offset)
            if record.notice:
                state.notices_tower = raised(state.notices_tower, state.notified, offset)
        elif isinstance(record, TicketRecord):
            state.tickets_tower = raised(state.tickets_tower, record.number, offset)
        elif record.event == "keys":
            state.keys_offset = offset
        return state
