"""Commands of technicians and of the register's maker: line parameters, dumps, resets, tests, firmware, authorisation.

The FEh commands are undocumented: their answers repeat FEh alone, and the reboot has none.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import U1, U2, U4, U5, Authorised, Bytes, Done, OperatorReply, Request, TextReply

__all__ = [
    "BeginDumpReply",
    "BeginDump",
    "DumpBlockReply",
    "DumpBlock",
    "AbortDump",
    "SetExchange",
    "ExchangeReply",
    "ReadExchange",
    "TechnologicalReset",
    "TestRun",
    "StopTest",
    "InitialiseTables",
    "GeneralReset",
    "LoaderVersionReply",
    "LoaderVersion",
    "Reboot",
    "TotalsReply",
    "Totals",
    "WriteFirmware",
    "PayOnline",
    "OnlinePaymentReply",
    "OnlinePayment",
    "OnlineRequisiteReply",
    "OnlineRequisite",
    "MonitoringToken",
    "ChallengeReply",
    "Challenge",
    "Authorise",
]


class BeginDumpReply(msgspec.Struct, frozen=True, kw_only=True):
    blocks: U2


class BeginDump(Authorised[BeginDumpReply], frozen=True, kw_only=True):
    """01h, with the service password (default 0): mode 1 until the last block was read or 03h."""

    device: U1


class DumpBlockReply(msgspec.Struct, frozen=True, kw_only=True):
    device: U1
    block: U2
    data: Bytes


class DumpBlock(Authorised[DumpBlockReply], frozen=True, kw_only=True):
    """02h: the next block, 32 bytes or up to 248. It moves on: never sent twice blindly."""


class AbortDump(Authorised[Done], frozen=True, kw_only=True):
    """03h. It does not end the reading of a fiscal document (FF3Bh to its end does)."""


class SetExchange(Authorised[Done], frozen=True, kw_only=True):
    """14h: `speed` is a code (0 to 9: 2400 … 921600), `timeout` the coded byte time-out.

    Confirmation and answer still come at the old speed; the choice of the link layer begins anew.
    """

    port: U1
    speed: U1
    timeout: U1


class ExchangeReply(msgspec.Struct, frozen=True, kw_only=True):
    speed: U1
    timeout: U1


class ReadExchange(Authorised[ExchangeReply], frozen=True, kw_only=True):
    port: U1 = 0


class TechnologicalReset(Request[Done], frozen=True, kw_only=True):
    pass


class TestRun(Authorised[OperatorReply], frozen=True, kw_only=True):
    """19h: prints every `minutes` (mode 10) until 2Bh."""

    minutes: U1


class StopTest(Authorised[OperatorReply], frozen=True, kw_only=True):
    """2Bh: end a test run (mode 10)."""


class InitialiseTables(Authorised[Done], frozen=True, kw_only=True):
    """24h: every setting as it left the factory."""


class GeneralReset(Authorised[Done], frozen=True, kw_only=True):
    """27h: clears the registers; refused once the register is registered."""


class LoaderVersionReply(msgspec.Struct, frozen=True, kw_only=True):
    version: U4


class LoaderVersion(Request[LoaderVersionReply], frozen=True, kw_only=True):
    argument: U4 = 0


class Reboot(Request[Done], frozen=True, kw_only=True):
    """FEF3h: there is no answer."""

    argument: U4 = 0


class TotalsReply(msgspec.Struct, frozen=True, kw_only=True):
    """FEF4h: kopecks; 4 sums by operation (sales, sale refunds, purchases, purchase refunds), or 16 by payment."""

    totals: Annotated[tuple[int, ...], c.numbers(8)]


class Totals(Request[TotalsReply], frozen=True, kw_only=True):
    """FEF4h: totals that nothing resets; kinds 0 and 5 give 4 sums, 1 to 4 give 16."""

    kind: U4


class WriteFirmware(Authorised[Done], frozen=True, kw_only=True):
    """FF4Eh: one block of a firmware file to the memory card."""

    file: U1
    block: U2
    data: Annotated[bytes, c.exactly(128)]


class PayOnline(Request[Done], frozen=True, kw_only=True):
    """FF50h: begin a payment by a built-in terminal, kopecks; FF51h tells what became of it."""

    type: U1
    input: U1
    amount: U5
    id: Annotated[str, c.asciiz]


class OnlinePaymentReply(msgspec.Struct, frozen=True, kw_only=True):
    system: U1
    type: U1
    amount: U5
    status: U1
    id: Annotated[str, c.asciiz]


class OnlinePayment(Request[OnlinePaymentReply], frozen=True, kw_only=True):
    pass


class OnlineRequisiteReply(msgspec.Struct, frozen=True, kw_only=True):
    text: Annotated[str, c.asciiz]


class OnlineRequisite(Request[OnlineRequisiteReply], frozen=True, kw_only=True):
    number: U1


class MonitoringToken(Request[TextReply], frozen=True, kw_only=True):
    pass


class ChallengeReply(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[bytes, c.exactly(16)]


class Challenge(Authorised[ChallengeReply], frozen=True, kw_only=True):
    """FF65h: a random sequence to be answered with FF66h; each call gives another."""


class Authorise(Authorised[Done], frozen=True, kw_only=True):
    data: Annotated[bytes, c.exactly(16)]
