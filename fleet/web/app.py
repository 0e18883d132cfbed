"""All HTTP doors as one ASGI application. It knows no server: anything that speaks ASGI on trio can carry it."""

from __future__ import annotations

import time
from collections.abc import Callable

from fleet.config import Config
from fleet.usecases import UseCases
from fleet.web.admin import AdminDoor
from fleet.web.asgi import Endpoint
from fleet.web.ferma.door import FermaDoor
from fleet.web.keys import Keys
from fleet.web.meters import Meters
from fleet.web.page import Page
from fleet.web.routing import Router
from fleet.web.tokens import Tokens

__all__ = ["build_app"]


def build_app(
    usecases: UseCases,
    config: Config,
    tokens: Tokens,
    *,
    keys: Keys | None = None,
    clock: Callable[[], float] = time.time,
) -> Router:
    """The application. `clock` gives unix seconds; without `keys` nobody may run the rack through it."""
    meters = Meters()
    ferma = FermaDoor(usecases, config, tokens, clock=clock, meters=meters)
    page = Page(usecases, config, clock=clock, meters=meters)
    routes = {
        path: Endpoint(handler, name=name, meters=meters, fail=ferma.fail, methods=["POST"])
        for path, (name, handler) in ferma.routes().items()
    }
    routes |= {
        path: Endpoint(handler, name=name, meters=meters, fail=page.fail, quiet=True)
        for path, (name, handler) in page.routes().items()
    }
    if keys is not None:
        admin = AdminDoor(usecases, keys)
        routes |= {
            path: Endpoint(handler, name=name, meters=meters, fail=admin.fail, methods=[method])
            for (method, path), (name, handler) in admin.routes().items()
        }
    nothing = Endpoint(page.nothing, name="nothing", meters=meters, fail=page.fail, methods=_ANY, quiet=True)
    no_call = Endpoint(ferma.nothing, name="no_call", meters=meters, fail=ferma.fail, methods=_ANY)
    return Router(routes, {"/api/": no_call, "": nothing})


_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
