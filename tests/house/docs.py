"""The parts of the documents that come from code. `python -m tests.house.docs` writes them anew, a test compares.

<!-- example: PATH -->    followed by a block: the file as it is
<!-- states -->           followed by a block: the states of a job, drawn from their table
<!-- commands -->         up to <!-- end -->: the commands of a register, from their table
<!-- rules --> and so on   up to <!-- end -->: the tables of `tests.house.ffd_tables`
<!-- refusals -->         up to <!-- end -->: what a refusal means for one command alone, from its table
<!-- drive-commands -->   up to <!-- end -->: the commands of a drive, from their table
<!-- register-… -->       up to <!-- end -->: the tables of `tests.house.register_tables`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fleet.jobs import FINAL, TRANSITIONS, State
from fn_emulator.drive.commands import COMMANDS as DRIVE_COMMANDS
from kkt_driver.commands import COMMANDS
from kkt_driver.refusals import OF_COMMAND
from tests.house import ffd_tables, register_tables

__all__ = ["ROOT", "documents", "renewed"]

ROOT = Path(__file__).parents[2]
_EXAMPLE = re.compile(r"(<!-- example: (\S+) -->\n```\w+\n).*?(```\n)", re.DOTALL)
_STATES = re.compile(r"(<!-- states -->\n```mermaid\n).*?(```\n)", re.DOTALL)
_TABLE = re.compile(r"(<!-- ([a-z-]+) -->\n)(?!```).*?(<!-- end -->\n)", re.DOTALL)


def documents() -> list[Path]:
    """Every document that ships."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def renewed(text: str) -> str:
    """A document's text with its generated parts as they should be."""
    text = _EXAMPLE.sub(lambda found: found[1] + (ROOT / found[2]).read_text("utf-8") + found[3], text)
    text = _TABLE.sub(lambda found: found[1] + "\n".join(_TABLES[found[2]]()) + "\n" + found[3], text)
    return _STATES.sub(lambda found: found[1] + "\n".join(_states()) + "\n" + found[2], text)


def _commands() -> Iterator[str]:
    yield "| code | command | in the manual | request → reply | kind | prints | limit, s | modes |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in COMMANDS.values():
        types = f"`{row.request.__name__}` → `{row.reply.__name__}`"
        prints = "yes" if row.prints else ""
        cells = (row.hex, row.name, row.name_ru, types, row.kind.value, prints, f"{row.deadline_s:g}", row.modes.text)
        yield f"| {' | '.join(cells)} |"


def _refusals() -> Iterator[str]:
    yield "| command | error | means | for the cashier | disposition |"
    yield "|---|---|---|---|---|"
    for (command, code), row in OF_COMMAND.items():
        yield f"| {command} | {code:02X} | {row.name} | {row.message_ru} | {row.disposition} |"


def _drive_commands() -> Iterator[str]:
    formats = {2: "1.05", 3: "1.1", 4: "1.2"}
    yield "| code | command | since | phases | data, bytes |"
    yield "|---|---|---|---|---|"
    for row in DRIVE_COMMANDS:
        phases = ", ".join(map(str, sorted(row.phases)))
        counts = sorted(row.lengths)
        lengths = f"{counts[0]} to {counts[-1]}" if len(counts) > 2 else " or ".join(map(str, counts))
        yield f"| {row.code:02X} | {row.name} | {formats[row.since]} | {phases} | {lengths} |"


_TABLES = {
    "commands": _commands,
    "refusals": _refusals,
    "drive-commands": _drive_commands,
    **ffd_tables.TABLES,
    **register_tables.TABLES,
}


def _states() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    [*] --> accepted: accept"
    for state in State:
        targets: dict[State, list[str]] = {}
        for event, after in TRANSITIONS[state].items():
            if after is not state:
                targets.setdefault(after, []).append(event.value)
        for after, events in targets.items():
            yield f"    {state} --> {after}: {', '.join(events)}"
        if state in FINAL:
            yield f"    {state} --> [*]"


if __name__ == "__main__":
    for path in documents():
        before = path.read_text("utf-8")
        if (after := renewed(before)) != before:
            path.write_text(after, "utf-8")
            print(path.relative_to(ROOT))
