"""The drive against a tiny model: any order of commands, restarts and time steps."""

from __future__ import annotations

from struct import pack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fn_emulator.drive import Code
from tests.fn_emulator.drives import REGISTRATION_NUMBER, Hands, tags

OK, STATE = Code.OK, Code.WRONG_STATE


class DriveMachine(RuleBasedStateMachine):
    """What a person who read two pages about drives would expect of one."""

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()
        self.phase = 1
        self.document = 0
        self.confirmed = 0
        self.shift = 0
        self.receipts = 0
        self.total = 0
        self.open: str | None = None  # kind of the open document
        self.filled = False
        self.shift_open = False
        self.reading = "no"  # no, transport, begun, waiting

    @initialize(shift=st.booleans(), receipts=st.integers(0, 3))
    def somewhere(self, shift: bool, receipts: int) -> None:
        """Most lives begin registered, some with receipts, or chance would seldom get there."""
        self.hands.register()
        self.phase, self.document = 3, 1
        if shift:
            self.hands.open_shift()
            for _ in range(receipts):
                self.hands.receipt(100)
            self.shift_open, self.shift = True, 1
            self.document, self.receipts, self.total = 2 + receipts, receipts, 100 * receipts

    @rule(seldom=st.integers(0, 19))
    def debug_reset(self, seldom: int) -> None:
        if seldom == 0:
            self.hands.ok(0x60, b"\x16")
            self.phase = 1
            self.document = self.confirmed = self.shift = self.receipts = self.total = 0
            self.open, self.shift_open, self.reading = None, False, "no"

    # Documents

    def begin(self, kind: str, code: int, data: bytes, allowed: bool) -> None:
        allowed = allowed and self.open is None
        assert self.hands.code(code, data) is (OK if allowed else STATE)
        if allowed:
            self.open, self.filled = kind, False

    def form(self, kind: str, code: int, data: bytes = b"") -> bool:
        allowed = self.open == kind and self.filled
        answer = self.hands.send(code, data)
        assert answer.error == (OK if allowed else STATE)
        if allowed:
            self.open = None
            self.document += 1
        return allowed

    @rule()
    def begin_registration(self) -> None:
        kind = 2 if self.phase == 3 else 0
        self.begin("registration", 0xA2, bytes((kind, 4)), self.phase in (1, 3) and not self.shift_open)

    @rule()
    def form_registration(self) -> None:
        code, data = self.hands.registration(2 if self.phase == 3 else 0)
        if self.form("registration", code, data):
            self.phase = 3

    @rule()
    def begin_shift(self) -> None:
        self.begin("open", 0x11, self.hands.dt, self.phase == 3 and not self.shift_open)

    @rule()
    def form_shift(self) -> None:
        if self.form("open", 0x12):
            self.shift_open, self.shift, self.receipts, self.total = True, self.shift + 1, 0, 0

    @rule()
    def begin_close(self) -> None:
        self.begin("close", 0x13, self.hands.dt, self.shift_open)

    @rule()
    def form_close(self) -> None:
        if self.form("close", 0x14):
            self.shift_open = False

    @rule(code=st.sampled_from([0x15, 0x17]))
    def begin_receipt(self, code: int) -> None:
        self.begin("receipt" if code == 0x15 else "correction", code, self.hands.dt, self.shift_open)

    @rule(total=st.integers(0, 10**9), operation=st.integers(1, 4))
    def form_receipt(self, total: int, operation: int) -> None:
        kind = "correction" if self.open == "correction" else "receipt"
        if self.form(kind, *self.hands.receipt_form(total, operation=operation)):
            self.receipts += 1
            self.total += total

    @rule()
    def begin_settlements(self) -> None:
        self.begin("settlements", 0x18, self.hands.dt, self.phase == 3)

    @rule()
    def form_settlements(self) -> None:
        self.form("settlements", 0x19)

    @rule(seldom=st.integers(0, 9))
    def begin_drive_close(self, seldom: int) -> None:
        if seldom == 0:
            self.begin("drive", 0x04, b"", self.phase == 3 and not self.shift_open)

    @rule()
    def form_drive_close(self) -> None:
        if self.form("drive", 0x05, self.hands.dt + REGISTRATION_NUMBER):
            self.phase = 7

    @rule()
    def data(self) -> None:
        data = tags((1031, 0), (1081, 0), (1215, 0), (1216, 0), (1217, 0))
        allowed = self.open is not None
        expected = OK if allowed and not self.filled else Code.DUPLICATE_TAG if allowed else STATE
        assert self.hands.code(0x07, data) is expected
        self.filled = self.filled or allowed

    @rule()
    def cancel(self) -> None:
        self.hands.ok(0x06)
        self.open = None

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
        elif self.confirmed == self.document:
            expected = Code.NO_DATA
        assert self.hands.code(0x22) is expected
        if expected is OK:
            self.reading = "begun"

    @rule()
    def whole_delivery(self) -> None:
        if self.reading in ("transport", "waiting") and self.phase in (3, 7) and self.confirmed < self.document:
            assert self.hands.deliver() == 0
            self.reading = "transport"
            self.confirmed += 1
            if self.phase == 7 and self.confirmed == self.document:
                self.phase = 15

    @rule()
    def finish_reading(self) -> None:
        allowed = self.phase in (3, 7) and self.reading == "begun"
        assert self.hands.code(0x25) is (OK if allowed else STATE)
        if allowed:
            self.reading = "waiting"

    # World

    @rule(minutes=st.integers(0, 30))
    def time_goes(self, minutes: int) -> None:
        self.hands.go(minutes=minutes)

    @rule()
    def power(self) -> None:
        self.hands.restart()
        self.open, self.reading = None, "no"

    # What must always hold

    @invariant()
    def status_agrees(self) -> None:
        status = self.hands.ok(0x30)
        assert status[0] == self.phase
        assert bool(status[1]) == (self.open is not None)
        assert status[2] == (self.open is not None and self.filled)
        assert status[3] == self.shift_open
        assert status[26:] == pack("<I", self.document)

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
            assert self.hands.ok(0x42) == pack("<H", self.document - self.confirmed)

    @invariant()
    def archive_agrees(self) -> None:
        if self.phase != 1:
            assert self.hands.ok(0x40, pack("<I", self.document))[1] == (self.confirmed == self.document)
            assert self.hands.code(0x40, pack("<I", self.document + 1)) is Code.NO_DATA


TestDriveModel = DriveMachine.TestCase
TestDriveModel.settings = settings(max_examples=80, stateful_step_count=60, deadline=None)
