"""Emulated registers and an operator as a child process, for demonstrations and rehearsals.

The child ends with us, however we end: its standard input is a pipe that only we hold.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import trio

from fleet.errors import FleetError

__all__ = ["EmulatedRack", "RackFailed"]

READY_S = 60.0
"""Registering hundreds of fresh drives on a slow machine."""

STOP_S = 0.9
"""Of the 10 s that a stop may take the doors have 1 and the stations 8."""


class RackFailed(FleetError):
    """The emulated rack did not start, or it ended by itself."""


class EmulatedRack:
    """A running ``fn-emulator rack``; what it says of trouble goes to `log`."""

    def __init__(self, process: trio.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, *arguments: str, log: Path) -> EmulatedRack:
        """Start it with these arguments. It listens before it is ready."""
        with log.open("ab") as file:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", "fn_emulator", "rack", *arguments, "--until-stdin-closes"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                start_new_session=True,  # Ctrl-C is for us; the rack ends after the daemon has let go of it
            )
        return cls(process, log)

    async def ready(self) -> dict[str, Any]:
        """What it says in one line of JSON once it is ready."""
        assert self._process.stdout is not None
        line = b""
        with trio.move_on_after(READY_S):
            while not line.endswith(b"\n"):
                part = await self._process.stdout.receive_some(4096)
                if not part:
                    break
                line += part
        try:
            said: dict[str, Any] = msgspec.json.decode(line)
            if said["event"] == "ready":
                return said
        except (msgspec.DecodeError, KeyError, TypeError):
            pass
        raise RackFailed(f"the emulated rack did not start: {self._last_words()}")

    async def watch(self, stop: trio.Event) -> None:
        """RackFailed when it ends by itself before `stop`."""
        status = await self._process.wait()
        if not stop.is_set():
            raise RackFailed(f"the emulated rack ended with status {status}: {self._last_words()}")

    async def end(self) -> None:
        """SIGTERM first; its state would survive a SIGKILL, which comes when there is no time left."""
        with trio.CancelScope(shield=True):
            self._process.terminate()
            with trio.move_on_after(STOP_S):
                await self._process.wait()
                return
            self._process.kill()
            await self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"{lines[-1] if lines else 'it said nothing'} (see {self._log})"
