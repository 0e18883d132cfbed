"""What a register does without being told: reports at a set time, the shift at switching on, pages of a test run,
messages over its own network.

Table 24: fields 9 to 11 close the shift every day at hour:minute, 14 prints an X report at that time, 12 closes an open
shift at switching on, 13 opens one for a receipt. An automatic report is a document nobody on the line asked for: a
host that does not reckon with it loses count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fn_emulator.register import network, paper, shift
from fn_emulator.register.modes import Mode
from fn_emulator.register.refusal import Refusal

if TYPE_CHECKING:
    from fn_emulator.register.core import RegisterCore

__all__ = ["at_power_up", "due", "opens_shift", "tick"]

_DAY_S, _MINUTE_S = 86_400, 60
_OPEN_AND_IDLE = (Mode.SHIFT_OPEN, Mode.SHIFT_OVER_24_H)
_ADMINISTRATOR = 30
_PAGES_AT_ONCE = 10  # a test run that was not looked after for long does not flood the tape


def due(register: RegisterCore) -> float | None:
    """World time of the next thing that happens by itself, None: nothing will."""
    found = _report_due(register), _page_due(register), network.due(register)
    times = [time for time in found if time is not None]
    return min(times, default=None)


def _report_due(register: RegisterCore) -> float | None:
    settings = register.settings
    if not (settings.number(24, 1, 9) or settings.number(24, 1, 14)) or register.mode not in _OPEN_AND_IDLE:
        return None
    since = max(register.shift_opened or 0.0, register.automatic_done)
    of_day = 3600 * settings.number(24, 1, 10) + _MINUTE_S * settings.number(24, 1, 11)
    at = since - since % _DAY_S + of_day
    if at <= since:
        at += _DAY_S
    return at - (register.wall - register.now)


def _page_due(register: RegisterCore) -> float | None:
    return register.test_run[0] + register.test_run[1] if register.test_run else None


def tick(register: RegisterCore) -> None:
    """Do what is due. A receipt that is open, or a document being read, is not disturbed: the report waits for it."""
    network.tick(register)
    at = _report_due(register)
    if at is not None and register.now >= at:
        _report(register)
    for _ in range(_PAGES_AT_ONCE):
        at = _page_due(register)
        if at is None or register.now < at or register.test_run is None:
            return
        register.test_run = at, register.test_run[1]
        register.print_lines(*paper.test_page(register))
    if register.test_run is not None:
        register.test_run = register.now, register.test_run[1]


def _report(register: RegisterCore) -> None:
    register.automatic_done = register.wall
    if register.settings.number(24, 1, 14):
        shift.x_now(register)
    if register.settings.number(24, 1, 9):
        _close(register)


def at_power_up(register: RegisterCore) -> None:
    if register.settings.number(24, 1, 12) and register.mode in _OPEN_AND_IDLE:
        _close(register)


def _close(register: RegisterCore) -> None:
    """A drive that refuses leaves the shift as it is; a host will find out."""
    try:
        shift.close_now(register, _ADMINISTRATOR)
    except Refusal as refusal:
        register.last_error = refusal.code


def opens_shift(register: RegisterCore, operator: int) -> bool:
    """A receipt is asked for while the shift is closed: table 24 field 13, or a firmware that always does so."""
    if not (register.model.opens_shift or register.settings.number(24, 1, 13)):
        return False
    shift.open_now(register, operator)
    return True
