"""One address for everything about marked goods: the session's version says who is meant, marking system or key server.

Real installations have two addresses; one is enough for a test, and each part still refuses what is the other's.
"""

from __future__ import annotations

from ffd.container import SESSION_KEYS
from fn_emulator.key_server import KeyServer
from fn_emulator.marking_system import MarkingSystem

__all__ = ["MarkingPoint"]


class MarkingPoint:
    """A marking system and a key server behind one port."""

    def __init__(self, marking_system: MarkingSystem, key_server: KeyServer) -> None:
        self.marking_system = marking_system
        self.key_server = key_server
        self.delay_s = 0.0

    def respond(self, data: bytes, *, now: float) -> bytes | None:
        """The answer of whoever is meant; what belongs to nobody is the marking system's to be silent about."""
        peer = self.key_server if data[4:6] == SESSION_KEYS else self.marking_system
        answer = peer.respond(data, now=now)
        self.delay_s = peer.delay_s
        return answer
