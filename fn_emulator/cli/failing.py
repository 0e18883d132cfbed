"""How the command ends when something is wrong: one line that says what, exit code 1."""

from __future__ import annotations

from typing import NoReturn

import typer

__all__ = ["fail"]


def fail(error: Exception) -> NoReturn:
    """Say what was wrong and end."""
    typer.echo(f"fn-emulator: {error}", err=True)
    raise typer.Exit(1)
