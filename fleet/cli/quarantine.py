"""`fleet quarantine`: receipts whose outcome no evidence decides; `fleet audit`: journal against drives."""

from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from fleet.cli.client import Daemon, NotServed
from fleet.cli.common import AsJson, ConfigPath, group, load, say

__all__ = ["app", "audit"]

app = group("Receipts that wait for a person: what is known of them, and the decision.")

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.", show_default=False)]
Why = Annotated[str, typer.Option("--why", help="Kept in the journal for whoever asks later.", show_default=False)]
Who = Annotated[str, typer.Option("--who", help="Who decides; else whoever is logged in.")]
ME = getpass.getuser()

AUDIT_POLL_S = 0.5


@app.command("list")
def list_(config: ConfigPath, json: AsJson = False) -> None:
    """Quarantined jobs, newest first, one a line."""
    for job in Daemon(load(config, json)).get("/jobs", state="quarantined", limit=200)["jobs"]:
        at = datetime.fromtimestamp(job["changed_at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
        rest = f"{job['station'] or '-':8} {_total(job) / 100:10.2f}  {job['reason']}"
        say(json, f"{job['id']}  {at}  {rest}", **job)


@app.command()
def show(config: ConfigPath, job: JobId, json: AsJson = False) -> None:
    """Everything that is known of a job, as JSON: its evidence, its history, documents that it may have become."""
    import msgspec

    found = Daemon(load(config, json)).get(f"/jobs/{job}")
    typer.echo(msgspec.json.encode(found) if json else msgspec.json.format(msgspec.json.encode(found), indent=2))


@app.command()
def registered(
    config: ConfigPath,
    job: JobId,
    document: Annotated[int, typer.Argument(metavar="FD", help="The document's number.", show_default=False)],
    why: Why,
    who: Who = ME,
    drive: Annotated[str | None, typer.Option(help="The drive that has it; else the one it was sent to.")] = None,
    json: AsJson = False,
) -> None:
    """It became document FD: the drive is asked, and the sums must agree."""
    _decide(config, json, job, decision="registered", document=document, drive=drive, why=why, who=who)


@app.command()
def requeue(config: ConfigPath, job: JobId, why: Why, who: Who = ME, json: AsJson = False) -> None:
    """No document exists: make it again."""
    _decide(config, json, job, decision="requeue", why=why, who=who)


@app.command()
def cancel(config: ConfigPath, job: JobId, why: Why, who: Who = ME, json: AsJson = False) -> None:
    """No document exists, and none shall be made."""
    _decide(config, json, job, decision="cancel", why=why, who=who)


def _total(job: Any) -> int:
    return sum(item["total"] for item in job["receipt"]["items"])


def _decide(config: Any, json: bool, job: str, **said: Any) -> None:
    decided = Daemon(load(config, json)).post(f"/jobs/{job}/decide", **said)["job"]
    say(json, f"{decided['id']}: {decided['state']}", **decided)


def audit(
    config: ConfigPath,
    stations: Annotated[list[str] | None, typer.Argument(help="Stations; all of them when none is named.")] = None,
    first: Annotated[int | None, typer.Option(min=1, help="From this document; else since the last audit.")] = None,
    who: Who = ME,
    wait: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for each station.")] = 600.0,
    json: AsJson = False,
) -> None:
    """Hold each drive's archive against the journal. Exit 1 when something does not agree."""
    daemon = Daemon(load(config, json))
    bad = 0
    for station in stations or [one["name"] for one in daemon.get("/rack")["stations"]]:
        before = _last_audit(daemon, station)
        daemon.post(f"/stations/{station}/audit", first=first, who=who)
        found = _wait_for_audit(daemon, station, before, wait)["detail"]
        bad += found["problem_count"]
        lines = [f"{station}: documents {found['first']} to {found['last']}, {found['receipts']} receipts"]
        lines += [f"  {problem}" for problem in found["problems"]]
        say(json, "\n".join(lines), station=station, **found)
    if bad:
        raise typer.Exit(1)


def _last_audit(daemon: Daemon, station: str) -> Any:
    records = daemon.get(f"/stations/{station}/history", event="audit", limit=1)["records"]
    return records[0] if records else None


def _wait_for_audit(daemon: Daemon, station: str, before: Any, wait_s: float) -> Any:
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        now = _last_audit(daemon, station)
        if now is not None and (before is None or now["seq"] > before["seq"]):
            return now
        time.sleep(AUDIT_POLL_S)
    raise NotServed(f"station {station} did not audit within {wait_s:.0f} s: is it well?")
