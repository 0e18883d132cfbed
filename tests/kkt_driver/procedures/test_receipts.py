"""The commands of a receipt, named one by one: each is a round trip in every receipt of a rack."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

import msgspec
import pytest

from ffd import receipts, tlv
from ffd.documents import ReceiptDocument
from ffd.receipts import Payments, Receipt, UserAttribute
from fn_emulator.register.model import MODELS
from kkt_driver import commands as k
from kkt_driver.procedures.documents import read
from kkt_driver.procedures.identity import identify, prepare
from kkt_driver.procedures.receipts import short_key
from kkt_driver.procedures.registration import register
from tests.kkt_driver.bench import Bench, a_receipt, an_item, fresh
from tests.kkt_driver.procedures.test_registration import OWNER

WEIGHED = an_item(name="Сыр", quantity=Decimal("0.350"), price=100000, total=35000, measure=11)
LONG = {
    "settlement_address": "Москва, " + "я" * 200,
    "cashier_name": "Иванова " + "А" * 50,
    "cashier_inn": "770708389330",
}

FIXTURES: dict[str, tuple[Receipt, str]] = {
    "one line": (a_receipt(), "8D FF46 FF0C FF01 FF45"),
    "one line, cash": (a_receipt(payments=Payments(cash=50000)), "8D FF46 FF0C 89 FF01 FF45"),
    "one weighed line": (a_receipt(WEIGHED), "8D FF46 FF4D FF0C FF01 FF45"),
    "two lines, one weighed": (a_receipt(an_item(), WEIGHED), "8D FF46 FF46 FF4D FF0C FF01 FF45"),
    "long fields": (a_receipt(**LONG), "8D FF46 FF0C FF0C FF01 FF45"),
    "hundred lines": (a_receipt(*[an_item()] * 100), "8D" + " FF46" * 100 + " FF0C FF01 FF45"),
    "refund": (a_receipt(operation=2), "8D FF46 FF0C FF01 FF45"),
    "expense": (a_receipt(operation=3), "8D FF46 FF0C FF01 FF45"),
}


@pytest.fixture(scope="module")
def bench() -> Bench:
    bench = Bench()
    bench.run(prepare(bench.identity))  # answers carry the moment, so the archive need not be asked for it
    bench.open_shift()
    return bench


@pytest.mark.parametrize("name", FIXTURES)
def test_a_receipt_takes_these_commands_and_no_other(bench: Bench, name: str) -> None:
    """Open, FF46h for each item, FF4Dh for each that needs tags, FF0Ch for each 250 bytes of fields, FF01h, FF45h;
    with cash 89h, for the register would give change of what it lost."""
    what, commands = FIXTURES[name]
    bench.clear()
    done = bench.sell(what, job=name)
    assert bench.sent == commands.split()
    made = bench.run(read(done.document))
    assert isinstance(made, ReceiptDocument)
    assert (made.receipt_total, len(made.items)) == (what.total, len(what.items))


@pytest.mark.parametrize("name", FIXTURES)
def test_the_count_is_the_least_the_protocol_allows(name: str) -> None:
    """3 commands, one for each item, one for each item's tags, ⌈fields / 250⌉: whole fields leave gaps of at most one
    field, so no more than one command above the bound."""
    what, commands = FIXTURES[name]
    key = UserAttribute(name="job", value=short_key(name))
    fields = tlv.encode(
        receipts.tags(Receipt(**{n: getattr(what, n) for n in what.__struct_fields__} | {"user_attribute": key}))
    )
    tagged = sum(bool(receipts.item_tags(item)) for item in what.items)
    least = 3 + len(what.items) + tagged + ceil(len(fields) / 250) + bool(what.payments.cash)
    assert len(commands.split()) == least


def test_a_mobile_register_takes_the_tags_before_their_item() -> None:
    """Cashcore and mobile models bind FF4Dh to the item that follows: after it, the tags would go to the next one."""
    bench = Bench(register=fresh(model=MODELS["shtrih-mobile-f"]))
    bench.run(register(OWNER, job="r", identity=bench.identity))
    bench.identity, bench.state = bench.run(identify()), bench.look()
    bench.open_shift()
    bench.clear()
    done = bench.sell(a_receipt(WEIGHED, an_item()))
    assert bench.sent[:4] == ["8D", "FF4D", "FF46", "FF46"]
    made = bench.run(read(done.document))
    assert isinstance(made, ReceiptDocument)
    assert [item.item_quantity_measure for item in made.items] == [11, 0]


def test_a_register_of_forms_makes_forms() -> None:
    """Registered for strict-reporting forms (work mode bit 4) the same commands make a document 4."""
    bench = Bench(register=fresh())
    owner = msgspec.structs.replace(OWNER, work_mode=1 << 4)
    bench.run(register(owner, job="r", identity=bench.identity))
    bench.identity, bench.state = bench.run(identify()), bench.look()
    bench.open_shift()
    done = bench.sell()
    forms = {record.type for form in (3, 4) for record in bench.documents(form)}
    assert forms == {4}
    assert done.document == 3


def test_commands_of_a_receipt_carry_the_cashiers_password() -> None:
    """The receipt belongs to the cashier; reads and the cure belong to the system administrator."""
    bench = Bench()
    bench.open_shift()
    bench.clear()
    bench.sell(cashier_password=1)
    passwords = {
        type(request).__name__: request.password for request in bench.requests if isinstance(request, k.Authorised)
    }
    assert passwords["OpenReceipt"] == passwords["Operation"] == passwords["CloseReceipt"] == 1
    assert passwords["DriveStatus"] == 30
