"""The control port: what a tester may see and do to a rack while drivers talk to it. JSON over HTTP.

    GET  /registers                 who there is and how they are
    POST /registers/1/faults        {"fault": "cut-after", "command": "FF45"}
    POST /time                      {"advance_s": 86400}
    GET  /events                    what happens, as it happens

`/openapi.json` describes all of it. It listens where it is told to and asks nobody for a password: it belongs on the
tester's own machine.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import trio
from msgspec import Meta
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fn_emulator.errors import Misuse
from fn_emulator.faults import ANY_COMMAND, Fault, FaultPlan, Trouble
from fn_emulator.noise import Noise
from fn_emulator.operator import Fault as OperatorFault
from fn_emulator.rack import Chance, Event, Seat
from fn_emulator.serve.openapi import Action, NotThere, application
from fn_emulator.serve.world import World
from kkt_driver.commands import COMMANDS

__all__ = ["ACTIONS", "control_app"]

TROUBLES_MAX = 10_000
"""Troubles that may wait for one register: a tester who wants more wants them by chance."""

FaultLabel = Annotated[str, Meta(description="A fault of the list of `GET /faults`.", examples=["answer-lost"])]
CommandCode = Annotated[
    str, Meta(pattern=r"^([0-9A-Fa-f]{2}|[Ff][EeFf][0-9A-Fa-f]{2}|\*)$", description="FF45, 8D, or * for any.")
]


# --- what is shown --------------------------------------------------------------------------------------------------


class RegisterView(msgspec.Struct, kw_only=True):
    """A register in the rack."""

    index: int
    address: str
    serial: str
    drive: str
    phase: Annotated[int, Meta(description="1 fresh, 3 in use, 7 closed, 15 archive.")]
    mode: int
    submode: int
    shift: int
    shift_open: bool
    last_document: int
    unconfirmed: Annotated[int, Meta(description="Documents without a ticket of the operator.")]
    wall_clock: Annotated[str, Meta(description="The register's own clock, ISO, without a zone.")]
    skew_s: float
    paper_out: bool
    troubles_waiting: int
    noise: Noise | None


class TimeView(msgspec.Struct, kw_only=True):
    """World time."""

    now: Annotated[float, Meta(description="Unix seconds.")]
    utc: str
    scale: Annotated[float, Meta(description="World seconds for each second outside; 0: stepped.")]


class FaultView(msgspec.Struct):
    """A fault that may be ordered."""

    fault: str
    meaning: str


class WaitingTrouble(msgspec.Struct, kw_only=True):
    """A trouble that no command has met yet; no fault: the command passes."""

    command: str
    fault: str | None
    seconds: float


class OperatorView(msgspec.Struct, kw_only=True):
    """The test operator beside the rack."""

    messages: int
    probes: int
    tickets: int
    repeats: int
    unanswered: int
    standing_fault: str | None


def _seat(world: World, register: int) -> Seat:
    if not 1 <= register <= len(world.rack.seats):
        raise NotThere(f"no register {register}: the rack holds 1 to {len(world.rack.seats)}")
    return world.rack.seats[register - 1]


def _view(world: World, seat: Seat) -> RegisterView:
    register, now = seat.register, world.clock()
    core, drive = register.core, register.drive
    core.now = now  # modes follow the clock
    return RegisterView(
        index=seat.index,
        address=world.addresses.get(seat.index, ""),
        serial=register.serial,
        drive=drive.number,
        phase=drive.phase,
        mode=core.mode_byte,
        submode=core.submode,
        shift=drive.state.shift,
        shift_open=drive.shift_open,
        last_document=drive.last_document,
        unconfirmed=drive.queue_length,
        wall_clock=core.clock.at(now).isoformat(),
        skew_s=core.clock.skew_s,
        paper_out=core.paper_out,
        troubles_waiting=seat.by_hand.left,
        noise=seat.noise,
    )


def registers(world: World) -> list[RegisterView]:
    return [_view(world, seat) for seat in world.rack.seats]


def register(world: World, register: int) -> RegisterView:
    return _view(world, _seat(world, register))


# --- time -----------------------------------------------------------------------------------------------------------


class TimeOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Both may be given; the scale is set first."""

    advance_s: Annotated[float, Meta(ge=0, description="The world is so much later at once.")] = 0.0
    scale: Annotated[float, Meta(ge=0, description="From now on; 0: stepped.")] | None = None


class SkewOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The register's clock alone is set off; its drive goes by the world's time and notices."""

    skew_s: float


def time(world: World) -> TimeView:
    now = world.clock()
    return TimeView(now=now, utc=datetime.fromtimestamp(now, UTC).isoformat(), scale=world.clock.scale)


def set_time(world: World, order: TimeOrder) -> TimeView:
    if order.scale is not None:
        world.clock.scale = order.scale
    if order.advance_s:
        world.clock.advance(order.advance_s)
    return time(world)


def skew(world: World, register: int, order: SkewOrder) -> RegisterView:
    seat = _seat(world, register)
    seat.register.core.clock.skew_s = order.skew_s
    seat.register.core.save_clock()
    return _view(world, seat)


# --- trouble --------------------------------------------------------------------------------------------------------


class FaultOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The next `times` commands of the kind meet the fault, after `after` of them passed well."""

    fault: FaultLabel
    command: CommandCode = ANY_COMMAND
    seconds: Annotated[float, Meta(description="How late, how long, how far: faults that have such a measure.")] = 5.0
    times: Annotated[int, Meta(ge=1, le=TROUBLES_MAX)] = 1
    after: Annotated[int, Meta(ge=0, le=TROUBLES_MAX)] = 0


class ChanceOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Trouble by chance for all registers: the same seed, the same trouble for the same commands."""

    seed: int = 0
    rates: Annotated[
        dict[str, Annotated[float, Meta(ge=0, le=1)]], Meta(description="Probability of each fault per command.")
    ] = {}
    commands: Annotated[list[CommandCode], Meta(description="Commands that may meet it.")] | None = None
    seconds: float = 5.0
    noise: Noise | None = None


class OperatorOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The operator's next answers, in this order, go wrong in these ways; `standing` spoils all of them."""

    faults: list[OperatorFault] = []
    standing: OperatorFault | None = None


def faults(world: World) -> list[FaultView]:
    return [FaultView(fault.label, fault.value) for fault in Fault]


def waiting(world: World, register: int) -> list[WaitingTrouble]:
    return [_waiting(command, one) for command, all in _plan(world, register).waiting.items() for one in all]


def _plan(world: World, register: int) -> FaultPlan:
    return _seat(world, register).by_hand


def _waiting(command: str, one: Trouble | Fault | None) -> WaitingTrouble:
    if one is None:
        return WaitingTrouble(command=command, fault=None, seconds=0.0)
    trouble = Trouble(one) if isinstance(one, Fault) else one
    return WaitingTrouble(command=command, fault=trouble.fault.label, seconds=trouble.seconds)


def order_fault(world: World, register: int, order: FaultOrder) -> list[WaitingTrouble]:
    plan = _plan(world, register)
    if plan.left + order.after + order.times > TROUBLES_MAX:
        raise Misuse(f"at most {TROUBLES_MAX} troubles wait for a register; use trouble by chance")
    trouble = Trouble(Fault.labelled(order.fault), order.seconds)
    plan.add(order.command, *[None] * order.after, *[trouble] * order.times)
    return waiting(world, register)


def clear_faults(world: World, register: int) -> None:
    _plan(world, register).clear()


def set_chance(world: World, order: ChanceOrder) -> list[RegisterView]:
    chance = Chance(
        seed=order.seed,
        rates={Fault.labelled(label): rate for label, rate in order.rates.items()},
        commands=None if order.commands is None else tuple(order.commands),
        seconds=order.seconds,
        noise=order.noise,
    )
    for seat in world.rack.seats:
        chance.arrange(seat)
    return registers(world)


def clear_chance(world: World) -> None:
    for seat in world.rack.seats:
        Chance().arrange(seat)


def power(world: World, register: int) -> RegisterView:
    seat = _seat(world, register)
    world.power_cycle(seat)
    return _view(world, seat)


def cut(world: World, register: int) -> None:
    world.cut(_seat(world, register))


def operator(world: World) -> OperatorView:
    if world.operator is None:
        raise NotThere("this rack has no operator beside it")
    seen, standing = world.operator.statistics, world.operator.standing_fault
    return OperatorView(
        messages=seen.messages,
        probes=seen.probes,
        tickets=seen.tickets,
        repeats=seen.repeats,
        unanswered=seen.unanswered,
        standing_fault=standing.value if standing else None,
    )


def spoil_operator(world: World, order: OperatorOrder) -> OperatorView:
    view = operator(world)
    assert world.operator is not None
    world.operator.fail(*order.faults)
    world.operator.standing_fault = order.standing
    view.standing_fault = order.standing.value if order.standing else None
    return view


# --- events ---------------------------------------------------------------------------------------------------------


def _event(event: Event) -> bytes:
    """One event as it goes over the wire (server-sent events)."""
    code = event.command[: 2 if event.command[:1] in (b"\xfe", b"\xff") else 1]
    row = COMMANDS.get(code)
    shown = {
        "at": event.at,
        "register": event.register,
        "command": code.hex().upper() or None,
        "name": row.request.__name__ if row else None,
        "asked": event.command.hex() or None,
        "answer": event.answer.hex() if event.answer is not None else None,
        "error": event.answer[len(code)] if event.answer and len(event.answer) > len(code) else None,
        "fault": event.trouble.fault.label if event.trouble else None,
    }
    data = msgspec.json.encode({key: value for key, value in shown.items() if value is not None})
    return b"event: " + event.kind.encode() + b"\ndata: " + data + b"\n\n"


class _Events(Response):
    """What happens, for as long as somebody listens (server-sent events)."""

    media_type = "text/event-stream"

    def __init__(self, world: World, register: str | None) -> None:
        super().__init__()
        self._world, self._register = world, register

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        events, stop = self._world.listen(lambda event: self._register in (None, str(event.register)))
        head = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": _GREETING, "more_body": True})
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_gone, receive, nursery.cancel_scope)
                async for event in events:
                    await send({"type": "http.response.body", "body": _event(event), "more_body": True})
        finally:
            stop()

    async def _until_gone(self, receive: Receive, scope: trio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()


_GREETING = b": here is what happens from now on\n\n"


ACTIONS: tuple[Action[World], ...] = (
    Action(method="GET", path="/registers", summary="All registers", run=registers, gives=list[RegisterView]),
    Action(method="GET", path="/registers/{register}", summary="One register", run=register, gives=RegisterView),
    Action(method="GET", path="/time", summary="What time it is in the world", run=time, gives=TimeView),
    Action(
        method="POST",
        path="/time",
        summary="Advance the world, or let its time run faster, slower, or by steps",
        run=set_time,
        body=TimeOrder,
        gives=TimeView,
    ),
    Action(
        method="POST",
        path="/registers/{register}/clock",
        summary="Set the register's own clock wrong",
        run=skew,
        body=SkewOrder,
        gives=RegisterView,
    ),
    Action(method="GET", path="/faults", summary="Faults that may be ordered", run=faults, gives=list[FaultView]),
    Action(
        method="GET",
        path="/registers/{register}/faults",
        summary="Troubles that wait for a command",
        run=waiting,
        gives=list[WaitingTrouble],
    ),
    Action(
        method="POST",
        path="/registers/{register}/faults",
        summary="Let the next commands meet a fault",
        run=order_fault,
        body=FaultOrder,
        gives=list[WaitingTrouble],
    ),
    Action(method="DELETE", path="/registers/{register}/faults", summary="No more of them", run=clear_faults),
    Action(
        method="PUT",
        path="/chance",
        summary="Trouble by chance and noise on all lines",
        run=set_chance,
        body=ChanceOrder,
        gives=list[RegisterView],
    ),
    Action(method="DELETE", path="/chance", summary="No trouble by chance, no noise", run=clear_chance),
    Action(
        method="POST",
        path="/registers/{register}/power",
        summary="Power goes and comes back; the host is cut off",
        run=power,
        gives=RegisterView,
    ),
    Action(method="POST", path="/registers/{register}/cut", summary="Cut the connection of the host", run=cut),
    Action(method="GET", path="/operator", summary="What the operator has seen", run=operator, gives=OperatorView),
    Action(
        method="POST",
        path="/operator/faults",
        summary="Let the operator's answers go wrong",
        run=spoil_operator,
        body=OperatorOrder,
        gives=OperatorView,
    ),
)


def control_app(world: World) -> Starlette:
    """The application over `world`."""

    async def events(request: Request) -> Response:
        return _Events(world, request.query_params.get("register"))

    route = Route("/events", events, methods=["GET"])
    return application(world, ACTIONS, title="Emulated rack of cash registers", extra=[route])
