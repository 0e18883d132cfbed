"""Orders to journal, and the engines that every verb must work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fleet.jobs import Order
from fleet.journal import Journal, SqliteJournal

ENGINES = ("sqlite inline", "sqlite threaded")


@pytest.fixture
def order() -> Callable[..., Order]:
    """Make an order: `order("key")`, `order("key", price=200, inn="7707083893")`."""

    def make(key: str, *, price: int = 100, inn: str = "9900000000", contact: str | None = "a@b.example") -> Order:
        item = Item(name="Чай", price=price, quantity=Decimal("1.5"), total=price * 3 // 2, vat=VatRate.NO_VAT)
        receipt = Receipt(
            operation=Operation.INCOME,
            tax_system=TaxSystem.GENERAL,
            items=(item,),
            payments=Payments(cashless=item.total),
            buyer_contact=contact,
        )
        raw = msgspec.json.encode({"InvoiceId": key, "Email": contact})
        return Order(inn=inn, key=key, tenant="demo", facade="ferma", raw=raw, receipt=receipt)

    return make


class Clock:
    """Unix time that moves when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal may be made."""
    return tmp_path / "journal.sqlite"


@pytest.fixture
def threaded(path: Path) -> Iterator[SqliteJournal]:
    """The engine of a daemon, at `path`; its clock stands at 7."""
    with SqliteJournal.open(path, clock=lambda: 7.0, durable=False) as opened:
        yield opened


@pytest.fixture(params=ENGINES)
def journal(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    """Each engine in turn, empty."""
    threaded = request.param == "sqlite threaded"
    with SqliteJournal.open(tmp_path / "journal.sqlite", clock=clock, threaded=threaded, durable=False) as opened:
        yield opened
