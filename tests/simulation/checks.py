"""What must hold at the end of every world, read from the drive's archive and the host's claims alone."""

from __future__ import annotations

from collections import Counter

import msgspec

from ffd import tlv
from kkt_driver import commands as k
from kkt_driver.effects import play
from kkt_driver.procedures.documents import document
from kkt_driver.procedures.receipts import short_key
from kkt_driver.recovery import OWN_KEY_NAME
from kkt_driver.verdicts import Ambiguous, CashDone, Registered
from tests.simulation.world import World

__all__ = ["Kept", "archive", "check"]

FORMS = {"shift_open": 2, "shift_close": 5, "receipt": 3}


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A document as the drive has it."""

    number: int
    form: int
    sign: int
    total: int | None
    key: str | None


def archive(world: World) -> list[Kept]:
    """Every document of the drive."""
    register = world.register
    register.faults = None
    found = []
    for number in range(1, register.drive.last_document + 1):
        record = register.ask(k.FindDocument(document=number), world.now)
        key = None
        if record.type == FORMS["receipt"]:
            key = _key(play(document(number), lambda request: register.ask(request, world.now)))
        found.append(Kept(number=number, form=record.type, sign=record.sign, total=record.total, key=key))
    return found


def _key(content: bytes) -> str | None:
    attribute = tlv.find(tlv.decode(content), 1084)
    if attribute is None or isinstance(attribute.value, bytes):
        return None
    name, value = tlv.find(attribute.value, 1085), tlv.find(attribute.value, 1086)
    assert name is not None and value is not None
    return str(tlv.value(value)) if tlv.value(name) == OWN_KEY_NAME else None


def check(world: World) -> None:
    """Nothing lost, nothing twice, every claim true, and a person asked only when somebody else was there."""
    ledger, kept = world.ledger, archive(world)
    by_number = {one.number: one for one in kept}
    assert [one.number for one in kept] == list(range(1, len(kept) + 1))
    assert set(ledger.claims) == {job.name for job in ledger.jobs}, "a job has no outcome"
    claimed: Counter[int] = Counter()
    for job in ledger.jobs:
        claim = ledger.claims[job.name]
        if isinstance(claim, Ambiguous):
            assert ledger.foreign_documents or ledger.foreign_moves, f"{job.name} went to a person: {claim.reason}"
            continue
        if isinstance(claim, CashDone):
            continue
        one = by_number.get(claim.document)
        assert one is not None, f"{job.name} claims document {claim.document}, the drive has {len(kept)}"
        assert (one.form, one.sign) == (FORMS[job.kind], claim.sign), f"{job.name} claims {claim}, the drive has {one}"
        if job.kind == "receipt":
            assert one.total == job.amount
            assert not job.keyed or one.key == short_key(job.name)
        claimed[claim.document] += 1
    assert all(count == 1 for count in claimed.values()), f"a document is claimed twice: {claimed}"
    keys = Counter(one.key for one in kept if one.key is not None)
    assert all(count == 1 for count in keys.values()), f"a receipt was registered twice: {keys}"
    _check_receipts(world, kept)
    _check_cash(world)


def _check_receipts(world: World, kept: list[Kept]) -> None:
    """Every receipt in the archive has an owner: a job that claims it, a job that a person decides, another program."""
    ledger = world.ledger
    claims = {claim.document for claim in ledger.claims.values() if isinstance(claim, Registered)}
    undecided = sum(job.kind == "receipt" and isinstance(ledger.claims[job.name], Ambiguous) for job in ledger.jobs)
    without = [
        one.number
        for one in kept
        if one.form == FORMS["receipt"] and one.number not in claims and one.number not in ledger.foreign_documents
    ]
    assert len(without) <= undecided, f"documents {without} belong to nobody"
    if not ledger.foreign_documents:
        shifts = [one.form for one in kept if one.form in (2, 5)]
        assert shifts == ([2, 5] * len(shifts))[: len(shifts)], f"shift reports out of order: {shifts}"


def _check_cash(world: World) -> None:
    """The register's own counters: as many moves as were claimed and made by others."""
    ledger = world.ledger
    done = [claim for claim in ledger.claims.values() if isinstance(claim, CashDone)]
    undecided = sum(
        job.kind in ("cash_in", "cash_out") and isinstance(ledger.claims[job.name], Ambiguous) for job in ledger.jobs
    )
    counts = world.register.core.counters.counts
    moves = counts.get(155, 0) + counts.get(156, 0)
    expected = len(done) + ledger.foreign_moves
    assert expected <= moves <= expected + undecided, f"{moves} moves of cash, {expected} are claimed"
