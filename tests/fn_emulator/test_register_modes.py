"""The state table: every command in every mode."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from fn_emulator.register.modes import EARLIER, MODES, RULES, UNSUPPORTED, Mode
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
    "12": c.PrintBold(text="line"),
    "14": c.SetExchange(port=0, speed=6, timeout=50),
    "18": c.PrintHeading(title="heading", number=1),
    "19": c.TestRun(minutes=1),
    "4D": c.PrintGraphics512(first=1, last=2),
    "4E": c.LoadGraphics512(line_size=1, first=1, count=1, data=b"\xff"),
    "4F": c.PrintScaledGraphics(first=1, last=2),
    "8E": c.CloseExtended(payments=(17900, *[0] * 15)),
    "C0": c.LoadGraphics(line=1, data=bytes(40)),
    "C1": c.PrintGraphics(first=1, last=2),
    "C2": c.PrintEan13(code=460123456789),
    "C3": c.PrintExtendedGraphics(first=1, last=2),
    "C4": c.LoadExtendedGraphics(line=1, data=bytes(40)),
    "C5": c.PrintGraphicLine(repeat=2, data=b"\xff"),
    "CB": c.PrintBarcode(height=50, width=2, text_position=2, text_font=1, type=2, data=b"4601234567893"),
    "DD": c.LoadData(block=0, data=bytes(64)),
    "DE": c.PrintCode(length=64),
    "FEF4": c.Totals(kind=0),
    "FF07": c.ResetDrive(),
    "FF0D": c.DiscountedOperation(operation=1, quantity=1000, price=100),
    "FF0E": c.RegistrationTag(report=1, tag=1018),
    "FF34": c.ChangeRegistration(inn="9900000000", registration_number="1", tax_systems=1, work_mode=0, reason=1),
    "FF36": c.Correction(total=100, operation=1),
    "FF44": c.TaxedOperation(operation=1, quantity=1000, price=100),
    "FF4A": c.CorrectionV2(kind=0, operation=1, total=100, cash=100, tax_system=1),
    "FF4C": c.RegistrationTotalsV2(number=1),
    "FF60": c.RegistrationParameter(tag=1018),
    "FF61": c.CheckMarking.of(b"0104601234567893215Qbag!"),
    "FF67": c.BindMarking.of(b"0104601234567893215Qbag!"),
    "FF69": c.DecideMarking(decision=2),
    "FF73": c.ConfirmNotification(number=1, crc=0),
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
    "27": {0x37},  # the drive is registered
    "C7": {0xD1},  # no C6h before
    "FF34": {0x02},  # nothing begun
    "FF3E": {0x02},
    "FF36": {0x37},  # FFD 1.2
    "FF4A": {0x37},
    "FF64": {0x02},
    **{code: {0xA0} for code in ("FF61", "FF67", "FF68", "FF69", "FF70", "FF71", "FF73")},  # not for marked goods
    "FF72": {0x02},
}


def desk_in(mode: Mode) -> Desk:
    """A register that is in this mode."""
    desk = Desk(shift=mode not in (Mode.SHIFT_CLOSED, Mode.DATE_AWAITED, Mode.RESET_ALLOWED))
    fields = bytes.fromhex("f00304006e6f6e65").ljust(64, b"\0")
    for kind in (0, 1):
        desk.ask(c.LoadData(kind=kind, block=0, data=fields))
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
            desk.ask(REQUESTS["19"])
        case Mode.NON_FISCAL:
            desk.ask(c.OpenNonFiscal())
    return desk


def mode_of(desk: Desk) -> Mode:
    """The mode as the register has it; 10h does not tell 8.4 from the rest of mode 8 in one number."""
    desk.ask(c.ShortStatus())
    return desk.register.core.mode


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("code", [rule.code.hex().upper() for rule in RULES.values()])
def test_every_cell(code: str, mode: Mode) -> None:
    """What the table allows is not refused for its mode and leads where the table says; all else is 73h."""
    rule = RULES[bytes.fromhex(code)]
    desk = desk_in(mode)
    assert mode_of(desk) == mode
    request = REQUESTS.get(code) or COMMANDS[rule.code].request()
    body, _ = desk.register.core.execute(c.encode_request(request), desk.now)
    answer = body[len(COMMANDS[rule.code].head)]
    if mode not in rule.modes:
        assert answer == WRONG_MODE
        assert mode_of(desk) == mode
        return
    allowed = OTHERWISE.get(code, set()) if not (code in ("81", "82", "83") and mode != Mode.RECEIPT) else set()
    if mode is Mode.SHIFT_OVER_24_H and code == "FF45":
        allowed = {0x16}
    assert answer in allowed | {0}
    if answer:
        return
    follows = rule.follows
    if follows == EARLIER:
        back = mode is Mode.RECEIPT or (mode is Mode.NON_FISCAL and code != "FF08") or code == "2B"
        follows = Mode.SHIFT_OPEN if back else mode
    if code == "FF07" and mode in (Mode.DATA_OUTPUT, Mode.SHIFT_OPEN, Mode.SHIFT_OVER_24_H, Mode.RECEIPT):
        follows = Mode.SHIFT_CLOSED
    assert mode_of(desk) == (mode if follows is None else follows)


def test_every_command_has_its_rule_or_its_reason() -> None:
    """The command table, the rules and the refused ones: nothing is left out, nothing is in two places."""
    assert set(RULES) | set(UNSUPPORTED) == set(COMMANDS)
    assert set(RULES) & set(UNSUPPORTED) == set()


# Where the rules are stricter than the manual's table of modes or laxer, and why.
STRICTER = {
    "8D 80 81 82 83": "a receipt needs an open shift: most firmware refuses, table 24 field 13 is the way out",
    "FF35 FF36 FF4A": "the drive wants an open shift for a correction",
    "12 2F DE": "a line would stand in the middle of what mode 1 reads out, as the manual has it for 17h",
    "C7": "a report out of the buffer is no part of a receipt or a test run",
}
LAXER = {
    "FF0D": "the second item of a receipt that it opened",
}


def test_rules_against_the_manual() -> None:
    """The manual's table of modes and ours differ only where a reason stands above."""
    stricter = {bytes.fromhex(code) for codes in STRICTER for code in codes.split()}
    laxer = {bytes.fromhex(code) for codes in LAXER for code in codes.split()}
    for code, rule in RULES.items():
        manual = COMMANDS[code].modes.allowed & {mode & 0x0F for mode in MODES}
        ours = {mode & 0x0F for mode in rule.modes}
        lines_of_a_document = {8} if Mode.NON_FISCAL in rule.modes and Mode.RECEIPT not in rule.modes else set()
        assert (not manual <= ours) is (code in stricter), code.hex()
        assert (not ours <= manual | lines_of_a_document) is (code in laxer), code.hex()


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


@pytest.mark.parametrize("body", [b"\x01\x1e\0\0\0", b"\xff\x75\x01\0\0\0", b"\xff\x4e", b"\xa0", b"\xd0\x1e\0\0\0"])
def test_commands_that_are_not_supported(body: bytes) -> None:
    """Everything else is 37h, in the long form: the code as it came, then the error."""
    desk = Desk()
    code = body[:2] if body[0] == 0xFF else body[:1]
    assert desk.register.core.execute(body, desk.now) == (code + b"\x37", 0.0)


def test_service_commands_answer_with_one_byte_of_code() -> None:
    """FEh commands are refused with FE alone before the error, as clients expect."""
    desk = Desk()
    assert desk.register.core.execute(b"\xfe\xf5\0\0\0\0", desk.now)[0] == b"\xfe\x37"


@pytest.mark.parametrize(
    "body", [b"\x10", b"\x10\x1e\0\0", b"\x8d\x1e\0\0\0", b"\xff\x45\x1e\0\0\0", b"\xff\x46\1\0\0\0"]
)
def test_short_commands(body: bytes) -> None:
    """Fewer parameters than a command has: 33h, and nothing happens."""
    desk = Desk(shift=True)
    code = body[:2] if body[0] == 0xFF else body[:1]
    assert desk.register.core.execute(body, desk.now)[0] == code + b"\x33"
