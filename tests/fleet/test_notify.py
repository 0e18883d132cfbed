"""Twin of `fleet.notify`: what a service manager hears, over a real datagram socket."""

from __future__ import annotations

import configparser
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.testing

from fleet.notify import Notifier, keep_alive
from tests.fleet.web.doubles import INN, PASSWORD_HASH
from tests.ports import free_base

ROOT = Path(__file__).parents[2]


class Manager:
    """The service manager's end of the line."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(30)

    def heard(self) -> dict[str, str]:
        """The next datagram."""
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def nothing(self) -> bool:
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(30)
        return False


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    found = Manager(str(tmp_path / "notify"))
    with found.socket:
        yield found


def test_what_is_said(manager: Manager) -> None:
    """The manager's own words, one datagram each; a status is one line whatever stands in it."""
    notifier = Notifier(manager.address)
    notifier.ready("serving\nhttp://127.0.0.1:8080")
    assert manager.heard() == {"READY": "1", "STATUS": "serving http://127.0.0.1:8080"}
    notifier.alive("fine")
    assert manager.heard() == {"WATCHDOG": "1", "STATUS": "fine"}
    notifier.stopping()
    assert manager.heard() == {"STOPPING": "1"}


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_address() -> None:
    """A manager may use a name outside the file system: it begins with @."""
    manager = Manager(f"@fleet-notify-{os.getpid()}")
    with manager.socket:
        Notifier(manager.address).stopping()
        assert manager.heard() == {"STOPPING": "1"}


def test_nobody_listens(tmp_path: Path) -> None:
    """Without a manager, or with one that is gone, work goes on."""
    Notifier(None).ready("x")
    Notifier(str(tmp_path / "nowhere")).ready("x")


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({}, None),
        ({"NOTIFY_SOCKET": "/x"}, None),
        ({"WATCHDOG_USEC": "30000000"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000"}, 30.0),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "odd"}, None),
    ],
)
def test_what_the_environment_asks_for(environment: dict[str, str], watchdog_s: float | None) -> None:
    """The variables of sd_watchdog_enabled(3); one that is meant for another process is left alone."""
    assert Notifier.of_environment(environment, pid=7).watchdog_s == watchdog_s


async def test_signs_of_life_end_with_life(manager: Manager, autojump_clock: trio.testing.MockClock) -> None:
    """Three in each interval; none once the daemon cannot go on, and that is the point of a watchdog."""
    state: list[str | None] = ["fine"]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_alive, Notifier(manager.address, 30.0), lambda: state[0])
        await trio.sleep(25)
        for _ in range(3):
            assert manager.heard() == {"WATCHDOG": "1", "STATUS": "fine"}
        assert manager.nothing()
        state[0] = None
        await trio.sleep(60)
        assert manager.nothing()
        nursery.cancel_scope.cancel()


def test_the_daemon_tells(manager: Manager, tmp_path: Path) -> None:
    """A real daemon under a manager: ready when it listens, alive, stopping at SIGTERM."""
    port = free_base((0, 1))
    config = tmp_path / "fleet.toml"
    config.write_text(f"""
http.listen = "127.0.0.1:{port}"
tenants = [{{ name = "shop", login = "shop", password_hash = "{PASSWORD_HASH}", inn = "{INN}" }}]
stations = [{{ name = "k1", address = "tcp://127.0.0.1:{port + 1}", inn = "{INN}" }}]
""")
    environment = {**os.environ, "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "300000"}
    command = [sys.executable, "-m", "fleet", "serve", str(config)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            heard: list[str] = []
            while not {"READY", "WATCHDOG"} <= set(heard):
                heard += manager.heard()
            daemon.send_signal(signal.SIGTERM)
            while "STOPPING" not in heard:
                heard += manager.heard()
            assert daemon.wait(30) == 0
        finally:
            daemon.kill()


def test_the_unit() -> None:
    """What the daemon counts on: it is asked for its words, watched, and given the time that it may take to stop."""
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as the module's manual shows it
    unit.read(ROOT / "deploy" / "fleet.service", "utf-8")
    service = unit["Service"]
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert int(service["WatchdogSec"]) >= 10, "a commit on a slow disk is no death"
    assert int(service["TimeoutStopSec"]) > 10, "the daemon may take ten seconds"
    assert service["ExecStart"].split()[1] == "serve"
