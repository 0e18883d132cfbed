"""A host's link and a register's line joined in memory, with a line between them that loses or damages whole writes.

The register executes for real (it counts, and each answer tells which command it answers), so a test can compare what
the link *says* of an exchange with what *happened*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from fn_emulator.line import Line
from kkt_driver.link import Link, Lost, Reply

__all__ = ["DAMAGES", "Exchanged", "LossyLine", "Trouble"]

Trouble = Callable[[bytes], bytes]
"""What becomes of one write."""


def _flip(at: int) -> Trouble:
    def damage(data: bytes) -> bytes:
        place = at if at >= 0 else len(data) + at
        return bytes(byte ^ 0x80 if index == place else byte for index, byte in enumerate(data))

    return damage


DAMAGES: dict[str, Trouble] = {
    "lost": lambda data: b"",
    "first byte damaged": _flip(0),
    "second byte damaged": _flip(1),
    "last byte damaged": _flip(-1),
    "cut short": lambda data: data[: len(data) // 2],
    "its first byte lost": lambda data: data[1:],
    "noise before": lambda data: b"\x00\xff\x7f" + data,
}
"""No damage turns one control byte into another: against three flipped bits no byte of the protocol protects."""


class Exchanged(msgspec.Struct, frozen=True):
    """How an exchange ended for the host, and how often the register executed its command."""

    body: bytes
    end: Reply | Lost
    executed: int


class LossyLine:
    """`exchange` plays one command. `trouble` by the number of the write since the line was made, both ways counted."""

    def __init__(self, link: Link, trouble: dict[int, Trouble], *, duration_s: float = 0.0) -> None:
        self.link, self.trouble, self.duration_s = link, trouble, duration_s
        self.executed: list[bytes] = []
        self.register = Line(self._execute)
        self.now = 0.0
        self.writes = 0
        self.register.connected(self.now)

    def _execute(self, body: bytes, now: float) -> tuple[bytes, float]:
        self.executed.append(body)
        return body[:1] + b"\0" + body[1:], self.duration_s

    def exchange(self, body: bytes, *, repeatable: bool = False, timeout_s: float = 30.0) -> Exchanged:
        self.link.send(body, now=self.now, timeout_s=timeout_s, repeatable=repeatable)
        end = self._end()
        if isinstance(end, Lost) and self.link.doubt:  # as the client does: ask for the answer on the same connection
            self.link.prove(now=self.now)
            end = self._end()
        return Exchanged(body, end, self.executed.count(body))

    def _end(self) -> Reply | Lost:
        ends: list[Reply | Lost] = []
        for _ in range(1000):
            out = self._carry(self.link.outgoing())
            events = self._hear(self.register.receive(out, self.now)) if out else []
            if not out and not events:
                events = self._pass_time()
            ends += [event for event in events if isinstance(event, Reply | Lost)]
            if ends:
                break
        (end,) = ends
        assert not self.link.busy
        return end

    def _pass_time(self) -> list[object]:
        """To the next moment that either end waits for."""
        moments = [moment for moment in (self.link.deadline, self.register.deadline) if moment is not None]
        self.now = max(self.now, min(moments))
        events = self._hear(self.register.handle_timeout(self.now))
        if not events and self.link.deadline is not None and self.now >= self.link.deadline:
            events = list(self.link.handle_timeout(now=self.now))
        return events

    def _hear(self, data: bytes) -> list[object]:
        """The register's bytes reach the host; its ACK and a frame behind it are two writes, as on a slow line."""
        events: list[object] = []
        for write in _writes(data):
            carried = self._carry(write)
            if carried:
                events += self.link.receive(carried, now=self.now)
        return events

    def _carry(self, data: bytes) -> bytes:
        if not data:
            return b""
        self.writes += 1
        return self.trouble.get(self.writes, bytes)(data)


def _writes(data: bytes) -> Iterable[bytes]:
    return (data[:1], data[1:]) if data[:1] == b"\x06" else (data,)
