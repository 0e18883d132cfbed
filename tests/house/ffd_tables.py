"""The tables of the format that stand in `docs/ffd.md` and `docs/ffd-tags.md`, written from the code."""

from __future__ import annotations

from collections.abc import Iterator

from ffd.conditions import CONDITIONS
from ffd.control import RULES
from ffd.documents import OF_CODE, size_max
from ffd.enums import DocumentCode
from ffd.fields import REPEATED
from ffd.presence import clause, rows, supplier
from ffd.structures import OF_TAG
from ffd.tags import TAGS

__all__ = ["TABLES"]


def _rules() -> Iterator[str]:
    yield "| code | rule | known from | when broken |"
    yield "|---|---|---|---|"
    for rule in sorted(RULES, key=lambda rule: (rule.code[0] != "F", rule.code)):
        yield f"| {rule.code} | {rule.statement} | {rule.basis} | {'warning' if rule.weak else 'violation'} |"


def _conditions() -> Iterator[str]:
    yield "| rule | in | tags | mandatory because | when missing |"
    yield "|---|---|---|---|---|"
    for row in CONDITIONS:
        weights = {_weight(container, tag) for container in row.containers for tag in row.tags}
        where, tags = " ".join(map(str, row.containers)), " ".join(map(str, row.tags))
        yield f"| {row.code} | {where} | {tags} | {row.reason} | {', '.join(sorted(weights))} |"


def _weight(container: int, tag: int) -> str:
    found = [row for edition in (2, 3, 4) if (row := rows(container, edition).get(tag))]
    return "warning" if any(row.condition_is_weak for row in found if row.electronic != 1) else "violation"


def _forms() -> Iterator[str]:
    yield "| code or tag | class | по-русски | order 1.05 | order 1.1 | order 1.2 | longest, bytes |"
    yield "|---|---|---|---|---|---|---|"
    for code, cls in OF_CODE.items():
        longest = " / ".join(str(size_max(code, edition)) for edition in (2, 4))
        yield f"| {code} | `{cls.__name__}` | {DocumentCode(code).title} | {_clauses(code)} | {longest} |"
    for tag, structure in OF_TAG.items():
        longest = str(TAGS[tag].length or "")
        yield f"| {tag} | `{structure.__name__}` | {TAGS[tag].name_ru} | {_clauses(tag)} | {longest} |"


def _clauses(container: int) -> str:
    return " | ".join(clause(container, edition) for edition in (2, 3, 4))


_UNITS = {
    "money_kopecks": "kopecks, `int`",
    "decimal_quantity": "exact `Decimal`",
    "datetime_minute": "wall clock, `datetime`",
    "date_midnight": "day, `datetime` at 00:00",
    "bool": "`bool`",
    "days": "days, `int`",
    "counter": "count, `int`",
}
_PLAIN = {"string": "`str`", "bytes": "`bytes`", "stlv": "structure"}


def _tags() -> Iterator[str]:
    yield "| tag | attribute | по-русски | on paper | type | bytes | value | editions | stands in | supplied by |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    attributes = {number: name for name, number in REPEATED.items()}
    for tag in TAGS.values():
        size = f"{tag.length} exactly" if tag.fixed else f"up to {tag.length}" if tag.length else "not limited"
        unit = _UNITS.get(tag.kind) or (f"set `{tag.enum}`" if tag.enum else _PLAIN.get(tag.type, "`int`"))
        where = " ".join("document" if parent == 0 else str(parent) for parent in tag.parents)
        name = attributes.get(tag.number, tag.name)
        cells = (
            str(tag.number), f"`{name}`", tag.name_ru, tag.header, tag.type.value, size, unit, tag.editions, where,
            supplier(tag.number).value,
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


TABLES = {"rules": _rules, "conditions": _conditions, "forms": _forms, "tags": _tags}
