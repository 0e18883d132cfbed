"""`fleet journal`: verify it, read it out, copy it while it is written, bring a copy back."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fleet.cli.common import AsJson, ConfigPath, group, load, say
from fleet.errors import FleetError

if TYPE_CHECKING:
    from fleet.journal.verify import Head, Verified

__all__ = ["app"]

app = group("The journal: verify it, read it out, copy it while it is written, bring a copy back.")


@app.command()
def verify(
    config: ConfigPath,
    heads: Annotated[
        Path | None, typer.Option(help="An earlier --json answer: shows when a chain's end was cut off.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Check every chain and every row that it speaks of. Exit 1 when something does not agree."""
    from fleet.journal.files import check

    known = {} if heads is None else _read_heads(heads)
    _tell(json, "verified", check(load(config, json).journal_path, known))


@app.command()
def export(
    config: ConfigPath,
    with_buyers: Annotated[bool, typer.Option("--with-buyers", help="Contacts and requests of buyers, too.")] = False,
) -> None:
    """Print everything, one JSON object a line; without the buyers unless they are asked for."""
    from fleet.journal.files import export as rows

    encode = msgspec.json.Encoder().encode
    for row in rows(load(config, True).journal_path, with_buyers=with_buyers):
        sys.stdout.write(encode(row).decode() + "\n")


@app.command()
def backup(
    config: ConfigPath,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist.", show_default=False)],
    json: AsJson = False,
) -> None:
    """Copy the journal to FILE while the daemon works, and verify the copy."""
    from fleet.journal.files import backup as copy

    _tell(json, f"{target}: copied and verified", copy(load(config, json).journal_path, target))


@app.command()
def restore(
    config: ConfigPath,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", show_default=False)],
    json: AsJson = False,
) -> None:
    """Bring a backup back. The daemon must be stopped; it reads every drive before it goes on."""
    from fleet.journal.files import restore as bring_back
    from fleet.journal.sqlite import lock

    path = load(config, json).journal_path
    with lock(path):
        verified = bring_back(source, path, now=time.time())
    _tell(json, f"{path}: restored; the next start reconciles it with the drives", verified)


def _read_heads(path: Path) -> dict[str, Head]:
    from fleet.journal.verify import Head

    try:
        answer = msgspec.json.decode(path.read_bytes())
        return {one["station"]: msgspec.convert(one, Head) for one in answer["heads"]}
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as error:
        raise FleetError(f"{path} does not hold heads as `fleet journal verify --json` prints them: {error}") from error


def _tell(json: bool, done: str, verified: Verified) -> None:
    ok = not verified.problems
    lines = [*verified.problems] if not ok else [f"{done}: {verified.events} events, {verified.requests} requests"]
    say(json, "\n".join(lines), ok=ok, **msgspec.to_builtins(verified))
    if not ok:
        raise typer.Exit(1)
