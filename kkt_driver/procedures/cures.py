"""Every state a register can be stuck in, why, and what gets it out (sections "Modes" and "Timing of commands").

`diagnose` looks at a `State` and says what is the matter, in words for the person at the register; `treat` does the one
thing that helps. A receipt whose close is unresolved is nobody's to cure: `kkt_driver.recovery.resolve` comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum

import msgspec

from kkt_driver.commands import AbortDump, CancelDocument, CancelReceipt, CloseNonFiscal, ShortStatus
from kkt_driver.effects import Pause, Procedure, ask
from kkt_driver.errors import Misuse, Refused
from kkt_driver.intents import Intent
from kkt_driver.procedures.identity import State
from kkt_driver.procedures.patience import continue_printing, cure, patiently, printed

__all__ = ["MODES", "SUBMODES", "Cure", "Trouble", "diagnose", "treat"]

NON_FISCAL = 4
"""Status of mode 8 (high nibble) for an open non-fiscal document."""

WAIT_S = 60.0
PAUSE_S = 1.0


class Cure(Enum):
    """What gets a register out of its state."""

    NONE = "nothing to be done from here"
    RESOLVE = "find out what became of the unresolved receipt first"
    DRAIN = "read the document or the dump to its end (FF3Bh, 03h)"
    CLOSE_SHIFT = "close the shift (41h), with an intent of its own"
    CONFIRM_DATE = "confirm the date (23h)"
    RESET = "technological reset (16h), then set the clock"
    STOP_TEST = "stop the test run (2Bh)"
    CANCEL_RECEIPT = "cancel the receipt (88h)"
    CLOSE_NON_FISCAL = "close the non-fiscal document (E3h)"
    DROP_DOCUMENT = "drop the begun document (FF08h)"
    CONTINUE = "continue printing (B0h)"
    WAIT = "wait until it is ready"
    PERSON = "a person at the register"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One abnormal state: its name, what to tell the person, and the cure."""

    name: str
    message_ru: str
    cure: Cure

    @property
    def by_itself(self) -> bool:
        """Whether `treat` can do something about it."""
        return self.cure not in (Cure.NONE, Cure.RESOLVE, Cure.PERSON, Cure.CLOSE_SHIFT)


def _row(name: str, message_ru: str, cure: Cure) -> Trouble:
    return Trouble(name=name, message_ru=message_ru, cure=cure)


MODES: dict[int, Trouble] = {
    0: _row("the register is at work", "Касса выполняет предыдущую команду", Cure.WAIT),
    1: _row("a document or a dump is being read out", "Идёт выдача данных: её нужно дочитать до конца", Cure.DRAIN),
    3: _row("the shift is open for over 24 hours", "Смена открыта больше 24 часов: закройте её", Cure.CLOSE_SHIFT),
    5: _row("locked by a wrong password", "Касса заблокирована: неверный пароль инспектора", Cure.PERSON),
    6: _row("the date waits for its confirmation", "Касса ждёт подтверждения даты", Cure.CONFIRM_DATE),
    7: _row("the decimal point may be changed", "Касса ждёт изменения положения десятичной точки", Cure.PERSON),
    9: _row("the register lost its memory", "Память кассы потеряна: нужно технологическое обнуление", Cure.RESET),
    10: _row("a test run is on", "Идёт тестовый прогон", Cure.STOP_TEST),
    11: _row("a full report is being printed", "Печатается полный отчёт", Cure.WAIT),
    12: _row("a report is being printed", "Печатается отчёт", Cure.WAIT),
    13: _row("the slip printer is at work", "Работа с подкладным документом", Cure.PERSON),
    14: _row("a slip document is being printed", "Печать подкладного документа", Cure.PERSON),
}
"""Modes that are not 2 (shift open), 4 (shift closed) or 8 (a document is open)."""

SUBMODES: dict[int, Trouble] = {
    1: _row("no paper", "Нет чековой ленты: вставьте бумагу", Cure.PERSON),
    2: _row("paper ran out while printing", "Бумага кончилась во время печати: вставьте бумагу", Cure.PERSON),
    3: _row("paper is back, printing waits", "Бумага вставлена: нужно продолжить печать", Cure.CONTINUE),
    4: _row("a full report is being printed", "Печатается полный отчёт", Cure.WAIT),
    5: _row("printing", "Идёт печать", Cure.WAIT),
}

_RECEIPT = _row("a receipt was left open", "Чек остался открытым: его нужно аннулировать", Cure.CANCEL_RECEIPT)
_OURS = _row("a receipt whose outcome is not known", "Неизвестно, оформлен ли чек: сначала выясните это", Cure.RESOLVE)
_NON_FISCAL = _row("a non-fiscal document is open", "Открыт нефискальный документ", Cure.CLOSE_NON_FISCAL)
_BEGUN = _row("a document was begun in the drive", "В ФН начат и не завершён документ", Cure.DROP_DOCUMENT)
_PHASES = {
    1: _row("not registered", "Касса не зарегистрирована", Cure.PERSON),
    7: _row("the drive is closed, documents wait", "ФН закрыт, документы ещё передаются в ОФД", Cure.NONE),
    15: _row("the drive is closed", "ФН закрыт и доступен только для чтения", Cure.NONE),
}


def diagnose(state: State, *, unresolved: Intent | None = None) -> tuple[Trouble, ...]:
    """What is abnormal, what must be cured first standing first; empty for a register that is ready."""
    return tuple(_troubles(state, unresolved))


def _troubles(state: State, unresolved: Intent | None) -> Iterator[Trouble]:
    if unresolved is not None:
        yield _OURS
    if state.mode in MODES:
        yield MODES[state.mode]
    elif state.mode == 8 and state.mode_status == NON_FISCAL:
        yield _NON_FISCAL
    elif state.mode == 8 and unresolved is None:
        yield _RECEIPT
    elif state.current_document and state.mode != 8 and unresolved is None:
        yield _BEGUN
    if state.submode in SUBMODES:
        yield SUBMODES[state.submode]
    if state.phase in _PHASES:
        yield _PHASES[state.phase]


def treat(trouble: Trouble, *, clock: datetime | None = None) -> Procedure[bool]:
    """Apply the cure; False when it did not help. Look again afterwards: one cure may uncover the next trouble.

    `clock` is the wall clock at the register, needed for the technological reset. Misuse: the cure cannot be done from
    here.
    """
    if not trouble.by_itself:
        raise Misuse(f"{trouble.name}: {trouble.cure.value}")
    match trouble.cure:
        case Cure.DRAIN:
            return (yield from _drain())
        case Cure.CONFIRM_DATE:
            return (yield from cure(6, clock=clock))
        case Cure.RESET:
            return (yield from cure(9, clock=clock))
        case Cure.STOP_TEST:
            return (yield from cure(10, clock=clock))
        case Cure.CONTINUE:
            return (yield from continue_printing())
        case Cure.WAIT:
            return (yield from _wait())
        case Cure.CANCEL_RECEIPT:
            yield from patiently(CancelReceipt())
        case Cure.CLOSE_NON_FISCAL:
            yield from patiently(CloseNonFiscal())
        case _:
            yield from ask(CancelDocument())
    return True


def _drain() -> Procedure[bool]:
    """FF3Bh to its end ends the reading of a document, 03h a dump."""
    yield from cure(1, clock=None)
    if (yield from ask(ShortStatus())).mode == 1:
        try:
            yield from ask(AbortDump())
        except Refused:
            return False
    return (yield from ask(ShortStatus())).mode != 1


def _wait() -> Procedure[bool]:
    """Until the mode is one to work in, then until the paper is out."""
    waited = 0.0
    while (yield from ask(ShortStatus())).mode in (0, 11, 12):
        if waited >= WAIT_S:
            return False
        yield Pause(PAUSE_S)
        waited += PAUSE_S
    return (yield from printed())
