"""What the commands share: how a register is named, how an answer is shown, how a failure ends."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from kkt_driver.client import Register

__all__ = ["Address", "Json", "Layer", "Store", "connected", "fail", "out", "progress", "run", "table", "tell"]

T = TypeVar("T")

UNDONE, USAGE, UNKNOWN = 1, 2, 3

Address = Annotated[
    str, typer.Argument(help="tcp://HOST:PORT or serial:DEVICE?baud=N", envvar="KKT_ADDRESS", show_envvar=True)
]
Layer = Annotated[str, typer.Option("--link", help="standard, alternative, or auto")]
Json = Annotated[bool, typer.Option("--json", help="one JSON value on standard output")]
Store = Annotated[
    Path,
    typer.Option("--store", help="file that keeps what was begun and not ended yet", envvar="KKT_STORE"),
]
STORE = Path("kkt-intents.json")


def out(value: Any) -> None:
    """One JSON value on standard output."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | set) else str(value)


def tell(message: str) -> None:
    """A line for the person, on standard error."""
    sys.stderr.write(message + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on standard output."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 160).print(shown)


def progress(text: str) -> Any:
    """A bar on standard error; `advance` and `total` as rich has them. Nothing is shown where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn(text),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not sys.stderr.isatty(),
    )


def fail(message: str, code: int = UNDONE) -> typer.Exit:
    """Raise this: what went wrong on standard error, and the exit code."""
    tell(message)
    return typer.Exit(code)


@asynccontextmanager
async def connected(address: str, link: str, store: Path | None = None) -> AsyncIterator[Register]:
    """The register at an address."""
    from typing import Literal, cast

    from kkt_driver.client import Register

    if link not in ("standard", "alternative", "auto"):
        raise fail(f"--link {link}: write standard, alternative or auto", USAGE)
    layer = cast(Literal["standard", "alternative", "auto"], link)
    async with Register.open(address, link=layer, store=store) as register:
        yield register


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run a command to its end; the driver's errors become a message and an exit code."""
    import logging

    import structlog
    import trio

    from ffd.errors import FfdError, Invalid
    from kkt_driver.errors import DriverError, Misuse, OutcomeUnknown, StoreDamaged, Undecided

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        return trio.run(work)
    except Invalid as wrong:
        raise fail("\n".join(str(one) for one in wrong.violations)) from None
    except Misuse as error:
        raise fail(str(error), USAGE) from None
    except (OutcomeUnknown, Undecided, StoreDamaged) as error:
        raise fail(f"{error}\n`kkt doctor` goes on from here.", UNKNOWN) from None
    except (DriverError, FfdError, OSError) as error:
        raise fail(str(error)) from None
