"""The replacement of a station's drive, one step at a time; each is journaled when it begins (`fleet.replacing`)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ffd.enums import ChangeReason
from fleet.replacing import AT_WORK, REPLACEMENT, WORDS, Plan, Seen, Step, next_step, plan_of
from fleet.station.own import OwnCommands
from fleet.station.shifts import Shifts
from fleet.station.workplace import Workplace
from kkt_driver import procedures
from kkt_driver.client import Register
from kkt_driver.commands import DriveNumber
from kkt_driver.effects import Procedure
from kkt_driver.errors import LineLost, Misuse
from kkt_driver.procedures.identity import Identity, read_number
from kkt_driver.verdicts import Registered

__all__ = ["POLL_S", "Replacement", "registration_of"]

POLL_S = 5.0
"""How often a register whose drive is about to be changed is looked at."""

KEEPS_OUT = "replacement"


def registration_of(identity: Identity) -> Procedure[procedures.Registration]:
    """The registration that a drive works under, as the next one needs it: the register's own table keeps the rest."""
    table = identity.drive_table
    agent = yield from read_number(table, 16)
    extended = yield from read_number(table, 21)
    return procedures.Registration(
        inn=identity.inn,
        rnm=identity.rnm,
        tax_systems=identity.tax_systems,
        work_mode=identity.work_mode,
        extended_mode=extended or 0,
        user=identity.user,
        address=identity.address,
        place=identity.place,
        operator_name=identity.operator_name,
        operator_inn=identity.operator_inn,
        sender=identity.sender,
        agent=agent or 0,
    )


class Replacement:
    """The replacement under way at one station, if there is one."""

    def __init__(self, work: Workplace, own: OwnCommands, shifts: Shifts) -> None:
        self._work = work
        self._own = own
        self._shifts = shifts
        self.plan: Plan | None = None
        self.step: Step | None = None

    async def load(self) -> None:
        """Take up what the journal has: after a start, and when a person said something."""
        records = await self._work.journal.records(self._work.name, [REPLACEMENT])
        self.plan = plan_of(records)
        if self.plan is None:
            self.step = None
            self._work.let_in(KEEPS_OUT)
        else:
            self._work.keep_out(KEEPS_OUT, "its drive is being replaced")

    async def begin(self, *, who: str, why: str, register: Register) -> None:
        """Journal the plan: from now on the station takes no receipts until it is done."""
        work = self._work
        assert work.identity is not None
        plan = Plan(
            who=who,
            why=why,
            serial=work.identity.serial,
            old=work.identity.drive,
            registration=await register.run(registration_of(work.identity)),
        )
        await work.journal.record(work.name, REPLACEMENT, {"step": "begun", "plan": msgspec.to_builtins(plan)})
        work.log.warning("the drive is going to be replaced", drive=plan.old, who=who, why=why)
        await self.load()

    def expect(self, identity: Identity) -> None:
        """The register at the end of the line is the one that the plan is for. Misuse when it is not."""
        if self.plan is not None and identity.serial != self.plan.serial:
            raise Misuse(f"register {identity.serial} answers, the drive of {self.plan.serial} is being replaced")

    async def turn(self, register: Register) -> bool:
        """Do the next step; False when somebody else's turn has to come first: the operator's or a person's."""
        step = await self._next()
        match step:
            case Step.CLOSE_SHIFT:
                await self._shifts.close(register)
            case Step.CLOSE_DRIVE:
                await self._form(register, "closing", self._close, reached=self._closed)
            case Step.CHANGE_REPORT:
                await self._form(register, "change", self._change, reached=self._registered)
            case Step.SWAP:
                await self._look_for_another(register)
                return False
            case Step.DONE:
                await self.load()
            case _:
                return False
        return True

    async def _next(self) -> Step:
        """The next step, journaled when it is another than before."""
        work, plan = self._work, self.plan
        assert plan is not None and work.identity is not None and work.state is not None
        step = next_step(
            plan,
            Seen(
                drive=work.identity.drive,
                phase=work.state.phase,
                shift_open=work.state.shift_open,
                unsent=work.unsent,
            ),
        )
        if step is not self.step:
            self.step = step
            detail = {"step": step.value, "drive": work.identity.drive, "document": work.state.last_document}
            await work.journal.record(work.name, REPLACEMENT, detail)
            work.log.info("replacement of the drive", step=step.value, what=WORDS[step])
            work.desk.changes.tell()
        return step

    async def _form(
        self,
        register: Register,
        action: str,
        begin: Callable[[str], Procedure[Registered]],
        *,
        reached: Callable[[], bool],
    ) -> None:
        work = self._work
        done = await self._own.carry_out(register, action, begin, reached)
        assert work.state is not None
        if done is not None:
            work.state = work.state.after(done)
        made = await register.run(procedures.find(work.state.last_document))
        if made is not None:
            detail = {"step": f"{action} made", "document": made.document, "sign": made.sign, "at": str(made.moment)}
            await work.journal.record(work.name, REPLACEMENT, detail)
            work.log.info("replacement of the drive", made=action, document=made.document, sign=made.sign)

    def _close(self, job: str) -> Procedure[Registered]:
        assert self._work.identity is not None
        return procedures.close_drive(job=job, identity=self._work.identity)

    def _closed(self) -> bool:
        return self._work.state is not None and self._work.state.phase != AT_WORK

    def _change(self, job: str) -> Procedure[Registered]:
        assert self._work.identity is not None and self.plan is not None
        return procedures.change_registration(
            self.plan.registration, ChangeReason.FISCAL_DRIVE_REPLACEMENT, job=job, identity=self._work.identity
        )

    def _registered(self) -> bool:
        return self._work.state is not None and self._work.state.phase == AT_WORK

    async def _look_for_another(self, register: Register) -> None:
        """LineLost when another drive is in: everything about the register has to be asked anew."""
        assert self.plan is not None
        if (await register.ask(DriveNumber())).drive != self.plan.old:
            raise LineLost("the drive was changed")
