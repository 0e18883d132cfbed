"""A proof cannot be made up, aimed at something else, or read from a file."""

from __future__ import annotations

import dataclasses
import pickle

import msgspec
import pytest

from fn_emulator.faults import Fault
from kkt_driver.errors import Misuse, OutcomeUnknown
from kkt_driver.recovery import resolve
from kkt_driver.verdicts import Ambiguous, NotRegistered, Registered, ShiftDone, _Seal
from tests.kkt_driver.bench import Bench


def a_proof() -> NotRegistered:
    bench = Bench()
    bench.open_shift()
    bench.fail(("FF45", Fault.COMMAND_LOST))
    with pytest.raises(OutcomeUnknown) as caught:
        bench.sell()
    verdict = bench.run(resolve(caught.value.intent))
    assert isinstance(verdict, NotRegistered)
    return verdict


@pytest.mark.parametrize("seal", [None, True, _Seal, "seal"])
def test_the_constructor_asks_for_the_seal(seal: object) -> None:
    """Only recovery, out of a register's answers, says that a command may be issued again."""
    proof = a_proof()
    with pytest.raises(Misuse):
        NotRegistered(intent=proof.intent, reason="sure", evidence={}, seal=seal)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(TypeError):
        NotRegistered(intent=proof.intent, reason="sure", evidence={})  # type: ignore[call-arg]  # on purpose


def test_a_proof_cannot_be_aimed_at_another_job() -> None:
    """Neither by changing it nor by copying it with changes."""
    proof = a_proof()
    other = msgspec.structs.replace(proof.intent, job="job-2")
    with pytest.raises(dataclasses.FrozenInstanceError):
        proof.intent = other  # type: ignore[misc]  # on purpose
    with pytest.raises(ValueError, match="seal"):
        dataclasses.replace(proof, intent=other)  # type: ignore[call-arg]  # on purpose
    with pytest.raises(TypeError):
        type("Forged", (NotRegistered,), {})(intent=other, reason="", evidence={})


def test_a_proof_is_written_down_but_not_read_back() -> None:
    """Evidence belongs into journals; a journal's row is no proof, the register is asked again."""
    proof = a_proof()
    data = msgspec.json.encode(proof)
    assert msgspec.json.decode(data)["intent"]["job"] == "job-1"
    with pytest.raises(TypeError):
        msgspec.json.decode(data, type=NotRegistered)
    with pytest.raises(TypeError):
        msgspec.convert(msgspec.to_builtins(proof), NotRegistered)
    assert pickle.loads(pickle.dumps(proof)) == proof  # what a process sends to its own worker is the proof itself


def test_evidence_of_every_verdict_is_plain() -> None:
    """It is kept for good beside the job, as JSON."""
    bench = Bench()
    opened = bench.open_shift()
    assert isinstance(opened, ShiftDone)
    proof = a_proof()
    ambiguous = Ambiguous(intent=proof.intent, reason="twin", evidence=proof.evidence)
    for verdict in (opened, bench.sell(), proof, ambiguous):
        assert msgspec.json.decode(msgspec.json.encode(verdict.evidence)) is not None
    assert {type(opened).__name__, Registered.__name__} == {"ShiftDone", "Registered"}
