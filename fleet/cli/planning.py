"""`fleet plan`: how many registers a load needs."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from fleet.cli.common import AsJson, say
from fleet.errors import FleetError

__all__ = ["plan"]


def plan(
    per_day: Annotated[int, typer.Option("--per-day", min=0, help="Receipts on a usual day.")],
    peak: Annotated[float, typer.Option("--peak", min=0.0, help="Receipts in the busiest second.")],
    seconds_per_receipt: Annotated[float, typer.Option(min=0.001, help="Measured at your registers.")] = 1.0,
    drive: Annotated[int, typer.Option("--drive", help="Drives of 13, 15 or 36 months.")] = 15,
    json: AsJson = False,
) -> None:
    """How many registers a load needs, and which limit says so."""
    from fleet.planning import DRIVE_DAYS
    from fleet.planning import plan as compute

    if drive not in DRIVE_DAYS:
        raise FleetError(f"--drive {drive}: drives are made for {', '.join(map(str, DRIVE_DAYS))} months")
    found = compute(per_day=per_day, peak=peak, seconds_per_receipt=seconds_per_receipt, drive_months=drive)
    width = max(len(limit.name) for limit in found.limits)
    lines = [f"{found.registers} registers and {found.reserve} in reserve; decided by: {found.binding}", ""]
    lines += [f"  {limit.name:{width}}  {limit.registers:6}  {limit.why}" for limit in found.limits]
    end = "full" if found.drive_ends_by == "documents" else "at the end of their term"
    lines += ["", f"Drives are {end} after {found.drive_days} days."]
    say(json, "\n".join(lines), **msgspec.to_builtins(found))
