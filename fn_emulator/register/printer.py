"""The printer of a register: paper and cover, a document under way, and the submode that clients wait on.

    ready ──paper gone──▸ no paper ──paper back──▸ ready
    ready ──print──▸ printing ──done──▸ ready
                     printing ──paper gone──▸ ran out ──paper back──▸ waits ──B0h──▸ printing, from the start

A document of the drive is valid from its commit, whatever becomes of its paper (section "Printing, paper, power").
Time is an argument; with a printing time of zero a document is on the paper at once, as far as the roll goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, IntEnum

from fn_emulator.register.tape import Line, Tape, Text

__all__ = ["TRANSITIONS", "Event", "Printer", "Submode"]


class Submode(IntEnum):
    READY = 0
    NO_PAPER = 1  # gone while nothing was printed
    RAN_OUT = 2  # gone in the middle of a document
    PAPER_IS_BACK = 3  # after that: B0h is awaited
    PRINTING = 5


class Event(Enum):
    PRINT = "a document comes"
    DONE = "its last line is out"
    PAPER_GONE = "paper is at its end, or the cover open"
    PAPER_BACK = "paper is in and the cover closed"
    CONTINUE = "B0h"


TRANSITIONS: dict[Submode, dict[Event, Submode]] = {
    Submode.READY: {Event.PRINT: Submode.PRINTING, Event.PAPER_GONE: Submode.NO_PAPER},
    Submode.NO_PAPER: {Event.PAPER_BACK: Submode.READY},
    Submode.RAN_OUT: {Event.PAPER_BACK: Submode.PAPER_IS_BACK},
    Submode.PAPER_IS_BACK: {Event.CONTINUE: Submode.PRINTING, Event.PAPER_GONE: Submode.RAN_OUT},
    Submode.PRINTING: {
        Event.PRINT: Submode.PRINTING,
        Event.DONE: Submode.READY,
        Event.PAPER_GONE: Submode.RAN_OUT,
    },
}
"""What isn't here cannot happen; `Printer` looks before it acts."""

_INVALID = Text("*** ДОКУМЕНТ НЕДЕЙСТВИТЕЛЕН ***")

PRINTED, PAPER_BREAK, BUSY = 0, 1, 5
"""Result of the last printing, the optional last byte of 10h."""


class Printer:
    """Paper, cover and the document under way. `roll` is how many lines the paper still has, None for plenty."""

    def __init__(self) -> None:
        self.tape = Tape()
        self.paper = True
        self.cover_open = False
        self.drawer_open = False
        self.roll: int | None = None
        self.last_print = PRINTED
        self._submode = Submode.READY
        self._job: list[Line] = []
        self._started = self._seconds = 0.0

    # --- what the register asks --------------------------------------------------------------------------------------

    def submode(self, now: float) -> Submode:
        if self._submode is Submode.PRINTING and now >= self._started + self._seconds:
            self._finish()
        return self._submode

    @property
    def busy_until(self) -> float | None:
        """When the document under way will be out."""
        return self._started + self._seconds if self._submode is Submode.PRINTING else None

    def print(self, lines: Sequence[Line], now: float, seconds: float = 0.0) -> None:
        """Put a document on paper; behind the one under way if there is one. Without paper nothing is printed."""
        before = self.submode(now)
        if Event.PRINT not in TRANSITIONS[before]:
            return
        if before is Submode.READY:
            self._job, self._started, self._seconds = [], now, 0.0
        self._job += lines
        self._seconds += seconds
        self._go(Event.PRINT)
        self.submode(now)

    def proceed(self, now: float) -> bool:
        """B0h: the interrupted document once more, from its start. False when nothing waits for that."""
        if self.submode(now) is not Submode.PAPER_IS_BACK:
            return False
        self._go(Event.CONTINUE)
        self._started = now
        self.submode(now)
        return True

    def power_cycle(self, now: float) -> None:
        """Power came back: what was being printed is printed again from its start."""
        if self._submode is Submode.PRINTING:
            self._put(self._out(now))
            self._started = now
            self.submode(now)

    # --- what hands do -----------------------------------------------------------------------------------------------

    def take_paper(self, now: float) -> None:
        """The roll comes to its end."""
        self._change(now, paper=False, cover_open=self.cover_open)

    def load_paper(self, now: float, *, lines: int | None = None) -> None:
        """A new roll, with so many lines on it if that matters."""
        self.roll = lines
        self._change(now, paper=True, cover_open=self.cover_open)

    def open_cover(self, now: float) -> None:
        self._change(now, paper=self.paper, cover_open=True)

    def close_cover(self, now: float) -> None:
        self._change(now, paper=self.paper, cover_open=False)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _change(self, now: float, *, paper: bool, cover_open: bool) -> None:
        before, submode = self._able, self.submode(now)
        self.paper, self.cover_open = paper, cover_open
        if before and not self._able:
            if submode is Submode.PRINTING:
                self._interrupt(self._out(now))
            else:
                self._go(Event.PAPER_GONE)
        elif self._able and not before:
            self._go(Event.PAPER_BACK)

    @property
    def _able(self) -> bool:
        return self.paper and not self.cover_open

    def _out(self, now: float) -> int:
        """Lines of the document that are out by now."""
        if self._seconds <= 0:
            return len(self._job)
        return min(len(self._job), int(len(self._job) * max(0.0, now - self._started) / self._seconds))

    def _finish(self) -> None:
        if self.roll is not None and self.roll < len(self._job):
            self.paper = False
            self._interrupt(self.roll)
            return
        self._put(len(self._job))
        self._job = []
        self._seconds = 0.0
        self.last_print = PRINTED
        self._go(Event.DONE)

    def _interrupt(self, lines: int) -> None:
        self._put(lines)
        self.tape.put([_INVALID])
        self.last_print = PAPER_BREAK
        self._go(Event.PAPER_GONE)

    def _put(self, lines: int) -> None:
        self.tape.put(self._job[:lines])
        if self.roll is not None:
            self.roll -= min(self.roll, lines)

    def _go(self, event: Event) -> None:
        self._submode = TRANSITIONS[self._submode][event]
