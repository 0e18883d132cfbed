"""At every connect: who is at the other end, what may have been sent before, is the register set up for us."""

from __future__ import annotations

from fleet.station.doubt import Doubt
from fleet.station.reconciling import read_drive
from fleet.station.workplace import Workplace
from kkt_driver import procedures, recovery
from kkt_driver.client import Register
from kkt_driver.errors import Misuse

__all__ = ["commission"]


async def commission(register: Register, work: Workplace, doubt: Doubt) -> None:
    """Make the register ready for work. Whatever may have been sent is resolved before anything is put in order."""
    work.show("connecting")
    identity = await register.run(procedures.identify())
    _expect_company(identity, work)
    work.identity = identity
    work.state = None
    if work.intents.open is not None:
        await doubt.resolve(register)
    if work.interrupted is not None:
        await register.run(procedures.cancel_open(lost=work.interrupted))
        work.interrupted = None
    state = await register.run(procedures.read_state())
    state = await register.run(recovery.startup(state, unresolved=None, clock=work.local_now()))
    await register.run(procedures.prepare(identity, printing=False))
    work.state = state
    await read_drive(register, work)
    work.shift_opened = await register.run(procedures.shift_opened(state))


def _expect_company(identity: procedures.Identity, work: Workplace) -> None:
    if identity.inn != work.config.inn:
        raise Misuse(
            f"the drive {identity.drive} is registered for INN {identity.inn}, the configuration of station "
            f"{work.name} says {work.config.inn}: check the cable, or mend the configuration"
        )
