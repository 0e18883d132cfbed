"""Every stuck state is named, explained, and got out of where that is possible from here."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kkt_driver import commands as k
from kkt_driver.effects import ask
from kkt_driver.errors import Misuse
from kkt_driver.procedures.cures import MODES, SUBMODES, Cure, Trouble, diagnose, treat
from kkt_driver.procedures.identity import State
from tests.kkt_driver.bench import Bench
from tests.kkt_driver.hand import MOMENT, SHORT, STATE, ByHand, refused
from tests.kkt_driver.recovery.test_resolving import INTENT


def state(**changes: Any) -> State:
    return msgspec.structs.replace(STATE, **changes)


def short(mode: int = 2, submode: int = 0) -> k.ShortStatusReply:
    return msgspec.structs.replace(SHORT, mode_byte=mode, submode=submode)


READY = [state(), state(mode=4, shift_open=False)]


@pytest.mark.parametrize("ready", READY, ids=["open", "closed"])
def test_a_ready_register_has_no_trouble(ready: State) -> None:
    """The doctor must not cure the healthy."""
    assert diagnose(ready) == ()


@pytest.mark.parametrize(
    ("found", "cures"),
    [
        *[(state(mode=mode), [trouble.cure]) for mode, trouble in MODES.items()],
        *[(state(submode=submode), [trouble.cure]) for submode, trouble in SUBMODES.items()],
        (state(mode=8, current_document=4), [Cure.CANCEL_RECEIPT]),
        (state(mode=8, mode_status=4), [Cure.CLOSE_NON_FISCAL]),
        (state(current_document=0x14), [Cure.DROP_DOCUMENT]),
        (state(mode=3, submode=3), [Cure.CLOSE_SHIFT, Cure.CONTINUE]),
        (state(mode=4, phase=1), [Cure.PERSON]),
        (state(mode=4, phase=7), [Cure.NONE]),
    ],
)
def test_every_abnormal_state_is_named(found: State, cures: list[Cure]) -> None:
    """What must be cured first stands first; each has words for the person at the register."""
    troubles = diagnose(found)
    assert [trouble.cure for trouble in troubles] == cures
    assert all(trouble.message_ru and trouble.name for trouble in troubles)


def test_an_unresolved_receipt_is_nobodys_to_cancel() -> None:
    """The open receipt may be the one whose close is a question: find out first, then cancel."""
    for found in (state(mode=8, current_document=4), state(current_document=4)):
        assert [trouble.cure for trouble in diagnose(found, unresolved=INTENT)] == [Cure.RESOLVE]


ANSWERS: dict[type[k.Request[Any]], Any] = {
    k.ShortStatus: short(),
    k.ReadDocument: refused(0x08),
    k.AbortDump: k.Done(),
    k.FullStatus: k.FullStatusReply(
        operator=30, version="C3", build=1, software_date=None, hall_number=1, through_number=1, flags=0, mode_byte=6,
        submode=0, port=0, date=MOMENT.date(), time=None, serial_low=77, last_closed_shift=0, registrations_done=0,
        registrations_left=30, inn=0,
    ),
    k.ConfirmDate: k.Done(), k.SetTime: k.Done(), k.SetDate: k.Done(), k.TechnologicalReset: k.Done(),
    k.StopTest: k.OperatorReply(operator=30), k.CancelReceipt: k.OperatorReply(operator=30),
    k.CloseNonFiscal: k.OperatorReply(operator=30), k.CancelDocument: k.Done(),
    k.ContinuePrinting: k.OperatorReply(operator=30),
}  # fmt: skip


@pytest.mark.parametrize(
    ("trouble", "codes"),
    [
        (MODES[1], ["FF3B", "10", "10"]),
        (MODES[6], ["11", "23"]),
        (MODES[9], ["16", "21", "22", "23"]),
        (MODES[10], ["2B"]),
        (MODES[11], ["10", "10"]),
        (SUBMODES[3], ["B0", "10"]),
        (SUBMODES[5], ["10", "10"]),
        (diagnose(state(mode=8))[0], ["88"]),
        (diagnose(state(mode=8, mode_status=4))[0], ["E3"]),
        (diagnose(state(current_document=1))[0], ["FF08"]),
    ],
    ids=lambda value: value.name if isinstance(value, Trouble) else "-".join(value),
)
def test_each_cure_is_the_manuals(trouble: Trouble, codes: list[str]) -> None:
    """The commands of section "Timing of commands", and no other."""
    hand = ByHand(ANSWERS)
    assert hand.play(treat(trouble, clock=MOMENT))
    assert hand.codes == codes


def test_what_needs_a_person_or_a_proof_is_not_treated() -> None:
    """Paper, a shift to close, an unresolved receipt: none of them by itself."""
    for trouble in (SUBMODES[1], MODES[3], diagnose(state(), unresolved=INTENT)[0]):
        assert not trouble.by_itself
        with pytest.raises(Misuse):
            ByHand({}).play(treat(trouble))


def test_a_dump_is_aborted_and_a_stuck_register_told() -> None:
    """FF3Bh ends a document, 03h a dump; a printer that never ends is stuck, not failed."""
    hand = ByHand({**ANSWERS, k.ReadDocument: refused(0x73), k.ShortStatus: [short(1), short(4)]})
    assert hand.play(treat(MODES[1]))
    assert hand.codes == ["FF3B", "10", "03", "10"]
    hand = ByHand({**ANSWERS, k.ShortStatus: short(1), k.AbortDump: refused(0x73)})
    assert not hand.play(treat(MODES[1]))
    assert not ByHand({**ANSWERS, k.ShortStatus: short(11)}).play(treat(MODES[11]))
    assert not ByHand({**ANSWERS, k.ShortStatus: short(2, 5)}).play(treat(SUBMODES[5]))


def test_a_real_register_comes_out_of_what_it_is_stuck_in() -> None:
    """An orphan receipt, a half-read document, a test run, a begun report: diagnose and treat until nothing is left."""
    bench = Bench()
    bench.open_shift()
    stuck: list[k.Request[Any]] = [
        k.OpenReceipt(type=0), k.SelectDocument(document=1), k.TestRun(minutes=1), k.BeginCloseShift(),
        k.OpenNonFiscal(),
    ]  # fmt: skip
    for request in stuck:
        bench.run(ask(request))
        assert diagnose(bench.look()), request
        for _ in range(3):
            troubles = diagnose(bench.look())
            if not troubles:
                break
            bench.run(treat(troubles[0], clock=bench.clock()))
        assert diagnose(bench.look()) == (), request
    assert bench.sell().document
