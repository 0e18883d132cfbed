"""The station's own committing commands: shifts, reports, whatever makes a document that no shop asked for.

Each has a journaled intent like a receipt's, and a lost answer is resolved before anything else is sent.
"""

from __future__ import annotations

from collections.abc import Callable

from fleet.jobs import Done
from fleet.station.doubt import Doubt
from fleet.station.workplace import Workplace
from kkt_driver.client import Register
from kkt_driver.effects import Procedure
from kkt_driver.errors import DriverError, LineLost, Refused
from kkt_driver.verdicts import Registered

__all__ = ["OwnCommands"]

TRIES = 3
"""Each further one needs the proof that the one before left no document."""


class OwnCommands:
    """Carries out committing commands of one station."""

    def __init__(self, work: Workplace, doubt: Doubt) -> None:
        self._work = work
        self._doubt = doubt

    async def carry_out(
        self,
        register: Register,
        action: str,
        begin: Callable[[str], Procedure[Registered]],
        reached: Callable[[], bool],
    ) -> Registered | None:
        """Run `begin(job)`, a procedure that ends in a document, until it has. `reached` tells, after a doubt was
        resolved and the register's state was read anew, whether the command is done; then there is no answer to give
        back and the result is None.
        """
        work = self._work
        for _ in range(TRIES):
            try:
                done = await register.run(begin(f"{work.name}:{action}"))
            except DriverError as error:
                if work.intents.open is None:
                    work.note_interruption(error)
                    raise
                if isinstance(error, Refused) and error.proof:
                    evidence = {"refused": error.code, **error.proof.evidence}
                    await self._doubt.end_own(Done(evidence=evidence, executed=False))
                    raise
                await self._doubt.resolve(register)
                if reached():
                    return None
                continue
            await self._doubt.end_own(Done(evidence={"document": done.document, "shift": done.shift}))
            work.one_more_unsent()
            return done
        raise LineLost(f"{action} could not be finished")
