"""Commands of technicians."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fn_emulator.drive import Drive
from fn_emulator.emulated import EmulatedRegister
from fn_emulator.register import DESKTOP
from fn_emulator.register.service import byte_timeout_s
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver import commands as c
from kkt_driver.frames import encode_alt, encode_frame
from tests.fn_emulator.desk import START, Desk, item, payments, sell

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"


@pytest.mark.parametrize(
    ("code", "seconds"), [(0, 0.0), (50, 0.05), (150, 0.15), (151, 0.3), (249, 15.0), (250, 30.0), (255, 105.0)]
)
def test_coded_time_outs(code: int, seconds: float) -> None:
    """Milliseconds, then steps of 150 ms, then of 15 s."""
    assert byte_timeout_s(code) == pytest.approx(seconds)


def test_exchange_parameters_are_kept_by_port() -> None:
    """What 14h sets 15h reads, after a restart too; ports know nothing of each other."""
    desk = Desk()
    assert desk.ask(c.ReadExchange(port=1)) == c.ExchangeReply(speed=6, timeout=50)
    desk.ask(c.SetExchange(port=1, speed=4, timeout=200))
    for _ in range(2):
        assert desk.ask(c.ReadExchange(port=1)) == c.ExchangeReply(speed=4, timeout=200)
        assert desk.ask(c.ReadExchange(port=0)) == c.ExchangeReply(speed=6, timeout=50)
        desk.restart()
    assert desk.refused(c.SetExchange(port=0, speed=10, timeout=50)) == 0x33
    assert desk.refused(c.ReadExchange(port=77)) == 0x33


def test_the_layer_is_found_out_anew() -> None:
    """14h re-arms autodetection: the answer still comes on the old layer, the next conversation may use the other."""
    desk = Desk()
    register = desk.register
    register.connected(desk.now)
    frame = encode_frame(c.encode_request(c.SetExchange(port=128, speed=57, timeout=150)))
    assert register.receive(frame, desk.now) == ACK + encode_frame(b"\x14\0")
    assert register.receive(ENQ, desk.now) == ACK + encode_frame(b"\x14\0"), "a repeat is still the old layer"
    register.receive(ACK, desk.now)
    status = c.encode_request(c.ShortStatus())
    assert register.receive(encode_alt(1, status), desk.now)[:1] == b"\x8f"
    register.receive(b"\x8f\x01", desk.now)
    assert register.deadline == pytest.approx(desk.now + 0.15), "the time-out of 14h counts"


def test_without_14h_the_layer_stays() -> None:
    """There is no switching on the fly."""
    desk = Desk()
    desk.register.connected(desk.now)
    assert desk.register.receive(ENQ, desk.now) == NAK
    assert desk.register.receive(encode_alt(1, c.encode_request(c.ShortStatus())), desk.now) == b""


def test_tables_as_new() -> None:
    """24h: settings are the defaults, what the drive knows stays; durable."""
    desk = Desk()
    desk.set(2, 5, 2, b"X")
    desk.ask(c.InitialiseTables())
    desk.restart()
    assert desk.ask(c.ReadTable(table=2, row=5, field=2)).text == "КАССИР 5"
    assert desk.ask(c.ReadTable(table=18, row=1, field=2)).text == "9900000000"


def test_general_reset() -> None:
    """27h clears registers of a register that was never registered, and counts itself; afterwards it is 37h."""
    assert Desk().refused(c.GeneralReset()) == 0x37
    drive = Drive(MemoryStorage(), number="9999078900000042", keys=DEMO_MASTER_KEY)
    register = EmulatedRegister(drive, MemoryStorage(), serial="0099078900000042", now=START)
    register.ask(c.CashIn(amount=100), START)
    register.ask(c.GeneralReset(), START)
    assert register.ask(c.MoneyRegister(low=241), START).value == 0
    assert register.ask(c.OperationRegister(number=160), START).value == 1


def test_serial_number_and_font() -> None:
    """0Fh and 26h, from which clients take the width of a line."""
    desk = Desk()
    serial = desk.ask(c.LongSerial())
    assert serial.serial == int(desk.register.serial)
    assert serial.registration_number == int(desk.register.core.settings.text(18, 1, 3))
    assert desk.ask(c.Font()) == c.FontReply(line_dots=576, character_width=12, character_height=24, fonts=7)
    assert desk.refused(c.Font(font=8)) == 0x33


def test_totals_that_nothing_resets() -> None:
    """FEF4h: by operation in the order sales, sale refunds, purchases, purchase refunds; by payment for one of them."""
    desk = Desk(shift=True)
    sell(desk, payments=payments(cash=7900, cashless=10000))
    sell(desk, item(operation=2, price=100, quantity=1_000_000), kind=2, cash=100)
    desk.ask(c.ZReport())
    assert desk.ask(c.Totals(kind=0)).totals == (17900, 100, 0, 0)
    assert desk.ask(c.Totals(kind=1)).totals == (7900, 10000, *[0] * 14)
    assert desk.ask(c.Totals(kind=2)).totals == (100, *[0] * 15)
    assert desk.ask(c.Totals(kind=5)).totals == (0, 0, 0, 0)
    body = desk.register.core.execute(c.encode_request(c.Totals(kind=6)), desk.now)[0]
    assert body == b"\xfe\x33", "FEh commands answer with FE alone"


def test_reboot() -> None:
    """FEF3h is not answered; what was open is gone as after a power cut, and the register works for the next host."""
    desk = Desk(shift=True)
    desk.ask(c.OpenReceipt(type=0))
    register = desk.register
    register.connected(desk.now)
    assert register.receive(encode_frame(c.encode_request(c.Reboot())), desk.now) == b""
    assert register.hung_up
    register.connected(desk.now)
    assert register.receive(ENQ, desk.now) == NAK
    assert desk.mode == 2


def test_synchronising_registers() -> None:
    """FF62h takes numbers from the drive; where nothing was wrong nothing changes."""
    desk = Desk(shift=True)
    sell(desk)
    desk.ask(c.ZReport())
    through = desk.ask(c.OperationRegister(number=152)).value
    desk.register.core.last_document = 0
    desk.ask(c.SynchroniseRegisters())
    assert desk.register.core.last_document == 4
    desk.ask(c.SynchroniseRegisters())
    assert desk.ask(c.OperationRegister(number=152)).value == through + 1


def test_a_senior_cashier_takes_reports_where_the_model_says_so() -> None:
    """Row 28 may take X and Z on models with bit 33 of F7h only."""
    desk = Desk(shift=True)
    assert desk.refused(c.XReport(password=28)) == 0x4F
    senior = Desk(shift=True, model=replace(DESKTOP, features=DESKTOP.features | 1 << 33))
    senior.ask(c.XReport(password=28))
    assert senior.refused(c.XReport(password=27)) == 0x4F
