"""Twin of `fleet.jobs`: the table of states, visited cell by cell."""

from __future__ import annotations

import itertools

import pytest

from fleet.errors import Conflict
from fleet.jobs import DECISION_EVENTS, FINAL, TRANSITIONS, UNFINISHED, Decision, Event, State, advance

# The table once more, drawn by hand from the design, so that an edit of either is noticed by the other.
EXPECTED = """
             claim   intend register   refuse  confirm   doubt   release  requeue  quarantine  cancel
accepted     claimed .      .          .       .         .       .        .        quarantined cancelled
claimed      .       sent   .          refused .         .       accepted accepted quarantined .
sent         .       .      registered refused .         unknown .        accepted quarantined .
unknown      .       .      registered refused .         unknown .        accepted quarantined .
registered   .       .      .          .       confirmed .       .        .        .           .
confirmed    .       .      .          .       confirmed .       .        .        .           .
quarantined  .       .      .          .       .         .       .        .        .           .
refused      .       .      .          .       .         .       .        .        .           .
cancelled    .       .      .          .       .         .       .        .        .           .
"""
DECISIONS = {"decide_registered": "registered", "decide_requeue": "accepted", "decide_cancel": "cancelled"}


def expected() -> dict[tuple[str, str], str]:
    header, *rows = EXPECTED.strip().splitlines()
    cells: dict[tuple[str, str], str] = {}
    for row in rows:
        state, *targets = row.split()
        cells |= {
            (state, event): target for event, target in zip(header.split(), targets, strict=True) if target != "."
        }
    return cells | {("quarantined", event): target for event, target in DECISIONS.items()}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)), ids=lambda value: str(value))
def test_every_cell(state: State, event: Event) -> None:
    """What the table has is a step, anything else is a conflict that names job, state and verb."""
    target = expected().get((state, event))
    if target is not None:
        assert advance("job-7", state, event) == target
    else:
        with pytest.raises(Conflict) as caught:
            advance("job-7", state, event)
        for word in ("job-7", state, event):
            assert word in str(caught.value)


def test_each_state_has_its_row() -> None:
    """A state without a row would raise KeyError instead of a conflict."""
    assert set(TRANSITIONS) == set(State)


def test_every_state_but_the_first_can_be_reached() -> None:
    """A state that nothing leads to is a mistake in the table."""
    reached = {target for row in TRANSITIONS.values() for target in row.values()}
    assert reached >= set(State) - {State.ACCEPTED}


def test_final_states_lead_nowhere_else() -> None:
    """A shop was told the end; it may not change."""
    for state in FINAL:
        assert set(TRANSITIONS[state].values()) <= {state}
    assert not FINAL & UNFINISHED


def test_only_proof_or_a_person_leads_back_from_sent() -> None:
    """Once bytes may be on the wire a second document is possible, so a plain release must not exist."""
    for state in (State.SENT, State.UNKNOWN):
        back = {event for event, target in TRANSITIONS[state].items() if target is State.ACCEPTED}
        assert back == {Event.REQUEUE}
        assert Event.CANCEL not in TRANSITIONS[state]
        assert Event.CLAIM not in TRANSITIONS[state]


def test_each_decision_is_an_event() -> None:
    """A decision without an event could be said but not journaled."""
    assert set(DECISION_EVENTS) == set(Decision)
    assert {f"{event}" for event in DECISION_EVENTS.values()} == set(DECISIONS)
