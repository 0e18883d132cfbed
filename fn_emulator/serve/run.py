"""A rack or an operator as a process: ports first, one line of JSON when ready, a clean end on a signal."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio

from fn_emulator.clock import WorldClock
from fn_emulator.operator import LogStore, TestOperator
from fn_emulator.rack import Chance, Rack, StateFolder
from fn_emulator.serve.network import look_after
from fn_emulator.serve.operator import serve_operator
from fn_emulator.serve.process import Say, Service, address_of, say_json, serve_until_signal
from fn_emulator.serve.proxy import check_address, recorded, serve_proxy
from fn_emulator.serve.pty import Terminal, serve_terminal, terminals
from fn_emulator.serve.sockets import listening
from fn_emulator.serve.tcp import HOST_TIMEOUT_S, serve_register
from fn_emulator.serve.world import World
from fn_emulator.signs import DEMO_MASTER_KEY, Keys

__all__ = ["run_operator", "run_proxy", "run_rack"]

Derive = Callable[[bytes, str], Keys]


def run_rack(
    *,
    count: int,
    base_port: int | None,
    state: Path | None,
    host: str = "127.0.0.1",
    operator_port: int | None = None,
    control_port: int | None = None,
    scale: float = 1.0,
    chance: Chance | None = None,
    keys: Derive = Keys.derive,
    host_timeout_s: float = HOST_TIMEOUT_S,
    until_stdin_closes: bool = False,
    recordings: Path | None = None,
    clock: Callable[[], float] = time.time,
    say: Say = say_json,
    **options: Any,
) -> None:
    """Registers on `base_port` and the ports after it, or on pseudo-terminals when it is None; operator and control
    beside them when they have ports; until a signal. What hosts and registers say goes into `recordings`, a folder, a
    file for each register and start. `options` go to each register."""
    ports = _ports(host, count, base_port)
    beside = [
        (host, port, what)
        for port, what in ((operator_port, "operator"), (control_port, "control"))
        if port is not None
    ]
    _allow_descriptors(count)
    with ExitStack() as stack:
        sockets = stack.enter_context(listening([*ports, *beside]))
        lines = stack.enter_context(terminals(0 if ports else count))
        folder = stack.enter_context(StateFolder(state))
        world_clock = stack.enter_context(_world_clock(folder, clock, scale))
        operator = _operator(folder, keys) if operator_port is not None else None
        rack = Rack(folder, count, now=world_clock(), chance=chance, keys=keys, **options)
        world = World(world_clock, rack, operator, options.get("marking_system"))
        if recordings is not None:
            for seat in rack.seats:
                seat.recorder = stack.enter_context(recorded(recordings, f"register-{seat.index}", world_clock()))
        addresses = [f"tcp://{address_of(one)}" for one in sockets[: len(ports)]] + [
            f"serial:{one.path}" for one in lines
        ]
        world.addresses.update(enumerate(addresses, start=1))
        services = _registers(world, sockets[: len(ports)], lines, host_timeout_s)
        services += [partial(look_after, register, clock=world_clock) for register in rack.registers]
        others = dict(zip((what for _, _, what in beside), sockets[len(ports) :], strict=True))
        if operator is not None:
            services.append(partial(serve_operator, operator, others["operator"], clock=world_clock))
        if until_stdin_closes:
            services.append(_until_stdin_closes)
        ready = {
            "event": "ready",
            "registers": [
                {"address": address, "serial": seat.register.serial, "drive": seat.register.drive.number}
                for seat, address in zip(rack.seats, addresses, strict=True)
            ],
            "operator": address_of(others["operator"]) if operator else None,
            "control": f"http://{address_of(others['control'])}" if "control" in others else None,
        }
        trio.run(serve_until_signal, services, _control(world, others.get("control")), partial(say, ready))


@contextmanager
def _world_clock(folder: StateFolder, outside: Callable[[], float], scale: float) -> Iterator[WorldClock]:
    """The clock of a world that may have been moved before: a restart does not take it back."""
    log = folder.storage("clock.log")
    ahead = next((float(record) for _, record in log.scan(backwards=True)), 0.0)
    clock = WorldClock(outside, scale=scale, at=outside() + ahead)

    def keep() -> None:
        log.append(repr(clock() - outside()).encode("ascii"))

    clock.watch(keep)
    yield clock
    if abs(clock() - outside() - ahead) > 1:
        keep()


def _allow_descriptors(registers: int) -> None:
    """Listener or line, host, two logs and a recording for each register; the usual limit is 1024."""
    wanted = 200 + 6 * registers
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        ceiling = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))


def _ports(host: str, count: int, base_port: int | None) -> list[tuple[str, int, str]]:
    if base_port is None:
        return []
    return [(host, base_port + place if base_port else 0, f"register {place + 1} of {count}") for place in range(count)]


def _registers(
    world: World, sockets: list[socket.socket], lines: list[Terminal], host_timeout_s: float
) -> list[Service]:
    seats, clock, conversations = world.rack.seats, world.clock, world.conversations
    services: list[Service] = []
    for seat, listener in zip(seats, sockets, strict=False):
        talk = conversations[seat.index]
        services.append(
            partial(serve_register, seat, listener, clock=clock, host_timeout_s=host_timeout_s, conversation=talk)
        )
    for seat, line in zip(seats, lines, strict=False):
        services.append(partial(serve_terminal, seat, line, clock=clock, conversation=conversations[seat.index]))
    return services


def _control(world: World, listener: socket.socket | None) -> Service | None:
    """The control port, loaded only where it is wanted: a plain rack starts without a web server."""
    if listener is None:
        return None
    from fn_emulator.serve.control import control_app
    from fn_emulator.serve.http import serve_http

    return partial(serve_http, control_app(world), listener)


def run_operator(
    *,
    port: int,
    state: Path | None,
    host: str = "127.0.0.1",
    clock: Callable[[], float] = time.time,
    say: Say = say_json,
) -> None:
    """A test operator alone, until a signal."""
    with listening([(host, port, "operator")]) as sockets, StateFolder(state) as folder:
        service: Service = partial(serve_operator, _operator(folder, Keys.derive), sockets[0], clock=clock)
        ready = {"event": "ready", "operator": address_of(sockets[0])}
        trio.run(serve_until_signal, [service], None, partial(say, ready))


def run_proxy(
    register: str,
    *,
    folder: Path,
    port: int,
    host: str = "127.0.0.1",
    note: str = "",
    clock: Callable[[], float] = time.time,
    say: Say = say_json,
) -> None:
    """Between drivers and a register at an address, recording, until a signal."""
    check_address(register)
    with listening([(host, port, "drivers")]) as sockets, recorded(folder, "recording", clock(), note=note) as recorder:
        service: Service = partial(serve_proxy, sockets[0], register, recorder, clock=clock)
        trio.run(
            serve_until_signal,
            [service],
            None,
            partial(say, {"event": "ready", "address": f"tcp://{address_of(sockets[0])}"}),
        )


def _operator(folder: StateFolder, keys: Derive) -> TestOperator:
    return TestOperator(master=DEMO_MASTER_KEY, store=LogStore(folder.storage("operator.log")), keys=keys)


async def _until_stdin_closes() -> None:
    """The parent's pipe closes however the parent ends. `sys.stdin` would hold a lock at exit; `os.read` does not."""
    while await trio.to_thread.run_sync(os.read, 0, 4096, abandon_on_cancel=True):
        pass
