"""The parts of the documents that come from code. `python -m tests.house.docs` writes them anew, a test compares.

<!-- example: PATH -->    followed by a block: the file as it is
<!-- states -->           followed by a block: the states of a job, drawn from their table
<!-- commands -->         up to <!-- end -->: the commands of a register, from their table
<!-- rules -->            up to <!-- end -->: the rules of format-logic control, from their table
<!-- conditions -->       up to <!-- end -->: when a conditional tag is mandatory, from their table
<!-- forms -->            up to <!-- end -->: the forms of documents and structures, their classes and clauses
<!-- tags -->             up to <!-- end -->: all tags, from their table
<!-- refusals -->         up to <!-- end -->: what a refusal means for one command alone, from its table
<!-- drive-commands -->   up to <!-- end -->: the commands of a drive, from their table
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ffd.conditions import CONDITIONS
from ffd.control import RULES
from ffd.documents import OF_CODE, size_max
from ffd.enums import DocumentCode
from ffd.fields import REPEATED
from ffd.presence import clause, rows, supplier
from ffd.structures import OF_TAG
from ffd.tags import TAGS
from fleet.jobs import FINAL, TRANSITIONS, State
from fn_emulator.drive.commands import COMMANDS as DRIVE_COMMANDS
from kkt_driver.commands import COMMANDS
from kkt_driver.refusals import OF_COMMAND

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


def _rules() -> Iterator[str]:
    yield "| code | rule | known from | when broken |"
    yield "|---|---|---|---|"
    for rule in sorted(RULES, key=lambda rule: (rule.code[0] != "F", rule.code)):
        yield f"| {rule.code} | {rule.statement} | {rule.basis} | {'warning' if rule.weak else 'violation'} |"


def _conditions() -> Iterator[str]:
    yield "| rule | in | tags | mandatory because | when missing |"
    yield "|---|---|---|---|---|"
    for row in CONDITIONS:
        weights = {_weight(container, tag) for container in row.containers for tag in row.tags}
        where, tags = " ".join(map(str, row.containers)), " ".join(map(str, row.tags))
        yield f"| {row.code} | {where} | {tags} | {row.reason} | {', '.join(sorted(weights))} |"


def _weight(container: int, tag: int) -> str:
    found = [row for edition in (2, 3, 4) if (row := rows(container, edition).get(tag))]
    return "warning" if any(row.condition_is_weak for row in found if row.electronic != 1) else "violation"


def _forms() -> Iterator[str]:
    yield "| code or tag | class | по-русски | order 1.05 | order 1.1 | order 1.2 | longest, bytes |"
    yield "|---|---|---|---|---|---|---|"
    for code, cls in OF_CODE.items():
        longest = " / ".join(str(size_max(code, edition)) for edition in (2, 4))
        yield f"| {code} | `{cls.__name__}` | {DocumentCode(code).title} | {_clauses(code)} | {longest} |"
    for tag, structure in OF_TAG.items():
        longest = str(TAGS[tag].length or "")
        yield f"| {tag} | `{structure.__name__}` | {TAGS[tag].name_ru} | {_clauses(tag)} | {longest} |"


def _clauses(container: int) -> str:
    return " | ".join(clause(container, edition) for edition in (2, 3, 4))


_UNITS = {
    "money_kopecks": "kopecks, `int`",
    "decimal_quantity": "exact `Decimal`",
    "datetime_minute": "wall clock, `datetime`",
    "date_midnight": "day, `datetime` at 00:00",
    "bool": "`bool`",
    "days": "days, `int`",
    "counter": "count, `int`",
}
_PLAIN = {"string": "`str`", "bytes": "`bytes`", "stlv": "structure"}


def _tags() -> Iterator[str]:
    yield "| tag | attribute | по-русски | on paper | type | bytes | value | editions | stands in | supplied by |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    attributes = {number: name for name, number in REPEATED.items()}
    for tag in TAGS.values():
        size = f"{tag.length} exactly" if tag.fixed else f"up to {tag.length}" if tag.length else "not limited"
        unit = _UNITS.get(tag.kind) or (f"set `{tag.enum}`" if tag.enum else _PLAIN.get(tag.type, "`int`"))
        where = " ".join("document" if parent == 0 else str(parent) for parent in tag.parents)
        name = attributes.get(tag.number, tag.name)
        cells = (
            str(tag.number), f"`{name}`", tag.name_ru, tag.header, tag.type.value, size, unit, tag.editions, where,
            supplier(tag.number).value,
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


_TABLES = {
    "commands": _commands,
    "refusals": _refusals,
    "drive-commands": _drive_commands,
    "rules": _rules,
    "conditions": _conditions,
    "forms": _forms,
    "tags": _tags,
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
