"""Commands that make documents or carry them: shift, receipt, relay."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kkt_driver.cli.common import STORE, UNDONE, USAGE, Address, Json, Layer, Store, connected, fail, out, run, tell

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    app.command()(shift)
    app.command()(receipt)
    app.command()(relay)


def shift(
    address: Address,
    action: Annotated[str, typer.Argument(help="open, close, or x for a report without closing")],
    link: Layer = "auto",
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Open the shift, close it, or print an X report."""
    if action not in ("open", "close", "x"):
        raise fail(f"{action}: write open, close or x", USAGE)
    done = run(lambda: _shift(address, link, store, action))
    if json:
        out(done)
    elif action == "x":
        tell("X report: done")
    else:
        tell(f"shift {done['shift']}: {action} is document {done['document']}, sign {done['sign']:010d}")


async def _shift(address: str, link: str, store: Path, action: str) -> dict[str, Any]:
    import msgspec

    from kkt_driver.commands import XReport

    async with connected(address, link, store) as register:
        if action == "x":
            await register.ready()
            await register.ask(XReport())
            return {"action": "x"}
        done = await (register.open_shift() if action == "open" else register.close_shift())
        made: dict[str, Any] = msgspec.to_builtins(done)
        return made


def receipt(
    address: Address,
    file: Annotated[Path, typer.Argument(help="the receipt as JSON; - reads standard input")],
    job: Annotated[str | None, typer.Option(help="its name: the same name is never registered twice")] = None,
    link: Layer = "auto",
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Register a receipt, once: asked twice for the same job, it shows the document that there is."""
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise fail(f"{file} cannot be read: {error}", USAGE) from None
    done = run(lambda: _receipt(address, link, store, text, job))
    if json:
        out(done)
    else:
        tell(
            f"document {done['document']}, fiscal sign {done['sign']:010d}, shift {done['shift']}, "
            f"receipt {done['receipt']}, {done['moment']}"
        )
        if done["paper_pending"]:
            tell("registered; the paper is not out yet: put paper in, then `kkt doctor --fix`")


async def _receipt(address: str, link: str, store: Path, text: bytes, job: str | None) -> dict[str, Any]:
    from hashlib import blake2s

    import msgspec

    from ffd import receipts

    what = receipts.read(text)
    name = job or f"file-{blake2s(text, digest_size=8).hexdigest()}"
    async with connected(address, link, store) as register:
        done: dict[str, Any] = msgspec.to_builtins(await register.receipt(what, job=name))
        return {"job": name, **done}


def relay(
    address: Address,
    operator: Annotated[str | None, typer.Option(help="HOST:PORT; else what the register's table 19 says")] = None,
    link: Layer = "auto",
    json: Json = False,
) -> None:
    """Carry waiting documents to the operator, and its tickets back, until none waits."""
    outcomes = run(lambda: _relay(address, link, operator))
    if json:
        out(outcomes)
    else:
        for one in outcomes:
            tell(" ".join(f"{name} {value}" for name, value in one.items()))
        tell(f"{sum(one['outcome'] == 'Delivered' for one in outcomes)} delivered")
    if outcomes and outcomes[-1]["outcome"] in ("NoAnswer", "Declined"):
        raise typer.Exit(UNDONE)


async def _relay(address: str, link: str, operator: str | None) -> list[dict[str, Any]]:
    import msgspec

    from kkt_driver.courier import Courier, addresses_of

    async with connected(address, link) as register:
        who = await register.identity()
        fields: dict[tuple[int, int], str | int] = {(19, 1): who.operator_host, (19, 2): who.operator_port}
        if operator is not None:
            host, _, port = operator.rpartition(":")
            if not host or not port.isdigit():
                raise fail(f"--operator {operator}: write HOST:PORT", USAGE)
            fields |= {(19, 1): host, (19, 2): int(port)}
        peers = addresses_of(fields)
        if "operator" not in peers:
            raise fail("the register does not say where its operator is: --operator HOST:PORT", USAGE)
        courier = Courier(dict(peers))
        return [
            {"outcome": type(one).__name__, **msgspec.to_builtins(one, enc_hook=str)}
            async for one in courier.relay_all(register, edition=who.ffd or 4)
        ]
