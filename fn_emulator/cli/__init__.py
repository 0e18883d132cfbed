"""The command `fn-emulator`: racks and operators, and what is done to them while they run."""

from __future__ import annotations

import typer

from fn_emulator.cli import ctl, drive, recordings, serve

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Emulated cash registers with drives inside, and an operator of fiscal data. Nothing in it is fiscal.",
)
app.command()(serve.rack)
app.command()(serve.operator)
app.command()(drive.drive)
app.command()(drive.marking)
app.command()(drive.documents)
app.command()(recordings.record)
app.command()(recordings.replay)
app.add_typer(ctl.app, name="ctl")


def main() -> None:
    """Entry of the console command."""
    app(prog_name="fn-emulator")
