"""What the commands have in common: how they are told the configuration, and in which form they answer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from fleet.errors import ConfigError

if TYPE_CHECKING:
    from fleet.config import Config

__all__ = ["AsJson", "ConfigPath", "group", "load", "say", "say_rows"]

ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="The TOML file.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, one object a line.")]


def group(help: str) -> typer.Typer:
    """A group of commands in the manner of all of them."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        help=help,
    )


def load(path: Path, json: bool) -> Config:
    """The configuration; its mistakes are printed in the form that was asked for."""
    from fleet.config import load as load_config

    try:
        return load_config(path)
    except ConfigError as error:
        if not json:
            raise
        say(json, "", ok=False, problems=error.problems, warnings=[])
        raise typer.Exit(1) from None


def say(json: bool, text: str, **values: Any) -> None:
    """One answer: the text for people, the values for programs."""
    typer.echo(msgspec.json.encode(values) if json else text)


def say_rows(json: bool, rows: Iterable[dict[str, Any]], *, line: str) -> None:
    """One line for each row; `line` is a format of its fields."""
    for row in rows:
        say(json, line.format(**{key: "" if value is None else value for key, value in row.items()}), **row)
