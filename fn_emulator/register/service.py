"""Commands of technicians: exchange parameters, tables and registers as new, serial number, totals, reboot.

Dumps, firmware, authorisation and terminals are the maker's own business: `unsupported` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fn_emulator.register.counters import RESETS
from fn_emulator.register.refusal import Code, Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS", "byte_timeout_s"]

_SPEEDS = 10
_PORTS = frozenset((*range(16), 128))
_READY = 1  # phase of the drive before its registration
_WIDTHS = {1: (12, 24), 2: (24, 24)}  # dots of a character by font
_LOADER_VERSION = 0x0107
_RECEIPTS, _CORRECTIONS = 0, 5
_BLOCK, _HEAD = 76, 6  # of the drive's counters, 36h
_CASH, _CASHLESS, _PREPAID, _CREDIT, _BARTER = range(1, 6)
_PAYMENT_PLACES = {0: _CASH, 1: _CASHLESS, 13: _PREPAID, 14: _CREDIT, 15: _BARTER}


def byte_timeout_s(code: int) -> float:
    """The coded byte time-out of 14h in seconds."""
    if code <= 150:
        return code / 1000
    return (code - 149) * 0.15 if code < 250 else (code - 248) * 15.0


def set_exchange(register: RegisterCore, request: c.SetExchange, operator: int) -> c.Done:
    """14h: kept for the port; the line that is in use takes it and finds out the layer anew."""
    if request.port not in _PORTS or (request.port < 128 and request.speed >= _SPEEDS):
        raise Refusal(Code.INCORRECT)
    register.set_exchange(request.port, request.speed, request.timeout)
    return c.Done()


def read_exchange(register: RegisterCore, request: c.ReadExchange, operator: int) -> c.ExchangeReply:
    if request.port not in _PORTS:
        raise Refusal(Code.INCORRECT)
    speed, timeout = register.ports.get(request.port, register.model.exchange)
    return c.ExchangeReply(speed=speed, timeout=timeout)


def technological_reset(register: RegisterCore, request: c.TechnologicalReset, operator: int) -> c.Done:
    """16h: clears errors of working memory; time and date are then set (mode 9 ends with 23h)."""
    return c.Done()


def long_serial(register: RegisterCore, request: c.LongSerial, operator: int) -> c.LongSerialReply:
    number = register.settings.text(18, 1, 3)
    return c.LongSerialReply(
        serial=int(register.serial), registration_number=int(number) if number.isdigit() else (1 << 56) - 1
    )


def font(register: RegisterCore, request: c.Font, operator: int) -> c.FontReply:
    if not 1 <= request.font <= register.model.fonts:
        raise Refusal(Code.INCORRECT)
    width, height = _WIDTHS.get(request.font, _WIDTHS[1])
    dots = register.model.characters * _WIDTHS[1][0]
    return c.FontReply(line_dots=dots, character_width=width, character_height=height, fonts=register.model.fonts)


def initialise_tables(register: RegisterCore, request: c.InitialiseTables, operator: int) -> c.Done:
    """24h: all settings as new, the drive's own data excepted."""
    register.settings.reset()
    register.save_picture()
    return c.Done()


def general_reset(register: RegisterCore, request: c.GeneralReset, operator: int) -> c.Done:
    """27h: registers at zero, as long as the drive was never registered."""
    if register.ask(0x30)[0] != _READY:
        raise Refusal(Code.UNSUPPORTED)
    resets = register.counters.counts.get(RESETS, 0)
    register.counters.clear()
    register.counters.count(RESETS, resets + 1)
    register.save_picture()
    return c.Done()


def synchronise(register: RegisterCore, request: c.SynchroniseRegisters, operator: int) -> c.Done:
    """FF62h: shift and document numbers after the drive."""
    register.catch_up()
    register.last_document = register.drive_document()
    register.save()
    return c.Done()


def loader_version(register: RegisterCore, request: c.LoaderVersion, operator: int) -> c.LoaderVersionReply:
    return c.LoaderVersionReply(version=_LOADER_VERSION)


def reboot(register: RegisterCore, request: c.Reboot, operator: int) -> c.Done:
    """FEF3h: nobody answers; whoever holds the register sees to the rest."""
    register.reboots = True
    return c.Done()


def totals(register: RegisterCore, request: c.Totals, operator: int) -> c.TotalsReply:
    """FEF4h from the drive's counters, which begin with its registration: kind 0 receipts, 5 corrections, 1 to 4 one
    operation by payment. The drive tells cash, cashless, prepaid, credit and barter apart, nothing finer."""
    counters = register.ask(0x36, b"\1")
    if request.kind == _RECEIPTS:
        return c.TotalsReply(totals=tuple(_sum(counters, operation, 0) for operation in range(4)))
    if request.kind == _CORRECTIONS:
        first = _HEAD + 4 * _BLOCK + 4
        return c.TotalsReply(totals=tuple(_u6(counters, first + 10 * operation + 4) for operation in range(4)))
    if not 1 <= request.kind <= 4:
        raise Refusal(Code.INCORRECT)
    places = (_PAYMENT_PLACES.get(payment) for payment in range(16))
    return c.TotalsReply(totals=tuple(_sum(counters, request.kind - 1, place) if place else 0 for place in places))


def _sum(counters: bytes, operation: int, place: int) -> int:
    return _u6(counters, _HEAD + _BLOCK * operation + 4 + 6 * place)


def _u6(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 6], "little")


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.SetExchange: set_exchange,
    c.ReadExchange: read_exchange,
    c.TechnologicalReset: technological_reset,
    c.LongSerial: long_serial,
    c.Font: font,
    c.InitialiseTables: initialise_tables,
    c.GeneralReset: general_reset,
    c.SynchroniseRegisters: synchronise,
    c.LoaderVersion: loader_version,
    c.Reboot: reboot,
    c.Totals: totals,
}
