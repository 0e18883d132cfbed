"""How long a drive lives, what it warns of, and what it refuses when a resource is over."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntFlag

import msgspec

from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.models import FFD_1_2, Model
from fn_emulator.drive.moments import DAY
from fn_emulator.drive.records import State

__all__ = ["Extended", "Mode", "Tax", "Warnings", "check_keys", "check_limits", "days_left", "key_days", "warnings"]

BLOCK_DAYS = 30
URGENT_DAYS, NOTICE_DAYS = 3, 30


class Mode(IntFlag):
    """Work mode byte of 03h and A3h."""

    ENCRYPTION = 1
    AUTONOMOUS = 2
    AUTOMATIC = 4
    SERVICES = 8
    BSO = 16
    INTERNET = 32
    CATERING = 64
    WHOLESALE = 128


class Extended(IntFlag):
    """Extended work mode byte of A3h."""

    EXCISE = 1
    GAMBLING = 2
    LOTTERY = 4
    PRINTER = 8
    MARKING = 16
    PAWNSHOP = 32
    INSURANCE = 64
    VENDING = 128


class Tax(IntFlag):
    """Tax systems, tag 1062."""

    GENERAL = 1
    SIMPLIFIED_INCOME = 2
    SIMPLIFIED_PROFIT = 4
    IMPUTED = 8
    AGRICULTURAL = 16
    PATENT = 32


class Warnings(IntFlag):
    """Warning byte of 30h."""

    URGENT_REPLACEMENT = 1  # 1051
    RESOURCE_ENDS = 2  # 1050
    MEMORY_FULL = 4  # 1052
    OPERATOR_TIMEOUT = 8  # 1053
    FORMAT_ERROR = 16
    SETTINGS_NEEDED = 32
    OPERATOR_ANNULLED = 64
    CRITICAL = 128


class _Case(msgspec.Struct, frozen=True):
    """What the life of the keys depends on."""

    months: int
    ffd: int
    tax: Tax
    mode: Mode
    extended: Extended

    @property
    def autonomous(self) -> bool:
        return Mode.AUTONOMOUS in self.mode

    @property
    def general_goods(self) -> bool:
        return Tax.GENERAL in self.tax and Mode.SERVICES not in self.mode

    @property
    def special_trade(self) -> bool:
        return bool(self.extended & (Extended.GAMBLING | Extended.LOTTERY | Extended.PAWNSHOP | Extended.INSURANCE))

    @property
    def excise(self) -> bool:
        return Extended.EXCISE in self.extended


# First matching row wins; collected from a calculator that is kept up to date against real drives.
_KEY_DAYS: tuple[tuple[Callable[[_Case], bool], int], ...] = (
    (lambda it: it.excise and (it.ffd == FFD_1_2 or it.months == 36), 410),
    (lambda it: it.months == 15 and it.ffd == FFD_1_2 and it.special_trade, 410),
    (lambda it: it.autonomous and it.months < 36, 410),
    (lambda it: it.autonomous and it.ffd == FFD_1_2 and it.general_goods, 410),
    (lambda it: it.autonomous, 560),
    (lambda it: it.months == 36 and it.general_goods, 560),
    (lambda it: it.months == 36, 1110),
    (lambda it: it.months == 15, 470),
    (lambda it: True, 410),
)


def key_days(model: Model, ffd: int, tax: int, mode: int, extended: int) -> int:
    """Days of key life that this registration gives, never above the maker's maximum."""
    case = _Case(model.months, ffd, Tax(tax), Mode(mode), Extended(extended))
    if model.refuses_general_tax_goods and case.general_goods:
        raise Refused(Code.LIFETIME)
    return min(model.keys_max_days, next(days for matches, days in _KEY_DAYS if matches(case)))


def days_left(state: State, moment: int) -> int:
    """Tag 1213: days to the expiry date, today not counted."""
    return max(0, state.expires // DAY - moment // DAY)


def warnings(model: Model, state: State, moment: int) -> int:
    """The warning byte as it stands at `moment`."""
    if state.phase not in (3, 7):
        return 0
    flags = state.ticket_flags
    left = days_left(state, moment)
    if left <= URGENT_DAYS:
        flags |= Warnings.URGENT_REPLACEMENT
    if left <= NOTICE_DAYS:
        flags |= Warnings.RESOURCE_ENDS
    if state.document * 100 > model.documents_max * model.memory_warning_percent:
        flags |= Warnings.MEMORY_FULL
    if state.unsent_document and moment - state.unsent_moment > model.waiting_days * DAY:
        flags |= Warnings.OPERATOR_TIMEOUT
    return int(flags)


def check_keys(model: Model, state: State, moment: int) -> None:
    """Key life is over: no new shifts, receipts and settlement reports; a shift and the drive can still be closed."""
    if moment // DAY >= state.expires // DAY:
        raise Refused(model.expired)


def check_limits(model: Model, state: State, moment: int, size: int) -> None:
    """Room in the archive and in the 30-day store, and no document that waits for the operator for over 30 days."""
    if state.unsent_document and moment - state.unsent_moment > BLOCK_DAYS * DAY:
        raise Refused(model.waiting)
    if state.document >= model.documents_max:
        raise Refused(model.full)
    if state.kept_bytes + size > model.store_kib * 1024:
        raise Refused(Code.RESOURCE_LIMIT)
