"""A rack's state on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from fn_emulator.errors import Misuse
from fn_emulator.profiles import PROFILES, durations
from fn_emulator.rack import Rack, StateFolder
from kkt_driver import commands as c
from tests.fn_emulator.desk import START


def test_a_rack_goes_on_where_it_was(tmp_path: Path) -> None:
    """Numbers, shift, documents and registers are found again on the same folder."""
    with StateFolder(tmp_path / "state") as folder:
        rack = Rack(folder, 2, now=START, inn="9900000000")
        second = rack.registers[1]
        second.ask(c.OpenShift(), START)
        second.ask(c.CashIn(amount=500), START)
    with StateFolder(tmp_path / "state") as folder:
        first, second = Rack(folder, 2, now=START + 60).registers
        assert first.ask(c.DriveStatus(), START + 60).last_document == 1
        status = second.ask(c.DriveStatus(), START + 60)
        assert (status.last_document, status.shift_open, status.drive) == (2, 1, "9999078900000002")
        assert second.ask(c.ShortStatus(), START + 60).mode == 2
        assert second.ask(c.MoneyRegister(low=241), START + 60).value == 500
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["lock", "register-1", "register-2"]


def test_a_folder_belongs_to_one_process(tmp_path: Path) -> None:
    """Two racks on one folder would tear each other's logs: the second is told so."""
    with StateFolder(tmp_path), pytest.raises(Misuse, match="in use"):
        StateFolder(tmp_path).__enter__()
    with StateFolder(tmp_path):
        pass


def test_a_rack_in_memory() -> None:
    """Without a folder everything is in memory and nothing is left behind."""
    with StateFolder(None) as folder:
        assert len(Rack(folder, 3, now=START).registers) == 3
        with pytest.raises(Misuse):
            Rack(folder, 0, now=START)


def test_profiles() -> None:
    """A service time goes over what the profile says about closing a receipt; an unknown profile is named."""
    assert durations() == {}
    assert durations("typical", service_time_s=0.7)["FF45"] == 0.7
    assert durations("slow-shift-open")["E0"] > 10
    assert set(PROFILES) == {"instant", "typical", "slow-shift-open"}
    with pytest.raises(Misuse, match="typical"):
        durations("quick")
