"""How many registers a load needs, and which of three limits says so: the peak, the day, or the drives.

Pure arithmetic over stated assumptions, each of which the answer repeats.
"""

from __future__ import annotations

from math import ceil

import msgspec

__all__ = [
    "DRIVE_DAYS",
    "DRIVE_DOCUMENTS",
    "LOAD_DAY",
    "LOAD_PEAK",
    "Limit",
    "Plan",
    "plan",
]

DRIVE_DAYS = {13: 410, 15: 470, 36: 1110}
"""Model of a drive (months) → days that it may be used."""

DRIVE_DOCUMENTS = 250_000
"""Documents that a drive takes."""

SHIFT_DOCUMENTS = 2
"""A day's opening and closing report of each register count as well."""

LOAD_PEAK = 0.8
"""Of a register's time at the peak second: the rest is for tickets, shifts and chance."""

LOAD_DAY = 0.5
"""Of a register's time over a day."""

RESERVE = 0.1
"""Spare registers, of those at work: at least one."""

DAY_S = 86_400

ROUNDS_MAX = 100


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit: how many registers it asks for, and why in words."""

    name: str
    registers: int
    why: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: `registers` at work and `reserve` beside them. `binding` is the limit that decides."""

    registers: int
    reserve: int
    binding: str
    limits: tuple[Limit, ...]
    drive_days: int
    """Until the drives are full at this load, or expire."""
    drive_ends_by: str
    """"documents" or "date"."""


def plan(*, per_day: int, peak: float, seconds_per_receipt: float = 1.0, drive_months: int = 15) -> Plan:
    """Registers for `per_day` receipts a day and `peak` receipts in the busiest second."""
    if per_day < 0 or peak < 0 or seconds_per_receipt <= 0 or drive_months not in DRIVE_DAYS:
        raise ValueError("loads are not negative, a receipt takes time, drives are of 13, 15 or 36 months")
    by_peak = ceil(round(peak * seconds_per_receipt / LOAD_PEAK, 9))
    by_day = ceil(round(per_day * seconds_per_receipt / (DAY_S * LOAD_DAY), 9))
    by_drive = _by_drive(per_day, DRIVE_DAYS[drive_months], max(1, by_peak, by_day))
    days = DRIVE_DAYS[drive_months]
    limits = (
        Limit(
            name="peak",
            registers=by_peak,
            why=f"{peak:g} receipts/s of {seconds_per_receipt:g} s each, registers {LOAD_PEAK:.0%} busy at the peak",
        ),
        Limit(
            name="day",
            registers=by_day,
            why=f"{per_day} receipts a day of {seconds_per_receipt:g} s each, registers {LOAD_DAY:.0%} busy",
        ),
        Limit(
            name="drive",
            registers=by_drive,
            why=f"{per_day} receipts and {SHIFT_DOCUMENTS} shift reports a register, every day for {days} days, "
            f"{DRIVE_DOCUMENTS} documents a drive",
        ),
    )
    registers = max(1, *(limit.registers for limit in limits))
    binding = max(limits, key=lambda limit: limit.registers).name if registers > 1 else "one is enough"
    full_after = int(DRIVE_DOCUMENTS / (per_day / registers + SHIFT_DOCUMENTS))
    return Plan(
        registers=registers,
        reserve=max(1, ceil(round(RESERVE * registers, 9))),
        binding=binding,
        limits=limits,
        drive_days=min(days, full_after),
        drive_ends_by="documents" if full_after < days else "date",
    )


def _by_drive(per_day: int, days: int, at_least: int) -> int:
    """The fewest registers whose drives last as long as they may be used. Each register adds its shift reports, so
    the number stands on both sides; it settles within a few rounds."""
    registers = at_least
    for _ in range(ROUNDS_MAX):
        needed = ceil(round((per_day + SHIFT_DOCUMENTS * registers) * days / DRIVE_DOCUMENTS, 9))
        if needed <= registers:
            return needed
        registers = needed
    raise AssertionError("a register's own reports take a small part of its drive")
