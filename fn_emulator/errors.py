"""Errors of the emulator.

EmulatorError
├── StorageError   the log of a drive or register cannot be read or written
└── Misuse         the caller asked for something the emulator cannot be (a wrong number, a wrong model)

A drive never raises for what arrives on its line: it answers with a code. These errors are for the people who start
it.
"""

from __future__ import annotations

__all__ = ["EmulatorError", "Misuse", "StorageError"]


class EmulatorError(Exception):
    """Base of everything the emulator raises."""


class StorageError(EmulatorError):
    """A log that is damaged in the middle, is of another kind, or cannot be written."""


class Misuse(EmulatorError):
    """A drive, register or operator was asked to be something that does not exist."""
