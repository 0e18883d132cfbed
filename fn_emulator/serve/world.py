"""All that runs in one process: the clock, a rack, the conversations with its hosts, an operator beside it."""

from __future__ import annotations

from collections.abc import Callable

import trio

from fn_emulator.clock import WorldClock
from fn_emulator.marking_system import MarkingSystem
from fn_emulator.operator import TestOperator
from fn_emulator.rack import Event, Rack, Seat
from fn_emulator.serve.conversation import Conversation

__all__ = ["EVENTS_MAX", "World"]

EVENTS_MAX = 1000
"""Events kept for one who listens and is slower than they come; the rest it misses."""


class World:
    """What a control port has in its hand."""

    def __init__(
        self,
        clock: WorldClock,
        rack: Rack,
        operator: TestOperator | None = None,
        marking: MarkingSystem | None = None,
    ) -> None:
        self.clock = clock
        self.rack = rack
        self.operator = operator
        self.marking = marking
        self.conversations = {seat.index: Conversation(seat, clock) for seat in rack.seats}
        self.addresses: dict[int, str] = {}
        self.missed = 0  # events that some listener was too slow for

    def power_cycle(self, seat: Seat) -> None:
        """Power goes and comes back; whoever was connected is not any more."""
        seat.power_cycle(self.clock())
        self.conversations[seat.index].hang_up()

    def cut(self, seat: Seat) -> None:
        """The connection breaks; the register goes on with what it does."""
        self.conversations[seat.index].hang_up()

    def listen(self, wanted: Callable[[Event], bool]) -> tuple[trio.MemoryReceiveChannel[Event], Callable[[], None]]:
        """Events as they happen, and how to stop them."""
        events_in, events = trio.open_memory_channel[Event](EVENTS_MAX)

        def hear(event: Event) -> None:
            if wanted(event):
                try:
                    events_in.send_nowait(event)
                except trio.WouldBlock:
                    self.missed += 1

        for seat in self.rack.seats:
            seat.listeners.append(hear)

        def stop() -> None:
            for seat in self.rack.seats:
                seat.listeners.remove(hear)
            events_in.close()

        return events, stop
