"""A JSON object being read field by field: every wrong value is noted with its path and read as None."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from fleet.web.ferma.envelope import PROBLEMS_MAX, BadRequest, Code, Problem
from fleet.web.ferma.tables import KOPECKS_MAX, NUMBER_DIGITS_MAX, QUANTITY_MAX, QUANTITY_PLACES

__all__ = ["Fields", "roubles", "shown"]

T = TypeVar("T")

BINARY_DIGITS = 15
"""A binary number of 8 bytes is exact to fewer decimal digits; programs write the rest when it is not round."""
BINARY_NOISE = Decimal("0.00001")
"""Of the last place that counts, so of a kopeck: what some additions leave, and less than anybody means."""


class Fields:
    """A JSON object being read. A wrong value is noted and read as None; all objects of a body share the notes."""

    __slots__ = ("path", "problems", "values")

    def __init__(self, values: dict[str, Any], path: str, problems: list[Problem]) -> None:
        self.values = values
        self.path = path
        self.problems = problems

    @classmethod
    def of(cls, parent: Fields, key: str) -> Fields:
        """The object under `key`, empty when there is none; its kind is checked once, by whoever reads it."""
        value = parent.values.get(key)
        if value is not None and not isinstance(value, dict) and not _is_empty(value):
            parent.expected(key, "объект")
        return cls(value if isinstance(value, dict) else {}, parent.at(key), parent.problems)

    def at(self, key: str) -> str:
        return f"{self.path}/{key}" if self.path else key

    def add(self, key: str, code: Code, message: str) -> None:
        self.add_at(self.at(key), code, message)

    def add_at(self, path: str, code: Code, message: str) -> None:
        problem = Problem(path, code, message)
        if len(self.problems) < PROBLEMS_MAX and problem not in self.problems:
            self.problems.append(problem)

    def expected(self, key: str, what: str) -> None:
        self.add(key, Code.BAD_VALUE, f"ожидается {what}, а не {shown(self.values[key])}")

    def missing(self, key: str) -> None:
        self.add(key, Code.MISSING, "обязательное поле не заполнено")

    def problem_within(self, path: str) -> bool:
        return any(problem.path.startswith(path) for problem in self.problems)

    def finish(self) -> None:
        if self.problems:
            raise BadRequest(self.problems)

    def filled(self, key: str) -> bool:
        value = self.values.get(key)
        return bool(value) and not _is_empty(value)

    def refuse(self, table: Mapping[str, str]) -> None:
        """Fields with a meaning that would be lost."""
        if table.keys().isdisjoint(self.values):
            return
        for key in self.values.keys() & table.keys():
            if self.filled(key):
                text = f"{table[key]}: этой версией не поддерживается, уберите поле"
                self.add(key, Code.BAD_VALUE, text)

    def text(self, key: str, *, required: bool = False, longest: int | None = None) -> str | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            self.expected(key, "строка")
            return None
        if not value or value.isspace():
            if required:
                self.missing(key)
            return None
        if longest is not None and len(value) > longest:
            self.add(key, Code.BAD_VALUE, f"длиннее {longest} символов")
            return None
        # a line break in a name ends a text on some registers, a zero byte on all
        if not value.isprintable() and min(value) < " ":
            self.add(key, Code.BAD_VALUE, "содержит управляющие символы, например перевод строки")
            return None
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            self.expected(key, "true или false")
        return value is True

    def choice(self, key: str, table: Mapping[str, T], *, required: bool = False) -> T | None:
        value = self.values.get(key)
        if value is None or value == "":
            if required:
                self.missing(key)
            return None
        name = value if isinstance(value, str) else str(value) if type(value) is int else ""
        if name not in table:
            names = ", ".join(name for name in table if not name.isdigit())
            self.add(key, Code.BAD_VALUE, f"неизвестное значение {shown(value)}; возможны {names}")
            return None
        return table[name]

    def whole(self, key: str, allowed: range) -> int | None:
        value = self.values.get(key)
        if type(value) is int and value in allowed:
            return value
        if value is not None:
            self.expected(key, f"целое число от {allowed[0]} до {allowed[-1]}")
        return None

    def code(self, key: str, allowed: range | frozenset[int], *, required: bool = False) -> int | None:
        """A number or a string of digits; without `required`, 0 is the same as nothing."""
        value = self.values.get(key)
        if value is None or value == "":
            if required:
                self.missing(key)
            return None
        number = -1
        if type(value) is int:
            number = value
        elif isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}", value):
            number = int(value)
        if number in allowed:
            return number
        if number == 0 and not required:
            return None
        self.add(key, Code.BAD_VALUE, f"неизвестное значение {shown(value)}; возможны {_listed(allowed)}")
        return None

    def number(self, key: str, *, required: bool) -> Decimal | None:
        value = self.values.get(key)
        if value is None:
            if required:
                self.missing(key)
            return None
        if type(value) is int:
            value = Decimal(value)
        if not isinstance(value, Decimal):
            self.expected(key, "число")
            return None
        # looked at before any arithmetic: 1e999999999 must not be written out, 1e-999999999 must not become zero
        long = len(str(value)) > NUMBER_DIGITS_MAX and len(value.as_tuple().digits) > NUMBER_DIGITS_MAX
        if long or not -NUMBER_DIGITS_MAX < value.adjusted() < NUMBER_DIGITS_MAX:
            self.add(key, Code.BAD_VALUE, "слишком много цифр")
            return None
        return value

    def kopecks(self, key: str, *, required: bool = False) -> int | None:
        """Roubles with at most two decimals, zero or more."""
        whole = self.values.get(key)
        if type(whole) is int and 0 <= whole <= KOPECKS_MAX // 100:
            return 100 * whole
        roubles = self.number(key, required=required)
        if roubles is None:
            return None
        kopecks = _exact(roubles, 2)
        if kopecks is None:
            self.add(key, Code.BAD_VALUE, f"больше двух знаков после запятой: {shown(roubles)}")
        elif kopecks < 0:
            self.add(key, Code.BAD_VALUE, f"отрицательная сумма {shown(roubles)}")
        elif kopecks > KOPECKS_MAX:
            self.add(key, Code.BAD_VALUE, "слишком большая сумма")
        else:
            return kopecks
        return None

    def quantity(self, key: str) -> Decimal | None:
        whole = self.values.get(key)
        if type(whole) is int and 0 < whole < QUANTITY_MAX:
            return Decimal(whole)
        value = self.number(key, required=True)
        if value is None:
            return None
        scaled = _exact(value, QUANTITY_PLACES)
        if scaled is None:
            self.add(key, Code.BAD_VALUE, f"больше {QUANTITY_PLACES} знаков после запятой: {shown(value)}")
        elif not 0 < scaled < QUANTITY_MAX * 10**QUANTITY_PLACES:
            self.add(key, Code.BAD_VALUE, f"количество должно быть больше 0 и меньше {QUANTITY_MAX}")
        else:
            return _plain(scaled, QUANTITY_PLACES)
        return None

    def object(self, key: str, *, required: bool = False) -> Fields | None:
        value = self.values.get(key)
        if value is None:
            if required:
                self.missing(key)
            return None
        if not isinstance(value, dict):
            self.expected(key, "объект")
            return None
        return Fields(value, self.at(key), self.problems)

    def objects(self, key: str, *, most: int, required: bool = False) -> list[Fields]:
        value = self.values.get(key)
        if value is None or value == []:
            if required:
                self.missing(key)
            return []
        if not isinstance(value, list):
            self.expected(key, "список объектов")
            return []
        if len(value) > most:
            self.add(key, Code.BAD_VALUE, f"больше {most} элементов: столько не помещается в один документ")
            return []
        return list(self._members(key, value))

    def _members(self, key: str, values: list[Any]) -> Iterator[Fields]:
        for index, value in enumerate(values):
            path = f"{self.at(key)}[{index}]"
            if not isinstance(value, dict):
                self.add_at(path, Code.BAD_VALUE, f"ожидается объект, а не {shown(value)}")
                yield Fields({}, path, [])  # keeps its place in the list; its own gaps are not mistakes of their own
                continue
            yield Fields(value, path, self.problems)


def _is_empty(value: Any, depth: int = 3) -> bool:
    """null, false, 0, "", [] and {}, also nested: what clients send for a field that they do not use."""
    if not value or (isinstance(value, str) and not value.strip()):
        return True
    if depth and isinstance(value, dict):
        return all(_is_empty(one, depth - 1) for one in value.values())
    if depth and isinstance(value, list):
        return all(_is_empty(one, depth - 1) for one in value)
    return False


def _exact(value: Decimal, places: int) -> int | None:
    """value × 10^places when that is whole, else None. `Fields.number` has bounded the digits.

    Nothing is rounded but the noise of binary arithmetic: a shop that adds 100 and 8.04 sends 108.03999999999999.
    """
    scaled = value.scaleb(places)
    whole = int(scaled)
    if whole == scaled:
        return whole
    nearest = int(scaled.to_integral_value())
    noise = len(value.as_tuple().digits) >= BINARY_DIGITS and abs(scaled - nearest) < BINARY_NOISE
    return nearest if noise else None


def _plain(scaled: int, places: int) -> Decimal:
    """scaled / 10^places without trailing zeros and without an exponent: 2.5, not 2.500000."""
    while places and scaled % 10 == 0:
        scaled, places = scaled // 10, places - 1
    return Decimal(scaled).scaleb(-places)


def shown(value: Any) -> str:
    """A wrong value in a message, cut: it may be a mebibyte long."""
    if isinstance(value, dict):
        return "объект"
    if isinstance(value, list):
        return "список"
    text = msgspec.json.encode(value).decode() if isinstance(value, (str, bool)) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _listed(numbers: range | frozenset[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def roubles(kopecks: int) -> str:
    return f"{kopecks // 100}.{kopecks % 100:02}"
