"""Documents as JSON: our own form, which loses nothing, and the names of the tax service for what was decoded.

Our own form is the attributes of the document as they are, plus `form`, its code: sums in kopecks, moments in ISO
form, quantities as text, bytes in base64. `schema` describes it. The tax service's form uses the names of the tag
table, fills fixed texts with blanks as the service does and shows a fiscal sign as the number on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from ffd import shapes
from ffd.documents import OF_CODE, Document, sign_bytes, sign_number
from ffd.enums import DocumentCode
from ffd.errors import EncodeError, Invalid, Violation
from ffd.fields import REPEATED, Fields, tag_of
from ffd.structures import OF_TAG
from ffd.tags import Tag, Type
from ffd.values import is_quantity

__all__ = ["from_tax_service", "read", "schema", "to_tax_service", "write"]

F = TypeVar("F", bound=Fields)
_FORMS = {DocumentCode(code).name.lower(): code for code in OF_CODE}
_EPOCH = datetime(1970, 1, 1)
# What the tax service adds beside the document, and one spelling it has besides the table's.
_BESIDE = frozenset(("numberKkt", "messageFiscalSign", "rawData", "metadata"))
_MEMBER_TYPES = {1305: 6}  # productIdType as seen; other numbers are not known


def write(document: Document) -> bytes:
    """Our own JSON; `read(write(d)) == d`."""
    return msgspec.json.encode({"form": document.CODE, **msgspec.to_builtins(document)})


def read(data: bytes | bytearray | str | Mapping[str, Any]) -> Document:
    """The document of our own JSON, or Invalid with every place that is wrong."""
    raw = shapes.loose(data) if isinstance(data, bytes | bytearray | str) else data
    if isinstance(raw, Violation):
        raise Invalid((raw,))
    if not isinstance(raw, Mapping):
        raise Invalid((shapes.violation("J02", "", "Ожидается объект.", "an object expected"),))
    form = raw.get("form")
    code = _FORMS.get(form) if isinstance(form, str) else form
    if not isinstance(code, int) or code not in OF_CODE:
        raise Invalid((shapes.violation("J02", "form", "Неизвестная форма документа.", f"unknown form {form!r:.80}"),))
    body = {key: value for key, value in raw.items() if key != "form"}
    try:
        return msgspec.convert(body, OF_CODE[code])
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError) as error:
        found: list[Violation] = []
        shapes.struct(body, OF_CODE[code], "", found)
        if not found:  # kept fields nested too deep
            found.append(shapes.violation("J02", "", "Недопустимое значение поля.", str(error)))
        raise Invalid(tuple(found)) from None


def schema() -> dict[str, Any]:
    """The JSON Schema of our own form: one definition for each form and structure."""
    (alternatives, definitions) = msgspec.json.schema_components(tuple(OF_CODE.values()), ref_template="#/$defs/{name}")
    for code, cls in OF_CODE.items():
        definition = definitions[cls.__name__]
        definition["properties"] = {"form": {"const": code}, **definition["properties"]}
        definition["required"] = ["form", *definition.get("required", ())]
    for shape in {*OF_CODE.values(), *OF_TAG.values()}:
        if shape.__name__ in definitions:
            for name, row in shape.tags().items():
                definitions[shape.__name__]["properties"][name]["description"] = f"{row.number} {row.name_ru}"
    return {"anyOf": list(alternatives), "$defs": definitions}


# ── the tax service ───────────────────────────────────────────────────────────────────────────────────────────────


def to_tax_service(document: Document) -> dict[str, Any]:
    """The document under the tax service's names; tags without such a name keep ours."""
    return {"code": document.CODE, **_out(document)}


def _out(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, row in type(fields).tags().items():
        value = getattr(fields, name)
        if value is None or value == ():
            continue
        key = row.json_name or row.name
        found[key] = [_one_out(row, one) for one in value] if name in REPEATED else _one_out(row, value)
    return found


def _one_out(row: Tag, value: Any) -> Any:
    if isinstance(value, Fields):
        return _code_out(value) if row.number == 1163 else _out(value)
    match row.type:
        case Type.UNIXTIME:
            return value.isoformat()
        case Type.FVLN:
            if not is_quantity(value):
                raise EncodeError(f"{value} is not a quantity", path=row.name)
            return int(value) if value == value.to_integral_value() else float(value)
        case Type.BYTES:
            return sign_number(value) if row.number == 1077 and len(value) == 6 else value.hex()
        case Type.STRING:
            return value.ljust(row.length) if row.fixed else value
        case _ if row.kind == "bool":
            return int(value)
        case _:
            return int(value)


def _code_out(code: Fields) -> dict[str, Any]:
    """1163: the member with the parts the service shows."""
    found: dict[str, Any] = {}
    for name, row in type(code).tags().items():
        text = getattr(code, name)
        if text is None:
            continue
        parts: dict[str, Any] = {"rawProductCode": text}
        if row.number in (1304, 1305, 1306) and text.startswith("01"):
            parts["gtin"] = text[2:16]
            if text[16:18] == "21":
                parts["sernum"] = text[18:]
        if row.number in _MEMBER_TYPES:
            parts["productIdType"] = _MEMBER_TYPES[row.number]
        found[row.json_name] = parts
    return found


def from_tax_service(data: Mapping[str, Any]) -> Document:
    """The document of the tax service's JSON, or Invalid with every field that cannot be placed.

    Exact bytes do not come back from it: the service shows neither the order of tags nor service bytes of signs.
    """
    if not isinstance(data, Mapping):
        raise Invalid((shapes.violation("J02", "", "Ожидается объект.", "an object expected"),))
    code = data.get("code")
    cls = OF_CODE.get(code) if isinstance(code, int) else None
    if cls is None:
        raise Invalid((shapes.violation("J02", "code", "Неизвестная форма документа.", f"unknown form {code!r:.80}"),))
    problems: list[Violation] = []
    document = _in(cls, data, 0, "", problems)
    if problems:
        raise Invalid(tuple(problems))
    return document


def _in(cls: type[F], data: Mapping[str, Any], parent: int, path: str, problems: list[Violation]) -> F:
    keys: dict[str, str] = {}
    for name, row in cls.tags().items():
        for key in (*row.json_alternatives, row.name, row.json_name):
            keys[key] = name
    given: dict[str, Any] = {}
    for key, raw in data.items():
        place = f"{path}/{key}" if path else key
        if not parent and (key == "code" or key in _BESIDE):
            continue
        found = keys.get(key)
        if found is None:
            problems.append(shapes.violation("J03", place, "Неизвестное поле.", "no tag of this form has this name"))
            continue
        row = tag_of(found)
        try:
            if found in REPEATED:
                several = raw if isinstance(raw, list | tuple) else (raw,)
                given[found] = tuple(
                    _one_in(row, one, f"{place}[{index}]", problems) for index, one in enumerate(several)
                )
            else:
                given[found] = _one_in(row, raw, place, problems)
        except (TypeError, ValueError, ArithmeticError, EncodeError, AttributeError) as error:
            problems.append(shapes.violation("J02", place, "Недопустимое значение поля.", str(error)))
    return cls(**given)


def _one_in(row: Tag, raw: Any, place: str, problems: list[Violation]) -> Any:
    structure = OF_TAG.get(row.number)
    if structure is not None:
        if not isinstance(raw, Mapping):
            raise TypeError("an object expected")
        if row.number == 1163:
            raw = {key: one.get("rawProductCode") if isinstance(one, Mapping) else one for key, one in raw.items()}
        return _in(structure, raw, row.number, place, problems)
    match row.type:
        case Type.UNIXTIME:
            return _moment_in(raw)
        case Type.FVLN:
            if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
                raise TypeError("a number expected")
            return Decimal(str(raw))
        case Type.BYTES:
            return sign_bytes(raw) if row.number == 1077 else bytes.fromhex(raw)
        case Type.STRING:
            if not isinstance(raw, str):
                raise TypeError("a text expected")
            return raw.rstrip(" ") if row.fixed else raw
        case _ if row.kind == "bool":
            if raw not in (0, 1):
                raise TypeError("0, 1, false or true expected")
            return bool(raw)
        case _:
            if isinstance(raw, bool) or not isinstance(raw, int):
                raise TypeError("a whole number expected")
            return raw


def _moment_in(raw: Any) -> datetime:
    """Seconds or ISO text, the wall clock of the settlement place; what says another zone is refused."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _EPOCH + timedelta(seconds=raw)
    moment = datetime.fromisoformat(raw)
    if moment.tzinfo is not None or moment.microsecond:
        raise ValueError(f"{raw} has a zone or parts of a second, a wall clock expected")
    return moment
