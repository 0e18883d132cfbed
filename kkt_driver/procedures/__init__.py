"""Conversations with a register, written as generators: they read top to bottom, never wait and touch no line.

What a procedure needs from the world it asks for by effects (`kkt_driver.effects`); whoever runs it answers them.
A table of contents; names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_CONTENTS = {
    # who answers and in what state
    "Expected": "identity",
    "Identity": "identity",
    "Setting": "identity",
    "State": "identity",
    "identify": "identity",
    "prepare": "identity",
    "read_state": "identity",
    "recognise": "identity",
    "Finding": "auditing",
    "Wanted": "auditing",
    "audit": "auditing",
    "drift": "auditing",
    # the work of a shift
    "Cashier": "shift",
    "open_shift": "shift",
    "receipt": "receipts",
    "short_key": "receipts",
    "cancel_open": "receipts",
    "Basis": "corrections",
    "CorrectedSum": "corrections",
    "correction": "corrections",
    "cash_in": "cash",
    "cash_out": "cash",
    "x_report": "shift",
    "close_shift": "shift",
    # marked goods
    "Mark": "marking",
    "check_mark": "marking",
    "accept_mark": "marking",
    "reject_mark": "marking",
    "clear_marks": "marking",
    "marking_state": "marking",
    # the life of a drive
    "Registration": "registration",
    "register": "registration",
    "change_registration": "registration",
    "Settlements": "settling",
    "settlements": "settling",
    "close_drive": "registration",
    "drop_begun": "forming",
    # time
    "read_clock": "clock",
    "set_clock": "clock",
    "shift_opened": "clock",
    # what the drive keeps
    "document": "documents",
    "find": "documents",
    "read": "documents",
    "subtotal": "documents",
    "Exported": "exporting",
    "Progress": "exporting",
    "archive_of": "exporting",
    "begin_export": "exporting",
    "export_next": "exporting",
    "ticket": "exporting",
    # settings
    "Change": "tables",
    "Dump": "tables",
    "diff": "tables",
    "dump": "tables",
    "put": "tables",
    "read_table": "tables",
    "restore": "tables",
    "shapes": "tables",
    # paper beside documents
    "Picture": "printing",
    "print_picture": "printing",
    "print_qr": "printing",
    "print_text": "printing",
    # riding out what passes by itself, curing what does not
    "continue_printing": "patience",
    "cure": "patience",
    "patiently": "patience",
    "Cure": "cures",
    "Trouble": "cures",
    "diagnose": "cures",
    "treat": "cures",
}

__all__ = list(_CONTENTS)

if TYPE_CHECKING:
    from kkt_driver.procedures.auditing import Finding as Finding
    from kkt_driver.procedures.auditing import Wanted as Wanted
    from kkt_driver.procedures.auditing import audit as audit
    from kkt_driver.procedures.auditing import drift as drift
    from kkt_driver.procedures.cash import cash_in as cash_in
    from kkt_driver.procedures.cash import cash_out as cash_out
    from kkt_driver.procedures.clock import read_clock as read_clock
    from kkt_driver.procedures.clock import set_clock as set_clock
    from kkt_driver.procedures.clock import shift_opened as shift_opened
    from kkt_driver.procedures.corrections import Basis as Basis
    from kkt_driver.procedures.corrections import CorrectedSum as CorrectedSum
    from kkt_driver.procedures.corrections import correction as correction
    from kkt_driver.procedures.cures import Cure as Cure
    from kkt_driver.procedures.cures import Trouble as Trouble
    from kkt_driver.procedures.cures import diagnose as diagnose
    from kkt_driver.procedures.cures import treat as treat
    from kkt_driver.procedures.documents import document as document
    from kkt_driver.procedures.documents import find as find
    from kkt_driver.procedures.documents import read as read
    from kkt_driver.procedures.documents import subtotal as subtotal
    from kkt_driver.procedures.exporting import Exported as Exported
    from kkt_driver.procedures.exporting import Progress as Progress
    from kkt_driver.procedures.exporting import archive_of as archive_of
    from kkt_driver.procedures.exporting import begin_export as begin_export
    from kkt_driver.procedures.exporting import export_next as export_next
    from kkt_driver.procedures.exporting import ticket as ticket
    from kkt_driver.procedures.forming import drop_begun as drop_begun
    from kkt_driver.procedures.identity import Expected as Expected
    from kkt_driver.procedures.identity import Identity as Identity
    from kkt_driver.procedures.identity import Setting as Setting
    from kkt_driver.procedures.identity import State as State
    from kkt_driver.procedures.identity import identify as identify
    from kkt_driver.procedures.identity import prepare as prepare
    from kkt_driver.procedures.identity import read_state as read_state
    from kkt_driver.procedures.identity import recognise as recognise
    from kkt_driver.procedures.marking import Mark as Mark
    from kkt_driver.procedures.marking import accept_mark as accept_mark
    from kkt_driver.procedures.marking import check_mark as check_mark
    from kkt_driver.procedures.marking import clear_marks as clear_marks
    from kkt_driver.procedures.marking import marking_state as marking_state
    from kkt_driver.procedures.marking import reject_mark as reject_mark
    from kkt_driver.procedures.patience import continue_printing as continue_printing
    from kkt_driver.procedures.patience import cure as cure
    from kkt_driver.procedures.patience import patiently as patiently
    from kkt_driver.procedures.printing import Picture as Picture
    from kkt_driver.procedures.printing import print_picture as print_picture
    from kkt_driver.procedures.printing import print_qr as print_qr
    from kkt_driver.procedures.printing import print_text as print_text
    from kkt_driver.procedures.receipts import cancel_open as cancel_open
    from kkt_driver.procedures.receipts import receipt as receipt
    from kkt_driver.procedures.receipts import short_key as short_key
    from kkt_driver.procedures.registration import Registration as Registration
    from kkt_driver.procedures.registration import change_registration as change_registration
    from kkt_driver.procedures.registration import close_drive as close_drive
    from kkt_driver.procedures.registration import register as register
    from kkt_driver.procedures.settling import Settlements as Settlements
    from kkt_driver.procedures.settling import settlements as settlements
    from kkt_driver.procedures.shift import Cashier as Cashier
    from kkt_driver.procedures.shift import close_shift as close_shift
    from kkt_driver.procedures.shift import open_shift as open_shift
    from kkt_driver.procedures.shift import x_report as x_report
    from kkt_driver.procedures.tables import Change as Change
    from kkt_driver.procedures.tables import Dump as Dump
    from kkt_driver.procedures.tables import diff as diff
    from kkt_driver.procedures.tables import dump as dump
    from kkt_driver.procedures.tables import put as put
    from kkt_driver.procedures.tables import read_table as read_table
    from kkt_driver.procedures.tables import restore as restore
    from kkt_driver.procedures.tables import shapes as shapes


def __getattr__(name: str) -> Any:
    if name not in _CONTENTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_CONTENTS[name]}"), name)
    globals()[name] = value
    return value
