"""The demonstration: ports are looked at first, what it prints can be pasted, and nothing of it outlives it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fleet import config as settings
from fleet.config import verify_password
from fleet.demo import INN, LOGIN, PASSWORD, Demo, DemoError, announcement, check_ports, config_text, ready_line
from tests.ports import free_base

TODAY = date(2026, 11, 23)
URL = "http://127.0.0.1:8080"


def make(state: Path) -> Demo:
    base = free_base((-1, 0, 1, 2, 3, 99))
    return Demo(state=state, http=f"127.0.0.1:{base - 1}", base_port=base)


# Before it starts


@pytest.mark.parametrize(
    ("loaded", "later"),
    [
        ("fleet.cli, fleet.demo", {"trio", "structlog", "apsw", "h11"}),
        ("fleet.serve", {"httpx2", "jinja2", "prometheus_client", "starlette", "hypercorn", "typer"}),
    ],
)
def test_it_starts_with_what_it_needs_and_no_more(loaded: str, later: set[str]) -> None:
    """The rack is started before the parent loads its own half, so that both load side by side; a page, a scrape and a
    callback load what they need when the first one comes. Most of the second until it is ready went there."""
    code = f"import sys, {loaded}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60, text=True)
    assert later & set(ran.stdout.split()) == set()


def test_every_taken_port_is_named_with_its_remedy(tmp_path: Path) -> None:
    """Somebody else's program on 8080 is the first thing that a newcomer meets."""
    demo = make(tmp_path)
    check_ports(demo)
    with (
        socket.create_server(("127.0.0.1", demo.base_port - 1)),
        socket.create_server(("127.0.0.1", demo.base_port + 2)),
        socket.create_server(("127.0.0.1", demo.operator_port)),
        pytest.raises(DemoError) as caught,
    ):
        check_ports(demo)
    lines = str(caught.value).splitlines()[1:]
    assert [line.split()[1:3] for line in lines] == [
        ["(HTTP):", "Address"],
        ["(register", "3):"],
        ["(operator):", "Address"],
    ]
    assert "--http HOST:PORT" in lines[0]
    assert all("--base-port P" in line for line in lines[1:])


@pytest.mark.parametrize("http", ["8080", "127.0.0.1:", "127.0.0.1:99999", ":8080"])
def test_an_address_that_is_none(tmp_path: Path, http: str) -> None:
    """Said before anything is started."""
    with pytest.raises(DemoError, match="must look like"):
        check_ports(Demo(state=tmp_path, http=http))


def test_ports_beyond_the_last(tmp_path: Path) -> None:
    """The operator listens behind the registers."""
    with pytest.raises(DemoError, match="too high"):
        check_ports(Demo(state=tmp_path, registers=500, base_port=65_000 + 200))


def test_the_operator_is_out_of_the_registers_way() -> None:
    """Base + 99, as it is promised; behind the registers when there are a hundred or more."""
    assert Demo().operator_port == 7900
    assert Demo(registers=99).operator_port == 7900
    assert Demo(registers=200).operator_port == 8001


def test_its_configuration_is_one_that_can_be_served(tmp_path: Path) -> None:
    """Every other pair of stations speaks the alternative link layer; tenant and INN are fixed for scripts."""
    found = settings.parse(config_text(Demo(state=tmp_path, registers=8)), base=tmp_path)
    assert found.demo
    assert found.warnings == ()
    assert found.journal_path.parent == tmp_path
    assert [station.link[0] for station in found.stations] == list("ssaassaa")
    assert [station.address[-4:] for station in found.stations[:2]] == ["7801", "7802"]
    assert found.operator is not None
    assert found.operator.addresses == ("tcp://127.0.0.1:7900",)
    (tenant,) = found.tenants
    assert (tenant.login, tenant.inn) == (LOGIN, INN)
    assert verify_password(PASSWORD, tenant.password_hash)
    assert settings.parse(config_text(Demo(state=tmp_path, http="0.0.0.0:8080"))).http.open_to_network


# What it prints


@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are for a shell")
@pytest.mark.parametrize(("today", "vat"), [(TODAY, "Vat22"), (date(2025, 12, 31), "Vat20")])
def test_the_commands_can_be_pasted(today: date, vat: str) -> None:
    """Played in bash with a `curl` that shows what it was given: quotes and Cyrillic arrive as they should."""
    text = announcement(Demo(), URL, today)
    commands = [line for line in text.splitlines() if line.startswith(("TOKEN=", "INVOICE=", "curl "))]
    assert len(commands) == 3
    fake = """curl() { printf '%s\\n' "$@" >&2; echo '{"Data":{"AuthToken":"the-token","Expires":1}}'; }"""
    script = "\n".join([fake, *commands])
    ran = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, check=True, timeout=10)
    words = ran.stderr.decode().splitlines()
    addresses = [word for word in words if word.startswith(URL)]
    assert addresses == [
        f"{URL}/api/Authorization/CreateAuthToken",
        f"{URL}/api/kkt/cloud/receipt?AuthToken=the-token",
        f"{URL}/api/kkt/cloud/status?AuthToken=the-token",
    ]
    login, receipt, asked = [json.loads(word) for word in words if word.startswith("{")]
    assert login == {"Login": "demo", "Password": "demo"}
    assert receipt["Request"]["Inn"] == INN
    assert receipt["Request"]["CustomerReceipt"]["Items"][0]["Label"] == "Чайник"
    assert receipt["Request"]["CustomerReceipt"]["Items"][0]["Vat"] == vat
    assert asked["Request"]["InvoiceId"] == receipt["Request"]["InvoiceId"]


def test_it_says_that_nothing_is_fiscal_and_where_to_look() -> None:
    """An address that means "every address" is of no use in a browser."""
    text = announcement(Demo(), "http://0.0.0.0:8080", TODAY)
    assert "nothing fiscal" in text
    assert "http://127.0.0.1:8080/\n" in text
    assert "0.0.0.0" not in text


def test_the_line_for_programs() -> None:
    """All that a script needs to begin."""
    line = json.loads(ready_line(Demo(registers=2), URL))
    assert line["event"] == "ready"
    assert line["registers"] == ["tcp://127.0.0.1:7801", "tcp://127.0.0.1:7802"]


# The real thing


@contextmanager
def running(demo: Demo) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """`fleet demo --json` as a process, and what it said when it was ready."""
    command = [sys.executable, "-m", "fleet", "demo", "--json", "--state", str(demo.state), "--http", demo.http]
    command += ["--base-port", str(demo.base_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                assert process.stderr is not None
                raise AssertionError(process.stderr.read().decode())
            yield process, json.loads(line)
        finally:
            process.kill()


def call(url: str, path: str, value: Any) -> Any:
    return httpx2.post(url + path, json=value, timeout=10).json()


def wait_until_free(demo: Demo, seconds: float = 5.0) -> None:
    """The child is gone when nobody listens on its ports any more."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            check_ports(demo)
        except DemoError:
            assert time.monotonic() < deadline, "the rack is still there"
            time.sleep(0.05)
        else:
            return


@pytest.mark.slow
def test_a_receipt_is_confirmed_and_everything_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A newcomer's first five minutes: login, receipt, CONFIRMED, Ctrl-C, again."""
    demo = make(tmp_path)
    with running(demo) as (process, said):
        url = said["http"]
        token = call(url, "/api/Authorization/CreateAuthToken", {"Login": "demo", "Password": "demo"})["Data"][
            "AuthToken"
        ]
        request = {
            "Inn": INN,
            "Type": "Income",
            "InvoiceId": "one",
            "CustomerReceipt": {
                "TaxationSystem": "Common",
                "Items": [{"Label": "Чай", "Price": 10, "Quantity": 1, "Amount": 10, "Vat": "VatNo"}],
            },
        }
        receipt = f"/api/kkt/cloud/receipt?AuthToken={token}"
        first = call(url, receipt, {"Request": request})["Data"]["ReceiptId"]
        assert f"--{first}--" in call(url, receipt, {"Request": request})["Error"]["Message"]
        data = wait_for_code(url, token, first, 2)
        assert data["Device"]["FN"].startswith("99990789")
        assert "подтверждён" in httpx2.get(url).text
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 10
    wait_until_free(demo, 0.5)
    with running(demo) as (process, said):
        again = call(said["http"], f"/api/kkt/cloud/status?AuthToken={token}", {"InvoiceId": "one"})["Data"]
        assert again["Device"] == data["Device"]
        second = {"Request": {**request, "InvoiceId": "two"}}
        made = call(said["http"], receipt, second)["Data"]["ReceiptId"]
        assert wait_for_code(said["http"], token, made, 1)["Device"]["FDN"] != ""
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def wait_for_code(url: str, token: str, id: str, code: int) -> Any:
    deadline = time.monotonic() + 20
    while True:
        data = call(url, f"/api/kkt/cloud/status?AuthToken={token}", {"ReceiptId": id})["Data"]
        if data["StatusCode"] >= code:
            return data
        assert time.monotonic() < deadline, data
        time.sleep(0.05)


@pytest.mark.slow
def test_the_rack_does_not_outlive_a_daemon_that_was_killed(tmp_path: Path) -> None:
    """Nobody is left to tell it: it notices by itself, and the ports are free for the next start."""
    demo = make(tmp_path)
    with running(demo) as (process, _):
        process.kill()
        process.wait()
        wait_until_free(demo)


@pytest.mark.slow
def test_a_rack_that_ends_ends_the_demonstration(tmp_path: Path) -> None:
    """A page that shows four dead registers would be a puzzle."""
    demo = make(tmp_path)
    with running(demo) as (process, _):
        rack = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, check=True, text=True
        )
        os.kill(int(rack.stdout.split()[0]), signal.SIGKILL)
        assert process.wait(12) == 1
        assert process.stderr is not None
        assert "the emulated rack ended" in process.stderr.read().decode()
