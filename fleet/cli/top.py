"""`fleet top`: the rack as it works, in a terminal. It asks the daemon as anybody with a key may."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.cli.client import Daemon, NotServed
from fleet.cli.common import AsJson, ConfigPath, load, say

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

__all__ = ["Seen", "screen", "top"]

STYLES = {
    **dict.fromkeys(("idle", "busy", "shift"), "green"),
    **dict.fromkeys(("connecting", "reconciling", "held", "drained", "retiring"), "yellow"),
    **dict.fromkeys(("sick", "resolving"), "bold red"),
    **dict.fromkeys(("retired", "stopped"), "dim"),
}
URGENT = ("quarantined", "unknown")
"""States of jobs that are shown in red as soon as there is one."""

CONCERNS = ("", "yellow", "bold yellow", "bold red")
"""Style of a drive's end, by its concern."""


class Seen:
    """One look at the rack: what the daemon said, and when (unix seconds)."""

    def __init__(self, rack: dict[str, Any], at: float) -> None:
        self.rack, self.at = rack, at

    def rates(self, before: Seen | None) -> dict[str, float]:
        """Receipts a second of each station since the look before."""
        if before is None or self.at <= before.at:
            return {}
        made = {one["name"]: one["documents_made"] for one in before.rack["stations"]}
        return {
            one["name"]: max(0, one["documents_made"] - made[one["name"]]) / (self.at - before.at)
            for one in self.rack["stations"]
            if one["name"] in made
        }


def top(
    config: ConfigPath,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="One look, then end; so it is also in a pipe.")] = False,
    json: AsJson = False,
) -> None:
    """The rack as it works: stations, queue, drives. Ctrl-C ends it."""
    daemon = Daemon(load(config, json))
    from rich.console import Console

    console = Console()
    if json or once or not console.is_terminal:
        found = daemon.get("/rack")
        if json:
            say(json, "", **found)
        else:
            console.print(screen(Seen(found, time.time()), None))
        return
    try:
        _watch(daemon, console, every)
    except KeyboardInterrupt:
        return


def _watch(daemon: Daemon, console: Any, every: float) -> None:
    from rich.live import Live
    from rich.text import Text

    before: Seen | None = None
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            try:
                seen = Seen(daemon.get("/rack"), time.time())
                live.update(screen(seen, before), refresh=True)
                before = seen
            except NotServed as error:
                live.update(Text(str(error), style="bold red"), refresh=True)
            time.sleep(every)


def screen(seen: Seen, before: Seen | None) -> Group:
    """What is shown of one look: the queue and the jobs in two lines, then a line for each station."""
    from rich.console import Group

    rates = seen.rates(before)
    return Group(_queue(seen, rates), _jobs(seen), _stations(seen, rates))


def _queue(seen: Seen, rates: dict[str, float]) -> RenderableType:
    from rich.text import Text

    queue = seen.rack["queue"]
    up, waiting = queue["stations_up"], queue["waiting"]
    line = Text()
    line.append(f"{up} of {queue['stations']} stations", "green" if up == queue["stations"] else "bold red")
    line.append(f"   {waiting} of {queue['limit']} wait")
    if queue["oldest_at"] is not None:
        line.append(f", the oldest {age(seen.at - queue['oldest_at'])}")
    if queue["expected_wait_s"] is not None:
        line.append(f", a new one {age(queue['expected_wait_s'])}")
    if rates:
        line.append(f"   {sum(rates.values()):.1f} receipts/s")
    if not seen.rack["health"]["ready"]:
        line.append("   NOT READY", "bold red")
    return line


def _jobs(seen: Seen) -> RenderableType:
    from rich.text import Text

    line = Text()
    for state, count in seen.rack["jobs"].items():
        if count:
            line.append(f"{state} {count}   ", "bold red" if state in URGENT else "")
    return line


def _stations(seen: Seen, rates: dict[str, float]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=True, box=None, header_style="bold", pad_edge=False)
    for title, right in COLUMNS:
        table.add_column(title, justify="right" if right else "left", no_wrap=title != "", overflow="ellipsis")
    for one in seen.rack["stations"]:
        life, concern = _life(one["life"])
        told = Text("; ".join(_told(one)), "red" if one["problem"] or one["alarms"] else "yellow")
        table.add_row(
            one["name"],
            Text(one["state"], STYLES.get(one["state"], "")),
            f"{rates.get(one['name'], 0.0):.1f}",
            str(one["documents_made"]),
            f"{one['service_s']:.2f}" if one["service_s"] else "-",
            str(one["shift"]) if one["shift_open"] else "-",
            _unsent(one, seen.at),
            one["drive"],
            Text(life, CONCERNS[concern]),
            told,
        )
    return table


COLUMNS = (
    ("station", False),
    ("state", False),
    ("/s", True),
    ("made", True),
    ("s each", True),
    ("shift", True),
    ("unsent", True),
    ("drive", False),
    ("ends", True),
    ("", False),
)
"""Title, and whether the column is one of numbers."""


def _told(one: dict[str, Any]) -> list[str]:
    step = [f"drive replacement: {one['replacement']}"] if one["replacement"] else []
    alarms = [f"{alarm['level']}: {alarm['text']}" for alarm in one["alarms"]]
    return [word for word in (one["problem"], *step, *alarms, *one["outside"]) if word]


def _unsent(one: dict[str, Any], now: float) -> str:
    if not one["unsent"] or one["oldest_unsent_at"] is None:
        return str(one["unsent"])
    return f"{one['unsent']} ({age(now - one['oldest_unsent_at'])})"


def _life(life: dict[str, Any] | None) -> tuple[str, int]:
    """How soon the drive ends, and how much that needs attention."""
    if life is None or life["days_left"] is None:
        return "-", 0 if life is None else int(life["concern"])
    return f"{life['days_left']} d", int(life["concern"])


def age(seconds: float) -> str:
    """A time span in its largest unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
