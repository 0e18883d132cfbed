"""Hands for register tests: a register in memory, the time, and the usual commands."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import pytest

from ffd import tlv
from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.operator import TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver import commands as c
from kkt_driver.errors import Refused

R = TypeVar("R", bound=msgspec.Struct)

START = 1_780_000_000.0
"""28 May 2026, 23:26:40 in Moscow."""

DAY = 86_400.0


class Desk:
    """A register and somebody who gives it commands. Time moves only when told to."""

    def __init__(self, *, shift: bool = False, now: float = START, **options: Any) -> None:
        self.now = now
        self.drive_storage, self.storage = MemoryStorage(), MemoryStorage()
        self.options = options
        self.register: EmulatedRegister = self._start()
        if shift:
            self.ask(c.OpenShift())

    def _start(self) -> EmulatedRegister:
        return registered(1, now=self.now, drive_storage=self.drive_storage, storage=self.storage, **self.options)

    def restart(self) -> None:
        """The process ends without a word and starts again on what it had written."""
        self.drive_storage = MemoryStorage(self.drive_storage.image)
        self.storage = MemoryStorage(self.storage.image)
        self.register = self._start()

    def ask(self, request: c.Request[R]) -> R:
        reply: R = self.register.ask(request, self.now)
        return reply

    def refused(self, request: c.Request[Any]) -> int:
        """The code with which a command is refused; fails when it is not."""
        with pytest.raises(Refused) as refusal:
            self.ask(request)
        return refusal.value.code

    @property
    def mode(self) -> int:
        return self.ask(c.ShortStatus()).mode

    @property
    def last_document(self) -> int:
        return self.ask(c.DriveStatus()).last_document

    def set(self, table: int, row: int, field: int, value: bytes) -> None:
        self.ask(c.WriteTable(table=table, row=row, field=field, value=value))

    def document(self, number: int) -> tuple[tlv.Tlv, ...]:
        """The fields of a document, read as a host reads them."""
        self.ask(c.SelectDocument(document=number))
        pieces: list[bytes] = []
        with pytest.raises(Refused, match="08h"):
            self._read_into(pieces)
        return tlv.decode(b"".join(pieces))

    def _read_into(self, pieces: list[bytes]) -> None:
        while True:
            pieces.append(self.ask(c.ReadDocument()).data)

    def values(self, number: int) -> dict[int, Any]:
        """Tag → value of a document; the last one counts."""
        return {field.tag: tlv.value(field) for field in self.document(number)}


def item(**changes: Any) -> c.Operation:
    """One FF46h: milk, two pieces, 179.00, without VAT."""
    usual: dict[str, Any] = {
        "operation": 1,
        "quantity": 2_000_000,
        "price": 8950,
        "rate": 8,
        "method": 4,
        "subject": 1,
        "name": "Молоко 3,2% 1л",
    }
    return c.Operation(**{**usual, **changes})


def closing(cash: int = 17900, *, tax_system: int = 1, **changes: Any) -> c.CloseReceipt:
    """One FF45h paid in cash unless `payments` says otherwise."""
    usual: dict[str, Any] = {"payments": (cash, *(0,) * 15), "tax_system": tax_system}
    return c.CloseReceipt(**{**usual, **changes})


def payments(cash: int = 0, cashless: int = 0, prepaid: int = 0, credit: int = 0, barter: int = 0) -> tuple[int, ...]:
    return (cash, cashless, *(0,) * 11, prepaid, credit, barter)


def sell(desk: Desk, *items: c.Operation, kind: int = 0, **changes: Any) -> c.CloseReceiptReply:
    """A whole receipt."""
    desk.ask(c.OpenReceipt(type=kind))
    for one in items or (item(),):
        desk.ask(one)
    return desk.ask(closing(**changes))


def carry(desk: Desk, operator: TestOperator, *, back: bool = True) -> int:
    """One round of a host that carries messages; gives the size of the message."""
    waiting = desk.ask(c.OutgoingMessage())
    message = b""
    while len(message) < waiting.size:
        count = min(waiting.block, waiting.size - len(message))
        message += desk.ask(c.ReadMessage(offset=len(message), count=count)).data
    if message and back:
        answer = operator.respond(message, now=desk.now)
        assert answer is not None
        desk.ask(c.BeginAnswer(size=len(answer)))
        for at in range(0, len(answer), waiting.block):
            piece = answer[at : at + waiting.block]
            desk.ask(c.WriteAnswer(offset=at, count=len(piece), data=piece))
    return waiting.size


def deliver_all(desk: Desk) -> int:
    """Everything to the operator; how many documents it were."""
    operator, count = TestOperator(master=DEMO_MASTER_KEY), 0
    while carry(desk, operator):
        count += 1
    return count
