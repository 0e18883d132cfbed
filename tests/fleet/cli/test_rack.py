"""The command `fleet`: what it prints and how it exits, since scripts depend on both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from fleet import cli
from fleet.config import verify_password
from fleet.errors import FleetError


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.toml"
    path.write_text('nam = "x"\n[http]\nlisten = 7\n')
    return str(path)


def test_check_of_a_good_configuration(run: Any, good: str) -> None:
    """0 means that `serve` would take it."""
    ran = run("check", good)
    assert (ran.status, ran.err) == (0, "")
    assert "good" in ran.out
    ran = run("check", good, "--json")
    assert json.loads(ran.out) == {"ok": True, "problems": [], "warnings": []}


def test_the_example_is_a_good_configuration(run: Any, tmp_path: Path) -> None:
    """What `fleet example` prints is where an operator begins: it must pass `fleet check`."""
    printed = run("example")
    (tmp_path / "rack.toml").write_text(printed.out, "utf-8")
    assert run("check", str(tmp_path / "rack.toml")).status == 0


def test_check_tells_every_mistake(run: Any, bad: str) -> None:
    """A configuration is mended in one go."""
    ran = run("check", bad)
    assert (ran.status, ran.out) == (1, "")
    assert all(path in ran.err for path in ("nam:", "http.listen:", "tenants:", "stations:"))
    ran = run("check", bad, "--json")
    answer = json.loads(ran.out)
    assert (ran.status, answer["ok"], len(answer["problems"])) == (1, False, 4)


def test_a_file_that_is_not_there(run: Any) -> None:
    """One line that says what and where, and no traceback."""
    ran = run("serve", "/nowhere/fleet.toml")
    assert ran.status == 1
    assert ran.err.startswith("fleet: /nowhere/fleet.toml:")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [["serve"], ["nothing"], ["demo", "--registers", "0"], ["check", "a", "b"]])
def test_wrong_usage_is_2(run: Any, words: list[str]) -> None:
    """Scripts tell a wrong call from a failed one."""
    assert run(*words).status == 2


def test_hash_password_from_a_pipe(run: Any) -> None:
    """The password never stands in the command line, where other users see it."""
    ran = run("hash-password", stdin="open sesame\n")
    assert ran.status == 0
    assert verify_password("open sesame", ran.out.strip())
    ran = run("hash-password", "--json", stdin="open sesame")
    assert verify_password("open sesame", json.loads(ran.out)["password_hash"])
    assert run("hash-password", stdin="\n").status == 1


def test_our_errors_come_out_of_their_groups(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nurseries wrap what happens in them; people should read the reason all the same."""

    def fail(*args: Any, **options: Any) -> None:
        raise BaseExceptionGroup("nursery", [ExceptionGroup("inner", [FleetError("the port is taken")])])

    monkeypatch.setattr("fleet.demo.run_demo", fail)
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "fleet: the port is taken\n")


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What we did not foresee must not look like a mistake of the user."""

    def fail(*args: Any, **options: Any) -> None:
        raise BaseExceptionGroup("nursery", [FleetError("ours"), ZeroDivisionError("a bug")])

    monkeypatch.setattr("sys.argv", ["fleet", "demo"])
    monkeypatch.setattr("fleet.demo.run_demo", fail)
    with pytest.raises(BaseExceptionGroup) as caught:
        cli.main()
    assert caught.group_contains(ZeroDivisionError)


def test_serve_says_where_once_it_is_ready(run: Any, good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts it in a script waits for this line."""

    async def serve(config: Any, *, stop: trio.Event, ready: Any, source: Any) -> None:
        ready("http://127.0.0.1:8080")

    monkeypatch.setattr("fleet.serve.serve", serve)
    monkeypatch.setattr("fleet.log.setup", lambda: None)
    ran = run("serve", good, "--json")
    assert (ran.status, json.loads(ran.out)) == (0, {"event": "ready", "http": "http://127.0.0.1:8080"})
    assert run("serve", good).out == "serving rack-1 on http://127.0.0.1:8080\n"
