"""The documents are true: what they show runs, what they draw is the table, where they point there is something."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.docs import ROOT, documents, renewed

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_generated_parts_are_current(path: Path) -> None:
    """Examples and diagrams are copies: `python -m tests.house.docs` writes them anew."""
    text = path.read_text("utf-8")
    assert text == renewed(text)


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """A newcomer who follows a link finds a file."""
    targets = [link for link in LINK.findall(path.read_text("utf-8")) if "://" not in link]
    assert [link for link in targets if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_examples_run(example: Path) -> None:
    """An example ends well as it stands, and README or a page of docs shows what it prints."""
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    name = example.relative_to(ROOT).as_posix()
    pages = [text for text in (path.read_text("utf-8") for path in documents()) if f"<!-- example: {name} -->" in text]
    assert pages, f"no page shows {name}"
    for line in done.stdout.splitlines():
        assert all(f"    {line}\n" in page for page in pages)


def test_the_commands_of_the_readme_exist() -> None:
    """Each console command and its words in README are known to the program."""
    readme = (ROOT / "README.md").read_text("utf-8")
    calls = re.findall(r"^    (ffd|kkt|fn-emulator|fleet) ([a-z-]+)", readme, re.MULTILINE)
    assert len(calls) >= 5
    for command, word in calls:
        module = {"kkt": "kkt_driver"}.get(command, command.replace("-", "_"))
        done = subprocess.run([sys.executable, "-m", module, word, "--help"], capture_output=True, timeout=60, cwd=ROOT)
        assert done.returncode == 0, (command, word)
