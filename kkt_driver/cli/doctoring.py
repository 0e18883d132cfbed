"""`kkt doctor`: find every abnormal state, explain it, offer the cure. What may be registered is resolved first."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kkt_driver.cli.common import STORE, UNDONE, UNKNOWN, Address, Json, Layer, Store, connected, out, run, table, tell

if TYPE_CHECKING:
    from kkt_driver.client import Register

__all__ = ["add_to"]

ROUNDS_MAX = 8
"""Cures one after the other: each uncovers at most one more state."""


def add_to(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    address: Address,
    fix: Annotated[bool, typer.Option("--fix", help="apply the cures, asking before each")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --fix: do not ask")] = False,
    link: Layer = "auto",
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Find and explain abnormal states. Nothing is changed without --fix, and an open receipt that may be registered
    is never touched before the drive has been asked."""
    report = run(lambda: _doctor(address, link, store, fix=fix, yes=yes or not sys.stdin.isatty()))
    if json:
        out(report)
    else:
        rows = [(one["name"], one["explanation"], one["cure"], one["done"]) for one in report["troubles"]]
        if rows:
            table(f"Register {report['serial']}", ["state", "explanation", "cure", "done"], rows)
        else:
            tell(f"register {report['serial']}, drive {report['drive']}: nothing is wrong")
    if any(one["done"] is not True for one in report["troubles"]):
        raise typer.Exit(UNKNOWN if report["unresolved"] else UNDONE)


async def _doctor(address: str, link: str, store: Path, *, fix: bool, yes: bool) -> dict[str, Any]:
    from kkt_driver.procedures.cures import diagnose

    async with connected(address, link, store) as register:
        who = await register.identity()
        troubles = [await _resolve(register, intent, fix=fix) for intent in await register.unresolved()]
        left = await register.unresolved()
        state = await register.state()
        for _ in range(ROUNDS_MAX):
            found = diagnose(state, unresolved=left[0] if left else None)
            found = tuple(one for one in found if one.name not in {known["name"] for known in troubles})
            if not found:
                break
            trouble = found[0]
            done = await _treat(register, trouble, yes=yes) if fix and not left else False
            troubles.append(
                {"name": trouble.name, "explanation": trouble.message_ru, "cure": trouble.cure.value, "done": done}
            )
            state = await register.state()
        if state.shift_open and state.mode == 4:
            troubles.append(
                {
                    "name": "register and drive disagree about the shift",
                    "explanation": "Смена в ФН открыта, а касса считает её закрытой: перезагрузите кассу",
                    "cure": "switch the register off and on",
                    "done": False,
                }
            )
        return {"serial": who.serial, "drive": who.drive, "unresolved": len(left), "troubles": troubles}


async def _resolve(register: Register, intent: Any, *, fix: bool) -> dict[str, Any]:
    """An open intent: looking is harmless, so the verdict is found either way; without --fix it is not kept."""
    from kkt_driver.errors import Undecided

    entry: dict[str, Any] = {
        "name": f"{intent.action} of job {intent.job} is unresolved",
        "explanation": f"Команда {intent.command} могла быть выполнена после документа {intent.last_document}",
        "cure": "ask the drive",
        "done": False,
    }
    if not fix:
        return entry
    try:
        verdict = await register.settle(intent)
    except Undecided as error:
        return {**entry, "cure": f"a person: {error.verdict.reason}", "evidence": error.verdict.evidence}
    what = type(verdict).__name__
    number = getattr(verdict, "document", None)
    return {**entry, "cure": f"{what}{f', document {number}' if number else ''}", "done": True}


async def _treat(register: Register, trouble: Any, *, yes: bool) -> bool:
    from kkt_driver.procedures.cures import Cure, treat

    if not yes and not typer.confirm(f"{trouble.message_ru}. {trouble.cure.value}?", err=True):
        return False
    if trouble.cure is Cure.CLOSE_SHIFT:
        await register.close_shift(job="doctor")
        return True
    if not trouble.by_itself:
        return False
    return await register.run(treat(trouble, clock=datetime.now()))
