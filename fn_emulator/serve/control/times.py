"""World time on the control port."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from fn_emulator.serve.openapi import Action
from fn_emulator.serve.world import World

__all__ = ["ACTIONS"]


class TimeView(msgspec.Struct, kw_only=True):
    """World time."""

    now: Annotated[float, Meta(description="Unix seconds.")]
    utc: str
    scale: Annotated[float, Meta(description="World seconds for each second outside; 0: stepped.")]


class TimeOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Both may be given; the scale is set first."""

    advance_s: Annotated[float, Meta(ge=0, description="The world is so much later at once.")] = 0.0
    scale: Annotated[float, Meta(ge=0, description="From now on; 0: stepped.")] | None = None


def time(world: World) -> TimeView:
    now = world.clock()
    return TimeView(now=now, utc=datetime.fromtimestamp(now, UTC).isoformat(), scale=world.clock.scale)


def set_time(world: World, order: TimeOrder) -> TimeView:
    if order.scale is not None:
        world.clock.scale = order.scale
    if order.advance_s:
        world.clock.advance(order.advance_s)
    return time(world)


ACTIONS: tuple[Action[World], ...] = (
    Action(method="GET", path="/time", summary="What time it is in the world", run=time, gives=TimeView),
    Action(
        method="POST",
        path="/time",
        summary="Advance the world, or let its time run faster, slower, or by steps",
        run=set_time,
        body=TimeOrder,
        gives=TimeView,
    ),
)
