"""How tests run a command: as the console script does, in this process."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fleet import cli
from fleet.cli.client import KEY_VARIABLE
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


class Daemon:
    """Stands for the daemon: it answers from a dict and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.asked.append((self.command, self.path, json.loads(body) if body else None))
                assert self.headers["authorization"] == "Bearer secret"
                answers = outer.answers[self.path.partition("?")[0].removeprefix("/admin/v1")]
                status, value = answers.pop(0) if len(answers) > 1 else answers[0]
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = _answer  # noqa: N815 - names of the base class

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]


@pytest.fixture
def daemon(good: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    made = Daemon()
    path = Path(good)
    path.write_text(path.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{made.port}"))
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()
