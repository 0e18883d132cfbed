"""Documents that a drive holds and the journal does not know: found after a restored backup, or by an audit.

Each keeps the own key that was written into it, so that a shop which repeats its request meets the document that the
lost part of the journal had made for it, instead of getting a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from fleet.journal.base import Discovered

__all__ = ["Discoveries", "decode_discovered"]

decode_discovered = msgspec.json.Decoder(Discovered).decode
_encode = msgspec.json.Encoder().encode


class Discoveries:
    """The writing side."""

    def __init__(self, execute: Callable[..., Any]) -> None:
        self._execute = execute
        self.any = self._execute("SELECT 1 FROM discovered LIMIT 1").fetchone() is not None

    def add(self, documents: Sequence[Discovered]) -> list[Discovered]:
        """Keep documents that are no job's; those that are new here are given back."""
        new = []
        for one in documents:
            row = self._execute(
                "SELECT 1 FROM jobs WHERE drive = ? AND document = ?", (one.drive, one.document)
            ).fetchone()
            if row is None:
                self._execute(
                    "INSERT INTO discovered VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (one.drive, one.document, one.own_key, _encode(one).decode()),
                )
                if self._execute("SELECT changes()").fetchone() == (1,):
                    new.append(one)
                self.any = True
        return new

    def of_key(self, own_key: str) -> Discovered | None:
        """The document that carries this own key."""
        row = self._execute("SELECT document_json FROM discovered WHERE own_key = ?", (own_key,)).fetchone()
        return None if row is None else decode_discovered(row[0])

    def explained(self, drive: str, document: int) -> None:
        """The document is a job's now."""
        self._execute("DELETE FROM discovered WHERE drive = ? AND document = ?", (drive, document))
