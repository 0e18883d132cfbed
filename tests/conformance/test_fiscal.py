"""Scenarios with fiscal documents, on a debug drive: a shift, receipts, refusals on the way, and a lost answer.

Each begins where it needs to: a shift is opened or closed as the scenario asks.
"""

from __future__ import annotations

from typing import Any

import pytest

from ffd import tlv
from kkt_driver import commands as c
from kkt_driver.frames import encode_frame
from tests.conformance.host import ACK, Host

pytestmark = pytest.mark.fiscal

SALE, REFUND = 0, 2
RECEIPT, OPENING, CLOSING = 3, 2, 5
PRICE = 12_300
NO_VAT = 0x08


def item(operation: int = 1, **changes: Any) -> c.Operation:
    usual: dict[str, Any] = {"quantity": 1_000_000, "price": PRICE, "rate": NO_VAT, "method": 4, "subject": 1}
    return c.Operation(operation=operation, name="Чай", **{**usual, **changes})


def closing(host: Host, cash: int = PRICE, cashless: int = 0) -> c.CloseReceipt:
    """Paid; under the register's only tax system, or the lowest it has."""
    systems = host.ask(c.ReadTable(table=18, row=1, field=5)).value[0]
    return c.CloseReceipt(payments=(cash, cashless, *(0,) * 14), tax_system=systems & -systems)


def last(host: Host) -> int:
    return host.ask(c.DriveStatus()).last_document


def with_shift(host: Host) -> None:
    """A shift is open, and has hours to go."""
    mode = host.ask(c.ShortStatus()).mode
    if mode == 3:
        host.ask(c.ZReport())
        mode = 4
    if mode == 4:
        host.ask(c.OpenShift())
        assert host.ask(c.ShortStatus()).mode == 2


def without_shift(host: Host) -> None:
    if host.ask(c.ShortStatus()).mode in (2, 3):
        host.ask(c.ZReport())


def begun(host: Host, kind: int = SALE, operation: int = 1) -> int:
    """A receipt with one item is open; the drive's last document before it."""
    with_shift(host)
    before = last(host)
    host.ask(c.OpenReceipt(type=kind))
    host.ask(item(operation))
    return before


def fields(host: Host, document: int) -> tuple[tlv.Tlv, ...]:
    host.ask(c.SelectDocument(document=document))
    found = tlv.decode(b"".join(host.drain()))
    return found[0].value if len(found) == 1 and isinstance(found[0].value, tuple) else found


def test_a_shift_opens(host: Host) -> None:
    """Document and shift number go up by one, the archive holds a document of form 2, a second opening is refused."""
    without_shift(host)
    before, shift = last(host), host.ask(c.ShiftParameters()).shift
    host.ask(c.OpenShift())
    assert last(host) == before + 1
    now = host.ask(c.ShiftParameters())
    assert (now.open, now.shift) == (1, shift + 1)
    assert host.ask(c.FindDocument(document=before + 1)).type == OPENING
    assert host.refused(c.OpenShift()) in (0x73, 0x3C)


def test_no_receipt_without_a_shift(host: Host) -> None:
    """Under FFD 1.2 the shift comes first."""
    without_shift(host)
    assert host.refused(c.OpenReceipt(type=SALE)) in (0x73, 0x3D)


def test_a_receipt_is_one_document(host: Host) -> None:
    """The answer's number is the one after the last; the archive holds form 3 and the total; the document holds the
    items and what FF0Ch gave; the register is back in mode 2."""
    before = begun(host)
    host.ask(item(price=PRICE // 3, quantity=3_000_000))
    host.ask(c.SendTlv(tlv=tlv.encode([tlv.field(1008, "buyer@example.com")])))
    assert host.ask(c.ShortStatus()).mode == 8
    assert last(host) == before
    total = PRICE + PRICE // 3 * 3
    done = host.ask(closing(host, cash=total + 500))
    assert (done.document, done.change) == (before + 1, 500)
    found = host.ask(c.FindDocument(document=done.document))
    assert (found.type, found.total, found.sign) == (RECEIPT, total, done.sign)
    document = fields(host, done.document)
    assert len(tlv.find_all(document, 1059)) == 2
    contact = tlv.find(document, 1008)
    assert contact is not None
    assert tlv.value(contact) == "buyer@example.com"
    assert host.ask(c.ShortStatus()).mode == 2


def test_a_cancelled_receipt_is_none(host: Host) -> None:
    """88h leaves the drive's counter where it was."""
    before = begun(host)
    host.ask(c.CancelReceipt())
    assert last(host) == before
    assert host.ask(c.ShortStatus()).mode == 2


@pytest.mark.parametrize(
    ("payments", "code"), [((PRICE - 1, 0), 0x45), ((0, PRICE + 1), 0x4D)], ids=["too little", "too much by card"]
)
def test_wrong_payments_leave_the_receipt_open(host: Host, payments: tuple[int, int], code: int) -> None:
    """Refused, nothing registered, and the right sum closes it."""
    before = begun(host)
    assert host.refused(closing(host, *payments)) == code
    assert (host.ask(c.ShortStatus()).mode, last(host)) == (8, before)
    assert host.ask(closing(host)).document == before + 1


def test_a_refund_is_of_its_own_kind(host: Host) -> None:
    """The item's operation has to fit the receipt, and the document is a return."""
    with_shift(host)
    before = last(host)
    if host.ask(c.MoneyRegister(low=241)).value < PRICE:
        host.ask(c.CashIn(amount=PRICE))
    host.ask(c.OpenReceipt(type=REFUND))
    assert host.refused(item(operation=1)) == 0x49
    host.ask(item(operation=2))
    done = host.ask(closing(host))
    assert done.document == before + 1
    operation = tlv.find(fields(host, done.document), 1054)
    assert operation is not None
    assert tlv.value(operation) == 2


def test_cash_moves_the_drawer_and_no_document(host: Host) -> None:
    """50h and 51h change register 241; more than there is cannot be taken out."""
    with_shift(host)
    before, cash = last(host), host.ask(c.MoneyRegister(low=241)).value
    host.ask(c.CashIn(amount=777))
    assert host.ask(c.MoneyRegister(low=241)).value == cash + 777
    host.ask(c.CashOut(amount=777))
    assert host.ask(c.MoneyRegister(low=241)).value == cash
    assert host.refused(c.CashOut(amount=cash + 1)) == 0x46
    assert last(host) == before


def test_a_lost_answer_is_one_document(host: Host) -> None:
    """The host dies behind its closing command: the document exists once, and the next connection can find out."""
    before = begun(host)
    command = encode_frame(c.encode_request(closing(host)))
    host.idle()
    host.line.send(command)
    assert host.control() == ACK
    for _ in range(120):
        host.line.reopen()
        host.idle()
        if host.ask(c.ShortStatus()).mode != 8:
            break
        host.line.pause(0.5)
    assert last(host) == before + 1
    found = host.ask(c.FindDocument(document=before + 1))
    assert (found.type, found.total) == (RECEIPT, PRICE)


def test_an_x_report_is_no_document(host: Host) -> None:
    """40h leaves shift and drive as they are."""
    with_shift(host)
    before = last(host)
    host.ask(c.XReport())
    assert (last(host), host.ask(c.ShortStatus()).mode) == (before, 2)


def test_a_shift_closes(host: Host) -> None:
    """41h makes document 5 and mode 4; a second one is refused."""
    with_shift(host)
    before = last(host)
    host.ask(c.ZReport())
    assert (last(host), host.ask(c.ShortStatus()).mode) == (before + 1, 4)
    assert host.ask(c.FindDocument(document=before + 1)).type == CLOSING
    assert host.refused(c.ZReport()) in (0x73, 0x3D, 0x3C)
