"""The command `fn-emulator`: a rack of registers, or an operator alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["main"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Emulated cash registers with drives inside, and an operator of fiscal data. Nothing in it is fiscal.",
)

State = Annotated[Path | None, typer.Option(help="Folder that keeps everything between starts; none: memory.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]


@app.command()
def rack(
    count: Annotated[int, typer.Option(min=1, help="How many registers.")] = 4,
    base_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the first register; 0: any.")] = 7801,
    state: State = None,
    host: Host = "127.0.0.1",
    operator_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of a test operator beside them.")
    ] = None,
    service_time: Annotated[float, typer.Option(min=0.0, help="Seconds to close a receipt.")] = 0.0,
    profile: Annotated[str, typer.Option(help="Timing: instant, typical, slow-shift-open.")] = "instant",
    inn: Annotated[str, typer.Option(help="INN that fresh registers are registered for.")] = "9900000000",
    host_timeout: Annotated[
        float, typer.Option(min=0.0, help="Seconds of silence after which a host gives way to one that waits.")
    ] = 60.0,
    until_stdin_closes: Annotated[
        bool, typer.Option("--until-stdin-closes", help="End when standard input ends: with whoever started it.")
    ] = False,
) -> None:
    """Serve registers 1 to COUNT over TCP; both link layers, found out by the first byte."""
    from fn_emulator.errors import EmulatorError
    from fn_emulator.profiles import durations
    from fn_emulator.serve.run import run_rack

    try:
        run_rack(
            count=count,
            base_port=base_port,
            state=state,
            host=host,
            operator_port=operator_port,
            inn=inn,
            durations=durations(profile, service_time_s=service_time),
            host_timeout_s=host_timeout,
            until_stdin_closes=until_stdin_closes,
        )
    except EmulatorError as error:
        _fail(error)


@app.command()
def operator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any.")] = 7900,
    state: State = None,
    host: Host = "127.0.0.1",
) -> None:
    """Serve a test operator: it confirms what it can read and keeps it."""
    from fn_emulator.errors import EmulatorError
    from fn_emulator.serve.run import run_operator

    try:
        run_operator(port=port, state=state, host=host)
    except EmulatorError as error:
        _fail(error)


def _fail(error: Exception) -> None:
    typer.echo(f"fn-emulator: {error}", err=True)
    raise typer.Exit(1)


def main() -> None:
    """Entry of the console command."""
    app(prog_name="fn-emulator")
