"""Who was right after all the kills: what shops wrote down against what the drives hold, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

__all__ = ["Document", "Findings", "check", "read_log"]

Document = tuple[str, int, int | None]
"""Drive, number, kopecks."""


class Told(msgspec.Struct):
    """What one shop knows of one receipt."""

    kopecks: int
    ids: set[str]
    final: tuple[str, int] | None = None
    code: int | None = None


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """All that is wrong, in words; and how much was looked at."""

    receipts: int
    documents: int
    problems: tuple[str, ...]


def read_log(path: Path) -> dict[str, Told]:
    """Receipts by their keys."""
    told: dict[str, Told] = {}
    for line in path.read_text().splitlines():
        one = json.loads(line)
        if one["event"] == "asked":
            told[one["key"]] = Told(one["kopecks"], set())
        elif one["event"] == "accepted":
            told[one["key"]].ids.add(one["id"])
        else:
            told[one["key"]].code = one["code"]
            told[one["key"]].final = (one["drive"], one["document"])
    return told


def check(told: dict[str, Told], documents: Iterable[Document]) -> Findings:
    """Every receipt is one document, the one that its shop was told of; every document is a receipt that was asked
    for; every key has one id and a final state."""
    documents = list(documents)
    problems: list[str] = []
    made: dict[int | None, list[tuple[str, int]]] = {}
    for drive, number, kopecks in documents:
        made.setdefault(kopecks, []).append((drive, number))
    for key, one in told.items():
        found = made.pop(one.kopecks, [])
        if len(found) != 1:
            problems.append(f"{key}: {'LOST' if not found else 'DOUBLED'}: documents {found}")
        if len(one.ids) != 1:
            problems.append(f"{key}: {len(one.ids)} ids")
        if one.code != 2:
            problems.append(f"{key}: not final: {one.code}")
        elif one.final not in found:
            problems.append(f"{key}: told of {one.final}, documents {found}")
    problems += [f"nobody asked for {kopecks} kopecks: {where}" for kopecks, where in made.items()]
    twice = [place for place, times in Counter((drive, number) for drive, number, _ in documents).items() if times > 1]
    problems += [f"document {place} stands twice in an archive" for place in twice]
    return Findings(receipts=len(told), documents=len(documents), problems=tuple(problems))
