"""What can go wrong in the fleet, as one tree.

::

    FleetError
    ├── ConfigError          the configuration has mistakes; all of them, each with its path
    └── JournalError
        ├── Missing          no such job
        ├── Conflict         the job's state does not allow this verb: somebody else was there first, or a bug
        ├── Locked           another process serves this journal file
        ├── Fenced           a later opener took the journal over; this one must stop
        ├── SchemaTooNew     the file was written by a later version of this program
        ├── StorageFailed    the disk did not take it: nothing was written
        └── Closed           the journal is closed
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "FleetError",
    "ConfigError",
    "JournalError",
    "Missing",
    "Conflict",
    "Locked",
    "Fenced",
    "SchemaTooNew",
    "StorageFailed",
    "Closed",
]


class FleetError(Exception):
    """The base of everything this package raises on purpose."""


class ConfigError(FleetError):
    """A configuration that cannot be used: `problems` holds every mistake, each starting with its path."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join([f"{source or 'configuration'}:", *(f"  {line}" for line in self.problems)]))


class JournalError(FleetError):
    """The base of what the journal raises."""


class Missing(JournalError):
    """There is no job with this id."""


class Conflict(JournalError):
    """A verb that the job's state (or the station's open intent) does not allow. Nothing was changed."""


class Locked(JournalError):
    """Another process serves this journal; two daemons on one file would each believe they own the registers."""


class Fenced(JournalError):
    """A later opener raised the journal's epoch. Whoever gets this no longer owns the registers and must stop."""


class SchemaTooNew(JournalError):
    """The file's schema is newer than this program; reading it could misunderstand it, so it stays untouched."""


class StorageFailed(JournalError):
    """The storage did not take a transaction. After anything but a full disk the journal takes no more."""


class Closed(JournalError):
    """The journal is closed: the verb was not written."""
