"""Group commit: verbs run as they come, and whoever waits shares one commit.

While a commit waits for the disk in its thread, the next group gathers. A commit costs as much processor time as all
statements of a receipt, so a group waits a little for company when somebody else's commit was just before it. The
busier the journal is, the less a commit costs each caller, and one that is alone waits for nobody.

Only the commit is in the thread. The statements before it take microseconds, and to run them there costs more than they
do: each would pass the interpreter's lock to and fro, which measured twice the processor time per verb.

A call that is `soon` is answered when its statements have run. They become durable with the next commit that somebody
waits for, which is never before them, or after a tick or two by themselves.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, Protocol

import trio

from fleet.errors import Closed

__all__ = ["Call", "Committing", "GroupWriter", "InlineWriter", "Writer", "GROUP_MAX"]

GROUP_MAX = 128
"""Verbs in one transaction: about 5 ms of the event loop at most. What is more waits for the next."""

GATHER_S = 0.003
"""From one commit to the next when different callers wait for them. A receipt waits for three commits, so it may take 9
ms longer; a busy rack makes two thirds fewer of them."""

TICK_S = 0.02
"""A call that was answered `soon` is durable two ticks later at the latest."""

OVERDUE_S = 0.003
"""After this a commit is taken to wait for the interpreter's lock rather than for the disk."""

STEP_ASIDE_S = 0.0001


class Call:
    """One verb with its arguments on its way to the engine, and what came of it on the way back."""

    __slots__ = ("arguments", "error", "soon", "task", "value", "verb")

    def __init__(self, verb: Callable[..., Any], arguments: tuple[Any, ...], *, soon: bool = False) -> None:
        self.verb = verb
        self.arguments = arguments
        self.soon = soon
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
    """What a writer needs of an engine. No method raises: values and errors go into the calls."""

    @property
    def answered(self) -> Collection[str]:
        """Not empty: there are calls that were answered and are not durable."""
        ...

    def carry_out(self, calls: list[Call]) -> bool:
        """Run the calls in the open transaction or a new one; whether there is anything to commit."""
        ...

    def commit(self, calls: list[Call]) -> None:
        """Make that transaction durable, for the calls that wait for it."""
        ...


class Writer(Protocol):
    """How verbs reach the engine."""

    async def run(self, call: Call) -> Any: ...

    def close(self) -> None: ...


class InlineWriter:
    """Each verb at once in the caller's task: one commit per verb. For tests and for simulated time."""

    def __init__(self, engine: Committing) -> None:
        self._engine = engine
        self._closed = False

    async def run(self, call: Call) -> Any:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._closed:
            raise Closed("the journal is closed")
        call.soon = False
        if self._engine.carry_out([call]):
            self._engine.commit([call])
        await trio.lowlevel.cancel_shielded_checkpoint()  # it is done: only let others run
        return call.answer()

    def close(self) -> None:
        self._closed = True


class GroupWriter:
    """Groups on the event loop, commits in a thread. All but `_work` runs on the loop; at most one group is out."""

    def __init__(self, engine: Committing, *, name: str) -> None:
        self._engine = engine
        self._waiting: list[Call] = []
        self._soon: list[Call] = []  # until the connection is back from the thread
        self._out: list[Call] | None = None
        self._out_at = -math.inf  # in trio's time
        self._overdue_at = 0.0  # in the machine's
        self._last: set[trio.lowlevel.Task | None] = set()  # who waited for the last commit
        self._crowd = False
        self._groups: queue.SimpleQueue[list[Call] | None] = queue.SimpleQueue()
        self._sent_groups = 0
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._token: trio.lowlevel.TrioToken | None = None
        self._sender = _Bell()
        self._ticker = _Bell()
        self._closed = False

    async def run(self, call: Call) -> Any:
        """Carry the call out. One that is `soon` may return without having let others run."""
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._closed:
            raise Closed("the journal is closed")
        if self._token is None:
            self._start()
        if call.soon and self._out is None:
            self._engine.carry_out([call])
            self._ticker.ring()
            return call.answer()
        self._step_aside()
        call.task = trio.lowlevel.current_task()
        if call.soon:
            self._soon.append(call)
        else:
            self._waiting.append(call)
            if self._out is None:
                self._crowd |= call.task not in self._last
                self._sender.ring()
        # Not to be cancelled half way: the commit comes within milliseconds, and a caller must know what happened.
        await trio.lowlevel.wait_task_rescheduled(_not_now)
        return call.answer()

    def close(self) -> None:
        """Carry out what waits and end the thread."""
        self._closed = True
        self._groups.put(None)
        if self._token is not None:
            self._thread.join()
        waiting, self._waiting, self._soon = self._soon + self._waiting, [], []
        if self._engine.carry_out(waiting):
            self._engine.commit(waiting)
        _wake(waiting)

    def _start(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._thread.start()
        trio.lowlevel.spawn_system_task(self._send_groups, name="journal: send")
        trio.lowlevel.spawn_system_task(self._tick, name="journal: tick")

    async def _send_groups(self) -> None:
        """Each at the end of the turn of its first call, so that others in that turn join it, or later in a crowd."""
        while True:
            await self._sender.rung()
            if self._crowd and trio.current_time() < self._out_at + GATHER_S:
                await trio.sleep_until(self._out_at + GATHER_S)
            self._send()

    def _send(self) -> None:
        while self._out is None and self._waiting and not self._closed:
            group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
            if self._engine.carry_out(group):
                self._commit(group)
            else:
                _wake(group)

    def _commit(self, group: list[Call]) -> None:
        self._out = group
        self._last = {call.task for call in group}
        self._crowd = False
        self._out_at = trio.current_time()
        self._overdue_at = time.monotonic() + OVERDUE_S
        self._sent_groups += 1
        self._groups.put(group)
        self._ticker.ring()

    def _committed(self, group: list[Call]) -> None:
        self._out = None
        _wake(group)
        if self._closed:
            return
        soon, self._soon = self._soon, []
        if soon:
            self._engine.carry_out(soon)
            self._ticker.ring()
            _wake(soon)
        if self._waiting:
            self._crowd = True
            self._sender.ring()

    def _work(self) -> None:
        assert self._token is not None
        while (group := self._groups.get()) is not None:
            self._engine.commit(group)
            try:
                self._token.run_sync_soon(self._committed, group)
            except trio.RunFinishedError:
                return  # nobody is left to be told; what is committed is committed

    async def _tick(self) -> None:
        """While there is something to commit: what nobody waits for must not wait for long."""
        while True:
            if self._out is None and not self._engine.answered:
                await self._ticker.rung()
            seen = self._sent_groups
            await trio.sleep(TICK_S)
            self._step_aside()
            # What was answered after the last group went out has its own tick.
            idle = self._out is None and self._sent_groups == seen and not self._closed
            if idle and self._engine.answered and self._engine.carry_out([]):
                self._commit([])

    def _step_aside(self) -> None:
        """Let the thread have the interpreter for a moment when a commit is overdue.

        An event loop without a pause gives the lock up and takes it back too quickly for a thread to get it: commits
        then took seconds (CPython 3.11), and a shorter switch interval did not help.
        """
        if self._out is not None and time.monotonic() > self._overdue_at:
            time.sleep(STEP_ASIDE_S)
            self._overdue_at = time.monotonic() + OVERDUE_S


class _Bell:
    """Wakes the one system task that listens; rung before it listens, it is heard then. Costs no system call."""

    def __init__(self) -> None:
        self._task: trio.lowlevel.Task | None = None
        self._rung = False

    def ring(self) -> None:
        self._rung = True
        if self._task is not None:
            trio.lowlevel.reschedule(self._task)
            self._task = None

    async def rung(self) -> None:
        if not self._rung:
            self._task = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._gone)
        self._rung = False

    def _gone(self, _raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED


def _wake(calls: list[Call]) -> None:
    for call in calls:
        assert call.task is not None
        trio.lowlevel.reschedule(call.task)


def _not_now(_raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
    return trio.lowlevel.Abort.FAILED
