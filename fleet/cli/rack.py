"""Commands about a rack and its configuration: serve, demo, check, example, hash-password."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from fleet.cli.common import AsJson, ConfigPath, load, say
from fleet.errors import FleetError

__all__ = ["COMMANDS"]


def serve(config: ConfigPath, json: AsJson = False) -> None:
    """Serve the rack that CONFIG describes, until SIGINT or SIGTERM."""
    settings = load(config, json)
    from fleet import log
    from fleet.serve import run

    log.setup()

    def ready(url: str) -> None:
        say(json, f"serving {settings.name} on {url}", event="ready", http=url)

    run(settings, source=config, ready=ready)


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


def check(
    config: ConfigPath,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Let it work on emulated registers, too.")] = False,
    json: AsJson = False,
) -> None:
    """Read CONFIG and tell everything that is wrong with it. Real registers are not touched."""
    settings = load(config, json)
    warnings = [f"warning: {warning}" for warning in settings.warnings]
    if not dry_run:
        say(json, "\n".join([*warnings, f"{config}: good"]), ok=True, problems=[], warnings=settings.warnings)
        return
    from fleet import log
    from fleet.rehearsal import rehearse

    log.setup(level=logging.ERROR)
    done = rehearse(settings)
    seen = f"{len(done.stations)} stations came up, {len(done.receipts)} tenants made a receipt"
    end = f"{config}: good; on emulated registers {seen}" if not done.problems else f"{config}: {seen}"
    lines = [*warnings, *done.problems, end]
    say(
        json,
        "\n".join(lines),
        ok=not done.problems,
        problems=done.problems,
        warnings=settings.warnings,
        stations=done.stations,
        receipts=done.receipts,
    )
    if done.problems:
        raise typer.Exit(1)


def example() -> None:
    """Print a configuration to start from, with a comment on every line."""
    from fleet.config import EXAMPLE

    typer.echo(EXAMPLE, nl=False)


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
    say(json, hashed, password_hash=hashed)


def admin_key(json: AsJson = False) -> None:
    """Make a key for an administrator: print the key, and what CONFIG keeps of it."""
    from fleet.web.keys import hash_key, make_key

    key = make_key()
    say(json, f"key         {key}\nkey_sha256  {hash_key(key)}", key=key, key_sha256=hash_key(key))


def callback_key(
    config: ConfigPath,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Of the tenant.", show_default=False)],
    json: AsJson = False,
) -> None:
    """Print the key under which a tenant's callbacks are signed: for the tenant to check them with."""
    settings = load(config, json)
    if login not in {tenant.login for tenant in settings.tenants}:
        raise FleetError(f"{config} has no tenant with login {login}")
    from fleet.web.calling import signing_key
    from fleet.web.tokens import load_secret

    key = signing_key(load_secret(settings.state_dir), login).hex()
    say(json, key, login=login, key=key)


COMMANDS = (serve, demo, check, example, hash_password, admin_key, callback_key)
