"""Emulated registers and an operator as a child process, for demonstrations and rehearsals.

The child ends with us, however we end: its standard input is a pipe that only we hold.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet.errors import FleetError

if TYPE_CHECKING:
    import trio

__all__ = ["EmulatedRack", "RackFailed"]

READY_S = 60.0
"""Registering hundreds of fresh drives on a slow machine."""

STOP_S = 0.9
"""Of the 10 s that a stop may take the doors have 1 and the stations 8."""


class RackFailed(FleetError):
    """The emulated rack did not start, or it ended by itself."""


class EmulatedRack:
    """A running ``fn_emulator.serve.beside``; what it says of trouble goes to `log`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self._said: trio.lowlevel.FdStream | None = None

    @classmethod
    def start(cls, *, log: Path, **asked: Any) -> EmulatedRack:
        """Start the rack that is `asked` for. It listens before it is ready.

        Needs no event loop, and this module no trio: the rack starts while its parent is still being loaded.
        """
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "fn_emulator.serve.beside", json.dumps(asked)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                start_new_session=True,  # Ctrl-C is for us; the rack ends after the daemon has let go of it
            )
        return cls(process, log)

    async def ready(self) -> dict[str, Any]:
        """What it says in one line of JSON once it is ready."""
        import trio

        assert self._process.stdout is not None
        self._said = trio.lowlevel.FdStream(os.dup(self._process.stdout.fileno()))
        line = b""
        with trio.move_on_after(READY_S):
            while not line.endswith(b"\n"):
                part = await self._said.receive_some(4096)
                if not part:
                    break
                line += part
        try:
            said: dict[str, Any] = json.loads(line)
            if said["event"] == "ready":
                return said
        except (ValueError, KeyError, TypeError):
            pass
        raise RackFailed(f"the emulated rack did not start: {self._last_words()}")

    async def watch(self, stop: trio.Event) -> None:
        """RackFailed when it ends by itself before `stop`: nothing else closes its standard output."""
        assert self._said is not None, "it is ready"
        while await self._said.receive_some(4096):
            pass
        if not stop.is_set():
            status = self._process.wait()
            raise RackFailed(f"the emulated rack ended with status {status}: {self._last_words()}")

    def end(self) -> None:
        """SIGTERM first; its state would survive a SIGKILL, which comes when there is no time left."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"{lines[-1] if lines else 'it said nothing'} (see {self._log})"
