"""One world: a host, an emulated register, a line between them, and everything that may go wrong, from one seed.

The host is the driver as it ships (runner, links, procedures, recovery); time is a number that jumps from one event to
the next. Hosts are killed at any moment and come back with what their intent store holds; power goes at any moment;
another program may use the register. `play(seed)` ends with the ledger: what the host claims of each job.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, TypeVar

import msgspec

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt
from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.faults import Fault
from fn_emulator.storage import MemoryStorage
from fn_emulator.stub_signs import StubKeys
from kkt_driver import commands as k
from kkt_driver.commands import code_of
from kkt_driver.effects import Procedure
from kkt_driver.effects import play as by_hand
from kkt_driver.errors import LineLost, Malformed, NotSent, OutcomeUnknown, Refused, WrongDevice
from kkt_driver.intents import Intent
from kkt_driver.link import AlternativeLink, Link, StandardLink
from kkt_driver.procedures.cash import cash_in, cash_out
from kkt_driver.procedures.identity import Identity, State, identify, read_state
from kkt_driver.procedures.receipts import cancel_open, receipt
from kkt_driver.procedures.shift import close_shift, open_shift
from kkt_driver.recovery import resolve, startup
from kkt_driver.runner import Runner, Want
from kkt_driver.trace import describe
from kkt_driver.verdicts import Ambiguous, CashDone, NotRegistered, Registered
from tests.simulation.line import Line, Rates

__all__ = ["Job", "Ledger", "World", "play"]

T = TypeVar("T")

START = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC."""
ZONE_S = 3 * 3600
STEPS_MAX = 60_000
"""Events of one world: far above what the most troubled one needs, so that a loop that never ends is found."""
RESTART_S = 1.0
"""A killed host takes at least so long to come back. What it had written by then has left the machine: the driver
waits for late bytes of committing commands by itself, those of half a receipt are the system's to send."""

STORM_TRIES = (100, 30, 30, 30)
"""A line so bad that no document can be read over it must get better some day for a job to come to its end. Long storms
cost a third of all the time, so only every fourth world has them."""
CALM_TRIES = 150
"""Enough for everything to come to its end once nothing goes wrong any more."""

COMMITTING = frozenset(row.code for row in k.COMMANDS.values() if row.kind is k.Kind.COMMITTING)

FAULTS = tuple(
    fault
    for fault in Fault
    if fault.name
    in (
        "COMMAND_LOST", "ANSWER_LOST", "CUT_BEFORE", "CUT_AFTER", "POWER_BEFORE", "POWER_BEFORE_COMMIT",
        "POWER_AFTER_COMMIT", "POWER_AFTER", "DRIVE_SILENT", "DRIVE_SILENT_AFTER_COMMIT",
    )
)  # fmt: skip


class Killed(BaseException):
    """The host dies here: no `except`, no `finally` of the driver may save anything."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the business wants once."""

    name: str
    kind: str
    amount: int = 0
    keyed: bool = True


class Ledger(msgspec.Struct, kw_only=True):
    """What was wanted, what the host claims, and what others did."""

    jobs: list[Job]
    claims: dict[str, Registered | CashDone | Ambiguous]
    foreign_documents: set[int]
    foreign_cash: int = 0
    foreign_moves: int = 0


class Trouble:
    """Faults inside the register, by chance."""

    def __init__(self, chance: Random, rate: float, aim: float) -> None:
        self._chance, self._rate, self._aim = chance, rate, aim
        self.quiet = False

    def on_command(self, body: bytes, now: float) -> Fault | None:
        if self.quiet:
            return None
        rate = self._aim if code_of(body) in COMMITTING else self._rate
        return self._chance.choice(FAULTS) if self._chance.random() < rate else None


@cache
def _fresh() -> tuple[bytes, bytes, Identity]:
    """A registered drive and its register as bytes, so that no world has to register one."""
    storages = MemoryStorage(), MemoryStorage()
    register = registered(1, now=START, drive_storage=storages[0], storage=storages[1], keys=StubKeys.derive)
    return storages[0].image, storages[1].image, _identify(register)


def _identify(register: EmulatedRegister) -> Identity:
    return by_hand(identify(), lambda request: register.ask(request, START))


def a_receipt(total: int, *, cash: bool) -> Receipt:
    """One or two items that make `total` kopecks."""
    half = total // 3
    items = tuple(
        Item(name=name, price=price, quantity=Decimal(1), total=price, vat=VatRate.VAT_22, method=4, subject=1)
        for name, price in (("Чай", total - half), ("Кофе", half))
        if price
    )
    payments = Payments(cash=total) if cash else Payments(cashless=total)
    return Receipt(operation=Operation.INCOME, tax_system=TaxSystem.GENERAL, items=items, payments=payments)


class World:
    """Everything there is, from one seed."""

    def __init__(self, seed: int) -> None:
        chance = self.chance = Random(seed)
        self.now = START
        level = chance.choice((0.0, 0.004, 0.015, 0.05))
        drive, storage, self.identity = _fresh()
        self.register = registered(
            1,
            now=START,
            keys=StubKeys.derive,
            drive_storage=MemoryStorage(drive),
            storage=MemoryStorage(storage),
            durations=chance.choice(({}, {"FF45": 0.5}, {"E0": 35.0, "FF45": 2.0, "41": 3.0, "50": 1.0})),
            keeps_answer=chance.random() < 0.7,
            stray_ff=chance.random() < 0.2,
        )
        self.aim = chance.choice((0.0, 0.0, 0.2, 0.5))
        """Chance that the commands which matter meet trouble."""
        self.trouble = self.register.faults = Trouble(chance, chance.choice((0.0, 0.01, 0.03, 0.1)), self.aim)
        self.power_cut_s = chance.choice((math.inf, 60.0, 15.0))
        """Mean time between power cuts."""
        self.kill = chance.choice((0.0, 0.0, 0.002, 0.01))
        """Chance that the host dies at one step."""
        self.foreign = chance.choice((0.0, 0.0, 0.02, 0.1))
        """Chance that another program does something between two steps of the host."""
        self.link: Callable[[], Link] = chance.choice((StandardLink, AlternativeLink))
        rates = Rates(
            lost=level * chance.random(),
            damaged=level * chance.random(),
            late=level * chance.random(),
            cut=level * chance.random() / 2,
            serial=chance.random() < 0.3,
        )
        self.line = Line(chance, rates)
        self.leaves_ack = chance.random() < 0.5
        """Whether the host sends the ACK of a run's last answer with the next frame, when that may come at once."""
        self.power_at = START + chance.expovariate(1 / self.power_cut_s) if self.power_cut_s < math.inf else math.inf
        self.steps = self.tries = 0
        self.storm_tries = STORM_TRIES[seed % len(STORM_TRIES)]
        self.quiet = False
        self.inbox: list[bytes] = []
        self.intents: list[Intent] = []
        """The durable store."""
        self.settled: dict[str, Registered | CashDone | Ambiguous] = {}
        """What the store keeps of outcomes, for whoever is killed between the outcome and its use."""
        self.note: Callable[[float, str, str], None] | None = None
        """Called with everything that happens, for a person to read."""
        self.ledger = Ledger(jobs=self._jobs(), claims={}, foreign_documents=set())
        self.host = Host(self)

    def _jobs(self) -> list[Job]:
        chance = self.chance
        keyed = self.foreign > 0 or chance.random() < 0.6
        jobs = [Job(name="open", kind="shift_open")]
        total = 10_000
        for index in range(chance.randrange(2, 5)):
            kind = chance.choice(("receipt", "receipt", "receipt", "cash_in", "cash_out"))
            if kind == "receipt" and chance.random() < 0.5:
                total += 1_000  # else an equal receipt follows
            amount = total if kind == "receipt" else (7_000 + index if kind == "cash_in" else 10 + index)
            jobs.append(Job(name=f"{kind}-{index}", kind=kind, amount=amount, keyed=keyed))
        return [*jobs, Job(name="close", kind="shift_close")]

    # --- time ------------------------------------------------------------------------------------------------------

    def advance(self, until: float) -> None:
        """Let one thing happen: the next event, or `until` when nothing comes before it."""
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise AssertionError("this world never ends")
        arrival, deadline = self.line.next_arrival, self.register.line.deadline  # it does nothing by itself
        moment = until
        if arrival is not None and arrival < moment:
            moment = arrival
        if deadline is not None and deadline < moment:
            moment = deadline
        if self.power_at < moment:
            moment = self.power_at
        if moment > self.now:
            self.now = moment
        if self.now >= self.power_at:
            self.power_at = self.now + self.chance.expovariate(1 / self.power_cut_s)
            self.register.power_cycle(self.now)
            self.tell("!", "power cut")
            return
        if deadline is not None and self.now >= deadline:
            self._say(self.register.handle_timeout(self.now))
        self.line.arrived(self.now, self._deliver)

    def _deliver(self, towards: str, connection: int, data: bytes) -> None:
        if towards == "register":
            self._say(self.register.receive(data, self.now))
        elif connection == self.line.connection or self.line.rates.serial:
            self.inbox.append(data)

    def _say(self, out: bytes) -> None:
        if out:
            self.line.send(out, "host", self.now)

    # --- another program ---------------------------------------------------------------------------------------------

    def interfere(self) -> None:
        """Another program on the register does something of its own, when the register lets it."""
        if self.quiet or self.chance.random() >= self.foreign:
            return
        last = self.register.drive.last_document
        match self.chance.randrange(4):
            case 0:
                for request in (
                    k.OpenReceipt(type=0),
                    k.Operation(operation=1, quantity=1_000_000, price=10_000, rate=0x0B | 0xC0, method=4, subject=1),
                    k.CloseReceipt(payments=(0, 10_000, *[0] * 14), tax_system=1),
                ):
                    if not self._act(request):
                        break
            case 1 if self.register.core.mode == 2:
                self._act(k.ZReport())
                self._act(k.OpenShift())
            case 2:
                if self._act(k.CashIn(amount=500)):
                    self.ledger.foreign_cash += 500
                    self.ledger.foreign_moves += 1
            case _:
                self._act(k.ShortStatus())
        self.ledger.foreign_documents |= set(range(last + 1, self.register.drive.last_document + 1))

    def _act(self, request: k.Request[Any]) -> bool:
        faults, self.register.faults = self.register.faults, None
        try:
            self.register.ask(request, self.now)
        except Refused:
            return False
        finally:
            self.register.faults = faults
        return True

    # --- hosts -------------------------------------------------------------------------------------------------------

    def maybe_kill(self) -> None:
        if not self.quiet and self.chance.random() < self.kill:
            raise Killed

    def play(self) -> Ledger:
        """All jobs, through as many lives of the host as it takes."""
        for job in self.ledger.jobs:
            while job.name not in self.ledger.claims:
                try:
                    self.ledger.claims[job.name] = self.host.insist(job)
                except Killed:
                    self.tell("!", "host killed")
                    self.line.connect()  # the system closes what the process had open
                    self._wait(RESTART_S + self.chance.random() * 3)
                    self.host = Host(self)
        self.calm()
        self._wait(200)
        return self.ledger

    def describe(self) -> str:
        """What kind of world this is."""
        return (
            f"{self.link.__name__}, jobs {[job.name for job in self.ledger.jobs]}, {self.line.rates}, "
            f"kill {self.kill}, foreign {self.foreign}, power cut every {self.power_cut_s} s"
        )

    def tell(self, direction: str, what: str) -> None:
        if self.note is not None:
            self.note(self.now, direction, what)

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.quiet = self.trouble.quiet = self.line.quiet = True
        self.power_at = math.inf

    def _wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.advance(until)

    def clock(self) -> datetime:
        """The wall clock at the register."""
        return datetime.fromtimestamp(self.now + ZONE_S, tz=UTC).replace(tzinfo=None)


class Host:
    """One life of a process that uses the driver as an integrator would."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.runner = Runner(link=world.link)
        self.lost: str | None = None

    # --- a job -------------------------------------------------------------------------------------------------------

    def insist(self, job: Job) -> Registered | CashDone | Ambiguous:
        """What a station does until a job has an outcome: the same few moves for every failure."""
        world = self.world
        if job.name in world.settled:
            return world.settled[job.name]
        again: NotRegistered | None = None
        while world.tries < world.storm_tries + CALM_TRIES:
            world.tries += 1
            if world.tries == world.storm_tries:
                world.calm()
            world.interfere()
            try:
                if world.intents:
                    intent = world.intents[0]
                    verdict = self.run(resolve(intent, clock=world.clock()))
                    self._clear(intent, verdict)
                    if not isinstance(verdict, NotRegistered):
                        if intent.job == job.name:
                            return verdict
                        continue
                    if intent.job == job.name:
                        again = verdict
                if self.lost is not None:
                    self.run(cancel_open(lost=self.lost))
                    self.lost = None
                state = self.run(startup(self.run(read_state()), unresolved=None, clock=world.clock()))
                if (state.mode == 4) is state.shift_open or world.register.core.shift_open is not state.shift_open:
                    world.register.power_cycle(world.now)  # out of step with its drive: a person restarts it
                    continue
                state = self._shift_for(job, state)
                done: Registered | CashDone = self.run(self._work(job, state, again))
            except OutcomeUnknown:
                world.advance(world.now + world.chance.random())
            except Refused as refusal:
                again = refusal.proof if refusal.proof and refusal.proof.intent.job == job.name else again
                if refusal.meaning.disposition == "content":
                    raise AssertionError(f"{job.name} is sound, and was refused: {refusal}") from refusal
                world.advance(world.now + world.chance.random())
            except WrongDevice:  # one damaged frame in 256 passes its check sum: what it says is asked again
                world.advance(world.now + world.chance.random())
            except (LineLost, Malformed) as error:
                if not world.intents:
                    self.lost = getattr(error, "command", "") or "FF45"
                world.advance(world.now + world.chance.random())
            else:
                return done
        raise AssertionError(f"{job.name} never came to an end")

    def _shift_for(self, job: Job, state: State) -> State:
        """Another program may have closed the shift, or opened it: jobs find it as they need it."""
        if job.kind in ("receipt", "cash_in", "cash_out", "shift_close") and state.mode == 4:
            self.run(open_shift(job="open-again", identity=self.world.identity, state=state))
            return self.run(read_state())
        if job.kind == "shift_open" and state.mode in (2, 3):
            self.run(close_shift(job="close-again", identity=self.world.identity, state=state))
            return self.run(read_state())
        return state

    def _work(self, job: Job, state: State, again: NotRegistered | None) -> Procedure[Any]:
        identity = self.world.identity
        match job.kind:
            case "shift_open":
                return open_shift(job=job.name, identity=identity, state=state, again=again)
            case "shift_close":
                return close_shift(job=job.name, identity=identity, state=state, again=again)
            case "cash_in" | "cash_out":
                if job.kind == "cash_out":
                    self._float(job)
                move = cash_in if job.kind == "cash_in" else cash_out
                return move(job.amount, job=job.name, identity=identity, again=again)
        what = a_receipt(job.amount, cash=job.name[-1] in "02")
        own_key = None if job.keyed else ""
        return receipt(what, job=job.name, identity=identity, state=state, again=again, own_key=own_key)

    def _float(self, job: Job) -> None:
        """A drawer without money refuses a payout: somebody puts some in first."""
        world = self.world
        drawer = world.register.core.counters.money.get(241, 0)
        if drawer < job.amount and world._act(k.CashIn(amount=1_000)):
            world.ledger.foreign_cash += 1_000
            world.ledger.foreign_moves += 1

    def _clear(self, intent: Intent, verdict: object) -> None:
        world = self.world
        world.intents.remove(intent)
        if isinstance(verdict, Registered | CashDone | Ambiguous):
            world.settled[intent.job] = verdict

    # --- the runner driven by the world -------------------------------------------------------------------------------

    def run(self, procedure: Procedure[T]) -> T:
        world, runner = self.world, self.runner
        world.tell("=", getattr(procedure, "__qualname__", ""))
        runner.begin(procedure)
        try:
            while (want := runner.want(world.now)) is not Want.END:
                world.maybe_kill()
                if want is Want.MOVE:
                    self._move()
                    continue
                if want is not Want.STORE or not world.leaves_ack:
                    self._flush()
                match want:
                    case Want.WAIT:
                        while world.now < runner.wake_at:
                            world.advance(runner.wake_at)
                    case Want.LISTEN:
                        while world.now < runner.wake_at and not world.inbox:
                            world.advance(runner.wake_at)
                        if world.inbox:
                            self._heard()
                    case Want.CLOSE:
                        world.line.connect()
                        world.register.disconnected(world.now)
                        runner.hung_up()
                    case Want.DIAL:
                        self._dial()
                    case Want.STORE:
                        intent = runner.intent
                        world.intents.append(intent)
                        world.maybe_kill()
                        runner.stored(intent)
            if not world.leaves_ack or world.chance.random() < 0.5:
                self._flush()
            result: T = runner.result
            world.maybe_kill()
            for intent in runner.recorded:
                self._clear(intent, result)
        except Refused as refusal:
            if refusal.proof is not None:
                for intent in runner.recorded:
                    self._clear(intent, refusal.proof)
            raise
        finally:
            runner.end()
        world.maybe_kill()
        return result

    def _move(self) -> None:
        """Write what the link wants to say, then let the world go on until something comes back or the time is up."""
        world, runner = self.world, self.runner
        out = runner.link.outgoing()
        world.line.aimed = world.aim if runner.committing else 0.0
        if out:
            self._wrote(out)
            if world.line.send(out, "register", world.now):
                self._broken("cut while writing")
                return
        deadline = runner.link.deadline
        until = math.inf if deadline is None else deadline
        while True:
            if world.register.hung_up:
                if not world.line.rates.serial:
                    self._broken("the register hung up")
                    return
                world.register.disconnected(world.now)  # a serial line knows nothing of connections
                world.register.connected(world.now)
            if world.inbox:
                self._heard()
                return
            if world.now >= until:
                runner.timed_out(world.now)
                return
            world.maybe_kill()
            world.advance(until)

    def _flush(self) -> None:
        runner, world = self.runner, self.world
        if runner.link.busy or not runner.connected:
            return
        out = runner.link.rest(now=world.now)
        if out:
            self._wrote(out)
            if world.line.send(out, "register", world.now):
                world.line.connect()
                world.register.disconnected(world.now)
                runner.hung_up()

    def _heard(self) -> None:
        data = self.world.inbox.pop(0)
        if self.world.note is not None:
            self.world.tell("<", " ".join(describe(data, "<")))
        self.runner.received(data, self.world.now)

    def _wrote(self, out: bytes) -> None:
        if self.world.note is not None:
            self.world.tell(">", " ".join(describe(out)))
        self.runner.wrote(out, self.world.now)

    def _broken(self, why: str) -> None:
        world = self.world
        world.tell("!", why)
        world.line.connect()
        world.inbox.clear()
        world.register.disconnected(world.now)
        world.register.hung_up = False
        self.runner.broke(why, world.now)

    def _dial(self) -> None:
        world = self.world
        if not world.quiet and world.chance.random() < 0.05:
            world.advance(world.now + 1)
            self.runner.failed(NotSent("nobody answers there"))
            return
        world.line.connect()
        world.inbox.clear()
        world.register.connected(world.now)
        self.runner.dialled()


def play(seed: int) -> World:
    """The world of a seed, played to its end."""
    world = World(seed)
    world.play()
    return world
