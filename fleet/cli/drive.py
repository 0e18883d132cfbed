"""`fleet drive`: how long drives last, replacing one step by step, evidence from one on the bench."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from fleet.cli.client import Daemon
from fleet.cli.common import AsJson, ConfigPath, group, load, say
from fleet.cli.quarantine import ME, JobId, Who, Why
from fleet.errors import FleetError

__all__ = ["app"]

app = group("Drives: how long they last, replacing one, evidence from one on the bench.")

Name = Annotated[str, typer.Argument(metavar="STATION", help="The station's name.", show_default=False)]

POLL_S = 1.0

OVER = ("done", "abandoned")
"""The last steps of a replacement."""


@app.command("list")
def list_(config: ConfigPath, json: AsJson = False) -> None:
    """Every drive, the one that ends first on top: what is left, its end, and where a replacement stands."""
    stations = Daemon(load(config, json)).get("/rack")["stations"]
    for one in sorted(stations, key=_end):
        life = one["life"] or {}
        used = (
            f"{life['documents_left']:7} documents {life['kib_free']:6} KiB {life['shifts']:5} shifts" if life else ""
        )
        rate = life.get("documents_per_day")
        day = "" if rate is None else f"{rate:8.0f} a day"
        ends = f"ends {life['ends_on']} ({life['ends_by']})" if life.get("ends_on") else ""
        step = f"replacement: {one['replacement']}" if one["replacement"] else ""
        line = f"{one['name']:12} {one['drive']:16} {used} {day:14} {ends}  {step}".rstrip()
        say(json, line, station=one["name"], drive=one["drive"], life=one["life"], replacement=one["replacement"])


def _end(one: dict[str, Any]) -> tuple[bool, int]:
    days = (one["life"] or {}).get("days_left")
    return days is None, days or 0


@app.command()
def replace(
    config: ConfigPath,
    station: Name,
    why: Why,
    who: Who = ME,
    card_entered: Annotated[bool, typer.Option("--card-entered", help="The cabinet has the change report.")] = False,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Go on with the old drive, while that is possible.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Watch it to its end. Ctrl-C only ends the watching.")] = True,
    json: AsJson = False,
) -> None:
    """Replace the drive of STATION, step by step; call it again at any time to go on watching."""
    daemon = Daemon(load(config, json))
    path = f"/stations/{station}/drive"
    before = _newest(daemon.get(path))
    if card_entered and abandon:
        raise FleetError("--card-entered and --abandon: say one of them")
    verb = "card-entered" if card_entered else "abandon" if abandon else "replace"
    daemon.post(f"{path}/{verb}", why=why, who=who)
    shown: str | None = None
    while True:
        progress = daemon.get(path)
        new = [record for record in reversed(progress["history"]) if record["seq"] > before]
        before = max([before, *(record["seq"] for record in new)])
        if progress["step"] != shown and progress["step"] is not None:
            shown = progress["step"]
            if shown == "card":
                _show_report(json, station, progress["history"])
            say(json, f"{station}: {shown}: {progress['words']}", station=station, step=shown, words=progress["words"])
        if any(record["detail"]["step"] in OVER for record in new):
            last = new[-1]["detail"]["step"]
            say(json, f"{station}: {last}", station=station, step=last, words="")
            return
        if not wait:
            return
        time.sleep(POLL_S)


def _newest(progress: dict[str, Any]) -> int:
    return max((int(record["seq"]) for record in progress["history"]), default=0)


def _show_report(json: bool, station: str, history: list[dict[str, Any]]) -> None:
    """What the owner's cabinet asks for, whenever the report was made."""
    made = next((record["detail"] for record in history if record["detail"]["step"] == "change made"), None)
    if made is None:
        return
    text = f"{station}: for the cabinet: document {made['document']}, sign {made['sign']}, {made['at']}"
    say(json, text, station=station, step="report", **{key: made[key] for key in ("document", "sign", "at")})


@app.command()
def evidence(
    config: ConfigPath,
    job: JobId,
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Of the register on the bench.", show_default=False)
    ],
    decide: Annotated[bool, typer.Option("--decide", help="Decide the job by what the drive tells.")] = False,
    why: Annotated[str, typer.Option("--why", help="Kept with the decision.")] = "",
    who: Who = ME,
    json: AsJson = False,
) -> None:
    """Read the drive that JOB was sent to, in a register on the bench, and tell what became of the receipt. Exit 1 when
    the drive does not tell."""
    import msgspec

    from fleet.bench import Verdict, look
    from fleet.jobs import Job

    settings = load(config, json)
    daemon = Daemon(settings)
    one = msgspec.convert(daemon.get(f"/jobs/{job}")["job"], Job)
    if one.intent is None:
        raise FleetError(f"job {job} was never sent to a register")
    timezone = next((station.timezone for station in settings.stations if station.name == one.station), "Europe/Moscow")
    wanted = (int(one.receipt.operation), one.receipt.total)
    found = look(address, one.intent, wanted, timezone=timezone)
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    say(json, f"{job}: {found.verdict}: {found.why}", job=job, **msgspec.to_builtins(found))
    if found.verdict is Verdict.AMBIGUOUS:
        raise typer.Exit(1)
    if not decide:
        return
    said: dict[str, Any] = {"decision": "requeue"}
    if found.document is not None:
        told = msgspec.to_builtins(found.document)
        said = {"decision": "registered", "document": found.document.document, "drive": found.drive, "told": told}
    reason = f"{why} (drive {found.drive} read at {address}, {at}: {found.why})".strip()
    decided = daemon.post(f"/jobs/{job}/decide", **said, why=reason, who=who)["job"]
    say(json, f"{job}: {decided['state']}", job=job, state=decided["state"])
