"""A rack's state on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from fn_emulator.errors import Misuse
from fn_emulator.faults import Fault, Trouble
from fn_emulator.profiles import PROFILES, durations
from fn_emulator.rack import Chance, Event, Rack, StateFolder
from kkt_driver import commands as c
from kkt_driver.frames import encode_frame
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


def test_a_drive_that_was_put_in_stays_in(tmp_path: Path) -> None:
    """After a restart the register has its second drive, which was registered by its own commands, and the first one's
    log is still there."""
    with StateFolder(tmp_path) as folder:
        rack = Rack(folder, 1, now=START)
        (seat,) = rack.seats
        seat.register.ask(c.OpenShift(), START)
        seat.register.ask(c.ZReport(), START + 60)
        rack.insert_drive(seat, "fn-1.2-36", START + 120)
        with pytest.raises(Misuse, match=r"fn-1\.2-36"):
            rack.insert_drive(seat, "fn-9", START + 120)
    with StateFolder(tmp_path) as folder:
        (register,) = Rack(folder, 1, now=START + 180).registers
        status = register.ask(c.DriveStatus(), START + 180)
        assert (status.drive, status.phase, status.last_document) == ("9999079000000001", 1, 0)
    assert (tmp_path / "register-1" / "drive.log").stat().st_size > (
        tmp_path / "register-1" / "drive-2.log"
    ).stat().st_size


def test_trouble_by_chance_is_each_registers_own() -> None:
    """The same seed gives a rack the same trouble, register by register, and the hand comes before chance."""

    def met(seed: int) -> list[list[str]]:
        chance = Chance(seed=seed, rates={Fault.ANSWER_LOST: 0.5})
        with StateFolder(None) as folder:
            seats = Rack(folder, 2, now=START, chance=chance).seats
        seats[0].by_hand.add("*", Fault.PAPER_OUT)
        return [[str(seat.on_command(b"\x10", START)) for _ in range(20)] for seat in seats]

    assert met(1) == met(1)
    assert met(1) != met(2)
    assert met(1)[0][0] == str(Fault.PAPER_OUT)
    assert met(1)[0][1:] != met(1)[1][1:]


def test_who_listens_is_told() -> None:
    """Commands, trouble, power, drives and hosts, as they happen; nobody listening costs nothing."""
    with StateFolder(None) as folder:
        rack = Rack(folder, 1, now=START)
        (seat,) = rack.seats
        seen: list[Event] = []
        seat.listeners.append(seen.append)
        seat.by_hand.add("10", Fault.STRAY_FF)
        seat.connected(START)
        seat.receive(encode_frame(c.encode_request(c.ShortStatus())), START)
        seat.power_cycle(START)
        rack.insert_drive(seat, "fn-1.2-36", START)
        seat.disconnected(START)
    assert [event.kind for event in seen] == ["connected", "command", "power", "drive", "disconnected"]
    assert seen[1].trouble == Trouble(Fault.STRAY_FF)
    assert seen[1].answer is not None
    assert seen[1].answer[:2] == b"\x10\0"


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
