"""The command `fn-emulator` as a process: ready line, signals, errors, kill -9."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fn_emulator.cli import app
from fn_emulator.marking_system import make_code
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver import commands as c
from kkt_driver.frames import encode_frame
from tests.fn_emulator.desk import closing, item
from tests.ports import free_base

ROOT = Path(__file__).parents[2]


@contextmanager
def emulator(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The running process and its ready line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fn_emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, json.loads(line)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


class Host:
    """A plain host on the standard layer."""

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("tcp://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=10)

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, request: c.Request[Any]) -> None:
        self._socket.sendall(encode_frame(c.encode_request(request)))

    def ask(self, request: c.Request[Any]) -> Any:
        self.send(request)
        said = b""
        while len(said) < 3 or len(said) < said[2] + 4:
            piece = self._socket.recv(4096)
            assert piece
            said += piece
        self._socket.sendall(b"\x06")
        return c.decode_reply(request, said[3:-1])


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_rack_process(tmp_path: Path, by: signal.Signals) -> None:
    """One JSON line when ready, work over TCP, a clean end on either signal, and all of it there at the next start."""
    arguments = "rack", "--count", "2", "--base-port", "0", "--operator-port", "0", "--state", str(tmp_path / "rack")
    with emulator(*arguments) as (process, ready):
        assert ready["event"] == "ready"
        assert [one["drive"] for one in ready["registers"]] == ["9999078900000001", "9999078900000002"]
        assert ready["operator"].startswith("127.0.0.1:")
        with Host(ready["registers"][0]["address"]) as host:
            host.ask(c.OpenShift())
        process.send_signal(by)
        assert process.wait(timeout=5) == 0
    with emulator(*arguments) as (_, ready), Host(ready["registers"][0]["address"]) as host:
        assert host.ask(c.DriveStatus()).shift_open == 1


def test_operator_process(tmp_path: Path) -> None:
    """The operator alone answers a probe."""
    with emulator("operator", "--port", "0", "--state", str(tmp_path)) as (process, ready):
        host, port = ready["operator"].split(":")
        probe = bytes.fromhex("2a08410a81a20120") + b"9999078900000001" + bytes.fromhex("000010000000")
        with socket.create_connection((host, int(port)), timeout=10) as stream:
            stream.sendall(probe)
            assert stream.recv(4096)[:8] == probe[:8]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fn_emulator", *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        cwd=ROOT,
        check=False,
    )


def test_mistakes_are_named(tmp_path: Path) -> None:
    """A taken port, a folder in use, an unknown profile: one line that says what and what to do, exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        failed = run("rack", "--count", "1", "--base-port", port)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"fn-emulator: port {port}")
    assert "register 1 of 1" in failed.stderr
    failed = run("rack", "--count", "1", "--base-port", "0", "--profile", "quick")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "typical" in failed.stderr
    with emulator("rack", "--count", "1", "--base-port", "0", "--state", str(tmp_path)):
        failed = run("rack", "--count", "1", "--base-port", "0", "--state", str(tmp_path))
    assert failed.returncode == 1
    assert "in use" in failed.stderr


@pytest.mark.slow
def test_kill_9_loop(tmp_path: Path) -> None:
    """Killed in the middle of selling, again and again: numbers without gaps, and the register always goes on."""
    arguments = "rack", "--count", "1", "--base-port", "0", "--state", str(tmp_path)
    known = 0
    for turn in range(6):
        with emulator(*arguments) as (process, ready), Host(ready["registers"][0]["address"]) as host:
            status = host.ask(c.DriveStatus())
            assert status.last_document >= known
            for number in range(max(1, known), status.last_document + 1):
                assert host.ask(c.FindDocument(document=number)).document == number
            mode = host.ask(c.ShortStatus()).mode
            if mode == 8:
                host.ask(c.CancelReceipt())
            elif mode == 4:
                host.ask(c.OpenShift())
            for _ in range(20 + 7 * turn):
                host.ask(c.OpenReceipt(type=0))
                host.ask(item())
                known = host.ask(closing()).document
            host.ask(c.OpenReceipt(type=0))
            host.ask(item())
            host.send(closing())
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


def ctl(*arguments: str) -> Any:
    """What `fn-emulator ctl` prints."""
    done = CliRunner().invoke(app, ["ctl", *arguments])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def ctl_fails(*arguments: str) -> str:
    """The one line that says why."""
    done = CliRunner().invoke(app, ["ctl", *arguments])
    assert done.exit_code == 1, done.output
    return done.stderr


def test_a_rack_is_controlled_from_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pseudo-terminals and a stepped world from options, and `ctl` that sees and moves them."""
    options = ("--pty", "--control-port", "0", "--scale", "0", "--signs", "stub", "--stray-ff", "--drop-answer")
    chance = ("--seed", "7", "--fault", "answer-lost=0.01", "--noise", "lose=0.01")
    with emulator("rack", "--count", "1", *options, *chance) as (_, ready):
        assert ready["registers"][0]["address"].startswith("serial:/dev/")
        monkeypatch.setenv("FN_EMULATOR_CONTROL", ready["control"])
        before, after = ctl("time"), ctl("advance", "86400")
        assert after["now"] == before["now"] + 86_400
        assert ctl("fault", "1", "cut-after", "FF45")[0]["fault"] == "cut-after"
        (register,) = ctl("registers")
        assert (register["troubles_waiting"], register["noise"]["lose"]) == (1, 0.01)
        assert "the rack holds 1 to 1" in ctl_fails("fault", "2", "cut-after")


def test_a_world_that_was_moved_stays_there(tmp_path: Path) -> None:
    """A restart does not take drives back to before their last documents."""
    arguments = ("rack", "--count", "1", "--base-port", "0", "--control-port", "0", "--state", str(tmp_path))
    with emulator(*arguments) as (_, ready):
        moved = ctl("advance", "864000", "--url", ready["control"])["now"]
    with emulator(*arguments) as (_, ready):
        assert ctl("time", "--url", ready["control"])["now"] >= moved


def test_ctl_without_a_rack_says_so() -> None:
    """Nobody listens: one line with the option that was forgotten."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "--control-port" in ctl_fails("time", "--url", f"http://127.0.0.1:{port}")


def test_a_recording_of_a_rack_is_played_again(tmp_path: Path) -> None:
    """`rack --record`, a receipt, `replay`: the turns agree; where they do not, the exit code says so."""
    with emulator("rack", "--count", "1", "--base-port", "0", "--record", str(tmp_path)) as (process, ready):
        with Host(ready["registers"][0]["address"]) as host:
            for request in (c.OpenShift(), c.OpenReceipt(type=0), item(), closing()):
                host.ask(request)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
    (file,) = tmp_path.iterdir()
    done = CliRunner().invoke(app, ["replay", str(file), "--all"])
    assert done.exit_code == 0, done.output
    assert "FF45 CloseReceipt" in done.stdout
    assert "0 other" in done.stdout
    lines = file.read_text("utf-8").splitlines()
    opening = next(at for at, line in enumerate(lines) if '"hex":"0205e0' in line)
    file.write_text("\n".join(lines[:opening] + lines[opening + 2 :]), "utf-8")  # the shift is never opened
    done = CliRunner().invoke(app, ["replay", str(file)])
    assert done.exit_code == 1
    assert "8D OpenReceipt" in done.stdout
    assert CliRunner().invoke(app, ["replay", str(tmp_path / "nothing")]).exit_code == 1


@pytest.mark.slow
def test_registers_of_other_kinds(tmp_path: Path) -> None:
    """Model, paper, marked goods and own network are told on the command line, and the registers are like that."""
    operator_port = free_base([0])
    rules = tmp_path / "rules.toml"
    rules.write_text('default = "suspended"\n', "utf-8")
    arguments = (
        "rack", "--count", "1", "--base-port", "0", "--operator-port", str(operator_port),
        "--model", "shtrih-light-01f", "--prints", "--marked-goods", "--rules", str(rules), "--own-network",
    )  # fmt: skip
    with emulator(*arguments) as (_, ready), Host(ready["registers"][0]["address"]) as host:
        assert host.ask(c.DeviceType()).name == "ШТРИХ-ЛАЙТ-01Ф"
        assert host.ask(c.ReadTable(table=17, row=1, field=7)).number == 0
        host.ask(c.OpenShift())
        code = make_code(DEMO_MASTER_KEY, "04600439931256", "JgXJ5.T").encode("ascii")
        assert host.ask(c.CheckMarking.of(code)).result == 7, "checked and good, but not to be sold"
        host.ask(c.DecideMarking(decision=0))
        deadline = time.monotonic() + 20
        while host.ask(c.Unconfirmed()).count:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert host.ask(c.OperatorTicket(document=2)).document == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "toaster"), "no model 'toaster'"),
        (("--own-network",), "needs the port"),
        (("--rules", "x.toml"), "--marked-goods"),
    ],
)
def test_kinds_that_do_not_exist(arguments: tuple[str, ...], words: str) -> None:
    """A mistake on the command line is told with its remedy, before anything starts."""
    done = CliRunner().invoke(app, ["rack", "--base-port", "0", *arguments])
    assert done.exit_code == 2
    assert words in done.output
