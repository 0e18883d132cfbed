"""The durable record of jobs: what is in it has happened, what is not in it has not.

`Journal` is the contract (`base`), `SqliteJournal` the engine for one machine. A table of contents, loaded lazily.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.journal.base import Accepted, Backlog, Duplicate, Journal, Note, OpenIntent, Unconfirmed
    from fleet.journal.sqlite import SqliteJournal

__all__ = [
    "Journal",
    "SqliteJournal",
    "Accepted",
    "Duplicate",
    "Backlog",
    "OpenIntent",
    "Note",
    "Unconfirmed",
]

_HOMES = {
    "fleet.journal.base": ("Journal", "Accepted", "Duplicate", "Backlog", "OpenIntent", "Note", "Unconfirmed"),
    "fleet.journal.sqlite": ("SqliteJournal",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'fleet.journal' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
