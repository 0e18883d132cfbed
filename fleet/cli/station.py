"""`fleet station`: what may be done with one register's station while the daemon runs; `fleet reload`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fleet.cli.client import Daemon
from fleet.cli.common import AsJson, ConfigPath, group, load, say
from fleet.cli.quarantine import ME, Who, Why

__all__ = ["app", "reload"]

app = group("Stations of a running daemon: drain, resume, retire, add; what they have to say.")

Name = Annotated[str, typer.Argument(metavar="STATION", help="The station's name.", show_default=False)]


@app.command("list")
def list_(config: ConfigPath, json: AsJson = False) -> None:
    """Every station, one a line, with what keeps it from making receipts."""
    for one in Daemon(load(config, json)).get("/rack")["stations"]:
        words = [one["problem"], *one["outside"], *(f"{alarm['level']}: {alarm['text']}" for alarm in one["alarms"])]
        told = "; ".join(word for word in words if word)
        say(json, f"{one['name']:12} {one['state']:12} {one['drive']:16} {one['unsent']:6}  {told}".rstrip(), **one)


@app.command()
def drain(config: ConfigPath, station: Name, why: Why, who: Who = ME, json: AsJson = False) -> None:
    """No more receipts for it after the one in hand; it stays connected and delivers what it has."""
    _order(config, json, station, "drain", why=why, who=who)


@app.command()
def resume(config: ConfigPath, station: Name, why: Why, who: Who = ME, json: AsJson = False) -> None:
    """Back into its pool, drained or retired."""
    _order(config, json, station, "resume", why=why, who=who)


@app.command()
def retire(
    config: ConfigPath,
    station: Name,
    why: Why,
    who: Who = ME,
    force: Annotated[bool, typer.Option("--force", help="At once: the register does not answer any more.")] = False,
    json: AsJson = False,
) -> None:
    """Drain it, close its shift, deliver everything, let go of the register."""
    _order(config, json, station, "retire", why=why, who=who, force=force)


@app.command()
def acknowledge(
    config: ConfigPath,
    station: Name,
    alarm: Annotated[str, typer.Argument(metavar="ALARM", help="Its key, as --json shows it.", show_default=False)],
    why: Why,
    who: Who = ME,
    json: AsJson = False,
) -> None:
    """A person has seen an alarm."""
    _order(config, json, station, "acknowledge", alarm=alarm, why=why, who=who)


@app.command("close-shift")
def close_shift(config: ConfigPath, station: Name, who: Who = ME, json: AsJson = False) -> None:
    """Close its shift after the receipt in hand."""
    _order(config, json, station, "close-shift", who=who)


@app.command()
def add(
    config: ConfigPath,
    station: Name,
    address: Annotated[str, typer.Option(help="tcp://host:port or serial:PATH.", show_default=False)],
    inn: Annotated[str, typer.Option(help="The company that its drive is registered for.", show_default=False)],
    link: Annotated[str, typer.Option(help="standard, alternative or auto.")] = "standard",
    timezone: Annotated[str, typer.Option(help="Where the register stands.")] = "Europe/Moscow",
    registers_group: Annotated[str | None, typer.Option("--group", help="Its group.")] = None,
    reserve: Annotated[bool, typer.Option("--reserve", help="Works only while the others cannot keep up.")] = False,
    who: Who = ME,
    json: AsJson = False,
) -> None:
    """One more station, from now on and after every start."""
    table = {"name": station, "address": address, "inn": inn, "link": link, "timezone": timezone, "reserve": reserve}
    if registers_group is not None:
        table["group"] = registers_group
    added = Daemon(load(config, json)).post("/stations", station=table, who=who)["station"]
    say(json, f"{station}: added", **added)


@app.command()
def remove(config: ConfigPath, station: Name, who: Who = ME, json: AsJson = False) -> None:
    """Forget a retired station that was added beside the configuration."""
    _order(config, json, station, "remove", who=who)


def _order(config: Any, json: bool, station: str, verb: str, **said: Any) -> None:
    done = Daemon(load(config, json)).post(f"/stations/{station}/{verb}", **said)
    say(json, f"{station}: {verb}: {'asked' if 'asked' in done else 'done'}", station=station, **done)


def reload(config: ConfigPath, who: Who = ME, json: AsJson = False) -> None:
    """Have the daemon read its configuration anew: stations that are new, changed or gone. SIGHUP does the same."""
    done = Daemon(load(config, json)).post("/reload", who=who)
    lines = [f"{what}: {', '.join(done[what]) or '-'}" for what in ("added", "changed", "retired")]
    lines += [f"after a restart: {', '.join(done['later'])}"] if done["later"] else []
    say(json, "\n".join(lines), **done)
