"""Tamper evidence: each station's events are a chain, so that none can be changed, left out or put in afterwards.

A link is SHA-256 over the link before it and the event. Of rows that stand elsewhere the event carries digests; of what
is personal it carries a *commitment*, SHA-256 under a random salt that is erased together with the data: then nobody
can try telephone numbers until one fits, and the chain still holds. Whoever keeps a chain's newest link elsewhere (it
is in every export) can also tell when the end was cut off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["FIRST", "RACK", "Chain", "commitment", "digest", "link_of"]

FIRST = bytes(32)
"""What the first link of a chain follows."""

RACK = ""
"""The chain of events that belong to no station."""

_INSERT = "INSERT INTO chain (station, number, at, event, content, link) VALUES (?, ?, ?, ?, ?, ?)"
_HEAD = """
INSERT INTO heads VALUES (?, ?, ?)
ON CONFLICT (station) DO UPDATE SET number = excluded.number, link = excluded.link
"""

_encode = msgspec.json.Encoder().encode


def link_of(before: bytes, station: str, number: int, at: float, event: str, content: str) -> bytes:
    """The link of an event to the one before it."""
    return hashlib.sha256(before + _encode((station, number, at, event, content))).digest()


def commitment(salt: bytes, personal: str | None, raw: bytes) -> bytes:
    """What stays of a request when it is erased: nothing that can be guessed, and proof of what it was until then."""
    return hashlib.sha256(salt + _encode((personal, raw))).digest()


def digest(text: str | None) -> str | None:
    """Of a column's text."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


class Chain:
    """The writing end of all chains. The engine says when the appended links are durable and when they are not."""

    def __init__(self, execute: Callable[..., Any]) -> None:
        self._execute = execute
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._undo: list[tuple[str, tuple[int, bytes]]] = []

    def append(self, station: str | None, event: str, at: float, content: dict[str, Any]) -> None:
        """Add an event to a station's chain, or to the rack's."""
        name = RACK if station is None else station
        number, before = head = self._head(name)
        text = _encode(content).decode()
        link = link_of(before, name, number + 1, at, event, text)
        self._execute(_INSERT, (name, number + 1, at, event, text, link))
        self._execute(_HEAD, (name, number + 1, link))
        self._undo.append((name, head))
        self._heads[name] = (number + 1, link)

    @property
    def mark(self) -> int:
        """Where `take_back` may return to."""
        return len(self._undo)

    def take_back(self, mark: int = 0) -> None:
        """What was appended since `mark` is rolled back."""
        while len(self._undo) > mark:
            name, head = self._undo.pop()
            self._heads[name] = head

    def keep(self) -> None:
        """What was appended is durable."""
        self._undo.clear()

    def _head(self, name: str) -> tuple[int, bytes]:
        if name not in self._heads:
            row = self._execute("SELECT number, link FROM heads WHERE station = ?", (name,)).fetchone()
            self._heads[name] = row or (0, FIRST)
        return self._heads[name]
