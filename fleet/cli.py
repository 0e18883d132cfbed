"""The command `fleet`: serve a rack, show a demonstration, print and check a configuration, hash a password.

Exit codes: 0 done, 1 it cannot be done (the reason is on standard error), 2 wrong usage. Heavy modules are imported
by the command that needs them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from fleet.errors import ConfigError, FleetError

__all__ = ["main"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="A daemon over a rack of cash registers: receipts come in over HTTP, each becomes one fiscal document.",
)

ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="The TOML file.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, one object a line.")]


@app.command()
def serve(config: ConfigPath, json: AsJson = False) -> None:
    """Serve the rack that CONFIG describes, until SIGINT or SIGTERM."""
    settings = _load(config, json)
    from fleet import log
    from fleet.serve import run

    log.setup()
    run(settings, ready=lambda url: _say(json, f"serving {settings.name} on {url}", event="ready", http=url))


@app.command()
def demo(
    state: Annotated[Path, typer.Option(metavar="DIR", help="Where journal and drives live.")] = Path("var/demo"),
    http: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen.")] = "127.0.0.1:8080",
    registers: Annotated[int, typer.Option(min=1, max=500, help="How many registers.")] = 4,
    base_port: Annotated[int, typer.Option(min=1, max=65000, help="Port of the first register.")] = 7801,
    json: AsJson = False,
) -> None:
    """Show it all with emulated registers and an emulated operator. Nothing in it is fiscal."""
    from fleet.demo import Demo, run_demo

    run_demo(Demo(state=state, http=http, registers=registers, base_port=base_port), as_json=json)


@app.command()
def check(config: ConfigPath, json: AsJson = False) -> None:
    """Read CONFIG and tell everything that is wrong with it."""
    settings = _load(config, json)
    lines = [*(f"warning: {warning}" for warning in settings.warnings), f"{config}: good"]
    _say(json, "\n".join(lines), ok=True, problems=[], warnings=settings.warnings)


@app.command()
def example() -> None:
    """Print a configuration to start from, with a comment on every line."""
    from fleet.config import EXAMPLE

    typer.echo(EXAMPLE, nl=False)


@app.command()
def hash_password(json: AsJson = False) -> None:
    """Ask for a password (or read one line of standard input) and print what CONFIG keeps of it."""
    from fleet.config import hash_password

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise FleetError("the password is empty")
    hashed = hash_password(password)
    _say(json, hashed, password_hash=hashed)


def _load(path: Path, json: bool) -> Any:
    """The configuration; its mistakes are printed in the form that was asked for."""
    from fleet.config import load

    try:
        return load(path)
    except ConfigError as error:
        if not json:
            raise
        _say(json, "", ok=False, problems=error.problems, warnings=[])
        raise typer.Exit(1) from None


def _say(json: bool, text: str, **values: Any) -> None:
    typer.echo(msgspec.json.encode(values) if json else text)


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
