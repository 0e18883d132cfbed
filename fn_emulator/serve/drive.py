"""A drive alone as a process: its own frames over TCP or on a pseudo-terminal, for whoever builds a register."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import trio
from msgspec.structs import replace

from fn_emulator.drive import MODELS, Drive, TicketLevel
from fn_emulator.drive_frames import DriveLine
from fn_emulator.drive_timing import duration
from fn_emulator.errors import Misuse
from fn_emulator.rack import StateFolder
from fn_emulator.serve.process import Say, Service, address_of, say_json, serve_until_signal
from fn_emulator.serve.pty import serve_terminal, terminals
from fn_emulator.serve.sockets import listening
from fn_emulator.serve.tcp import serve_register
from fn_emulator.signs import DEMO_MASTER_KEY

__all__ = ["run_drive"]


def run_drive(
    *,
    port: int | None,
    state: Path | None,
    number: str,
    model: str,
    host: str = "127.0.0.1",
    ticket_level: str = TicketLevel.STRICT,
    profile: str = "instant",
    silent_on_bad_frames: bool = False,
    key_server: str | None = None,
    clock: Callable[[], float] = time.time,
    say: Say = say_json,
) -> None:
    """A drive on `port`, or on a pseudo-terminal when it is None, until a signal."""
    if model not in MODELS:
        raise Misuse(f"no drive model {model!r}; there are {', '.join(MODELS)}")
    if ticket_level not in list(TicketLevel):
        raise Misuse(f"no level of checking tickets {ticket_level!r}; there are {', '.join(TicketLevel)}")
    kind = MODELS[model]
    if key_server is not None:
        kind = replace(kind, key_server=key_server)
    with ExitStack() as stack:
        sockets = stack.enter_context(listening([] if port is None else [(host, port, "drive")]))
        lines = stack.enter_context(terminals(0 if sockets else 1))
        folder = stack.enter_context(StateFolder(state))
        drive = Drive(
            folder.storage("drive.log"),
            number=number,
            keys=DEMO_MASTER_KEY,
            model=kind,
            ticket_level=TicketLevel(ticket_level),
        )
        line = DriveLine(_executing(drive), silent_on_bad_frames=silent_on_bad_frames, duration=duration(profile))
        services: list[Service] = [partial(serve_register, line, one, clock=clock) for one in sockets]
        services += [partial(serve_terminal, line, one, clock=clock) for one in lines]
        address = f"tcp://{address_of(sockets[0])}" if sockets else f"serial:{lines[0].path}"
        ready = {"event": "ready", "drive": number, "model": model, "phase": drive.phase, "address": address}
        trio.run(serve_until_signal, services, None, partial(say, ready))


def _executing(drive: Drive) -> Callable[[int, bytes, float], tuple[int, bytes]]:
    def execute(code: int, data: bytes, now: float) -> tuple[int, bytes]:
        answer = drive.execute(code, data, timer=now)
        return answer.code, answer.data

    return execute
