"""The conformance kit as a tester runs it: against a rack's process, with a report; and that it can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fn_emulator.test_cli import ROOT, emulator

pytestmark = pytest.mark.slow


def kit(address: str, report: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report."""
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-q", "-p", "no:cacheprovider", "-p", "no:cov"]
    done = subprocess.run(
        [*command, f"--register={address}", f"--report={report}", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    return done.returncode, json.loads(report.read_text("utf-8"))


@pytest.mark.parametrize("place", [("--base-port", "0"), ("--pty",)], ids=["tcp", "pty"])
def test_an_emulated_register_conforms(tmp_path: Path, place: tuple[str, ...]) -> None:
    """Over a network and over a serial line, with the stray byte that registers on TCP send: every scenario passes."""
    with emulator("rack", "--count", "1", "--stray-ff", *place) as (_, ready):
        address = ready["registers"][0]["address"].replace("tcp://", "tcp:")
        code, report = kit(address, tmp_path / "report.json", "--allow=fiscal")
    unmet = [one["scenario"] for one in report["scenarios"] if one["outcome"] != "passed"]
    assert unmet == (["test_the_alternative_layer"] if "--pty" in place else [])  # a serial line keeps its first layer
    assert (code, report["failed"], report["register"]) == (0, 0, address)
    assert report["identity"]["drive"] == "9999078900000001"
    assert {one["class"] for one in report["scenarios"]} == {"reads", "prints", "fiscal"}


def test_only_reading_is_done_without_permission(tmp_path: Path) -> None:
    """A tester's register is not sold on because an option was forgotten."""
    with emulator("rack", "--count", "1", "--base-port", "0") as (_, ready):
        address = ready["registers"][0]["address"].replace("tcp://", "tcp:")
        _, report = kit(address, tmp_path / "report.json", "-k", "enq or lines or x_report")
    assert report["failed"] == 0
    assert {one["class"] for one in report["scenarios"] if one["outcome"] == "skipped"} == {"prints", "fiscal"}


def test_a_register_that_does_not_conform(tmp_path: Path) -> None:
    """One that damages answers fails, and the report says what was said."""
    with emulator("rack", "--count", "1", "--base-port", "0", "--fault", "answer-damaged=0.2") as (_, ready):
        address = ready["registers"][0]["address"].replace("tcp://", "tcp:")
        code, report = kit(address, tmp_path / "report.json", "-k", "fields or tables or drive")
    failed = [one for one in report["scenarios"] if one["outcome"] == "failed"]
    assert code == 1
    assert failed
    assert any("LRC" in one["reason"] for one in failed)
    assert any(one.get("said") for one in failed)
