"""What stands on a line: what a place to plug in asks of a register, a drive, or either behind noise."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Device"]


class Device(Protocol):
    """Bytes and the time in, bytes out; nothing waits. `now` is world time, unix seconds."""

    @property
    def hung_up(self) -> bool:
        """The device's side of the connection is gone: close the stream and call `disconnected`."""
        ...

    @property
    def deadline(self) -> float | None:
        """When `handle_timeout` wants to be called; None: never, as things are."""
        ...

    def connected(self, now: float) -> None:
        """A host has come."""
        ...

    def disconnected(self, now: float) -> None:
        """The host is gone."""
        ...

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes of the host; what the device says to them at once."""
        ...

    def handle_timeout(self, now: float) -> bytes:
        """What is due by now."""
        ...
