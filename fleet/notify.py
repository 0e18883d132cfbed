"""Words to the service manager (sd_notify): ready, still alive, stopping.

The protocol is a datagram of ``NAME=value`` lines to the Unix socket that NOTIFY_SOCKET names (systemd's
sd_notify(3)); without it there is nobody to tell, and nothing happens.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping

import structlog
import trio

__all__ = ["Notifier", "keep_alive"]

PER_INTERVAL = 3
"""Signs of life in each interval of the watchdog: two may be late."""

_log = structlog.get_logger("fleet.notify")


class Notifier:
    """Tells the service manager; `watchdog_s` is how long it waits for a sign of life (None: it does not)."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s if address else None
        self._address = None if not address else "\0" + address[1:] if address.startswith("@") else address

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ, *, pid: int | None = None) -> Notifier:
        """As the service manager asked for in the environment. A watchdog meant for another process is not ours."""
        for_pid = environment.get("WATCHDOG_PID", "")
        mine = for_pid in ("", str(os.getpid() if pid is None else pid))
        microseconds = environment.get("WATCHDOG_USEC", "")
        watched = mine and microseconds.isdecimal() and int(microseconds) > 0
        return cls(environment.get("NOTIFY_SOCKET"), int(microseconds) / 1e6 if watched else None)

    def ready(self, status: str) -> None:
        """Work has begun; `status` is one line for `systemctl status`."""
        self.tell(READY="1", STATUS=status)

    def alive(self, status: str) -> None:
        self.tell(WATCHDOG="1", STATUS=status)

    def stopping(self) -> None:
        self.tell(STOPPING="1")

    def tell(self, **values: str) -> None:
        """Send the values, or drop them: a service manager that does not listen must not stop the work."""
        if self._address is None:
            return
        lines = "\n".join(f"{name}={value}".replace("\n", " ") for name, value in values.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.setblocking(False)
                line.sendto(lines.encode(), self._address)
        except OSError as error:
            _log.warning("the service manager was not told", why=str(error), what=sorted(values))


async def keep_alive(notifier: Notifier, status: Callable[[], str | None]) -> None:
    """Give signs of life while `status` has something to say; None is no sign: the service manager starts us anew.

    It runs on the event loop with everything else, so a loop that hangs falls silent, too.
    """
    if notifier.watchdog_s is None:
        return
    silent = False
    while True:
        line = status()
        if line is not None:
            notifier.alive(line)
        elif not silent:
            _log.error("no more signs of life: the daemon cannot go on")
        silent = line is None
        await trio.sleep(notifier.watchdog_s / PER_INTERVAL)
