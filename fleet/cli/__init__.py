"""The command `fleet`: serve a rack, look into its journal, decide what it cannot, plan how many registers it needs.

Exit codes: 0 done, 1 it cannot be done (the reason is on standard error), 2 wrong usage. Heavy modules are imported
by the command that needs them. Each file here is a group of commands.
"""

from __future__ import annotations

import sys
from typing import Any

import typer

from fleet.cli import drive, journal, planning, quarantine, rack, station, top
from fleet.cli.common import group
from fleet.errors import FleetError

__all__ = ["app", "main"]

app = group("A daemon over a rack of cash registers: receipts come in over HTTP, each becomes one fiscal document.")
for command in rack.COMMANDS:
    app.command()(command)
app.command()(quarantine.audit)
app.command()(planning.plan)
app.command()(station.reload)
app.command()(top.top)
app.add_typer(drive.app, name="drive")
app.add_typer(journal.app, name="journal")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(station.app, name="station")


def main() -> None:
    """Entry of the console command."""
    try:
        app(prog_name="fleet")
    except (FleetError, BaseExceptionGroup) as error:
        ours, others = _split(error)
        if others is not None:
            raise
        for one in ours:
            typer.echo(f"fleet: {one}", err=True)
        sys.exit(1)


def _split(error: BaseException) -> tuple[list[BaseException], BaseException | None]:
    """Our own errors, out of the groups that nurseries put them in, and the rest."""
    if not isinstance(error, BaseExceptionGroup):
        return [error], None
    ours, others = error.split(FleetError)
    return _leaves(ours) if ours is not None else [], others


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
