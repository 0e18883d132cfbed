"""The daemon over a rack of cash registers: jobs, journal, dispatch, stations, and the doors to them.

A table of contents; each name is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.config import Config, load
    from fleet.errors import ConfigError, FleetError, JournalError
    from fleet.jobs import TRANSITIONS, Done, Event, Job, Order, Refused, Registered, Result, State
    from fleet.journal import Accepted, Backlog, Duplicate, Journal, SqliteJournal

__all__ = [
    "Config",
    "load",
    "FleetError",
    "ConfigError",
    "JournalError",
    "State",
    "Event",
    "TRANSITIONS",
    "Order",
    "Job",
    "Result",
    "Registered",
    "Refused",
    "Done",
    "Journal",
    "SqliteJournal",
    "Accepted",
    "Duplicate",
    "Backlog",
]

_HOMES = {
    "fleet.config": ("Config", "load"),
    "fleet.errors": ("FleetError", "ConfigError", "JournalError"),
    "fleet.jobs": ("State", "Event", "TRANSITIONS", "Order", "Job", "Result", "Registered", "Refused", "Done"),
    "fleet.journal": ("Journal", "SqliteJournal", "Accepted", "Duplicate", "Backlog"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'fleet' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
