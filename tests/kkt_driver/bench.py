"""A register on the bench: the driver's link and the emulated register joined in memory, with a clock we move.

`Bench.run` plays a procedure as a real runner would: every exchange goes through both link layers, a lost connection is
opened again, `Quiesce` lets the command's whole deadline pass.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fn_emulator.drive import Drive
from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.faults import Fault, FaultPlan
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver.commands import COMMANDS, FindDocumentReply, Request, command_of, decode_reply, encode_request
from kkt_driver.effects import Exchange, Pause, Procedure, Quiesce, Record
from kkt_driver.errors import AnswerLost, DriverError, NotSent
from kkt_driver.intents import Intent
from kkt_driver.link import Link, Lost, Reply, StandardLink
from kkt_driver.procedures.documents import find
from kkt_driver.procedures.identity import State, identify, read_state
from kkt_driver.procedures.receipts import receipt
from kkt_driver.procedures.shift import open_shift
from kkt_driver.verdicts import NotRegistered, Registered

__all__ = ["NOW", "Bench", "a_receipt", "an_item", "fresh"]

T = TypeVar("T")

PROOF_S = 3.0
NOW = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC."""


def an_item(**changes: Any) -> Item:
    item = Item(
        name="Чай зелёный, 100 г",
        price=25000,
        quantity=Decimal(2),
        total=50000,
        vat=VatRate.VAT_22,
        method=4,
        subject=1,
    )
    return msgspec.structs.replace(item, **changes)


def a_receipt(*items: Item, **changes: Any) -> Receipt:
    """A sale, paid by card unless `payments` say otherwise."""
    items = items or (an_item(),)
    made = Receipt(
        operation=Operation.INCOME,
        tax_system=TaxSystem.GENERAL,
        items=items,
        payments=Payments(cashless=sum(item.total for item in items)),
        buyer_contact="buyer@example.com",
    )
    return msgspec.structs.replace(made, **changes)


class Bench:
    """One register, one host, one line between them."""

    def __init__(
        self,
        *faults: tuple[str, Fault],
        link: Callable[[], Link] = StandardLink,
        register: EmulatedRegister | None = None,
        **options: Any,
    ) -> None:
        self.now = NOW
        self.register = register or registered(now=self.now, **options)
        self._make = link
        self._link: Link | None = None
        self.sent: list[str] = []
        self.requests: list[Request[Any]] = []
        self.intents: list[Intent] = []
        self.quiesced: list[str] = []
        self.identity = self.run(identify())
        self.state = self.run(read_state())
        self.fail(*faults)
        self.clear()

    def fail(self, *faults: tuple[str, Fault]) -> None:
        """The next command of each kind meets its fault."""
        plan: dict[str, list[Fault]] = {}
        for command, fault in faults:
            plan.setdefault(command, []).append(fault)
        self.register.faults = FaultPlan(plan)

    def clear(self) -> None:
        """Forget what was sent so far."""
        self.sent, self.requests = [], []

    # --- work -----------------------------------------------------------------------------------------------------

    def open_shift(self, *, again: NotRegistered | None = None) -> Registered:
        return self._do(open_shift(job="shift", identity=self.identity, state=self.state, again=again))

    def sell(self, what: Receipt | None = None, *, job: str = "job-1", **options: Any) -> Registered:
        what = what or a_receipt()
        return self._do(receipt(what, job=job, identity=self.identity, state=self.state, **options))

    def _do(self, procedure: Procedure[Any]) -> Registered:
        done: Registered = self.run(procedure)
        self.state = self.state.after(done)
        return done

    def documents(self, form: int = 3) -> list[FindDocumentReply]:
        """What the drive holds, whatever the driver believes."""
        records = [self.run(find(number)) for number in range(1, self.register.drive.last_document + 1)]
        return [record for record in records if record is not None and record.type == form]

    def look(self) -> State:
        return self.run(read_state())

    # --- the runner -------------------------------------------------------------------------------------------------

    def run(self, procedure: Procedure[T]) -> T:
        answer: Any = None
        failure: DriverError | None = None
        while True:
            try:
                effect = procedure.throw(failure) if failure is not None else procedure.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # StopIteration has no type for its value
            answer, failure = None, None
            try:
                match effect:
                    case Exchange():
                        answer = self._exchange(effect.request)
                    case Record():
                        answer = self._record(effect.intent)
                    case Quiesce():
                        self._hang_up()
                        self.now += COMMANDS[bytes.fromhex(effect.command)].deadline_s
                        self.quiesced.append(effect.command)
                    case Pause():
                        self._wait(effect.seconds)
            except DriverError as error:
                failure = error

    def _record(self, intent: Intent) -> Intent:
        assert self._link is not None
        intent = msgspec.structs.replace(intent, link=self._link.layer, frame=self._link.next_number)
        self.intents.append(intent)
        return intent

    def _exchange(self, request: Request[Any]) -> Any:
        row = command_of(request)
        link = self._connect()
        self.sent.append(row.hex)
        self.requests.append(request)
        link.send(encode_request(request), now=self.now, timeout_s=row.deadline_s)
        proving = False
        while True:
            out = link.outgoing()
            data = self.register.receive(out, self.now) if out else b""
            events = link.receive(data, now=self.now) if data else []
            if not events and not out:
                events = self._pass_time(link)
            for event in events:
                match event:
                    case Reply():
                        self._answer(link)
                        return decode_reply(request, event.body)
                    case Lost():
                        if event.sent and link.doubt and not proving:  # the link proof, on the same connection
                            proving = True
                            link.prove(now=self.now, timeout_s=PROOF_S)
                            continue
                        self._hang_up()
                        kind = AnswerLost if event.sent else NotSent
                        raise kind(event.why, command=row.hex)
            if self.register.hung_up:
                lost = link.hang_up()
                self._hang_up()
                raise (AnswerLost if lost is None or lost.sent else NotSent)("the line broke", command=row.hex)

    def _answer(self, link: Link) -> None:
        """The link's ACK of the answer goes out before anything else is sent."""
        out = link.outgoing()
        if out:
            self.register.receive(out, self.now)

    def _pass_time(self, link: Link) -> list[Any]:
        moments = [moment for moment in (link.deadline, self.register.deadline) if moment is not None]
        self.now = max(self.now, min(moments))
        data = self.register.handle_timeout(self.now)
        events: list[Any] = list(link.receive(data, now=self.now)) if data else []
        if not events and link.deadline is not None and self.now >= link.deadline:
            events = list(link.handle_timeout(now=self.now))
        return events

    def _wait(self, seconds: float) -> None:
        self.now += seconds
        self.register.handle_timeout(self.now)

    def _connect(self) -> Link:
        if self._link is None:
            self._link = self._make()
            self.register.connected(self.now)
        return self._link

    def _hang_up(self) -> None:
        if self._link is not None:
            self.register.disconnected(self.now)
        self._link = None

    def clock(self) -> datetime:
        """The wall clock at the register."""
        return datetime.fromtimestamp(self.now + 3 * 3600, tz=UTC).replace(tzinfo=None)


def fresh(*, now: float = NOW, **options: Any) -> EmulatedRegister:
    """A register whose drive waits for its registration; its tables are as they left the works."""
    drive = Drive(MemoryStorage(), number="9999078900000077", keys=DEMO_MASTER_KEY)
    return EmulatedRegister(drive, MemoryStorage(), serial="0099078900000077", now=now, **options)
