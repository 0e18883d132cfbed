"""A cash register with a fiscal drive inside, an operator and a marking system: a test double, not a cash register.

A table of contents; every name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_CONTENTS = {
    # a register: bytes and the time in, bytes out
    "EmulatedRegister": "emulated",
    "registered": "emulated",
    "RegisterCore": "register",
    "Line": "line",
    # its drive
    "Drive": "drive",
    "DriveLine": "drive_frames",
    "Keys": "signs",
    # what survives
    "Storage": "storage",
    "MemoryStorage": "storage",
    "FileStorage": "storage",
    # what may go wrong
    "Fault": "faults",
    "FaultPlan": "faults",
    # the other end of the drive's messages
    "TestOperator": "operator",
    "MarkingSystem": "marking_system",
    "KeyServer": "key_server",
    "MarkingPoint": "marking_point",
    "make_code": "marking_system",
    # errors
    "EmulatorError": "errors",
    "StorageError": "errors",
    "Misuse": "errors",
}

__all__ = list(_CONTENTS)

if TYPE_CHECKING:
    from fn_emulator.drive import Drive as Drive
    from fn_emulator.drive_frames import DriveLine as DriveLine
    from fn_emulator.emulated import EmulatedRegister as EmulatedRegister
    from fn_emulator.emulated import registered as registered
    from fn_emulator.errors import EmulatorError as EmulatorError
    from fn_emulator.errors import Misuse as Misuse
    from fn_emulator.errors import StorageError as StorageError
    from fn_emulator.faults import Fault as Fault
    from fn_emulator.faults import FaultPlan as FaultPlan
    from fn_emulator.key_server import KeyServer as KeyServer
    from fn_emulator.line import Line as Line
    from fn_emulator.marking_point import MarkingPoint as MarkingPoint
    from fn_emulator.marking_system import MarkingSystem as MarkingSystem
    from fn_emulator.marking_system import make_code as make_code
    from fn_emulator.operator import TestOperator as TestOperator
    from fn_emulator.register import RegisterCore as RegisterCore
    from fn_emulator.signs import Keys as Keys
    from fn_emulator.storage import FileStorage as FileStorage
    from fn_emulator.storage import MemoryStorage as MemoryStorage
    from fn_emulator.storage import Storage as Storage


def __getattr__(name: str) -> Any:
    if name not in _CONTENTS:
        raise AttributeError(f"module 'fn_emulator' has no attribute {name!r}")
    value = getattr(import_module(f"fn_emulator.{_CONTENTS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_CONTENTS})
