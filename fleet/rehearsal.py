"""`fleet check --dry-run`: a configuration at work before any of its registers is touched.

An emulated register stands in for each station, an emulated operator for the real one; journal, secrets and log live
in a folder that is thrown away. Every tenant makes one receipt through the daemon's own use cases, and every station
must come up: what is configured is seen to work together, not only to read well.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import trio

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fleet import config as settings
from fleet.daemon import open_daemon
from fleet.emulation import EmulatedRack
from fleet.jobs import Job, Order, State
from fleet.journal.base import Accepted
from fleet.usecases import NoRegister, UseCases

__all__ = ["Rehearsed", "rehearse"]

UP_S = 60.0
"""A station that has not come up by then will not."""

RECEIPT_S = 60.0

STATIONS_MAX = 100
"""Emulated registers of one rehearsal; of a larger rack the first so many stations."""

SUM = 100
"""Kopecks of the receipt that each tenant makes."""


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen to work, and what was not."""

    stations: list[str]
    receipts: list[str]
    problems: list[str]


def rehearse(config: settings.Config) -> Rehearsed:
    """Let the configuration work on emulated registers."""
    return trio.run(_rehearse, config)


async def _rehearse(config: settings.Config) -> Rehearsed:
    with tempfile.TemporaryDirectory(prefix="fleet-dry-run-") as folder:
        async with _emulated(config, Path(folder)) as ours, open_daemon(ours) as usecases:
            down = await _come_up(usecases)
            receipts: list[str] = []
            problems = [f"station {name}: {why}" for name, why in down.items()]
            for tenant in ours.tenants:
                made = await _make_one(usecases, ours, tenant)
                (receipts if made is None else problems).append(made or tenant.name)
            stations = [station.name for station in ours.stations if station.name not in down]
            return Rehearsed(stations=stations, receipts=receipts, problems=problems)


@asynccontextmanager
async def _emulated(config: settings.Config, folder: Path) -> AsyncIterator[settings.Config]:
    """The configuration with emulated registers in the places of its own, one rack for each company."""
    stations = config.stations[:STATIONS_MAX]
    addresses: dict[str, str] = {}
    operator = None
    async with AsyncExitStack() as stack:
        for inn in dict.fromkeys(station.inn for station in stations):
            mine = [station for station in stations if station.inn == inn]
            before = len(addresses)  # the same place in two racks is the same drive number: the first ones stay unused
            rack = EmulatedRack.start(
                log=folder / "rack.log", count=before + len(mine), inn=inn, base_port=0, operator_port=0
            )
            stack.callback(rack.end)
            said = await rack.ready()
            operator = f"tcp://{said['operator']}"
            addresses |= {
                station.name: there["address"] for station, there in zip(mine, said["registers"][before:], strict=True)
            }
        yield msgspec.structs.replace(
            config,
            state_dir=folder,
            journal="sqlite:///journal.sqlite",
            operator=_at(config.operator, operator),
            stations=tuple(msgspec.structs.replace(one, address=addresses[one.name], relay="host") for one in stations),
        )


def _at(operator: settings.Operator | None, address: str | None) -> settings.Operator | None:
    """An operator in the place of the real one: emulated registers know the same keys, so one serves all."""
    if operator is None or address is None:
        return None
    return msgspec.structs.replace(operator, addresses=(address,), marking=None, keys=None, pause_s=0.0)


async def _come_up(usecases: UseCases) -> dict[str, str]:
    """Wait for every station; those that did not come up, with what they say."""
    with trio.move_on_after(UP_S):
        while True:
            seen = usecases.change_count
            if all(view.state == "idle" or view.problem for view in usecases.rack()):
                break
            await usecases.changed(seen)
    return {view.name: view.problem or view.state for view in usecases.rack() if view.state != "idle"}


async def _make_one(usecases: UseCases, config: settings.Config, tenant: settings.Tenant) -> str | None:
    """One receipt of a tenant, confirmed where there is an operator; what went wrong, or None."""
    problem = None
    for tax_system in TaxSystem:
        order = Order(
            inn=tenant.inn,
            key="rehearsal",
            tenant=tenant.name,
            facade="rehearsal",
            raw=b"",
            receipt=_receipt(tax_system),
        )
        outcome = await usecases.accept(order)
        if isinstance(outcome, Accepted):
            return await _follow(usecases, outcome.job, tenant, confirmed=config.operator is not None)
        if isinstance(outcome, NoRegister):
            reasons = "; ".join(
                f"{name}: {', '.join(one.why for one in found)}" for name, found in outcome.obstacles.items()
            )
            problem = f"tenant {tenant.name}: no station may make its receipts ({reasons or 'none has its INN'})"
        else:
            return f"tenant {tenant.name}: {outcome}"
    return problem


async def _follow(usecases: UseCases, job: Job, tenant: settings.Tenant, *, confirmed: bool) -> str | None:
    wanted = (State.CONFIRMED,) if confirmed else (State.REGISTERED, State.CONFIRMED)
    with trio.move_on_after(RECEIPT_S):
        while True:
            seen = usecases.change_count
            found = await usecases.status(inn=tenant.inn, id=job.id)
            assert found is not None
            if found.state in wanted:
                return None
            if found.state in (State.REFUSED, State.QUARANTINED):
                return f"tenant {tenant.name}: its receipt is {found.state}: {found.reason}"
            await usecases.changed(seen)
    found = await usecases.job(job.id)
    assert found is not None
    why = f": {found.reason}" if found.reason else ""
    return f"tenant {tenant.name}: its receipt is still {found.state} after {RECEIPT_S:.0f} s{why}"


def _receipt(tax_system: TaxSystem) -> Receipt:
    item = Item(name="Rehearsal", price=SUM, quantity=Decimal(1), total=SUM, vat=VatRate.NO_VAT)
    return Receipt(operation=Operation.INCOME, tax_system=tax_system, items=(item,), payments=Payments(cashless=SUM))
