"""`fleet demo`: a rack of emulated registers and an operator as a child process, and the daemon over it in this one.

Everything lives in one folder and goes on when it is started again. The child ends with us, however we end: its
standard input is a pipe that only we hold. Nothing in a demonstration is fiscal, and it says so everywhere.
"""

from __future__ import annotations

import json
import math
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import trio

from fleet.errors import FleetError

__all__ = ["Demo", "DemoError", "run_demo"]

INN = "9900000000"
LOGIN = PASSWORD = "demo"
PASSWORD_HASH = "scrypt$16384$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA="  # of "demo": no secret here
OPERATOR_OFFSET = 99  # the operator listens on base port + 99, behind the registers when there are more
READY_S = 60.0  # registering hundreds of fresh drives on a slow machine
STOP_S = 9.5  # of the 10 s a stop may take; what stations and doors leave of it is the child's
CHILD_STOP_MIN_S = 0.5


class DemoError(FleetError):
    """The demonstration cannot be shown."""


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was asked for."""

    state: Path = Path("var/demo")
    http: str = "127.0.0.1:8080"
    registers: int = 4
    base_port: int = 7801

    @property
    def register_ports(self) -> range:
        return range(self.base_port, self.base_port + self.registers)

    @property
    def operator_port(self) -> int:
        return self.base_port + max(OPERATOR_OFFSET, self.registers)

    @property
    def config_path(self) -> Path:
        return self.state / "fleet.toml"


def run_demo(demo: Demo, *, as_json: bool = False) -> None:
    """Show it until SIGINT or SIGTERM."""
    check_ports(demo)
    trio.run(_main, demo, as_json)


async def _main(demo: Demo, as_json: bool) -> None:
    _make_folder(demo)
    stop = trio.Event()
    async with _rack(demo, stop):  # starts while the daemon's modules are imported
        from fleet import config, log
        from fleet.serve import serve, watch_signals

        with (demo.state / "fleet.log").open("ab", buffering=0) as file:
            log.setup(file)
            settings = config.load(demo.config_path)

            def ready(url: str) -> None:
                print(_ready_line(demo, url) if as_json else announcement(demo, url, date.today()), flush=True)

            async with trio.open_nursery() as nursery:
                await nursery.start(watch_signals, stop)
                await serve(settings, stop=stop, ready=ready)
                nursery.cancel_scope.cancel()
    if not as_json:
        print("\nStopped. Started again, it goes on with the same journal and drives.", flush=True)


# Before anything starts


def check_ports(demo: Demo) -> None:
    """Every port that the demonstration needs is free, or all that are not are named, each with the remedy."""
    host, _, port = demo.http.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise DemoError(f"--http {demo.http}: must look like 127.0.0.1:8080")
    if demo.operator_port > 65535:
        raise DemoError(f"--base-port {demo.base_port}: too high for {demo.registers} registers and an operator")
    wanted = [(host.strip("[]"), int(port), "HTTP", "--http HOST:PORT")]
    wanted += [
        ("127.0.0.1", port, f"register {number}", "--base-port P")
        for number, port in enumerate(demo.register_ports, start=1)
    ]
    wanted.append(("127.0.0.1", demo.operator_port, "operator", "--base-port P"))
    taken = [
        f"{host}:{port} ({what}): {reason}: stop the program that listens there, or choose another with {option}"
        for host, port, what, option in wanted
        if (reason := _why_not(host, port)) is not None
    ]
    if taken:
        raise DemoError("\n  ".join(["the demonstration cannot listen on", *taken]))


def _why_not(host: str, port: int) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)  # binding alone succeeds beside a listener on every address
    except OSError as error:
        return error.strerror or str(error)
    return None


def _make_folder(demo: Demo) -> None:
    try:
        demo.state.mkdir(parents=True, exist_ok=True)
        demo.config_path.write_text(config_text(demo), encoding="utf-8")
    except OSError as error:
        raise DemoError(f"{demo.state}: {error.strerror}: choose a folder that can be written with --state") from error


def config_text(demo: Demo) -> str:
    """The configuration of the demonstration; `fleet serve` can be started with it too."""
    stations = "".join(
        f"""
[[stations]]
name = "k{number}"
address = "tcp://127.0.0.1:{port}"
inn = "{INN}"
link = "{"alternative" if number % 4 in (3, 0) else "standard"}"
"""
        for number, port in enumerate(demo.register_ports, start=1)
    )
    return f"""\
# Written by `fleet demo` at every start. Nothing here is fiscal.
name = "demo"
state_dir = "."
demo = true

[http]
listen = {json.dumps(demo.http)}
open_to_network = true

[operator]
address = "tcp://127.0.0.1:{demo.operator_port}"

[[tenants]]
name = "demo"
login = "{LOGIN}"
password_hash = "{PASSWORD_HASH}"
inn = "{INN}"
{stations}"""


# The child


@asynccontextmanager
async def _rack(demo: Demo, stop: trio.Event) -> AsyncIterator[None]:
    """The rack's process, ready to be talked to. When it ends by itself, so does the demonstration."""
    log_path = demo.state / "rack.log"
    with log_path.open("ab") as log_file:
        process = await trio.lowlevel.open_process(
            rack_command(demo),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_file,
            start_new_session=True,  # Ctrl-C is for us; the rack ends after the daemon has let go of it
        )
    stopped_at = math.inf
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_watch, process, stop, log_path)
            await _until_ready(process, log_path)
            yield
            stopped_at = trio.current_time()
            nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True):
            await _end(process, CHILD_STOP_MIN_S if stopped_at is math.inf else STOP_S / 4)


def rack_command(demo: Demo) -> list[str]:
    return [
        sys.executable,
        *("-m", "fn_emulator", "rack"),
        *("--count", str(demo.registers)),
        *("--base-port", str(demo.base_port)),
        *("--operator-port", str(demo.operator_port)),
        *("--inn", INN),
        *("--state", str(demo.state / "rack")),
        "--until-stdin-closes",
    ]
