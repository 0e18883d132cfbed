"""Cash in and cash out: no document is formed, so counters of the register tell whether the money moved."""

from __future__ import annotations

from kkt_driver.commands import MoneyRegister, OperationRegister
from kkt_driver.effects import Procedure, ask
from kkt_driver.intents import CashCounters, Intent
from kkt_driver.recovery.tables import Found

__all__ = ["cash_moved", "read_cash"]

DRAWER = 241
NUMBERS = {"cash_in": 155, "cash_out": 156}
"""Operation registers with the numbers of cash-ins and payouts; they go on over shifts (153 and 154 do not)."""

WRAP = 0x10000


def read_cash(action: str, *, password: int = 30) -> Procedure[CashCounters]:
    """The counters of `action`, cash_in or cash_out: read them for the intent, and again to resolve it."""
    drawer = yield from ask(MoneyRegister.numbered(DRAWER, password=password))
    number = yield from ask(OperationRegister(password=password, number=NUMBERS[action]))
    return CashCounters(drawer=drawer.value, number=number.value)


def cash_moved(intent: Intent, now: CashCounters | None) -> Found:
    """One more of its kind and the drawer moved by the amount: ours. No more of its kind: it was not executed."""
    before = intent.cash
    if before is None or now is None:
        return Found.DOUBT
    more = (now.number - before.number) % WRAP
    if more == 0:
        return Found.NONE
    signed = intent.amount if intent.action == "cash_in" else -intent.amount
    return Found.OURS if more == 1 and now.drawer - before.drawer == signed else Found.DOUBT
