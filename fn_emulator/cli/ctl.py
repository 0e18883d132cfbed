"""`fn-emulator ctl`: a running rack by its control port, from the shell.

    fn-emulator ctl registers
    fn-emulator ctl fault 1 cut-after FF45
    fn-emulator ctl advance 86400

Every answer is the port's own JSON, so that scripts can read it. FN_EMULATOR_CONTROL names the port for a whole
session; `fn-emulator ctl call` reaches whatever has no command of its own.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from fn_emulator.cli.failing import fail

__all__ = ["app"]

TIMEOUT_S = 30.0

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="See and control a running rack.")

Url = Annotated[str, typer.Option("--url", envvar="FN_EMULATOR_CONTROL", help="The rack's control port.")]
Register = Annotated[int, typer.Argument(min=1, help="Number of the register in the rack.")]
URL = "http://127.0.0.1:7899"


def _call(url: str, method: str, path: str, body: Any = None) -> None:
    """One request; its answer goes to standard output."""
    import httpx2

    try:
        answer = httpx2.request(method, url.rstrip("/") + path, json=body, timeout=TIMEOUT_S)
    except httpx2.TransportError as error:
        fail(RuntimeError(f"{url} does not answer ({error}); was the rack started with --control-port?"))
    if answer.status_code >= 400:
        fail(RuntimeError(_reason(answer.text)))
    if answer.content:
        typer.echo(_pretty(answer.text))


def _reason(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


@app.command()
def registers(url: Url = URL) -> None:
    """All registers and how they are."""
    _call(url, "GET", "/registers")


@app.command()
def time(url: Url = URL) -> None:
    """What time it is in the world."""
    _call(url, "GET", "/time")


@app.command()
def advance(seconds: Annotated[float, typer.Argument(min=0.0)], url: Url = URL) -> None:
    """The whole world is so much later: registers, drives, operator."""
    _call(url, "POST", "/time", {"advance_s": seconds})


@app.command()
def scale(scale: Annotated[float, typer.Argument(min=0.0)], url: Url = URL) -> None:
    """World seconds for each second outside; 0: only when told."""
    _call(url, "POST", "/time", {"scale": scale})


@app.command()
def skew(register: Register, seconds: float, url: Url = URL) -> None:
    """One register's clock is so far off; its drive notices."""
    _call(url, "POST", f"/registers/{register}/clock", {"skew_s": seconds})


@app.command()
def faults(url: Url = URL) -> None:
    """Faults that may be ordered."""
    _call(url, "GET", "/faults")


@app.command()
def fault(
    register: Register,
    fault: Annotated[str, typer.Argument(help="One of `ctl faults`.")],
    command: Annotated[str, typer.Argument(help="FF45, 8D, or * for any.")] = "*",
    times: Annotated[int, typer.Option(min=1)] = 1,
    after: Annotated[int, typer.Option(min=0, help="So many commands of the kind pass well first.")] = 0,
    seconds: Annotated[float, typer.Option(help="How late, how long, how far.")] = 5.0,
    url: Url = URL,
) -> None:
    """The next command of a kind meets a fault."""
    order = {"fault": fault, "command": command, "times": times, "after": after, "seconds": seconds}
    _call(url, "POST", f"/registers/{register}/faults", order)


@app.command()
def clear(register: Register, url: Url = URL) -> None:
    """No more faults wait for a register."""
    _call(url, "DELETE", f"/registers/{register}/faults")


@app.command()
def power(register: Register, url: Url = URL) -> None:
    """Power goes and comes back."""
    _call(url, "POST", f"/registers/{register}/power")


@app.command()
def cut(register: Register, url: Url = URL) -> None:
    """The connection of the host breaks."""
    _call(url, "POST", f"/registers/{register}/cut")


@app.command()
def call(
    method: Annotated[str, typer.Argument(help="GET, POST, PUT, DELETE.")],
    path: str,
    body: Annotated[str | None, typer.Argument(help="JSON.")] = None,
    url: Url = URL,
) -> None:
    """Any request of the control port; `call GET /openapi.json` lists them."""
    try:
        decoded = None if body is None else json.loads(body)
    except ValueError as error:
        fail(RuntimeError(f"the body is not JSON: {error}"))
    _call(url, method.upper(), path if path.startswith("/") else f"/{path}", decoded)


@app.command()
def events(
    register: Annotated[int | None, typer.Option(min=1, help="Of one register only.")] = None, url: Url = URL
) -> None:
    """What happens, one line of JSON for each event, until interrupted."""
    import httpx2

    query = {} if register is None else {"register": str(register)}
    try:
        with httpx2.stream("GET", url.rstrip("/") + "/events", params=query, timeout=None) as answer:
            kind = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    typer.echo(json.dumps({"event": kind, **json.loads(line[6:])}, ensure_ascii=False))
    except httpx2.TransportError as error:
        fail(RuntimeError(f"{url}: {error}"))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
