"""How tests run a command: as the console script does, in this process."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from fleet import cli
from fleet.config import EXAMPLE


class Ran:
    """What a command left behind."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.argv", ["fleet", *words])
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "fleet.toml"
    path.write_text(EXAMPLE)
    return str(path)
