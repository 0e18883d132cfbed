"""Group commit: verbs run as they come, and whoever waits shares one commit.

While a commit waits for the disk in its thread, the next group gathers, so the busier the journal is, the less a commit
costs each caller. Only the commit is in the thread. The statements before it take microseconds, and to run them there
costs more than they do: each would pass the interpreter's lock to and fro, which measured twice the processor time per
verb.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import trio

from fleet.errors import Closed

__all__ = ["Call", "Committing", "GroupWriter", "InlineWriter", "Writer", "GROUP_MAX"]

GROUP_MAX = 128
"""Verbs in one transaction: about 5 ms of the event loop at most. What is more waits for the next."""

OVERDUE_S = 0.003
"""After this a commit is taken to wait for the interpreter's lock rather than for the disk."""

STEP_ASIDE_S = 0.0001


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
                self.error = None  # its traceback holds this frame: no cycle for the garbage collector
        return self.value


class Committing(Protocol):
    """What a writer needs of an engine. Neither method raises: values and errors go into the calls."""

    def carry_out(self, calls: list[Call]) -> bool:
        """Run the calls in a new transaction; whether there is anything to commit."""
        ...

    def commit(self, calls: list[Call]) -> None:
        """Make that transaction durable."""
        ...


class Writer(Protocol):
    """How verbs reach the engine."""

    async def run(self, call: Call) -> Any: ...

    def close(self) -> None: ...


class InlineWriter:
    """Each verb at once in the caller's task: one commit per verb. For tests and for simulated time."""

    def __init__(self, engine: Committing) -> None:
        self._engine = engine

    async def run(self, call: Call) -> Any:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._engine.carry_out([call]):
            self._engine.commit([call])
        await trio.lowlevel.cancel_shielded_checkpoint()  # it is done: only let others run
        return call.answer()

    def close(self) -> None:
        pass


class GroupWriter:
    """Groups on the event loop, commits in a thread. All but `_work` runs on the loop; at most one group is out."""

    def __init__(self, engine: Committing, *, name: str) -> None:
        self._engine = engine
        self._waiting: list[Call] = []
        self._out: list[Call] | None = None
        self._groups: queue.SimpleQueue[list[Call] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._token: trio.lowlevel.TrioToken | None = None
        self._committing = trio.lowlevel.ParkingLot()
        self._closed = False

    async def run(self, call: Call) -> Any:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._closed:
            raise Closed("the journal is closed")
        if self._token is None:
            self._start()
        call.task = trio.lowlevel.current_task()
        self._waiting.append(call)
        if self._out is None and len(self._waiting) == 1:
            assert self._token is not None
            self._token.run_sync_soon(self._send)  # at the end of this turn: others in it join the group
        # Not to be cancelled half way: the commit comes within milliseconds, and a caller must know what happened.
        await trio.lowlevel.wait_task_rescheduled(_not_now)
        return call.answer()

    def close(self) -> None:
        """Carry out what waits and end the thread."""
        self._closed = True
        self._groups.put(None)
        if self._token is not None:
            self._thread.join()
        waiting, self._waiting = self._waiting, []
        if waiting:
            if self._engine.carry_out(waiting):
                self._engine.commit(waiting)
            _wake(waiting)

    def _start(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._thread.start()
        trio.lowlevel.spawn_system_task(self._step_aside, name="journal: step aside")

    def _send(self) -> None:
        while self._out is None and self._waiting and not self._closed:
            group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
            if self._engine.carry_out(group):
                self._out = group
                self._groups.put(group)
                self._committing.unpark_all()
            else:
                _wake(group)

    def _sent(self, group: list[Call]) -> None:
        self._out = None
        _wake(group)
        self._send()

    def _work(self) -> None:
        assert self._token is not None
        while (group := self._groups.get()) is not None:
            self._engine.commit(group)
            try:
                self._token.run_sync_soon(self._sent, group)
            except trio.RunFinishedError:
                return  # nobody is left to be told; what is committed is committed

    async def _step_aside(self) -> None:
        """Let the thread have the interpreter now and then while a commit is overdue.

        An event loop without a pause gives the lock up and takes it back too quickly for a thread to get it: commits
        then took seconds (CPython 3.11), and a shorter switch interval did not help.
        """
        while True:
            if self._out is None:
                await self._committing.park()
            seen = self._out
            await trio.sleep(OVERDUE_S)
            if seen is not None and self._out is seen:
                time.sleep(STEP_ASIDE_S)  # noqa: ASYNC251 - to block the loop for a moment is the purpose


def _wake(calls: list[Call]) -> None:
    for call in calls:
        assert call.task is not None
        trio.lowlevel.reschedule(call.task)


def _not_now(_raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
    return trio.lowlevel.Abort.FAILED
