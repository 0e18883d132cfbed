"""`fleet demo`: a rack of emulated registers and an operator as a child process, and the daemon over it in this one.

Everything lives in one folder and goes on when it is started again. The child ends with us, however we end: its
standard input is a pipe that only we hold. Nothing in a demonstration is fiscal, and it says so everywhere.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fleet.emulation import EmulatedRack
from fleet.errors import FleetError

__all__ = ["Demo", "DemoError", "run_demo"]

INN = "9900000000"
LOGIN = PASSWORD = "demo"
# of "demo", no secret
PASSWORD_HASH = "scrypt$16384$8$1$bm90IGEgc2VjcmV0$b6ZQtchC1kIgLJI8A+UhVYNBhzjvN6NGwJ5SAyK8Mzc="
OPERATOR_OFFSET = 99  # the operator listens on base port + 99, behind the registers when there are more


class DemoError(FleetError):
    """The demonstration cannot be shown."""


@dataclass(frozen=True, kw_only=True)
class Demo:
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

    @property
    def log_path(self) -> Path:
        return self.state / "fleet.log"

    @property
    def rack_log_path(self) -> Path:
        return self.state / "rack.log"


def run_demo(demo: Demo, *, as_json: bool = False) -> None:
    """Show it until SIGINT or SIGTERM."""
    check_ports(demo)
    _make_folder(demo)
    rack = EmulatedRack.start(**rack_asked(demo), log=demo.rack_log_path)
    try:
        import trio  # this and all else that takes long to load: while the rack starts, on another core

        trio.run(_main, demo, rack, as_json)
    finally:
        rack.end()
    if not as_json:
        print("\nStopped. Started again, it goes on with the same journal and drives.", flush=True)


async def _main(demo: Demo, rack: EmulatedRack, as_json: bool) -> None:
    import trio

    from fleet import config, log
    from fleet.serve import serve, watch_signals

    await rack.ready()
    with demo.log_path.open("ab", buffering=0) as file:
        log.setup(file)
        stop = trio.Event()

        def ready(url: str) -> None:
            print(ready_line(demo, url) if as_json else announcement(demo, url, date.today()), flush=True)

        async with trio.open_nursery() as nursery:
            await nursery.start(watch_signals, stop)
            nursery.start_soon(rack.watch, stop)
            await serve(config.load(demo.config_path), stop=stop, ready=ready)
            nursery.cancel_scope.cancel()


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

poll_s = 0.5

[[tenants]]
name = "demo"
login = "{LOGIN}"
password_hash = "{PASSWORD_HASH}"
inn = "{INN}"
{stations}"""


# The child


def rack_asked(demo: Demo) -> dict[str, Any]:
    """The rack that the child is asked for."""
    return {
        "count": demo.registers,
        "base_port": demo.base_port,
        "operator_port": demo.operator_port,
        "inn": INN,
        "internet": True,
        "state": str(demo.state / "rack"),
    }


# What is said


def announcement(demo: Demo, url: str, today: date) -> str:
    """Addresses, and commands that can be pasted into a shell as they are."""
    url = reachable(url)
    header = "-H 'Content-Type: application/json'"
    cut = """| grep -o '"AuthToken":"[^"]*' | cut -d'"' -f4"""
    asked = """{"Request":{"InvoiceId":"'$INVOICE'"}}"""
    vat = "Vat22" if today.year >= 2026 else "Vat20"
    receipt = json.dumps(
        {
            "Request": {
                "Inn": INN,
                "Type": "Income",
                "InvoiceId": "@",
                "CustomerReceipt": {
                    "TaxationSystem": "Common",
                    "Email": "anna@example.com",
                    "Items": [{"Label": "Чайник", "Price": 1990.5, "Quantity": 2, "Amount": 3981, "Vat": vat}],
                },
            }
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).replace('"@"', "\"'$INVOICE'\"")
    login = json.dumps({"Login": LOGIN, "Password": PASSWORD}, separators=(",", ":"))
    last = demo.register_ports[-1]
    return f"""\
A demonstration: nothing fiscal is in it. {demo.registers} emulated registers, an emulated operator, one daemon.

  page        {url}/
  registers   tcp://127.0.0.1:{demo.base_port}{f" to {last}" if last != demo.base_port else ""}, operator tcp://127.0.0.1:{demo.operator_port}
  state       {demo.state} (fleet.log, rack.log, journal and drives)
  account     Login {LOGIN}, Password {PASSWORD}, INN {INN}

Log in, make a receipt, ask what became of it:

TOKEN=$(curl -s {url}/api/Authorization/CreateAuthToken {header} -d '{login}' {cut})

INVOICE=shop-$(date +%s); curl -s "{url}/api/kkt/cloud/receipt?AuthToken=$TOKEN" {header} -d '{receipt}'; echo

curl -s "{url}/api/kkt/cloud/status?AuthToken=$TOKEN" {header} -d '{asked}'; echo

Ctrl-C ends it all."""


def ready_line(demo: Demo, url: str) -> str:
    """The same for programs."""
    return json.dumps(
        {
            "event": "ready",
            "http": url,
            "registers": [f"tcp://127.0.0.1:{port}" for port in demo.register_ports],
            "operator": f"tcp://127.0.0.1:{demo.operator_port}",
            "login": LOGIN,
            "password": PASSWORD,
            "inn": INN,
        }
    )


def reachable(url: str) -> str:
    """A listener on every address is best reached on this machine's own."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
