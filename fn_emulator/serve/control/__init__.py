"""The control port: what a tester may see and do to a rack while drivers talk to it. JSON over HTTP.

    GET  /registers                 who there is and how they are
    POST /registers/1/faults        {"fault": "cut-after", "command": "FF45"}
    POST /time                      {"advance_s": 86400}
    GET  /events                    what happens, as it happens

`/openapi.json` describes all of it. It listens where it is told to and asks nobody for a password: it belongs on the
tester's own machine.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fn_emulator.serve.control import archive, registers, times, trouble
from fn_emulator.serve.control.events import Events
from fn_emulator.serve.openapi import Action, application
from fn_emulator.serve.world import World

__all__ = ["ACTIONS", "control_app"]

ACTIONS: tuple[Action[World], ...] = (*registers.ACTIONS, *archive.ACTIONS, *times.ACTIONS, *trouble.ACTIONS)


def control_app(world: World) -> Starlette:
    """The application over `world`."""

    async def events(request: Request) -> Response:
        return Events(world, request.query_params.get("register"))

    route = Route("/events", events, methods=["GET"])
    return application(world, ACTIONS, title="Emulated rack of cash registers", extra=[route])
