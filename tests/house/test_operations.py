"""What operators read is true: each command of the guide exists, each row of the failure table was made to happen."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
import typer

from fleet.cli import app
from tests.house.docs import ROOT

GUIDE = ROOT / "docs" / "operators-guide.md"
FAILURES = ROOT / "docs" / "failures.md"
ALERTS = ROOT / "deploy" / "prometheus-alerts.yml"

COMMAND = re.compile(r"(?:^|`|/|: |; )fleet ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)([^`\n]*)", re.MULTILINE)


def commands(text: str) -> set[tuple[str, frozenset[str]]]:
    """Every call of `fleet` in a text: its words, and the options it is given."""
    return {
        (words, frozenset(re.findall(r"(?<=\s)--[a-z][a-z-]*", rest.split("#")[0])))
        for words, rest in COMMAND.findall(text)
    }


def known(words: str) -> Any:
    """The command that words lead to. A second word may be an argument of a command that has no commands below it."""
    command: Any = typer.main.get_command(app)
    for word in words.split():
        if not hasattr(command, "commands"):
            break
        command = command.commands.get(word)
        assert command is not None, f"there is no command: fleet {words}"
    return command


@pytest.mark.parametrize(("words", "options"), sorted(commands(GUIDE.read_text("utf-8")), key=str))
def test_the_commands_of_the_guide_exist(words: str, options: frozenset[str]) -> None:
    """Whoever follows the guide at night types what it says: the command is there, with each option that is shown."""
    command = known(words)
    assert not hasattr(command, "commands"), f"fleet {words} is a group of commands"
    assert options <= {name for parameter in command.params for name in parameter.opts}


def test_the_guide_names_what_an_operator_does() -> None:
    """Install, configure, run, back up, upgrade, replace a drive, resolve a quarantined job: with commands in each."""
    sections = re.split(r"^## ", GUIDE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    titles = [section.splitlines()[0] for section in sections]
    assert titles == [
        *("Install", "Configure", "Run", "Back up", "Upgrade", "Replace a drive", "Resolve a quarantined job"),
    ]
    assert [title for title, text in zip(titles, sections, strict=True) if not commands(text)] == ["Install"]


def test_the_commands_of_the_alerts_exist() -> None:
    """An alert's advice is followed at night, too."""
    found = commands(ALERTS.read_text("utf-8").replace('action: "', 'action: "\n'))
    assert len(found) >= 3
    for words, _ in found:
        known(words)


ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in FAILURES.read_text("utf-8").splitlines()
    if line.startswith("|")
][2:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0])[:40])
def test_each_failure_has_its_test(row: list[str]) -> None:
    """A row says what each side sees, and names a test that is there and is not skipped."""
    fault, shop, operator, shown_by = row
    assert fault and shop and operator
    path, _, name = shown_by.strip("`").partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    (test,) = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    assert "skip" not in "".join(ast.unparse(mark) for mark in test.decorator_list)


def test_the_table_has_the_faults_that_matter() -> None:
    """At least: lost answers, kills of each part, power, operator, queue, journal, backup, quarantine."""
    text = " ".join(row[0] for row in ROWS)
    for word in ("answer", "SIGKILL", "power", "operator", "journal", "backup", "callback", "shift", "repeats"):
        assert word in text
