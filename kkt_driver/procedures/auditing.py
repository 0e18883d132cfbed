"""Commissioning audit: is this the register that was recorded, and is it set up for a host that lives elsewhere?

Each finding says what stands where, what should, and how grave it is; most carry the change that mends them, for
`tables.restore`. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from kkt_driver.commands import DriveExpiry, Memory
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Refused
from kkt_driver.procedures.identity import UNKNOWN_HERE, Identity, read_number
from kkt_driver.procedures.tables import Cell, Change

__all__ = ["Finding", "Wanted", "audit", "drift"]

Severity = Literal["alarm", "warning"]

CLOCK_MAX = timedelta(minutes=5)
"""How far a register's clock may be off (law 54-FZ)."""

EXPIRY_WARNING = timedelta(days=30)
DOCUMENTS_WARNING = 5_000
AT_WORK = 3
EXTENDED_ANSWERS_FLAG = 1 << 50

RECORDED = {
    "serial": "заводской номер",
    "drive": "номер ФН",
    "inn": "ИНН",
    "rnm": "регистрационный номер",
    "ffd": "версия ФФД",
    "tax_systems": "системы налогообложения",
    "work_mode": "режимы работы",
    "place": "место расчётов",
    "address": "адрес расчётов",
    "operator_inn": "ИНН ОФД",
    "operator_host": "адрес ОФД",
    "operator_port": "порт ОФД",
}
"""What of an identity must not change behind the host's back."""

AUTOMATIC = {
    9: "закрытие смены",
    12: "отчёт при включении",
    13: "открытие смены",
    14: "X-отчёт",
}
"""Fields of the embedded-devices table: reports and shift openings that the register makes without being asked."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be; `mend` is the change of settings that cures it, None when none does."""

    name: str
    severity: Severity
    message_ru: str
    found: str
    expected: str
    mend: Change | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How the host wants its registers: who talks to the operator (True: the host), paper (None: as it is)."""

    host_relays: bool = True
    printing: bool | None = None


def audit(
    identity: Identity,
    *,
    today: datetime,
    recorded: Identity | None = None,
    wanted: Wanted | None = None,
    password: int = 30,
) -> Procedure[tuple[Finding, ...]]:
    """Everything that is wrong with a register at connect. `today` is the wall clock at the register, `recorded` the
    profile that was kept when it was commissioned."""
    wanted = wanted or Wanted()
    findings = list(drift(identity, recorded) if recorded is not None else ())
    findings += _clock(identity, today)
    if identity.phase != AT_WORK:
        findings.append(_alarm("phase", "ФН не в рабочем режиме", identity.phase, AT_WORK))
    for cell, value, name, severity, message in _settings(identity, wanted):
        found = yield from read_number(cell.table, cell.field, password=password)
        if found is not None and found != value:
            mend = Change(cell=cell, was=found, now=value)
            findings.append(_finding(name, severity, message, found, value, mend))
    findings += yield from _drive(today, password)
    return tuple(findings)


def drift(identity: Identity, recorded: Identity) -> Iterator[Finding]:
    """What differs from the recorded profile: a swapped cable, a swapped drive, a change of registration."""
    for name, words in RECORDED.items():
        found, expected = getattr(identity, name), getattr(recorded, name)
        if found != expected:
            yield _alarm(f"drift of {name}", f"Изменился реквизит: {words}", found, expected)


def _settings(identity: Identity, wanted: Wanted) -> Iterator[tuple[Cell, int, str, Severity, str]]:
    for field, words in AUTOMATIC.items():
        cell = Cell(identity.device_table, 1, field)
        yield cell, 0, f"automatic {field}", "alarm", f"Касса сама делает документы: {words}"
    if identity.flags & EXTENDED_ANSWERS_FLAG or not identity.flags:
        yield Cell(17, 1, 36), 1, "extended answers", "warning", "Ответы не содержат даты и времени документа"
    relays = 0 if wanted.host_relays else 1
    yield Cell(21, 1, 2), relays, "operator exchange", "alarm", "Обмен с ОФД ведёт не тот, кто должен"
    yield Cell(1, 1, 14), 0, "tax calculation", "warning", "Налоги должна считать касса"
    if wanted.printing is not None:
        yield Cell(17, 1, 7), 0 if wanted.printing else 2, "printing", "warning", "Печать включена не так, как задано"


def _clock(identity: Identity, today: datetime) -> Iterator[Finding]:
    if identity.clock is None:
        yield _alarm("clock", "Часы кассы не установлены", "нет", f"{today:%d.%m.%Y %H:%M}")
    elif abs(identity.clock - today) > CLOCK_MAX:
        message = "Часы кассы расходятся с временем более чем на 5 минут"
        yield _alarm("clock", message, f"{identity.clock:%d.%m.%Y %H:%M}", f"{today:%d.%m.%Y %H:%M}")


def _drive(today: datetime, password: int) -> Procedure[list[Finding]]:
    findings: list[Finding] = []
    try:
        expiry = (yield from ask(DriveExpiry(password=password))).date
        memory = yield from ask(Memory(password=password))
    except Refused as refusal:
        if refusal.code not in UNKNOWN_HERE:
            raise
        return findings
    if expiry is not None and expiry - today.date() <= EXPIRY_WARNING:
        findings.append(_drive_ends(expiry, today.date()))
    if memory.documents < DOCUMENTS_WARNING:
        findings.append(_finding("drive memory", "warning", "Память ФН заканчивается", memory.documents, "больше 5000"))
    return findings


def _drive_ends(expiry: date, today: date) -> Finding:
    severity: Severity = "alarm" if expiry <= today else "warning"
    return _finding("drive expiry", severity, "Срок действия ФН заканчивается", f"{expiry:%d.%m.%Y}", "больше 30 дней")


def _alarm(name: str, message_ru: str, found: object, expected: object) -> Finding:
    return _finding(name, "alarm", message_ru, found, expected)


def _finding(
    name: str, severity: Severity, message_ru: str, found: object, expected: object, mend: Change | None = None
) -> Finding:
    return Finding(
        name=name, severity=severity, message_ru=message_ru, found=str(found), expected=str(expected), mend=mend
    )
