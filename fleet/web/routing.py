"""Which endpoint answers a path: a look into a dict for paths without variable parts, patterns for the few others."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleet.web.asgi import Endpoint, Receive, Scope, Send

__all__ = ["Router"]

_PARAMETER = re.compile(r"\{(\w+)\}")


class Router:
    """An ASGI application that hands each request to an endpoint.

    A path in `routes` may have `{name}` for one of its parts, which the endpoint then finds in `Call.params`; the
    first that fits is taken. Any other path belongs to the first of `otherwise` that it starts with.
    """

    def __init__(self, routes: Mapping[str, Endpoint], otherwise: Mapping[str, Endpoint]) -> None:
        self._exact = {path: endpoint for path, endpoint in routes.items() if "{" not in path}
        self._patterns = [(_pattern(path), endpoint) for path, endpoint in routes.items() if "{" in path]
        self._otherwise = tuple(otherwise.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # a server asks whether we have a lifespan, and takes this for a no
            raise NotImplementedError(f"{scope['type']}: only http is spoken here")
        endpoint = self._exact.get(scope["path"]) or self._other(scope)
        await endpoint(scope, receive, send)

    def _other(self, scope: Scope) -> Endpoint:
        path = scope["path"]
        for pattern, endpoint in self._patterns:
            found = pattern.fullmatch(path)
            if found is not None:
                scope["path_params"] = found.groupdict()
                return endpoint
        return next(endpoint for start, endpoint in self._otherwise if path.startswith(start))


def _pattern(path: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(path)  # text, name, text, name, …, text
    return re.compile("".join(f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts)))
