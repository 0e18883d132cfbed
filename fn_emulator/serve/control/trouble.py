"""Trouble on the control port: faults by hand and by chance, an operator and a marking system that go wrong."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fn_emulator.errors import Misuse
from fn_emulator.faults import ANY_COMMAND, Fault, FaultPlan, Trouble
from fn_emulator.messages import Fault as PeerFault
from fn_emulator.messages import Peer
from fn_emulator.noise import Noise
from fn_emulator.rack import Chance
from fn_emulator.serve.control.registers import RegisterView, registers, seat_of
from fn_emulator.serve.openapi import Action, NotThere
from fn_emulator.serve.world import World

__all__ = ["ACTIONS"]


TROUBLES_MAX = 10_000
"""Troubles that may wait for one register: a tester who wants more wants them by chance."""

FaultLabel = Annotated[str, Meta(description="A fault of the list of `GET /faults`.", examples=["answer-lost"])]

CommandCode = Annotated[
    str, Meta(pattern=r"^([0-9A-Fa-f]{2}|[Ff][EeFf][0-9A-Fa-f]{2}|\*)$", description="FF45, 8D, or * for any.")
]


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
    """The test operator or the marking system beside the rack."""

    messages: int
    probes: int
    tickets: int
    repeats: int
    unanswered: int
    standing_fault: str | None
    late_s: float


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
    """The next answers, in this order, go wrong in these ways; `standing` spoils all of them, `late_s` delays all."""

    faults: list[PeerFault] = []
    standing: PeerFault | None = None
    late_s: Annotated[float, Meta(ge=0)] = 0.0


def faults(world: World) -> list[FaultView]:
    return [FaultView(fault.label, fault.value) for fault in Fault]


def waiting(world: World, register: int) -> list[WaitingTrouble]:
    return [_waiting(command, one) for command, all in _plan(world, register).waiting.items() for one in all]


def _plan(world: World, register: int) -> FaultPlan:
    return seat_of(world, register).by_hand


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


def operator(world: World) -> OperatorView:
    return _peer_view(_operator(world))


def spoil_operator(world: World, order: OperatorOrder) -> OperatorView:
    return _spoil(_operator(world), order)


def marking(world: World) -> OperatorView:
    return _peer_view(_marking(world))


def spoil_marking(world: World, order: OperatorOrder) -> OperatorView:
    return _spoil(_marking(world), order)


def _operator(world: World) -> Peer:
    if world.operator is None:
        raise NotThere("this rack has no operator beside it")
    return world.operator


def _marking(world: World) -> Peer:
    if world.marking is None:
        raise NotThere("this rack has no marking system beside it")
    return world.marking


def _peer_view(peer: Peer) -> OperatorView:
    seen = peer.statistics
    return OperatorView(
        messages=seen.messages,
        probes=seen.probes,
        tickets=seen.tickets,
        repeats=seen.repeats,
        unanswered=seen.unanswered,
        standing_fault=peer.standing_fault.value if peer.standing_fault else None,
        late_s=peer.late_s,
    )


def _spoil(peer: Peer, order: OperatorOrder) -> OperatorView:
    peer.fail(*order.faults)
    peer.standing_fault = order.standing
    peer.late_s = order.late_s
    return _peer_view(peer)


ACTIONS: tuple[Action[World], ...] = (
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
    Action(method="GET", path="/operator", summary="What the operator has seen", run=operator, gives=OperatorView),
    Action(
        method="POST",
        path="/operator/faults",
        summary="Let the operator's answers go wrong",
        run=spoil_operator,
        body=OperatorOrder,
        gives=OperatorView,
    ),
    Action(method="GET", path="/marking", summary="What the marking system has seen", run=marking, gives=OperatorView),
    Action(
        method="POST",
        path="/marking/faults",
        summary="Let the marking system's answers go wrong",
        run=spoil_marking,
        body=OperatorOrder,
        gives=OperatorView,
    ),
)
