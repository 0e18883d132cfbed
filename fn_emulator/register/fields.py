"""Fields that a register adds to documents from its tables: owner, place, cashier, versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fn_emulator.register.receipt import tlv

if TYPE_CHECKING:
    from fn_emulator.register.core import RegisterCore

__all__ = ["OF_CLOSE", "OF_RECEIPT", "OF_REGISTRATION", "OF_REPORT", "OF_STATE", "known"]

OF_RECEIPT = (1209, 1048, 1021, 1203, 1009, 1187, 1060, 1117)
OF_REPORT = (1209, 1021, 1203, 1188, 1189)
OF_STATE = (1209,)
OF_CLOSE = (1209, 1048, 1021, 1203, 1009, 1187)
OF_REGISTRATION = (1209, 1048, 1013, 1021, 1203, 1009, 1187, 1060, 1117, 1046, 1188, 1189, 1036)

REGISTER_VERSION = "1.7.2.44"
"""Tag 1188: at most eight characters."""

_CACHED_MAX = 64  # a few kinds of document times the operators of a shift

Source = Callable[["RegisterCore", int], bytes]


def _text(data: str) -> bytes:
    return data.encode("cp866", "replace")


def _number(at: tuple[int, int, int]) -> Source:
    return lambda register, operator: bytes((register.settings.number(*at),))


def _joined(*cells: tuple[int, int]) -> Source:
    """The first pair of lines that says something: what was entered in table 18, else in table 25."""

    def source(register: RegisterCore, operator: int) -> bytes:
        for first, second in zip(cells[::2], cells[1::2], strict=True):
            text = register.settings.text(first[0], 1, first[1])
            if second != (0, 0):
                text += register.settings.text(second[0], 1, second[1])
            if text:
                return _text(text)
        return b""

    return source


def _cashier(register: RegisterCore, operator: int) -> bytes:
    return _text(register.settings.text(2, operator, 2))


def _cashier_inn(register: RegisterCore, operator: int) -> bytes:
    inn = register.settings.text(18, 1, 23)
    return inn.ljust(12).encode("ascii", "replace") if inn else b""


def _serial(register: RegisterCore, operator: int) -> bytes:
    return _text(register.serial)


def _format(register: RegisterCore, operator: int) -> bytes:
    return bytes((register.settings.number(17, 1, 17),))


_NONE = (0, 0)

_SOURCES: dict[int, Source] = {
    1209: _format,
    1189: _format,
    1188: lambda register, operator: _text(REGISTER_VERSION),
    1013: _serial,
    1021: _cashier,
    1203: _cashier_inn,
    1048: _joined((18, 7), (18, 17), (25, 1), (25, 28)),
    1009: _joined((18, 9), (18, 18), (25, 19), (25, 29)),
    1187: _joined((18, 14), (18, 20), (25, 20), (25, 30)),
    1046: _joined((18, 10), (18, 19), (25, 24), (25, 31)),
    1060: _joined((18, 13), _NONE, (25, 21), _NONE),
    1117: _joined((18, 15), _NONE, (25, 22), _NONE),
    1036: _joined((25, 11), _NONE),
}


def known(register: RegisterCore, tags: tuple[int, ...], operator: int, given: set[int]) -> list[bytes]:
    """The fields of `tags` in their order, without those that the host gave and those that are not entered."""
    cache = register.field_cache
    key = (register.settings.version, tags, operator)
    made = cache.get(key)
    if made is None:
        if len(cache) >= _CACHED_MAX:
            cache.clear()
        made = cache[key] = [(tag, tlv(tag, value)) for tag in tags if (value := _SOURCES[tag](register, operator))]
    return [field for tag, field in made if tag not in given]
