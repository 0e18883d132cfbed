"""Commands that only look: scan, status, documents, export, tables, clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from kkt_driver.cli.common import USAGE, Address, Json, Layer, connected, fail, out, progress, run, table, tell

if TYPE_CHECKING:
    from kkt_driver.procedures.tables import Change, Dump, Outcome

__all__ = ["add_to"]

PORTS = "7778,12345,7801-7808"
"""Where registers listen by default, and where a rack of emulated ones does."""

MODES = {
    1: "data output", 2: "shift open", 3: "shift open for over 24 h", 4: "shift closed", 6: "date awaited",
    8: "receipt open", 9: "memory lost", 10: "test run",
}  # fmt: skip


def add_to(app: typer.Typer) -> None:
    app.command()(scan)
    app.command()(status)
    app.command()(documents)
    app.command()(export)
    app.command()(tables)
    app.command()(clock)


# --- scan ----------------------------------------------------------------------------------------------------------


def scan(
    host: Annotated[list[str] | None, typer.Option(help="a host to look at; more than once")] = None,
    ports: Annotated[str, typer.Option(help="ports, as in 7778,7801-7808")] = PORTS,
    serial: Annotated[bool, typer.Option("--serial/--no-serial", help="look at serial ports too")] = True,
    json: Json = False,
) -> None:
    """Find registers: serial ports of this machine, and TCP ports of the hosts named."""
    addresses = [f"tcp://{name}:{port}" for name in host or ["127.0.0.1"] for port in _ports(ports)]
    addresses += _serial_addresses() if serial else []
    found = run(lambda: _scan(addresses))
    if json:
        out(found)
    else:
        rows = [list(one.values()) for one in found]
        table("Registers", ["address", "link", "model", "serial", "drive", "mode"], rows)
    if not found:
        raise fail(f"no register answers at {len(addresses)} addresses")


def _ports(text: str) -> list[int]:
    try:
        found: list[int] = []
        for part in text.split(","):
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    except ValueError:
        raise fail(f"--ports {text}: write numbers and ranges, as in 7778,7801-7808", USAGE) from None
    if not found or len(found) > 1000 or not all(0 < port < 65536 for port in found):
        raise fail(f"--ports {text}: 1 to 1000 ports from 1 to 65535", USAGE)
    return found


def _serial_addresses() -> list[str]:
    from serial.tools import list_ports

    return [f"serial:{port.device}?baud={baud}" for port in list_ports.comports() for baud in (115200, 4800)]


async def _scan(addresses: list[str]) -> list[dict[str, Any]]:
    import trio

    found: dict[str, dict[str, Any]] = {}
    limit = trio.CapacityLimiter(32)

    async def look(address: str) -> None:
        from kkt_driver.errors import DriverError
        from kkt_driver.procedures import identify, read_state

        async with limit:
            try:
                with trio.fail_after(10):
                    async with connected(address, "auto") as register:
                        who, state = await register.run(identify()), await register.run(read_state())
            except (DriverError, OSError, trio.TooSlowError):
                return
            found[address] = {
                "address": address,
                "link": register.layer,
                "model": who.model,
                "serial": who.serial,
                "drive": who.drive,
                "mode": MODES.get(state.mode, str(state.mode)),
            }

    async with trio.open_nursery() as nursery:
        for address in addresses:
            nursery.start_soon(look, address)
    return [found[address] for address in addresses if address in found]


# --- status --------------------------------------------------------------------------------------------------------


def status(address: Address, link: Layer = "auto", json: Json = False) -> None:
    """Who answers and in what state: register, drive, registration, shift, operator's queue, abilities."""
    shown = run(lambda: _status(address, link))
    if json:
        out(shown)
    else:
        table(f"{shown['model']} at {address}", ["", ""], list(shown.items()))


async def _status(address: str, link: str) -> dict[str, Any]:
    from kkt_driver.commands import ExchangeStatus
    from kkt_driver.errors import Refused
    from kkt_driver.noticing import PAPER, WARNINGS

    async with connected(address, link) as register:
        who, state, can = await register.identity(), await register.state(), await register.capabilities()
        try:
            queue: int | None = (await register.ask(ExchangeStatus())).queue
        except Refused:
            queue = None
        return {
            "model": who.model,
            "serial": who.serial,
            "drive": who.drive,
            "phase": who.phase,
            "inn": who.inn,
            "registration_number": who.rnm,
            "format": {2: "1.05", 3: "1.1", 4: "1.2"}.get(who.ffd, str(who.ffd)),
            "clock": str(who.clock),
            "link": register.layer,
            "mode": MODES.get(state.mode, str(state.mode)),
            "paper": PAPER.get(state.submode, str(state.submode)),
            "shift": state.shift,
            "shift_open": state.shift_open,
            "receipt": state.receipt,
            "last_document": state.last_document,
            "waiting_for_operator": queue,
            "warnings": [text for bit, text in WARNINGS.items() if state.warnings & bit],
            "abilities": sorted(can.abilities),
        }


# --- documents -----------------------------------------------------------------------------------------------------

FORMS = {
    1: "registration", 2: "shift open", 3: "receipt", 4: "strict form", 5: "shift close", 6: "drive closed",
    11: "change of registration", 21: "settlement state", 31: "correction", 41: "strict form correction",
}  # fmt: skip


def documents(
    address: Address,
    first: Annotated[int, typer.Option("--from", min=1, help="number of the first document")] = 1,
    last: Annotated[int | None, typer.Option("--to", help="number of the last one; else the last there is")] = None,
    link: Layer = "auto",
    json: Json = False,
) -> None:
    """What the drive keeps, document by document."""
    rows = run(lambda: _documents(address, link, first, last))
    if json:
        out(rows)
    else:
        shown = [(r["number"], r["form"], r["moment"], r["sign"], r["total"], r["shift"], r["confirmed"]) for r in rows]
        table("Documents", ["number", "form", "moment", "sign", "kopecks", "shift", "confirmed"], shown)


async def _documents(address: str, link: str, first: int, last: int | None) -> list[dict[str, Any]]:
    from kkt_driver.procedures import find

    found = []
    async with connected(address, link) as register:
        end = (await register.state()).last_document
        end = end if last is None else min(last, end)
        with progress("documents") as bar:
            task = bar.add_task("", total=max(0, end - first + 1))
            for number in range(first, end + 1):
                record = await register.run(find(number))
                bar.advance(task)
                if record is None:
                    continue
                found.append(
                    {
                        "number": record.document,
                        "form": FORMS.get(record.type, str(record.type)),
                        "moment": str(record.moment),
                        "sign": f"{record.sign:010d}",
                        "operation": record.operation,
                        "total": record.total,
                        "shift": record.shift,
                        "confirmed": bool(record.ticket),
                    }
                )
    return found


# --- export --------------------------------------------------------------------------------------------------------


def export(
    address: Address,
    file: Annotated[Path, typer.Argument(help="JSON lines, one document each; an existing file is gone on with")],
    first: Annotated[int, typer.Option("--from", min=1)] = 1,
    last: Annotated[int | None, typer.Option("--to")] = None,
    link: Layer = "auto",
    json: Json = False,
) -> None:
    """Write the drive's archive to a file; a broken export goes on where it stopped when it is called again."""
    count = run(lambda: _export(address, link, file, first, last))
    if json:
        out(count)
    else:
        tell(f"{file}: {count['written']} documents more, {count['documents']} in all, drive {count['drive']}")


def _kept(file: Path) -> list[dict[str, Any]]:
    """Documents that an earlier export wrote."""
    import msgspec

    lines = file.read_bytes().splitlines() if file.exists() else []
    try:
        return [msgspec.json.decode(line) for line in lines if line.strip()]
    except msgspec.MsgspecError as error:
        raise fail(f"{file} is no export: {error}", USAGE) from None


async def _export(address: str, link: str, file: Path, first: int, last: int | None) -> dict[str, Any]:
    import msgspec

    from kkt_driver.procedures import begin_export, export_next

    kept = _kept(file)
    start = max([first, *(one["number"] + 1 for one in kept)])
    written = 0
    async with connected(address, link) as register:
        state = await register.run(begin_export(first=start, last=last))
        if kept and kept[-1]["drive"] != state.drive:
            raise fail(f"{file} holds documents of drive {kept[-1]['drive']}, drive {state.drive} answers", USAGE)
        with progress("export") as bar, _appending(file) as lines:
            task = bar.add_task("", total=max(0, state.last - state.first + 1))
            while not state.done:
                one, state = await register.run(export_next(state, tickets=True))
                bar.advance(task)
                if one is None:
                    continue
                line = {"drive": state.drive, **msgspec.to_builtins(one)}
                lines.write(msgspec.json.encode(line) + b"\n")
                lines.flush()
                written += 1
    return {"drive": state.drive, "written": written, "documents": len(kept) + written}


def _appending(file: Path) -> BinaryIO:
    return file.open("ab")


# --- tables and clock ----------------------------------------------------------------------------------------------


def tables(
    address: Address,
    save: Annotated[Path | None, typer.Option(help="write all tables to a file")] = None,
    against: Annotated[Path | None, typer.Option(help="show what differs from a saved file")] = None,
    restore: Annotated[Path | None, typer.Option(help="write a saved file's values back where they differ")] = None,
    link: Layer = "auto",
    json: Json = False,
) -> None:
    """The register's settings: show, save, compare, restore. Passwords are shown as stars and saved as they are."""
    if sum(one is not None for one in (save, against, restore)) > 1:
        raise fail("--save, --against and --restore: one of them at a time", USAGE)
    now, changes, outcomes = run(lambda: _tables(address, link, against or restore, write=restore is not None))
    from kkt_driver.procedures.tables import SECRET_FIELDS

    if save is not None:
        _save(now, save)
        tell(f"{save}: {len(now.tables)} tables of register {now.serial}")
        return
    rows: list[tuple[Any, ...]]
    if restore is not None:
        head = ["table.row.field", "name", "written", "why not"]
        rows = [(str(one.change.cell), now.name_of(one.change.cell), one.written, one.why) for one in outcomes]
    elif against is not None:
        head = ["table.row.field", "name", "register", "file"]
        rows = [(str(one.cell), now.name_of(one.cell), one.was, one.now) for one in changes]
    else:
        head = ["table.row.field", "name", "value"]
        rows = [
            (str(cell), now.name_of(cell), "***" if (cell.table, cell.field) in SECRET_FIELDS else value)
            for cell, value in now.cells().items()
        ]
    if json:
        out([dict(zip(head, row, strict=True)) for row in rows])
    else:
        table("Settings", head, rows)


def _save(dump: Dump, file: Path) -> None:
    """Passwords are in it, so only its owner may read it."""
    import msgspec

    file.touch(0o600)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(dump)))


def _saved(file: Path) -> Dump:
    import msgspec

    from kkt_driver.procedures.tables import Dump

    try:
        return msgspec.json.decode(file.read_bytes(), type=Dump)
    except (OSError, msgspec.MsgspecError) as error:
        raise fail(f"{file} holds no settings: {error}", USAGE) from None


async def _tables(
    address: str, link: str, other: Path | None, *, write: bool
) -> tuple[Dump, tuple[Change, ...], tuple[Outcome, ...]]:
    from kkt_driver import procedures
    from kkt_driver.procedures.tables import diff

    saved = _saved(other) if other is not None else None
    async with connected(address, link) as register:
        who = await register.identity()
        now = await register.run(procedures.dump(serial=who.serial, model=who.model))
        changes = () if saved is None else diff(now, saved, secrets=write)
        outcomes = await register.run(procedures.restore(changes)) if write else ()
        return now, changes, outcomes


def clock(
    address: Address,
    set_: Annotated[bool, typer.Option("--set", help="set it to this machine's; shift closed")] = False,
    link: Layer = "auto",
    json: Json = False,
) -> None:
    """Compare the register's clock with this machine's, or set it."""
    shown = run(lambda: _clock(address, link, set_))
    if json:
        out(shown)
    else:
        tell(f"register {shown['register']}, this machine {shown['host']}, {shown['ahead_s']} s ahead")


async def _clock(address: str, link: str, set_: bool) -> dict[str, Any]:
    from datetime import datetime

    from kkt_driver.procedures import read_clock, set_clock

    async with connected(address, link) as register:
        if set_:
            await register.run(set_clock(datetime.now()))
        found = await register.run(read_clock())
        host = datetime.now().replace(microsecond=0)
        ahead = None if found is None else round((found - host).total_seconds())
        return {"register": str(found), "host": str(host), "ahead_s": ahead, "set": set_}
