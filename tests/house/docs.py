"""The parts of the documents that come from code. `python -m tests.house.docs` writes them anew, a test compares.

<!-- example: PATH -->    followed by a block: the file as it is
<!-- states -->           followed by a block: the states of a job, drawn from their table
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fleet.jobs import FINAL, TRANSITIONS, State

__all__ = ["ROOT", "documents", "renewed"]

ROOT = Path(__file__).parents[2]
_EXAMPLE = re.compile(r"(<!-- example: (\S+) -->\n```\w+\n).*?(```\n)", re.DOTALL)
_STATES = re.compile(r"(<!-- states -->\n```mermaid\n).*?(```\n)", re.DOTALL)


def documents() -> list[Path]:
    """Every document that ships."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def renewed(text: str) -> str:
    """A document's text with its generated parts as they should be."""
    text = _EXAMPLE.sub(lambda found: found[1] + (ROOT / found[2]).read_text("utf-8") + found[3], text)
    return _STATES.sub(lambda found: found[1] + "\n".join(_states()) + "\n" + found[2], text)


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
