"""The desk between the front doors and the stations: the dispatcher with channels, and news of every change.

One `Desk` belongs to one daemon. Doors `submit` durable jobs, each station receives from its own inbox; whoever shows
the rack waits for `changes`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

import msgspec
import trio

from fleet.dispatch import Abilities, Dispatcher, Need, Pairing
from fleet.figures import Figures
from fleet.jobs import Job
from fleet.journal.base import Discovered

__all__ = ["Audit", "Changes", "Desk", "Lookup", "Message", "Order"]

INBOX_SIZE = 8
"""Messages that may wait for one station: at most one job (only an idle station is given one) and a few orders."""


class Order(Enum):
    """Something a station is asked to do besides receipts."""

    CLOSE_SHIFT = "close_shift"
    WAKE = "wake"


class Audit(msgspec.Struct, frozen=True):
    """Hold the journal against the drive's archive, from a document or from the last audit on."""

    first: int | None
    why: str


class Lookup:
    """A receipt in the drive's archive is wanted; `answer` is told what the archive has, or None."""

    def __init__(self, document: int) -> None:
        self.document = document
        self._found: Discovered | None = None
        self._answered = trio.Event()

    def answer(self, found: Discovered | None) -> None:
        self._found = found
        self._answered.set()

    async def result(self) -> Discovered | None:
        """What the archive has. Patience is the caller's."""
        await self._answered.wait()
        return self._found


Message: TypeAlias = Job | Order | Audit | Lookup
"""What a station's inbox may hold."""


class Changes:
    """A counter of changes that can be waited for; a reader that is slow sees only the newest state."""

    def __init__(self) -> None:
        self.count = 0
        self._happened: trio.Event | None = None  # there is one while somebody waits

    def tell(self) -> None:
        self.count += 1
        happened, self._happened = self._happened, None
        if happened is not None:
            happened.set()

    async def wait(self, seen: int) -> int:
        """Return as soon as something changed after `seen`, with the newest count."""
        while self.count <= seen:
            if self._happened is None:
                self._happened = trio.Event()
            await self._happened.wait()
        return self.count


class Desk:
    """Gives jobs to stations."""

    def __init__(self, dispatcher: Dispatcher | None = None, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.dispatcher = dispatcher or Dispatcher()
        self._clock = clock
        self.changes = Changes()
        self.figures = Figures()
        self._awaited: dict[str, trio.Event] = {}
        self._inboxes: dict[str, trio.MemorySendChannel[Any]] = {}

    @property
    def waiting(self) -> int:
        return len(self.dispatcher)

    def inbox(self, station: str) -> trio.MemoryReceiveChannel[Any]:
        """The receiving end of a station's inbox; a station asks for it once."""
        send, receive = trio.open_memory_channel[Any](INBOX_SIZE)
        self._inboxes[station] = send
        return receive

    def submit(self, job: Job) -> None:
        """A durable job wants a station."""
        pairing = self.dispatcher.offer(job, self._clock())
        if pairing is not None:
            self._deliver(pairing)

    def next_for(self, station: str) -> Job | None:
        """What a station that is free should make; None and it is taken for idle."""
        return self.dispatcher.idle(station, self._clock())

    def look_again(self) -> None:
        """Time went by: slow and reserve stations may be wanted now."""
        for pairing in self.dispatcher.again(self._clock()):
            self._deliver(pairing)

    def _deliver(self, pairing: Pairing) -> None:
        self._inboxes[pairing.station].send_nowait(pairing.job)

    def send(self, station: str, message: Order | Audit | Lookup) -> None:
        """An order for a station. There is always room for a job; orders beyond that are dropped: a station with a full
        inbox is awake, and whoever gives them asks again."""
        inbox = self._inboxes[station]
        if inbox.statistics().current_buffer_used < INBOX_SIZE - 1:
            inbox.send_nowait(message)

    def decided(self, job_id: str) -> None:
        """A job was registered, refused, quarantined or cancelled: whoever waits for it goes on."""
        awaited = self._awaited.pop(job_id, None)
        if awaited is not None:
            awaited.set()
        self.changes.tell()

    def awaited(self, job_id: str) -> trio.Event:
        """An event that is set when the job is decided; ask the journal after taking it, not before."""
        return self._awaited.setdefault(job_id, trio.Event())

    def join(self, station: str, abilities: Abilities) -> None:
        self.dispatcher.join(station, abilities)

    def leave(self, station: str) -> None:
        self.dispatcher.leave(station)
        self.look_again()

    def why_not(self, need: Need) -> dict[str, list[str]]:
        return self.dispatcher.why_not(need)
