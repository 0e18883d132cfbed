"""A fleet in memory for tests of the doors: it keeps jobs by (INN, key) and moves them when it is told to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from fleet.config import Config, Http, Station, Tenant
from fleet.figures import Figures, JournalWork
from fleet.jobs import Job, Order, Result, State
from fleet.journal.base import Accepted, Duplicate
from fleet.usecases import Health, NoRegister, QueueFull, QueueView, StationView, UseCases

NOW = 1_795_428_000.0  # 2026-11-23 10:00:00 UTC, 13:00 in Moscow
INN = "9900000000"
OTHER_INN = "7707083893"
PASSWORD = "open sesame"
PASSWORD_HASH = "scrypt$2$1$1$c2FsdA==$wtjvNeNSY4LnFQFMPiCIRSquHhoETffSC54M0snMygY="  # cheap on purpose
TENANT = Tenant(name="demo", login="demo", password_hash=PASSWORD_HASH, inn=INN)
OTHER_TENANT = Tenant(name="other", login="other", password_hash=PASSWORD_HASH, inn=OTHER_INN)


def make_config(*, http: Http | None = None, demo: bool = False) -> Config:
    """Two tenants, two stations in different time zones."""
    from pathlib import Path

    return Config(
        name="rack-1",
        state_dir=Path("unused"),
        http=http or Http(),
        tenants=(TENANT, OTHER_TENANT),
        stations=(
            Station(name="k1", address="tcp://127.0.0.1:7801", inn=INN),
            Station(name="k2", address="tcp://127.0.0.1:7802", inn=INN, timezone="Asia/Yekaterinburg"),
        ),
        demo=demo,
    )


RESULT = Result(
    serial="0000000000017",
    drive="9999078902000017",
    rnm="0000000400054952",
    document=1045,
    sign=2364009522,
    moment=datetime(2026, 11, 23, 13, 40, 30),
    shift=12,
    receipt=5,
    total=398100,
    operation=1,
    station="k1",
    model="Эмулятор",
)


class UseCasesDouble(UseCases):
    """Answers like `UseCases` from a dict. What it should answer otherwise is set as an attribute."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.orders: list[Order] = []
        self.instead: QueueFull | NoRegister | Exception | None = None
        self.views: list[StationView] = [
            StationView(
                name="k1",
                address="tcp://127.0.0.1:7801",
                link="standard",
                state="idle",
                serial="0000000000017",
                drive="9999078902000017",
                inn=INN,
                tax_systems=63,
                shift_open=True,
                shift=12,
                receipt=5,
                last_document=1045,
            ),
            StationView(name="k2", address="tcp://127.0.0.1:7802", link="alternative", state="connecting"),
        ]
        self.ready = True
        self.figures = Figures()
        self.oldest_at: float | None = None

    async def accept(self, order: Order) -> Accepted | Duplicate | QueueFull | NoRegister:
        if isinstance(self.instead, Exception):
            raise self.instead
        if self.instead is not None:
            return self.instead
        for job in self.jobs.values():
            if (job.inn, job.key) == (order.inn, order.key):
                return Duplicate(job=job, same=job.receipt == order.receipt)
        self.orders.append(order)
        job = Job(
            id=str(UUID(int=len(self.orders), version=4)),
            inn=order.inn,
            key=order.key,
            tenant=order.tenant,
            facade=order.facade,
            state=State.ACCEPTED,
            accepted_at=NOW,
            changed_at=NOW,
            receipt=order.receipt,
        )
        self.jobs[job.id] = job
        return Accepted(job=job)

    def move(self, id: str, state: State, **fields: Any) -> Job:
        """Put a job into a state."""
        self.jobs[id] = msgspec.structs.replace(self.jobs[id], state=state, **fields)
        return self.jobs[id]

    async def status(self, *, inn: str, id: str | None = None, key: str | None = None) -> Job | None:
        if isinstance(self.instead, Exception):
            raise self.instead
        found = [job for job in self.jobs.values() if job.inn == inn and (job.id == id if id else job.key == key)]
        return found[0] if found else None

    async def job(self, id: str) -> Job | None:
        return self.jobs.get(id)

    async def latest(self, limit: int = 20) -> list[Job]:
        return list(self.jobs.values())[::-1][:limit]

    def rack(self) -> list[StationView]:
        return self.views

    def queue(self) -> QueueView:
        up = sum(view.state == "idle" for view in self.views)
        waiting = sum(job.state is State.ACCEPTED for job in self.jobs.values())
        return QueueView(
            waiting=waiting,
            limit=100,
            stations=2,
            stations_up=up,
            expected_wait_s=1.0 if up else None,
            oldest_at=self.oldest_at,
        )

    def counts(self) -> dict[State, int]:
        return {state: sum(job.state is state for job in self.jobs.values()) for state in State}

    def journal_work(self) -> JournalWork:
        return JournalWork(commits=7, verbs=21)

    def health(self) -> Health:
        return Health(alive=True, ready=self.ready, problems=[] if self.ready else ["k1: no line"])


def body(request: Mapping[str, Any] | None = None, **customer: Any) -> dict[str, Any]:
    """A good request of one kettle, with fields replaced: `request` on the outer level, the rest in CustomerReceipt."""
    return {
        "Request": {
            "Inn": INN,
            "Type": "Income",
            "InvoiceId": "shop-000123",
            "CustomerReceipt": {
                "TaxationSystem": "Common",
                "Email": "anna@example.com",
                "Items": [item()],
                **customer,
            },
            **(request or {}),
        }
    }


def item(**fields: Any) -> dict[str, Any]:
    """Two kettles of 1990.50."""
    return {"Label": "Чайник", "Price": 1990.5, "Quantity": 2, "Amount": 3981, "Vat": "Vat22", **fields}
