"""`kkt`: a technician's tool for one register.

Exit codes: 0 done; 1 it cannot be done (refused, no line); 2 wrong usage; 3 whether it was done is not known, or a
person must decide. `--json` gives one JSON value on standard output, for programs; everything else goes to standard
error. What takes its time to import is imported by the command that needs it.
"""

from __future__ import annotations

import typer

from kkt_driver.cli import doctoring, reading, recording, working

__all__ = ["app", "main"]

app = typer.Typer(
    name="kkt",
    help="A technician's tool for one fiscal cash register (Shtrih-M protocol).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (reading, working, doctoring, recording):
    module.add_to(app)


def main() -> None:
    """The console command."""
    app()
