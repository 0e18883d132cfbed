"""A marking system and a key server as a process, on one port."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import trio

from fn_emulator.errors import Misuse
from fn_emulator.key_server import KEY_IDS, KeyServer
from fn_emulator.marking_point import MarkingPoint
from fn_emulator.marking_system import MarkingSystem, Rules, read_rules
from fn_emulator.operator import LogStore
from fn_emulator.rack import StateFolder
from fn_emulator.serve.operator import serve_operator
from fn_emulator.serve.process import Say, Service, address_of, say_json, serve_until_signal
from fn_emulator.serve.sockets import listening
from fn_emulator.signs import DEMO_MASTER_KEY

__all__ = ["run_marking"]


def run_marking(
    *,
    port: int,
    state: Path | None,
    rules: Path | None = None,
    key_ids: Sequence[str] = KEY_IDS,
    key_version: int = 1,
    host: str = "127.0.0.1",
    clock: Callable[[], float] = time.time,
    say: Say = say_json,
) -> None:
    """Both until a signal; `rules` is the file with verdicts."""
    verdicts = Rules() if rules is None else read_rules(_text(rules), str(rules))
    with listening([(host, port, "marking")]) as sockets, StateFolder(state) as folder:
        point = MarkingPoint(
            MarkingSystem(master=DEMO_MASTER_KEY, rules=verdicts, store=LogStore(folder.storage("marking.log"))),
            KeyServer(master=DEMO_MASTER_KEY, key_ids=key_ids, version=key_version),
        )
        service: Service = partial(serve_operator, point, sockets[0], clock=clock)
        trio.run(
            serve_until_signal, [service], None, partial(say, {"event": "ready", "marking": address_of(sockets[0])})
        )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{path}: {error}") from error
