"""What `docs/register.md` shows of the emulated register: its commands and its models, from their tables."""

from __future__ import annotations

from collections.abc import Iterator

from fn_emulator.register.model import DESKTOP, FEATURES, MODELS, Model
from fn_emulator.register.modes import EARLIER, NOBODY, RULES, SENIOR, SYSTEM, UNSUPPORTED, Mode, Rule
from kkt_driver.commands import COMMANDS

__all__ = ["TABLES"]


def _register_commands() -> Iterator[str]:
    yield "| code | command | by | in modes | leads to | needs paper |"
    yield "|---|---|---|---|---|---|"
    for row in COMMANDS.values():
        rule = RULES.get(row.code)
        if rule is None:
            yield f"| {row.hex} | {row.name} | **37h**: {UNSUPPORTED[row.code]} | | | |"
        else:
            cells = _by(rule), _modes(rule.modes), _leads_to(rule), "yes" if rule.needs_paper else ""
            yield f"| {row.hex} | {row.name} | {' | '.join(cells)} |"


def _by(rule: Rule) -> str:
    whom = {NOBODY: "no password", SENIOR: "29, 30", SYSTEM: "30"}.get(rule.operator, "anyone")
    return whom + (", who opened it" if rule.own_receipt else "")


def _mode(mode: int) -> str:
    return "8.4" if mode == Mode.NON_FISCAL else str(int(mode))


def _modes(modes: frozenset[int]) -> str:
    left_out = [mode for mode in Mode if mode not in modes]
    if len(left_out) <= 2:
        return f"any but {', '.join(map(_mode, left_out))}" if left_out else "any"
    return ", ".join(_mode(mode) for mode in Mode if mode in modes)


def _leads_to(rule: Rule) -> str:
    if rule.follows is None:
        return ""
    return "the earlier one" if rule.follows == EARLIER else _mode(rule.follows)


def _register_models() -> Iterator[str]:
    yield "| `--model` | number, name | what is different |"
    yield "|---|---|---|"
    for name, model in MODELS.items():
        differences = "; ".join(_differences(model)) or "the one the others differ from"
        yield f"| `{name}` | {model.number} {model.name} | {differences} |"


def _differences(model: Model) -> Iterator[str]:
    for bit, feature in FEATURES.items():
        if DESKTOP.features & ~model.features & 1 << bit:
            yield f"no {feature}"
    shown = {"characters", "build", "software_date"}
    switches = {field for field in Model.__struct_fields__ if isinstance(getattr(DESKTOP, field), bool)}
    for field in sorted(shown | switches):
        if getattr(model, field) != getattr(DESKTOP, field):
            yield f"{field.replace('_', ' ')}: {getattr(model, field)}"
    if model.table_numbers:
        yield f"tables {', '.join(f'{wire} as {own}' for wire, own in model.table_numbers.items())}"
    for table, rows_ in model.rows.items():
        yield f"table {table} with {rows_} rows"
    for table, fields_ in model.fields.items():
        yield f"table {table} up to field {fields_}"
    for (table, row, field_), value in model.defaults.items():
        yield f"default of {table}.{row}.{field_}: {value}"


TABLES = {"register-commands": _register_commands, "register-models": _register_models}
