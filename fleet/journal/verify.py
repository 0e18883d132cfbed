"""Is the journal what was written? Every chain link by link, and every row that a link speaks of.

Reads only, beside a daemon that goes on working; what is found is told with its place and never mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import apsw
import msgspec

from fleet.journal.chain import FIRST, RACK, commitment, digest, link_of
from fleet.journal.rows import decode_json

__all__ = ["Head", "Verified", "verify"]

PROBLEMS_MAX = 1000
"""More are not told one by one: the file is not the one that was written."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The newest link of a chain. Kept elsewhere, it also shows when the end was cut off."""

    station: str
    number: int
    link: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, where the chains end, and everything that does not agree."""

    events: int
    requests: int
    heads: tuple[Head, ...]
    problems: tuple[str, ...]


def verify(connection: apsw.Connection, known: Mapping[str, Head] | None = None) -> Verified:
    """Look at everything in one consistent read. `known`: heads kept from an earlier look, by station."""
    connection.execute("BEGIN")
    try:
        return _Look(connection).all(known or {})
    finally:
        connection.execute("COMMIT")


class _Look:
    def __init__(self, connection: apsw.Connection) -> None:
        self._read: Callable[..., Any] = connection.execute
        self._problems: list[str] = []
        self._events = 0
        self._intents = 0

    def all(self, known: Mapping[str, Head]) -> Verified:
        broken = [text for (text,) in self._read("PRAGMA quick_check(20)") if text != "ok"]
        self._problems += [f"file: {text}" for text in broken]
        ends = self._chains(known)
        heads = tuple(Head(station=name, number=number, link=link.hex()) for name, (number, link) in ends.items())
        self._ends(ends, known)
        self._unchained()
        requests = self._requests()
        return Verified(
            events=self._events, requests=requests, heads=heads, problems=tuple(self._problems[:PROBLEMS_MAX])
        )

    def _chains(self, known: Mapping[str, Head]) -> dict[str, tuple[int, bytes]]:
        """All of them side by side, in the order of events; where each ends."""
        ends: dict[str, tuple[int, bytes]] = {}
        for station, found, at, event, content, written in self._read(
            "SELECT station, number, at, event, content, link FROM chain ORDER BY seq"
        ):
            number, link = ends.get(station, (0, FIRST))
            where = f"{_named(station)}, event {found}"
            if found > number + 1:
                self._problem(f"{where}: {found - number - 1} events before it are missing")
            elif found <= number:
                self._problem(f"{where}: it stands after event {number}")
            if link_of(link, station, found, at, event, content) != written:  # one fault is told once
                self._problem(f"{where} ({event}): changed, or something before it was")
            ends[station] = found, written
            if station in known and found == known[station].number and written.hex() != known[station].link:
                self._problem(f"{where}: not the event that was known")
            self._events += 1
            self._problems += [f"{where} ({event}): {text}" for text in self._rows(event, decode_json(content))]
        return dict(sorted(ends.items()))

    def _ends(self, ends: dict[str, tuple[int, bytes]], known: Mapping[str, Head]) -> None:
        """Whether each chain goes as far as the journal itself says, and as far as it did before."""
        said = {station: (number, link) for station, number, link in self._read("SELECT * FROM heads")}
        for name in sorted(known.keys() | said.keys() | ends.keys()):
            number, link = ends.get(name, (0, FIRST))
            if name not in ends:
                self._problem(f"{_named(name)}: its chain is gone")
            elif name in known and number < known[name].number:
                self._problem(f"{_named(name)}: ends at {number}, {known[name].number} was known: the end was cut off")
            elif said.get(name) != (number, link):
                self._problem(f"{_named(name)}: ends at {number}, which is not where the journal left off")

    def _rows(self, event: str, said: dict[str, Any]) -> Iterator[str]:
        """What the rows that an event speaks of hold now, where it is something else."""
        if "intent" in said:
            column = "intent" if event == "intend" else "evidence"
            self._intents += event == "intend"
            row = self._read(f"SELECT {column} FROM intents WHERE seq = ?", (said["intent"],)).fetchone()
            if row is None or digest(row[0]) != said["digest"]:
                yield f"the {column} of intent {said['intent']} was changed"
        if "receipt" in said:
            row = self._read("SELECT receipt, commitment FROM jobs WHERE id = ?", (said["job"],)).fetchone()
            if row is None or digest(row[0]) != said["receipt"]:
                yield f"the receipt of job {said['job']} was changed"
            elif (row[1].hex() if row[1] else None) != said["request"]:
                yield f"the request of job {said['job']} was changed"
        if "document" in said and "job" in said:
            row = self._read("SELECT document FROM jobs WHERE id = ?", (said["job"],)).fetchone()
            if row is None or row[0] != said["document"]:
                yield f"job {said['job']} no longer has document {said['document']}"
        if "record" in said:
            row = self._read("SELECT detail FROM records WHERE seq = ?", (said["record"],)).fetchone()
            if row is None or digest(row[0]) != said["digest"]:
                yield f"record {said['record']} was changed"

    def _unchained(self) -> None:
        """Intents that no chain speaks of; those from before there were chains do not count."""
        row = self._read("SELECT min(json_extract(content, '$.intent')) FROM chain WHERE event = 'intend'").fetchone()
        if row[0] is None:
            return
        (opened,) = self._read("SELECT count(*) FROM intents WHERE seq >= ?", (row[0],)).fetchone()
        if opened != self._intents:
            self._problem(f"{opened} intents in the table, {self._intents} in the chains")

    def _requests(self) -> int:
        """Requests that are still there against their commitments; those that were erased cannot be looked at."""
        looked = 0
        for id_, proof, salt, personal, raw in self._read(
            "SELECT id, commitment, salt, personal, raw FROM requests JOIN jobs ON jobs.seq = requests.seq "
            "WHERE salt IS NOT NULL"
        ):
            looked += 1
            if raw is None or commitment(salt, personal, raw) != proof:
                self._problem(f"job {id_}: the request is not the one that was accepted")
        return looked

    def _problem(self, text: str) -> None:
        self._problems.append(text)


def _named(station: str) -> str:
    return "the rack" if station == RACK else f"station {station}"
