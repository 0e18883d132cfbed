"""`fn-emulator record` and `fn-emulator replay`: what a driver and a register said, and whether the emulator agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fn_emulator.cli.failing import fail

__all__ = ["record", "replay"]


def record(
    register: Annotated[str, typer.Argument(help="tcp://host:port or serial:/dev/ttyS0?baud=115200.")],
    folder: Annotated[Path, typer.Argument(help="Folder for the recording.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for the driver; 0: any.")] = 7777,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    note: Annotated[str, typer.Option(help="Written into the recording.")] = "",
) -> None:
    """Stand between a driver and a register and write down what both say."""
    from fn_emulator.errors import EmulatorError
    from fn_emulator.serve.run import run_proxy

    try:
        run_proxy(register, folder=folder, host=host, port=port, note=note)
    except EmulatorError as error:
        fail(error)


def replay(
    file: Annotated[Path, typer.Argument(help="A recording.")],
    profile: Annotated[str, typer.Option(help="Timing of the emulated register.")] = "instant",
    inn: Annotated[str, typer.Option(help="INN that it is registered for.")] = "9900000000",
    all_turns: Annotated[bool, typer.Option("--all", help="Show the turns that agree, too.")] = False,
) -> None:
    """Play a driver's part to a fresh emulated register; exit code 1 when it gives another kind of answer anywhere."""
    from fn_emulator.emulated import registered
    from fn_emulator.errors import EmulatorError
    from fn_emulator.profiles import durations
    from fn_emulator.recording import Verdict, commands_of, read_recording
    from fn_emulator.recording import replay as play

    try:
        with file.open(encoding="utf-8") as lines:
            recording = read_recording(lines)
        register = registered(1, now=recording.began, inn=inn, durations=durations(profile))
    except (EmulatorError, UnicodeError) as error:
        fail(error)
    except OSError as error:
        fail(RuntimeError(f"{file}: {error.strerror}"))
    turns = play(recording, register, now=recording.began)
    for turn in turns:
        if all_turns or turn.verdict is Verdict.OTHER:
            typer.echo(f"{turn.at:10.3f}  {turn.verdict:5}  {', '.join(commands_of(turn.host)) or turn.host.hex(' ')}")
            if turn.verdict is not Verdict.SAME:
                typer.echo(f"{'':19}recorded {turn.recorded.hex(' ')}\n{'':19}now      {turn.now.hex(' ')}")
    counted = [sum(turn.verdict is verdict for turn in turns) for verdict in Verdict]
    typer.echo(f"{len(turns)} turns: {counted[0]} same, {counted[1]} alike, {counted[2]} other")
    raise typer.Exit(1 if counted[2] else 0)
