"""Shifts, their reports, cash put into the drawer and taken out of it."""

from __future__ import annotations

from kkt_driver.commands.base import U5, Authorised, Done, OperatorReply, ShiftDocumentReply, ThroughNumberReply

__all__ = [
    "XReport",
    "ZReport",
    "OpenShift",
    "CashReply",
    "CashIn",
    "CashOut",
    "ZReportToBuffer",
    "OpenShiftInDrive",
    "BeginOpenShift",
    "BeginCloseShift",
    "CloseShiftInDrive",
]


class XReport(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class ZReport(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class OpenShift(Authorised[OperatorReply], frozen=True, kw_only=True):
    pass


class CashReply(ThroughNumberReply, frozen=True, kw_only=True):
    pass


class CashIn(Authorised[CashReply], frozen=True, kw_only=True):
    amount: U5


class CashOut(Authorised[CashReply], frozen=True, kw_only=True):
    amount: U5


class ZReportToBuffer(Authorised[OperatorReply], frozen=True, kw_only=True):
    """C6h: as 41h, printed later with C7h."""


class OpenShiftInDrive(Authorised[ShiftDocumentReply], frozen=True, kw_only=True):
    pass


class BeginOpenShift(Authorised[Done], frozen=True, kw_only=True):
    pass


class BeginCloseShift(Authorised[Done], frozen=True, kw_only=True):
    pass


class CloseShiftInDrive(Authorised[ShiftDocumentReply], frozen=True, kw_only=True):
    pass
