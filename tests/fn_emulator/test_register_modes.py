"""The state table: every command in every mode."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from fn_emulator.register.modes import EARLIER, MODES, RULES, Mode
from kkt_driver import commands as c
from kkt_driver.commands import COMMANDS
from tests.fn_emulator.desk import DAY, Desk, closing, item

WRONG_MODE = 0x73

# Requests that succeed where the table allows them; a row without one here is asked with its defaults.
REQUESTS: dict[str, c.Request[Any]] = {
    "1A": c.MoneyRegister(low=241),
    "1B": c.OperationRegister(number=152),
    "1E": c.WriteTable(table=17, row=1, field=7, value=b"\2"),
    "1F": c.ReadTable(table=17, row=1, field=7),
    "2D": c.TableStructure(table=17),
    "2E": c.FieldStructure(table=17, field=7),
    "21": c.SetTime(time=datetime(2026, 5, 28, 23, 26, 40).time()),
    "22": c.SetDate(date=datetime(2026, 5, 28).date()),
    "23": c.ConfirmDate(date=datetime(2026, 5, 28).date()),
    "50": c.CashIn(amount=100),
    "51": c.CashOut(amount=0),
    "8D": c.OpenReceipt(type=0),
    "80": c.Sale(quantity=1000, price=100),
    "81": c.Purchase(quantity=1000, price=100),
    "82": c.SaleRefund(quantity=1000, price=100),
    "83": c.PurchaseRefund(quantity=1000, price=100),
    "85": c.CloseLegacy(payments=(17900, 0, 0, 0)),
    "17": c.PrintLine(text="line"),
    "2F": c.PrintLineInFont(text="line"),
    "25": c.Cut(type=1),
    "29": c.Feed(lines=1),
    "FF05": c.BeginRegistration(type=0),
    "FF06": c.Register(inn="9900000000", registration_number="1", tax_systems=1, work_mode=0),
    "FF0A": c.FindDocument(document=1),
    "FF0C": c.SendTlv(tlv=bytes.fromhex("f00304006e6f6e65")),
    "FF4D": c.SendItemTlv(tlv=bytes.fromhex("3c080100000000")[:5]),
    "FF31": c.ReadMessage(offset=0, count=0),
    "FF32": c.BeginAnswer(size=100),
    "FF33": c.WriteAnswer(offset=0, count=0, data=b""),
    "FF3A": c.SelectDocument(document=1),
    "FF3C": c.OperatorTicket(document=1),
    "FF45": closing(),
    "FF46": item(),
}

# Commands that answer with another refusal in a mode that allows them: the drive or the submode has the last word.
OTHERWISE: dict[str, set[int]] = {
    "FF05": {0x02},  # the drive is registered
    "FF06": {0x02},
    "FF0C": {0x02},  # no document begun
    "FF3B": {0x02, 0x08},  # nothing chosen, or at the end
    "FF3C": {0x08},  # no ticket yet
    "FF33": {0x33},  # no FF32h before
    "B0": {0x72},  # nothing to continue
    "8C": {0x56},  # no receipt yet
    "81": {0x49},  # the open receipt is a sale
    "82": {0x49},
    "83": {0x49},
}


def desk_in(mode: Mode) -> Desk:
    """A register that is in this mode."""
    desk = Desk(shift=mode not in (Mode.SHIFT_CLOSED, Mode.DATE_AWAITED, Mode.RESET_ALLOWED))
    match mode:
        case Mode.DATA_OUTPUT:
            desk.ask(c.SelectDocument(document=1))
        case Mode.SHIFT_OVER_24_H:
            desk.now += DAY
        case Mode.DATE_AWAITED:
            desk.ask(REQUESTS["22"])
        case Mode.RECEIPT:
            desk.ask(c.OpenReceipt(type=0))
            desk.ask(item())
        case Mode.RESET_ALLOWED:
            desk.register.core.reset_allowed = True
        case Mode.TEST_RUN:
            desk.register.core.test_run = True
    return desk


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("code", [rule.code.hex().upper() for rule in RULES.values()])
def test_every_cell(code: str, mode: Mode) -> None:
    """What the table allows is not refused for its mode and leads where the table says; all else is 73h."""
    rule = RULES[bytes.fromhex(code)]
    desk = desk_in(mode)
    assert desk.mode == mode
    request = REQUESTS.get(code) or COMMANDS[rule.code].request()
    body, _ = desk.register.core.execute(c.encode_request(request), desk.now)
    answer = body[len(rule.code)]
    if mode not in rule.modes:
        assert answer == WRONG_MODE
        assert desk.mode == mode
        return
    allowed = OTHERWISE.get(code, set()) if not (code in ("81", "82", "83") and mode != Mode.RECEIPT) else set()
    if mode is Mode.SHIFT_OVER_24_H and code == "FF45":
        allowed = {0x16}
    assert answer in allowed | {0}
    if answer:
        return
    follows = rule.follows
    if follows == EARLIER:
        follows = Mode.SHIFT_OPEN if mode is Mode.RECEIPT or code == "2B" else mode
    assert desk.mode == (mode if follows is None else follows)


def test_every_command_has_its_rule() -> None:
    """A rule for a command that is not in the command table could never be read or answered."""
    assert set(RULES) <= set(COMMANDS)


def test_receipt_that_outlives_its_shift() -> None:
    """When 24 hours pass while a receipt is open the way out is to cancel it and close the shift."""
    desk = desk_in(Mode.RECEIPT)
    desk.now += DAY + 60
    assert desk.refused(closing()) == 0x16
    assert desk.mode == Mode.RECEIPT
    desk.ask(c.CancelReceipt())
    assert desk.mode == Mode.SHIFT_OVER_24_H
    assert desk.refused(c.OpenReceipt(type=0)) == WRONG_MODE
    desk.ask(c.ZReport())
    assert desk.mode == Mode.SHIFT_CLOSED


@pytest.mark.parametrize("body", [b"\x01\x1e\0\0\0", b"\xff\x70\x01\0\0\0", b"\xff\x4a", b"\xa0", b"\xd0\x1e\0\0\0"])
def test_commands_that_are_not_supported(body: bytes) -> None:
    """Everything else is 37h, in the long form: the code as it came, then the error."""
    desk = Desk()
    code = body[:2] if body[0] == 0xFF else body[:1]
    assert desk.register.core.execute(body, desk.now) == (code + b"\x37", 0.0)


def test_service_commands_answer_with_one_byte_of_code() -> None:
    """FEh commands are refused with FE alone before the error, as clients expect."""
    desk = Desk()
    assert desk.register.core.execute(b"\xfe\xf4\0\0\0\0", desk.now)[0] == b"\xfe\x37"


@pytest.mark.parametrize(
    "body", [b"\x10", b"\x10\x1e\0\0", b"\x8d\x1e\0\0\0", b"\xff\x45\x1e\0\0\0", b"\xff\x46\1\0\0\0"]
)
def test_short_commands(body: bytes) -> None:
    """Fewer parameters than a command has: 33h, and nothing happens."""
    desk = Desk(shift=True)
    code = body[:2] if body[0] == 0xFF else body[:1]
    assert desk.register.core.execute(body, desk.now)[0] == code + b"\x33"
