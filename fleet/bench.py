"""Evidence from a drive on the bench: a register died with a receipt whose outcome only its drive knows, and the drive
is read in any other register. It is only read."""

from __future__ import annotations

from enum import StrEnum

import msgspec
import trio

from fleet.errors import FleetError
from fleet.journal.base import Discovered
from fleet.station.archive import receipts_of
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.errors import DriverError
from kkt_driver.intents import Intent

__all__ = ["BenchError", "Found", "Verdict", "judge", "look", "look_at"]

DOCUMENTS_MAX = 500
"""After the one before the receipt: its own comes next, others only if somebody went on with the drive."""

PATIENCE_S = 120.0


class BenchError(FleetError):
    """The register on the bench does not answer, or has another drive in it."""


class Verdict(StrEnum):
    """What the drive tells of a receipt."""

    REGISTERED = "registered"
    NOT_REGISTERED = "not_registered"
    AMBIGUOUS = "ambiguous"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the drive tells: `receipts` are those after the intent, `document` the one that it became."""

    drive: str
    verdict: Verdict
    why: str
    last_document: int
    document: Discovered | None
    receipts: list[Discovered]


def judge(intent: Intent, wanted: tuple[int, int], last: int, receipts: list[Discovered]) -> Found:
    """What became of the receipt that `intent` was about to make. `wanted`: its operation and total, kopecks."""
    mine = [one for one in receipts if intent.own_key is not None and one.own_key == intent.own_key]
    alike = [one for one in receipts if (one.operation, one.total) == wanted]
    document: Discovered | None = None
    if len(mine) == 1:
        verdict, why, document = Verdict.REGISTERED, f"document {mine[0].document} carries its own key", mine[0]
    elif mine or (alike and any(one.own_key is None for one in alike)):
        numbers = ", ".join(str(one.document) for one in mine or alike)
        verdict, why = Verdict.AMBIGUOUS, f"these fit and do not say whose they are: {numbers}"
    else:
        verdict = Verdict.NOT_REGISTERED
        why = f"no receipt after document {intent.last_document} (up to {last}) fits it"
    return Found(drive=intent.drive, verdict=verdict, why=why, last_document=last, document=document, receipts=receipts)


async def look_at(register: Register, intent: Intent, wanted: tuple[int, int], *, timezone: str) -> Found:
    """Read the drive in `register`. BenchError when it is not the one that the receipt was sent to."""
    identity = await register.run(procedures.identify())
    if identity.drive != intent.drive:
        raise BenchError(f"drive {identity.drive} is in that register, the receipt was sent to drive {intent.drive}")
    last = (await register.run(procedures.read_state())).last_document
    if last < intent.last_document:
        raise BenchError(f"drive {identity.drive} ends at document {last}, before the receipt: {intent.last_document}")
    numbers = range(intent.last_document + 1, min(last, intent.last_document + DOCUMENTS_MAX) + 1)
    receipts = await register.run(receipts_of(numbers, identity, station="bench", timezone=timezone))
    return judge(intent, wanted, last, receipts)


def look(address: str, intent: Intent, wanted: tuple[int, int], *, timezone: str) -> Found:
    """`look_at` the register at an address, from a command."""

    async def main() -> Found:
        with trio.fail_after(PATIENCE_S):
            async with Register.open(address, link="auto") as register:
                return await look_at(register, intent, wanted, timezone=timezone)

    try:
        return trio.run(main)
    except (DriverError, OSError, trio.TooSlowError, ValueError) as error:
        raise BenchError(f"{address}: {error}") from error
