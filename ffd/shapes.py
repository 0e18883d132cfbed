"""JSON that is not what it should be: everything that is wrong with it, not only the first thing.

msgspec reads right JSON fast and stops at the first fault. Only then does this module go over it once more, field by
field, and tells each fault with its path:

    J01   not JSON                  J03   an unknown field
    J02   a wrong type or value     J04   a missing field
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args, get_origin

import msgspec

from ffd.errors import Violation
from ffd.tlv import Tlv

__all__ = ["JSON_MAX", "loose", "parts", "struct", "twice", "violation"]

JSON_MAX = 1 << 20  # the longest document, 32 KiB, takes about half of it in its most wordy form
_LOOSE = msgspec.json.Decoder(float_hook=Decimal)
_KINDS = {dict: "an object", list: "an array", tuple: "an array", str: "a text", bool: "a boolean", type(None): "null"}


def violation(code: str, path: str, message_ru: str, message_en: str) -> Violation:
    """A fault of shape; it has no tag."""
    return Violation(code=code, path=path, message_ru=message_ru, message_en=_plain(message_en))


def loose(data: bytes | bytearray | str) -> Any:
    """The JSON in `data` as plain objects, numbers with a point as exact decimals; a Violation when it is none."""
    if len(data) > JSON_MAX:
        return violation("J01", "", "Слишком большой JSON.", f"{len(data)} bytes, at most {JSON_MAX} allowed")
    try:
        return _LOOSE.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ArithmeticError, ValueError) as error:
        return violation("J01", "", "Тело запроса не является корректным JSON.", f"not JSON: {error}")


def twice(error: Exception) -> Violation:
    """What is wrong when each field by itself is right: a key given twice, at first wrong, is lost in a mapping."""
    return violation("J02", "", "Поле указано дважды, один раз неверно.", str(error))


def struct(raw: Any, kind: type[Any], path: str, found: list[Violation]) -> Any:
    """The value of `kind` in `raw`, or None when something in it was reported."""
    before = len(found)
    given = parts(raw, kind, path, found)
    return kind(**given) if len(found) == before else None


def parts(raw: Any, kind: type[Any], path: str, found: list[Violation]) -> dict[str, Any]:
    """The fields of `raw` that are right for `kind`; the others are reported. A wrong one of several is None."""
    if not isinstance(raw, Mapping):
        found.append(violation("J02", path, "Ожидается объект.", f"an object expected, {_kind(raw)} given"))
        return {}
    given: dict[str, Any] = {}
    found.extend(
        violation("J03", _join(path, name), "Неизвестное поле.", "an unknown field")
        for name in raw
        if name not in kind.__struct_fields__
    )
    for info in msgspec.structs.fields(kind):
        name, place = info.encode_name, _join(path, info.encode_name)
        if name not in raw:
            if info.required:
                found.append(violation("J04", place, "Обязательное поле отсутствует.", "a required field is missing"))
            continue
        value = raw[name]
        inside, many = _inside(info.type)
        if inside is not None and many and isinstance(value, list | tuple):
            given[name] = tuple(struct(one, inside, f"{place}[{index}]", found) for index, one in enumerate(value))
        elif inside is not None and not many and value is not None:
            before = len(found)
            one = struct(value, inside, place, found)
            if len(found) == before:
                given[name] = one
        else:
            _convert(value, info.type, name, place, given, found)
    return given


def _convert(value: Any, kind: Any, name: str, place: str, given: dict[str, Any], found: list[Violation]) -> None:
    if isinstance(value, Decimal) and Decimal not in (kind, *get_args(kind)):
        value = float(value)
    try:
        given[name] = msgspec.convert(value, kind)
    except (msgspec.ValidationError, ValueError, ArithmeticError, RecursionError) as error:
        found.append(violation("J02", place, "Недопустимое значение поля.", str(error)))


def _inside(kind: Any, many: bool = False) -> tuple[type[msgspec.Struct] | None, bool]:
    """The structure a field holds, and whether several of them. Kept fields (`Tlv`) are one thing, however deep."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return (None if kind is Tlv else kind), many
    for one in get_args(kind):
        found = _inside(one, many or get_origin(kind) is tuple)
        if found[0] is not None:
            return found
    return None, False


def _join(path: str, name: Any) -> str:
    return f"{path}/{name}" if path else str(name)


def _plain(message: str) -> str:
    return message.replace("`", "").replace(" - at $", "")


def _kind(raw: Any) -> str:
    return _KINDS.get(type(raw), "a number")
