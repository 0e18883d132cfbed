"""`fn-emulator drive` and `marking`: a drive alone and what it needs around it; `documents`: what far ends keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fn_emulator.cli.failing import fail
from fn_emulator.cli.serve import Host, State

__all__ = ["documents", "drive", "marking"]


def drive(
    tcp: Annotated[int | None, typer.Option(min=0, max=65535, help="Port for its frames; 0: any.")] = None,
    pty: Annotated[bool, typer.Option("--pty", help="A pseudo-terminal for its frames.")] = False,
    state: State = None,
    host: Host = "127.0.0.1",
    number: Annotated[str, typer.Option(help="Number of the drive, 16 digits.")] = "9999078900000001",
    model: Annotated[str, typer.Option(help="Generation and months: fn-1-13 to fn-1.2-36.")] = "fn-1.2-36",
    tickets: Annotated[str, typer.Option(help="How closely tickets are checked: strict, shape, lenient.")] = "strict",
    profile: Annotated[str, typer.Option(help="Timing: instant, typical.")] = "instant",
    silent: Annotated[bool, typer.Option("--silent", help="No answer to frames with a wrong CRC.")] = False,
    key_server: Annotated[str | None, typer.Option(help="Address of the key server that D7h tells.")] = None,
) -> None:
    """Serve a drive alone, by its own frames, over TCP or on a pseudo-terminal."""
    from fn_emulator.errors import EmulatorError
    from fn_emulator.serve.drive import run_drive

    if pty == (tcp is not None):
        raise typer.BadParameter("say either --tcp PORT or --pty")
    try:
        run_drive(
            port=tcp,
            state=state,
            host=host,
            number=number,
            model=model,
            ticket_level=tickets,
            profile=profile,
            silent_on_bad_frames=silent,
            key_server=key_server,
        )
    except EmulatorError as error:
        fail(error)


def marking(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any.")] = 7902,
    rules: Annotated[Path | None, typer.Option(help="Rule file with verdicts; none: honest.")] = None,
    key_id: Annotated[list[str] | None, typer.Option(help="A key of the table, 4 characters. Repeatable.")] = None,
    key_version: Annotated[int, typer.Option(min=1, help="Version of the table of keys.")] = 1,
    state: State = None,
    host: Host = "127.0.0.1",
) -> None:
    """Serve a test marking system and key server: answers about codes, receipts for notifications, keys for drives."""
    from fn_emulator.errors import EmulatorError
    from fn_emulator.key_server import KEY_IDS
    from fn_emulator.serve.marking import run_marking

    try:
        run_marking(port=port, state=state, rules=rules, key_ids=key_id or KEY_IDS, key_version=key_version, host=host)
    except EmulatorError as error:
        fail(error)


def documents(
    state: Annotated[Path, typer.Option(help="Folder of an operator or a marking system that is not running.")],
    drive: Annotated[str | None, typer.Option(help="Its documents, decoded; left out: a line for each drive.")] = None,
    number: Annotated[int | None, typer.Option(help="This document alone.")] = None,
) -> None:
    """Show what an operator or marking system keeps: a line of JSON for each drive or document."""
    from fn_emulator.errors import EmulatorError, Misuse
    from fn_emulator.operator import DocumentStore, LogStore
    from fn_emulator.operator_view import as_json, show, summary
    from fn_emulator.rack import StateFolder

    try:
        logs = [path.name for path in (state / "operator.log", state / "marking.log") if path.exists()]
        if not logs:
            raise Misuse(f"{state} holds no operator.log and no marking.log")
        with StateFolder(state) as folder:
            stores: list[DocumentStore] = [LogStore(folder.storage(name)) for name in logs]
            for store in stores:
                if drive is None:
                    found: list[object] = [summary(store, one) for one in store.drives()]
                else:
                    found = [show(one) for one in store.documents(drive) if number in (None, one.document)]
                for one in found:
                    typer.echo(as_json(one))
    except EmulatorError as error:
        fail(error)
