"""`kkt record` stands between any program and a register and writes down what they say; `kkt replay` reads it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kkt_driver.cli.common import USAGE, Address, Json, Layer, connected, fail, out, run, table, tell

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    app.command()(record)
    app.command()(replay)


def record(
    address: Address,
    file: Annotated[Path, typer.Argument(help="JSON lines; appended to")],
    listen: Annotated[str, typer.Option(help="HOST:PORT where the program connects instead")] = "127.0.0.1:7799",
    conversations: Annotated[int, typer.Option(help="end after so many connections; 0: never")] = 0,
) -> None:
    """Pass bytes between a program and a register and write down what they say, without the buyers."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise fail(f"--listen {listen}: write HOST:PORT", USAGE)
    run(lambda: _record(address, file, host, int(port), conversations))


async def _record(address: str, file: Path, host: str, port: int, conversations: int) -> None:
    import msgspec
    import trio

    from kkt_driver.trace import Describer
    from kkt_driver.transport import open_line, parse_address

    where = parse_address(address)
    listener = (await trio.open_tcp_listeners(port, host=host))[0]
    tell(f"listening on {host}:{port}, writing to {file}")
    began = trio.current_time()
    count = 0
    with file.open("ab") as lines:
        async with listener:
            while not conversations or count < conversations:
                program = await listener.accept()
                count += 1
                async with program, await open_line(where) as register, trio.open_nursery() as nursery:

                    async def carry(
                        source: trio.abc.Stream, to: trio.abc.Stream, direction: str, scope: trio.CancelScope
                    ) -> None:
                        describer = Describer(direction)
                        try:
                            while data := bytes(await source.receive_some(4096)):
                                await to.send_all(data)
                                frames = list(describer.feed(data))
                                at = round(trio.current_time() - began, 4)
                                row = {"at": at, "from": "host" if direction == ">" else "register", "frames": frames}
                                lines.write(msgspec.json.encode(row) + b"\n")
                                lines.flush()
                        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                            pass
                        scope.cancel()

                    nursery.start_soon(carry, program, register, ">", nursery.cancel_scope)
                    nursery.start_soon(carry, register, program, "<", nursery.cancel_scope)


def replay(
    file: Annotated[Path, typer.Argument(help="what `kkt record` wrote")],
    against: Annotated[str | None, typer.Option(help="a register that is asked the recorded reads again")] = None,
    link: Layer = "auto",
    json: Json = False,
) -> None:
    """Show a recording. With --against its reads (nothing else is ever sent) are asked again and compared."""
    import msgspec

    try:
        rows = [msgspec.json.decode(line) for line in file.read_bytes().splitlines() if line.strip()]
        shown = [(row["at"], row["from"], frame) for row in rows for frame in row["frames"]]
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as error:
        raise fail(f"{file} is no recording: {error}", USAGE) from None
    if against is None:
        if json:
            out([list(row) for row in shown])
        else:
            table(str(file), ["s", "from", "frame"], shown)
        return
    target = against
    compared = run(lambda: _again(target, link, shown))
    if json:
        out(compared)
    else:
        rows_shown = [(one["command"], one["recorded"], one["now"], one["same"]) for one in compared]
        table(f"{file} against {against}", ["command", "recorded", "now", "same"], rows_shown)


async def _again(address: str, link: str, shown: list[tuple[Any, str, str]]) -> list[dict[str, Any]]:
    from kkt_driver.commands import COMMANDS, Kind, code_of, decode_request, encode_reply
    from kkt_driver.errors import DriverError, Refused

    compared = []
    async with connected(address, link) as register:
        for index, (_, who, frame) in enumerate(shown):
            body = _body(frame)
            row = COMMANDS.get(code_of(body)) if body else None
            if who != "host" or row is None or row.kind is not Kind.READ:
                continue
            later = (_body(text) for _, other, text in shown[index + 1 :] if other == "register")
            recorded = next(filter(None, later), b"")
            try:
                request = decode_request(body)
                now = encode_reply(request, await register.ask(request))
            except Refused as refusal:
                now = row.code + bytes((refusal.code,)) + refusal.data
            except DriverError as error:
                raise fail(f"{row.hex}: {error}") from None
            same = recorded == now
            name = f"{row.hex} {row.name}"
            compared.append({"command": name, "recorded": recorded.hex(), "now": now.hex(), "same": same})
    return compared


def _body(frame: str) -> bytes:
    """The bytes of a frame as it was written down; empty for control bytes and for what was hidden."""
    words = frame.split(" ")
    word = words[1] if words[0].startswith("#") and len(words) > 1 else words[0]
    try:
        return bytes.fromhex(word)
    except ValueError:
        return b""
