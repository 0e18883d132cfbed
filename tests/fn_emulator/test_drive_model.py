"""The drive against a tiny model: any order of commands, restarts, clocks that jump, marked goods, an operator that may
be away for a month.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from struct import pack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ffd.container import SESSION_MARKING
from fn_emulator.drive import Code
from fn_emulator.marking_system import MarkingSystem
from fn_emulator.signs import DEMO_MASTER_KEY
from tests.fn_emulator.drives import MARKING, REGISTRATION_NUMBER, Hands, good_code, marked_item, tags

OK, STATE, SEQUENCE = Code.OK, Code.WRONG_STATE, Code.BAD_MARKING_SEQUENCE
MONTH, DAY, HOUR = timedelta(days=30), timedelta(days=1), timedelta(hours=1)
CODES = [good_code(f"serial{number}") for number in range(3)]
PAYMENTS = tags((1031, 0), (1081, 0), (1215, 0), (1216, 0), (1217, 0))
CHANGES_MAX = 30  # registrations that a drive of FFD 1.2 allows


class DriveMachine(RuleBasedStateMachine):
    """What a person who read two pages about drives would expect of one."""

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()
        self.fresh()

    def fresh(self) -> None:
        self.phase = 1
        self.documents: list[datetime] = []  # moments; a number is a place
        self.registrations = 0
        self.confirmed = 0
        self.shift = 0
        self.receipts = 0
        self.total = 0
        self.shift_open = False
        self.opened = self.boundary = datetime(2000, 1, 1)
        self.updated: datetime | None = None  # check keys
        self.registered = datetime(2000, 1, 1)
        self.notices = self.delivered = 0
        self.power_off()

    def power_off(self) -> None:
        """What a restart takes away."""
        self.open: str | None = None  # kind of the open document
        self.filled = False
        self.begun: tuple[datetime, float] = datetime(2000, 1, 1), 0.0
        self.reading = "no"  # no, transport, begun, waiting
        self.made: tuple[datetime, float] | None = None  # moment and timer of the last document
        self.heard: tuple[datetime, float] | None = None  # the same of the last document or begin command
        self.check = "idle"  # checked, requested, answered
        self.code = ""
        self.saved: set[str] = set()
        self.notice: int | None = None  # codes in the notification that is being made
        self.ended = False
        self.transfer = "idle"  # begun, waiting

    @initialize(shift=st.booleans(), receipts=st.integers(0, 3))
    def somewhere(self, shift: bool, receipts: int) -> None:
        """Most lives begin registered, with keys and some receipts, or chance would seldom get there."""
        self.hands.register(extended=MARKING)
        self.phase, self.registrations = 3, 1
        self.registered = self.boundary = self.hands.now
        self.committed()
        self.hands.update_keys()
        self.updated = self.hands.now
        if shift:
            self.hands.open_shift()
            self.committed()
            self.shift_open, self.shift, self.opened = True, 1, self.hands.now
            for _ in range(receipts):
                self.hands.receipt(100)
                self.committed()
            self.receipts, self.total = receipts, 100 * receipts

    @rule(seldom=st.integers(0, 19))
    def debug_reset(self, seldom: int) -> None:
        if seldom == 0:
            self.hands.ok(0x60, b"\x16")
            self.hands.operator = Hands().operator  # it has the old documents under the same numbers
            self.hands.marking_system = MarkingSystem(master=DEMO_MASTER_KEY)
            self.fresh()

    # Time

    @property
    def last(self) -> datetime:
        return self.documents[-1] if self.documents else datetime(2000, 1, 1)

    def clock_problem(self, earliest: datetime, latest: datetime | None = None) -> Code:
        """What a date is refused with: too early, after the 24 hours, against the drive's timer."""
        now = self.hands.now
        if now < earliest:
            return Code.BAD_DATETIME
        if latest is not None and now > latest:
            return Code.SHIFT_TOO_LONG
        if self.made is not None:
            moment, timer = self.made
            if abs((now - moment).total_seconds() - (self.hands.timer - timer)) > 300:
                return Code.BAD_INTERVAL
        return OK

    def limit(self, moment: datetime) -> Code:
        """14h: the oldest document without a ticket waits for over 30 days."""
        waits = self.confirmed < len(self.documents) and moment - self.documents[self.confirmed] > MONTH
        return Code.RESOURCE_LIMIT if waits else OK

    @rule(minutes=st.integers(0, 30))
    def time_goes(self, minutes: int) -> None:
        self.hands.go(minutes=minutes)

    @rule(hours=st.sampled_from([1, 12, 23, 24, 31 * 24]), seldom=st.integers(0, 3))
    def much_time_goes(self, hours: int, seldom: int) -> None:
        if seldom == 0:
            self.hands.go(hours=hours)

    @rule(minutes=st.sampled_from([-90, -6, -5, 5, 6, 90]))
    def the_registers_clock_jumps(self, minutes: int) -> None:
        self.hands.now += timedelta(minutes=minutes)

    @rule()
    def power(self) -> None:
        self.hands.restart()
        self.power_off()

    # Documents

    def begin(self, kind: str, code: int, data: bytes, allowed: bool, clock: Code = OK) -> None:
        expected = clock if allowed and self.open is None else STATE
        assert self.hands.code(code, data) is expected
        if expected is OK:
            self.open, self.filled, self.begun = kind, False, (self.hands.now, self.hands.timer)
            if data and kind not in ("registration", "drive"):
                self.heard = self.begun

    def form(self, kind: str, code: int, data: bytes = b"", problem: Code = OK, moment: datetime | None = None) -> bool:
        """Whether the document was made; `moment` is its own when it is not that of the begin command."""
        expected = problem if self.open == kind and self.filled else STATE
        assert self.hands.code(code, data) is expected
        if expected is OK:
            self.committed() if moment is not None else self.committed(*self.begun)
        return expected is OK

    def committed(self, moment: datetime | None = None, timer: float | None = None) -> None:
        moment = self.hands.now if moment is None else moment
        self.documents.append(moment)
        self.made = self.heard = moment, self.hands.timer if timer is None else timer
        self.open = None

    @rule()
    def begin_registration(self) -> None:
        kind = 2 if self.phase == 3 else 0
        full = Code.RESOURCE_EXHAUSTED if self.registrations >= CHANGES_MAX else OK
        self.begin("registration", 0xA2, bytes((kind, 4)), self.phase in (1, 3) and not self.shift_open, full)

    @rule()
    def form_registration(self) -> None:
        code, data = self.hands.registration(2 if self.phase == 3 else 0, extended=MARKING)
        now, first = self.hands.now, self.phase == 1
        problem = Code.BAD_DATETIME if now < self.last else self.limit(now)
        if self.form("registration", code, data, problem, now):
            self.phase, self.boundary = 3, now
            self.registrations += 1
            if first:
                self.registered = now

    @rule()
    def begin_shift(self) -> None:
        clock = self.clock_problem(self.boundary - HOUR)
        self.begin("open", 0x11, self.hands.dt, self.phase == 3 and not self.shift_open, clock)

    @rule()
    def form_shift(self) -> None:
        moment = self.begun[0]
        if self.form("open", 0x12, b"", self.limit(moment)):
            self.shift_open, self.shift, self.receipts, self.total = True, self.shift + 1, 0, 0
            self.opened = moment

    @rule()
    def begin_close(self) -> None:
        self.begin("close", 0x13, self.hands.dt, self.shift_open, self.clock_problem(self.last))

    @rule()
    def form_close(self) -> None:
        moment = self.begun[0]
        if self.form("close", 0x14, b"", self.limit(moment)):
            self.shift_open, self.boundary = False, moment

    @rule(code=st.sampled_from([0x15, 0x17]))
    def begin_receipt(self, code: int) -> None:
        clock = self.clock_problem(self.last, self.opened + DAY)
        self.begin("receipt" if code == 0x15 else "correction", code, self.hands.dt, self.shift_open, clock)

    @rule(total=st.integers(0, 10**9), operation=st.integers(1, 4))
    def form_receipt(self, total: int, operation: int) -> None:
        kind, now = "correction" if self.open == "correction" else "receipt", self.hands.now
        problem = STATE if self.notice is not None and not self.ended else OK
        problem = problem or self.clock_problem(self.begun[0], self.opened + DAY) or self.limit(now)
        if self.form(kind, *self.hands.receipt_form(total, operation=operation), problem, now):
            self.receipts += 1
            self.total += total
            self.notices += self.notice is not None
            self.notice, self.ended = None, False
            self.saved.clear()

    @rule()
    def begin_settlements(self) -> None:
        self.begin("settlements", 0x18, self.hands.dt, self.phase == 3, self.clock_problem(self.last))

    @rule()
    def form_settlements(self) -> None:
        self.form("settlements", 0x19, b"", self.limit(self.begun[0]))

    @rule()
    def begin_drive_close(self) -> None:
        self.begin("drive", 0x04, b"", self.phase == 3 and not self.shift_open)

    @rule()
    def form_drive_close(self) -> None:
        now = self.hands.now
        problem = Code.BAD_DATETIME if now < self.last else OK
        if self.form("drive", 0x05, self.hands.dt + REGISTRATION_NUMBER, problem, now):
            self.phase = 7

    @rule(
        kind=st.sampled_from(["shift", "shift", "settlements", "registration", "drive"]),
        minutes=st.sampled_from([0, 0, 0, 6, -6]),
    )
    def a_whole_document(self, kind: str, minutes: int) -> None:
        """From begin to form, sometimes by a clock that was set in between: chance alone seldom gets that far."""
        steps = {
            "shift": (self.begin_close, self.form_close) if self.shift_open else (self.begin_shift, self.form_shift),
            "settlements": (self.begin_settlements, self.form_settlements),
            "registration": (self.begin_registration, self.form_registration),
            "drive": (self.begin_drive_close, self.form_drive_close),
        }[kind]
        self.cancel()
        self.hands.now += timedelta(minutes=minutes)
        for step in (steps[0], self.data, steps[1]):
            step()

    @rule()
    def data(self) -> None:
        expected = STATE if self.open is None else Code.DUPLICATE_TAG if self.filled else OK
        assert self.hands.code(0x07, PAYMENTS) is expected
        self.filled = self.filled or self.open is not None

    @rule()
    def cancel(self) -> None:
        self.hands.ok(0x06)
        self.open, self.notice, self.ended = None, None, False

    # Operator

    @rule(up=st.booleans())
    def transport(self, up: bool) -> None:
        allowed = self.phase in (3, 7)
        assert self.hands.code(0x21, bytes((up,))) is (OK if allowed else STATE)
        if allowed:
            self.reading = "no" if not up else "transport" if self.reading == "no" else self.reading

    @rule()
    def begin_reading(self) -> None:
        expected = OK
        if self.phase not in (3, 7) or self.reading == "begun":
            expected = STATE
        elif self.reading == "no":
            expected = Code.NO_TRANSPORT
        elif self.confirmed == len(self.documents):
            expected = Code.NO_DATA
        assert self.hands.code(0x22) is expected
        if expected is OK:
            self.reading = "begun"

    @rule()
    def whole_delivery(self) -> None:
        if self.reading in ("transport", "waiting") and self.phase in (3, 7) and self.confirmed < len(self.documents):
            assert self.hands.deliver() == 0
            self.reading = "transport"
            self.confirmed += 1
            if self.phase == 7 and self.confirmed == len(self.documents):
                self.phase = 15

    @rule()
    def everything_is_delivered(self) -> None:
        while self.reading in ("transport", "waiting") and self.confirmed < len(self.documents):
            self.whole_delivery()

    @rule()
    def finish_reading(self) -> None:
        allowed = self.phase in (3, 7) and self.reading == "begun"
        assert self.hands.code(0x25) is (OK if allowed else STATE)
        if allowed:
            self.reading = "waiting"

    # Marking

    def marked(self, command: int, data: bytes, *expected: Code) -> bool:
        """A marking command; the first expected code that is no success counts. Unregistered drives forbid them all."""
        first = next((code for code in expected if code is not OK), OK)
        wanted = Code.MARKING_FORBIDDEN if self.phase == 1 else first
        assert self.hands.code(command, data) is wanted
        return wanted is OK

    @property
    def elsewhere(self) -> Code:
        return OK if self.phase == 3 else STATE

    @property
    def key_age(self) -> timedelta:
        present = self.last
        if self.heard is not None:
            moment, timer = self.heard
            present = max(present, moment + timedelta(seconds=self.hands.timer - timer))
        return present.replace(second=0) - (self.updated or self.registered)

    @rule(code=st.sampled_from(CODES))
    def check_code(self, code: str) -> None:
        raw = code.encode("ascii")
        old = Code.KEYS_TOO_OLD if self.key_age >= timedelta(days=91) else OK
        shift = OK if self.shift_open else STATE
        place = OK if self.check == "idle" else SEQUENCE
        if self.marked(0xB1, bytes((4, len(raw))) + raw, self.elsewhere, shift, place, old):
            self.check, self.code = "checked", code

    @rule(keep=st.booleans())
    def save(self, keep: bool) -> None:
        if self.marked(0xB2, bytes((keep,)), self.elsewhere, SEQUENCE if self.check == "idle" else OK):
            self.saved |= {self.code} if keep else set()
            self.check = "idle"

    @rule(seldom=st.integers(0, 4))
    def clear(self, seldom: int) -> None:
        if seldom == 0 and self.marked(0xB3, b"", self.elsewhere):
            self.check = "idle"
            self.saved.clear()

    @rule()
    def request(self) -> None:
        data = self.hands.dt + tags((2003, 1), (2102, 0))
        place = OK if self.check == "checked" else SEQUENCE
        date = Code.BAD_DATETIME if self.hands.now < self.last else OK
        if self.marked(0xB5, data, self.elsewhere, place, date):
            self.check = "requested"

    @rule()
    def answer(self) -> None:
        if self.check == "requested" and self.phase == 3:
            container = self.hands.asked(self.hands.marking_system, self.hands.ok(0xB5), SESSION_MARKING)
            assert self.marked(0xB6, container)
            self.check = "answered"
        else:
            self.marked(0xB6, b"no answer", self.elsewhere, SEQUENCE)

    @rule()
    def update_keys(self) -> None:
        if self.phase == 3 and self.heard is not None:
            self.hands.update_keys()
            moment, timer = self.heard
            self.updated = max(self.last, moment + timedelta(seconds=self.hands.timer - timer))

    @property
    def no_receipt(self) -> Code:
        return OK if self.open in ("receipt", "correction") else STATE

    @rule()
    def begin_notice(self) -> None:
        place = OK if self.notice is None else SEQUENCE
        if self.marked(0xB7, b"\1" + tags((1055, 1), (2116, 1)), self.elsewhere, self.no_receipt, place):
            self.notice, self.ended = 0, False

    @rule(code=st.sampled_from(CODES))
    def add_to_notice(self, code: str) -> None:
        place = OK if self.notice is not None and not self.ended else SEQUENCE
        known = OK if code in self.saved else Code.CODE_NOT_CHECKED
        if self.marked(0xB7, b"\2" + marked_item(code), self.elsewhere, self.no_receipt, place, known):
            assert self.notice is not None
            self.notice += 1

    @rule()
    def end_notice(self) -> None:
        place = OK if self.notice and not self.ended else SEQUENCE
        if self.marked(0xB7, b"\3", self.elsewhere, self.no_receipt, place):
            self.ended = True

    @rule(code=st.sampled_from(CODES))
    def a_marked_receipt(self, code: str) -> None:
        """All of it at once, when everything is in its place: chance alone seldom gets that far."""
        for step in (self.cancel, self.power, self.begin_receipt_now, self.data):
            step()
        if self.open == "receipt" and self.check == "idle":
            self.check_code(code)
            if self.check == "checked":
                self.save(True)
                self.begin_notice()
                self.add_to_notice(code)
                self.end_notice()
                self.form_receipt(100, 1)

    def begin_receipt_now(self) -> None:
        self.begin_receipt(0x15)

    @rule()
    def read_notice(self) -> None:
        place = OK if self.phase in (3, 7) and self.transfer != "begun" else STATE
        data = OK if self.delivered < self.notices else Code.NO_DATA
        if self.marked(0xBB, b"", place, data):
            self.transfer = "begun"

    @rule()
    def finish_notice(self) -> None:
        allowed = self.phase in (3, 7) and self.transfer == "begun"
        if self.marked(0xBE, b"", OK if allowed else STATE):
            self.transfer = "waiting"

    @rule()
    def deliver_notice(self) -> None:
        if self.transfer != "begun" and self.phase in (3, 7) and self.delivered < self.notices:
            assert self.hands.deliver_notice()[0] == 0
            self.transfer = "idle"
            self.delivered += 1

    # What must always hold

    @invariant()
    def status_agrees(self) -> None:
        status = self.hands.ok(0x30)
        assert status[0] == self.phase
        assert bool(status[1]) == (self.open is not None)
        assert status[2] == (self.open is not None and self.filled)
        assert status[3] == self.shift_open
        assert status[26:] == pack("<I", len(self.documents))

    @invariant()
    def counters_agree(self) -> None:
        if self.phase == 3:
            assert self.hands.ok(0x10) == pack("<BHH", self.shift_open, self.shift, self.receipts)
            shift = self.hands.ok(0x36, b"\0")
            assert shift[2:6] == pack("<I", self.receipts)
            sums = [int.from_bytes(shift[10 + 76 * i : 16 + 76 * i], "little") for i in range(4)]
            sums += [int.from_bytes(shift[318 + 10 * i : 324 + 10 * i], "little") for i in range(4)]
            assert sum(sums) == self.total
        if self.phase in (3, 7):
            assert self.hands.ok(0x42) == pack("<H", len(self.documents) - self.confirmed)

    @invariant()
    def archive_agrees(self) -> None:
        if self.phase != 1:
            last = len(self.documents)
            assert self.hands.ok(0x40, pack("<I", last))[1] == (self.confirmed == last)
            assert self.hands.code(0x40, pack("<I", last + 1)) is Code.NO_DATA

    @invariant()
    def marking_agrees(self) -> None:
        if self.phase == 3:
            status = self.hands.ok(0xB0)
            checks = {"idle": 1, "checked": 2, "requested": 3, "answered": 4}
            assert (status[0], status[1]) == (checks[self.check], self.notice is not None)
            assert (status[3], status[4]) == (len(self.saved), self.notice or 0)
            assert status[6:] == pack("<H", self.notices - self.delivered)
        if self.phase in (3, 7):
            queue = self.hands.ok(0xBA)
            assert queue[0] == {"idle": 0, "begun": 1, "waiting": 2}[self.transfer]
            waiting = self.notices > self.delivered
            assert queue[3:7] == pack("<I", self.delivered + 1 if waiting else 0)


TestDriveModel = DriveMachine.TestCase
TestDriveModel.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
