"""At every connect: who is at the other end, what may have been sent before, is the register set up for us.

The first time a register is met its profile is journaled; what differs from it later is an alarm until a person
acknowledges it, which makes the register as it is then the new profile.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fleet.alarms import Level
from fleet.replacing import PREPARED
from fleet.station.doubt import Doubt
from fleet.station.reconciling import read_drive
from fleet.station.replacement import Replacement
from fleet.station.workplace import Workplace
from kkt_driver import procedures, recovery
from kkt_driver.client import Register
from kkt_driver.errors import Misuse
from kkt_driver.procedures.auditing import Finding, Wanted, audit

__all__ = ["DRIFT", "PROFILE", "commission", "keep_profile"]

PROFILE = "profile"
"""The event under which a register's identity stands in the station's history."""

AUDIT = "audit: "
DRIFT = f"{AUDIT}drift of "
"""Keys of alarms begin so."""

PHASE = "phase"
AT_WORK = 3

ELSEWHERE = frozenset(("clock",))
"""Findings that have a keeper of their own."""


async def commission(register: Register, work: Workplace, doubt: Doubt, replacement: Replacement) -> None:
    """Make the register ready for work. Whatever may have been sent is resolved before anything is put in order.

    A fresh drive, put in while a replacement is under way, is only looked at: it is registered first.
    """
    work.show("connecting")
    identity = await register.run(procedures.identify())
    replacement.expect(identity)
    fresh = replacement.plan is not None and identity.phase == PREPARED
    if not fresh:
        _expect_company(identity, work)
    work.identity = identity
    work.state = None
    if work.intents.open is not None:
        await doubt.resolve(register)
    if work.interrupted is not None:
        await register.run(procedures.cancel_open(lost=work.interrupted))
        work.interrupted = None
    state = await register.run(procedures.read_state())
    if fresh:
        work.state, work.shift_opened, work.unsent = state, None, 0
        return
    state = await register.run(recovery.startup(state, unresolved=None, clock=work.local_now()))
    await register.run(procedures.prepare(identity, printing=False, host_relays=work.host_relays))
    work.state = state
    if replacement.plan is not None and identity.drive != replacement.plan.old:
        await keep_profile(work)
    await _audit(register, work, identity)
    await read_drive(register, work)
    work.shift_opened = await register.run(procedures.shift_opened(state))


def _expect_company(identity: procedures.Identity, work: Workplace) -> None:
    if identity.inn != work.config.inn:
        raise Misuse(
            f"the drive {identity.drive} is registered for INN {identity.inn}, the configuration of station "
            f"{work.name} says {work.config.inn}: check the cable, or mend the configuration"
        )


async def keep_profile(work: Workplace) -> None:
    """The register as it is now is what is expected from now on."""
    assert work.identity is not None
    await work.journal.record(work.name, PROFILE, {"identity": msgspec.to_builtins(work.identity)})


async def _audit(register: Register, work: Workplace, identity: procedures.Identity) -> None:
    """Mend the settings that can be mended, ring for the rest."""
    recorded = await _profile(work)
    if recorded is None:
        await keep_profile(work)
    wanted = Wanted(host_relays=work.host_relays, printing=False)
    look = audit(identity, today=work.local_now(), recorded=recorded, wanted=wanted)
    findings = [one for one in await register.run(look) if one.name not in ELSEWHERE]
    mends = [one.mend for one in findings if one.mend is not None]
    if mends:
        outcomes = await register.run(procedures.restore(mends))
        done = {one.change for one in outcomes if one.written}
        rows = [f"{change.cell}: {change.was} is now {change.now}" for change in done]
        await work.journal.record(work.name, "settings_mended", {"changes": rows})
        work.log.warning("settings of the register were mended", changes=rows)
        findings = [one for one in findings if one.mend not in done]
    await _ring(work, findings)
    if identity.phase == AT_WORK:
        work.let_in(PHASE)
    else:
        work.keep_out(PHASE, f"its drive is in phase {identity.phase}, not at work")


async def _profile(work: Workplace) -> procedures.Identity | None:
    for record in await work.journal.records(work.name, [PROFILE], 1):
        return msgspec.convert(record.detail["identity"], procedures.Identity)
    return None


async def _ring(work: Workplace, findings: Iterable[Finding]) -> None:
    found = {f"{AUDIT}{one.name}": one for one in findings}
    for key, one in found.items():
        level: Level = one.severity
        await work.alarms.ring(key, level, f"{one.name}: {one.found}, expected {one.expected}", message=one.message_ru)
    for alarm in work.alarms.open:
        if alarm.key.startswith(AUDIT) and alarm.key not in found:
            await work.alarms.over(alarm.key)
