"""Commands that ask a running daemon: its address and this machine's key come from the configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fleet.errors import FleetError

if TYPE_CHECKING:
    from fleet.config import Config

__all__ = ["KEY_VARIABLE", "Daemon", "NotServed"]

KEY_VARIABLE = "FLEET_ADMIN_KEY"
"""Holds an administrator's key where the daemon's own is not this user's to read."""

TIMEOUT_S = 60.0
"""A decision may wait until a busy register has looked into its archive."""


class NotServed(FleetError):
    """The daemon does not answer, or refuses."""


class Daemon:
    """The daemon that serves a configuration, as its administrator sees it."""

    def __init__(self, config: Config) -> None:
        self._url = f"http://{config.http.listen}/admin/v1"
        self._key = os.environ.get(KEY_VARIABLE) or _local_key(config)

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a question."""
        return self._call("GET", path, params={key: value for key, value in query.items() if value is not None})

    def post(self, path: str, **body: Any) -> Any:
        """The answer to an order."""
        return self._call("POST", path, json={key: value for key, value in body.items() if value is not None})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        import httpx2

        try:
            headers = {"Authorization": f"Bearer {self._key}"}
            answer = httpx2.request(method, self._url + path, headers=headers, timeout=TIMEOUT_S, **options)
            body = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise NotServed(f"the daemon at {self._url} does not answer: {error}: is `fleet serve` running?") from error
        if answer.status_code >= 400:
            raise NotServed(str(body.get("message", body)))
        return body


def _local_key(config: Config) -> str:
    from fleet.web.keys import KEY_FILE

    path = config.state_dir / KEY_FILE
    try:
        return path.read_text("ascii").strip()
    except OSError as error:
        raise NotServed(f"{path}: {error.strerror}: start the daemon first, or set {KEY_VARIABLE}") from error
