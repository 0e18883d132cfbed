"""What happens in a rack, as it happens, for as long as somebody listens: server-sent events."""

from __future__ import annotations

import msgspec
import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fn_emulator.rack import Event
from fn_emulator.serve.world import World
from kkt_driver.commands import COMMANDS

__all__ = ["Events"]


def _event(event: Event) -> bytes:
    """One event as it goes over the wire (server-sent events)."""
    code = event.command[: 2 if event.command[:1] in (b"\xfe", b"\xff") else 1]
    row = COMMANDS.get(code)
    shown = {
        "at": event.at,
        "register": event.register,
        "command": code.hex().upper() or None,
        "name": row.request.__name__ if row else None,
        "asked": event.command.hex() or None,
        "answer": event.answer.hex() if event.answer is not None else None,
        "error": event.answer[len(code)] if event.answer and len(event.answer) > len(code) else None,
        "fault": event.trouble.fault.label if event.trouble else None,
    }
    data = msgspec.json.encode({key: value for key, value in shown.items() if value is not None})
    return b"event: " + event.kind.encode() + b"\ndata: " + data + b"\n\n"


class Events(Response):
    """What happens, for as long as somebody listens (server-sent events)."""

    media_type = "text/event-stream"

    def __init__(self, world: World, register: str | None) -> None:
        super().__init__()
        self._world, self._register = world, register

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        events, stop = self._world.listen(lambda event: self._register in (None, str(event.register)))
        head = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": _GREETING, "more_body": True})
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_gone, receive, nursery.cancel_scope)
                async for event in events:
                    await send({"type": "http.response.body", "body": _event(event), "more_body": True})
        finally:
            stop()

    async def _until_gone(self, receive: Receive, scope: trio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()


_GREETING = b": here is what happens from now on\n\n"
