"""Conversations with a register, written as generators: they read top to bottom, never wait and touch no line.

What a procedure needs from the world it asks for by effects (`kkt_driver.effects`); whoever runs it answers them.
A table of contents; names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_CONTENTS = {
    # who answers and in what state
    "Identity": "identity",
    "Setting": "identity",
    "State": "identity",
    "identify": "identity",
    "prepare": "identity",
    "read_state": "identity",
    # the work of a shift
    "open_shift": "shift",
    "receipt": "receipts",
    "short_key": "receipts",
    "cancel_open": "receipts",
    "close_shift": "shift",
    # time
    "read_clock": "clock",
    "set_clock": "clock",
    "shift_opened": "clock",
    # what the drive keeps
    "document": "documents",
    "find": "documents",
    "subtotal": "documents",
    # riding out what passes by itself
    "continue_printing": "patience",
    "cure": "patience",
    "patiently": "patience",
}

__all__ = list(_CONTENTS)

if TYPE_CHECKING:
    from kkt_driver.procedures.clock import read_clock as read_clock
    from kkt_driver.procedures.clock import set_clock as set_clock
    from kkt_driver.procedures.clock import shift_opened as shift_opened
    from kkt_driver.procedures.documents import document as document
    from kkt_driver.procedures.documents import find as find
    from kkt_driver.procedures.documents import subtotal as subtotal
    from kkt_driver.procedures.identity import Identity as Identity
    from kkt_driver.procedures.identity import Setting as Setting
    from kkt_driver.procedures.identity import State as State
    from kkt_driver.procedures.identity import identify as identify
    from kkt_driver.procedures.identity import prepare as prepare
    from kkt_driver.procedures.identity import read_state as read_state
    from kkt_driver.procedures.patience import continue_printing as continue_printing
    from kkt_driver.procedures.patience import cure as cure
    from kkt_driver.procedures.patience import patiently as patiently
    from kkt_driver.procedures.receipts import cancel_open as cancel_open
    from kkt_driver.procedures.receipts import receipt as receipt
    from kkt_driver.procedures.receipts import short_key as short_key
    from kkt_driver.procedures.shift import close_shift as close_shift
    from kkt_driver.procedures.shift import open_shift as open_shift


def __getattr__(name: str) -> Any:
    if name not in _CONTENTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_CONTENTS[name]}"), name)
    globals()[name] = value
    return value
