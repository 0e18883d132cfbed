"""The daemon with its doors open: journal and stations, HTTP, and the signals that end it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
import trio

from fleet import http
from fleet.config import Config, load
from fleet.daemon import open_daemon
from fleet.errors import FleetError
from fleet.notify import Notifier, keep_alive
from fleet.usecases import UseCases
from fleet.web import Keys, Tokens, build_app, load_local_key, load_secret
from fleet.web.calling import Caller
from fleet.web.ferma.callback import renderer
from fleet.web.ferma.reading import FACADE as FERMA

__all__ = ["run", "serve", "watch_signals"]

_log = structlog.get_logger("fleet")


async def serve(
    config: Config,
    *,
    stop: trio.Event,
    ready: Callable[[str], None],
    source: Path | None = None,
    notifier: Notifier | None = None,
) -> None:
    """Run until `stop`: first the doors close, then the stations finish what they have in hand.

    `ready` is told the base URL of the HTTP door once receipts are accepted. SIGHUP reads `source` anew. The service
    manager hears of all of it.
    """
    for warning in config.warnings:
        _log.warning("configuration", warning=warning)
    notifier = notifier or Notifier.of_environment()
    secret = load_secret(config.state_dir)
    tokens = Tokens(secret, config.tenants, ttl_s=config.http.token_ttl_s)
    keys = Keys(config.admins, load_local_key(config.state_dir))
    async with open_daemon(config, source=None if source is None else partial(load, source)) as usecases:
        app = build_app(usecases, config, tokens, keys=keys)
        caller = Caller(
            usecases,
            {FERMA: renderer(config)},
            secret=secret,
            logins={tenant.name: tenant.login for tenant in config.tenants},
            clock=time.time,
            allow_private=config.callbacks.allow_private,
        )
        async with trio.open_nursery() as beside:
            beside.start_soon(caller.run)
            await beside.start(reload_on_signal, usecases)
            beside.start_soon(keep_alive, notifier, lambda: _status(usecases))
            beside.start_soon(_tell_stopping, notifier, stop)
            async with trio.open_nursery() as nursery:
                url: str = await nursery.start(
                    lambda task_status: http.serve(app, config.http.listen, stop=stop, task_status=task_status)
                )
                _log.info("listening", url=url, stations=len(config.stations))
                notifier.ready(f"serving {url}")
                ready(url)
            beside.cancel_scope.cancel()
    _log.info("stopped")


async def reload_on_signal(
    usecases: UseCases, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """SIGHUP reads the configuration anew; one that is wrong changes nothing."""
    with trio.open_signal_receiver(signal.SIGHUP) as signals:
        task_status.started()
        async for _ in signals:
            try:
                await usecases.stations.reload(who="SIGHUP")
            except FleetError as error:
                _log.error("the configuration was not read anew", why=str(error))


def _status(usecases: UseCases) -> str | None:
    """One line for `systemctl status`; None when only a new start helps."""
    if not usecases.health().alive:
        return None
    queue = usecases.queue()
    return f"{queue.stations_up} of {queue.stations} stations take receipts, {queue.waiting} receipts wait"


async def _tell_stopping(notifier: Notifier, stop: trio.Event) -> None:
    await stop.wait()
    notifier.stopping()


async def watch_signals(stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    """SIGINT or SIGTERM sets `stop`; a second one does not wait for the rest."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            if stop.is_set():
                raise KeyboardInterrupt
            stop.set()


def run(config: Config, *, ready: Callable[[str], None], source: Path | None = None) -> None:
    """`serve` from a command, until a signal. `source`: the file that `config` was read from."""

    async def main() -> None:
        stop = trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(watch_signals, stop)
            await serve(config, stop=stop, ready=ready, source=source)
            nursery.cancel_scope.cancel()

    trio.run(main)
