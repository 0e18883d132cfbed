"""Time rules and limits: the register's clock against the drive's, shifts, keys, memory, the operator's silence."""

from __future__ import annotations

from struct import pack

import pytest
from msgspec.structs import replace

from fn_emulator.drive import MODELS, Code
from fn_emulator.drive.life import Extended, Mode, Tax, key_days
from tests.fn_emulator.drives import START, Hands, dt5, registered, tags, with_shift

BEGINS = {0x11: registered, 0x13: with_shift, 0x15: with_shift, 0x17: with_shift, 0x18: with_shift}


@pytest.mark.parametrize("code", [0x11, 0x13, 0x15, 0x17, 0x18])
@pytest.mark.parametrize(
    "moment", ["1a0d0a0a00", "1a021e0a00", "1a0b1d1800", "1a0b1d0a3c", "64010100 00".replace(" ", "")]
)
def test_impossible_date(code: int, moment: str) -> None:
    """Month 13, 30 February, hour 24, minute 60, year 100: 07h."""
    assert BEGINS[code]().code(code, bytes.fromhex(moment)) is Code.BAD_DATETIME


@pytest.mark.parametrize("code", [0x13, 0x15, 0x17, 0x18])
def test_not_before_the_last_document(code: int) -> None:
    """A clock turned back is 07h, the same minute is fine."""
    hands = with_shift()
    assert hands.code(code, dt5(START.replace(hour=9, minute=59))) is Code.BAD_DATETIME
    assert hands.code(code, dt5(START)) is Code.OK


def test_shift_may_open_an_hour_back() -> None:
    """11h: not earlier than the last close of a shift, or the registration, less an hour."""
    hands = registered()
    hands.restart()
    assert hands.code(0x11, dt5(START.replace(hour=8, minute=59))) is Code.BAD_DATETIME
    assert hands.code(0x11, dt5(START.replace(hour=9, minute=0))) is Code.OK


@pytest.mark.parametrize("code", [0x11, 0x13, 0x15, 0x17, 0x18])
@pytest.mark.parametrize(("minutes", "expected"), [(5, Code.OK), (6, Code.BAD_INTERVAL)])
def test_interval_against_the_timer(code: int, minutes: int, expected: Code) -> None:
    """Clock and timer may differ by five minutes about the time since the last document."""
    ahead = BEGINS[code]()
    assert ahead.code(code, dt5(START.replace(minute=minutes))) is expected
    behind = BEGINS[code]()
    behind.timer += 60 * minutes
    assert behind.code(code, behind.dt) is expected


def test_interval_is_forgotten_with_the_power() -> None:
    """The timer runs only with power: after a restart the next document passes, the one after is measured again."""
    hands = with_shift()
    hands.restart()
    hands.now = hands.now.replace(hour=11)
    hands.receipt()
    assert hands.code(0x15, dt5(hands.now.replace(minute=6))) is Code.BAD_INTERVAL


def test_interval_at_the_form_command() -> None:
    """16h has a date of its own, and it is measured too."""
    hands = with_shift()
    hands.begin_receipt()
    hands.now = hands.now.replace(minute=6)
    assert hands.code(*hands.receipt_form()) is Code.BAD_INTERVAL


def test_receipt_not_before_its_begin() -> None:
    """16h earlier than 15h: 07h."""
    hands = with_shift()
    hands.go(minutes=2)
    hands.begin_receipt()
    hands.now = hands.now.replace(minute=1)
    assert hands.code(*hands.receipt_form()) is Code.BAD_DATETIME


def test_24_hours() -> None:
    """The last minute of the 24th hour is fine; then receipts are refused and the shift has to be closed."""
    hands = with_shift()
    hands.go(hours=24)
    hands.receipt()
    hands.begin_receipt()
    hands.go(minutes=1)
    assert hands.code(*hands.receipt_form()) is Code.SHIFT_TOO_LONG
    hands.ok(0x06)
    assert hands.code(0x15, hands.dt) is Code.SHIFT_TOO_LONG
    assert hands.code(0x17, hands.dt) is Code.SHIFT_TOO_LONG
    hands.close_shift()
    hands.open_shift()
    hands.receipt()


def test_interval_is_looked_at_after_the_date() -> None:
    """Of two wrong things the date comes first: 16h before 17h."""
    hands = with_shift()
    hands.now = hands.now.replace(day=25)
    assert hands.code(0x15, hands.dt) is Code.SHIFT_TOO_LONG


# Operator's silence


def test_two_days_flag_and_thirty_days_block() -> None:
    """Unsent for over two days: bit 3, and 1053 in reports. Over thirty: 14h for everything that makes documents."""
    hands = registered()
    hands.go(days=2)
    assert hands.ok(0x30)[4] == 0
    hands.go(minutes=1)
    assert hands.send(0x30).code == 0x80, "the warning bit"
    assert hands.ok(0x30)[4] == 8
    assert hands.open_shift()[-1] == 8
    hands.ok(0x45, pack("<I", 2))
    contents = []
    while (answer := hands.send(0x46)).error == 0:
        contents.append(answer.data)
    assert tags((1053, 1)) in contents
    hands.close_shift()
    hands.go(days=27, hours=23, minutes=59)
    hands.open_shift()
    hands.go(minutes=1)
    hands.begin_receipt()
    answer = hands.send(*hands.receipt_form())
    assert (answer.error, hands.ok(0x30)[4] & 8) == (Code.RESOURCE_LIMIT, 8)
    hands.ok(0x06)
    for begin, form in ((0x13, 0x14), (0x18, 0x19)):
        hands.ok(begin, hands.dt)
        hands.ok(0x07, tags((1209, 4)))
        assert hands.code(form) is Code.RESOURCE_LIMIT
        hands.ok(0x06)
    assert hands.deliver() == 0
    hands.receipt()
    hands.deliver_all()
    assert hands.ok(0x30)[4] == 0


def test_first_generation_has_a_code_of_its_own() -> None:
    """FN-1 says 15h where later drives say 14h with bit 3."""
    hands = with_shift(model="fn-1-36", ffd=2)
    hands.close_shift()
    hands.go(days=31)
    hands.ok(0x11, hands.dt)
    hands.ok(0x07, hands.cashier())
    assert hands.code(0x12) is Code.WAIT_RESOURCE


def test_close_of_the_drive_is_never_blocked() -> None:
    """05h does not look at the queue and never answers 14h."""
    hands = registered()
    hands.go(days=40)
    hands.close_drive()


# Keys


@pytest.mark.parametrize(
    ("months", "ffd", "tax", "mode", "extended", "days"),
    [
        (36, 4, 63, 0, 0, 560),
        (36, 4, 2, 0, 0, 1110),
        (36, 4, 63, Mode.SERVICES, 0, 1110),
        (36, 4, 2, 0, Extended.EXCISE, 410),
        (36, 4, 1, Mode.AUTONOMOUS, 0, 410),
        (36, 4, 2, Mode.AUTONOMOUS, 0, 560),
        (15, 4, 2, 0, 0, 470),
        (15, 4, 2, 0, Extended.LOTTERY, 410),
        (15, 3, 2, 0, Extended.LOTTERY, 470),
        (15, 4, 2, Mode.AUTONOMOUS, 0, 410),
        (13, 2, 2, 0, 0, 410),
    ],
)
def test_key_days(months: int, ffd: int, tax: int, mode: int, extended: int, days: int) -> None:
    """Life of the keys by model and registration, first matching row."""
    model = replace(MODELS["fn-1.2-36"], months=months)
    assert key_days(model, ffd, tax, mode, extended) == days


def test_drive_that_refuses_general_tax_goods() -> None:
    """Some 36-month drives refuse goods under the general tax system: 05h at the registration."""
    hands = Hands(model=replace(MODELS["fn-1.2-36"], refuses_general_tax_goods=True))
    hands.begin_registration()
    assert hands.code(*hands.registration(tax=Tax.GENERAL)) is Code.LIFETIME
    assert hands.code(*hands.registration(tax=Tax.PATENT)) is Code.OK


def test_end_of_keys() -> None:
    """30 and 3 days before: bits 1 and 0. On the day no shifts and receipts; a shift and the drive can close."""
    hands = Hands()
    hands.register(mode=Mode.AUTONOMOUS, tax=1)  # 410 days; nothing waits for an operator
    assert hands.ok(0x32)[:3] == bytes((28, 1, 7))
    assert hands.ok(0x3B, hands.dt) == pack("<H", 410)
    hands.go(days=379)
    assert hands.open_shift()[-1] == 0
    hands.close_shift()
    hands.go(days=1)
    assert hands.open_shift()[-1] == 2
    hands.close_shift()
    hands.go(days=27)
    hands.open_shift()
    assert hands.ok(0x30)[4] == 3
    hands.close_shift()
    hands.go(days=2)
    hands.open_shift()
    hands.go(days=1, hours=-1)
    hands.begin_receipt()
    assert hands.code(*hands.receipt_form()) is Code.RESOURCE_EXHAUSTED
    hands.ok(0x06)
    hands.close_shift()
    hands.ok(0x11, hands.dt)
    hands.ok(0x07, hands.cashier())
    assert hands.code(0x12) is Code.RESOURCE_EXHAUSTED
    hands.ok(0x06)
    hands.close_drive()


# Memory


def small(**limits: int) -> Hands:
    return with_shift(model=replace(MODELS["fn-1.2-36"], **limits))


def test_archive_full() -> None:
    """99 % of documents: bit 2; at the end 14h with bit 2, and the drive can still be closed."""
    hands = small(documents_max=200)
    for _ in range(196):
        hands.receipt()
    assert hands.ok(0x30)[4] == 0
    hands.receipt()
    assert hands.ok(0x30)[4] == 4
    assert hands.ok(0x3D)[:4] == pack("<I", 1)
    hands.close_shift()
    hands.ok(0x11, hands.dt)
    hands.ok(0x07, hands.cashier())
    assert hands.code(0x12) is Code.RESOURCE_LIMIT
    hands.ok(0x06)
    hands.close_drive()


def test_store_full_and_released() -> None:
    """The 30-day store: 14h without a flag; room comes back after 30 days, for confirmed documents only."""
    hands = small(store_kib=4)
    while True:
        hands.begin_receipt()
        if hands.code(*hands.receipt_form()) is not Code.OK:
            break
    assert hands.send(*hands.receipt_form()).code == Code.RESOURCE_LIMIT
    hands.ok(0x06)
    assert hands.drive.queue_length > 5
    hands.deliver_all()
    hands.begin_receipt()
    assert hands.code(*hands.receipt_form()) is Code.RESOURCE_LIMIT
    hands.ok(0x06)
    hands.restart()
    hands.go(days=31)
    hands.ok(0x13, hands.dt)
    hands.ok(0x07, hands.cashier())
    hands.ok(0x14)
    hands.open_shift()
    for _ in range(5):
        hands.receipt()


def test_first_generation_memory() -> None:
    """FN-1: the flag at 90 %, 06h when full."""
    hands = with_shift(model=replace(MODELS["fn-1-36"], documents_max=20), ffd=2)
    for _ in range(16):
        hands.receipt()
    assert hands.ok(0x30)[4] == 0
    hands.receipt()
    assert hands.ok(0x30)[4] == 4
    hands.receipt()
    hands.begin_receipt()
    assert hands.code(*hands.receipt_form()) is Code.ARCHIVE_FULL
