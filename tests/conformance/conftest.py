"""The conformance kit: what a register does on its line, scenario by scenario, on an emulated register or a real one.

    pytest tests/conformance                                     the emulated register
    pytest tests/conformance --register=tcp:192.168.137.111:7778          a real one: scenarios that only read
    pytest tests/conformance --register=serial:/dev/ttyACM0 --allow=prints   … and print lines
    pytest tests/conformance --register=serial:/dev/ttyACM0 --allow=fiscal --report=report.json

Scenarios are marked `reads`, `prints` or `fiscal`. Fiscal ones open a shift, sell and close it: they run on a drive
whose number begins with 9999 (a debug drive) and on no other. The report names the register, every scenario, why it
failed and what was said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fn_emulator.emulated import registered
from kkt_driver import commands as c
from tests.conformance.host import Host
from tests.conformance.lines import Line, MemoryLine, open_line

CLASSES = ("reads", "prints", "fiscal")
START = 1_780_000_000.0
DEBUG_DRIVE = "9999"
_LINE = pytest.StashKey[Line]()
_IDENTITY = pytest.StashKey[dict[str, Any]]()
_SCENARIOS = pytest.StashKey[list[dict[str, Any]]]()
SAID_MAX = 200
"""Pieces of a conversation in the report: the end of it, where the trouble is."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--register", metavar="ADDRESS", help="tcp:HOST:PORT or serial:DEVICE; none: an emulated register")
    group.addoption(
        "--allow", choices=("prints", "fiscal"), help="what scenarios may do to the register besides reading"
    )
    group.addoption("--report", metavar="FILE", type=Path, help="write what happened to a JSON file")


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in zip(CLASSES, ("only reads", "prints", "makes fiscal documents"), strict=True):
        config.addinivalue_line("markers", f"{name}: conformance: the scenario {meaning}")


def _option(config: pytest.Config, name: str) -> Any:
    """An option of ours; run as part of a larger suite, pytest has not asked for them."""
    return config.getoption(name, default=None)


@pytest.fixture(scope="session")
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    """The line to the register under test."""
    address = _option(request.config, "--register")
    if address is None:
        opened: Line = MemoryLine(registered(1, now=START), START)
    else:
        try:
            opened = open_line(address)
        except (ValueError, OSError) as error:
            pytest.exit(f"{address}: {error}", 4)
    request.config.stash[_LINE] = opened
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def identity(line: Line) -> dict[str, Any]:
    """Who the register is: for the report, and to know a debug drive."""
    host = Host(line)
    host.at_rest()
    device, drive = host.ask(c.DeviceType()), host.ask(c.DriveStatus())
    return {"model": device.model, "name": device.name, "drive": drive.drive, "phase": drive.phase}


@pytest.fixture
def host(request: pytest.FixtureRequest, line: Line, identity: dict[str, Any]) -> Host:
    """A host on a register at rest; scenarios that are not allowed are skipped before anything is sent."""
    config, node = request.config, request.node
    (kind,) = [name for name in CLASSES if node.get_closest_marker(name)]
    allowed = _option(config, "--allow") or ("fiscal" if _option(config, "--register") is None else "reads")
    if CLASSES.index(kind) > CLASSES.index(allowed):
        pytest.skip(f"needs --allow={kind}")
    if kind == "fiscal" and not identity["drive"].startswith(DEBUG_DRIVE):
        pytest.skip(f"drive {identity['drive']} is no debug drive: fiscal scenarios stay away from it")
    hands = Host(line)
    hands.at_rest()
    line.said.clear()
    return hands


# --- the report -----------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    made: pytest.TestReport = yield
    if Path(__file__).parent in item.path.parents and (made.when == "call" or made.outcome != "passed"):
        item.config.stash.setdefault(_SCENARIOS, []).append(_scenario(item, call, made))
    return made


def _scenario(item: pytest.Item, call: pytest.CallInfo[Any], made: pytest.TestReport) -> dict[str, Any]:
    function = getattr(item, "function", None)
    scenario: dict[str, Any] = {
        "scenario": item.name,
        "class": next((name for name in CLASSES if item.get_closest_marker(name)), None),
        "expected": " ".join((function.__doc__ or "").split()) if function else "",
        "outcome": made.outcome,
    }
    if made.outcome == "skipped":
        scenario["reason"] = str(made.longrepr[2]) if isinstance(made.longrepr, tuple) else ""
    if made.outcome == "failed":
        scenario["reason"] = call.excinfo.exconly().partition("\n")[0] if call.excinfo else ""
        line = item.config.stash.get(_LINE, None)
        if line is not None:
            scenario["said"] = [{"at": at, "kind": kind, "hex": data.hex()} for at, kind, data in line.said[-SAID_MAX:]]
    return scenario


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = _option(session.config, "--report")
    if path is None:
        return
    scenarios = session.config.stash.get(_SCENARIOS, [])
    report = {
        "register": _option(session.config, "--register") or "emulated",
        "identity": session.config.stash.get(_IDENTITY, None),
        "passed": sum(one["outcome"] == "passed" for one in scenarios),
        "failed": sum(one["outcome"] == "failed" for one in scenarios),
        "skipped": sum(one["outcome"] == "skipped" for one in scenarios),
        "scenarios": scenarios,
    }
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")


@pytest.fixture(scope="session", autouse=True)
def known(request: pytest.FixtureRequest, identity: dict[str, Any]) -> None:
    """The report knows who was asked, whatever becomes of the scenarios."""
    request.config.stash[_IDENTITY] = identity
