"""Group commit: many callers, one writer thread, one commit for all who wait.

The thread takes everything that is in its queue, hands it over as one group, and wakes the callers of a group with one
message to the event loop. While a commit waits for the disk the next group gathers, so the busier the journal is, the
less a commit costs each caller. What a group does with its calls is the engine's business.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

import trio

from fleet.errors import Closed

__all__ = ["Call", "GroupWriter", "InlineWriter", "Writer", "GROUP_MAX"]

GROUP_MAX = 512
"""Calls in one transaction: keeps it to about 15 ms, so that the first of a crowd does not wait for the last."""


class Call:
    """One verb with its arguments on its way to the engine, and what came of it on the way back."""

    __slots__ = ("arguments", "error", "task", "value", "verb")

    def __init__(self, verb: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.verb = verb
        self.arguments = arguments
        self.value: Any = None
        self.error: Exception | None = None
        self.task: trio.lowlevel.Task | None = None

    def answer(self) -> Any:
        """The verb's value, or its error raised in the caller's task."""
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None  # the traceback holds this frame: no cycle for the garbage collector
        return self.value


Execute = Callable[[list[Call]], None]  # carries out the calls, commits, fills in each value or error; never raises


class Writer(Protocol):
    """How verbs reach the engine."""

    async def run(self, call: Call) -> Any: ...

    def close(self) -> None: ...


class InlineWriter:
    """Each verb at once in the caller's task: one commit per verb. For tests and for simulated time."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    async def run(self, call: Call) -> Any:
        await trio.lowlevel.checkpoint_if_cancelled()
        self._execute([call])
        await trio.lowlevel.cancel_shielded_checkpoint()  # it is done: only let others run
        return call.answer()

    def close(self) -> None:
        pass


class GroupWriter:
    """The writer thread. It starts with the first verb, since only then there is an event loop to answer to."""

    def __init__(self, execute: Execute, *, name: str) -> None:
        self._execute = execute
        self._waiting: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._token: trio.lowlevel.TrioToken | None = None
        self._closed = False

    async def run(self, call: Call) -> Any:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._closed:
            raise Closed("the journal is closed")
        if self._token is None:
            self._token = trio.lowlevel.current_trio_token()
            self._thread.start()
        call.task = trio.lowlevel.current_task()
        self._waiting.put(call)
        # Not to be cancelled half way: the commit comes within milliseconds, and a caller must know what happened.
        await trio.lowlevel.wait_task_rescheduled(_not_now)
        return call.answer()

    def close(self) -> None:
        """Carry out what waits, then end the thread."""
        self._closed = True
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        assert self._token is not None
        open_ = True
        while open_:
            group = self._gather()
            if None in group:
                open_ = False
                group = [call for call in group if call is not None]
            calls: list[Call] = group  # type: ignore[assignment]  # None was taken out above
            if calls:
                self._execute(calls)
                try:
                    self._token.run_sync_soon(_wake, calls)
                except trio.RunFinishedError:
                    return  # nobody is left to be told; what is committed is committed

    def _gather(self) -> list[Call | None]:
        """Wait for one call, then take all that have come in the meantime."""
        first = self._waiting.get()
        more = min(self._waiting.qsize(), GROUP_MAX - 1)
        return [first, *(self._waiting.get_nowait() for _ in range(more))]


def _wake(calls: list[Call]) -> None:
    for call in calls:
        assert call.task is not None
        trio.lowlevel.reschedule(call.task)


def _not_now(_raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
    return trio.lowlevel.Abort.FAILED
