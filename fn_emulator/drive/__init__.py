"""A fiscal drive (ФН) that keeps its states, archive, operator's queue and counters: bytes of commands in, answers
out.

core            Drive: `execute`, power, clock
commands        the table of commands
documents       kinds, building, signing, committing    content   what 07h may bring
forming         shift, receipts, corrections, settlements
registration    registration, its changes, the close of the drive
exchange        operator's queue and tickets            archive   looking back
marking         codes being checked, saved results      marking_requests, marking_status
notices         notifications made with receipts        notifications   on their way, or exported
code_keys       keys for codes, their age and update    containers   what is sent and comes back
counters  life  status  models                          log  records   what is stored
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fn_emulator.drive.codes import Code as Code
    from fn_emulator.drive.codes import TicketReason as TicketReason
    from fn_emulator.drive.core import Answer as Answer
    from fn_emulator.drive.core import Drive as Drive
    from fn_emulator.drive.core import TicketLevel as TicketLevel
    from fn_emulator.drive.models import MODELS as MODELS
    from fn_emulator.drive.models import Model as Model

_PLACES = {
    "Drive": "core",
    "Answer": "core",
    "TicketLevel": "core",
    "Code": "codes",
    "TicketReason": "codes",
    "MODELS": "models",
    "Model": "models",
}

__all__ = ["Drive", "Answer", "TicketLevel", "Code", "TicketReason", "MODELS", "Model"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
