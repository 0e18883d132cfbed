"""Twin of `fleet.planning`: the formula, the limit that binds, and that the answer really carries the load."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.planning import DRIVE_DAYS, DRIVE_DOCUMENTS, LOAD_DAY, LOAD_PEAK, SHIFT_DOCUMENTS, plan


@pytest.mark.parametrize(
    ("per_day", "peak", "seconds", "drive", "registers", "binding"),
    [
        (0, 0, 1.0, 15, 1, "one is enough"),
        (500, 0.5, 1.0, 15, 1, "one is enough"),
        (1000, 8, 1.0, 15, 10, "peak"),
        (86_400, 1, 1.0, 36, 388, "drive"),
        (86_400, 1, 30.0, 13, 143, "drive"),
        (43_200, 1, 100.0, 13, 125, "peak"),
        (432_000, 1, 400.0, 15, 4000, "day"),
    ],
)
def test_which_limit_binds(per_day: int, peak: float, seconds: float, drive: int, registers: int, binding: str) -> None:
    """Worked by hand from the formula, so that whoever buys registers can check it."""
    found = plan(per_day=per_day, peak=peak, seconds_per_receipt=seconds, drive_months=drive)
    assert (found.registers, found.binding) == (registers, binding)
    assert found.reserve == max(1, -(-registers // 10))


@given(
    st.integers(0, 2_000_000),
    st.floats(0, 2000),
    st.floats(0.01, 60),
    st.sampled_from(sorted(DRIVE_DAYS)),
)
def test_the_answer_carries_the_load(per_day: int, peak: float, seconds: float, months: int) -> None:
    """Whatever is asked: no register is busier than promised, no drive fills before its date, and one register fewer
    would not do."""
    found = plan(per_day=per_day, peak=peak, seconds_per_receipt=seconds, drive_months=months)

    def carries(registers: int) -> bool:
        documents = (per_day + SHIFT_DOCUMENTS * registers) * DRIVE_DAYS[months] / registers
        return (
            peak * seconds <= registers * LOAD_PEAK + 1e-6
            and per_day * seconds <= registers * 86400 * LOAD_DAY + 1e-3
            and documents <= DRIVE_DOCUMENTS + 1e-3
        )

    assert carries(found.registers)
    assert found.registers == 1 or not carries(found.registers - 1)
    assert 0 < found.drive_days <= DRIVE_DAYS[months]


@pytest.mark.parametrize("wrong", [{"per_day": -1}, {"peak": -1.0}, {"seconds_per_receipt": 0.0}, {"drive_months": 12}])
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    """A negative load has no answer."""
    with pytest.raises(ValueError, match="loads"):
        plan(**{"per_day": 1, "peak": 1.0} | wrong)  # type: ignore[arg-type]  # one of them is wrong on purpose
