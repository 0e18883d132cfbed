"""Whole pieces of work over a register: a receipt, a shift, cash, each done once whatever happens on the way.

Here the parts come together that an integrator would else have to: who answers is checked at every connection, open
intents are resolved before anything else, a lost answer is asked after until it is decided, and a command is issued
again only by the proof that it left nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec
import trio

from ffd import documents, receipts
from ffd.receipts import Receipt
from kkt_driver import procedures
from kkt_driver.capabilities import Capabilities, read_capabilities
from kkt_driver.effects import Procedure
from kkt_driver.errors import LineLost, Malformed, NotSent, OutcomeUnknown, Refused, Undecided, WrongDevice
from kkt_driver.intents import FileIntentStore, Intent, IntentStore
from kkt_driver.procedures.cash import cash_in, cash_out
from kkt_driver.procedures.identity import Identity, State
from kkt_driver.recovery import startup
from kkt_driver.verdicts import Ambiguous, CashDone, NotRegistered, Registered, ShiftDone, Verdict

__all__ = ["Work"]

T = TypeVar("T")
D = TypeVar("D", bound=Registered | CashDone)

PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Growing pauses between questions to a register that does not answer; then the caller gets OutcomeUnknown."""

TRIES_MAX = 4
"""How often a receipt is begun when the line breaks before its close, or its close is proved to have left nothing."""

SHIFT_OVER = 3
SHIFT_CLOSED = 4


class Line(Protocol):
    """What work needs of the register below it."""

    @property
    def connections(self) -> int:
        """How many connections there have been: another number, and somebody else may answer."""

    @property
    def connected(self) -> bool: ...

    async def run(self, procedure: Procedure[T]) -> T: ...

    async def resolve(self, intent: Intent, *, clock: datetime | None = None) -> Verdict: ...


class Work:
    """Work over one register. `clock` gives the wall clock at the register, for a register that lost its own."""

    def __init__(
        self,
        line: Line,
        store: IntentStore | None,
        *,
        serial: str | None = None,
        drive: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._line, self._store, self._clock = line, store, clock
        self._serial, self._drive = serial, drive
        self._identity: Identity | None = None
        self._checked = 0
        self._state: State | None = None
        self._interrupted: str | None = None

    # --- who answers and in what state -----------------------------------------------------------------------------

    async def identity(self) -> Identity:
        """Who answers. WrongDevice when it is not the register (or the drive) that was asked for, or known before:
        a swapped cable, a renamed tty, another drive."""
        line = self._line
        if self._identity is None or not line.connected or self._checked != line.connections:
            found = await self._line.run(procedures.identify())
            self._expect(found)
            self._identity, self._checked, self._state = found, self._line.connections, None
        return self._identity

    def _expect(self, found: Identity) -> None:
        known = self._identity
        for what, is_now, was in (
            ("register", found.serial, self._serial or (known.serial if known else None)),
            ("drive", found.drive, self._drive or (known.drive if known else None)),
        ):
            if was is not None and is_now != was:
                raise WrongDevice(
                    f"{what} {is_now or 'without a number'} answers where {what} {was} was expected: "
                    "check cable and port; nothing was sent to it"
                )

    async def state(self) -> State:
        """Mode, shift and drive as they are now."""
        await self.identity()
        return await self._line.run(procedures.read_state())

    async def capabilities(self) -> Capabilities:
        """What the model can do."""
        return await self._line.run(read_capabilities())

    async def document(self, number: int) -> documents.Document | None:
        """A document of the drive, read back whole; None when there is no such number."""
        if await self._line.run(procedures.find(number)) is None:
            return None
        return documents.decode(await self._line.run(procedures.document(number)))

    # --- ready for work --------------------------------------------------------------------------------------------

    async def unresolved(self) -> tuple[Intent, ...]:
        """Open intents of this drive, oldest first."""
        identity = await self.identity()
        store = self._store
        return (
            tuple(one for one in store.open if one.drive == identity.drive)
            if isinstance(store, FileIntentStore)
            else ()
        )

    async def ready(self) -> State:
        """Resolve what is open, clear away what a broken line left, tell the state. Undecided: a person must look."""
        await self._settle_open()
        if self._interrupted is not None:
            self._state = None
            await self._line.run(procedures.cancel_open(lost=self._interrupted))
            self._interrupted = None
        if self._state is None:
            state = await self._line.run(procedures.read_state())
            clock = self._clock() if self._clock is not None else None
            self._state = await self._line.run(startup(state, unresolved=None, clock=clock))
        return self._state

    async def _settle_open(self) -> dict[tuple[str, str], Registered | CashDone | NotRegistered]:
        """Outcomes of all open intents of this drive, by job and action."""
        return {(one.job, one.action): await self.settle(one) for one in await self.unresolved()}

    async def settle(self, intent: Intent) -> Registered | CashDone | NotRegistered:
        """What became of an open intent, asked until it is decided; the register is asked nothing else meanwhile."""
        self._state = None
        pauses = iter(PAUSES_S)
        while True:
            try:
                clock = self._clock() if self._clock is not None else None
                verdict = await self._line.resolve(intent, clock=clock)
            except OutcomeUnknown:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await trio.sleep(pause)
                continue
            if isinstance(verdict, Ambiguous):
                raise Undecided(verdict)
            return verdict

    # --- work, once --------------------------------------------------------------------------------------------------

    async def receipt(
        self, what: Receipt | str | bytes, *, job: str, own_key: str | None = None, cashier_password: int | None = None
    ) -> Registered:
        """Register a receipt (or its JSON, `ffd.receipts.read`) once; the shift is opened, and closed when it is over.

        A job whose outcome the store still keeps is not done again: its outcome is given back. Refused: no document
        exists. LineLost: nothing was committed. OutcomeUnknown: ask `settle` later, or call this again with the same
        job. Undecided: a person must look.
        """
        receipt = what if isinstance(what, Receipt) else receipts.read(what)

        async def once(again: NotRegistered | None) -> Registered:
            state = await self._with_shift()
            identity = await self.identity()
            return await self._line.run(
                procedures.receipt(
                    receipt,
                    job=job,
                    identity=identity,
                    state=state,
                    own_key=own_key,
                    again=again,
                    cashier_password=cashier_password,
                )
            )

        done = await self._insist(once, job, "receipt")
        assert isinstance(done, Registered)
        return done

    def _known(self, job: str, action: str) -> Registered | CashDone | None:
        """What became of a job before; shifts are opened and closed again and again, so theirs is not asked."""
        kept = self._store.outcome(job, action) if isinstance(self._store, FileIntentStore) else None
        if kept is None or "reason" in kept.verdict:  # Ambiguous or NotRegistered: no outcome
            return None
        if action == "receipt":
            return msgspec.convert(kept.verdict, Registered)
        return msgspec.convert(kept.verdict, CashDone) if action in ("cash_in", "cash_out") else None

    async def _with_shift(self) -> State:
        state = await self.ready()
        if state.mode == SHIFT_OVER:
            await self.close_shift()
            state = await self.ready()
        if state.mode == SHIFT_CLOSED:
            await self.open_shift()
            state = await self.ready()
        return state

    async def open_shift(self, *, job: str = "shift") -> ShiftDone:
        """Open the shift (E0h), once."""
        return await self._shift(procedures.open_shift, job, "shift_open")

    async def close_shift(self, *, job: str = "shift") -> ShiftDone:
        """Close the shift (41h), once."""
        return await self._shift(procedures.close_shift, job, "shift_close")

    async def _shift(self, make: Callable[..., Procedure[ShiftDone]], job: str, action: str) -> ShiftDone:
        async def once(again: NotRegistered | None) -> ShiftDone:
            state = await self.ready()
            return await self._line.run(make(job=job, identity=await self.identity(), state=state, again=again))

        done = await self._insist(once, job, action)
        assert isinstance(done, ShiftDone)
        return done

    async def cash_in(self, amount: int, *, job: str) -> CashDone:
        """Put `amount` kopecks into the drawer, once."""
        return await self._cash(cash_in, amount, job, "cash_in")

    async def cash_out(self, amount: int, *, job: str) -> CashDone:
        """Take `amount` kopecks out of the drawer, once."""
        return await self._cash(cash_out, amount, job, "cash_out")

    async def _cash(self, make: Callable[..., Procedure[CashDone]], amount: int, job: str, action: str) -> CashDone:
        async def once(again: NotRegistered | None) -> CashDone:
            await self.ready()
            return await self._line.run(make(amount, job=job, identity=await self.identity(), again=again))

        done = await self._insist(once, job, action)
        assert isinstance(done, CashDone)
        return done

    async def _insist(
        self, once: Callable[[NotRegistered | None], Awaitable[D]], job: str, action: str
    ) -> Registered | CashDone:
        """Try until there is an outcome: again only after a proof, or when nothing was committed. What an earlier call
        left open is this one's outcome when it was the same work."""
        again: NotRegistered | None = None
        failure: LineLost | Malformed = NotSent("nothing was tried")
        for pause in PAUSES_S[:TRIES_MAX]:
            try:
                before = (await self._settle_open()).get((job, action)) or self._known(job, action)
                if isinstance(before, NotRegistered):
                    again = before
                elif before is not None:
                    return before
                done = await once(again)
            except OutcomeUnknown as unknown:
                outcome = await self.settle(unknown.intent)
                if (unknown.intent.job, unknown.intent.action) == (job, action):
                    if not isinstance(outcome, NotRegistered):
                        return outcome
                    again = outcome
            except Refused:
                self._state = None
                raise
            except (LineLost, Malformed) as error:
                self._state = None
                self._interrupted = getattr(error, "command", "") or "FF45"
                failure = error
                await trio.sleep(pause)
            else:
                known = self._state
                self._state = known.after(done) if known is not None and isinstance(done, Registered) else None
                return done
        if again is None:
            raise failure
        raise NotSent(f"job {job} was tried {TRIES_MAX} times, and each time it is proved that nothing was left")
