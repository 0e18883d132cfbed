"""What doors may see of the rack: frozen snapshots without buyers, keys or passwords."""

from __future__ import annotations

from datetime import datetime

import msgspec

from fleet.alarms import Alarm
from fleet.drive_life import DriveLife

__all__ = ["QueueView", "StationView"]


class StationView(msgspec.Struct, frozen=True, kw_only=True):
    """One station as it is now. Times are unix seconds, `opened_at` and register moments are its local wall clock.

    `state`: connecting, reconciling, idle, busy, shift, resolving, sick, stopped; when it takes no receipts instead of
    idle: drained, retiring, held (`outside` says why); retired.
    """

    name: str
    address: str
    link: str
    state: str = "connecting"
    problem: str | None = None
    model: str = ""
    serial: str = ""
    drive: str = ""
    rnm: str = ""
    inn: str = ""
    tax_systems: int = 0
    shift_open: bool = False
    shift: int = 0
    shift_opened_at: datetime | None = None
    receipt: int = 0
    last_document: int = 0
    unsent: int = 0
    oldest_unsent_at: float | None = None
    warnings: int = 0
    documents_made: int = 0
    service_s: float = 0.0
    changed_at: float = 0.0
    standing: str = "serving"
    outside: tuple[str, ...] = ()
    """Why it takes no receipts although somebody is at the register."""
    alarms: tuple[Alarm, ...] = ()
    life: DriveLife | None = None
    """How long the drive will last; None until it was asked."""
    replacement: str | None = None
    """The step at which a replacement of the drive stands."""


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """The queue in front of the rack. `expected_wait_s` is None while no station is up."""

    waiting: int
    limit: int
    stations_up: int
    stations: int
    expected_wait_s: float | None
    oldest_at: float | None = None
    """When the job that waits longest was accepted."""
