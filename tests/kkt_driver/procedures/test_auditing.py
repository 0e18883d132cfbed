"""Commissioning audit: another register, other settings, a wrong clock are found before the first receipt."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kkt_driver import commands as k
from kkt_driver.procedures.auditing import RECORDED, Finding, Wanted, audit, drift
from kkt_driver.procedures.identity import identify, prepare
from kkt_driver.procedures.tables import put, restore
from tests.kkt_driver.bench import Bench
from tests.kkt_driver.hand import IDENTITY, ByHand, refused

TODAY = datetime(2026, 3, 5, 14, 5)


def audited(bench: Bench, **options: Any) -> dict[str, Finding]:
    identity = bench.run(identify())
    findings = bench.run(audit(identity, today=bench.clock(), **options))
    return {finding.name: finding for finding in findings}


def test_a_prepared_register_is_in_order() -> None:
    """No finding on the register that `prepare` left: an alarm that always rings is not heard."""
    bench = Bench()
    bench.run(prepare(bench.identity, printing=False))
    assert audited(bench, recorded=bench.run(identify()), wanted=Wanted(printing=False)) == {}


def test_settings_that_were_changed_are_found_and_mended() -> None:
    """A register that closes shifts by itself makes documents that nobody asked for."""
    bench = Bench()
    bench.run(prepare(bench.identity))
    for table, field, value in ((24, 9, 1), (24, 13, 1), (17, 36, 0), (21, 2, 1), (1, 1, 1)):
        bench.run(put(table, field, value))
    found = audited(bench)
    assert set(found) == {"automatic 9", "automatic 13", "extended answers", "operator exchange"}
    assert found["automatic 9"].severity == "alarm"
    assert (found["automatic 9"].found, found["automatic 9"].expected) == ("1", "0")
    mends = [finding.mend for finding in found.values() if finding.mend is not None]
    assert len(mends) == 4
    assert all(outcome.written for outcome in bench.run(restore(mends)))
    assert audited(bench) == {}


@pytest.mark.parametrize("name", RECORDED)
def test_drift_from_the_recorded_profile_is_an_alarm(name: str) -> None:
    """A swapped cable, a swapped drive, another owner: each field of the profile is compared."""
    other = msgspec.structs.replace(IDENTITY, **{name: 9 if isinstance(getattr(IDENTITY, name), int) else "other"})
    (finding,) = drift(other, IDENTITY)
    assert finding.severity == "alarm"
    assert name in finding.name
    assert finding.mend is None


def by_hand(**answers: Any) -> ByHand:
    usual: dict[type[k.Request[Any]], Any] = {
        k.ReadTable: refused(0x5D),
        k.DriveExpiry: k.DriveExpiryReply(date=date(2027, 3, 5)),
        k.Memory: k.MemoryReply(documents=200_000, kib=1000),
    }
    return ByHand({**usual, **{getattr(k, name): answer for name, answer in answers.items()}})


@pytest.mark.parametrize(
    ("clock", "wrong"),
    [
        (TODAY, False),
        (TODAY + timedelta(minutes=5), False),
        (TODAY - timedelta(minutes=5, seconds=1), True),
        (None, True),
    ],
)
def test_the_clock_may_be_five_minutes_off(clock: datetime | None, wrong: bool) -> None:
    """The law allows five minutes; a clock that makes no sense is wrong."""
    identity = msgspec.structs.replace(IDENTITY, clock=clock)
    found = by_hand().play(audit(identity, today=TODAY))
    assert ("clock" in {finding.name for finding in found}) is wrong


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({"DriveExpiry": k.DriveExpiryReply(date=date(2026, 4, 4))}, {"drive expiry"}),
        ({"DriveExpiry": k.DriveExpiryReply(date=date(2026, 4, 5))}, set()),
        ({"DriveExpiry": k.DriveExpiryReply(date=None)}, set()),
        ({"Memory": k.MemoryReply(documents=4_999, kib=1000)}, {"drive memory"}),
        ({"DriveExpiry": refused(0x37)}, set()),
    ],
)
def test_a_drive_that_ends_is_told_in_time(answers: dict[str, Any], names: set[str]) -> None:
    """A drive takes days to replace."""
    identity = msgspec.structs.replace(IDENTITY, clock=TODAY)
    assert {finding.name for finding in by_hand(**answers).play(audit(identity, today=TODAY))} == names


def test_a_drive_that_is_not_at_work_is_an_alarm() -> None:
    """Phase 1 or 7: no receipt will ever be made."""
    identity = msgspec.structs.replace(IDENTITY, clock=TODAY, phase=7)
    (finding,) = by_hand().play(audit(identity, today=TODAY))
    assert (finding.name, finding.severity) == ("phase", "alarm")
